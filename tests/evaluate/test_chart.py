"""Ranges cut at the ends of days, and days made of runs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, Instant, utc_day
from duplistatus.evaluate.chart import Point, Sample, cut, joined, window_start

moments = st.integers(-3 * DAY, 3 * DAY).map(Instant)
near_midnights = st.builds(lambda day, offset: Instant(day * DAY + offset), st.integers(-3, 3), st.integers(-2, 2))


@given(moments | near_midnights, moments | near_midnights, moments | near_midnights)
def test_a_moment_is_in_exactly_one_piece_of_a_range_when_it_is_in_the_range(start: Instant, end: Instant, moment: Instant) -> None:
    days = cut(start, end)
    in_whole = days.whole is not None and days.whole[0] <= utc_day(moment) <= days.whole[1]
    in_parts = sum(part_start <= moment <= part_end for part_start, part_end in days.parts)
    assert in_whole + in_parts == int(start <= moment <= end)


@given(moments | near_midnights, moments | near_midnights)
def test_no_piece_reaches_over_midnight_and_no_whole_day_comes_in_pieces(start: Instant, end: Instant) -> None:
    for part_start, part_end in cut(start, end).parts:
        assert utc_day(part_start) == utc_day(part_end)
        assert (part_start % DAY, part_end % DAY) != (0, DAY - 1)


def test_the_window_holds_thirty_days_with_today() -> None:
    noon = Instant(100 * DAY + DAY // 2)
    assert window_start(noon) == 71 * DAY


def sample(job: int, at: int, stored: int | None, versions: int = 1) -> Sample:
    return Sample(job, Instant(at), 10, 100, 1_000, 10_000, stored, versions)


def test_runs_of_a_job_add_up_but_for_what_it_has_at_the_destination() -> None:
    assert joined([sample(1, 5, 50, 3), sample(1, 9, None, 2), sample(1, 2, 70, 9)]) == Point(Instant(9), 30, 300, 3_000, 30_000, 50, 9)


def test_jobs_add_up_in_everything() -> None:
    assert joined([sample(1, 5, 50, 3), sample(2, 4, 7, 4)]) == Point(Instant(5), 20, 200, 2_000, 20_000, 57, 7)


def test_nothing_is_no_point() -> None:
    assert joined([]) is None


histories = st.lists(
    st.builds(sample, st.integers(1, 3), st.integers(0, 50), st.none() | st.integers(0, 9), st.integers(0, 9)),
    unique_by=lambda each: (each.job_id, each.at),
)


@given(histories)
def test_the_order_of_runs_does_not_matter(samples: list[Sample]) -> None:
    assert joined(samples) == joined(reversed(samples)) == joined(sorted(samples, key=lambda each: (each.at, each.job_id)))
