"""The single writer: what waits together commits together, an error stays with its piece, and nobody hears of a result before its
commit."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from duplistatus.store.database import Connection, Database, StoreBusy, StoreUnavailable
from duplistatus.store.writer import Writer
from tests.store.writing import SOON, fail, flush, held, keys, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    Work = Callable[[Connection], Any]


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    made = Writer(database)
    made.start()
    yield made
    made.close()


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
