"""Figures by UTC day: what was done, and what lay at the destinations in the evening. In: a connection, of which part of the fleet, the
first day; out: a value a day. Read from the day rollups: as many rows as there were days with runs, never the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, func, select
from sqlalchemy.sql import ColumnElement, FromClause

from duplistatus.evaluate.levels import levels
from duplistatus.store.chart_rows import Scope
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement
from duplistatus.store.tables import day, fleet_day, job


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What the runs of a day did together: bytes, ticks of 100 ns, files."""

    date: int
    uploaded: int
    duration_ticks: int
    files: int
    source_size: int


_FIGURES = ("uploaded", "duration_ticks", "files", "source_size")
_UPLOADED = Statement(
    select(fleet_day.c.date, fleet_day.c.uploaded).where(fleet_day.c.date >= bindparam("first")).order_by(fleet_day.c.date)
)

_PARTS: dict[str, ColumnElement[bool] | None] = {
    "fleet": None,
    "server": job.c.server_id == bindparam("server_id"),
    "job": job.c.id == bindparam("job_id"),
}


@dataclass(frozen=True, slots=True)
class _Level:
    """A figure that stays until a run reports another: its column of a day, whether a day knows it, its column of the job's row."""

    of_day: str
    is_known: Callable[[FromClause], ColumnElement[bool]]
    of_job: ColumnElement[int]


_STORED = _Level("stored_size", lambda days: days.c.stored_size_at.is_not(None), job.c.stored_size)
_VERSIONS = _Level("versions", lambda days: days.c.versions > 0, job.c.versions_count)


def _steps(level: _Level, part: ColumnElement[bool] | None) -> Statement:
    """By how much a level grew on each day, summed over jobs. The join goes from job to its days, so that each job's newest days are
    found by the primary key and older ones are not read."""
    value = day.c[level.of_day]
    before = func.lag(value).over(partition_by=day.c.job_id, order_by=day.c.date)
    rows = select(day.c.job_id, day.c.date, value.label("level"), before.label("before"))
    rows = rows.join_from(job, day, day.c.job_id == job.c.id).where(day.c.date >= bindparam("first"), level.is_known(day))
    if part is not None:
        rows = rows.where(part)
    row = rows.subquery()
    earlier = day.alias("earlier")
    last_before = (
        select(earlier.c[level.of_day])
        .where(earlier.c.job_id == row.c.job_id, earlier.c.date < bindparam("first"), level.is_known(earlier))
        .order_by(earlier.c.date.desc())
        .limit(1)
        .scalar_subquery()
    )
    step = row.c.level - func.coalesce(row.c.before, last_before, 0)
    return Statement(select(row.c.date, cast(func.sum(step), BigInteger)).group_by(row.c.date).order_by(row.c.date))


def _total(level: _Level, part: ColumnElement[bool] | None) -> Statement:
    total = select(cast(func.coalesce(func.sum(level.of_job), 0), BigInteger))
    return Statement(total if part is None else total.where(part))


def _figures(part: ColumnElement[bool] | None) -> Statement:
    if part is None:
        columns = (fleet_day.c.date, *(fleet_day.c[name] for name in _FIGURES))
        return Statement(
            select(*columns)
            .where(fleet_day.c.date.between(bindparam("first"), bindparam("last")), fleet_day.c.runs > 0)
            .order_by(fleet_day.c.date)
        )
    sums = (cast(func.sum(day.c[name]), BigInteger) for name in _FIGURES)
    rows = select(day.c.date, *sums).join_from(job, day, day.c.job_id == job.c.id)
    return Statement(rows.where(part, day.c.date.between(bindparam("first"), bindparam("last"))).group_by(day.c.date).order_by(day.c.date))


def _first(part: ColumnElement[bool] | None) -> Statement:
    if part is None:
        return Statement(select(func.min(fleet_day.c.date)).where(fleet_day.c.runs > 0))
    return Statement(select(func.min(day.c.date)).join_from(job, day, day.c.job_id == job.c.id).where(part))


_DONE = {name: _figures(part) for name, part in _PARTS.items()}
_FIRST = {name: _first(part) for name, part in _PARTS.items()}
_LEVELS = {"stored": _STORED, "versions": _VERSIONS}
_STEPS = {(name, level): _steps(_LEVELS[level], part) for name, part in _PARTS.items() for level in _LEVELS}
_TOTALS = {(name, level): _total(_LEVELS[level], part) for name, part in _PARTS.items() for level in _LEVELS}


def uploaded_by_day(connection: Connection, first: int) -> list[tuple[int, int]]:
    """(Number of the UTC day, bytes) of the fleet from `first` on; days without a run are missing."""
    return [(row[0], row[1]) for row in connection.rows(_UPLOADED, {"first": first})]


def first_day(connection: Connection, scope: Scope) -> int | None:
    """The first UTC day with a run; None without any."""
    which, values = _of(scope)
    found: int | None = connection.value(_FIRST[which], values)
    return found


def figures_by_day(connection: Connection, scope: Scope, first: int, last: int) -> list[DayFigures]:
    """The days with runs from `first` to `last`, oldest first."""
    which, values = _of(scope)
    return [DayFigures(*row) for row in connection.rows(_DONE[which], values | {"first": first, "last": last})]


def stored_by_day(connection: Connection, scope: Scope, first: int, last: int) -> list[int]:
    """What was stored at the end of each UTC day from `first` to `last`: a job counts with the last size that it reported, on days
    without a run too. The last one is the present total."""
    return _level_by_day(connection, "stored", scope, first, last)


def versions_by_day(connection: Connection, scope: Scope, first: int, last: int) -> list[int]:
    """How many versions there were on each UTC day, in the same way; of several runs on a day the most counts."""
    return _level_by_day(connection, "versions", scope, first, last)


def _level_by_day(connection: Connection, level: str, scope: Scope, first: int, last: int) -> list[int]:
    which, values = _of(scope)
    total = connection.value(_TOTALS[which, level], values)
    steps = connection.rows(_STEPS[which, level], values | {"first": first})
    return levels(total, [(row[0], row[1]) for row in steps], first, last)


def _of(scope: Scope) -> tuple[str, dict[str, int]]:
    if scope.job_id is not None:
        return "job", {"job_id": scope.job_id}
    if scope.server_id is not None:
        return "server", {"server_id": scope.server_id}
    return "fleet", {}
