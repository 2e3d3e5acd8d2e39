"""When tasks run next: after restarts, changed settings, and clocks that jump."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant
from duplistatus.evaluate.task_times import (
    AUDIT_CLEANUP,
    GROUPED_AFTER,
    OVERDUE_CHECK,
    TASKS,
    CatchUp,
    Daily,
    Every,
    after_run,
    catch_up,
    following,
    planned,
    rhythm_of,
)

UTC_ZONE = ZoneInfo("UTC")
NOON = instant(datetime(2026, 7, 10, 12, tzinfo=UTC))
FIVE = Every(5 * MINUTE)
NIGHTLY = Daily(time(2), ZoneInfo("Europe/Oslo"))


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def test_the_check_follows_its_setting_and_the_rest_is_nightly() -> None:
    assert rhythm_of(OVERDUE_CHECK, 5 * MINUTE, UTC_ZONE) == FIVE
    assert rhythm_of(OVERDUE_CHECK, None, UTC_ZONE) is None
    assert rhythm_of(AUDIT_CLEANUP, None, NIGHTLY.zone) == NIGHTLY
    assert all(isinstance(rhythm_of(name, None, UTC_ZONE), Daily) for name in TASKS if name != OVERDUE_CHECK)


def test_a_task_that_never_ran_waits_for_its_first_moment() -> None:
    assert planned(FIVE, None, NOON) == NOON + 5 * MINUTE
    assert planned(NIGHTLY, None, NOON) == at("2026-07-11T02:00+02:00")


def test_a_missed_moment_stays_so_that_it_is_made_up_for() -> None:
    for rhythm in (FIVE, NIGHTLY):
        assert planned(rhythm, Instant(NOON - 3 * DAY), NOON) == NOON - 3 * DAY


def test_a_moment_within_the_interval_stays() -> None:
    assert planned(FIVE, Instant(NOON + MINUTE), NOON) == NOON + MINUTE


def test_a_moment_too_far_ahead_was_planned_by_another_clock_or_interval() -> None:
    assert planned(FIVE, Instant(NOON + DAY), NOON) == NOON + 5 * MINUTE
    assert planned(NIGHTLY, Instant(NOON + 3 * DAY), NOON) == at("2026-07-11T02:00+02:00")


def test_another_zone_moves_the_night() -> None:
    assert planned(Daily(time(2), UTC_ZONE), at("2026-07-11T02:00+02:00"), NOON) == at("2026-07-11T02:00+00:00")


def test_without_a_rhythm_there_is_no_next_run() -> None:
    assert planned(None, Instant(NOON - DAY), NOON) is None
    assert after_run(None, NOON, NOON) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # the night in which the clock leaves out 02:00, and the one in which it comes twice
        ("2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"),
        ("2026-10-24T12:00+02:00", "2026-10-25T02:00+02:00"),
        ("2026-10-25T02:00+02:00", "2026-10-26T02:00+01:00"),
        ("2026-07-10T02:00+02:00", "2026-07-11T02:00+02:00"),
        ("2026-07-10T01:59+02:00", "2026-07-10T02:00+02:00"),
    ],
)
def test_every_night_has_one_run(now: str, expected: str) -> None:
    assert following(NIGHTLY, at(now)) == at(expected)


def test_a_run_that_begins_a_little_late_does_not_shift_the_next() -> None:
    assert after_run(FIVE, NOON, Instant(NOON + 700)) == NOON + 5 * MINUTE


def test_many_missed_moments_are_one_run() -> None:
    assert after_run(FIVE, Instant(NOON - 3 * DAY), NOON) == NOON + 5 * MINUTE
    assert after_run(NIGHTLY, Instant(NOON - 3 * DAY), NOON) == at("2026-07-11T02:00+02:00")


moments = st.integers(0, 4_000_000_000_000).map(Instant)
rhythms = st.one_of(
    st.integers(MINUTE, 2 * HOUR).map(Every),
    st.builds(
        Daily, st.times(), st.sampled_from(["UTC", "Europe/Oslo", "America/St_Johns", "Pacific/Apia", "Africa/Monrovia"]).map(ZoneInfo)
    ),
)


@given(rhythms, st.none() | moments, moments)
def test_whatever_was_stored_the_next_run_is_never_later_than_one_planned_now(
    rhythm: Every | Daily, stored: Instant | None, now: Instant
) -> None:
    found = planned(rhythm, stored, now)
    assert found is not None
    assert found <= following(rhythm, now)
    assert planned(rhythm, found, now) == found


@given(rhythms, st.none() | moments, moments)
def test_after_a_run_the_next_one_lies_ahead(rhythm: Every | Daily, slot: Instant | None, now: Instant) -> None:
    found = after_run(rhythm, slot, now)
    assert found is not None
    assert now < found <= following(rhythm, now)


def test_a_silence_is_told_from_a_slow_second() -> None:
    assert catch_up(None, NOON) is None
    assert catch_up(Instant(NOON - GROUPED_AFTER + 1), NOON) is None
    assert catch_up(Instant(NOON + DAY), NOON) is None
    found = catch_up(Instant(NOON - 3 * DAY), NOON)
    assert found == CatchUp(Instant(NOON - 3 * DAY), NOON)
    assert found.minutes == 3 * 24 * 60
