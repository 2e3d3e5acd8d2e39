"""`GET /api/backups/last-timestamps`: when each job ran last. In: the job rows; out: a map by `server:job`, and the same as a list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import iso
from duplistatus.store import fleet_lines
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE_EXPIRED, encode, json_answer, kept
from duplistatus.web.api.answered import answered
from duplistatus.web.context import context

router = APIRouter(tags=["fleet"])


@router.get("/api/backups/last-timestamps", summary="Last run of each job", responses=answered("LastTimestamps"))
async def last_timestamps(request: Request, caller: Annotated[Caller, guarded(Access.READ)]) -> Response:
    """Jobs that never ran are left out."""
    parts = context(request)

    def make() -> bytes:
        with parts.database.read() as connection:
            rows = fleet_lines.last_runs(connection)
        raw = [
            {"server_name": row.server_name, "server_id": row.server_key, "backup_name": row.job_name, "date": iso(row.begun_at)}
            for row in rows
        ]
        return encode({"timestamps": {f"{row['server_id']}:{row['backup_name']}": row["date"] for row in raw}, "raw": raw})

    return json_answer(kept(request, ("last-timestamps",), make), NO_STORE_EXPIRED)
