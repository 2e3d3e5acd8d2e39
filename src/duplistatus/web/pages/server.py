"""The page of one server, or of one of its jobs: what is overdue and why, totals, jobs, the history with its charts. In: the key of the
server, a job's name, and which part of the history; out: the page, or 404. Totals come from rows that are kept current on write; of
the history only the lines of one page are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant
from duplistatus.evaluate.expectation import Source
from duplistatus.evaluate.fleet_view import JobView, State, job_view
from duplistatus.evaluate.server_release import Newest, server_release
from duplistatus.evaluate.server_view import LINE_WIDTH, Overdue, Tiles, overdue_of, tiles_of
from duplistatus.evaluate.versions_view import versions_now
from duplistatus.store import fleet, history_page
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.listing import Listing, listing
from duplistatus.store.live_servers import LiveServer, live_server
from duplistatus.store.live_servers import State as LiveState
from duplistatus.store.releases import newest_releases
from duplistatus.store.silences import Held, held
from duplistatus.web import explain_words, live_words
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.paths import names_after
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.live_words import ServerMark
from duplistatus.web.pages.control import did_text
from duplistatus.web.pages.history import HistoryPart, HistoryQuery, read_history, read_query
from duplistatus.web.pages.job_row import row_view
from duplistatus.web.pages.rendering import Reader, known_answer, page, page_tag, reader_of
from duplistatus.web.pages.silence_words import quick_words
from duplistatus.web.pages.versions import stored_versions, version_lines
from duplistatus.web.release_words import badge
from duplistatus.web.trouble_words import TroubleWords

router = APIRouter()


@dataclass(frozen=True, slots=True)
class OverdueJob:
    """A job that is overdue, with its evidence. `source`, `tolerance`: in words."""

    job: JobRow
    verdict: Overdue
    source: str
    tolerance: str


@dataclass(frozen=True, slots=True)
class There:
    """What the server does now, in words. `elsewhere`: what it works at that is none of the jobs here; `queue`: what waits; `may_control`:
    the reader may start and stop; `stops`: something runs that can be stopped."""

    mark: ServerMark | None
    sentence: str
    is_gone: bool
    is_paused: bool
    heard_at: Instant | None
    elsewhere: str
    queue: tuple[str, ...]
    trouble: TroubleWords | None
    may_control: bool
    stops: bool


@dataclass(frozen=True, slots=True)
class _Found:
    server: ServerRow
    jobs: list[JobRow]
    job: JobRow | None
    tiles: Tiles
    history: HistoryPart
    held: dict[JobId, Held]
    live: LiveServer | None
    listing: Listing
    newest: Newest


@router.get("/detail/{key:path}", include_in_schema=False)
async def show_server(
    request: Request,
    caller: Annotated[Caller, guarded(Access.READ)],
    backup: Annotated[str | None, Query(description="Name of a job: only what concerns it", max_length=2_000)] = None,
    did: Annotated[str, Query(description="What the server was told to do", max_length=20)] = "",
) -> Response:
    """The page; with `backup` that of one job."""
    (key,) = names_after(request, "/detail/")
    query = read_query(request.query_params)
    tag = page_tag(request, caller, "server", key, backup, query, did)
    if (known := known_answer(request, tag)) is not None:
        return known
    found = _find(request, key, backup or None, query)
    reader = reader_of(request)
    there = _there(reader, caller, found)
    return page(request, "server.html", caller, tag=tag, there=there, did=did_text(reader.wording, did), **_values(reader, found))


def _find(request: Request, key: str, job_name: str | None, query: HistoryQuery) -> _Found:
    with context(request).database.snapshot() as connection:
        server = fleet.server_by_key(connection, key)
        if server is None:
            raise Refused(404, "There is no such server", "not_found")
        jobs = fleet.jobs_of(connection, server.id)
        job = next((each for each in jobs if each.name == job_name), None)
        if job_name is not None and job is None:
            raise Refused(404, "There is no such job on this server", "not_found")
        days = history_page.days_of_job(connection, job.id) if job else history_page.days_of_server(connection, server.id)
        shown = [job] if job else jobs
        silent = held(connection, [(each.id, server.id) for each in shown], context(request).clock.now())
        live = live_server(connection, server.id, context(request).clock.now())
        history = read_history(connection, shown, query)
        listed = listing(connection, server.id, jobs)
        return _Found(server, jobs, job, tiles_of(shown, days), history, silent, live, listed, newest_releases(connection))


def _there(reader: Reader, caller: Caller, found: _Found) -> There:
    live, wording = found.live, reader.wording
    if live is None:
        return There(None, "", False, False, None, "", (), None, False, False)
    known = {job.id for job in found.jobs}
    task = live.task
    return There(
        mark=live_words.server_mark(wording, live, reader.now),
        sentence=live_words.server_sentence(wording, live, reader.now),
        is_gone=live.state is LiveState.GONE,
        is_paused=live.is_paused,
        heard_at=live.heard_at,
        elsewhere=live_words.waiting_name(wording, task.job) if task is not None and task.job.job_id not in known else "",
        queue=tuple(live_words.waiting_name(wording, each) for each in live.queue),
        trouble=live_words.live_trouble(wording, live, found.server.url) if caller.is_admin else None,
        may_control=caller.is_admin and live.controls,
        stops=task is not None,
    )


def _values(reader: Reader, found: _Found) -> dict[str, Any]:
    """What the template shows."""
    views = [job_view(job, reader.now) for job in ([found.job] if found.job else found.jobs)]
    values: dict[str, Any] = {
        "server": found.server,
        "badge": badge(server_release(found.server.version, found.server.update_channel, found.newest), reader.wording),
        "job": found.job,
        "jobs": found.jobs,
        "rows": [row_view(reader, found.server, view, there=found.live) for view in views],
        "overdue": _overdue(reader, views),
        "line_width": LINE_WIDTH,
        "tiles": found.tiles,
        "history": found.history,
        "held": found.held,
        "unlisted": found.listing.unlisted,
        "never_ran": live_words.never_ran_sentence(reader.wording, found.listing.never_ran),
        "quick": quick_words(reader.wording),
        "opens": found.server.url if found.server.url.startswith(("http://", "https://")) else None,
        "versions": None,
    }
    if found.job:
        versions = versions_now(found.job.versions_count, stored_versions(found.job.versions))
        values |= {"versions": versions, "version_lines": version_lines(reader, versions)}
    return values


def _overdue(reader: Reader, views: list[JobView[JobRow]]) -> list[OverdueJob]:
    """The overdue jobs, the longest first."""
    found = []
    for view in views:
        if view.state is State.OVERDUE and view.row.expected_at is not None and view.row.overdue_at is not None:
            recent = [(at, status) for at, status, *_ in orjson.loads(view.row.recent)]
            verdict = overdue_of(view.row.expected_at, view.row.overdue_at, recent, reader.now)
            source = explain_words.source_word(Source(view.row.due_source or Source.REPORT), reader.wording)
            found.append(OverdueJob(view.row, verdict, source, explain_words.tolerance_text(verdict.tolerance_ms, reader.wording)))
    return sorted(found, key=lambda each: each.verdict.expected_at)
