"""Changes of what is told of jobs, made by somebody. In: a request whose caller was let in, and a change that was read; out: what changed.
Each is one transaction with its entry in the audit log, which holds what was before and what is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.evaluate.notify_change import NotifyChange
from duplistatus.store import audit, notify_changes
from duplistatus.store.audit import Entry, differences
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.notify_changes import JobChanged, ServerChanged
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.job_details import of_additional, of_notify
from duplistatus.web.sessions import user_agent
from duplistatus.web.watch_desk import name_of

ACTION = "backup_notification_updated"
"""As 1.4.2 calls it."""
_MOST_TOLD = 50
"""Jobs that one entry of the audit log names."""
T = TypeVar("T")


async def change_jobs(request: Request, caller: Caller, job_ids: Sequence[JobId], change: NotifyChange) -> list[JobId]:
    """Applies one change to these jobs; those of which something else is told now."""

    def work(connection: Connection, now: Instant) -> list[JobChanged]:
        return notify_changes.change_notify(connection, job_ids, change, name_of(caller), now)

    changed = await _write(request, caller, work, _of_jobs)
    return [each.row.id for each in changed]


async def change_server(request: Request, caller: Caller, server: ServerRow, change: NotifyChange) -> ServerChanged:
    """Applies a change of whom besides to tell of all jobs of a server."""

    def work(connection: Connection, now: Instant) -> ServerChanged:
        return notify_changes.change_notify_of_server(connection, server.id, change)

    return await _write(request, caller, work, lambda done: _of_server(server, done))


async def follow_server(request: Request, caller: Caller, server: ServerRow) -> ServerChanged:
    """All jobs of a server follow it in whom besides to tell."""

    def work(connection: Connection, now: Instant) -> ServerChanged:
        return notify_changes.follow_server(connection, server.id, name_of(caller), now)

    return await _write(request, caller, work, lambda done: _of_server(server, done))


async def nobody_besides(request: Request, caller: Caller, server: ServerRow) -> ServerChanged:
    """Nobody besides is told of the jobs of a server."""

    def work(connection: Connection, now: Instant) -> ServerChanged:
        return notify_changes.nobody_besides(connection, server.id, name_of(caller), now)

    return await _write(request, caller, work, lambda done: _of_server(server, done))


async def _write(
    request: Request,
    caller: Caller,
    work: Callable[[Connection, Instant], T],
    told: Callable[[T], Mapping[str, Any]],
) -> T:
    """Does it, and says so in the audit log where something became another."""
    parts = context(request)
    agent = user_agent(request)

    def piece(connection: Connection) -> T:
        now = parts.clock.now()
        done = work(connection, now)
        if details := told(done):
            server = details.get("serverId")
            kind = "server" if server else None
            audit.record(connection, Entry(now, ACTION, "config", caller.user, "", kind, server, details, caller.address, agent))
        return done

    return await parts.writer.write(piece)


def _of_jobs(changed: Sequence[JobChanged]) -> dict[str, Any]:
    if not changed:
        return {}
    return {"jobs": [_of_job(each) for each in changed[:_MOST_TOLD]], "count": len(changed)}


def _of_job(changed: JobChanged) -> dict[str, Any]:
    row = changed.row
    names = {"job": row.id, "serverName": row.server_label, "backupName": row.name}
    return names | differences(of_notify(row.notify), of_notify(changed.after))


def _of_server(server: ServerRow, done: ServerChanged) -> dict[str, Any]:
    if not done.is_change:
        return {}
    details: dict[str, Any] = {"serverId": server.key, "serverName": server.label}
    if done.before != done.after:
        details |= differences(of_additional(done.before), of_additional(done.after))
    return details | _of_jobs(done.jobs)
