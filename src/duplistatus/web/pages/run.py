"""The page of one run: how it ended and why, its figures, its log to search, the versions after it. In: the keys of server and run, and
what is searched for in the log; out: the page, or 404 where the run is not that server's. Of a log of any length one page is drawn,
and a long one is searched in a thread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.evaluate.log_view import ERROR, PAGE, WARNING, Failure, LogPage, failure_of, log_lines, log_page
from duplistatus.evaluate.run_view import changes_of, groups_of, used_share, usual
from duplistatus.evaluate.versions_view import VersionsView, versions_after, versions_now
from duplistatus.report.report import Version
from duplistatus.store import fleet, history_page, runs
from duplistatus.store.database import Connection, Database
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.history_page import Neighbour, Place
from duplistatus.store.runs import RunRow
from duplistatus.store.visible import TEXT
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.paths import names_after
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import known_answer, page, page_tag, reader_of
from duplistatus.web.pages.versions import stored_versions, version_lines

router = APIRouter()

_NUMBER = re.compile(r"[0-9]{1,9}")
_IN_THREAD = 2_000
"""Lines of a log above which it is read and searched in a thread."""
_EARLIER = 20
"""Runs before this one that say what is usual."""
_LEVELS = (ERROR, WARNING, "information", "retry", "verbose", "profiling", "dryrun", "explicitonly", "other")


@dataclass(frozen=True, slots=True)
class LogPart:
    """The log as the page shows it: one page of lines, the exception apart, what the log lacks. `levels` are those that occur, and
    warnings and errors always, each with the number of lines that match the query."""

    page: LogPage
    failure: Failure | None
    levels: tuple[tuple[str, int], ...]
    left_out: int
    missing_warnings: int
    missing_errors: int


@dataclass(frozen=True, slots=True)
class _Found:
    server: ServerRow
    job: JobRow
    run: RunRow
    before: Neighbour | None
    after: Neighbour | None
    has_raw: bool
    usual_duration: tuple[int, int] | None
    usual_upload: tuple[int, int] | None


@router.get("/detail/{key:path}/backup/{uid}", include_in_schema=False)
async def show_run(
    request: Request,
    caller: Annotated[Caller, guarded(Access.READ)],
    q: Annotated[str, Query(max_length=1_000)] = "",
    level: Annotated[str, Query(max_length=40)] = "",
    at: Annotated[str, Query(alias="from", max_length=40)] = "",
) -> Response:
    """The page; with `q`, `level` and `from` at that place of the log."""
    key, uid = names_after(request, "/detail/", "/backup/")
    start = int(at) if _NUMBER.fullmatch(at) else 0
    tag = page_tag(request, caller, "run", key, uid, q, level, start)
    if (known := known_answer(request, tag)) is not None:
        return known
    database = context(request).database
    with database.read() as connection:
        found = _find(connection, key, uid)
    if found is None:
        raise Refused(404, "There is no such run on this server", "not_found")
    if found.run.messages_count + found.run.warnings_count + found.run.errors_count > _IN_THREAD:
        log = await run_in_threadpool(_log, database, found.run, q, level, start)
    else:
        log = _log(database, found.run, q, level, start)
    return page(request, "run.html", caller, tag=tag, log=log, log_zone=_log_zone(request, found.run, log.page), **_values(request, found))


def _find(connection: Connection, key: str, uid: str) -> _Found | None:
    server = fleet.server_by_key(connection, key)
    run = runs.run_by_uid(connection, uid) if server else None
    job = fleet.job_by_id(connection, run.job_id) if run else None
    if server is None or run is None or job is None or job.server_id != server.id:
        return None
    earlier = history_page.lines_beyond(connection, [job.id], None, Place(run.begun_at, run.id), _EARLIER, descending=True)
    return _Found(
        server,
        job,
        run,
        history_page.run_before(connection, job.id, run.begun_at),
        history_page.run_after(connection, job.id, run.begun_at),
        runs.has_raw(connection, run.id),
        usual(line.duration_ms for line in earlier),
        usual(line.uploaded for line in earlier),
    )


def _log(database: Database, run: RunRow, query: str, level: str, start: int) -> LogPart:
    with database.read() as connection:
        kept = runs.log_of(connection, run.id)
    lines = log_lines(kept.lines, kept.warnings, kept.errors, kept.exception)
    shown = log_page(lines, query, level, start, PAGE)
    levels = tuple((name, shown.count(name)) for name in _LEVELS if name in {ERROR, WARNING, level} or shown.count(name))
    return LogPart(
        shown,
        failure_of(kept.exception) if kept.exception else None,
        levels,
        kept.left_out,
        max(0, run.warnings_count - len(kept.warnings)),
        max(0, run.errors_count - len(kept.errors)),
    )


def _log_zone(request: Request, run: RunRow, log: LogPage) -> str:
    """The zone of the times in the log where it is not the reader's: `UTC+2`, `UTC−3:30`."""
    offset = next((entry.line.offset for entry in log.entries if entry.line.offset is not None), None)
    if offset is None or timedelta(minutes=offset) == reader_of(request).wording.local(run.begun_at).utcoffset():
        return ""
    hours, minutes = divmod(abs(offset), 60)
    return "UTC" + (f"{'−' if offset < 0 else '+'}{hours}{f':{minutes:02d}' if minutes else ''}" if offset else "")


def _values(request: Request, found: _Found) -> dict[str, Any]:
    """What the template shows beside the log."""
    run, job = found.run, found.job
    versions = _versions(run, job)
    return {
        "server": found.server,
        "job": job,
        "run": run,
        "before": found.before,
        "after": found.after,
        "has_raw": found.has_raw,
        "usual_duration": found.usual_duration,
        "usual_upload": found.usual_upload,
        "is_newest": run.id == job.last_run_id,
        "is_text": run.kinds == TEXT,
        "ends_same_day": _same_day(request, run),
        "changes": changes_of(run.figures),
        "used": used_share(run.figures),
        "groups": groups_of(run.figures),
        "nested": orjson.loads(run.nested) if run.nested else [],
        "host": orjson.loads(run.host) if run.host else {},
        "extra": orjson.loads(run.extra) if run.extra else {},
        "removed": len(orjson.loads(run.deleted_versions)) if run.deleted_versions else 0,
        "versions": versions,
        "version_lines": version_lines(reader_of(request), versions),
    }


def _same_day(request: Request, run: RunRow) -> bool:
    clock = reader_of(request).wording
    return run.ended_at is not None and clock.local(run.begun_at).date() == clock.local(run.ended_at).date()


def _versions(run: RunRow, job: JobRow) -> VersionsView:
    """The versions after the run: of the newest run what is known of the job, of others what they listed themselves."""
    newest = None
    if run.last_version_at is not None:
        newest = Version(run.last_version_at, run.last_version_offset or 0, exact=True)
    count = run.figures.known_filesets if run.figures.known_filesets is not None else run.figures.backup_list_count
    if run.id == job.last_run_id and job.versions:
        return versions_now(count, stored_versions(job.versions))
    return versions_after(count, newest, stored_versions(run.listed_versions))
