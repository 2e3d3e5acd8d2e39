"""Days: what each job did on each UTC day, and the sum of that over the fleet. In: a connection and facts of runs; out: rows that charts
read instead of the history."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, func, insert, select, update

from duplistatus.clock import utc_day
from duplistatus.evaluate.day_totals import DayTotals
from duplistatus.evaluate.job_summary import RunFacts
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import day, fleet_day

_DAY = tuple(DayTotals.__dataclass_fields__)
_SUMS = tuple(name for name in _DAY if name != "stored_size_at")
_LOAD_DAY = Statement(select(*(day.c[name] for name in _DAY)).where(day.c.job_id == bindparam("job_id"), day.c.date == bindparam("date")))
_INSERT_DAY = Statement(insert(day).values({name: bindparam(name) for name in ("job_id", "date", *_DAY)}))
_UPDATE_DAY = Statement(
    update(day)
    .where(day.c.job_id == bindparam("job_id_"), day.c.date == bindparam("date_"))
    .values({name: bindparam(name) for name in _DAY})
)
_ALL_DAYS = Statement(select(day.c.date, *(day.c[name] for name in _SUMS)).where(day.c.job_id == bindparam("job_id")))
_DELETE_DAYS = Statement(delete(day).where(day.c.job_id == bindparam("job_id")))
_ADD_FLEET_DAY = Statement(
    update(fleet_day)
    .where(fleet_day.c.date == bindparam("date_"))
    .values({name: fleet_day.c[name] + bindparam(name + "_more") for name in _SUMS})
)
_INSERT_FLEET_DAY = Statement(insert(fleet_day).values({name: bindparam(name) for name in ("date", *_SUMS)}))
_EMPTY_FLEET_DAYS = Statement(delete(fleet_day).where(fleet_day.c.runs == 0))
_FORGET_FLEET = Statement(delete(fleet_day))
_SUM_FLEET = Statement(
    insert(fleet_day).from_select(["date", *_SUMS], select(day.c.date, *(func.sum(day.c[name]) for name in _SUMS)).group_by(day.c.date))
)


def add_to_day(connection: Connection, job_id: JobId, facts: RunFacts) -> None:
    """Takes one more run into its day and the fleet's."""
    date = utc_day(facts.begun_at)
    row = connection.row(_LOAD_DAY, {"job_id": job_id, "date": date})
    before = DayTotals(*row) if row else DayTotals()
    after = before.with_run(facts)
    values = {name: getattr(after, name) for name in _DAY}
    if row:
        connection.run(_UPDATE_DAY, values | {"job_id_": job_id, "date_": date})
    else:
        connection.run(_INSERT_DAY, values | {"job_id": job_id, "date": date})
    _add_to_fleet(connection, date, {name: getattr(after, name) - getattr(before, name) for name in _SUMS})


def _add_to_fleet(connection: Connection, date: int, more: dict[str, int]) -> None:
    changed = connection.run(_ADD_FLEET_DAY, {name + "_more": value for name, value in more.items()} | {"date_": date}).rowcount
    if not changed:
        connection.run(_INSERT_FLEET_DAY, more | {"date": date})


def forget_days(connection: Connection, job_id: JobId) -> None:
    """Takes a job's days out of the fleet's and removes them."""
    rows = connection.rows(_ALL_DAYS, {"job_id": job_id})
    for row in rows:
        _add_to_fleet(connection, row[0], {name: -value for name, value in zip(_SUMS, row[1:], strict=True)})
    if rows:
        connection.run(_DELETE_DAYS, {"job_id": job_id})
        connection.run(_EMPTY_FLEET_DAYS)


def put_days(connection: Connection, job_id: JobId, days: Mapping[int, DayTotals]) -> None:
    """Inserts the days of a job that has none."""
    rows = ({"job_id": job_id, "date": date} | {name: getattr(totals, name) for name in _DAY} for date, totals in days.items())
    connection.run_many(_INSERT_DAY, rows)
    for date, totals in days.items():
        _add_to_fleet(connection, date, {name: getattr(totals, name) for name in _SUMS})


def sum_fleet_anew(connection: Connection) -> None:
    """Sums the fleet's days anew from those of its jobs."""
    connection.run(_FORGET_FLEET)
    connection.run(_SUM_FLEET)
