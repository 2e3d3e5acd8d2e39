"""When somebody who knows that a job is overdue is told again: as often as is set. A clock that jumps holds nothing back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.job_setting import FREQUENCIES
from duplistatus.evaluate.reminders import is_due

NOON = Instant(1_795_262_400_000)
PAUSES = {"every_day": DAY, "every_week": 7 * DAY, "every_month": 30 * DAY}

frequency = st.sampled_from(FREQUENCIES)
moment = st.integers(0, 10**13).map(Instant)


@given(frequency, moment, st.none() | moment)
def test_who_was_not_told_yet_is_told_at_once(often: str, now: Instant, reset: Instant | None) -> None:
    assert is_due(None, often, reset, now)


@pytest.mark.parametrize("often", PAUSES)
def test_who_was_told_is_told_again_when_the_pause_is_over_and_not_before(often: str) -> None:
    pause = PAUSES[often]
    assert not is_due(NOON, often, None, NOON)
    assert not is_due(NOON, often, None, Instant(NOON + pause - 1))
    assert is_due(NOON, often, None, Instant(NOON + pause))


@given(moment, moment)
def test_once_means_never_again(told: Instant, now: Instant) -> None:
    assert not is_due(told, "onetime", None, now)


@pytest.mark.parametrize("often", FREQUENCIES)
def test_reminders_that_begin_anew_are_due_at_once_and_then_as_often_as_is_set(often: str) -> None:
    reset = Instant(NOON + HOUR)
    assert is_due(NOON, often, reset, reset)
    told_since = Instant(reset + 1)
    assert not is_due(told_since, often, reset, Instant(reset + HOUR))


@pytest.mark.parametrize("often", FREQUENCIES)
def test_what_was_told_in_the_moment_of_the_reset_is_told_again(often: str) -> None:
    assert is_due(NOON, often, NOON, NOON)


@pytest.mark.parametrize("often", PAUSES)
def test_a_clock_that_was_set_back_holds_no_reminder_back(often: str) -> None:
    assert is_due(NOON, often, None, Instant(NOON - 1))


@given(st.sampled_from(list(PAUSES)), moment, st.integers(0, 10**12), st.integers(0, 10**12))
def test_what_is_due_stays_due(often: str, told: Instant, over: int, later: int) -> None:
    now = Instant(told + PAUSES[often] + over)
    assert is_due(told, often, None, now)
    assert is_due(told, often, None, Instant(now + later))


def test_every_frequency_that_can_be_set_has_its_pause() -> None:
    assert {often for often in FREQUENCIES if is_due(NOON, often, None, Instant(NOON + 400 * DAY))} == set(PAUSES)
    assert set(FREQUENCIES) == {"onetime", *PAUSES}
