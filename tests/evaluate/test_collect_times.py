"""When a server is collected by time: at its timer give or take a tenth, more and more rarely while it cannot be reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.evaluate.collect_times import after_failure, after_success, first, is_plausible
from duplistatus.store.links import TIMERS

NOW = Instant(1_783_684_800_000)
chances = st.floats(0, 1)
timers = st.sampled_from(TIMERS)


def pauses(timer: int, most: int) -> list[int]:
    """Milliseconds to the next try after each of the first tries in vain, without jitter."""
    found = [after_failure(timer, failures, NOW, 0.5, stuck=False) for failures in range(1, most + 1)]
    return [each - NOW for each in found if each is not None]


def test_without_a_timer_nothing_is_collected_by_time() -> None:
    assert after_success(None, NOW, 0.5) is None
    assert after_failure(None, 1, NOW, 0.5, stuck=False) is None


@given(timers, chances)
def test_a_collected_server_comes_again_after_its_timer_give_or_take_a_tenth(timer: int, chance: float) -> None:
    at = after_success(timer, NOW, chance)
    assert at is not None
    assert 0.9 * timer * MINUTE - 1 <= at - NOW <= 1.1 * timer * MINUTE + 1


def test_two_servers_of_one_timer_drift_apart() -> None:
    assert after_success(60, NOW, 0.0) != after_success(60, NOW, 1.0)


def test_a_server_out_of_reach_is_tried_more_and_more_rarely() -> None:
    expected = [5, 10, 20, 40, 80, 160, 320, 360, 360]
    assert pauses(15, 9) == [minutes * MINUTE for minutes in expected]


def test_with_a_long_timer_it_is_never_tried_more_rarely_than_that() -> None:
    assert pauses(1440, 12)[-1] == DAY
    assert pauses(720, 12)[-1] == 12 * HOUR


@given(timers, st.integers(1, 10**6), chances)
def test_a_pause_lies_between_some_minutes_and_about_a_day(timer: int, failures: int, chance: float) -> None:
    at = after_failure(timer, failures, NOW, chance, stuck=False)
    assert at is not None
    assert 4.5 * MINUTE - 1 <= at - NOW <= 1.1 * DAY


@pytest.mark.parametrize("failures", [1, 5])
def test_where_a_decision_or_a_password_is_missing_nobody_asks_again_by_time(failures: int) -> None:
    assert after_failure(15, failures, NOW, 0.5, stuck=True) is None


@given(timers, chances)
def test_a_new_timer_begins_soon(timer: int, chance: float) -> None:
    assert NOW <= first(timer, NOW, chance) <= NOW + 15 * MINUTE


@given(timers, st.integers(1, 40), chances)
def test_whatever_is_planned_is_plausible_until_the_clock_or_the_timer_changes(timer: int, failures: int, chance: float) -> None:
    for at in (after_success(timer, NOW, chance), after_failure(timer, failures, NOW, chance, stuck=False), first(timer, NOW, chance)):
        assert at is not None
        assert is_plausible(timer, at, NOW)
    assert not is_plausible(15, Instant(NOW + 9 * HOUR), NOW)
