"""The versions of a job from report to report: in full where that is certain, otherwise only their number."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant
from duplistatus.evaluate.version_history import VersionHistory, VersionNews
from duplistatus.report.report import Version

if TYPE_CHECKING:
    from collections.abc import Iterable


def version(day: float, *, offset: int = 120, exact: bool = True) -> Version:
    return Version(Instant(round(day * DAY)), offset, exact)


def news(
    newest: float | None = None, *, count: int | None = None, listed: Iterable[Version] | None = None, deleted: Iterable[float] = ()
) -> VersionNews:
    """What a run tells: its newest version, how many there are, which others, and which it deleted, in days."""
    gone = tuple(Instant(round(day * DAY)) for day in deleted)
    return VersionNews(None if newest is None else version(newest), None if listed is None else tuple(listed), gone, count)


def after(*told: VersionNews) -> VersionHistory:
    return reduce(VersionHistory.after, told, VersionHistory())


def days(history: VersionHistory) -> list[float] | None:
    """The versions at the destination, in days, newest first; None when not known in full."""
    return None if history.versions is None else [each.at / DAY for each in history.versions]


def test_nothing_told_is_nothing_known() -> None:
    assert days(VersionHistory()) is None
    assert after(news()) == VersionHistory()


def test_an_only_version_is_known_in_full() -> None:
    assert days(after(news(1, count=1))) == [1]


def test_one_of_several_versions_is_not_all() -> None:
    assert days(after(news(5, count=3))) is None


def test_versions_are_known_from_the_first_on_while_the_count_agrees() -> None:
    assert days(after(news(1, count=1), news(2, count=2), news(3, count=3))) == [3, 2, 1]


def test_a_run_without_changes_makes_no_version() -> None:
    assert days(after(news(1, count=1), news(1, count=1), news(2, count=2))) == [2, 1]


def test_a_version_that_the_run_deleted_is_gone() -> None:
    assert days(after(news(1, count=1), news(2, count=2), news(3, count=2, deleted=[1]))) == [3, 2]


def test_when_the_count_does_not_follow_only_the_number_is_known() -> None:
    """Somebody deleted a version by hand, or another job shares the destination."""
    assert days(after(news(1, count=1), news(2, count=2), news(3, count=2))) is None
    assert days(after(news(1, count=1), news(2, count=5))) is None


def test_a_list_in_the_log_makes_everything_known_again() -> None:
    lost = (news(1, count=1), news(2, count=5))
    assert days(after(*lost, news(9, count=3, listed=[version(8), version(7)]))) == [9, 8, 7]


def test_a_job_that_keeps_a_number_of_versions_is_known_once_all_of_them_were_seen_to_come() -> None:
    told = [news(5, count=3), news(6, count=3, deleted=[3]), news(7, count=3, deleted=[4])]
    assert days(after(*told)) == [7, 6, 5]
    assert days(after(*told[:2])) is None


def test_an_unknown_count_makes_nothing_certain() -> None:
    assert days(after(news(1, count=1), news(2, count=None))) is None


def test_a_run_that_tells_nothing_changes_nothing() -> None:
    """A run that failed early."""
    known = after(news(1, count=1))
    assert known.after(news(count=0)) == known


def test_a_listed_time_of_another_season_is_the_version_that_was_seen_at_that_wall_clock_time() -> None:
    """Log lines have no offset: the report's own is tried, which may be that of summer."""
    in_winter = Version(Instant(10 * DAY), 60, exact=True)
    read_in_summer = Version(Instant(10 * DAY - HOUR), 120, exact=False)
    known = VersionHistory((in_winter,))
    assert known.after(VersionNews(version(200), (read_in_summer,), (), 2)).versions == (version(200), in_winter)


def test_a_listed_time_that_was_never_seen_stays_as_it_was_read() -> None:
    listed = version(5, exact=False)
    assert after(news(9, count=2, listed=[listed])).versions == (version(9), listed)


def test_a_listed_time_with_its_offset_is_taken_as_it_is() -> None:
    known = VersionHistory((Version(Instant(10 * DAY), 60, exact=True),))
    listed = Version(Instant(10 * DAY - HOUR), 120, exact=True)
    assert known.after(VersionNews(version(200), (listed,), (), 2)).versions == (version(200), listed)


def test_the_newest_version_replaces_its_inexact_self() -> None:
    assert after(news(9, count=1, listed=[version(9, exact=False)])).versions == (version(9),)


def test_more_versions_than_are_remembered_are_not_called_all() -> None:
    history = after(*(news(day, count=day) for day in range(1, 400 + 1)))
    assert len(history.versions or ()) == 400
    history = history.after(news(401, count=401))
    assert history.versions is None
    assert len(history.seen) == 400
    assert history.seen[-1] == version(2), "the oldest are forgotten first"
    assert history.after(news(402, count=402)).versions is None


# Against a destination that is known


class _Destination:
    """A destination, and what a run tells of it. `told`: whether runs name what they delete and count what is there."""

    def __init__(self) -> None:
        self.there: list[int] = []

    def run(self, now: int, *, makes: bool, deletes: int) -> VersionNews:
        if makes:
            self.there.append(now)
        # The newest version is never deleted.
        gone = [self.there.pop(0) for _ in range(min(deletes, len(self.there) - 1))]
        newest = Version(Instant(self.there[-1]), 0, exact=True) if self.there else None
        return VersionNews(newest, None, tuple(map(Instant, gone)), len(self.there) if self.there else None, Instant(now))


STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.booleans()), max_size=40)


@settings(max_examples=500)
@given(STEPS)
def test_a_list_that_is_called_complete_is_what_is_there(steps: list[tuple[bool, int, bool]]) -> None:
    """Runs make and delete versions; some reports are lost on the way. Lost runs that together made as many versions as they deleted
    leave no trace in the numbers; those are left out here."""
    destination, history, told_before = _Destination(), VersionHistory(), 0
    for number, (makes, deletes, lost) in enumerate(steps):
        before = list(destination.there)
        told = destination.run(number * DAY, makes=makes, deletes=deletes)
        if lost:
            continue
        if number != told_before and len(before) == (history.count or 0):
            return
        history, told_before = history.after(told), number + 1
        if history.versions is not None:
            assert [each.at for each in history.versions] == destination.there[::-1]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=40))
def test_with_every_report_from_the_first_on_the_list_is_always_complete(steps: list[tuple[bool, int]]) -> None:
    destination, history = _Destination(), VersionHistory()
    for number, (makes, deletes) in enumerate(steps):
        history = history.after(destination.run(number * DAY, makes=makes, deletes=deletes))
        assert [each.at for each in history.versions or ()] == destination.there[::-1]


@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(-14 * 60, 14 * 60))
def test_a_list_is_ordered_and_has_each_second_once(minutes: list[int], offset: int) -> None:
    listed = [Version(Instant(minute * MINUTE + 250), offset, exact=False) for minute in minutes]
    found = after(VersionNews(None, tuple(listed), (), None)).versions
    assert found is not None
    seconds = [each.at // SECOND for each in found]
    assert seconds == sorted(set(seconds), reverse=True)
    assert set(seconds) == {each.at // SECOND for each in listed}
