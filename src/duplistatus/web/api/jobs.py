"""`GET /api/jobs`, `/api/jobs/{id}` and `/api/jobs/{id}/versions`: jobs with their facts and figures, and restorable versions. In: a server
or the number of a job; out: rows in full, 404 where there is none."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import SECOND, Instant, iso
from duplistatus.evaluate.live import live_of
from duplistatus.evaluate.overdue import activity_of, schedule_of
from duplistatus.store import fleet
from duplistatus.store.database import Connection
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.ids import JobId
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["jobs"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Job = Annotated[int, Path(description="Number of a job", ge=1, le=2**63 - 1)]
_LONGEST = 500
_UNKNOWN = {404: "No job has this number"}


@router.get("/api/jobs", summary="Jobs", responses=answered("JobList", failures={404: "No server has this id"}))
async def jobs(
    request: Request,
    caller: _Reader,
    server: Annotated[str, Query(description="Id of a server: only its jobs", max_length=_LONGEST)] = "",
    cursor: Annotated[int, Query(description="`next_cursor` of the page before", ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(description="Jobs on a page", ge=1, le=1_000)] = 200,
) -> Response:
    """In the order of their numbers, which other paths know them by."""
    parts = context(request)
    now = parts.clock.now()

    def read() -> dict[str, Any]:
        with parts.database.snapshot() as connection:
            found = fleet.server_by_key(connection, server) if server else None
            if server and found is None:
                raise Refused(404, "Server not found", "server_not_found")
            rows = fleet.jobs_after(connection, cursor, limit + 1, found.id if found else None)
            servers = {each.id: each for each in fleet.servers(connection)}
        shown = [row for row in rows[:limit] if row.server_id in servers]
        return {
            "items": [_body(row, servers[row.server_id], now) for row in shown],
            "next_cursor": rows[limit - 1].id if len(rows) > limit else None,
        }

    return json_answer(encode(await run_in_threadpool(read)))


@router.get("/api/jobs/{job_id}", summary="One job", responses=answered("Job", failures=_UNKNOWN))
async def job(request: Request, job_id: _Job, caller: _Reader) -> Response:
    """Figures are those of the latest run that knew them; null where no run did."""
    parts = context(request)
    with parts.database.snapshot() as connection:
        row, server = _find(connection, job_id)
    return json_answer(encode(_body(row, server, parts.clock.now())))


@router.get("/api/jobs/{job_id}/versions", summary="Restorable versions of a job", responses=answered("Versions", failures=_UNKNOWN))
async def versions(request: Request, job_id: _Job, caller: _Reader) -> Response:
    """Newest first. `count` alone where the reports tell how many there are, but not which."""
    with context(request).database.read() as connection:
        row, _ = _find(connection, job_id)
    known = orjson.loads(row.versions) if row.versions else []
    items = [{"at": iso(at), "offset_minutes": offset, "exact": bool(exact)} for at, offset, exact in known]
    return json_answer(encode({"items": items, "next_cursor": None, "count": row.versions_count, "complete": row.versions is not None}))


def _find(connection: Connection, job_id: int) -> tuple[JobRow, ServerRow]:
    row = fleet.job_by_id(connection, JobId(job_id))
    server = fleet.server_by_id(connection, row.server_id) if row else None
    if row is None or server is None:
        raise Refused(404, "Job not found", "job_not_found")
    return row, server


def _time(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None


def _body(row: JobRow, server: ServerRow, now: Instant) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "server": {"id": server.key, "name": server.name, "alias": server.alias},
        "backup_id": row.backup_id or None,
        "destination_type": row.destination_type or None,
        "created_at": iso(row.created_at),
        "last_run": _last_run(row),
        "run_count": row.run_count,
        "uploaded_total": row.uploaded_total,
        "files": row.files,
        "source_size": row.source_size,
        "stored_size": row.stored_size,
        "versions_count": row.versions_count,
        "recent": [{"begun_at": iso(at), "status": status} for at, status, *_ in orjson.loads(row.recent)],
        "last_good_at": _time(row.last_good_at),
        "schedule": schedule_of(row, now),
        "expected_at": _time(row.expected_at),
        "expected_source": row.due_source,
        "outcome": row.outcome,
        "activity": activity_of(row, now),
        "live": _live(row, now),
        "silence": row.silence,
        "last_restore": _proof(row.restored_at, row.restored_result),
        "last_verification": _proof(row.verified_at, row.verified_result),
    }


def _live(row: JobRow, now: Instant) -> dict[str, Any] | None:
    live = live_of(row, now)
    if live is None:
        return None
    return {
        "operation": live.operation,
        "state": live.state,
        "phase": live.phase,
        "progress": live.progress,
        "started_at": _time(live.started_at),
        "reported_at": _time(live.reported_at),
        "heard_at": _time(live.heard_at),
        "silent_after_seconds": live.silent_after / SECOND if live.silent_after is not None else None,
        "files_done": live.files_done,
        "files_total": live.files_total,
        "bytes_done": live.bytes_done,
        "bytes_total": live.bytes_total,
    }


def _last_run(row: JobRow) -> dict[str, Any] | None:
    if row.last_uid is None:
        return None
    return {
        "id": row.last_uid,
        "begun_at": _time(row.last_begun_at),
        "ended_at": _time(row.last_ended_at),
        "status": row.last_status,
        "duration_seconds": row.last_duration_ms / SECOND if row.last_duration_ms is not None else None,
        "warnings": row.last_warnings,
        "errors": row.last_errors,
        "messages": row.last_messages,
        "uploaded": row.last_uploaded,
        "reason": row.last_reason or None,
    }


def _proof(at: Instant | None, result: str | None) -> dict[str, Any] | None:
    return {"at": iso(at), "result": result} if at is not None else None
