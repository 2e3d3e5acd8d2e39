"""What summaries make of changes and figures."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.fleet_view import State
from duplistatus.evaluate.summary import Change, JobFact, bucket_of, outcomes, overdue_times, present_of, ranked
from duplistatus.report.report import Status

START, END = Instant(1_000 * DAY), Instant(1_007 * DAY)


def became(fact: str, *values: str, job: int = 1, step: int = HOUR) -> list[Change]:
    """A fact that goes from each value to the next."""
    pairs = pairwise(values)
    return [Change(job, fact, before, after, Instant(START + step * (index + 1))) for index, (before, after) in enumerate(pairs)]


def job(number: int, state: State = State.OK, name: str = "Files", server: str = "alpha") -> JobFact:
    return JobFact(number, f"id-{server}", server, name, state)


def test_who_began_to_fail_and_who_recovered_is_what_is_true_in_the_end() -> None:
    changes = [
        *became("outcome", "good", "failing", job=1),
        *became("outcome", "failing", "good", job=2),
        *became("outcome", "failing", "good", "failing", job=3),
        *became("outcome", "good", "failing", "good", job=4),
        *became("schedule", "good", "failing", job=5),
    ]
    assert outcomes(changes) == ({1}, {2, 4})


def test_a_job_is_overdue_from_one_change_to_the_next() -> None:
    changes = became("schedule", "ok", "late", "overdue", "ok", "late", "overdue", "ok")
    assert overdue_times(changes, {}, START, END) == {1: (2 * HOUR, 2)}


def test_what_was_overdue_before_counts_from_the_beginning_and_what_still_is_to_the_end() -> None:
    assert overdue_times(became("schedule", "overdue", "ok"), {}, START, END) == {1: (HOUR, 1)}
    assert overdue_times(became("schedule", "late", "overdue"), {1: Instant(START + HOUR)}, START, END) == {1: (7 * DAY - HOUR, 1)}
    assert overdue_times([], {1: Instant(START - DAY)}, START, END) == {1: (7 * DAY, 1)}
    assert overdue_times([], {1: Instant(END - HOUR)}, START, END) == {1: (HOUR, 1)}
    assert overdue_times([], {1: END}, START, END) == {}


@given(st.lists(st.sampled_from(["ok", "late", "overdue", "off"]), min_size=2, max_size=30), st.integers(1, 20 * HOUR))
def test_nothing_is_overdue_for_longer_than_the_days_last(values: list[str], step: int) -> None:
    found = overdue_times(became("schedule", *values, step=min(step, (END - START) // 31)), {}, START, END)
    milliseconds, times = found.get(1, (0, 0))
    assert 0 <= milliseconds <= END - START
    stretches = sum(value == "overdue" and (index == 0 or values[index - 1] != "overdue") for index, value in enumerate(values))
    assert times == stretches


def test_each_status_has_a_bucket_and_no_status_has_one_too() -> None:
    assert [bucket_of(status).value for status in Status] == [status.value.lower() for status in Status]
    assert bucket_of(None).value == "none"
    assert bucket_of("something new").value == "unknown"


def test_jobs_are_told_the_worst_first_and_then_by_name() -> None:
    jobs = [
        job(1),
        job(2, State.WARNING, "b"),
        job(3, State.OVERDUE),
        job(4, State.WARNING, "A", "ALPHA"),
        job(5, State.WARNING, "a", "beta"),
    ]
    assert [each.id for each in present_of(jobs, START).jobs] == [3, 4, 2, 5, 1]


def test_a_list_of_leaders_leaves_out_who_has_nothing() -> None:
    jobs = {number: job(number) for number in range(1, 5)}
    found = ranked({1: 5, 2: 0, 3: 7, 4: 5, 9: 100}, jobs, 3)
    assert [(each.job.id, each.value) for each in found] == [(3, 7), (1, 5), (4, 5)]
    assert len(ranked({1: 5, 3: 7}, jobs, 1)) == 1
