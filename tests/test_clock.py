"""Moments as whole milliseconds, and clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, SetClock, SystemClock, instant, iso, moment, utc_day

MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is added


def test_units_follow_from_each_other() -> None:
    assert (SECOND, MINUTE, HOUR, DAY) == (1_000, 60_000, 3_600_000, 86_400_000)


def test_an_instant_counts_from_1970_in_utc() -> None:
    assert instant(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert instant(datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == 0
    assert instant(datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)) == -1


def test_an_instant_is_rounded_down() -> None:
    assert instant(datetime(2026, 7, 10, 1, 0, 0, 3_999, tzinfo=UTC)) % SECOND == 3
    assert instant(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


def test_a_time_without_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 7, 10))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (1_783_645_200_003, "2026-07-10T01:00:00.003Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_783_645_200_000, "2026-07-10T01:00:00.000Z"),
    ],
)
def test_times_of_the_api_are_utc_with_milliseconds(at: int, text: str) -> None:
    assert iso(Instant(at)) == text


@given(MOMENTS)
def test_a_moment_survives_to_the_millisecond(value: datetime) -> None:
    at = instant(value)
    assert timedelta() <= value - moment(at) < timedelta(milliseconds=1)
    assert instant(moment(at)) == at
    assert datetime.fromisoformat(iso(at)) == moment(at)


@given(MOMENTS)
def test_days_change_at_midnight_utc(value: datetime) -> None:
    assert utc_day(instant(value)) == (value.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def test_the_clock_of_the_machine_tells_its_time() -> None:
    before = time.time()
    now = SystemClock().now()
    after = time.time()
    assert int(before * 1_000) <= now <= int(after * 1_000) + 1


def test_a_set_clock_stands_still_until_it_is_moved() -> None:
    clock = SetClock(Instant(5))
    assert clock.now() == clock.now() == 5
    clock.advance(MINUTE)
    assert clock.now() == MINUTE + 5
