"""Changes of what is told of jobs, and to whom besides. In: a connection, a change that was read, who made it and when; out: what changed,
before and after. No verdict depends on it, so nothing else follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from duplistatus.clock import Instant
from duplistatus.evaluate.notify_change import FOLLOW_SERVER, NotifyChange, changed_additional, changed_notify, of_server
from duplistatus.evaluate.notify_setting import NO_ADDITIONAL, Additional, NotifySetting
from duplistatus.store import watching
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.notify_list import NotifyRow, additional_of, notify_row, notify_rows_of_server


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job of which something else is told now. `row`: as it was before."""

    row: NotifyRow
    after: NotifySetting


@dataclass(frozen=True, slots=True)
class ServerChanged:
    """What became another for a server and its jobs."""

    before: Additional
    after: Additional
    jobs: tuple[JobChanged, ...] = ()

    @property
    def is_change(self) -> bool:
        return self.before != self.after or bool(self.jobs)


def change_notify(connection: Connection, job_ids: Iterable[JobId], change: NotifyChange, by: str, now: Instant) -> list[JobChanged]:
    """Applies one change to these jobs; those whose setting became another. Jobs that are gone are passed over."""
    found = (notify_row(connection, job_id) for job_id in dict.fromkeys(job_ids))
    return _change(connection, (row for row in found if row is not None), change, by, now)


def change_notify_of_server(connection: Connection, server_id: ServerId, change: NotifyChange) -> ServerChanged:
    """Applies a change of whom besides to tell of the jobs of a server."""
    before = additional_of(connection, server_id)
    return _save(connection, server_id, before, of_server(changed_additional(before, change)))


def follow_server(connection: Connection, server_id: ServerId, by: str, now: Instant) -> ServerChanged:
    """All jobs of a server follow it in whom besides to tell."""
    before = additional_of(connection, server_id)
    jobs = _change(connection, notify_rows_of_server(connection, server_id), FOLLOW_SERVER, by, now)
    return ServerChanged(before, before, tuple(jobs))


def nobody_besides(connection: Connection, server_id: ServerId, by: str, now: Instant) -> ServerChanged:
    """Nothing is said any more of whom besides to tell, neither for a server nor for its jobs."""
    jobs = follow_server(connection, server_id, by, now)
    done = _save(connection, server_id, jobs.before, NO_ADDITIONAL)
    return ServerChanged(done.before, done.after, jobs.jobs)


def _change(connection: Connection, rows: Iterable[NotifyRow], change: NotifyChange, by: str, now: Instant) -> list[JobChanged]:
    done: list[JobChanged] = []
    for row in rows:
        after = changed_notify(row.notify, change)
        if after != row.notify:
            watching.save_notify(connection, row.id, after, by, now)
            done.append(JobChanged(row, after))
    return done


def _save(connection: Connection, server_id: ServerId, before: Additional, after: Additional) -> ServerChanged:
    if after != before:
        watching.save_additional(connection, server_id, after)
    return ServerChanged(before, after)
