"""Jobs as lists of the whole fleet show them: the few columns of a line. In: a connection; out: frozen lines in the order of servers and
jobs by name. With thousands of jobs, reading the full rows would cost more than everything else that a list does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from duplistatus.clock import Instant
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job in a list. Sizes in bytes; `versions` and `recent` are JSON text as the table describes them."""

    id: JobId
    server_id: ServerId
    name: str
    last_uid: str | None
    last_begun_at: Instant | None
    last_status: str | None
    last_duration_ms: int | None
    last_warnings: int
    last_errors: int
    last_uploaded: int | None
    run_count: int
    files: int | None
    source_size: int | None
    stored_size: int | None
    versions_count: int | None
    versions: str | None
    recent: str
    schedule: str
    activity: str
    expected_at: Instant | None
    overdue_at: Instant | None
    stuck_at: Instant | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """When a job of a server ran last."""

    server_key: str
    server_name: str
    job_name: str
    begun_at: Instant


_BY_NAME = (func.lower(server.c.name), server.c.key, job.c.name)
_LINES = Statement(
    select(*(job.c[name] for name in JobLine.__dataclass_fields__)).join(server, server.c.id == job.c.server_id).order_by(*_BY_NAME)
)
_LAST_RUNS = Statement(
    select(server.c.key, server.c.name, job.c.name, job.c.last_begun_at)
    .join(server, server.c.id == job.c.server_id)
    .where(job.c.last_begun_at.is_not(None))
    .order_by(*_BY_NAME)
)


def job_lines(connection: Connection) -> Iterator[JobLine]:
    """All jobs by server and name, read as they are taken."""
    return (JobLine(*row) for row in connection.run(_LINES))


def last_runs(connection: Connection) -> list[LastRun]:
    """The last run of each job that ran, by server and name."""
    return [LastRun(*row) for row in connection.rows(_LAST_RUNS)]
