"""`/api/tasks`: what runs by time, for administrators. In: a task's name; out: when it ran last and how that went, when it runs next, and
which process looks after it all."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import SECOND, Instant, iso
from duplistatus.i18n.wording import DEFAULT
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import flag, json_object
from duplistatus.web.errors import Refused
from duplistatus.web.scheduling import Listed, Schedule, run_task, schedule_of, scheduling, switch_task, unknown
from duplistatus.web.task_words import result_text, rhythm_text, title

router = APIRouter(tags=["administration"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_RUN_FAILURES = {404: "There is no such task", 409: "Another process runs it now"}
_SWITCH_FAILURES = {400: "No true or false", 404: "There is no such task"}


@router.get("/api/tasks", summary="What runs by time", responses=answered("TaskList"))
async def task_list(request: Request, caller: _Admin) -> Response:
    """Every task, and the process that runs them."""
    schedule = schedule_of(request)
    items = [task_body(each) for each in schedule.tasks]
    return json_answer(encode({"items": items, "next_cursor": None, "leader": _leader(request, schedule)}), NO_STORE)


@router.post("/api/tasks/{name}/run", summary="Runs a task now", responses=answered("Task", failures=_RUN_FAILURES))
async def task_run(request: Request, name: str, caller: _Admin) -> Response:
    """Answers when it has ended; `error` says why it failed. When it runs next by time stays."""
    await run_task(request, caller, name)
    return json_answer(encode(_one(request, name)), NO_STORE)


@router.patch("/api/tasks/{name}", summary="Lets a task run by time, or not", responses=answered("Task", failures=_SWITCH_FAILURES))
async def task_switch(request: Request, name: str, caller: _Admin) -> Response:
    """Body: `{"enabled": true or false}`."""
    on = flag(await json_object(request), "enabled")
    if on is None:
        raise Refused(400, "enabled must be true or false", "bad_request")
    _one(request, name)
    await switch_task(request, caller, name, on=on)
    return json_answer(encode(_one(request, name)), NO_STORE)


def _one(request: Request, name: str) -> dict[str, Any]:
    found = next((each for each in schedule_of(request).tasks if each.name == name), None)
    if found is None:
        raise unknown()
    return task_body(found)


def task_body(listed: Listed) -> dict[str, Any]:
    """A task as JSON; its texts are English."""
    state = listed.state
    duration = state.duration
    return {
        "name": state.name,
        "title": title(state.name, DEFAULT),
        "rhythm": rhythm_text(listed.rhythm, DEFAULT),
        "enabled": state.enabled,
        "running": state.is_running,
        "last_started_at": _iso(state.started_at),
        "last_finished_at": _iso(state.finished_at),
        "duration_seconds": duration / SECOND if duration is not None else None,
        "runs": state.runs,
        "result": result_text(state.name, state.figures, DEFAULT) or None,
        "statistics": dict(state.figures or {}),
        "error": state.error or None,
        "error_at": _iso(state.error_at),
        "next_run_at": _iso(state.next_at if listed.is_active else None),
    }


def _leader(request: Request, schedule: Schedule) -> dict[str, Any] | None:
    if not schedule.led:
        return None
    leader = schedule.leader
    host, process = process_of(leader.holder)
    return {"host": host, "process": process, "since": _iso(leader.since), "this_process": leader.holder == scheduling(request).me}


def process_of(holder: str) -> tuple[str, str]:
    """Host and process id of a holder of the lease."""
    host, _, rest = holder.partition("/")
    return host, rest.partition("/")[0]


def _iso(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
