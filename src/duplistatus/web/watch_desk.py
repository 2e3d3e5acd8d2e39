"""Changes of settings of watching, made by somebody. In: a request whose caller was let in, and a change that was read; out: what changed.
Each is one transaction with what follows from it and its entry in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.evaluate.job_setting import NOT_SET, WatchSettings, checked_watch
from duplistatus.evaluate.setting_change import SettingChange
from duplistatus.store import audit, tasks, watch_changes
from duplistatus.store.audit import Entry, differences
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.watching import job_settings, server_zone, watch_settings
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.job_details import of_clients, watch_changed
from duplistatus.web.sessions import user_agent

_MOST_TOLD = 50
"""Jobs that one entry of the audit log names."""
_ACTIONS = {
    "tolerance": "overdue_tolerance_updated",
    "check_interval": "overdue_monitoring_interval_updated",
    "frequency": "notification_frequency_updated",
    "failing_after": "failing_after_updated",
}
"""What changes of settings for all jobs are called; the first three by 1.4.2."""


async def change_jobs(request: Request, caller: Caller, job_ids: Sequence[JobId], change: SettingChange) -> list[JobId]:
    """Applies one change to these jobs; those whose setting became another. Raises SettingError."""
    parts = context(request)

    def work(connection: Connection) -> list[JobId]:
        now = parts.clock.now()
        before = job_settings(connection)
        changed = watch_changes.change_jobs(connection, job_ids, change, name_of(caller), now)
        if changed:
            jobs = [watch_changed(connection, job_id, before.get(job_id, NOT_SET)) for job_id in changed[:_MOST_TOLD]]
            details = {"jobs": jobs, "count": len(changed), "fields": sorted(change.named)}
            audit.record(connection, _entry(request, caller, now, "overdue_monitoring_updated", details))
        return changed

    return await parts.writer.write(work)


async def change_backup_settings(request: Request, caller: Caller, sent: Mapping[str, object]) -> list[str]:
    """Stores what a client of 1.4.2 sent; the keys of what changed. Raises BadEntry."""
    parts = context(request)

    def work(connection: Connection) -> list[str]:
        now = parts.clock.now()
        before = of_clients(connection)
        changed = watch_changes.change_backup_settings(connection, sent, name_of(caller), now)
        if changed:
            after = of_clients(connection)
            details = {"jobs": [before.changed(after, key) for key in changed[:_MOST_TOLD]], "count": len(changed)}
            audit.record(connection, _entry(request, caller, now, "backup_notification_updated", details))
        return changed

    return await parts.writer.write(work)


async def change_settings(request: Request, caller: Caller, change: Callable[[WatchSettings], WatchSettings]) -> WatchSettings:
    """Changes what is set for all jobs; `change` makes the new settings of those so far. Raises ValueError."""
    parts = context(request)

    def work(connection: Connection) -> WatchSettings:
        now = parts.clock.now()
        before = watch_settings(connection)
        after = checked_watch(change(before))
        if watch_changes.change_watch_settings(connection, after, now):
            for name, action in _ACTIONS.items():
                if getattr(after, name) != getattr(before, name):
                    audit.record(connection, _entry(request, caller, now, action, _became(before, after, name)))
        return after

    return await parts.writer.write(work)


async def change_zone(request: Request, caller: Caller, server: ServerRow, zone: str | None) -> None:
    """Sets the zone of a server, or has it found out."""
    parts = context(request)

    def work(connection: Connection) -> None:
        now = parts.clock.now()
        before = server_zone(connection, server.id)
        watch_changes.change_zone(connection, server.id, zone, now)
        if zone == before:
            return
        details = {"serverId": server.key, "serverName": server.name, "zone": zone} | differences({"zone": before}, {"zone": zone})
        audit.record(connection, _entry(request, caller, now, "server_zone_updated", details, "server", server.key))

    await parts.writer.write(work)


async def reset_reminders(request: Request, caller: Caller) -> None:
    """The next reminder of each overdue job is due at once."""
    parts = context(request)

    def work(connection: Connection) -> None:
        now = parts.clock.now()
        tasks.reset_reminders(connection, now)
        audit.record(connection, _entry(request, caller, now, "overdue_notifications_reset", {}))

    await parts.writer.write(work)


def name_of(caller: Caller) -> str:
    """Who asks, for what is kept of a change."""
    return caller.user.username if caller.user else ""


def _became(before: WatchSettings, after: WatchSettings, name: str) -> dict[str, dict[str, object]]:
    return differences({name: _told(before, name)}, {name: _told(after, name)})


def _told(settings: WatchSettings, name: str) -> object:
    return settings.tolerance_name if name == "tolerance" else getattr(settings, name)


def _entry(
    request: Request,
    caller: Caller,
    now: Instant,
    action: str,
    details: Mapping[str, object],
    target_type: str | None = None,
    target_id: str | None = None,
) -> Entry:
    agent = user_agent(request)
    return Entry(now, action, "config", caller.user, "", target_type, target_id, details, caller.address, agent)
