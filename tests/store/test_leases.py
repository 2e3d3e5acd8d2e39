"""One of several processes has the lease; another follows it when it is silent, and at once when it has given it back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, MINUTE, SECOND, Instant, SetClock
from duplistatus.store import leases
from duplistatus.store.leases import SCHEDULER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

LENGTH = 30 * SECOND


@pytest.fixture
def now(clock: SetClock) -> Instant:
    return clock.now()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    made = database.connect()
    yield made
    made.close()


def take(connection: Connection, me: str, now: int, *, force: bool = False) -> bool:
    return leases.take(connection, SCHEDULER, me, Instant(now), LENGTH, force=force)


def test_the_first_gets_it_and_the_second_does_not(connection: Connection, now: Instant) -> None:
    assert not leases.find(connection, SCHEDULER).is_held(now)
    assert take(connection, "one", now)
    assert not take(connection, "two", now + SECOND)
    found = leases.find(connection, SCHEDULER)
    assert (found.holder, found.since, found.until) == ("one", now, now + LENGTH)
    assert leases.hold(connection, SCHEDULER, "one")
    assert not leases.hold(connection, SCHEDULER, "two")


def test_renewing_keeps_since_when(connection: Connection, now: Instant) -> None:
    take(connection, "one", now)
    assert take(connection, "one", now + 10 * SECOND)
    found = leases.find(connection, SCHEDULER)
    assert (found.since, found.renewed_at, found.until) == (now, now + 10 * SECOND, now + 10 * SECOND + LENGTH)


def test_another_follows_one_that_is_silent(connection: Connection, now: Instant) -> None:
    take(connection, "one", now)
    assert not take(connection, "two", now + LENGTH - 1)
    assert take(connection, "two", now + LENGTH)
    assert leases.find(connection, SCHEDULER).since == now + LENGTH
    assert not leases.hold(connection, SCHEDULER, "one")
    assert not take(connection, "one", now + LENGTH + 1)


def test_another_follows_one_that_gave_it_back_at_once(connection: Connection, now: Instant) -> None:
    take(connection, "one", now)
    leases.release(connection, SCHEDULER, "two", now)
    assert not take(connection, "two", now + 1)
    leases.release(connection, SCHEDULER, "one", Instant(now + 2))
    found = leases.find(connection, SCHEDULER)
    assert (found.is_held(Instant(now + 2)), found.renewed_at) == (False, now + 2)
    assert take(connection, "two", now + 3)


def test_a_lease_that_was_taken_before_the_clock_was_set_back_does_not_count(connection: Connection, now: Instant) -> None:
    take(connection, "one", now + DAY)
    assert leases.is_free(leases.find(connection, SCHEDULER), now, LENGTH)
    assert take(connection, "two", now)


def test_clocks_of_two_machines_may_differ_by_minutes(connection: Connection, now: Instant) -> None:
    take(connection, "one", now + 5 * MINUTE)
    assert not leases.is_free(leases.find(connection, SCHEDULER), now, LENGTH)
    assert not take(connection, "two", now)


def test_who_is_alone_need_not_wait(connection: Connection, now: Instant) -> None:
    take(connection, "one", now)
    assert take(connection, "two", now + 1, force=True)


def test_of_many_who_try_at_once_one_gets_it(database: Database, now: Instant) -> None:
    got: list[str] = []
    ready = threading.Barrier(6)

    def attempt(name: str) -> None:
        made = database.connect()
        try:
            ready.wait(10)
            if take(made, name, now):
                got.append(name)
        finally:
            made.close()

    threads = [threading.Thread(target=attempt, args=(f"process {number}",)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(got) == 1
