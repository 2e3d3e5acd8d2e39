"""Figures by day, from the day rollups, against the runs themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from duplistatus.clock import DAY, HOUR, Instant, utc_day
from duplistatus.report.reading import read_body
from duplistatus.store import fleet
from duplistatus.store.chart_rows import FLEET, Scope
from duplistatus.store.daily_sizes import figures_by_day, first_day, stored_by_day, uploaded_by_day, versions_by_day
from tests.store.telling import NOON, Recording, tell_all
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from duplistatus.store.database import Database

TODAY = utc_day(NOON)


def told(database: Database, *made: Made) -> None:
    """Records these runs."""
    stories = []
    for each in made:
        body = orjson.dumps(document(each))
        stories.append(Recording(each.job, body, "application/json", read_body(body, "application/json", None, 1 << 25)))
    tell_all(database, stories)


def ago(days: int, hours: int = 1) -> Instant:
    return Instant(NOON - days * DAY - hours * HOUR)


def scope_of(database: Database, server: str, job: str | None = None) -> Scope:
    with database.read() as connection:
        found = fleet.server_by_key(connection, f"id-{server}")
        assert found is not None
        if job is None:
            return Scope(server_id=found.id)
        row = fleet.job_by_name(connection, found.id, job)
        assert row is not None
        return Scope(job_id=row.id)


def test_a_job_counts_with_its_last_known_size_on_days_without_a_run(database: Database) -> None:
    told(
        database,
        Made(ago(9), stored=100, versions=1),
        Made(ago(4), stored=150, versions=3),
        Made(ago(1), stored=120, versions=2),
        Made(ago(3), server="beta", job="Photos", stored=1_000, versions=10),
    )
    with database.read() as connection:
        alpha, everything = scope_of(database, "alpha", "Files"), FLEET
        assert stored_by_day(connection, alpha, TODAY - 5, TODAY) == [100, 150, 150, 150, 120, 120]
        assert stored_by_day(connection, everything, TODAY - 5, TODAY) == [100, 150, 1_150, 1_150, 1_120, 1_120]
        assert versions_by_day(connection, everything, TODAY - 5, TODAY) == [1, 3, 13, 13, 12, 12]
        assert stored_by_day(connection, scope_of(database, "beta"), TODAY - 4, TODAY) == [0, 1_000, 1_000, 1_000, 1_000]


def test_several_runs_of_a_day_count_once_in_what_is_stored_and_each_in_what_was_done(database: Database) -> None:
    told(
        database,
        Made(ago(2, 5), stored=10, uploaded=3, files=4, source=50),
        Made(ago(2, 2), stored=30, uploaded=5, files=6, source=70),
        Made(ago(0), stored=40, uploaded=1, files=1, source=9),
    )
    with database.read() as connection:
        assert stored_by_day(connection, FLEET, TODAY - 3, TODAY) == [0, 30, 30, 40]
        for scope in (FLEET, scope_of(database, "alpha"), scope_of(database, "alpha", "Files")):
            done = figures_by_day(connection, scope, TODAY - 3, TODAY)
            figures = [(each.date, each.uploaded, each.files, each.source_size) for each in done]
            assert figures == [(TODAY - 2, 8, 10, 120), (TODAY, 1, 1, 9)]
            assert first_day(connection, scope) == TODAY - 2
        assert uploaded_by_day(connection, TODAY - 1) == [(TODAY, 1)]


def test_an_empty_fleet_has_no_first_day_and_stores_nothing(database: Database) -> None:
    with database.read() as connection:
        assert first_day(connection, FLEET) is None
        assert stored_by_day(connection, FLEET, TODAY - 1, TODAY) == [0, 0]
        assert figures_by_day(connection, FLEET, TODAY - 1, TODAY) == []
