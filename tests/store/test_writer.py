"""The single writer: what waits together commits together, an error stays with its piece, nobody hears of a result before its commit, and
trouble with the database passes without a restart."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from duplistatus.store.database import Connection, Database, StoreBusy, StoreUnavailable
from duplistatus.store.schema import migrate
from duplistatus.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    Work = Callable[[Connection], Any]

SOON = 10.0
"""Seconds within which a test's writer must have answered."""


def put(key: str, value: str = "") -> Work:
    def work(connection: Connection) -> str:
        connection.raw.execute(f"INSERT INTO setting (key, value) VALUES ('{key}', '{value}')")
        return key

    return work


def fail(_: Connection) -> None:
    raise KeyError("no such job")


def keys(database: Database) -> list[str]:
    with database.read() as connection:
        return [row[0] for row in connection.raw.execute("SELECT key FROM setting ORDER BY key").fetchall()]


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    made = Writer(database)
    made.start()
    yield made
    made.close()


@contextmanager
def held(writer: Writer) -> Iterator[None]:
    """Keeps the writer busy, so that what is submitted meanwhile waits together."""
    begun, go = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        begun.set()
        assert go.wait(SOON)

    future = writer.submit(wait, changes=False)
    assert begun.wait(SOON)
    try:
        yield
    finally:
        go.set()
        future.result(SOON)


def flush(writer: Writer) -> None:
    """Until everything submitted so far is told."""
    writer.submit(lambda _: None, changes=False).result(SOON)


# What is stored, and when it is told


def test_work_gives_its_result_and_is_stored(writer: Writer, database: Database) -> None:
    assert writer.submit(put("a")).result(SOON) == "a"
    assert keys(database) == ["a"]


def test_what_waits_together_is_one_transaction(writer: Writer, database: Database) -> None:
    versions: list[int] = []
    writer.on_commit(versions.append)
    before = writer.version
    with held(writer):
        futures = [writer.submit(put(f"a{number}")) for number in range(20)]
        assert writer.waiting == 20
    assert [future.result(SOON) for future in futures] == [f"a{number}" for number in range(20)]
    assert versions == [before + 1]
    assert writer.version == before + 1
    assert len(keys(database)) == 20


def test_work_is_done_in_the_order_of_its_arrival(writer: Writer) -> None:
    done: list[int] = []

    def note(number: int) -> Work:
        return lambda _: done.append(number)

    with held(writer):
        futures = [writer.submit(note(number)) for number in range(200)]
    for future in futures:
        future.result(SOON)
    assert done == list(range(200))


def test_an_error_stays_with_its_piece_and_nothing_of_it_is_stored(writer: Writer, database: Database) -> None:
    def half(connection: Connection) -> None:
        put("half")(connection)
        fail(connection)

    with held(writer):
        first, broken, last = writer.submit(put("first")), writer.submit(half), writer.submit(put("last"))
    assert first.result(SOON) == "first"
    assert last.result(SOON) == "last"
    with pytest.raises(KeyError, match="no such job"):
        broken.result(SOON)
    assert keys(database) == ["first", "last"]


@pytest.mark.parametrize("statement", ["INSERT INTO setting (key) VALUES ('a')", "SELECT * FROM nowhere", "SELEKT"])
def test_a_statement_that_fails_is_no_trouble_of_the_database(writer: Writer, database: Database, statement: str) -> None:
    """A missing value, a table that is not there, no SQL at all."""
    with held(writer):
        first = writer.submit(put("first"))
        broken = writer.submit(lambda connection: connection.raw.execute(statement))
        last = writer.submit(put("last"))
    first.result(SOON)
    last.result(SOON)
    with pytest.raises(Exception, match=r"(?i)not.null|nowhere|selekt") as caught:
        broken.result(SOON)
    assert not isinstance(caught.value, StoreUnavailable)
    assert keys(database) == ["first", "last"]
    assert writer.failing is None


def test_an_error_that_the_piece_caught_itself_harms_nobody(writer: Writer, database: Database) -> None:
    """PostgreSQL refuses everything after an error until it is rolled back."""

    def careless(connection: Connection) -> str:
        try:
            connection.raw.execute("SELECT * FROM nowhere")
        except Exception:
            return "did not notice"
        return "noticed"

    with held(writer):
        first, middle, last = writer.submit(put("first")), writer.submit(careless), writer.submit(put("last"))
    first.result(SOON)
    last.result(SOON)
    if database.dialect == "sqlite":
        assert middle.result(SOON) == "did not notice"
    else:
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            middle.result(SOON)
    assert keys(database) == ["first", "last"]


def test_a_result_is_told_only_when_others_can_see_what_was_stored(writer: Writer, database: Database) -> None:
    seen: list[list[str]] = []
    with held(writer):
        future = writer.submit(put("a"))
        future.add_done_callback(lambda _: seen.append(keys(database)))
    flush(writer)
    assert seen == [["a"]]


def test_listeners_hear_of_a_commit_before_its_sender(writer: Writer, database: Database) -> None:
    order: list[str] = []
    writer.on_commit(lambda _: order.append(f"listener sees {keys(database)}"))
    with held(writer):
        future = writer.submit(put("a"))
        future.add_done_callback(lambda _: order.append("sender"))
    flush(writer)
    assert order == ["listener sees ['a']", "sender"]


def test_commits_that_changed_nothing_are_not_announced(writer: Writer) -> None:
    heard: list[int] = []
    writer.on_commit(heard.append)
    before = writer.version
    writer.submit(put("bookkeeping"), changes=False).result(SOON)
    with pytest.raises(KeyError):
        writer.submit(fail).result(SOON)
    assert (heard, writer.version) == ([], before)
    writer.submit(put("a")).result(SOON)
    assert (heard, writer.version) == ([before + 1], before + 1)


def test_a_listener_that_fails_harms_neither_the_others_nor_the_sender(writer: Writer) -> None:
    heard: list[int] = []

    def broken(_: int) -> None:
        raise RuntimeError("a defect")

    writer.on_commit(broken)
    writer.on_commit(heard.append)
    assert writer.submit(put("a")).result(SOON) == "a"
    assert writer.submit(put("b")).result(SOON) == "b"
    assert len(heard) == 2


def test_a_defect_in_the_writer_itself_leaves_nobody_waiting(writer: Writer, database: Database) -> None:
    """Not even what ends other threads ends this one."""

    def leave(_: Connection) -> None:
        raise SystemExit

    with held(writer):
        futures = [writer.submit(put("a")), writer.submit(leave), writer.submit(put("b"))]
    for future in futures:
        with pytest.raises(SystemExit):
            future.result(SOON)
    assert keys(database) == []
    assert writer.submit(put("c")).result(SOON) == "c"


# More than it can do


def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room(database: Database) -> None:
    writer = Writer(database, capacity=3)
    writer.start()
    with held(writer):
        futures = [writer.submit(put(key)) for key in "abc"]
        with pytest.raises(StoreBusy):
            writer.submit(put("d"))
    for future in futures:
        future.result(SOON)
    writer.submit(put("d")).result(SOON)
    writer.close()
    assert keys(database) == ["a", "b", "c", "d"]


def test_work_that_nobody_waits_for_any_more_is_left_out(writer: Writer, database: Database) -> None:
    with held(writer):
        withdrawn, kept = writer.submit(put("withdrawn")), writer.submit(put("kept"))
        assert withdrawn.cancel()
    assert kept.result(SOON) == "kept"
    with pytest.raises(CancelledError):
        withdrawn.result(SOON)
    assert keys(database) == ["kept"]


# Waiting in an event loop


def test_an_event_loop_hears_all_results_of_a_batch(writer: Writer, database: Database) -> None:
    async def many() -> list[Any]:
        return await asyncio.gather(*(writer.write(put(f"a{number:03}")) for number in range(300)))

    assert asyncio.run(many()) == keys(database) == [f"a{number:03}" for number in range(300)]


def test_an_event_loop_gets_the_error_of_its_work(writer: Writer) -> None:
    async def one() -> None:
        with pytest.raises(KeyError):
            await writer.write(fail)

    asyncio.run(one())


def test_an_event_loop_can_withdraw_what_still_waits(writer: Writer, database: Database) -> None:
    async def impatient() -> None:
        with held(writer):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(writer.write(put("withdrawn")), 0.01)
            await asyncio.sleep(0)
        await writer.write(put("kept"))

    asyncio.run(impatient())
    assert keys(database) == ["kept"]


def test_an_event_loop_that_has_ended_harms_nobody(writer: Writer, database: Database) -> None:
    loop = asyncio.new_event_loop()
    with held(writer):
        task = loop.create_task(writer.write(put("orphan")))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        also = writer.submit(put("also"))
    assert also.result(SOON) == "also"
    assert "also" in keys(database)
    assert writer.submit(put("later")).result(SOON) == "later"
    # A task that never ends is reported when it is collected; here it is meant.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    del task
    gc.collect()


# Stopping


def test_close_stores_what_waits(database: Database) -> None:
    writer = Writer(database)
    writer.start()
    futures: list[Future[Any]] = []
    with held(writer):
        futures += [writer.submit(put(f"a{number:03}")) for number in range(200)]
        closing = threading.Thread(target=writer.close)
        closing.start()
    closing.join(SOON)
    assert all(future.done() for future in futures)
    assert len(keys(database)) == 200


def test_nothing_is_taken_after_close(writer: Writer) -> None:
    writer.close()
    with pytest.raises(StoreUnavailable, match="stopping"):
        writer.submit(put("late"))


def test_close_waits_no_longer_than_asked_and_refuses_what_it_could_not_store(database: Database) -> None:
    writer = Writer(database)
    writer.start()
    with held(writer):
        future = writer.submit(put("a"))
        writer.close(timeout=0.01)
        with pytest.raises(StoreUnavailable, match="stopping"):
            future.result(SOON)
    assert keys(database) == []


# Trouble with the database


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
