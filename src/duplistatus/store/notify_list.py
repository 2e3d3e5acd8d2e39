"""All jobs with what is told of them, and to whom besides. In: a connection, and what is looked for; out: frozen rows by server and name.
Names are read of all jobs, settings of those alone that a page shows: with thousands of jobs that is what costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, func, select

from duplistatus.clock import Instant
from duplistatus.evaluate.fleet_view import read_query
from duplistatus.evaluate.notify_setting import NOTIFY_NOT_SET, Additional, NotifySetting
from duplistatus.evaluate.tag import tag_key
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.tell_tables import reminder
from duplistatus.store.watch_tables import job_setting, server_tag, tag
from duplistatus.store.watching import read_additional, read_notify


@dataclass(frozen=True, slots=True)
class NotifyRow:
    """One job. `of_server`: whom besides to tell of the jobs of its server."""

    id: JobId
    name: str
    server_id: ServerId
    server_key: str
    server_name: str
    server_alias: str
    notify: NotifySetting
    of_server: Additional

    @property
    def server_label(self) -> str:
        """What people read: the alias, else the name."""
        return self.server_alias or self.server_name

    @property
    def effective(self) -> Additional:
        """Whom besides to tell, after all."""
        return self.notify.effective(self.of_server)


@dataclass(frozen=True, slots=True)
class Found:
    """The jobs that match, of them one part. `total`: how many match; `jobs`: how many there are; `of_servers`: those that match, by
    server."""

    rows: list[NotifyRow]
    total: int
    jobs: int
    of_servers: dict[ServerId, int]


_COLUMNS = (job.c.id, job.c.name, server.c.id, server.c.key, server.c.name, server.c.alias, job_setting.c.notify, server.c.notify)
_ROWS = select(*_COLUMNS).join(server, server.c.id == job.c.server_id).outerjoin(job_setting, job_setting.c.job_id == job.c.id)
_ALL = Statement(_ROWS.order_by(func.lower(server.c.name), server.c.key, job.c.name, job.c.id))
_ONE = Statement(_ROWS.where(job.c.id == bindparam("job_id")))
_OF_SERVER = Statement(_ROWS.where(server.c.id == bindparam("server_id")).order_by(job.c.name, job.c.id))
_ADDITIONAL = Statement(select(server.c.notify).where(server.c.id == bindparam("server_id")))
_TAGS = Statement(select(server_tag.c.server_id, tag.c.name).join(tag, tag.c.id == server_tag.c.tag_id))
_TOLD = Statement(select(reminder.c.job_id, func.max(reminder.c.told_at)).group_by(reminder.c.job_id))
_NAME, _SERVER_ID, _SERVER_NAME, _SERVER_ALIAS = 1, 2, 4, 5


def notify_rows(connection: Connection, query: str = "", *, start: int = 0, limit: int | None = None) -> Found:
    """The jobs of which the server's names or their own have every word of `query`, and whose server has every tag that it names, as on
    the dashboard; of them `limit` from the one with the number `start`."""
    rows = connection.rows(_ALL)
    fits = _fitting(connection, query)
    matching = [row for row in rows if fits(row)] if fits else rows
    of_servers: dict[ServerId, int] = {}
    for row in matching:
        of_servers[row[_SERVER_ID]] = of_servers.get(row[_SERVER_ID], 0) + 1
    end = None if limit is None else start + limit
    return Found([_row(row) for row in matching[start:end]], len(matching), len(rows), of_servers)


def notify_rows_after(connection: Connection, query: str, after: int, limit: int) -> list[NotifyRow]:
    """At most `limit` of the jobs that match, in the order of their numbers, from the one after the number `after`."""
    fits = _fitting(connection, query)
    rows = sorted((row for row in connection.rows(_ALL) if row[0] > after and (fits is None or fits(row))), key=itemgetter(0))
    return [_row(row) for row in rows[:limit]]


def matching_jobs(connection: Connection, query: str) -> list[JobId]:
    """The numbers of all jobs that match."""
    fits = _fitting(connection, query)
    return [row[0] for row in connection.rows(_ALL) if fits is None or fits(row)]


def notify_row(connection: Connection, job_id: JobId) -> NotifyRow | None:
    row = connection.row(_ONE, {"job_id": job_id})
    return _row(row) if row else None


def notify_rows_of_server(connection: Connection, server_id: ServerId) -> list[NotifyRow]:
    """The jobs of one server, by name."""
    return [_row(row) for row in connection.rows(_OF_SERVER, {"server_id": server_id})]


def topics(connection: Connection) -> frozenset[str]:
    """The topics of ntfy that somebody set for a job, or for the jobs of a server."""
    rows = notify_rows(connection).rows
    return frozenset(topic for row in rows for topic in (row.notify.additional.topic, row.of_server.topic) if topic)


def additional_of(connection: Connection, server_id: ServerId) -> Additional:
    """Whom besides to tell of the jobs of a server."""
    return read_additional(connection.value(_ADDITIONAL, {"server_id": server_id}))


def told_times(connection: Connection) -> dict[JobId, Instant]:
    """When somebody was told last that a job is overdue; jobs that are not, or of which nobody was told, are not in it."""
    return dict(connection.rows(_TOLD))


def _fitting(connection: Connection, query: str) -> Callable[[Row], bool] | None:
    """Whether a row matches; None where every row does. What concerns the server is looked at once for all of its jobs."""
    words, tags = read_query(query)
    if not words and not tags:
        return None
    tagged: dict[Any, set[str]] = {}
    if tags:
        for server_id, name in connection.rows(_TAGS):
            tagged.setdefault(server_id, set()).add(tag_key(name))
    missing: dict[Any, Sequence[str] | None] = {}

    def fits(row: Row) -> bool:
        server_id = row[_SERVER_ID]
        if server_id not in missing:
            names = f"{row[_SERVER_ALIAS]} {row[_SERVER_NAME]}".casefold()
            is_tagged = tags <= tagged.get(server_id, set())
            missing[server_id] = [word for word in words if word not in names] if is_tagged else None
        left = missing[server_id]
        return left is not None and all(word in row[_NAME].casefold() for word in left)

    return fits


def _row(row: Row) -> NotifyRow:
    job_id, name, server_id, key, server_name, alias, notify, of_server = row
    setting = read_notify(notify) if notify else NOTIFY_NOT_SET
    return NotifyRow(job_id, name, server_id, key, server_name, alias, setting, read_additional(of_server))
