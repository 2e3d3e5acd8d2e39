"""The page *Backup notifications*: what is told of each job, and to whom besides. In: a filter, a page, forms of a job, of a server, of
several jobs; out: HTML. Forms are plain; where scripts run, a form saves itself and what it concerns alone comes back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.evaluate.notify_change import ADDITIONAL, FOLLOW_SERVER, NOBODY_BESIDES, NotifyChange, NotifyError
from duplistatus.evaluate.notify_setting import NOTIFY_NOT_SET
from duplistatus.store import fleet, notify_list
from duplistatus.store.channels import EMAIL, NTFY, own_channel
from duplistatus.store.fleet import ServerRow
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.notify_list import Found, NotifyRow
from duplistatus.web import notify_desk, notify_tests
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.notify_tests import Tested
from duplistatus.web.pages.job_lists import LONGEST_QUERY, back_to, by_script, page_number, query_of, text_of
from duplistatus.web.pages.notification_rows import (
    Choices,
    Group,
    Line,
    group_of,
    groups_of,
    job_change,
    line_of,
    problem_words,
    selected_change,
    server_change,
)
from duplistatus.web.pages.rendering import known_answer, page, page_tag, reader_of

router = APIRouter(include_in_schema=False)

PATH = "/settings/notifications"
PAGE = 100
"""Jobs on one page."""
_IS_ID = re.compile(r"[0-9]{1,18}")

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Query = Annotated[str, Query(max_length=LONGEST_QUERY)]
_Number = Annotated[int, Query(ge=1, le=10**6)]


@router.get(PATH)
async def show_notifications(
    request: Request,
    caller: _Reader,
    q: _Query = "",
    p: _Number = 1,
    changed: Annotated[int | None, Query(ge=0, le=10**6)] = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The page; `q` filters by words and tags, `p` is the number of the page, `changed` and `done` tell what has just been done."""
    tag = page_tag(request, caller, "notifications", q, p, changed, done, caller.csrf_token)
    if (known := known_answer(request, tag)) is not None:
        return known
    return await _page(request, caller, q, p, tag=tag, changed=changed, done=done)


@router.post(PATH + "/jobs/{job_id:int}")
async def change_job(request: Request, job_id: int, caller: _Admin) -> Response:
    """The form of one job."""
    form = await request.form()
    wording = reader_of(request).wording
    row = _row(request, job_id)
    try:
        await notify_desk.change_jobs(request, caller, [row.id], job_change(form))
    except NotifyError as error:
        line = line_of(wording, row, form, {error.field: problem_words(wording)[error.field]})
        if by_script(request):
            return _units(request, caller, form, [line], status=400)
        return await _page(request, caller, query_of(form), page_number(form), status=400, instead=line)
    if by_script(request):
        return _units(request, caller, form, [line_of(wording, _row(request, job_id))])
    return back_to(request, PATH, form, done="saved", anchor=f"job-{job_id}")


@router.post(PATH + "/follow")
async def follow(request: Request, caller: _Admin) -> Response:
    """One field of a job follows its server again: `follow` is `<number of the job>:<field>`."""
    form = await request.form()
    number, _, name = text_of(form, "follow").partition(":")
    job_id = whole_number(number, ID_DIGITS)
    field = next((each for each in ADDITIONAL if each == name), None)
    if job_id is None or field is None:
        raise Refused(400, "follow must name a job and a field", "bad_request")
    row = _row(request, job_id)
    await notify_desk.change_jobs(request, caller, [row.id], NotifyChange(frozenset({field}), NOTIFY_NOT_SET))
    if by_script(request):
        return _units(request, caller, form, [line_of(reader_of(request).wording, _row(request, job_id))])
    return back_to(request, PATH, form, done="saved", anchor=f"job-{job_id}")


@router.post(PATH + "/servers/{server_id:int}")
async def change_server(request: Request, server_id: int, caller: _Admin) -> Response:
    """The form of a server."""
    form = await request.form()
    server = _server(request, server_id)
    try:
        await notify_desk.change_server(request, caller, server, server_change(form))
    except NotifyError as error:
        wording = reader_of(request).wording
        problems: dict[str, str] = {error.field: problem_words(wording)[error.field]}
        if by_script(request):
            return await _group(request, caller, form, server, problems)
        told = f"{server.label}: {problems[error.field]}"
        return await _page(request, caller, query_of(form), page_number(form), status=400, problem=told)
    return await _group(request, caller, form, server) if by_script(request) else _to_server(request, form, server)


@router.post(PATH + "/servers/{server_id:int}/sync")
async def sync_server(request: Request, server_id: int, caller: _Admin) -> Response:
    """All jobs of a server follow it."""
    form, server = await request.form(), _server(request, server_id)
    await notify_desk.follow_server(request, caller, server)
    return await _group(request, caller, form, server) if by_script(request) else _to_server(request, form, server)


@router.post(PATH + "/servers/{server_id:int}/clear")
async def clear_server(request: Request, server_id: int, caller: _Admin) -> Response:
    """Nobody besides is told of the jobs of a server."""
    form, server = await request.form(), _server(request, server_id)
    await notify_desk.nobody_besides(request, caller, server)
    return await _group(request, caller, form, server) if by_script(request) else _to_server(request, form, server)


@router.post(PATH + "/selected")
async def change_selected(request: Request, caller: _Admin) -> Response:
    """The form of several jobs: those that are ticked, or all that match."""
    form = await request.form()
    query, wording = query_of(form), reader_of(request).wording
    job_ids = [JobId(int(each)) for each in form.getlist("jobs") if isinstance(each, str) and _IS_ID.fullmatch(each)]
    if form.get("matching"):
        with context(request).database.read() as connection:
            job_ids = notify_list.matching_jobs(connection, query)
    problem = ""
    try:
        whole = {"follow": FOLLOW_SERVER, "clear": NOBODY_BESIDES}
        change = whole.get(text_of(form, "action")) or selected_change(form)
        if not job_ids:
            problem = wording.gettext("Tick the jobs that are meant, first.")
        elif not change.named:
            problem = wording.gettext("Say what is to become another: tick its field.")
        else:
            changed = await notify_desk.change_jobs(request, caller, job_ids, change)
            return back_to(request, PATH, form, changed=len(changed))
    except NotifyError as error:
        problem = problem_words(wording)[error.field]
    return await _page(request, caller, query, page_number(form), status=400, bulk_problem=problem, ticked=frozenset(job_ids))


@router.post(PATH + "/test")
async def test_stored(request: Request, caller: _Admin) -> Response:
    """Sends a test to what is stored: `test` is `<ntfy or email>:<job or server>:<number>`."""
    form = await request.form()
    key, _, rest = text_of(form, "test").partition(":")
    kind, _, number = rest.partition(":")
    at = whole_number(number, ID_DIGITS)
    if at is None or kind not in {"job", "server"}:
        raise Refused(400, "test must name a channel and a job or server", "bad_request")
    if kind == "job":
        besides = _row(request, at).effective
    else:
        server = _server(request, at)
        with context(request).database.read() as connection:
            besides = notify_list.additional_of(connection, server.id)
    try:
        tested = await notify_tests.test_besides(request, caller, key, (besides.topic if key == NTFY else besides.emails) or "")
    except ValueError as error:
        return await _page(request, caller, query_of(form), page_number(form), status=400, problem=str(error))
    return await _page(request, caller, query_of(form), page_number(form), tested=tested)


async def _page(
    request: Request,
    caller: Caller,
    query: str,
    number: int,
    *,
    status: int = 200,
    tag: str | None = None,
    changed: int | None = None,
    done: str = "",
    instead: Line | None = None,
    problem: str = "",
    bulk_problem: str = "",
    ticked: frozenset[JobId] = frozenset(),
    tested: list[Tested] | None = None,
) -> Response:
    database = context(request).database
    wording = reader_of(request).wording

    def read() -> tuple[Found, int, dict[str, bool]]:
        with database.snapshot() as connection:
            found = notify_list.notify_rows(connection, query, start=(number - 1) * PAGE, limit=PAGE)
            shown = number
            if not found.rows and found.total:
                shown = math.ceil(found.total / PAGE)
                found = notify_list.notify_rows(connection, query, start=(shown - 1) * PAGE, limit=PAGE)
            in_use = {key: own_channel(connection, key).enabled for key in (NTFY, EMAIL)}
        return found, shown, in_use

    found, shown, in_use = await run_in_threadpool(read)
    return page(
        request,
        "notifications.html",
        caller,
        status=status,
        tag=tag,
        groups=groups_of(wording, found.rows, found.of_servers, instead),
        found=found,
        number=shown,
        pages=max(1, math.ceil(found.total / PAGE)),
        in_use=in_use,
        query=query,
        changed=changed,
        done=done,
        problem=problem,
        bulk_problem=bulk_problem,
        ticked=ticked,
        tested=tested or [],
        choices=Choices(wording),
    )


def _units(request: Request, caller: Caller, form: FormData, lines: list[Line], group: Group | None = None, status: int = 200) -> Response:
    """What concerns a change alone: a server, jobs."""
    with context(request).database.read() as connection:
        in_use = {key: own_channel(connection, key).enabled for key in (NTFY, EMAIL)}
    return page(
        request,
        "notification_units.html",
        caller,
        status=status,
        query=query_of(form),
        number=page_number(form),
        group=group,
        lines=lines,
        choices=Choices(reader_of(request).wording),
        in_use=in_use,
    )


async def _group(
    request: Request, caller: Caller, form: FormData, server: ServerRow, problems: Mapping[str, str] | None = None
) -> Response:
    """A server and those of its jobs that the page shows."""
    database, wording = context(request).database, reader_of(request).wording
    query, number = query_of(form), page_number(form)

    def read() -> tuple[list[NotifyRow], int]:
        with database.snapshot() as connection:
            found = notify_list.notify_rows(connection, query, start=(number - 1) * PAGE, limit=PAGE)
            rows = [row for row in found.rows if row.server_id == server.id]
            return rows or notify_list.notify_rows_of_server(connection, server.id)[:1], found.of_servers.get(server.id, 0)

    rows, total = await run_in_threadpool(read)
    if not rows:
        raise Refused(404, "This server has no job", "not_found")
    lines = [line_of(wording, row) for row in rows]
    group = group_of(wording, lines, total, form if problems else None, problems)
    return _units(request, caller, form, lines, group, 400 if problems else 200)


def _row(request: Request, job_id: int) -> NotifyRow:
    with context(request).database.read() as connection:
        row = notify_list.notify_row(connection, JobId(min(job_id, 2**63 - 1)))
    if row is None:
        raise Refused(404, "This job is gone", "not_found")
    return row


def _server(request: Request, server_id: int) -> ServerRow:
    with context(request).database.read() as connection:
        row = fleet.server_by_id(connection, ServerId(min(server_id, 2**63 - 1)))
    if row is None:
        raise Refused(404, "This server is gone", "not_found")
    return row


def _to_server(request: Request, form: FormData, server: ServerRow) -> Response:
    return back_to(request, PATH, form, done="saved", anchor=f"server-{server.id}")
