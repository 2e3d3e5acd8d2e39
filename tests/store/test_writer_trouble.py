"""The single writer when the database is the trouble: it is said, refuses no more than it must, and passes without a restart."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from duplistatus.store.database import Connection, Database, StoreUnavailable
from duplistatus.store.schema import migrate
from duplistatus.store.writer import Writer
from tests.store.writing import SOON, held, keys, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Work = Callable[[Connection], Any]


@contextmanager
def full_disk(writer: Writer) -> Iterator[None]:
    """SQLite's own limit gives the very error of a full disk; it ends with the connection."""
    writer.submit(lambda connection: connection.raw.execute("PRAGMA max_page_count = 1").fetchone(), changes=False).result(SOON)
    yield


@contextmanager
def read_only(writer: Writer) -> Iterator[None]:
    writer.submit(lambda connection: connection.raw.execute("PRAGMA query_only = 1"), changes=False).result(SOON)
    yield


@pytest.fixture
def on_file(data_dir: Path) -> Iterator[Database]:
    database = Database(data_dir / "duplistatus.db")
    migrate(database)
    yield database
    database.close()


@pytest.mark.parametrize(("trouble", "word"), [(full_disk, "full"), (read_only, "readonly")])
def test_a_disk_that_takes_nothing_is_said_and_passes_without_a_restart(on_file: Database, trouble: Any, word: str) -> None:
    writer = Writer(on_file)
    writer.start()
    writer.submit(put("before")).result(SOON)
    with trouble(writer):
        refused = writer.submit(put("refused", "x" * 100_000))
        with pytest.raises(StoreUnavailable, match=word):
            refused.result(SOON)
        assert word in (writer.failing or "")
    writer.submit(put("after")).result(SOON)
    assert writer.failing is None
    writer.close()
    assert keys(on_file) == ["after", "before"]


def test_of_a_batch_only_what_does_not_fit_is_refused(on_file: Database) -> None:
    """SQLite undoes the whole transaction when the disk is full; the others are then stored one by one."""
    writer = Writer(on_file)
    writer.start()

    def too_large(connection: Connection) -> None:
        connection.raw.execute("PRAGMA max_page_count = 1").fetchone()
        put("large", "x" * 100_000)(connection)

    with held(writer):
        first, large, last = writer.submit(put("first")), writer.submit(too_large), writer.submit(put("last"))
    assert first.result(SOON) == "first"
    assert last.result(SOON) == "last"
    with pytest.raises(StoreUnavailable, match="full"):
        large.result(SOON)
    assert writer.failing is None
    writer.close()
    assert keys(on_file) == ["first", "last"]


def test_a_database_that_has_gone_refuses_all_who_wait_and_comes_back(on_file: Database) -> None:
    writer = Writer(on_file)
    writer.start()
    away = on_file.file.with_name("away")
    writer.submit(put("before")).result(SOON)
    with held(writer):
        # The open file would go on; a failed write closes it.
        writer.submit(lambda connection: connection.raw.execute("PRAGMA query_only = 1"), changes=False)
        futures = [writer.submit(put(f"a{number}")) for number in range(5)]
        for suffix in ("", "-wal", "-shm"):
            on_file.file.with_name(on_file.file.name + suffix).rename(away.with_name(away.name + suffix))
    for future in futures:
        with pytest.raises(StoreUnavailable):
            future.result(SOON)
    assert not on_file.file.exists(), "an empty database must not take its place"
    for suffix in ("", "-wal", "-shm"):
        if (moved := away.with_name(away.name + suffix)).exists():
            moved.rename(on_file.file.with_name(on_file.file.name + suffix))
    writer.submit(put("after")).result(SOON)
    writer.close()
    assert keys(on_file) == ["after", "before"]


def test_a_lock_that_somebody_else_holds_passes(on_file: Database) -> None:
    """Another process, for instance `duplistatus rebuild`, may write for longer than the writer waits."""
    other = on_file.connect()
    impatient = Database(on_file.file)
    writer = Writer(impatient)
    writer.start()
    writer.submit(lambda connection: connection.raw.execute("PRAGMA busy_timeout = 1").fetchone(), changes=False).result(SOON)
    other.script("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        writer.submit(put("refused")).result(SOON)
    other.script("ROLLBACK")
    other.close()
    writer.submit(put("after")).result(SOON)
    writer.close()
    assert keys(on_file) == ["after"]


@pytest.fixture
def on_server(postgres_url: Callable[[], str], data_dir: Path) -> Iterator[Database]:
    database = Database(data_dir / "none", postgres_url())
    migrate(database)
    yield database
    database.close()


def _end_sessions(database: Database) -> None:
    """What a restart of the server does to those who are connected."""
    assert database.url
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.postgres
def test_a_connection_lost_while_idle_costs_nobody_a_report(on_server: Database) -> None:
    writer = Writer(on_server)
    writer.start()
    writer.submit(put("before")).result(SOON)
    _end_sessions(on_server)
    assert writer.submit(put("after")).result(SOON) == "after"
    writer.close()
    assert keys(on_server) == ["after", "before"]


@pytest.mark.postgres
def test_a_connection_lost_at_work_refuses_that_work_and_is_regained(on_server: Database) -> None:
    writer = Writer(on_server)
    writer.start()

    def interrupted(connection: Connection) -> None:
        put("half")(connection)
        _end_sessions(on_server)
        put("other half")(connection)

    with pytest.raises(StoreUnavailable):
        writer.submit(interrupted).result(SOON)
    assert writer.submit(put("after")).result(SOON) == "after"
    writer.close()
    assert keys(on_server) == ["after"]


@pytest.mark.postgres
def test_a_server_that_became_read_only_is_said_and_passes(on_server: Database) -> None:
    assert on_server.url
    writer = Writer(on_server)
    writer.start()
    with psycopg.connect(on_server.url, autocommit=True) as administrator:
        name = administrator.info.dbname
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        with pytest.raises(StoreUnavailable, match="read-only"):
            writer.submit(put("refused")).result(SOON)
        administrator.execute("SET default_transaction_read_only = off")
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off".encode())
    writer.submit(put("after")).result(SOON)
    writer.close()
    assert keys(on_server) == ["after"]


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_said(data_dir: Path) -> None:
    writer = Writer(Database(data_dir / "none", "postgresql://nobody@127.0.0.1:1/nothing"))
    writer.start()
    for future in [writer.submit(put(f"a{number}")) for number in range(10)]:
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            future.result(SOON)
    writer.close()
