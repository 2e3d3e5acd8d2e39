"""Guessing is stopped: by account and by address, in a row and all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, SetClock
from duplistatus.security import lockout
from duplistatus.security.lockout import Guesser, Stop, Stopped, known_browser, lock_length, oneself, stranger
from duplistatus.store.ids import UserId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

ADDRESS = "192.0.2.1"


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.read() as opened:
        yield opened


def guess(connection: Connection, clock: SetClock, name: str = "admin", address: str = ADDRESS) -> Stopped | None:
    """One wrong password, as far as it gets."""
    guesser = stranger(name, address)
    return lockout.begin(connection, guesser, clock.now()) or lockout.failed(connection, guesser, clock.now())


def guess_until_locked(connection: Connection, clock: SetClock, name: str = "admin") -> Instant:
    stopped = None
    while stopped is None:
        stopped = guess(connection, clock, name, address=f"198.51.100.{clock.now() % 250}")
        clock.advance(1)
    return stopped.until


@pytest.mark.parametrize("name", ["admin", "nobody of this name", "x" * 5000])
def test_the_fifth_wrong_password_locks_a_name_for_a_quarter_of_an_hour_whether_it_exists_or_not(
    connection: Connection, clock: SetClock, name: str
) -> None:
    assert [guess(connection, clock, name) for _ in range(4)] == [None] * 4
    lock = Stopped(Stop.ACCOUNT, Instant(clock.now() + 15 * MINUTE))
    assert guess(connection, clock, name) == lock
    assert lockout.begin(connection, stranger(name, "203.0.113.9"), clock.now()) == lock, "from elsewhere too"


def test_upper_and_lower_case_are_one_name(connection: Connection, clock: SetClock) -> None:
    for name in ("admin", "Admin", "ADMIN", " admin ", "aDMIN"):
        guess(connection, clock, name)
    assert lockout.begin(connection, stranger("admin", ADDRESS), clock.now()) is not None


def test_another_name_is_not_locked(connection: Connection, clock: SetClock) -> None:
    guess_until_locked(connection, clock)
    assert lockout.begin(connection, stranger("viewer", ADDRESS), clock.now()) is None


def test_a_lock_ends_and_each_further_one_lasts_twice_as_long_up_to_a_day(connection: Connection, clock: SetClock) -> None:
    lengths = []
    for _ in range(9):
        until = guess_until_locked(connection, clock)
        lengths.append(round((until - clock.now()) / MINUTE))
        clock.at = until
    assert lengths == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_a_lock_that_is_over_gives_five_new_tries(connection: Connection, clock: SetClock) -> None:
    clock.at = guess_until_locked(connection, clock)
    assert [guess(connection, clock) for _ in range(4)] == [None] * 4
    assert guess(connection, clock) is not None


def test_the_right_password_forgets_the_wrong_ones(connection: Connection, clock: SetClock) -> None:
    for _ in range(4):
        guess(connection, clock)
    assert lockout.begin(connection, stranger("admin", ADDRESS), clock.now()) is None
    lockout.succeeded(connection, stranger("admin", ADDRESS))
    assert [guess(connection, clock) for _ in range(4)] == [None] * 4


def test_a_quiet_day_forgets_wrong_passwords_and_locks(connection: Connection, clock: SetClock) -> None:
    guess_until_locked(connection, clock)
    clock.at = Instant(guess_until_locked_again(connection, clock) + DAY)
    assert guess_until_locked(connection, clock) - clock.now() == pytest.approx(15 * MINUTE, abs=10)


def guess_until_locked_again(connection: Connection, clock: SetClock) -> Instant:
    clock.advance(HOUR)
    return guess_until_locked(connection, clock)


def test_attempts_at_once_get_no_more_tries_than_one_after_the_other(connection: Connection, clock: SetClock) -> None:
    begun = [lockout.begin(connection, stranger("admin", ADDRESS), clock.now()) for _ in range(20)]
    assert begun.count(None) == 5


def test_attempts_that_were_never_finished_lock_for_a_while_only(connection: Connection, clock: SetClock) -> None:
    for _ in range(6):
        lockout.begin(connection, stranger("admin", ADDRESS), clock.now())
    clock.advance(15 * MINUTE)
    assert lockout.begin(connection, stranger("admin", ADDRESS), clock.now()) is None


def test_thirty_wrong_passwords_stop_an_address_for_the_rest_of_the_quarter_hour(connection: Connection, clock: SetClock) -> None:
    begin = clock.now()
    for number in range(30):
        assert guess(connection, clock, f"name {number}") is None
        clock.advance(1)
    assert guess(connection, clock, "one more") == Stopped(Stop.ADDRESS, Instant(begin + 15 * MINUTE))
    assert guess(connection, clock, "one more", "192.0.2.2") is None
    clock.at = Instant(begin + 15 * MINUTE)
    assert guess(connection, clock, "one more") is None


def test_right_passwords_do_not_count_against_an_address(connection: Connection, clock: SetClock) -> None:
    for _ in range(100):
        assert lockout.begin(connection, stranger("admin", ADDRESS), clock.now()) is None
        lockout.succeeded(connection, stranger("admin", ADDRESS))


def test_addresses_of_one_ipv6_network_count_together(connection: Connection, clock: SetClock) -> None:
    for number in range(30):
        guess(connection, clock, f"name {number}", f"2001:db8:0:1::{number:x}")
    assert guess(connection, clock, "one more", "2001:db8:0:1:ffff::1") is not None
    assert guess(connection, clock, "one more", "2001:db8:0:2::1") is None


@pytest.mark.parametrize("guesser", [known_browser("some browser"), oneself(UserId("some user"))])
def test_a_known_browser_and_a_user_who_is_signed_in_are_counted_apart_from_strangers(
    connection: Connection, clock: SetClock, guesser: Guesser
) -> None:
    guess_until_locked(connection, clock)
    for number in range(30):
        guess(connection, clock, f"name {number}")
    assert lockout.begin(connection, stranger("admin", ADDRESS), clock.now()) is not None
    begun = [lockout.begin(connection, guesser, clock.now()) for _ in range(6)]
    assert begun.count(None) == 5
    assert begun[-1] == Stopped(Stop.ACCOUNT, Instant(clock.now() + 15 * MINUTE))


def test_what_a_known_browser_does_counts_for_no_stranger(connection: Connection, clock: SetClock) -> None:
    owner = known_browser("some browser")
    for _ in range(40):
        lockout.begin(connection, owner, clock.now())
        lockout.failed(connection, owner, clock.now())
    for _ in range(4):
        assert guess(connection, clock) is None
    lockout.succeeded(connection, owner)
    assert guess(connection, clock) is not None, "the fifth wrong one, whatever the owner did"


def test_old_counts_are_cleared_away(connection: Connection, clock: SetClock) -> None:
    for number in range(10):
        guess(connection, clock, f"name {number}", f"192.0.2.{number}")
    clock.advance(2 * DAY)
    guess(connection, clock, "fresh", "198.51.100.1")
    subjects = {row[0] for row in connection.raw.execute("SELECT subject FROM login_failure").fetchall()}
    assert subjects == {"user:fresh", "address:198.51.100.1"}


@given(st.integers(0, 10**6))
def test_a_lock_is_between_a_quarter_of_an_hour_and_a_day(locks: int) -> None:
    assert 15 * MINUTE <= lock_length(locks) <= DAY
