"""Settings of watching in our own words: `/api/watching` for all jobs, `/api/jobs/{id}/watch` for one, several jobs at once, and the zone
of a server. In: what is to become another; out: the settings as they are then."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso
from duplistatus.evaluate.job_setting import WatchSettings, read_tolerance, tolerance_name
from duplistatus.evaluate.overdue import schedule_of
from duplistatus.evaluate.setting_change import SettingChange, SettingError, read_change, time_text
from duplistatus.i18n.wording import known_zone
from duplistatus.store import watching
from duplistatus.store.ids import JobId
from duplistatus.store.watch_list import WatchRow, watch_row
from duplistatus.web import watch_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.api.detail import server_or_404
from duplistatus.web.api.paths import names_after
from duplistatus.web.body import JsonObject, json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["watching"])

MOST_JOBS = 20_000
"""In one change."""

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Job = Annotated[int, Path(description="Number of a job", ge=1, le=2**63 - 1)]
_Server = Annotated[str, Path(description="Id of a server, percent-encoded")]
_BAD = {400: "Something of it makes no sense; nothing was stored"}
_UNKNOWN = {404: "No job has this number"}


@router.get("/api/watching", summary="Settings for all jobs", responses=answered("Watching"))
async def settings(request: Request, caller: _Reader) -> Response:
    """Tolerance, check interval, frequency of reminders, and after how many scheduled runs without success a job is failing."""
    with context(request).database.read() as connection:
        found = watching.watch_settings(connection)
    return json_answer(encode(_settings(found)))


@router.patch("/api/watching", summary="Changes settings for all jobs", responses=answered("Watching", failures=_BAD))
async def change_settings(request: Request, caller: _Admin) -> Response:
    """Body: any of `{"tolerance", "check_interval", "notification_frequency", "failing_after"}`; what is not named stays."""
    body = await json_object(request)
    try:
        return json_answer(encode(_settings(await watch_desk.change_settings(request, caller, partial(_with, body)))))
    except ValueError as error:
        raise Refused(400, str(error), "bad_setting") from error


@router.post("/api/watching/jobs", summary="Changes several jobs at once", responses=answered("JobsChanged", failures=_BAD))
async def change_jobs(request: Request, caller: _Admin) -> Response:
    """Body: `{"jobs": [numbers], "change": {…}}` with a change as of one job. All of them or, where it makes no sense for one, none."""
    body = await json_object(request)
    jobs, change = body.get("jobs"), body.get("change")
    if not isinstance(jobs, list) or len(jobs) > MOST_JOBS or not all(type(each) is int and 0 < each < 2**63 for each in jobs):
        raise Refused(400, f"jobs must be a list of at most {MOST_JOBS} numbers of jobs", "bad_request")
    if not isinstance(change, dict):
        raise Refused(400, "change must be a JSON object", "bad_request")
    changed = await _change(request, caller, [JobId(each) for each in jobs], change)
    return json_answer(encode({"changed": changed}))


@router.get("/api/jobs/{job_id}/watch", summary="What is set for one job", responses=answered("JobWatch", failures=_UNKNOWN))
async def job_settings(request: Request, job_id: _Job, caller: _Reader) -> Response:
    """With what follows from it: when the job is expected, how that is known, in which zone."""
    return json_answer(encode(_job(request, _found(request, job_id))))


@router.patch(
    "/api/jobs/{job_id}/watch", summary="Changes what is set for one job", responses=answered("JobWatch", failures=_BAD | _UNKNOWN)
)
async def change_job(request: Request, job_id: _Job, caller: _Admin) -> Response:
    """Body: any of `{"watched", "use_mine", "interval", "days", "time_of_day", "tolerance"}`. `interval` is Duplicati's text such as `1D`;
    null leaves the expectation to what the server says. `days` are numbers, 0 is Sunday; `time_of_day` is `02:00` in the server's zone,
    or null: the interval counts from the last run. `use_mine`: the interval goes before what the server says."""
    body = await json_object(request)
    _found(request, job_id)
    await _change(request, caller, [JobId(job_id)], body)
    return json_answer(encode(_job(request, _found(request, job_id))))


@router.patch("/api/servers/{server:path}/zone", summary="Sets the zone of a server", responses=answered("ServerZone", failures=_BAD))
async def change_zone(request: Request, server: _Server, caller: _Admin) -> Response:
    """Body: `{"zone"}`: the IANA name of the zone in which its scheduler counts, or null to have it found out."""
    body = await json_object(request)
    name = text(body, "zone")
    if "zone" not in body or (name is not None and not known_zone(name)):
        raise Refused(400, "zone must be the name of a time zone such as Europe/Oslo, or null", "bad_setting")
    key = names_after(request, "/api/servers/", "/zone")[0]
    parts = context(request)
    with parts.database.read() as connection:
        row = server_or_404(connection, key)
    await watch_desk.change_zone(request, caller, row, name)
    with parts.database.read() as connection:
        row = server_or_404(connection, key)
    return json_answer(encode({"server": row.key, "zone": row.zone, "source": row.zone_source}))


def _settings(found: WatchSettings) -> dict[str, Any]:
    return {
        "tolerance": found.tolerance_name,
        "check_interval": found.check_interval,
        "notification_frequency": found.frequency,
        "failing_after": found.failing_after,
    }


def _with(body: JsonObject, settings: WatchSettings) -> WatchSettings:
    """The settings with what a body names. Raises ValueError."""
    if (tolerance := text(body, "tolerance")) is not None:
        settings = replace(settings, tolerance=read_tolerance(tolerance))
    if (interval := text(body, "check_interval")) is not None:
        settings = replace(settings, check_interval=interval)
    if (frequency := text(body, "notification_frequency")) is not None:
        settings = replace(settings, frequency=frequency)
    if (number := body.get("failing_after")) is not None:
        if type(number) is not int:
            raise ValueError("failing_after must be a whole number")
        settings = replace(settings, failing_after=number)
    return settings


async def _change(request: Request, caller: Caller, job_ids: list[JobId], body: JsonObject) -> list[JobId]:
    try:
        change: SettingChange = read_change(body)
        return await watch_desk.change_jobs(request, caller, job_ids, change)
    except SettingError as error:
        raise Refused(400, str(error), "bad_setting", more={"details": {"field": error.field}}) from error


def _found(request: Request, job_id: int) -> WatchRow:
    with context(request).database.read() as connection:
        row = watch_row(connection, JobId(job_id))
    if row is None:
        raise Refused(404, "Job not found", "job_not_found")
    return row


def _job(request: Request, row: WatchRow) -> dict[str, Any]:
    setting = row.setting
    return {
        "job": row.id,
        "watched": setting.watched,
        "use_mine": setting.use_mine,
        "interval": setting.interval,
        "days": sorted(setting.days),
        "time_of_day": time_text(setting.time_of_day) if setting.time_of_day is not None else None,
        "tolerance": tolerance_name(setting.tolerance) if setting.tolerance is not None else None,
        "schedule": schedule_of(row, context(request).clock.now()),
        "expected_at": _time(row.expected_at),
        "overdue_at": _time(row.overdue_at),
        "expected_source": row.due_source,
        "zone": row.zone,
        "zone_source": row.zone_source,
    }


def _time(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
