"""Reports of a small invented world, told in any order and repetition: what is kept on write is a function of the set of reports, and is
what a rebuild gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, SECOND, Instant
from duplistatus.report.report import Figures, Host, Kind, Log, Origin, Report, Status, Version
from duplistatus.store.database import Connection, Database
from duplistatus.store.record import record
from duplistatus.store.schema import migrate
from duplistatus.store.summaries import rebuild_all
from tests.store.telling import NOON, arrival, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGINS = st.builds(
    Origin,
    machine_id=st.sampled_from([None, "id-a", "id-b"]),
    machine_name=st.sampled_from([None, "host-x", "host-y"]),
    job_name=st.sampled_from(["Documents", "Photos"]),
    backup_id=st.sampled_from([None, "DB-1", "DB-2"]),
)


def _report(origin: Origin, slot: int, kind: Kind, operation: str) -> Report:
    """The one report that an origin sends of a slot: its content follows from the two, as a real run's does."""
    salt = crc32(repr((origin, slot, operation)).encode()) % 7
    # A text knows whole seconds only.
    begun = Instant(NOON - 3 * DAY + slot * 5 * HOUR + (0 if kind == Kind.TEXT else 345))
    status = list(Status)[salt % len(Status)]
    full = kind == Kind.JSON
    version = Version(Instant(begun + SECOND), 120, exact=True) if full and salt else None
    return Report(
        kind=kind,
        origin=origin,
        operation=operation,
        status=status,
        parsed_result=status.value,
        begun_at=begun,
        ended_at=Instant(begun + 60 * SECOND),
        duration_seconds=60.0 + salt / 10,
        sends_next_run=full,
        next_run=Instant(begun + DAY) if full and salt % 2 else None,
        warnings_count=salt,
        figures=Figures(
            examined_files=100 + salt if full else None,
            size_of_examined_files=1000 * salt if full and salt != 3 else None,
            bytes_uploaded=10 * salt if full else None,
            known_file_size=5000 + salt if full and salt != 2 else None,
            backup_list_count=1 + salt if full else None,
        ),
        host=Host(duplicati_version=f"2.3.0.{salt}", destination_type="file") if full else Host(),
        log=Log(lines=(f"line {salt}",)),
        last_version=version,
        listed_versions=(Version(Instant(begun - DAY), 120, exact=False),) if full and salt == 4 else None,
        deleted_versions=(Instant(begun - DAY + SECOND),) if full and salt == 5 else (),
    )


REPORTS = st.lists(
    st.builds(
        _report,
        ORIGINS,
        st.integers(0, 5),
        st.sampled_from([Kind.JSON, Kind.JSON, Kind.TEXT]),
        st.sampled_from(["Backup", "Backup", "Backup", "Restore"]),
    ),
    min_size=1,
    max_size=14,
)


def _tell(connection: Connection, reports: list[Report]) -> None:
    for report in reports:
        connection.script("BEGIN")
        record(connection, arrival(repr(report).encode(), report), report)
        connection.script("COMMIT")


def _clear(connection: Connection) -> None:
    connection.script("BEGIN")
    for table in ("raw_report", "run_log", "activity", "day", "fleet_day", "change", "run", "origin", "job"):
        connection.raw.execute(f"DELETE FROM {table}")
    connection.raw.execute("UPDATE server SET adopted_by = NULL")
    connection.raw.execute("DELETE FROM server")
    connection.script("COMMIT")


@given(reports=REPORTS, data=st.data())
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_set_of_reports_alone_decides(sqlite: Database, reports: list[Report], data: st.DataObject) -> None:
    _check(sqlite, reports, data.draw(st.permutations(reports + reports[::2])))


@pytest.mark.postgres
@given(reports=REPORTS, data=st.data())
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_set_of_reports_alone_decides_on_postgresql(postgres: Database, reports: list[Report], data: st.DataObject) -> None:
    _check(postgres, reports, data.draw(st.permutations(reports + reports[::2])))


def _check(database: Database, reports: list[Report], otherwise: list[Report]) -> None:
    connection = database.connect()
    try:
        _clear(connection)
        _tell(connection, reports)
        first = state(database)
        rebuild_all(connection, NOON)
        assert state(database) == first, "rebuilt differs from kept"
        _clear(connection)
        _tell(connection, otherwise)
        second = state(database)
        for name, rows in first.items():
            assert second[name] == rows, name
    finally:
        connection.close()


@pytest.fixture
def sqlite(data_dir: Path) -> Iterator[Database]:
    made = Database(data_dir / "duplistatus.db")
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def postgres(data_dir: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    made = Database(data_dir / "none", request.getfixturevalue("postgres_url")())
    migrate(made)
    yield made
    made.close()


def test_the_content_of_a_report_survives_the_way_into_the_row(sqlite: Database) -> None:
    """The facts that are folded on write are those that a rebuild reads back."""
    from duplistatus.store.run_rows import run_facts_of
    from duplistatus.store.summaries import run_facts

    report = _report(Origin("id-a", "host-x", "Documents", "DB-1"), 3, Kind.JSON, "Backup")
    report = replace(report, listed_versions=(Version(NOON, 60, exact=True),), deleted_versions=(NOON,))
    connection = sqlite.connect()
    _tell(connection, [report])
    run_id, uid = connection.raw.execute("SELECT id, uid FROM run").fetchone()
    assert report.begun_at is not None
    assert run_facts(connection, run_id) == run_facts_of(run_id, uid, report.begun_at, report)
    connection.close()
