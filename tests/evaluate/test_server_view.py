"""The figures of a server: sums of what its jobs report, and the evidence of a job that is overdue."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.server_view import LINE_WIDTH, Days, overdue_of, tiles_of

NOW = Instant(20_000 * DAY)


@dataclass(frozen=True, slots=True)
class Job:
    run_count: int = 0
    uploaded_total: int = 0
    files: int | None = None
    source_size: int | None = None
    stored_size: int | None = None
    versions_count: int | None = None
    last_begun_at: Instant | None = None


def test_the_tiles_are_the_sums_of_the_jobs() -> None:
    jobs = [
        Job(4, 10, 100, 1_000, 500, 3, Instant(7)),
        Job(2, 20, None, None, 700, 5, Instant(9)),
    ]
    tiles = tiles_of(jobs, Days(6, 60_000, 19_000))
    assert (tiles.jobs, tiles.runs, tiles.uploaded) == (2, 6, 30)
    assert (tiles.files, tiles.source_size, tiles.stored_size, tiles.versions) == (100, 1_000, 1_200, 8)
    assert (tiles.average_duration_ms, tiles.since, tiles.last_run) == (10_000, 19_000 * DAY, 9)


def test_what_no_job_reports_is_unknown_and_not_zero() -> None:
    tiles = tiles_of([Job(run_count=1)], Days())
    assert (tiles.files, tiles.source_size, tiles.stored_size, tiles.versions) == (None, None, None, None)
    assert (tiles.average_duration_ms, tiles.since, tiles.last_run) == (None, None, None)


def test_an_overdue_job_tells_since_when_and_what_was_allowed() -> None:
    expected = Instant(NOW - 5 * HOUR)
    verdict = overdue_of(expected, Instant(expected + 2 * HOUR), [(Instant(NOW - DAY), "Success")], NOW)
    assert (verdict.expected_at, verdict.late_ms, verdict.tolerance_ms) == (expected, 5 * HOUR, 2 * HOUR)
    assert [mark.status for mark in verdict.marks] == ["Success", None]


@given(st.lists(st.integers(-400 * DAY, 2 * DAY)), st.integers(3 * HOUR, 800 * DAY))
def test_every_mark_lies_on_the_line_in_order_of_time(ages: list[int], late: int) -> None:
    recent = [(Instant(NOW + age), "Success") for age in sorted(ages)]
    verdict = overdue_of(Instant(NOW - late), Instant(NOW - late + 2 * HOUR), recent, NOW)
    assert verdict.marks[-1].status is None
    assert all(0 <= mark.x <= LINE_WIDTH for mark in verdict.marks)
    runs = [mark.x for mark in verdict.marks[:-1]]
    assert runs == sorted(runs)
