"""What a job did on one day, as a fold over the day's runs, in any order."""

from __future__ import annotations

from functools import reduce
from random import Random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import Instant
from duplistatus.evaluate.day_totals import DayTotals
from tests.evaluate.facts import RUNS, run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duplistatus.evaluate.job_summary import RunFacts


def fold(runs: Iterable[RunFacts]) -> DayTotals:
    return reduce(DayTotals.with_run, runs, DayTotals())


def test_a_run_that_knows_nothing_still_counts() -> None:
    assert fold([run(0.5)]) == DayTotals(runs=1)


def test_sums_are_sums_but_the_stored_size_is_the_last_known_and_versions_are_the_most() -> None:
    early = run(0.25, uploaded=1, duration_ticks=10, files=3, source_size=5, stored_size=900, versions_count=4, warnings=1)
    late = run(0.75, uploaded=2, duration_ticks=20, files=4, source_size=6, stored_size=800, versions_count=3, errors=2, status="Error")
    assert fold([early, late]) == DayTotals(
        runs=2,
        uploaded=3,
        duration_ticks=30,
        files=7,
        source_size=11,
        stored_size=800,
        versions=4,
        warnings=1,
        errors=2,
        failures=1,
        stored_size_at=late.begun_at,
    )


def test_the_stored_size_of_a_late_run_that_does_not_know_it_is_that_of_the_run_before() -> None:
    totals = fold([run(0.25, stored_size=900), run(0.75, status="Fatal")])
    assert (totals.stored_size, totals.stored_size_at, totals.failures) == (900, run(0.25).begun_at, 1)


def test_a_day_that_never_knew_the_stored_size_says_so() -> None:
    assert fold([run(0.5)]).stored_size_at is None


def test_a_destination_that_is_empty_is_known_to_be() -> None:
    totals = fold([run(0.25, stored_size=900), run(0.75, stored_size=0)])
    assert (totals.stored_size, totals.stored_size_at) == (0, run(0.75).begun_at)


@given(RUNS, st.randoms())
def test_the_order_of_arrival_changes_nothing(runs: list[RunFacts], chance: Random) -> None:
    shuffled = list(runs)
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(runs)


@given(RUNS)
def test_the_totals_are_what_the_runs_say(runs: list[RunFacts]) -> None:
    totals = fold(runs)
    assert totals.runs == len(runs)
    for name in ("uploaded", "duration_ticks", "files", "source_size", "warnings", "errors"):
        assert getattr(totals, name) == sum(getattr(each, name) or 0 for each in runs)
    assert totals.versions == max((each.versions_count or 0 for each in runs), default=0)
    assert totals.failures == sum(each.status in {"Error", "Fatal"} for each in runs)
    known = [(each.begun_at, each.stored_size) for each in runs if each.stored_size is not None]
    assert (totals.stored_size_at, totals.stored_size) == (max(known) if known else (None, 0))


def test_the_moment_of_the_stored_size_is_a_moment() -> None:
    assert fold([run(0.5, stored_size=1)]).stored_size_at == Instant(43_200_000)
