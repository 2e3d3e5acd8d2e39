"""`GET /api/dashboard`: servers with their jobs, the totals, and the fleet's chart, in one answer. In: the job rows; out: the body, of
which the list is kept for the minute and for as long as no job becomes overdue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import DAY, MINUTE, SECOND, Instant, iso
from duplistatus.evaluate.notify_setting import NOTIFY_NOT_SET, NotifySetting
from duplistatus.evaluate.overdue import Schedule, schedule_of
from duplistatus.store import fleet, fleet_lines, notify_list, watching
from duplistatus.store.chart_rows import FLEET, recent_chart
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.fleet_lines import JobLine
from duplistatus.store.ids import JobId
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE_EXPIRED, encode, json_answer, kept_in_thread
from duplistatus.web.api.answered import answered
from duplistatus.web.api.chart_data import chart_body
from duplistatus.web.api.run_body import NOT_KNOWN, elapsed_text, known_duration_text, older_versions
from duplistatus.web.api.summary import summary_body
from duplistatus.web.context import context

router = APIRouter(tags=["fleet"])

SHOWN_RESULTS = 10
"""Newest results of a job in the answer."""


@router.get("/api/dashboard", summary="Servers, jobs, totals and chart", responses=answered("Dashboard"))
async def dashboard(request: Request, caller: Annotated[Caller, guarded(Access.READ)]) -> Response:
    """`chartData` is that of `/api/chart-data/aggregated` without a range."""
    parts = context(request)
    now = parts.clock.now()

    def make_totals() -> bytes:
        with parts.database.read() as connection:
            return encode(summary_body(connection, now))

    def make_servers() -> bytes:
        with parts.database.snapshot() as connection:
            return _servers(connection, now)

    def make_chart() -> bytes:
        with parts.database.snapshot() as connection:
            return encode(chart_body(recent_chart(connection, FLEET, now)))

    totals = await kept_in_thread(request, ("summary", now // SECOND), make_totals)
    # Of the same data, the same number of overdue jobs means the same jobs: time only adds to them.
    overdue = orjson.loads(totals)["overdueBackupsCount"]
    servers = await kept_in_thread(request, ("dashboard", now // MINUTE, overdue), make_servers)
    chart = await kept_in_thread(request, ("aggregated", now // DAY), make_chart)
    body = b'{"serversSummary":' + servers + b',"overallSummary":' + totals + b',"chartData":' + chart + b"}"
    return json_answer(body, NO_STORE_EXPIRED)


def _servers(connection: Connection, now: Instant) -> bytes:
    """The list, written server by server: all of a large fleet's values at once would take tens of megabytes."""
    servers = {server.id: server for server in fleet.servers(connection)}
    told = _Told(watching.notify_settings(connection), notify_list.told_times(connection))
    jobs = fleet_lines.job_lines(connection)
    by_server = groupby(jobs, lambda line: line.server_id)
    return b"[" + b",".join(encode(_server(servers[key], list(lines), told, now)) for key, lines in by_server if key in servers) + b"]"


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of jobs, and when somebody was told last that one is overdue."""

    settings: Mapping[JobId, NotifySetting]
    times: Mapping[JobId, Instant]


def _server(server: ServerRow, lines: Sequence[JobLine], told: _Told, now: Instant) -> dict[str, Any]:
    last = max(lines, key=lambda line: line.last_begun_at or 0)
    jobs = [_job(line, told, now) for line in lines]
    return {
        "id": server.key,
        "name": server.name,
        "server_url": server.url,
        "alias": server.alias,
        "note": server.note,
        "hasPassword": server.has_password,
        "backupInfo": jobs,
        "totalBackupCount": sum(line.run_count for line in lines),
        "totalStorageSize": sum(line.stored_size or 0 for line in lines),
        "totalFileCount": sum(line.files or 0 for line in lines),
        "totalFileSize": sum(line.source_size or 0 for line in lines),
        "totalUploadedSize": sum(line.last_uploaded or 0 for line in lines),
        "lastBackupDate": _time(last.last_begun_at),
        "lastBackupStatus": last.last_status or NOT_KNOWN,
        "lastBackupDuration": known_duration_text(last.last_duration_ms),
        "lastBackupListCount": last.versions_count,
        "lastBackupName": last.name,
        "lastBackupId": last.last_uid,
        "lastOverdueCheck": NOT_KNOWN,
        "haveOverdueBackups": any(job["isBackupOverdue"] for job in jobs),
        "backupNames": [line.name for line in lines],
    }


def _job(line: JobLine, told: _Told, now: Instant) -> dict[str, Any]:
    expected = line.expected_at
    return {
        "name": line.name,
        "lastBackupDate": _time(line.last_begun_at),
        "lastBackupId": line.last_uid,
        "lastBackupStatus": line.last_status or NOT_KNOWN,
        "lastBackupDuration": known_duration_text(line.last_duration_ms),
        "lastBackupListCount": line.versions_count,
        "backupCount": line.run_count,
        "statusHistory": [result[1] for result in orjson.loads(line.recent)[-SHOWN_RESULTS:]],
        "fileCount": line.files or 0,
        "fileSize": line.source_size or 0,
        "storageSize": line.stored_size or 0,
        "uploadedSize": line.last_uploaded or 0,
        "warnings": line.last_warnings,
        "errors": line.last_errors,
        # The list begins with the newest version, which the last run made and this field leaves out.
        "availableBackups": older_versions(line.versions),
        "isBackupOverdue": schedule_of(line, now) is Schedule.OVERDUE,
        "notificationEvent": told.settings.get(line.id, NOTIFY_NOT_SET).event,
        "expectedBackupDate": _time(expected),
        "expectedBackupElapsed": elapsed_text(expected, now) if expected is not None else NOT_KNOWN,
        "lastNotificationSent": _time(told.times.get(line.id)),
        # Beside the fields of 1.4.2: the number by which other paths know the job.
        "jobId": line.id,
    }


def _time(at: Instant | None) -> str:
    return iso(at) if at is not None else NOT_KNOWN
