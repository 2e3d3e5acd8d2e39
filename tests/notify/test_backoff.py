from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant
from duplistatus.notify.backoff import LONGEST, MOST_TRIES, PAUSES, channel_pause, next_try

NOW = Instant(1_800_000_000_000)


def test_a_message_is_tried_eight_times_within_a_good_half_day() -> None:
    at, tries, moments = NOW, 0, []
    while (following := next_try(tries, NOW, at, None, 0.5)) is not None:
        moments.append(following - at)
        at, tries = following, tries + 1
    assert moments == [15 * SECOND, MINUTE, 4 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR]
    assert tries + 1 == MOST_TRIES == 8
    assert 12 * HOUR < at - NOW < 13 * HOUR


def test_what_is_asked_for_is_waited_for_where_it_is_longer() -> None:
    assert next_try(0, NOW, NOW, 90, 0.5) == NOW + 90 * SECOND
    assert next_try(0, NOW, NOW, 3, 0.5) == NOW + 15 * SECOND
    assert channel_pause(1, 90, 0.5) == 90 * SECOND


def test_no_other_side_asks_for_days() -> None:
    assert next_try(0, NOW, NOW, 1e9, 0.5) == NOW + 12 * HOUR


@pytest.mark.parametrize("asked", [0.0, -5.0, math.nan])
def test_what_makes_no_sense_is_not_waited_for(asked: float) -> None:
    assert next_try(0, NOW, NOW, asked, 0.5) == NOW + 15 * SECOND


def test_no_try_lies_beyond_two_days_after_the_message() -> None:
    assert next_try(5, Instant(NOW - 2 * DAY + 4 * HOUR), NOW, None, 0.5) == NOW + 3 * HOUR
    assert next_try(6, Instant(NOW - 2 * DAY + 4 * HOUR), NOW, None, 0.5) is None


def test_a_channel_is_asked_again_after_a_quarter_of_an_hour_at_most() -> None:
    assert [channel_pause(failures, None, 0.5) for failures in (1, 2, 3, 4, 5, 60)] == [
        15 * SECOND,
        MINUTE,
        4 * MINUTE,
        15 * MINUTE,
        15 * MINUTE,
        15 * MINUTE,
    ]


@given(
    tries=st.integers(0, 20),
    age=st.integers(0, 3 * DAY),
    asked=st.none() | st.floats(allow_nan=True, allow_infinity=True),
    chance=st.floats(0, 1),
)
def test_every_pause_is_near_its_length_whatever_is_asked(tries: int, age: int, asked: float | None, chance: float) -> None:
    found = next_try(tries, Instant(NOW - age), NOW, asked, chance)
    if tries + 1 >= MOST_TRIES:
        assert found is None
    elif found is not None:
        assert found - NOW >= 0.79 * PAUSES[tries]
        assert found - (NOW - age) <= LONGEST
        if asked is None:
            assert found - NOW <= 1.21 * PAUSES[tries]
