"""What people set for the watching of jobs, for all of them and for one. In: a connection and values that were checked; out: frozen
settings. A stored value that cannot be read any more counts as not set, so that one bad row never stops the judging of the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.job_setting import (
    NOT_SET,
    JobSetting,
    WatchSettings,
    checked,
    checked_watch,
    read_tolerance,
)
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.evaluate.notify_setting import (
    NO_ADDITIONAL,
    NOTIFY_NOT_SET,
    Additional,
    NotifySetting,
    checked_additional,
    checked_notify,
)
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.watch_tables import job_setting as table

_TOLERANCE = "overdue_tolerance"
_CHECK_INTERVAL = "check_interval"
_FREQUENCY = "notification_frequency"
_FAILING_AFTER = "failing_after"
_KEYS = (_TOLERANCE, _CHECK_INTERVAL, _FREQUENCY, _FAILING_AFTER)

_SETTINGS = Statement(select(setting.c.key, setting.c.value).where(or_(*(setting.c.key == key for key in _KEYS))))
_UPDATE = Statement(update(setting).where(setting.c.key == bindparam("of")).values(value=bindparam("value")))
_INSERT = Statement(insert(setting).values(key=bindparam("of"), value=bindparam("value")))

_NAMES = ("watched", "use_mine", "interval", "days", "time_of_day", "first_day", "tolerance")
SETTING_COLUMNS = tuple(table.c[name] for name in _NAMES)
"""The columns of `job_setting` that `setting_of_row` reads."""
_BY_JOB = Statement(select(*SETTING_COLUMNS).where(table.c.job_id == bindparam("job_id")))
_ALL_JOBS = Statement(select(table.c.job_id, *SETTING_COLUMNS))
_CHANGED: dict[str, object] = {name: bindparam(name) for name in ("changed_at", "changed_by")}
_SETTING: dict[str, object] = {name: bindparam(name) for name in _NAMES} | _CHANGED
_UPDATE_JOB = Statement(update(table).where(table.c.job_id == bindparam("of")).values(_SETTING))
_INSERT_JOB = Statement(insert(table).values({"job_id": bindparam("of")} | _SETTING))
_NOTIFY = Statement(select(table.c.notify).where(table.c.job_id == bindparam("job_id")))
_ALL_NOTIFY = Statement(select(table.c.job_id, table.c.notify).where(table.c.notify.is_not(None)))
_UPDATE_NOTIFY = Statement(update(table).where(table.c.job_id == bindparam("of")).values({"notify": bindparam("notify")} | _CHANGED))
_INSERT_NOTIFY = Statement(insert(table).values({"job_id": bindparam("of"), "notify": bindparam("notify")} | _CHANGED))
_ADDITIONAL = ("event", "emails", "topic")
_ALL_ADDITIONAL = Statement(select(server.c.id, server.c.notify).where(server.c.notify.is_not(None)))
_SET_ADDITIONAL = Statement(update(server).where(server.c.id == bindparam("of")).values(notify=bindparam("notify_new")))
_FORGET_SLOT = Statement(update(job).where(job.c.id == bindparam("job_id")).values(setting_slot=None))
_ZONE = Statement(select(server.c.zone_set).where(server.c.id == bindparam("of")))
_SET_ZONE = Statement(update(server).where(server.c.id == bindparam("of")).values(zone_set=bindparam("zone")))


def watch_settings(connection: Connection) -> WatchSettings:
    """What is set for all jobs."""
    stored: dict[str, str] = dict(connection.rows(_SETTINGS))
    settings = WatchSettings()
    if not stored:
        return settings
    with suppress(KeyError, ValueError):
        settings = replace(settings, tolerance=read_tolerance(stored[_TOLERANCE]))
    with suppress(KeyError, ValueError):
        settings = checked_watch(replace(settings, check_interval=stored[_CHECK_INTERVAL]))
    with suppress(KeyError, ValueError):
        settings = checked_watch(replace(settings, frequency=stored[_FREQUENCY]))
    with suppress(KeyError, ValueError):
        settings = checked_watch(replace(settings, failing_after=int(stored[_FAILING_AFTER])))
    return settings


def save_watch_settings(connection: Connection, settings: WatchSettings) -> None:
    """Stores what is set for all jobs."""
    values = (settings.tolerance_name, settings.check_interval, settings.frequency, str(settings.failing_after))
    for key, value in zip(_KEYS, values, strict=True):
        if not connection.run(_UPDATE, {"of": key, "value": value}).rowcount:
            connection.run(_INSERT, {"of": key, "value": value})


def job_setting(connection: Connection, job_id: JobId) -> JobSetting:
    """What is set for one job."""
    row = connection.row(_BY_JOB, {"job_id": job_id})
    return setting_of_row(row) if row else NOT_SET


def job_settings(connection: Connection) -> dict[JobId, JobSetting]:
    """What is set, by job; jobs for which nothing is set are not in it."""
    return {row[0]: setting_of_row(row[1:]) for row in connection.rows(_ALL_JOBS)}


def save_job_setting(connection: Connection, job_id: JobId, setting: JobSetting, by: str, now: Instant) -> None:
    """Stores what is set for one job; `by`: the name of who set it."""
    values = {
        "of": job_id,
        "watched": int(setting.watched),
        "use_mine": int(setting.use_mine),
        "interval": setting.interval,
        "days": None if setting.days == ALL_DAYS else ",".join(map(str, sorted(setting.days))),
        "time_of_day": setting.time_of_day,
        "first_day": setting.first_day,
        "tolerance": setting.tolerance,
        "changed_at": now,
        "changed_by": by,
    }
    if not connection.run(_UPDATE_JOB, values).rowcount:
        connection.run(_INSERT_JOB, values)
    connection.run(_FORGET_SLOT, {"job_id": job_id})


def notify_of(connection: Connection, job_id: JobId) -> NotifySetting:
    """What is told of one job."""
    return read_notify(connection.value(_NOTIFY, {"job_id": job_id}))


def notify_settings(connection: Connection) -> dict[JobId, NotifySetting]:
    """What is told, by job; jobs for which nothing is set are not in it."""
    return {row[0]: read_notify(row[1]) for row in connection.rows(_ALL_NOTIFY)}


def save_notify(connection: Connection, job_id: JobId, notify: NotifySetting, by: str, now: Instant) -> None:
    """Stores what is told of one job."""
    own = {"event": notify.event, "ntfy": notify.ntfy, "email": notify.email}
    text = json.dumps(own | _additional_values(notify.additional), ensure_ascii=False)
    values = {"of": job_id, "notify": text, "changed_at": now, "changed_by": by}
    if not connection.run(_UPDATE_NOTIFY, values).rowcount:
        connection.run(_INSERT_NOTIFY, values)


def additional_of_servers(connection: Connection) -> dict[ServerId, Additional]:
    """Whom besides to tell of the jobs of a server, by server; servers for which nothing is set are not in it."""
    return {row[0]: read_additional(row[1]) for row in connection.rows(_ALL_ADDITIONAL)}


def save_additional(connection: Connection, server_id: ServerId, additional: Additional) -> None:
    """Stores whom besides to tell of the jobs of a server."""
    values = _additional_values(additional)
    connection.run(_SET_ADDITIONAL, {"of": server_id, "notify_new": json.dumps(values, ensure_ascii=False) if values else None})


def server_zone(connection: Connection, server_id: ServerId) -> str | None:
    """The zone that people set for a server."""
    found: str | None = connection.value(_ZONE, {"of": server_id})
    return found


def set_server_zone(connection: Connection, server_id: ServerId, name: str | None) -> None:
    """Stores the zone that people set for a server, None where it is to be found out; which one counts is settled elsewhere."""
    connection.run(_SET_ZONE, {"of": server_id, "zone": name})


def setting_of_row(row: Row) -> JobSetting:
    """The setting in the columns of `SETTING_COLUMNS`."""
    watched, use_mine, interval, days, time_of_day, first_day, tolerance = row
    try:
        allowed = frozenset(map(int, days.split(","))) if days else ALL_DAYS
        return checked(JobSetting(bool(watched), bool(use_mine), interval, allowed, time_of_day, first_day, tolerance))
    except ValueError:
        return JobSetting(watched=bool(watched))


def read_notify(text: str | None) -> NotifySetting:
    """What is told of a job, from the column of its settings; what cannot be read counts as not set."""
    read = _object(text)
    try:
        own = {name: read[name] for name in ("event", "ntfy", "email") if name in read}
        return checked_notify(NotifySetting(**own, additional=_additional(read)))
    except (TypeError, ValueError, AttributeError):
        return NOTIFY_NOT_SET


def read_additional(text: str | None) -> Additional:
    """Whom besides to tell, from the column of a server; what cannot be read counts as not set."""
    try:
        return checked_additional(_additional(_object(text)))
    except (TypeError, ValueError, AttributeError):
        return NO_ADDITIONAL


def _object(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _additional(read: Mapping[str, Any]) -> Additional:
    return Additional(*(read.get(f"additional_{name}") for name in _ADDITIONAL))


def _additional_values(additional: Additional) -> dict[str, str]:
    """What is said of others, by the names in the column; what is not said is not in it."""
    values = {f"additional_{name}": getattr(additional, name) for name in _ADDITIONAL}
    return {name: value for name, value in values.items() if value is not None}
