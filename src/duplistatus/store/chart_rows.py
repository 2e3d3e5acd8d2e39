"""What charts are drawn from: single runs of a short time, or days. In: a connection, of which part of the fleet (all, one server, one
job) and a range; out: points by time. Long ranges read the day rollups; the history is read only where a range cuts a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ScalarSelect, bindparam, cast, func, select
from sqlalchemy.sql import ColumnElement, FromClause

from duplistatus.clock import DAY, Instant, utc_day
from duplistatus.evaluate.chart import MOST_POINTS, Point, Sample, cut, joined, window_start
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import day, fleet_day, job, run


@dataclass(frozen=True, slots=True)
class Scope:
    """Of what a chart is: of everything, of one server, or of one job."""

    server_id: ServerId | None = None
    job_id: JobId | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """`points` by time: one a run, or, where `daily`, one a UTC day."""

    points: list[Point]
    daily: bool


FLEET = Scope()

_SUMS = ("uploaded", "duration_ticks", "files", "source_size", "stored_size", "versions")
_RUN = (
    func.coalesce(run.c.bytes_uploaded, 0),
    func.coalesce(run.c.duration_ticks, 0),
    func.coalesce(run.c.examined_files, 0),
    func.coalesce(run.c.size_of_examined_files, 0),
)
_VERSIONS = func.coalesce(run.c.known_filesets, run.c.backup_list_count, 0)
_BETWEEN = run.c.begun_at.between(bindparam("start"), bindparam("end"))
_DATES: tuple[Any, Any] = (bindparam("first"), bindparam("last"))

_OF_SERVER: ColumnElement[bool] = job.c.server_id == bindparam("server_id")


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    """PostgreSQL's sums of integers are decimals."""
    return cast(func.sum(column), BigInteger)


def _end(date: ColumnElement[int]) -> ColumnElement[int]:
    """The first moment after a day, which 32 bits do not hold."""
    return (cast(date, BigInteger) + 1) * DAY


def _points(condition: ColumnElement[bool]) -> Statement:
    columns = (run.c.begun_at, *_RUN, func.coalesce(run.c.known_file_size, 0), _VERSIONS)
    return Statement(select(*columns).where(condition, _BETWEEN).order_by(run.c.begun_at, run.c.id))


def _samples(condition: ColumnElement[bool]) -> Statement:
    return Statement(select(run.c.job_id, run.c.begun_at, *_RUN, run.c.known_file_size, _VERSIONS).where(condition, _BETWEEN))


def _newest_of_day() -> ScalarSelect[int]:
    """Begin of the newest run of a job's day, found in the index of its runs."""
    return select(func.max(run.c.begun_at)).where(run.c.job_id == day.c.job_id, run.c.begun_at < _end(day.c.date)).scalar_subquery()


def _days(source: FromClause, condition: ColumnElement[bool]) -> Statement:
    columns = (func.max(_newest_of_day()), *(_sum(day.c[name]) for name in _SUMS))
    days = select(*columns).select_from(source).where(condition, day.c.date.between(*_DATES))
    return Statement(days.group_by(day.c.date).order_by(day.c.date))


_OF_JOB_RUNS = run.c.job_id == bindparam("job_id")
# One job after the other, each through its index, then its runs of the range.
_OF_SERVER_RUNS = run.c.job_id.in_(select(job.c.id).where(_OF_SERVER))
_COUNTED = run.c.job_id.is_not(None)

_POINTS = {"job": _points(_OF_JOB_RUNS), "server": _points(_OF_SERVER_RUNS), "fleet": _points(_COUNTED)}
_SAMPLES = {"job": _samples(_OF_JOB_RUNS), "server": _samples(_OF_SERVER_RUNS), "fleet": _samples(_COUNTED)}

_FLEET_NEWEST = select(func.max(run.c.begun_at)).where(run.c.begun_at < _end(fleet_day.c.date)).scalar_subquery()
_DAYS = {
    "job": _days(day, day.c.job_id == bindparam("job_id")),
    "server": _days(day.join(job, job.c.id == day.c.job_id), _OF_SERVER),
    "fleet": Statement(
        select(_FLEET_NEWEST, *(fleet_day.c[name] for name in _SUMS))
        .where(fleet_day.c.date.between(*_DATES), fleet_day.c.runs > 0)
        .order_by(fleet_day.c.date)
    ),
}
_COUNTS = {
    "server": Statement(select(_sum(day.c.runs)).join(job, job.c.id == day.c.job_id).where(_OF_SERVER, day.c.date.between(*_DATES))),
    "fleet": Statement(select(_sum(fleet_day.c.runs)).where(fleet_day.c.date.between(*_DATES))),
}

_LAST_DATE = 2**31 - 1
_FOREVER = (_LAST_DATE + 1) * DAY - 1


def _of(scope: Scope) -> tuple[str, dict[str, Any]]:
    if scope.job_id is not None:
        return "job", {"job_id": scope.job_id}
    if scope.server_id is not None:
        return "server", {"server_id": scope.server_id}
    return "fleet", {}


def recent_chart(connection: Connection, scope: Scope, now: Instant) -> Chart:
    """The chart without a range of the fleet or a server: the runs of the last days, or these days when there were too many runs."""
    which, values = _of(scope)
    start = window_start(now)
    dates = {"first": utc_day(start), "last": _LAST_DATE}
    count = connection.value(_COUNTS[which], values | dates) or 0
    if count > MOST_POINTS:
        return Chart([Point(*row) for row in connection.rows(_DAYS[which], values | dates)], daily=True)
    rows = connection.rows(_POINTS[which], values | {"start": start, "end": _FOREVER})
    return Chart([Point(*row) for row in rows], daily=False)


def all_days(connection: Connection, scope: Scope) -> list[Point]:
    """Every day with a run, oldest first."""
    which, values = _of(scope)
    return [Point(*row) for row in connection.rows(_DAYS[which], values | {"first": -_LAST_DATE, "last": _LAST_DATE})]


def days_between(connection: Connection, scope: Scope, start: Instant, end: Instant) -> list[Point]:
    """The days with a run from `start` to `end`, both included, oldest first; days that the range cuts count what lies in it."""
    which, values = _of(scope)
    days = cut(start, end)
    points: list[Point] = []
    for part_start, part_end in days.parts:
        rows = connection.rows(_SAMPLES[which], values | {"start": part_start, "end": part_end})
        point = joined(map(Sample._make, rows))
        if point is not None:
            points.append(point)
    if days.whole is not None:
        first, last = days.whole
        points += [Point(*row) for row in connection.rows(_DAYS[which], values | {"first": first, "last": last})]
    points.sort(key=lambda point: point.at)
    return points
