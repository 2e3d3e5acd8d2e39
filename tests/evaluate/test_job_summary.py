"""The row of a job as a fold over its runs, in any order."""

from __future__ import annotations

from functools import reduce
from random import Random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.job_summary import RECENT, JobSummary, Known, RunFacts, is_in_order, with_order, with_run
from duplistatus.evaluate.version_history import VersionHistory, VersionNews
from duplistatus.evaluate.zone_evidence import NO_EVIDENCE
from duplistatus.report.report import Version
from tests.evaluate.facts import RUNS, run

if TYPE_CHECKING:
    from collections.abc import Iterable


def fold(runs: Iterable[RunFacts]) -> JobSummary:
    return reduce(with_run, runs, JobSummary())


def test_a_job_without_runs_knows_nothing() -> None:
    summary = JobSummary()
    assert (summary.last, summary.run_count, summary.stored_size) == (None, 0, Known())


def test_the_last_run_is_the_one_that_began_last_not_the_one_that_came_last() -> None:
    assert fold([run(2), run(3), run(1)]).last == run(3)


def test_counts_and_uploads_are_over_all_runs() -> None:
    summary = fold([run(1, uploaded=5), run(2, uploaded=None), run(3, uploaded=7)])
    assert (summary.run_count, summary.uploaded_total) == (3, 12)


def test_figures_are_those_of_the_latest_run_that_knows_them() -> None:
    summary = fold([run(1, stored_size=100, files=7), run(2, stored_size=200), run(3, status="Fatal")])
    assert summary.stored_size == Known(200, Instant(2 * DAY))
    assert summary.files == Known(7, Instant(DAY))
    assert summary.source_size == Known(None, None)


def test_a_figure_that_shrinks_to_nothing_is_known() -> None:
    assert fold([run(1, stored_size=100), run(2, stored_size=0)]).stored_size.value == 0


def test_the_announcement_of_the_newest_run_that_made_one_counts() -> None:
    """A run started by hand announces none and moves nothing."""
    assert fold([run(1, next_run=Instant(9 * DAY)), run(2, next_run=None)]).next_run.value == 9 * DAY
    assert fold([run(2, next_run=Instant(3 * DAY)), run(1, next_run=Instant(9 * DAY))]).next_run.value == 3 * DAY


def test_a_run_that_was_cut_short_is_no_success() -> None:
    summary = fold([run(1), *(run(day, status="Warning", partial=True) for day in (2, 3, 4))])
    assert [good for _, _, good, _ in summary.recent] == [1, 0, 0, 0]
    assert summary.last_good_at == DAY


def test_the_newest_thirty_runs_are_shown_oldest_first() -> None:
    summary = fold(run(day, status="Success" if day % 2 else "Error") for day in range(RECENT + 5))
    assert summary.recent == tuple((day * DAY, "Success" if day % 2 else "Error", day % 2, 0) for day in range(5, RECENT + 5))


@given(RUNS, st.randoms())
def test_the_order_of_arrival_changes_nothing(runs: list[RunFacts], chance: Random) -> None:
    shuffled = list(runs)
    chance.shuffle(shuffled)
    in_any_order, in_order = fold(shuffled), fold(runs)
    # What depends on the order is folded anew by who adds a run from the past.
    assert with_order(in_any_order, in_order.versions, in_order.zone_evidence) == in_order


@given(RUNS)
def test_the_summary_is_what_the_runs_say(runs: list[RunFacts]) -> None:
    """Each figure worked out in another way."""
    summary, in_order = fold(runs), sorted(runs, key=lambda each: each.begun_at)
    assert summary.run_count == len(runs)
    assert summary.uploaded_total == sum(each.uploaded or 0 for each in runs)
    assert summary.last == (in_order[-1] if runs else None)
    for name in ("files", "source_size", "stored_size", "versions_count", "next_run"):
        known = [
            (getattr(each, name), each.told_at if name == "next_run" else each.begun_at)
            for each in in_order
            if getattr(each, name) is not None
        ]
        assert getattr(summary, name) == (Known(*known[-1]) if known else Known())
    good = [each.begun_at for each in in_order if each.status in {"Success", "Warning"} and not each.partial]
    assert summary.last_good_at == (good[-1] if good else None)


# Versions follow only in order


def _news(at: int) -> VersionNews:
    return VersionNews(Version(Instant(at), 0, exact=True), None, (), 1)


def test_versions_follow_runs_that_come_in_order() -> None:
    first, second = run(1, news=_news(1_000)), run(2, news=_news(2_000))
    assert is_in_order(JobSummary(), first)
    summary = with_run(JobSummary(), first)
    assert summary.versions.versions == (Version(Instant(1_000), 0, exact=True),)
    assert is_in_order(summary, second)
    assert with_run(summary, second).versions.versions == (Version(Instant(2_000), 0, exact=True),)


def test_a_run_from_the_past_that_tells_of_versions_needs_a_fold_anew() -> None:
    summary = with_run(JobSummary(), run(2, news=_news(2_000)))
    late = run(1, news=_news(1_000))
    assert not is_in_order(summary, late)
    assert with_run(summary, late).versions == summary.versions
    anew = VersionHistory().after(_news(1_000)).after(_news(2_000))
    assert with_order(with_run(summary, late), anew, NO_EVIDENCE).versions == anew


def test_a_run_from_the_past_that_tells_nothing_of_versions_or_slots_needs_none() -> None:
    summary = with_run(JobSummary(), run(2, news=_news(2_000)))
    assert is_in_order(summary, run(1, sends_next_run=True))
    # Where nobody says that it was started by hand it kept a slot.
    assert not is_in_order(summary, run(1))
