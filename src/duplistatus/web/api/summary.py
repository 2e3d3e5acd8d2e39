"""`GET /api/summary`: the totals of the fleet, for widgets. In: the sums of the job rows; out: eight figures, kept encoded for the second
in which they hold."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import SECOND, Instant
from duplistatus.store import fleet, history
from duplistatus.store.database import Connection
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer, kept
from duplistatus.web.api.answered import answered
from duplistatus.web.context import context

router = APIRouter(tags=["external"])


@router.get("/api/summary", summary="Totals of the fleet", responses=answered("Summary"))
async def summary(request: Request, caller: Annotated[Caller, guarded(Access.EXTERNAL)]) -> Response:
    """Sizes are sums over the jobs of each job's latest known figures; what was uploaded is the sum over all runs."""
    parts = context(request)
    now = parts.clock.now()

    def make() -> bytes:
        with parts.database.read() as connection:
            return encode(summary_body(connection, now))

    return json_answer(kept(request, ("summary", now // SECOND), make))


def summary_body(connection: Connection, now: Instant) -> dict[str, Any]:
    """The fields of the answer, which the dashboard's answer repeats."""
    totals = fleet.totals(connection)
    overdue = fleet.overdue_count(connection, now)
    return {
        "totalServers": totals.servers,
        "totalBackupsRuns": totals.runs,
        "totalBackups": totals.jobs,
        "totalUploadedSize": totals.uploaded,
        "totalStorageUsed": totals.stored,
        "totalBackupSize": totals.source,
        "overdueBackupsCount": overdue,
        "secondsSinceLastBackup": _seconds_since(connection, totals.newest_run, now),
    }


def _seconds_since(connection: Connection, newest: Instant | None, now: Instant) -> int | None:
    """Whole seconds since the newest run that began by now; 0 when all claim to begin later, None without any."""
    if newest is None:
        return None
    if newest > now:
        newest = history.newest_begin(connection, now)
    return (now - newest) // SECOND if newest is not None else 0
