"""Versions on a page: numbered from the newest, and never a list that is shorter than what there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import SECOND, Instant
from duplistatus.evaluate.versions_view import versions_after, versions_now
from duplistatus.report.report import Version


def version(second: int, *, exact: bool = True) -> Version:
    return Version(Instant(second * SECOND), 60, exact)


def test_the_newest_version_is_number_zero() -> None:
    view = versions_after(3, version(30), [version(20), version(10)])
    assert [(each.number, each.at) for each in view.versions] == [(0, 30_000), (1, 20_000), (2, 10_000)]
    assert (view.count, view.is_listed, view.newest) == (3, True, version(30))


def test_the_list_counts_where_duplicati_counts_an_unfinished_version_too() -> None:
    assert versions_after(4, version(30), [version(20), version(10)]).count == 3


def test_without_a_list_there_is_the_count_alone() -> None:
    view = versions_after(7, version(30), None)
    assert (view.count, view.versions, view.newest) == (7, (), version(30))


def test_a_list_without_its_newest_version_is_not_shown_as_the_whole() -> None:
    view = versions_after(3, None, [version(20), version(10)])
    assert (view.count, view.is_listed) == (3, False)


def test_nothing_known_is_nothing_not_zero() -> None:
    assert versions_after(None, None, None).count is None
    assert versions_now(None, None).count is None


def test_the_versions_of_a_job_as_they_stand() -> None:
    assert [each.number for each in versions_now(9, [version(30), version(20)]).versions] == [0, 1]
    assert versions_now(9, None).count == 9
    assert versions_now(None, []).count == 0


def test_wall_clock_times_stay_marked() -> None:
    assert [each.exact for each in versions_after(2, version(30), [version(20, exact=False)]).versions] == [True, False]


@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(0, 10_000))
def test_a_list_of_any_order_is_numbered_newest_first_without_repetition(seconds: list[int], newest: int) -> None:
    view = versions_after(None, version(newest), [version(second) for second in seconds])
    assert [each.at for each in view.versions] == sorted({second * SECOND for second in [*seconds, newest]}, reverse=True)
    assert [each.number for each in view.versions] == list(range(len(view.versions)))
