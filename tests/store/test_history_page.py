"""A page of the history: in order, without gaps or repetitions, read through indexes, on both databases."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import bindparam, insert

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.server_view import Days
from duplistatus.store import history_page
from duplistatus.store.database import Database
from duplistatus.store.history_page import Column, HistoryLine, Place
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.schema import migrate
from duplistatus.store.statement import Statement
from duplistatus.store.tables import day, job, origin, run, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duplistatus.store.database import Connection

STATUSES = ("Success", "Success", "Success", "Warning", "Error", "Fatal", "Unknown")
RUNS = 400
JOBS: dict[JobId, str] = {JobId(1): "Photos", JobId(2): "documents", JobId(3): "Mail"}

_SERVER = Statement(insert(server).values({name: bindparam(name) for name in ("id", "key", "has_machine_id", "created_at")}))
_JOB = Statement(insert(job).values({name: bindparam(name) for name in ("id", "server_id", "name", "created_at")}))
_ORIGIN = Statement(
    insert(origin).values({name: bindparam(name) for name in ("id", "job_name", "server_id", "job_id", "first_at", "last_at")})
)
_RUN = Statement(
    insert(run).values(
        {
            name: bindparam(name)
            for name in (
                "id", "uid", "origin_id", "job_id", "begun_at", "arrived_at", "kinds", "status", "partial", "duration_ticks",
                "bytes_uploaded", "known_filesets", "backup_list_count", "warnings_count",
            )
        }
    )
)  # fmt: skip
_DAY = Statement(insert(day).values({name: bindparam(name) for name in ("job_id", "date", "runs", "duration_ticks")}))


def seed(connection: Connection, jobs: dict[JobId, str], runs: int) -> None:
    """A server of these jobs whose runs have many begin times in common."""
    chance = random.Random(7)
    connection.run(_SERVER, {"id": 1, "key": "a", "has_machine_id": 1, "created_at": 0})
    for job_id, name in jobs.items():
        connection.run(_JOB, {"id": job_id, "server_id": 1, "name": name, "created_at": 0})
        connection.run(_ORIGIN, {"id": job_id, "job_name": name, "server_id": 1, "job_id": job_id, "first_at": 0, "last_at": 0})
    places = [(job_id, at) for job_id in jobs for at in chance.sample(range(runs), runs // 2)]
    chance.shuffle(places)
    connection.run_many(
        _RUN,
        (
            {
                "id": number, "uid": f"run-{number}", "origin_id": job_id, "job_id": job_id, "begun_at": at, "arrived_at": at, "kinds": 1,
                "status": chance.choice(STATUSES), "partial": number % 2,
                "duration_ticks": chance.choice([None, 10**7, 2 * 10**7, 3 * 10**7]),
                "bytes_uploaded": chance.choice([None, 0, 5, 9]), "known_filesets": chance.choice([None, 3]), "backup_list_count": 4,
                "warnings_count": number % 3,
            }
            for number, (job_id, at) in enumerate(places, 1)
        ),
    )  # fmt: skip


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    opened.script("BEGIN")
    seed(opened, JOBS, RUNS)
    yield opened
    opened.close()


def all_lines(connection: Connection, *, descending: bool = True) -> list[HistoryLine]:
    return history_page.lines_beyond(connection, list(JOBS), None, None, 10_000, descending=descending)


@pytest.mark.parametrize("status", [None, "Success", "Fatal"])
@pytest.mark.parametrize("descending", [True, False])
def test_paging_from_place_to_place_shows_every_run_once_and_in_order(
    connection: Connection, status: str | None, *, descending: bool
) -> None:
    found: list[HistoryLine] = []
    place: Place | None = None
    while lines := history_page.lines_beyond(connection, list(JOBS), status, place, 25, descending=descending):
        found += lines
        place = lines[-1].place
    expected = [line for line in all_lines(connection) if status in {None, line.status}]
    assert len(all_lines(connection)) == 3 * RUNS // 2
    assert found == sorted(expected, key=lambda line: line.place, reverse=descending)


def test_runs_of_other_jobs_are_not_shown(connection: Connection) -> None:
    lines = history_page.lines_beyond(connection, [JobId(2)], None, None, 10_000, descending=True)
    assert {line.job_id for line in lines} == {2}
    assert len(lines) == RUNS // 2
    assert history_page.lines_beyond(connection, [], None, None, 10, descending=True) == []


def test_a_line_holds_what_the_run_reported_and_none_for_the_rest(connection: Connection) -> None:
    lines = all_lines(connection)
    line = next(each for each in lines if each.uid == "run-1")
    assert (line.id, line.partial, line.files, line.stored_size) == (1, True, None, None)
    assert {each.versions for each in lines} == {3, 4}
    assert {each.duration_ms for each in lines} == {None, 1_000, 2_000, 3_000}


def test_more_jobs_than_one_statement_merges_come_out_in_order_too(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = all_lines(connection)
    oldest_first = all_lines(connection, descending=False)
    monkeypatch.setattr(history_page, "_ARMS", 2)
    assert all_lines(connection)[:50] == expected[:50]
    assert history_page.lines_beyond(connection, list(JOBS), None, None, 50, descending=True) == expected[:50]
    assert history_page.lines_beyond(connection, list(JOBS), None, None, 50, descending=False) == oldest_first[:50]


@pytest.mark.parametrize("descending", [True, False])
def test_sorted_by_a_figure_the_unknown_stand_last_and_equals_newest_first(connection: Connection, *, descending: bool) -> None:
    lines = history_page.sorted_lines(connection, JOBS, None, Column.UPLOADED, descending=descending)
    values = [line.uploaded for line in lines]
    known = [value for value in values if value is not None]
    assert values[len(known) :] == [None] * (len(values) - len(known))
    assert known == sorted(known, reverse=descending)
    for value in (None, 0, 5, 9):
        places = [line.place for line in lines if line.uploaded == value]
        assert places == sorted(places, reverse=True)


@pytest.mark.parametrize(
    ("column", "first"),
    [(Column.STATUS, "Fatal"), (Column.JOB, "Photos"), (Column.WARNINGS, 2), (Column.VERSIONS, 4), (Column.DURATION, 3_000)],
)
def test_each_column_sorts_by_what_it_shows(connection: Connection, column: Column, first: str | int) -> None:
    line = history_page.sorted_lines(connection, JOBS, None, column, descending=True)[0]
    shown = {
        Column.STATUS: line.status,
        Column.JOB: JOBS[line.job_id],
        Column.WARNINGS: line.warnings,
        Column.VERSIONS: line.versions,
        Column.DURATION: line.duration_ms,
    }
    assert shown[column] == first


@pytest.mark.parametrize("column", [column for column in Column if column is not Column.BEGUN])
def test_every_column_can_be_sorted(connection: Connection, column: Column) -> None:
    lines = history_page.sorted_lines(connection, JOBS, "Warning", column, descending=False)
    assert lines
    assert {line.status for line in lines} == {"Warning"}


def test_only_the_newest_runs_are_sorted_by_other_columns(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_page, "SORTED_RUNS", 40)
    lines = history_page.sorted_lines(connection, JOBS, None, Column.DURATION, descending=True)
    assert {line.place for line in lines} == {line.place for line in all_lines(connection)[:40]}


def test_the_runs_of_a_status_are_counted_up_to_a_limit(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    fatal = sum(line.status == "Fatal" for line in all_lines(connection))
    assert history_page.count_of_status(connection, list(JOBS), "Fatal") == fatal
    monkeypatch.setattr(history_page, "COUNTED_RUNS", 10)
    assert history_page.count_of_status(connection, list(JOBS), "Fatal") == 11


def test_the_neighbours_of_a_run_are_those_of_its_job(connection: Connection) -> None:
    lines = history_page.lines_beyond(connection, [JobId(3)], None, None, 10_000, descending=True)
    middle = lines[5]
    before = history_page.run_before(connection, JobId(3), middle.begun_at)
    after = history_page.run_after(connection, JobId(3), middle.begun_at)
    assert before is not None
    assert after is not None
    assert (before.uid, after.uid) == (lines[6].uid, lines[4].uid)
    assert history_page.run_after(connection, JobId(3), lines[0].begun_at) is None
    assert history_page.run_before(connection, JobId(3), lines[-1].begun_at) is None


def test_the_days_of_a_server_are_those_of_its_jobs_together(connection: Connection) -> None:
    assert history_page.days_of_server(connection, ServerId(1)) == Days()
    for job_id, date, runs in ((1, 20_000, 2), (1, 20_001, 1), (2, 19_999, 4)):
        connection.run(_DAY, {"job_id": job_id, "date": date, "runs": runs, "duration_ticks": runs * 10**7})
    assert history_page.days_of_server(connection, ServerId(1)) == Days(7, 7_000, 19_999)
    assert history_page.days_of_job(connection, JobId(1)) == Days(3, 3_000, 20_000)
    assert history_page.days_of_server(connection, ServerId(2)) == Days()
    assert Instant(Days(7, 7_000, 19_999).first_day or 0) * DAY > 0


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("of_status", [True, False])
@pytest.mark.parametrize("descending", [True, False])
def test_sqlite_reads_a_page_from_indexes_in_order(data_dir: Path, jobs: int, *, of_status: bool, descending: bool) -> None:
    database = Database(data_dir / "duplistatus.db")
    migrate(database)
    opened = database.connect()
    text, arguments = history_page._page(jobs, descending=descending, of_status=of_status, cut_arms=False).prepared("sqlite")
    values = {f"job_{number}": number + 1 for number in range(jobs)} | {"begun_at": 2**62, "id": 2**62, "count": 26, "status": "Error"}
    plan = "\n".join(row[-1] for row in opened.raw.execute("EXPLAIN QUERY PLAN " + text, arguments(values)).fetchall())
    opened.close()
    database.close()
    index = "ix_run_status (job_id=? AND status=? AND begun_at" if of_status else "(job_id=? AND begun_at"
    assert plan.count(index) == jobs, plan
    assert "TEMP B-TREE" not in plan, plan
    assert "SCAN" not in plan, plan


@pytest.mark.postgres
@pytest.mark.parametrize("of_status", [True, False])
@pytest.mark.parametrize("descending", [True, False])
def test_postgresql_reads_no_more_than_a_page_of_each_job(
    postgres_url: Callable[[], str], data_dir: Path, *, of_status: bool, descending: bool
) -> None:
    database = Database(data_dir / "none", postgres_url())
    migrate(database)
    opened = database.connect()
    seed(opened, JOBS, 8_000)
    opened.script("ANALYZE run")
    text, arguments = history_page._page(len(JOBS), descending=descending, of_status=of_status, cut_arms=True).prepared("postgresql")
    start = 2**62 if descending else -(2**62)
    values: dict[str, object] = {f"job_{number}": job_id for number, job_id in enumerate(JOBS)}
    values |= {"begun_at": start, "id": start, "count": 26, "status": "Success"}
    (plan,) = opened.raw.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + text, arguments(values)).fetchone()
    opened.close()
    database.close()
    scans = [node for node in _nodes(plan[0]["Plan"]) if "Scan" in node["Node Type"] and "Relation Name" in node]
    assert len(scans) == len(JOBS)
    assert all(node["Node Type"] == "Index Scan" for node in scans), plan
    assert all(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) < 100 for node in scans), plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
