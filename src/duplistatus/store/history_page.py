"""One page of the history of a server or job, sorted and filtered. In: a connection, the jobs, a status, an order and a place; out:
frozen lines. Sorted by begin, a page reads as many rows as it shows, at any length of the history: each job's runs come in order
from an index, and the database merges them. Sorted by anything else, it looks at the newest 1 000 runs."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, union_all
from sqlalchemy.sql import ColumnElement, Select

from duplistatus.clock import SECOND, TICKS, Instant
from duplistatus.evaluate.server_view import Days
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, RunId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import day, job, run
from duplistatus.store.visible import is_recovered

SORTED_RUNS = 1_000
"""How many of the newest runs are sorted by other columns than the begin."""
COUNTED_RUNS = 1_000
"""Runs of one status are counted up to this many."""
_TICKS = TICKS // SECOND
_ARMS = 60
"""Jobs that one statement merges; SQLite takes at most 500, but its plan grows with each."""


class Column(StrEnum):
    """What a history is sorted by; the values appear in addresses."""

    BEGUN = "date"
    JOB = "job"
    STATUS = "status"
    DURATION = "duration"
    FILES = "files"
    SOURCE = "source"
    UPLOADED = "uploaded"
    STORED = "stored"
    VERSIONS = "versions"
    WARNINGS = "warnings"
    ERRORS = "errors"


class Place(NamedTuple):
    """Where a run stands in the order of begin times; the id parts runs of different jobs that began together."""

    begun_at: int
    id: int


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One run as the history shows it. Sizes in bytes, None where not reported."""

    id: RunId
    uid: str
    job_id: JobId
    begun_at: Instant
    status: str
    partial: bool
    duration_ticks: int | None
    files: int | None
    source_size: int | None
    uploaded: int | None
    stored_size: int | None
    versions: int | None
    warnings: int
    errors: int
    reason: str
    kinds: int

    @property
    def is_recovered(self) -> bool:
        """Whether no report of it ever came, so that only a collection made it known."""
        return is_recovered(self.kinds)

    @property
    def duration_ms(self) -> int | None:
        return self.duration_ticks // _TICKS if self.duration_ticks is not None else None

    @property
    def place(self) -> Place:
        return Place(self.begun_at, self.id)


_LINE: tuple[ColumnElement[Any], ...] = (
    run.c.id,
    run.c.uid,
    run.c.job_id,
    run.c.begun_at,
    run.c.status,
    run.c.partial,
    run.c.duration_ticks,
    run.c.examined_files.label("files"),
    run.c.size_of_examined_files.label("source_size"),
    run.c.bytes_uploaded.label("uploaded"),
    run.c.known_file_size.label("stored_size"),
    func.coalesce(run.c.known_filesets, run.c.backup_list_count).label("versions"),
    run.c.warnings_count.label("warnings"),
    run.c.errors_count.label("errors"),
    run.c.reason,
    run.c.kinds,
)
_PARTIAL_AT = list(HistoryLine.__dataclass_fields__).index("partial")
_SEVERITY = {"Fatal": 4, "Error": 3, "Warning": 2, "Unknown": 1, "Success": 0}


def _arm(number: int, *, descending: bool, of_status: bool) -> Select[Any]:
    """The runs of one job beyond a place. The plain comparison leads to the index, the other one to the exact place."""
    begun: ColumnElement[Any] = run.c.begun_at
    place: ColumnElement[Any] = bindparam("begun_at")
    if descending:
        beyond = and_(begun <= place, or_(begun < place, run.c.id < bindparam("id")))
    else:
        beyond = and_(begun >= place, or_(begun > place, run.c.id > bindparam("id")))
    arm = select(*_LINE).where(run.c.job_id == bindparam(f"job_{number}"), beyond)
    return arm.where(run.c.status == bindparam("status")) if of_status else arm


@lru_cache(maxsize=512)
def _page(jobs: int, *, descending: bool, of_status: bool, cut_arms: bool) -> Statement:
    """The merged runs of that many jobs. SQLite takes from each job's index only what the merge asks for; PostgreSQL would sort all
    runs of all jobs, unless each arm is cut to a page (`cut_arms`)."""
    arms: list[Any] = [_arm(number, descending=descending, of_status=of_status) for number in range(jobs)]
    if cut_arms:
        # Within a job no two runs begin together, so that the begin alone is the whole order, and that of the index.
        begun = run.c.begun_at.desc() if descending else run.c.begun_at.asc()
        arms = [arm.order_by(begun).limit(bindparam("count")).subquery().select() for arm in arms]
    merged: Any = arms[0] if jobs == 1 else union_all(*arms)
    names = (literal_column("begun_at"), literal_column("id")) if jobs > 1 or cut_arms else (run.c.begun_at, run.c.id)
    order = [name.desc() if descending else name.asc() for name in names]
    return Statement(merged.order_by(*order).limit(bindparam("count")))


_SORT_KEY: dict[Column, Callable[[HistoryLine], int | None]] = {
    Column.STATUS: lambda line: _SEVERITY.get(line.status, 1),
    Column.DURATION: lambda line: line.duration_ticks,
    Column.FILES: lambda line: line.files,
    Column.SOURCE: lambda line: line.source_size,
    Column.UPLOADED: lambda line: line.uploaded,
    Column.STORED: lambda line: line.stored_size,
    Column.VERSIONS: lambda line: line.versions,
    Column.WARNINGS: lambda line: line.warnings,
    Column.ERRORS: lambda line: line.errors,
}


@lru_cache(maxsize=128)
def _count(jobs: int) -> Statement:
    arms = [select(run.c.id).where(run.c.job_id == bindparam(f"job_{n}"), run.c.status == bindparam("status")) for n in range(jobs)]
    found: Any = arms[0] if jobs == 1 else union_all(*arms)
    return Statement(select(func.count()).select_from(found.limit(bindparam("count")).subquery("found")))


_NEIGHBOUR = (run.c.uid, run.c.begun_at, run.c.status)
_BEFORE = Statement(
    select(*_NEIGHBOUR)
    .where(run.c.job_id == bindparam("job_id"), run.c.begun_at < bindparam("begun_at"))
    .order_by(run.c.begun_at.desc())
    .limit(1)
)
_AFTER = Statement(
    select(*_NEIGHBOUR).where(run.c.job_id == bindparam("job_id"), run.c.begun_at > bindparam("begun_at")).order_by(run.c.begun_at).limit(1)
)
_SUMS = (func.coalesce(func.sum(day.c.runs), 0), func.coalesce(func.sum(day.c.duration_ticks), 0), func.min(day.c.date))
_DAYS_OF_SERVER = Statement(select(*_SUMS).where(day.c.job_id.in_(select(job.c.id).where(job.c.server_id == bindparam("server_id")))))
_DAYS_OF_JOB = Statement(select(*_SUMS).where(day.c.job_id == bindparam("job_id")))


def _params(jobs: Sequence[JobId], status: str | None) -> dict[str, Any]:
    return {f"job_{number}": job_id for number, job_id in enumerate(jobs)} | ({"status": status} if status else {})


def _chunks(jobs: Sequence[JobId]) -> list[Sequence[JobId]]:
    return [jobs[start : start + _ARMS] for start in range(0, len(jobs), _ARMS)]


def _line(row: Row) -> HistoryLine:
    values = list(row)
    values[_PARTIAL_AT] = bool(row[_PARTIAL_AT])
    return HistoryLine(*values)


def lines_beyond(
    connection: Connection, jobs: Sequence[JobId], status: str | None, place: Place | None, count: int, *, descending: bool
) -> list[HistoryLine]:
    """The next `count` runs of the jobs beyond a place (None: from the end of the order), newest first when `descending`, else
    oldest first; only those of a status, where one is given."""
    place = place or (Place(2**62, 2**62) if descending else Place(-(2**62), -1))
    found: list[HistoryLine] = []
    for chunk in _chunks(jobs):
        statement = _page(len(chunk), descending=descending, of_status=status is not None, cut_arms=connection.dialect == "postgresql")
        values = _params(chunk, status) | {"begun_at": place.begun_at, "id": place.id, "count": count}
        found += map(_line, connection.rows(statement, values))
    if len(jobs) > _ARMS:
        choose = heapq.nlargest if descending else heapq.nsmallest
        found = choose(count, found, key=lambda line: line.place)
    return found


def sorted_lines(
    connection: Connection, jobs: Mapping[JobId, str], status: str | None, column: Column, *, descending: bool
) -> list[HistoryLine]:
    """The newest SORTED_RUNS runs of the jobs (with their names) by another column than the begin; among equals the newest first.
    What is not reported stands last in both directions."""
    lines = lines_beyond(connection, list(jobs), status, None, SORTED_RUNS, descending=True)
    if column is Column.JOB:
        return sorted(lines, key=lambda line: jobs[line.job_id].casefold(), reverse=descending)
    key = _SORT_KEY[column]
    known = [line for line in lines if key(line) is not None]
    return sorted(known, key=lambda line: key(line) or 0, reverse=descending) + [line for line in lines if key(line) is None]


def count_of_status(connection: Connection, jobs: Sequence[JobId], status: str) -> int:
    """How many runs of the jobs have a status, at most COUNTED_RUNS + 1."""
    found = sum(int(connection.value(_count(len(chunk)), _params(chunk, status) | {"count": COUNTED_RUNS + 1})) for chunk in _chunks(jobs))
    return min(found, COUNTED_RUNS + 1)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The run of the same job before or after another one."""

    uid: str
    begun_at: Instant
    status: str


def run_before(connection: Connection, job_id: JobId, begun_at: Instant) -> Neighbour | None:
    row = connection.row(_BEFORE, {"job_id": job_id, "begun_at": begun_at})
    return Neighbour(*row) if row else None


def run_after(connection: Connection, job_id: JobId, begun_at: Instant) -> Neighbour | None:
    row = connection.row(_AFTER, {"job_id": job_id, "begun_at": begun_at})
    return Neighbour(*row) if row else None


def days_of_server(connection: Connection, server_id: ServerId) -> Days:
    """The sum of the days of all jobs of a server."""
    row = connection.row(_DAYS_OF_SERVER, {"server_id": server_id}) or (0, 0, None)
    return Days(int(row[0]), int(row[1]) // _TICKS, row[2])


def days_of_job(connection: Connection, job_id: JobId) -> Days:
    """The sum of a job's days."""
    row = connection.row(_DAYS_OF_JOB, {"job_id": job_id}) or (0, 0, None)
    return Days(int(row[0]), int(row[1]) // _TICKS, row[2])
