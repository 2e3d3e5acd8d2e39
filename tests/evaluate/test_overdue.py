"""When a job is late and when it is overdue: the next run that Duplicati announced, plus two hours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import HOUR, MINUTE, Instant
from duplistatus.evaluate.overdue import TOLERANCE, Schedule, due_at, schedule_now

NOON = 1_783_684_800_000
MOMENTS = st.integers(-3 * HOUR, 5 * HOUR).map(lambda offset: Instant(NOON + offset))


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
    assert schedule_now(Instant(NOON), Instant(NOON + offset)) == verdict


def test_a_job_that_announces_nothing_is_unscheduled_and_never_due() -> None:
    assert schedule_now(None, Instant(NOON)) == Schedule.UNSCHEDULED
    assert due_at(None, Instant(NOON)) is None


def test_an_overdue_job_waits_for_a_report_not_for_time() -> None:
    assert due_at(Instant(NOON), Instant(NOON + TOLERANCE + 1)) is None


@given(MOMENTS)
def test_the_due_moment_is_the_first_at_which_the_verdict_differs(now: Instant) -> None:
    expected, due = Instant(NOON), due_at(Instant(NOON), now)
    before = schedule_now(expected, now)
    if due is None:
        assert before == schedule_now(expected, Instant(now + 10**12))
        return
    assert due > now
    assert schedule_now(expected, due) != before
    assert schedule_now(expected, Instant(due - 1)) == before


@given(MOMENTS, MOMENTS)
def test_time_alone_never_makes_a_job_better(one: Instant, other: Instant) -> None:
    order = [Schedule.OK, Schedule.LATE, Schedule.OVERDUE]
    earlier, later = sorted((one, other))
    assert order.index(schedule_now(Instant(NOON), earlier)) <= order.index(schedule_now(Instant(NOON), later))
