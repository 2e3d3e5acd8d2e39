"""`GET /api/detail/{id}`: a server with its newest runs, its chart, and its overdue jobs. In: a server's id, and where to go on; out: at
most 200 runs, newest first, and `next_cursor` for the ones before them. Also the part that `/api/servers/{id}` shares."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso
from duplistatus.evaluate.notify_setting import NOTIFY_NOT_SET
from duplistatus.evaluate.overdue import Schedule, schedule_of
from duplistatus.store import fleet, history, notify_list, watching
from duplistatus.store.chart_rows import Scope, recent_chart
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.history import START, Position
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE_EXPIRED, encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.api.chart_data import chart_body
from duplistatus.web.api.paths import names_after
from duplistatus.web.api.run_body import NOT_KNOWN, elapsed_text, run_body
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["fleet"])

PAGE = 200
"""Runs in one answer."""

# Up to 18 digits: what the columns hold for certain.
_CURSOR = re.compile(r"(-?\d{1,18})-(\d{1,18})", re.ASCII)

Cursor = Annotated[str | None, Query(description="`next_cursor` of the answer before")]


@router.get(
    "/api/detail/{server:path}",
    summary="A server with its runs",
    responses=answered("Detail", failures={404: "No server has this id"}),
)
async def detail(
    request: Request,
    server: Annotated[str, Path(description="Id of a server, percent-encoded")],
    caller: Annotated[Caller, guarded(Access.READ)],
    cursor: Cursor = None,
) -> Response:
    """The newest 200 runs of all its jobs; the ones before them with `cursor`."""
    parts = context(request)
    now, after = parts.clock.now(), read_cursor(cursor)
    with parts.database.snapshot() as connection:
        row = server_or_404(connection, names_after(request, "/api/detail/")[0])
        full, following = full_server(connection, row, now, after)
        overdue = _overdue(connection, row, now)
    body = {"server": full, "overdueBackups": overdue, "lastOverdueCheck": NOT_KNOWN, "next_cursor": following}
    return json_answer(encode(body), NO_STORE_EXPIRED)


def server_or_404(connection: Connection, key: str) -> ServerRow:
    """The server of an id. Raises Refused."""
    found = fleet.server_by_key(connection, key)
    if found is None:
        raise Refused(404, "Server not found", "server_not_found")
    return found


def full_server(connection: Connection, server: ServerRow, now: Instant, after: Position = START) -> tuple[dict[str, Any], str | None]:
    """A server with a page of its runs and its chart, and where the next page begins."""
    lines, following = history.lines_of_server(connection, server.id, PAGE, after)
    body = {
        "id": server.key,
        "name": server.name,
        "alias": server.alias,
        "note": server.note,
        "server_url": server.url,
        "hasPassword": server.has_password,
        "backups": [run_body(line, server.key) for line in lines],
        "chartData": chart_body(recent_chart(connection, Scope(server_id=server.id), now)),
    }
    return body, f"{following.begun_at}-{following.id}" if following else None


def read_cursor(text: str | None) -> Position:
    """The place that a cursor names. Raises Refused."""
    if text is None:
        return START
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Refused(400, "This cursor is none that this server gave", "bad_cursor")
    return Position(int(found[1]), int(found[2]))


def _overdue(connection: Connection, server: ServerRow, now: Instant) -> list[dict[str, Any]]:
    """The jobs that are overdue now."""
    notify = watching.notify_settings(connection)
    told = notify_list.told_times(connection)
    return [
        {
            "serverName": server.name,
            "backupName": job.name,
            "lastBackupDate": iso(job.last_begun_at) if job.last_begun_at is not None else NOT_KNOWN,
            "lastNotificationSent": iso(told[job.id]) if job.id in told else NOT_KNOWN,
            "notificationEvent": notify.get(job.id, NOTIFY_NOT_SET).event,
            "expectedBackupDate": iso(job.expected_at),
            "expectedBackupElapsed": elapsed_text(job.expected_at, now),
        }
        for job in fleet.jobs_of(connection, server.id)
        if job.expected_at is not None and schedule_of(job, now) is Schedule.OVERDUE
    ]
