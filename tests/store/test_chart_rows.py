"""Points of charts, held against the runs that they are made of."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from duplistatus.clock import DAY, Instant, utc_day
from duplistatus.evaluate.chart import Point, Sample, joined
from duplistatus.store import chart_rows, fleet
from duplistatus.store.chart_rows import FLEET, Scope, all_days, days_between, recent_chart
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, run
from tests.store.telling import recordings, tell_all

if TYPE_CHECKING:
    from duplistatus.store.database import Connection, Database

_ALL = Statement(
    select(
        run.c.job_id,
        run.c.begun_at,
        func.coalesce(run.c.bytes_uploaded, 0),
        func.coalesce(run.c.duration_ticks, 0),
        func.coalesce(run.c.examined_files, 0),
        func.coalesce(run.c.size_of_examined_files, 0),
        run.c.known_file_size,
        func.coalesce(run.c.known_filesets, run.c.backup_list_count, 0),
        job.c.server_id,
    ).join(job, job.c.id == run.c.job_id)
)


def scopes(connection: Connection) -> list[Scope]:
    jobs = fleet.jobs(connection)
    return [FLEET, *(Scope(server_id=each.server_id) for each in jobs), *(Scope(job_id=each.id) for each in jobs)]


def samples(connection: Connection, scope: Scope) -> list[Sample]:
    rows = connection.rows(_ALL)
    if scope.job_id is not None:
        rows = [row for row in rows if row[0] == scope.job_id]
    if scope.server_id is not None:
        rows = [row for row in rows if row[-1] == scope.server_id]
    return [Sample(*row[:-1]) for row in rows]


def by_hand(runs: list[Sample], start: int, end: int) -> list[Point]:
    days: dict[int, list[Sample]] = defaultdict(list)
    for each in runs:
        if start <= each.at <= end:
            days[utc_day(each.at)].append(each)
    points = [joined(days[date]) for date in sorted(days)]
    return [point for point in points if point is not None]


@pytest.fixture
def told(database: Database) -> Database:
    tell_all(database, [*recordings("2.1.0.5"), *recordings("2.3.0.4"), *recordings("2.3.0.109"), *recordings("2.3.0.109-languages")])
    return database


def test_all_days_are_the_runs_by_day(told: Database) -> None:
    with told.read() as connection:
        for scope in scopes(connection):
            assert all_days(connection, scope) == by_hand(samples(connection, scope), -(2**60), 2**60), scope


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(data=st.data())
def test_any_range_holds_the_runs_that_lie_in_it(told: Database, data: st.DataObject) -> None:
    with told.read() as connection:
        scope = data.draw(st.sampled_from(scopes(connection)))
        runs = samples(connection, scope)
        # Jobs of restores and the like have no runs; their charts are empty whatever the range.
        begins = [each.at for each in runs] or [Instant(1_795_262_400_000)]
        moment = st.sampled_from(begins).flatmap(lambda at: st.integers(at - 2 * DAY, at + 2 * DAY) | st.just(int(at)))
        start, end = data.draw(moment), data.draw(moment)
        assert days_between(connection, scope, Instant(start), Instant(end)) == by_hand(runs, start, end)


def test_recent_runs_are_shown_one_by_one_until_they_are_too_many(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with told.read() as connection:
        for scope in [each for each in scopes(connection) if each.job_id is None]:
            runs = sorted(samples(connection, scope), key=lambda each: each.at)
            now = runs[-1].at
            shown = [each for each in runs if each.at >= (now // DAY - 29) * DAY]
            chart = recent_chart(connection, scope, now)
            assert ([point.at for point in chart.points], chart.daily) == ([each.at for each in shown], False)
            monkeypatch.setattr(chart_rows, "MOST_POINTS", len(shown) - 1)
            assert recent_chart(connection, scope, now) == chart_rows.Chart(by_hand(shown, -(2**60), 2**60), daily=True)
            monkeypatch.undo()
