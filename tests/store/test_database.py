"""Connections: readers are lent to one block at a time, see what was committed, and are had anew after trouble."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import bindparam, insert, select

from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection, Database, StoreUnavailable
from duplistatus.store.schema import make_file, migrate
from duplistatus.store.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PUT = Statement(insert(setting).values(key=bindparam("key"), value="v"))
KEYS = Statement(select(setting.c.key).order_by(setting.c.key))
BY_KEY = Statement(select(setting.c.value).where(setting.c.key == bindparam("key")))


def put(database: Database, *keys: str) -> None:
    connection = database.connect()
    connection.run_many(PUT, [{"key": key} for key in keys])
    connection.close()


def keys(connection: Connection) -> list[str]:
    return [row[0] for row in connection.rows(KEYS)]


# What is asked of a connection


def test_rows_are_plain_tuples_and_a_value_is_the_first_of_them(database: Database) -> None:
    put(database, "a", "b")
    with database.read() as connection:
        assert connection.rows(KEYS) == [("a",), ("b",)]
        assert connection.row(KEYS) == ("a",)
        assert connection.value(BY_KEY, {"key": "a"}) == "v"
        assert connection.row(BY_KEY, {"key": "c"}) is None
        assert connection.value(BY_KEY, {"key": "c"}) is None


def test_running_a_statement_for_no_values_does_nothing(database: Database) -> None:
    put(database)
    with database.read() as connection:
        assert keys(connection) == []


def test_references_are_kept(database: Database) -> None:
    connection = database.connect()
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        connection.raw.execute("INSERT INTO job (server_id, name, created_at) VALUES (99, 'x', 0)")
    connection.close()


# Readers


def test_a_reader_sees_what_was_committed_since_its_last_use(database: Database) -> None:
    with database.read() as connection:
        assert keys(connection) == []
    put(database, "a")
    with database.read() as connection:
        assert keys(connection) == ["a"]


def test_a_reader_is_used_again_and_lent_to_one_block_at_a_time(database: Database) -> None:
    with database.read() as first, database.read() as second:
        assert second is not first
    with database.read() as again:
        assert again in {first, second}


def test_threads_that_end_leave_no_connection_behind(database: Database) -> None:
    """A pool of threads makes new ones all day."""
    used: set[Connection] = set()

    def look() -> None:
        with database.read() as connection:
            keys(connection)
            used.add(connection)

    for _ in range(20):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert len(used) == 1


def test_many_at_once_are_all_served_and_few_are_kept(database: Database) -> None:
    together = threading.Barrier(24)
    found: list[list[str]] = []

    def look() -> None:
        with database.read() as connection:
            together.wait(10)
            found.append(keys(connection))

    put(database, "a")
    threads = [threading.Thread(target=look) for _ in range(24)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [["a"]] * 24
    assert len(database._idle) == 16


def test_a_snapshot_does_not_move(database: Database) -> None:
    put(database, "a")
    with database.snapshot() as connection:
        assert keys(connection) == ["a"]
        put(database, "b")
        assert keys(connection) == ["a"]
    with database.read() as connection:
        assert keys(connection) == ["a", "b"]


def test_a_block_that_fails_for_a_reason_of_its_own_ends_its_snapshot(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.snapshot() as connection:
        assert len(keys(connection)) / 0
    put(database, "a")
    with database.snapshot() as again:
        assert again is connection
        assert keys(again) == ["a"]


@pytest.mark.parametrize("block", ["read", "snapshot"])
def test_a_statement_that_fails_is_raised_as_it_is_and_the_next_reader_works(database: Database, block: str) -> None:
    lend = getattr(database, block)
    with pytest.raises(Exception, match="nowhere") as caught, lend() as connection:
        connection.raw.execute("SELECT * FROM nowhere")
    assert not isinstance(caught.value, StoreUnavailable)
    with lend() as again:
        assert again is not connection
        assert keys(again) == []


# Trouble


@pytest.fixture
def on_file(data_dir: Path) -> Iterator[Database]:
    database = Database(data_dir / "duplistatus.db")
    migrate(database)
    yield database
    database.close()


def test_a_file_that_is_not_there_is_trouble_and_no_empty_database(data_dir: Path) -> None:
    database = Database(data_dir / "duplistatus.db")
    with pytest.raises(StoreUnavailable, match="cannot be opened"), database.read():
        pass
    assert not database.file.exists()


def test_a_folder_with_unusual_characters_is_no_hindrance(tmp_path: Path) -> None:
    folder = tmp_path / "50% of ? & #ä"
    folder.mkdir()
    database = Database(folder / "duplistatus.db")
    migrate(database)
    with database.read() as connection:
        assert keys(connection) == []
    database.close()
    assert [each.name for each in folder.iterdir()] == ["duplistatus.db"]


def test_all_who_open_a_new_file_at_once_get_in(tmp_path: Path) -> None:
    """Only one of them can give the file its write-ahead log, and SQLite refuses the others instead of letting them wait."""
    for attempt in range(60):
        database = Database(tmp_path / f"{attempt}.db")
        make_file(database.file)
        together = threading.Barrier(6)

        def open_it(_: int, database: Database = database, together: threading.Barrier = together) -> str:
            together.wait()
            connection = database.connect()
            try:
                return str(connection.raw.execute("PRAGMA journal_mode").fetchone()[0])
            finally:
                connection.close()

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(open_it, range(6))) == ["wal"] * 6


def test_a_new_file_that_another_program_keeps_is_said_to_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplistatus.store.database._SQLITE_PRAGMAS", ("PRAGMA busy_timeout=1",))
    monkeypatch.setattr("duplistatus.store.database._SWITCH_WITHIN", 0.0)
    database = Database(tmp_path / "duplistatus.db")
    make_file(database.file)
    other = sqlite3.connect(database.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="cannot be opened: database is locked"):
        database.connect()
    other.close()
    database.connect().close()


@pytest.mark.parametrize("block", ["read", "snapshot"])
def test_a_damaged_file_is_said_and_a_sound_one_in_its_place_is_used(on_file: Database, block: str) -> None:
    """As after a restore of the file by hand: readers are had anew."""
    lend = getattr(on_file, block)
    put(on_file, "a")
    sound = on_file.file.read_bytes()
    with lend() as connection:
        assert keys(connection) == ["a"]
    on_file.file.write_bytes(sound[:4096] + b"\xff" * (len(sound) - 4096))
    with pytest.raises(StoreUnavailable, match="malformed"), lend() as connection:
        connection.raw.executescript("PRAGMA shrink_memory; SELECT * FROM server")
    on_file.file.write_bytes(sound)
    with lend() as connection:
        assert keys(connection) == ["a"]


def test_what_the_trouble_was_is_told(on_file: Database) -> None:
    with on_file.read() as connection:
        connection.script("PRAGMA query_only = 1")
    with pytest.raises(StoreUnavailable, match="readonly") as caught, on_file.read() as connection:
        connection.run(PUT, {"key": "a"})
    assert caught.value.__cause__ is not None


@pytest.fixture
def on_server(postgres_url: Callable[[], str], data_dir: Path) -> Iterator[Database]:
    database = Database(data_dir / "none", postgres_url())
    migrate(database)
    yield database
    database.close()


def _end_sessions(database: Database) -> None:
    assert database.url
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.postgres
def test_a_reader_lost_while_idle_is_replaced_unnoticed(on_server: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_server.read() as connection:
        keys(connection)
    _end_sessions(on_server)
    monkeypatch.setattr("duplistatus.store.database._TRUSTED_FOR", 0)
    with on_server.read() as again:
        assert again is not connection
        assert keys(again) == []


@pytest.mark.postgres
def test_a_reader_lost_at_work_is_said_and_no_other_of_its_age_is_trusted(on_server: Database) -> None:
    with on_server.read() as first, on_server.read() as second:
        keys(first)
        keys(second)
    _end_sessions(on_server)
    with pytest.raises(StoreUnavailable, match="cannot be read"), on_server.read() as connection:
        keys(connection)
    with on_server.read() as again:
        assert again not in {first, second}
        assert keys(again) == []


@pytest.mark.postgres
def test_both_spellings_of_the_url_are_understood_and_its_options_kept(on_server: Database) -> None:
    assert on_server.url
    named = f"{on_server.url.replace('postgresql://', 'postgres://')}?application_name=dashboard"
    database = Database(on_server.file, named)
    with database.read() as connection:
        assert connection.raw.execute("SHOW application_name").fetchone() == ("dashboard",)
        assert keys(connection) == []
    database.close()
