"""`/api/configuration/…` as 1.4.2 has it, as far as it is about watching: settings of jobs, tolerance, frequency of reminders, and all of
it in one answer. In: what its clients send; out: its answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import DAY, Instant, iso
from duplistatus.evaluate.backup_setting import OF_SERVER, BackupSetting, additional_json, backup_setting_json
from duplistatus.evaluate.job_setting import FREQUENCIES, read_tolerance
from duplistatus.evaluate.notify_setting import NOTIFY_NOT_SET
from duplistatus.store import fleet, watching
from duplistatus.store.channels import NTFY, own_channel
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.watch_changes import BadEntry
from duplistatus.store.watch_list import WatchRow, watch_rows
from duplistatus.web import watch_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE_EXPIRED, encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.api.cron_words import cron_config
from duplistatus.web.api.ntfy import ntfy_json, save_ntfy
from duplistatus.web.api.run_body import NOT_KNOWN
from duplistatus.web.api.templates import templates_json
from duplistatus.web.body import json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["configuration"])

_LARGEST = 16 * 1024 * 1024
"""Bytes of the settings of a large fleet: half a kilobyte a job."""

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_BAD = {400: "Something of it makes no sense; nothing was stored"}


@router.get("/api/configuration/unified", summary="All settings in one answer", responses=answered("Configuration"))
async def unified(request: Request, caller: _Reader) -> Response:
    """`time` of a job is when it is expected; of one of which nothing tells that, a day after its last run."""
    database = context(request).database

    def read() -> bytes:
        with database.snapshot() as connection:
            return encode(_unified(connection))

    return json_answer(await run_in_threadpool(read), NO_STORE_EXPIRED)


@router.post("/api/configuration/backup-settings", summary="Changes settings of jobs", responses=answered("Done", failures=_BAD))
async def backup_settings(request: Request, caller: _Admin) -> Response:
    """Body: `{"backupSettings": {"<id of the server>:<name of the job>": {…}}}`. Jobs and fields that are not named stay as they are;
    `time` and `lastBackupDate` are passed over. `<id of the server>:__default__` holds whom besides to tell of all jobs of a server; in the
    entry of a job null goes back to that. Beside the fields of 1.4.2: `useMine`, `timeOfDay` (`02:00` or null), `tolerance` (a name or
    null)."""
    body = await json_object(request, _LARGEST)
    sent = body.get("backupSettings")
    if not sent:
        raise Refused(400, "backupSettings is required", "bad_request")
    if not isinstance(sent, dict):
        raise Refused(400, "backupSettings must be a JSON object", "bad_request")
    try:
        await watch_desk.change_backup_settings(request, caller, sent)
    except BadEntry as error:
        raise Refused(400, str(error), "bad_setting") from error
    return json_answer(encode({"message": "Backup settings updated successfully"}))


@router.get("/api/configuration/overdue-tolerance", summary="Tolerance of all jobs", responses=answered("OverdueTolerance"))
async def overdue_tolerance(request: Request, caller: _Reader) -> Response:
    """How long after its expected moment a job counts as overdue."""
    with context(request).database.read() as connection:
        settings = watching.watch_settings(connection)
    return json_answer(encode({"overdue_tolerance": settings.tolerance_name}))


@router.post("/api/configuration/overdue-tolerance", summary="Changes the tolerance of all jobs", responses=answered("Done", failures=_BAD))
async def set_overdue_tolerance(request: Request, caller: _Admin) -> Response:
    """Body: `{"overdue_tolerance"}`: `no_tolerance`, `5min`, `15min`, `30min`, `1h`, `2h`, `4h`, `6h`, `12h` or `1d`."""
    body = await json_object(request)
    name = text(body, "overdue_tolerance")
    if not name:
        raise Refused(400, "overdue_tolerance is required", "bad_request")
    try:
        await watch_desk.change_settings(request, caller, lambda settings: replace(settings, tolerance=read_tolerance(name)))
    except ValueError as error:
        raise Refused(400, str(error), "bad_setting") from error
    return json_answer(encode({"message": "Overdue tolerance updated successfully"}))


@router.get("/api/configuration/notifications", summary="Frequency of reminders", responses=answered("Frequency"))
async def notifications(request: Request, caller: _Reader) -> Response:
    """How often a job that stays overdue is told of again."""
    with context(request).database.read() as connection:
        settings = watching.watch_settings(connection)
    return json_answer(encode({"value": settings.frequency}))


@router.post(
    "/api/configuration/notifications",
    summary="Changes the frequency of reminders, or the settings of ntfy",
    responses=answered("Frequency", "NtfyUpdated", failures=_BAD),
)
async def set_notifications(request: Request, caller: _Admin) -> Response:
    """Body: `{"value"}`: `onetime`, `every_day`, `every_week` or `every_month`. Or `{"ntfy": {"url", "topic", "accessToken"}}`, which also
    switches ntfy on; an empty topic becomes one that nobody guesses, an empty token keeps the stored one, null removes it."""
    body = await json_object(request)
    value = body.get("value")
    if value is None:
        saved = await save_ntfy(request, caller, body.get("ntfy"))
        return json_answer(encode({"message": "NTFY config updated successfully", "ntfy": saved}))
    if not isinstance(value, str) or value not in FREQUENCIES:
        raise Refused(400, "Invalid value", "bad_setting")
    await watch_desk.change_settings(request, caller, lambda settings: replace(settings, frequency=value))
    return json_answer(encode({"value": value}))


def _unified(connection: Connection) -> dict[str, Any]:
    settings = watching.watch_settings(connection)
    servers = fleet.servers(connection)
    rows = watch_rows(connection)
    notify = watching.notify_settings(connection)
    by_id = {server.id: server for server in servers}
    return {
        "ntfy": ntfy_json(own_channel(connection, NTFY)),
        "templates": templates_json(connection),
        "overdue_tolerance": settings.tolerance_name,
        "backup_settings": {
            f"{row.server_key}:{row.name}": backup_setting_json(BackupSetting(row.setting, notify.get(row.id, NOTIFY_NOT_SET)))
            | _times(row)
            for row in rows
        }
        | {
            f"{by_id[server_id].key}:{OF_SERVER}": additional_json(additional)
            for server_id, additional in watching.additional_of_servers(connection).items()
            if server_id in by_id
        },
        "serverAddresses": [_address(server) for server in servers],
        "cronConfig": cron_config(settings.check_interval),
        "notificationFrequency": settings.frequency,
        "serversWithBackups": [_with_job(by_id[row.server_id], row) for row in rows if row.server_id in by_id],
    }


def _address(server: ServerRow) -> dict[str, Any]:
    return {
        "id": server.key,
        "name": server.name,
        "server_url": server.url,
        "alias": server.alias,
        "note": server.note,
        "hasPassword": server.has_password,
    }


def _with_job(server: ServerRow, row: WatchRow) -> dict[str, Any]:
    times = _times(row)
    return {
        **_address(server),
        "backupName": row.name,
        "expectedBackupDate": times["time"],
        "lastBackupDate": times["lastBackupDate"],
    }


def _times(row: WatchRow) -> dict[str, str]:
    """When the job is expected, and when it ran last."""
    last = row.last_begun_at
    # 1.4.2 counts a day on where nobody set anything; no verdict comes of it here.
    expected = row.expected_at if row.expected_at is not None or last is None else Instant(last + DAY)
    return {"time": iso(expected) if expected is not None else NOT_KNOWN, "lastBackupDate": iso(last) if last is not None else NOT_KNOWN}
