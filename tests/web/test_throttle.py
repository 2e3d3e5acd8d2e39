"""How many reports an address may send."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import MINUTE, SECOND, Instant, SetClock
from duplistatus.web.throttle import MOST_SENDERS, REFUSED_A_MINUTE, UploadThrottle

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = Instant(1_783_684_800_000)
ADDRESS = "192.0.2.1"


def fill(hit: Callable[[str], int | None], times: int, address: str = ADDRESS) -> None:
    for _ in range(times):
        assert hit(address) is None


def test_the_report_that_is_one_too_many_must_wait_for_the_rest_of_the_minute(clock: SetClock) -> None:
    throttle = UploadThrottle(3, clock)
    fill(throttle.report, 1)
    clock.advance(20 * SECOND + 1)
    fill(throttle.report, 2)
    assert throttle.report(ADDRESS) == 40
    clock.advance(39 * SECOND + 998)
    assert throttle.report(ADDRESS) == 1
    clock.advance(1)
    fill(throttle.report, 3)
    assert throttle.report(ADDRESS) == 60


def test_waiting_reports_do_not_prolong_the_wait(clock: SetClock) -> None:
    throttle = UploadThrottle(1, clock)
    fill(throttle.report, 1)
    for _ in range(59):
        clock.advance(SECOND)
        assert throttle.report(ADDRESS) is not None
    clock.advance(SECOND)
    fill(throttle.report, 1)


def test_addresses_are_counted_apart(clock: SetClock) -> None:
    throttle = UploadThrottle(1, clock)
    fill(throttle.report, 1)
    fill(throttle.report, 1, "192.0.2.2")
    assert throttle.report(ADDRESS) is not None


def test_an_ipv6_network_is_one_sender(clock: SetClock) -> None:
    """Each of its machines has any number of addresses."""
    throttle = UploadThrottle(2, clock)
    fill(throttle.report, 1, "2001:db8::1")
    fill(throttle.report, 1, "2001:db8::ffff:2")
    assert throttle.report("2001:db8::3") is not None
    fill(throttle.report, 1, "2001:db8:0:1::1")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_not_limited(clock: SetClock, address: str) -> None:
    throttle = UploadThrottle(1, clock)
    fill(throttle.report, 100, address)
    fill(throttle.refused, 100, address)


def test_no_rate_means_no_limit_of_either_kind(clock: SetClock) -> None:
    throttle = UploadThrottle(0, clock)
    fill(throttle.report, 1_000)
    fill(throttle.refused, 1_000)


def test_refused_documents_have_a_limit_of_their_own(clock: SetClock) -> None:
    throttle = UploadThrottle(100, clock)
    fill(throttle.refused, REFUSED_A_MINUTE)
    assert throttle.refused(ADDRESS) == 60
    fill(throttle.report, 100)


def test_what_is_no_address_is_counted_too(clock: SetClock) -> None:
    throttle = UploadThrottle(1, clock)
    fill(throttle.report, 1, "")
    assert throttle.report("") is not None


def test_a_clock_that_goes_back_locks_nobody_out(clock: SetClock) -> None:
    throttle = UploadThrottle(1, clock)
    fill(throttle.report, 1)
    clock.advance(-10 * MINUTE)
    fill(throttle.report, 1)


def test_senders_are_forgotten(clock: SetClock) -> None:
    throttle = UploadThrottle(5, clock)
    for number in range(1_000):
        throttle.report(f"198.51.{number // 250}.{number % 250}")
    clock.advance(MINUTE)
    throttle.report(ADDRESS)
    assert len(throttle._reports._counts) == 1


def test_a_flood_of_addresses_fills_no_memory_and_lets_nobody_go_on_who_asked_lately(clock: SetClock) -> None:
    throttle = UploadThrottle(1, clock)
    fill(throttle.report, 1, "192.0.2.99")
    for number in range(MOST_SENDERS + 500):
        throttle.report(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
        if number == MOST_SENDERS // 2:
            fill(throttle.report, 1, ADDRESS)
    assert len(throttle._reports._counts) == MOST_SENDERS
    assert throttle.report(ADDRESS) is not None
    # Its minute began before all others: it was forgotten first.
    fill(throttle.report, 1, "192.0.2.99")


def ask(rate: int, moments: list[int]) -> int | None:
    """What the report at the last of these moments is told."""
    clock = SetClock(NOON)
    throttle = UploadThrottle(rate, clock)
    told = None
    for moment in moments:
        clock.at = Instant(moment)
        told = throttle.report(ADDRESS)
    return told


@given(st.lists(st.integers(0, 20 * SECOND), min_size=1, max_size=60), st.integers(1, 5))
def test_who_waits_as_long_as_told_comes_through_and_not_a_second_before(pauses: list[int], rate: int) -> None:
    moments = list(accumulate(pauses, initial=NOON))
    wait = ask(rate, moments)
    if wait is None:
        return
    assert 1 <= wait <= 60
    assert ask(rate, [*moments, moments[-1] + wait * SECOND]) is None
    assert wait == 1 or ask(rate, [*moments, moments[-1] + (wait - 1) * SECOND]) is not None
