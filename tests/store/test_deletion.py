"""A removed job leaves what there would be if its reports had never come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from duplistatus.report.report import Report
from duplistatus.store import deletion, fleet
from duplistatus.store.database import Database
from duplistatus.store.schema import migrate
from tests.store.telling import NOON, recordings, state, tell_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duplistatus.store.database import Connection
    from duplistatus.store.deletion import Deleted
    from tests.store.telling import Recording

T = TypeVar("T")
TABLES = ("run", "run_log", "raw_report", "day", "fleet_day", "origin", "activity", "change", "job")


def write(database: Database, work: Callable[[Connection], T]) -> T:
    connection = database.connect()
    try:
        connection.script("BEGIN")
        result = work(connection)
        connection.script("COMMIT")
        return result
    finally:
        connection.close()


def delete(database: Database, server_key: str, name: str) -> Deleted | None:
    return write(database, lambda connection: deletion.delete_job(connection, server_key, name, NOON))


def job_name(each: Recording) -> str:
    return each.parsed.origin.job_name


def counts(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {table: connection.raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def jobs(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        keys = {server.id: server.key for server in fleet.servers(connection)}
        return sorted((keys[job.server_id], job.name) for job in fleet.jobs(connection))


@pytest.mark.parametrize(
    ("generation", "server_key", "name"),
    [
        ("2.3.0.4", "9bd9525546194675812189f0a20f5592", "Documents"),
        ("2.3.0.4", "9bd9525546194675812189f0a20f5592", "Form and JSON"),
        ("2.3.0.4", "my-own-id", "other name"),
        ("2.3.0.109", "name:fileserver", "Documents"),
        ("2.3.0.109", "name:fileserver", "Large"),
    ],
)
def test_everything_of_the_job_goes_and_nothing_else(
    database: Database, tmp_path: Path, generation: str, server_key: str, name: str
) -> None:
    stories = recordings(generation)
    tell_all(database, stories)
    deleted = delete(database, server_key, name)
    assert deleted is not None
    assert (deleted.server.key, deleted.job.name) == (server_key, name)

    never = Database(tmp_path / "never.db")
    migrate(never)
    tell_all(never, [each for each in stories if job_name(each) != name])
    left, expected = state(database), state(never)
    with_jobs = {row["server"] for row in left["jobs"]}
    left["servers"] = [row for row in left["servers"] if row["key"] in with_jobs]
    assert left == expected
    assert counts(database) == counts(never)
    never.close()


def test_it_says_how_many_runs_had_counted(database: Database) -> None:
    stories = recordings("2.3.0.4")
    tell_all(database, stories)
    begun = {
        each.parsed.begun_at // 1000
        for each in stories
        if isinstance(each.parsed, Report) and each.parsed.is_run and job_name(each) == "Form and JSON" and each.parsed.begun_at
    }
    deleted = delete(database, "9bd9525546194675812189f0a20f5592", "Form and JSON")
    assert deleted is not None
    assert deleted.runs == len(begun)


def test_a_server_without_id_parts_again_when_the_job_goes_by_which_it_was_recognised(database: Database) -> None:
    def of(name: str, machine_id: str | None) -> list[Recording]:
        found = [each for each in recordings("2.3.0.4") if job_name(each) == name]
        return [replace(each, parsed=replace(each.parsed, origin=replace(each.parsed.origin, machine_id=machine_id))) for each in found]

    own = "9bd9525546194675812189f0a20f5592"
    shared = of("Form and JSON", own)
    tell_all(database, [*shared[:1], *of("Damaged volume", own), *of("Form and JSON", None)[1:], *of("Raw JSON", None)])
    assert jobs(database) == [(own, "Damaged volume"), (own, "Form and JSON"), (own, "Raw JSON")]
    assert delete(database, "name:fileserver", "Form and JSON") is not None, "the name of the recognised server leads there"
    assert jobs(database) == [(own, "Damaged volume"), ("name:fileserver", "Raw JSON")]


def test_a_server_is_described_by_the_newest_run_that_is_left(database: Database) -> None:
    stories = [each for each in recordings("2.3.0.4") if job_name(each) in {"Form", "Raw JSON"}]
    host = replace(stories[-1].parsed.host, duplicati_version="9.9.9")
    tell_all(database, [*stories[:-1], replace(stories[-1], parsed=replace(stories[-1].parsed, host=host))])

    def version() -> str:
        with database.read() as connection:
            server = fleet.server_by_key(connection, "9bd9525546194675812189f0a20f5592")
        assert server is not None
        return server.version

    assert version() == "9.9.9"
    assert delete(database, "9bd9525546194675812189f0a20f5592", job_name(stories[-1])) is not None
    assert version().startswith("2.3.0.4")


@pytest.mark.parametrize("engine_key", ["9bd9525546194675812189f0a20f5592", "my-own-id"])
def test_a_removed_server_leaves_what_there_would_be_without_its_reports(database: Database, tmp_path: Path, engine_key: str) -> None:
    stories = recordings("2.3.0.4")
    tell_all(database, stories)
    with database.read() as connection:
        runs = sum(job.run_count for job in fleet.jobs_of(connection, server_of(connection, engine_key).id))
    gone = write(database, lambda connection: deletion.delete_server(connection, engine_key, NOON))
    assert gone is not None
    assert (gone.server.key, gone.runs) == (engine_key, runs)
    assert gone.runs > 0

    never = Database(tmp_path / "never.db")
    migrate(never)
    tell_all(never, [each for each in stories if each.parsed.origin.machine_id != engine_key])
    assert state(database) == state(never)
    assert counts(database) == counts(never)
    never.close()


def server_of(connection: Connection, key: str) -> fleet.ServerRow:
    found = fleet.server_by_key(connection, key)
    assert found is not None
    return found


def test_a_server_that_was_recognised_as_the_removed_one_goes_with_it(database: Database) -> None:
    own = "9bd9525546194675812189f0a20f5592"
    stories = [each for each in recordings("2.3.0.4") if job_name(each) == "Form and JSON"]
    without = replace(stories[-1], parsed=replace(stories[-1].parsed, origin=replace(stories[-1].parsed.origin, machine_id=None)))
    tell_all(database, [*stories[:-1], without])
    gone = write(database, lambda connection: deletion.delete_server(connection, "name:fileserver", NOON))
    assert gone is not None
    assert gone.server.key == own
    with database.read() as connection:
        assert connection.raw.execute("SELECT count(*) FROM server").fetchone()[0] == 0
    assert set(counts(database).values()) == {0}


def test_an_unknown_server_is_told(database: Database) -> None:
    tell_all(database, recordings("2.3.0.4"))
    before = counts(database)
    assert write(database, lambda connection: deletion.delete_server(connection, "nope", NOON)) is None
    assert counts(database) == before


@pytest.mark.parametrize(("server_key", "name"), [("nope", "Documents"), ("my-own-id", "Documents"), ("my-own-id", "")])
def test_an_unknown_job_is_told_and_nothing_changes(database: Database, server_key: str, name: str) -> None:
    tell_all(database, recordings("2.3.0.4"))
    before = counts(database)
    assert delete(database, server_key, name) is None
    assert counts(database) == before
