"""When tasks run next: after restarts, changed settings, and clocks that jump."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, moment
from duplistatus.evaluate.task_times import (
    AUDIT_CLEANUP,
    DAILY_SUMMARY,
    DUPLICATI_RELEASES,
    GROUPED_AFTER,
    OVERDUE_CHECK,
    SERVER_COLLECTION,
    SUMMARY_TASKS,
    TASKS,
    WEEKLY_SUMMARY,
    Calendar,
    CatchUp,
    Daily,
    Every,
    Monthly,
    TimesOfDay,
    Weekly,
    after_run,
    catch_up,
    following,
    planned,
    preceding,
    rhythm_of,
)

UTC_ZONE = ZoneInfo("UTC")
NOON = instant(datetime(2026, 7, 10, 12, tzinfo=UTC))
FIVE = Every(5 * MINUTE)
MONDAYS = Weekly(time(8), UTC_ZONE, 1)
SCORESBYSUND = ZoneInfo("America/Scoresbysund")
NIGHTLY = Daily(time(2), ZoneInfo("Europe/Oslo"))


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def test_the_check_follows_its_setting_and_the_rest_is_nightly() -> None:
    assert rhythm_of(OVERDUE_CHECK, 5 * MINUTE, UTC_ZONE, {}) == FIVE
    assert rhythm_of(OVERDUE_CHECK, None, UTC_ZONE, {}) is None
    assert rhythm_of(AUDIT_CLEANUP, None, NIGHTLY.zone, {}) == NIGHTLY
    nightly = [name for name in TASKS if name != OVERDUE_CHECK and name not in {*SUMMARY_TASKS, DUPLICATI_RELEASES, SERVER_COLLECTION}]
    assert all(isinstance(rhythm_of(name, None, UTC_ZONE, {}), Daily) for name in nightly)
    assert rhythm_of(SERVER_COLLECTION, FIVE.interval, UTC_ZONE, {}) is None
    assert rhythm_of(SERVER_COLLECTION, None, UTC_ZONE, {SERVER_COLLECTION: FIVE}) == FIVE


def test_a_summary_follows_its_setting() -> None:
    assert rhythm_of(WEEKLY_SUMMARY, None, UTC_ZONE, {WEEKLY_SUMMARY: MONDAYS}) == MONDAYS
    assert rhythm_of(DAILY_SUMMARY, None, UTC_ZONE, {WEEKLY_SUMMARY: MONDAYS}) is None


def test_the_list_of_releases_follows_its_setting() -> None:
    often = TimesOfDay(time(20, 15), UTC_ZONE, 12)
    assert rhythm_of(DUPLICATI_RELEASES, None, UTC_ZONE, {DUPLICATI_RELEASES: often}) == often
    assert rhythm_of(DUPLICATI_RELEASES, None, UTC_ZONE, {}) is None


@pytest.mark.parametrize(
    ("rhythm", "now", "before", "after"),
    [
        # Friday the 10th of July 2026
        (Weekly(time(8), ZoneInfo("Europe/Oslo"), 1), "2026-07-10T12:00+00:00", "2026-07-06T08:00+02:00", "2026-07-13T08:00+02:00"),
        (Weekly(time(8), ZoneInfo("Europe/Oslo"), 5), "2026-07-10T06:00+00:00", "2026-07-10T08:00+02:00", "2026-07-17T08:00+02:00"),
        (Weekly(time(8), ZoneInfo("Europe/Oslo"), 0), "2026-10-25T12:00+01:00", "2026-10-25T08:00+01:00", "2026-11-01T08:00+01:00"),
        (Monthly(time(8), UTC_ZONE, 28), "2026-02-28T07:59+00:00", "2026-01-28T08:00+00:00", "2026-02-28T08:00+00:00"),
        (Monthly(time(8), UTC_ZONE, 0), "2026-02-28T08:00+00:00", "2026-02-28T08:00+00:00", "2026-03-31T08:00+00:00"),
        (Monthly(time(8), UTC_ZONE, 0), "2028-02-29T07:00+00:00", "2028-01-31T08:00+00:00", "2028-02-29T08:00+00:00"),
        (TimesOfDay(time(20, 15), UTC_ZONE, 12), "2026-07-10T12:00+00:00", "2026-07-10T08:15+00:00", "2026-07-10T20:15+00:00"),
        (TimesOfDay(time(2, 45), UTC_ZONE, 6), "2026-07-10T20:45+00:00", "2026-07-10T20:45+00:00", "2026-07-11T02:45+00:00"),
        (TimesOfDay(time(5, 40), UTC_ZONE, 24), "2026-07-10T12:00+00:00", "2026-07-10T05:40+00:00", "2026-07-11T05:40+00:00"),
        # the clock leaves 02:15 out, so that it is 03:15; six hours by the clock go on from there
        (TimesOfDay(time(2, 15), ZoneInfo("Europe/Oslo"), 6), "2026-03-29T00:00+01:00", "2026-03-28T20:15+01:00", "2026-03-29T03:15+02:00"),
        # the clock leaves 23:45 out, so that the moment lies on the day after
        (Daily(time(23, 45), SCORESBYSUND), "2026-03-29T00:30-01:00", "2026-03-27T23:45-02:00", "2026-03-29T00:45-01:00"),
    ],
)
def test_a_week_and_a_month_have_one_moment(rhythm: Calendar, now: str, before: str, after: str) -> None:
    assert preceding(rhythm, at(now)) == at(before)
    assert following(rhythm, at(now)) == at(after)


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
zones = st.sampled_from(["UTC", "Europe/Oslo", "America/St_Johns", "Pacific/Apia", "Africa/Monrovia", "America/Scoresbysund"]).map(ZoneInfo)
minutes = st.times().map(lambda each: each.replace(second=0, microsecond=0))
calendars = st.one_of(
    st.builds(Daily, minutes, zones),
    st.builds(Weekly, minutes, zones, st.integers(0, 6)),
    st.builds(Monthly, minutes, zones, st.integers(0, 28)),
)
rhythms = st.one_of(st.integers(MINUTE, 2 * HOUR).map(Every), calendars)


@given(calendars, moments)
def test_moments_follow_each_other_and_each_is_found_once(rhythm: Calendar, now: Instant) -> None:
    before, after = preceding(rhythm, now), following(rhythm, now)
    assert before <= now < after
    assert following(rhythm, before) == after
    assert preceding(rhythm, after) == after
    assert preceding(rhythm, Instant(after - 1)) == before
    longest = {Daily: 1, Weekly: 7, Monthly: 31}[type(rhythm)]
    # A zone can leave out a whole day, or have one twice.
    assert 0 < after - before <= longest * DAY + DAY


@given(calendars, moments)
def test_a_moment_is_at_its_time_of_day_unless_the_clock_leaves_that_out(rhythm: Calendar, now: Instant) -> None:
    found = moment(following(rhythm, now)).astimezone(rhythm.zone)
    if found.time() == rhythm.at:
        assert rhythm.falls_on(found.date())
        assert found.fold == 0
    else:
        wanted = datetime.combine(found.date(), rhythm.at, rhythm.zone)
        skipped = [wanted, wanted - timedelta(days=1)]
        assert any(each.astimezone(UTC).astimezone(rhythm.zone).replace(tzinfo=None) != each.replace(tzinfo=None) for each in skipped)


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
