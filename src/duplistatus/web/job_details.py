"""What is set for jobs and servers, for the details of entries of the audit log. In: settings before and after a change; out: the fields
that changed, by the names of the API, with the names of the job and its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from duplistatus.evaluate.backup_setting import OF_SERVER
from duplistatus.evaluate.job_setting import NOT_SET, JobSetting, tolerance_name
from duplistatus.evaluate.notify_change import ADDITIONAL
from duplistatus.evaluate.notify_setting import NO_ADDITIONAL, NOTIFY_NOT_SET, Additional, NotifySetting
from duplistatus.evaluate.setting_change import time_text
from duplistatus.store import watching
from duplistatus.store.audit import differences
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.watch_changes import jobs_by_key, servers_by_key
from duplistatus.store.watch_list import watch_row


def of_watch(setting: JobSetting) -> dict[str, Any]:
    """What is set for the watching of a job."""
    return {
        "watched": setting.watched,
        "use_mine": setting.use_mine,
        "interval": setting.interval,
        "days": sorted(setting.days),
        "time_of_day": time_text(setting.time_of_day) if setting.time_of_day is not None else None,
        "tolerance": tolerance_name(setting.tolerance) if setting.tolerance is not None else None,
    }


def of_notify(notify: NotifySetting) -> dict[str, Any]:
    """What is told of a job."""
    return {"event": notify.event, "ntfy": notify.ntfy, "email": notify.email} | of_additional(notify.additional)


def of_additional(additional: Additional) -> dict[str, Any]:
    """Whom besides to tell."""
    return {field: getattr(additional, name) for field, name in ADDITIONAL.items()}


def watch_changed(connection: Connection, job_id: JobId, before: JobSetting) -> dict[str, Any]:
    """What became another of the watching of a job."""
    row = watch_row(connection, job_id)
    if row is None:
        return {"job": job_id}
    names = {"job": row.id, "serverName": row.server_label, "backupName": row.name}
    return names | differences(of_watch(before), of_watch(row.setting))


@dataclass(frozen=True, slots=True)
class OfClients:
    """All that clients of 1.4.2 set in one: by the key of a job or of a server's default."""

    jobs: Mapping[str, JobId]
    servers: Mapping[str, ServerId]
    watch: Mapping[JobId, JobSetting]
    notify: Mapping[JobId, NotifySetting]
    additional: Mapping[ServerId, Additional]

    def of(self, key: str) -> dict[str, Any]:
        """What is set under a key."""
        if key.endswith(f":{OF_SERVER}") and key in self.servers:
            return of_additional(self.additional.get(self.servers[key], NO_ADDITIONAL))
        job_id = self.jobs[key]
        return of_watch(self.watch.get(job_id, NOT_SET)) | of_notify(self.notify.get(job_id, NOTIFY_NOT_SET))

    def changed(self, after: OfClients, key: str) -> dict[str, Any]:
        """What became another under a key."""
        return {"backupName": key} | differences(self.of(key), after.of(key))


def of_clients(connection: Connection) -> OfClients:
    """All of it, as it is now."""
    return OfClients(
        jobs_by_key(connection),
        servers_by_key(connection),
        watching.job_settings(connection),
        watching.notify_settings(connection),
        watching.additional_of_servers(connection),
    )
