"""The rhythm of a job that tells of no schedule."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, iso, moment
from duplistatus.evaluate.cadence import learn

LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def local_runs(first: datetime, days: set[int], count: int, spread: int = 5) -> list[Instant]:
    """Runs at the local time of `first`, in its zone, on weekdays (0 is Sunday), each begun up to `spread` minutes late."""
    late, day = random.Random(7), first
    found: list[Instant] = []
    while len(found) < count:
        if day.isoweekday() % 7 in days:
            found.append(Instant(instant(day) + late.randrange(spread * MINUTE)))
        day += timedelta(days=1)
    return found


def test_a_job_of_weekdays_is_not_expected_on_saturday() -> None:
    runs = local_runs(datetime(2026, 7, 6, 20, 0, tzinfo=LOS_ANGELES), {1, 2, 3, 4, 5}, 10)
    found = learn(runs, LOS_ANGELES)
    assert found is not None
    assert (found.days, found.confidence) == (frozenset({1, 2, 3, 4, 5}), 1.0)
    # The last run was on Friday the 17th; in UTC all of this is a day later.
    assert iso(found.next_after(runs[-1])).startswith("2026-07-21T03:0")


def test_a_time_of_day_stays_over_a_change_of_the_clock() -> None:
    runs = local_runs(datetime(2026, 2, 26, 20, 0, tzinfo=LOS_ANGELES), set(range(7)), 10)
    found = learn(runs, LOS_ANGELES)
    assert found is not None
    # The clock is set forward on 8 March; the last run was on the 7th.
    assert iso(found.next_after(runs[-1])).startswith("2026-03-09T03:0")


def test_runs_around_midnight_are_one_time_of_day() -> None:
    start = datetime(2026, 7, 6, 23, 58, tzinfo=UTC)
    runs = [instant(start + timedelta(days=day, minutes=day % 5)) for day in range(12)]
    found = learn(runs)
    assert found is not None
    assert found.confidence == 1.0
    assert abs(found.next_after(runs[-1]) - runs[-1] - DAY) < 10 * MINUTE


def test_the_usual_time_of_runs_around_midnight_is_midnight() -> None:
    start = datetime(2026, 7, 6, 0, 0, tzinfo=UTC)
    runs = [instant(start + timedelta(days=day, minutes=(-24, -12, 0, 12, 24)[day % 5])) for day in range(15)]
    found = learn(runs)
    assert found is not None
    assert found.time_of_day == 0


@pytest.mark.parametrize("days", [{1}, {1, 4}, {0, 6}])
def test_a_job_of_some_weekdays_is_expected_on_those(days: set[int]) -> None:
    runs = local_runs(datetime(2026, 7, 6, 3, 0, tzinfo=UTC), days, 12)
    found = learn(runs[:-1])
    assert found is not None
    assert abs(found.next_after(runs[-2]) - runs[-1]) <= 10 * MINUTE


@pytest.mark.parametrize(("interval", "count"), [(HOUR, 24 * 8), (6 * HOUR, 30), (10 * DAY, 9), (30 * DAY, 9)])
def test_an_equal_distance_is_learned(interval: int, count: int) -> None:
    start = instant(datetime(2026, 1, 1, tzinfo=UTC))
    runs = [Instant(start + number * interval) for number in range(count)]
    found = learn(runs)
    assert found is not None
    assert found.usual_after(runs[-1]) == runs[-1] + interval
    assert found.next_after(runs[-1]) == runs[-1] + interval + 5 * MINUTE


def test_a_job_of_hours_is_learned_when_a_week_has_shown_its_days() -> None:
    hours = [moment(Instant(instant(datetime(2026, 7, 6, tzinfo=UTC)) + number * 2 * HOUR)) for number in range(12 * 14)]
    workdays = [instant(hour) for hour in hours if hour.isoweekday() <= 5]
    assert learn(workdays[: 12 * 5]) is None
    found = learn(workdays)
    assert found is not None
    assert iso(found.usual_after(workdays[-1])) == "2026-07-20T00:00:00.000Z"


def test_months_are_waited_for_to_their_longest() -> None:
    """Runs of the first of a month lie 28 to 31 days apart: the shortest distance must not call the longest one late."""
    runs = [instant(datetime(2026, month, 1, 2, 0, tzinfo=UTC)) for month in range(1, 10)]
    found = learn(runs)
    assert found is not None
    assert found.next_after(runs[-1]) >= runs[-1] + 30 * DAY
    for run, following in pairwise(runs):
        assert found.next_after(run) >= following


def test_an_expectation_waits_as_long_as_runs_were_late_before() -> None:
    runs = local_runs(datetime(2026, 6, 1, 2, 0, tzinfo=UTC), set(range(7)), 20, spread=80)
    found = learn(runs)
    assert found is not None
    assert all(found.next_after(run) >= following for run, following in pairwise(runs))


def test_a_manual_run_now_and_then_does_not_move_a_daily_job() -> None:
    runs = local_runs(datetime(2026, 7, 1, 3, 0, tzinfo=UTC), set(range(7)), 28)
    manual = [Instant(runs[9] + 7 * HOUR), Instant(runs[20] + 11 * HOUR)]
    found = learn([*runs, *manual])
    assert found is not None
    assert abs(found.next_after(runs[-1]) - runs[-1] - DAY) < 10 * MINUTE


def test_fewer_than_five_runs_are_no_rhythm() -> None:
    runs = [Instant(number * DAY) for number in range(1, 5)]
    assert learn(runs) is None
    assert learn([*runs, *runs]) is None
    assert learn([*runs, Instant(5 * DAY)]) is not None


@pytest.mark.parametrize("seed", range(20))
def test_runs_whenever_somebody_likes_are_no_rhythm(seed: int) -> None:
    chance = random.Random(seed)
    at, runs = 0, []
    for _ in range(20):
        at += chance.randrange(HOUR, 9 * DAY)
        runs.append(Instant(at))
    assert learn(runs) is None


@given(
    st.lists(st.integers(0, 4_000_000_000_000).map(Instant), max_size=40), st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York"])
)
def test_whatever_is_learned_expects_a_run_after_the_last_and_foretells_enough(begins: list[Instant], zone: str) -> None:
    found = learn(begins, ZoneInfo(zone))
    if found is not None:
        assert found.next_after(max(begins)) > max(begins)
        assert 0.8 <= found.confidence <= 1


@given(st.integers(0, 1_800_000_000_000), st.sampled_from([8 * HOUR, DAY, 2 * DAY, 7 * DAY]), st.randoms(use_true_random=False))
def test_the_order_in_which_runs_are_told_does_not_matter(start: int, interval: int, chance: random.Random) -> None:
    runs = [Instant(start + number * interval) for number in range(30)]
    told = list(runs)
    chance.shuffle(told)
    found = learn(told)
    assert found is not None
    assert found == learn(runs)
    assert found.usual_after(runs[-1]) - runs[-1] == pytest.approx(interval, abs=2 * MINUTE)


def test_one_run_by_hand_on_a_saturday_expects_none_on_the_next() -> None:
    runs = local_runs(datetime(2026, 6, 1, 2, 0, tzinfo=LOS_ANGELES), {1, 2, 3, 4, 5}, 25)
    by_hand = instant(datetime(2026, 6, 20, 2, 20, tzinfo=LOS_ANGELES))
    found = learn([*runs, by_hand], LOS_ANGELES)
    assert found is not None
    assert found.days == frozenset({1, 2, 3, 4, 5})


def test_a_run_by_hand_in_the_evening_does_not_hide_the_slot_of_the_night() -> None:
    runs = local_runs(datetime(2026, 6, 1, 2, 0, tzinfo=LOS_ANGELES), set(range(7)), 20)
    found = learn(runs, LOS_ANGELES)
    assert found is not None
    evening = instant(datetime(2026, 6, 20, 18, 0, tzinfo=LOS_ANGELES))
    assert abs(found.usual_after(evening) - instant(datetime(2026, 6, 21, 2, 0, tzinfo=LOS_ANGELES))) <= 5 * MINUTE


def test_a_run_a_little_early_is_that_of_its_slot() -> None:
    runs = local_runs(datetime(2026, 6, 1, 2, 0, tzinfo=LOS_ANGELES), set(range(7)), 20, spread=50)
    found = learn(runs, LOS_ANGELES)
    assert found is not None
    assert found.next_after(runs[-1]) - runs[-1] > 22 * HOUR
