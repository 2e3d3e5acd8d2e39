"""What clients of 1.4.2 ask of its scheduled work, which was a process of its own: settings, health, and its commands. In: their
requests; out: answers in their shape, made from the tasks of this process."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import iso
from duplistatus.evaluate.job_setting import CHECK_INTERVALS
from duplistatus.evaluate.task_times import AUDIT_CLEANUP, OVERDUE_CHECK, TASKS
from duplistatus.i18n.wording import DEFAULT
from duplistatus.store.tasks import Figures
from duplistatus.store.watching import watch_settings
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.api.cron_words import cron_config
from duplistatus.web.body import json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.scheduling import run_task, schedule_of, switch_task
from duplistatus.web.task_words import result_text
from duplistatus.web.watch_desk import change_settings, reset_reminders

router = APIRouter(tags=["administration"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_OF_1_4_2 = (OVERDUE_CHECK, AUDIT_CLEANUP)
_MOST_UNKNOWN = 20
_LONGEST_NAME = 100
_BAD = {400: "No interval"}
_UNKNOWN = {404: "There is no such task"}


@router.get("/api/cron-config", summary="How often is checked", responses=answered("CronConfig"))
async def read_cron_config(request: Request, caller: _Reader) -> Response:
    """The check interval as an expression of cron."""
    with context(request).database.read() as connection:
        settings = watch_settings(connection)
    return json_answer(encode(cron_config(settings.check_interval)), NO_STORE)


@router.post("/api/cron-config", summary="Changes how often is checked", responses=answered("Success", failures=_BAD))
async def change_cron_config(request: Request, caller: _Admin) -> Response:
    """Body: `{"interval"}`: `disabled`, `1min`, `5min` … `2hours`."""
    interval = text(await json_object(request), "interval")
    if not interval:
        raise Refused(400, "Interval is required", "bad_request")
    if interval not in CHECK_INTERVALS:
        raise Refused(400, f"The interval must be one of {', '.join(CHECK_INTERVALS)}", "bad_interval")
    await change_settings(request, caller, lambda before: replace(before, check_interval=interval))
    return json_answer(encode({"success": True}))


@router.get("/api/cron/health", summary="Whether scheduled work is done", responses=answered("CronHealth"))
async def cron_health(request: Request, caller: _Reader) -> Response:
    """The tasks of 1.4.2; `GET /api/tasks` has all."""
    schedule = schedule_of(request)
    errors = {each.name: each.state.error for each in schedule.tasks if each.state.error}
    body = {
        "isRunning": schedule.led,
        "activeTasks": [each.name for each in schedule.tasks if each.is_active and each.name in _OF_1_4_2],
        "lastRunTimes": {each.name: iso(each.state.started_at) for each in schedule.tasks if each.state.started_at is not None},
        "errors": errors | _asked_in_vain(request),
    }
    return json_answer(encode(body), NO_STORE)


@router.post("/api/cron/reload-config", summary="Forgets what was asked for in vain", responses=answered("Message"))
async def reload_config(request: Request, caller: _Admin) -> Response:
    """Changed settings count at once; there is nothing to reload."""
    _asked_in_vain(request).clear()
    return json_answer(encode({"message": "Configuration reloaded successfully"}))


@router.post("/api/cron/trigger/{task}", summary="Runs a task now", responses=answered("Triggered"))
async def trigger(request: Request, task: str, caller: _Admin) -> Response:
    """`success` false, with 200 and the reason: there is no such task, or it failed."""
    if task not in TASKS:
        error = f"Error: Unknown task: {task}"
        _note_vain(request, task, error)
        return json_answer(encode({"taskName": task, "success": False, "error": error}))
    ran = await run_task(request, caller, task)
    if ran.error:
        return json_answer(encode({"taskName": task, "success": False, "error": ran.error}))
    if task == OVERDUE_CHECK:
        told: dict[str, object] = {"message": "Task executed successfully", "statistics": _statistics(ran.figures)}
    elif task == AUDIT_CLEANUP:
        told = {"message": f"Cleaned up {ran.figures['removed']} audit log entries older than {ran.figures['days']} days"}
    else:
        told = {"message": result_text(task, ran.figures, DEFAULT)}
    return json_answer(encode({"taskName": task, "success": True, **told}))


@router.post("/api/cron/start/{task}", summary="Lets a task run by time", responses=answered("Message", failures=_UNKNOWN))
async def start(request: Request, task: str, caller: _Admin) -> Response:
    """Also where it runs by time already."""
    if task not in TASKS:
        raise Refused(404, f"Task {task[:_LONGEST_NAME]} not found in configuration", "not_found")
    await switch_task(request, caller, task, on=True)
    return json_answer(encode({"message": f"Task {task} started"}))


@router.post("/api/cron/stop/{task}", summary="Lets a task no longer run by time", responses=answered("Message", failures=_UNKNOWN))
async def stop(request: Request, task: str, caller: _Admin) -> Response:
    """404 also where it is stopped already."""
    if task not in TASKS or not await switch_task(request, caller, task, on=False):
        raise Refused(404, f"Task {task[:_LONGEST_NAME]} not found", "not_found")
    return json_answer(encode({"message": f"Task {task} stopped"}))


@router.post("/api/notifications/check-overdue", summary="Checks for overdue jobs now", responses=answered("OverdueChecked"))
async def check_overdue(request: Request, caller: _Admin) -> Response:
    """Jobs, how many are watched, how many of these are overdue, and messages that were sent."""
    ran = await run_task(request, caller, OVERDUE_CHECK)
    if ran.error:
        raise Refused(500, f"The check failed: {ran.error}", "check_failed")
    sentence = "Overdue backup check completed with next run times recalculated"
    return json_answer(encode({"message": sentence, "statistics": _statistics(ran.figures)}))


@router.post("/api/notifications/clear-overdue-timestamps", summary="Resets reminders", responses=answered("Message"))
async def clear_overdue_timestamps(request: Request, caller: _Admin) -> Response:
    """The next reminder of each overdue job is due at once."""
    await reset_reminders(request, caller)
    return json_answer(encode({"message": "Overdue backup notification timestamps cleared successfully"}))


def _statistics(figures: Figures) -> dict[str, int]:
    return {
        "totalBackupConfigs": figures["jobs"],
        "checkedBackups": figures["checked"],
        "overdueBackupsFound": figures["overdue"],
        "notificationsSent": figures["sent"],
    }


def _asked_in_vain(request: Request) -> OrderedDict[str, str]:
    """Tasks that somebody wanted to run and that do not exist, with the answer."""
    state = request.app.state
    if not hasattr(state, "asked_in_vain"):
        state.asked_in_vain = OrderedDict()
    found: OrderedDict[str, str] = state.asked_in_vain
    return found


def _note_vain(request: Request, name: str, error: str) -> None:
    noted = _asked_in_vain(request)
    noted[name[:_LONGEST_NAME]] = error[: 2 * _LONGEST_NAME]
    while len(noted) > _MOST_UNKNOWN:
        noted.popitem(last=False)
