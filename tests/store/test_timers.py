"""How the newest try of each server went, and when it is collected by time next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.store import links, timers
from duplistatus.store.ids import ServerId
from duplistatus.store.timers import Tried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection, Database
    from duplistatus.store.links import Link

STUCK = frozenset({"password", "no_password"})


def middle() -> float:
    """Neither sooner nor later."""
    return 0.5


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    made = database.connect()
    made.raw.execute("INSERT INTO server (key, name, has_machine_id, created_at) VALUES ('id-alpha', 'alpha', 1, 0)")
    links.set_url(made, server(made), "https://alpha:8200")
    yield made
    made.close()


@pytest.fixture
def now(clock: SetClock) -> Instant:
    return clock.now()


def server(connection: Connection) -> ServerId:
    return ServerId(connection.raw.execute("SELECT id FROM server").fetchone()[0])


def link(connection: Connection) -> Link:
    found = links.link(connection, server(connection))
    assert found is not None
    return found


def set_timer(connection: Connection, minutes: int | None, now: Instant) -> None:
    timers.set_timer(connection, server(connection), minutes, now, middle)


def try_it(connection: Connection, went: Tried, now: Instant) -> Link:
    timers.tried(connection, server(connection), went, now, middle)
    return link(connection)


def test_a_timer_begins_soon_and_ends_at_once(connection: Connection, now: Instant) -> None:
    set_timer(connection, 60, now)
    assert (link(connection).timer, link(connection).next_at) == (60, now + 7.5 * MINUTE)
    set_timer(connection, None, now)
    assert (link(connection).timer, link(connection).next_at) == (None, None)


def test_what_a_try_brought_is_kept(connection: Connection, now: Instant) -> None:
    set_timer(connection, 60, now)
    seen = try_it(connection, Tried(found=3, known=20, errors=1), now)
    assert (seen.tried_at, seen.collected_at, seen.trouble, seen.failures) == (now, now, "", 0)
    assert (seen.found, seen.known, seen.errors, seen.next_at) == (3, 20, 1, now + HOUR)


def test_tries_in_vain_add_up_and_a_good_one_ends_them(connection: Connection, now: Instant) -> None:
    set_timer(connection, 60, now)
    in_vain = Tried("refused", {"place": "alpha:8200"})
    tries = [try_it(connection, in_vain, now) for _ in range(3)]
    assert [(each.failures, each.next_at) for each in tries] == [(1, now + 5 * MINUTE), (2, now + 10 * MINUTE), (3, now + 20 * MINUTE)]
    seen = tries[-1]
    assert seen.collected_at is None
    assert (seen.trouble, seen.trouble_facts) == ("refused", {"place": "alpha:8200"})
    seen = try_it(connection, Tried(), now)
    assert (seen.failures, seen.trouble, seen.trouble_facts, seen.next_at) == (0, "", {}, now + HOUR)


def test_a_try_by_hand_plans_nothing_without_a_timer(connection: Connection, now: Instant) -> None:
    assert try_it(connection, Tried(), now).next_at is None
    assert try_it(connection, Tried("dns"), now).next_at is None


def test_a_password_that_is_missing_is_not_asked_for_again_and_again(connection: Connection, now: Instant) -> None:
    set_timer(connection, 15, now)
    assert try_it(connection, Tried("no_password", stuck=True), now).next_at is None
    assert timers.plan(connection, Instant(now + DAY), middle, STUCK) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda connection: links.set_secret(connection, server(connection), "sealed"),
        lambda connection: links.agree(connection, server(connection), "ab" * 32),
        lambda connection: links.set_url(connection, server(connection), "http://alpha:8200"),
    ],
    ids=["password", "certificate", "address"],
)
def test_it_is_tried_again_once_something_has_changed(connection: Connection, now: Instant, change: Callable[[Connection], None]) -> None:
    set_timer(connection, 15, now)
    try_it(connection, Tried("no_password", stuck=True), now)
    change(connection)
    assert (link(connection).trouble, link(connection).failures) == ("", 0)
    assert timers.plan(connection, now, middle, STUCK) == 1
    assert link(connection).next_at == now + 7.5 * MINUTE


@pytest.mark.parametrize(("timer", "next_in"), [(60, None), (15, 9 * HOUR), (None, HOUR)])
def test_what_is_not_planned_or_for_another_timer_is_planned_anew(
    connection: Connection, now: Instant, timer: int | None, next_in: int | None
) -> None:
    at = "NULL" if next_in is None else str(now + next_in)
    connection.raw.execute(f"UPDATE server_link SET timer = {'NULL' if timer is None else timer}, next_at = {at}")
    assert timers.plan(connection, now, middle, STUCK) == 1
    expected = None if timer is None else now + 7.5 * MINUTE
    assert link(connection).next_at == expected
    assert timers.plan(connection, now, middle, STUCK) == 0


def test_what_is_due_stays_due(connection: Connection, now: Instant) -> None:
    connection.raw.execute(f"UPDATE server_link SET timer = 15, next_at = {now - 3 * DAY}")
    assert timers.plan(connection, now, middle, STUCK) == 0
    assert [each.key for each in links.due_links(connection, now)] == ["id-alpha"]
