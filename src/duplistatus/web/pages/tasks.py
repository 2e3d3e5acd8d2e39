"""The page of what runs by time, for administrators. In: the tasks; out: when each ran last and how that went, when it runs next, which
process looks after them; buttons to run one now, to stop it and to start it again, which are plain forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.evaluate.task_times import TASKS
from duplistatus.i18n.wording import Wording
from duplistatus.store.tasks import TaskState
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.tasks import process_of
from duplistatus.web.context import context
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.scheduling import Listed, run_task, schedule_of, scheduling, switch_task, unknown
from duplistatus.web.task_words import result_text, rhythm_text, title

router = APIRouter(include_in_schema=False)

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_PATH = "/settings/tasks"


@dataclass(frozen=True, slots=True)
class Line:
    """A task in the words of the reader. `is_active`: it runs by time."""

    state: TaskState
    title: str
    rhythm: str
    result: str
    is_active: bool

    @property
    def name(self) -> str:
        return self.state.name


@router.get(_PATH)
async def show_tasks(
    request: Request,
    caller: _Admin,
    ran: Annotated[str, Query(max_length=60)] = "",
    started: Annotated[str, Query(max_length=60)] = "",
    stopped: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """The list; `ran`, `started`, `stopped` name the task whose button was pressed."""
    wording = reader_of(request).wording
    schedule = schedule_of(request)
    host, process = process_of(schedule.leader.holder)
    return page(
        request,
        "tasks.html",
        caller,
        lines=[_line(each, wording) for each in schedule.tasks],
        told=_told(wording, schedule.tasks, ran, started, stopped),
        leader=schedule.leader if schedule.led else None,
        host=host,
        process=process,
        is_here=schedule.leader.holder == scheduling(request).me,
    )


@router.post(_PATH + "/{name}/run")
async def run_by_form(request: Request, name: str, caller: _Admin) -> Response:
    """Runs the task, and shows how that went."""
    await run_task(request, caller, name)
    return _back(request, f"ran={name}")


@router.post(_PATH + "/{name}/start")
async def start_by_form(request: Request, name: str, caller: _Admin) -> Response:
    """Lets the task run by time."""
    await _switch(request, caller, name, on=True)
    return _back(request, f"started={name}")


@router.post(_PATH + "/{name}/stop")
async def stop_by_form(request: Request, name: str, caller: _Admin) -> Response:
    """Lets the task no longer run by time."""
    await _switch(request, caller, name, on=False)
    return _back(request, f"stopped={name}")


async def _switch(request: Request, caller: Caller, name: str, *, on: bool) -> None:
    if name not in TASKS:
        raise unknown()
    await switch_task(request, caller, name, on=on)


def _back(request: Request, query: str) -> Response:
    return RedirectResponse(f"{context(request).settings.root_path}{_PATH}?{query}", status_code=303)


def _line(listed: Listed, wording: Wording) -> Line:
    name = listed.name
    return Line(
        listed.state,
        title(name, wording),
        rhythm_text(listed.rhythm, wording),
        result_text(name, listed.state.figures, wording),
        listed.is_active,
    )


def _told(wording: Wording, tasks: tuple[Listed, ...], ran: str, started: str, stopped: str) -> tuple[str, str] | None:
    """What came of the button that was pressed: kind and sentence."""
    found = next((each.state for each in tasks if each.name in {ran, started, stopped}), None)
    if found is None:
        return None
    task = title(found.name, wording)
    if found.name == started:
        return "ok", wording.gettext("“%(task)s” runs by time again.") % {"task": task}
    if found.name == stopped:
        return "ok", wording.gettext("“%(task)s” no longer runs by time.") % {"task": task}
    if found.error:
        return "error", wording.gettext("“%(task)s” failed: %(error)s") % {"task": task, "error": found.error}
    return "ok", wording.gettext("“%(task)s” ran. %(result)s") % {"task": task, "result": result_text(found.name, found.figures, wording)}
