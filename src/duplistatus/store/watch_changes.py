"""Changes of what people set for watching, each with what follows from it. In: a connection, a change that was read, who made it and when;
out: what changed. The jobs that are concerned are judged in the same transaction; where a value makes no sense nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import func, select

from duplistatus.clock import Instant
from duplistatus.evaluate.backup_setting import OF_SERVER, BackupSetting, Sent, read_additional_sent, read_backup_setting
from duplistatus.evaluate.expectation import Knowledge, first_day
from duplistatus.evaluate.job_setting import NOT_SET, WatchSettings
from duplistatus.evaluate.notify_change import of_server
from duplistatus.evaluate.notify_setting import NO_ADDITIONAL, NOTIFY_NOT_SET, Additional
from duplistatus.evaluate.setting_change import SettingChange, changed
from duplistatus.store import watching
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.judging import judge, judge_all
from duplistatus.store.schedules import kept_facts
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.zones import settle_zone

_KEYS = Statement(select(server.c.key, func.coalesce(server.c.adopted_by, server.c.id)).order_by(server.c.adopted_by.is_not(None)))
_JOBS = Statement(select(job.c.server_id, job.c.name, job.c.id).order_by(job.c.id))


class BadEntry(ValueError):
    """An entry of `backupSettings` that makes no sense; the sentence begins with its key."""


def change_jobs(connection: Connection, job_ids: Iterable[JobId], change: SettingChange, by: str, now: Instant) -> list[JobId]:
    """Applies one change to these jobs; those whose setting became another. Jobs that are gone are passed over. Raises SettingError."""
    concerned: list[JobId] = []
    for job_id in dict.fromkeys(job_ids):
        kept = kept_facts(connection, job_id)
        if kept is None:
            continue
        wanted = changed(kept.known.setting, change, _first_day(kept.known, now))
        if wanted != kept.known.setting:
            watching.save_job_setting(connection, job_id, wanted, by, now)
            concerned.append(job_id)
    judge(connection, concerned, now)
    return concerned


def change_backup_settings(connection: Connection, sent: Mapping[str, object], by: str, now: Instant) -> list[str]:
    """Stores what a client of 1.4.2 sent, by `<server key>:<job name>` or `<server key>:__default__`; the keys of what changed. Jobs and
    servers that do not exist are passed over. Raises BadEntry."""
    jobs, servers = jobs_by_key(connection), servers_by_key(connection)
    watch, notify = watching.job_settings(connection), watching.notify_settings(connection)
    additional = watching.additional_of_servers(connection)
    changed_keys: list[str] = []
    concerned: list[JobId] = []
    for key, entry in sent.items():
        server_id = servers.get(key)
        if server_id is not None:
            if _change_server(connection, server_id, key, entry, additional):
                changed_keys.append(key)
            continue
        job_id = jobs.get(key)
        if job_id is None:
            continue
        before = BackupSetting(watch.get(job_id, NOT_SET), notify.get(job_id, NOTIFY_NOT_SET))
        after = _read(connection, key, job_id, entry, before, now)
        if after == before:
            continue
        changed_keys.append(key)
        if after.watch != before.watch:
            watching.save_job_setting(connection, job_id, after.watch, by, now)
            concerned.append(job_id)
        if after.notify != before.notify:
            watching.save_notify(connection, job_id, after.notify, by, now)
    judge(connection, concerned, now)
    return changed_keys


def change_watch_settings(connection: Connection, settings: WatchSettings, now: Instant) -> bool:
    """Stores what is set for all jobs; whether it is another than before."""
    before = watching.watch_settings(connection)
    if settings == before:
        return False
    watching.save_watch_settings(connection, settings)
    if (settings.tolerance, settings.failing_after) != (before.tolerance, before.failing_after):
        judge_all(connection, now)
    return True


def change_zone(connection: Connection, server_id: ServerId, name: str | None, now: Instant) -> None:
    """Stores the zone that people set for a server, None where it is to be found out."""
    watching.set_server_zone(connection, server_id, name)
    settle_zone(connection, server_id, now)


def jobs_by_key(connection: Connection) -> dict[str, JobId]:
    """Every job by `<server key>:<job name>`, also by the keys of servers that were recognised as another one."""
    names: dict[ServerId, list[tuple[str, JobId]]] = {}
    for server_id, name, job_id in connection.rows(_JOBS):
        names.setdefault(server_id, []).append((name, job_id))
    found: dict[str, JobId] = {}
    for key, server_id in connection.rows(_KEYS):
        for name, job_id in names.get(server_id, ()):
            found.setdefault(f"{key}:{name}", job_id)
    return found


def servers_by_key(connection: Connection) -> dict[str, ServerId]:
    """Every server by `<server key>:__default__`, also by the keys of those that were recognised as another one."""
    return {f"{key}:{OF_SERVER}": server_id for key, server_id in connection.rows(_KEYS)}


def _change_server(connection: Connection, server_id: ServerId, key: str, entry: object, known: dict[ServerId, Additional]) -> bool:
    """Stores whom besides to tell of the jobs of a server; whether that is another than before. What else the entry says is passed over:
    it means nothing for a server. Two keys of one server follow each other."""
    before = known.get(server_id, NO_ADDITIONAL)
    try:
        after = of_server(read_additional_sent(_entry(entry), before))
    except ValueError as error:
        raise BadEntry(f"{key[:200]}: {error}") from error
    if after == before:
        return False
    watching.save_additional(connection, server_id, after)
    known[server_id] = after
    return True


def _entry(entry: object) -> Sent:
    if not isinstance(entry, dict):
        raise ValueError("the settings are a JSON object")
    return entry


def _read(connection: Connection, key: str, job_id: JobId, entry: object, before: BackupSetting, now: Instant) -> BackupSetting:
    if not isinstance(entry, dict):
        raise BadEntry(f"{key[:200]}: the settings of a job are a JSON object")
    # What the day is matters to settings with a time alone.
    kept = kept_facts(connection, job_id) if entry.get("timeOfDay") or before.watch.time_of_day is not None else None
    try:
        return read_backup_setting(entry, before, _first_day(kept.known, now) if kept is not None else 0)
    except ValueError as error:
        raise BadEntry(f"{key[:200]}: {error}") from error


def _first_day(known: Knowledge, now: Instant) -> int:
    """The day from which a setting with a time counts when it is made now: that of the last run."""
    return first_day(known.last_kept or known.last_run or now, known.zone)
