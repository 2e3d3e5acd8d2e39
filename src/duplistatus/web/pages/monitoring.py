"""The page *Backup monitoring*: when each job is expected and how long to wait for it. In: a filter, a page, forms of one job, of several
or of all; out: HTML or CSV. Forms are plain; where scripts run, a job's form saves itself and its row alone comes back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import moment
from duplistatus.evaluate.job_setting import MOST_SLOTS, WatchSettings, read_tolerance
from duplistatus.evaluate.setting_change import BACK_TO_SERVER, SettingChange, SettingError, read_change
from duplistatus.evaluate.task_times import OVERDUE_CHECK
from duplistatus.store.ids import JobId
from duplistatus.store.watch_list import WatchRow, watch_row, watch_rows
from duplistatus.store.watching import watch_settings
from duplistatus.web import watch_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import whole_number
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.job_lists import LONGEST_QUERY, back_to, by_script, page_number, query_of, text_of
from duplistatus.web.pages.monitoring_rows import AS_WRITTEN, UNITS, Form, Line, csv_of, interval_of, line_of, matching, problem_words
from duplistatus.web.pages.monitoring_words import Choices
from duplistatus.web.pages.rendering import known_answer, page, page_tag, reader_of
from duplistatus.web.scheduling import run_task

router = APIRouter(include_in_schema=False)

PATH = "/settings/monitoring"
PAGE = 100
"""Jobs on one page."""
_PAGE_DIGITS, _SLOT_DIGITS = 6, 4
_IS_ID = re.compile(r"[0-9]{1,18}")

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Query = Annotated[str, Query(max_length=LONGEST_QUERY)]
_Number = Annotated[int, Query(ge=1, le=10**6)]


@dataclass(frozen=True, slots=True)
class Shown:
    """Which jobs are shown: those that match, of them one page. `pages`: how many there are."""

    rows: list[WatchRow]
    total: int
    number: int
    pages: int


@router.get(PATH)
async def show_monitoring(
    request: Request,
    caller: _Reader,
    q: _Query = "",
    p: _Number = 1,
    changed: Annotated[int | None, Query(ge=0, le=10**6)] = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The page; `q` filters by words, `p` is the number of the page, `changed` and `done` tell what has just been done."""
    tag = page_tag(request, caller, "monitoring", q, p, changed, done, caller.csrf_token)
    if (known := known_answer(request, tag)) is not None:
        return known
    return await _page(request, caller, q, p, tag=tag, changed=changed, done=done)


@router.get(PATH + ".csv")
async def export_csv(request: Request, caller: _Reader, q: _Query = "") -> Response:
    """The jobs that match, with their last run."""
    parts = context(request)
    now = parts.clock.now()

    def read() -> str:
        with parts.database.read() as connection:
            return csv_of(matching(watch_rows(connection), q), now)

    name = f"duplistatus-monitoring-{moment(now):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(await run_in_threadpool(read), media_type="text/csv; charset=utf-8", headers=headers)


@router.post(PATH)
async def change_all(request: Request, caller: _Admin) -> Response:
    """Settings for all jobs."""
    form = await request.form()
    try:
        await watch_desk.change_settings(request, caller, partial(_settings, form))
    except ValueError as error:
        raise Refused(400, str(error), "bad_setting") from error
    return Response(status_code=204) if by_script(request) else back_to(request, PATH, form, done="saved")


@router.post(PATH + "/check")
async def check_now(request: Request, caller: _Admin) -> Response:
    """Judges all jobs now."""
    ran = await run_task(request, caller, OVERDUE_CHECK)
    return back_to(request, PATH, await request.form(), done="failed" if ran.error else "checked")


@router.post(PATH + "/reset")
async def reset_reminders(request: Request, caller: _Admin) -> Response:
    """The next reminder of each overdue job is due at once."""
    await watch_desk.reset_reminders(request, caller)
    return back_to(request, PATH, await request.form(), done="reset")


@router.post(PATH + "/jobs/{job_id:int}")
async def change_job(request: Request, job_id: int, caller: _Admin) -> Response:
    """The form of one job. With a script its row comes back, else the page."""
    form = await request.form()
    reader = reader_of(request)
    row = _row(request, job_id)
    shown: Form | None = None
    problems: dict[str, str] = {}
    try:
        await watch_desk.change_jobs(request, caller, [JobId(job_id)], _row_change(form))
        row = _row(request, job_id)
    except SettingError as error:
        shown, problems = _sent(form, row), {error.field: problem_words(reader.wording)[error.field]}
    line = line_of(reader.wording, row, reader.now, shown, problems)
    status = 400 if problems else 200
    if by_script(request):
        return page(
            request,
            "monitoring_line.html",
            caller,
            status=status,
            line=line,
            choices=Choices(reader_of(request).wording),
            query="",
            number=1,
        )
    if not problems:
        return back_to(request, PATH, form, done="saved", anchor=f"job-{job_id}")
    return await _page(request, caller, text_of(form, "q"), page_number(form), status=status, instead=line)


@router.post(PATH + "/selected")
async def change_selected(request: Request, caller: _Admin) -> Response:
    """The form of several jobs: those that are ticked, or all that match."""
    form = await request.form()
    query = query_of(form)
    wording = reader_of(request).wording
    job_ids = [JobId(int(each)) for each in form.getlist("jobs") if isinstance(each, str) and _IS_ID.fullmatch(each)]
    if form.get("matching"):
        with context(request).database.read() as connection:
            job_ids = [row.id for row in matching(watch_rows(connection), query)]
    problem = ""
    try:
        change = BACK_TO_SERVER if form.get("action") == "back" else _selected_change(form)
        if not job_ids:
            problem = wording.gettext("Tick the jobs that are meant, first.")
        elif not change.named:
            problem = wording.gettext("Say what is to become another: tick its field.")
        else:
            changed = await watch_desk.change_jobs(request, caller, job_ids, change)
            return back_to(request, PATH, form, changed=len(changed))
    except SettingError as error:
        problem = problem_words(wording)[error.field]
    return await _page(request, caller, query, page_number(form), status=400, bulk_problem=problem, ticked=frozenset(job_ids))


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
    bulk_problem: str = "",
    ticked: frozenset[JobId] = frozenset(),
) -> Response:
    reader = reader_of(request)
    database = context(request).database

    def read() -> tuple[WatchSettings, list[WatchRow]]:
        with database.snapshot() as connection:
            return watch_settings(connection), watch_rows(connection)

    settings, rows = await run_in_threadpool(read)
    shown = _cut(matching(rows, query), number)
    lines = [line_of(reader.wording, row, reader.now) for row in shown.rows]
    if instead is not None:
        lines = [instead if line.row.id == instead.row.id else line for line in lines]
    return page(
        request,
        "monitoring.html",
        caller,
        status=status,
        tag=tag,
        settings=settings,
        shown=shown,
        lines=lines,
        jobs=len(rows),
        query=query,
        changed=changed,
        done=done,
        bulk_problem=bulk_problem,
        ticked=ticked,
        most_slots=MOST_SLOTS,
        choices=Choices(reader_of(request).wording),
    )


def _cut(rows: list[WatchRow], number: int) -> Shown:
    pages = max(1, math.ceil(len(rows) / PAGE))
    number = min(number, pages)
    return Shown(rows[(number - 1) * PAGE : number * PAGE], len(rows), number, pages)


def _row(request: Request, job_id: int) -> WatchRow:
    with context(request).database.read() as connection:
        row = watch_row(connection, JobId(min(job_id, 2**63 - 1)))
    if row is None:
        raise Refused(404, "This job is gone", "not_found")
    return row


def _settings(form: FormData, settings: WatchSettings) -> WatchSettings:
    """The settings for all jobs with what a form names. Raises ValueError."""
    slots = text_of(form, "failing_after")
    return replace(
        settings,
        tolerance=read_tolerance(text_of(form, "tolerance")),
        check_interval=text_of(form, "check_interval"),
        frequency=text_of(form, "frequency"),
        failing_after=whole_number(slots, _SLOT_DIGITS) or 0,
    )


def _days(form: FormData) -> list[int]:
    return [int(day) for day in form.getlist("days") if isinstance(day, str) and day in {"0", "1", "2", "3", "4", "5", "6"}]


def _row_change(form: FormData) -> SettingChange:
    """The form of one job: all of its fields; those that need an interval only where there is one. Raises SettingError."""
    interval = interval_of(text_of(form, "every"), text_of(form, "unit"))
    sent: dict[str, object] = {"watched": "watched" in form, "interval": interval, "tolerance": text_of(form, "tolerance")}
    # Without an interval these fields are switched off, and nothing of them is sent.
    if interval and "more" in form:
        sent |= {"days": _days(form), "time_of_day": text_of(form, "time"), "use_mine": "use_mine" in form}
    return read_change(sent)


def _selected_change(form: FormData) -> SettingChange:
    """The form of several jobs: the fields that are ticked. Raises SettingError."""
    values: Mapping[str, object] = {
        "watched": "watched" in form,
        "interval": interval_of(text_of(form, "every"), text_of(form, "unit")),
        "days": _days(form),
        "time_of_day": text_of(form, "time"),
        "use_mine": "use_mine" in form,
        "tolerance": text_of(form, "tolerance"),
    }
    return read_change({name: values[name] for name in form.getlist("set") if isinstance(name, str) and name in values})


def _sent(form: FormData, row: WatchRow) -> Form:
    """What was sent, to be shown again beside what is wrong with it."""
    more = "more" in form
    return Form(
        watched="watched" in form,
        every=text_of(form, "every")[:200],
        unit=text_of(form, "unit") if text_of(form, "unit") in {*UNITS, AS_WRITTEN} else "D",
        days=frozenset(_days(form)) if more else row.setting.days,
        time=text_of(form, "time")[:20],
        use_mine="use_mine" in form,
        tolerance=text_of(form, "tolerance")[:40],
    )
