"""When a job is late, when it is overdue, and when a running one is stuck."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import HOUR, MINUTE, SECOND, Instant
from duplistatus.evaluate.overdue import Activity, Schedule, activity_of, due_of, schedule_of, silent_after

NOON = Instant(1_783_684_800_000)
TOLERANCE = 2 * HOUR
ENDED = Instant(NOON + TOLERANCE)


@dataclass(frozen=True)
class Job:
    schedule: str = "ok"
    activity: str = "idle"
    expected_at: Instant | None = NOON
    overdue_at: Instant | None = ENDED
    stuck_at: Instant | None = None


MOMENTS = st.integers(-3 * HOUR, 5 * HOUR).map(lambda offset: Instant(NOON + offset))
JOBS = st.builds(
    lambda schedule, activity, expected, tolerance, stuck: Job(
        schedule, activity, expected, None if expected is None else Instant(expected + tolerance), stuck if activity == "running" else None
    ),
    st.sampled_from(["ok", "off"]),
    st.sampled_from(["idle", "running", "stuck"]),
    st.none() | MOMENTS,
    st.sampled_from([0, 5 * MINUTE, TOLERANCE]),
    st.none() | MOMENTS,
)


def facts(job: Job, now: Instant) -> tuple[str, str]:
    return schedule_of(job, now), activity_of(job, now)


@pytest.mark.parametrize(
    ("offset", "verdict"),
    [
        (-24 * HOUR, Schedule.OK),
        (0, Schedule.OK),
        (1, Schedule.LATE),
        (59 * MINUTE, Schedule.LATE),
        (2 * HOUR, Schedule.LATE),
        (2 * HOUR + 1, Schedule.OVERDUE),
        (90 * 24 * HOUR, Schedule.OVERDUE),
    ],
)
def test_the_verdict_follows_the_expected_moment(offset: int, verdict: Schedule) -> None:
    assert schedule_of(Job(), Instant(NOON + offset)) == verdict


def test_without_tolerance_a_job_is_overdue_at_once() -> None:
    assert schedule_of(Job(overdue_at=NOON), Instant(NOON + 1)) == Schedule.OVERDUE


def test_a_job_of_which_nothing_is_expected_is_unscheduled_and_never_due() -> None:
    job = Job(expected_at=None, overdue_at=None)
    assert schedule_of(job, NOON) == Schedule.UNSCHEDULED
    assert due_of(job, NOON) is None


def test_a_job_that_is_not_watched_is_off_however_late() -> None:
    job = Job(schedule="off")
    assert schedule_of(job, Instant(NOON + 9 * HOUR)) == Schedule.OFF
    assert due_of(job, Instant(NOON - HOUR)) is None


def test_an_overdue_job_waits_for_a_report_not_for_time() -> None:
    assert due_of(Job(), Instant(NOON + TOLERANCE + 1)) is None


def test_a_running_job_is_not_overdue_until_it_is_stuck() -> None:
    """A long first backup takes days."""
    stuck = Instant(NOON + 30 * HOUR)
    job = Job(activity="running", stuck_at=stuck)
    assert facts(job, Instant(NOON + 29 * HOUR)) == (Schedule.LATE, Activity.RUNNING)
    assert facts(job, stuck) == (Schedule.LATE, Activity.RUNNING)
    assert due_of(job, Instant(NOON + 29 * HOUR)) == stuck + 1
    assert facts(job, Instant(stuck + 1)) == (Schedule.OVERDUE, Activity.STUCK)


@pytest.mark.parametrize(
    ("interval", "silence"),
    [(None, 10 * MINUTE), (30 * SECOND, 10 * MINUTE), (MINUTE, 10 * MINUTE), (2 * MINUTE, 20 * MINUTE), (HOUR, 10 * HOUR)],
)
def test_silence_is_ten_intervals_and_at_least_ten_minutes(interval: int | None, silence: int) -> None:
    assert silent_after(interval) == silence


@given(JOBS, MOMENTS)
def test_the_due_moment_is_the_first_at_which_a_fact_differs(job: Job, now: Instant) -> None:
    before, due = facts(job, now), due_of(job, now)
    if due is None:
        assert facts(job, Instant(now + 10**12)) == before
        return
    assert due > now
    assert facts(job, due) != before
    assert facts(job, Instant(due - 1)) == before


@given(JOBS, MOMENTS, MOMENTS)
def test_time_alone_never_makes_a_job_better(job: Job, one: Instant, other: Instant) -> None:
    order = [Schedule.OFF, Schedule.UNSCHEDULED, Schedule.OK, Schedule.LATE, Schedule.OVERDUE]
    earlier, later = sorted((one, other))
    assert order.index(schedule_of(job, earlier)) <= order.index(schedule_of(job, later))
