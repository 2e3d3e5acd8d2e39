"""The versions of a job at its destination, from report to report. In: what one run after the other tells of versions, by begin time;
out: the list after the newest of them, where it is known in full, and the versions seen on the way. A list is known in full when a
run's retention lines gave it, or when the versions that are surely there are as many as the run counts. A version is surely there
from the run that made it on, as long as each run's count follows from the one before: one more for a new version, one less for each
that the run names as deleted. When a count does not follow, something happened unseen, and only the newest version is sure again."""

from __future__ import annotations

from dataclasses import dataclass

from duplistatus.clock import MINUTE, SECOND, Instant
from duplistatus.report.report import Version

_SEEN = 400
"""More versions than this are not remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class VersionNews:
    """What one run tells: the newest version after it, the others where its log lists them, those it removed, and their number."""

    newest: Version | None
    listed: tuple[Version, ...] | None
    deleted: tuple[Instant, ...]
    count: int | None
    begun_at: Instant | None = None

    @property
    def is_silent(self) -> bool:
        return self.newest is None and self.listed is None


@dataclass(frozen=True, slots=True)
class VersionHistory:
    """`seen`: versions known of, newest first; `sure`: the seconds (since 1970) of those that are surely at the destination; `count`:
    how many the newest run counted; `complete`: whether the sure ones are all."""

    seen: tuple[Version, ...] = ()
    sure: frozenset[int] = frozenset()
    count: int | None = None
    complete: bool = False

    @property
    def versions(self) -> tuple[Version, ...] | None:
        """The versions at the destination, newest first; None when not known in full."""
        return tuple(version for version in self.seen if _second(version) in self.sure) if self.complete else None

    def after(self, news: VersionNews) -> VersionHistory:
        """The history after one more run, which must have begun later than those before it."""
        if news.is_silent:
            return self
        if news.listed is not None:
            listed = _ordered([self._recognise(item) for item in news.listed], news.newest)
            return VersionHistory(listed, frozenset(map(_second, listed)), news.count, complete=True)
        made = set() if news.newest is None else {_second(news.newest)}
        gone = {at // SECOND for at in news.deleted}
        follows = self.count is not None and news.count == self.count + len(made - self.sure) - len(gone) and not self._missed(news)
        sure = frozenset((self.sure - gone) | made) if follows else frozenset(made)
        seen = _ordered([version for version in self.seen if _second(version) not in gone], news.newest)[:_SEEN]
        remembered = sure & frozenset(map(_second, seen))
        complete = len(remembered) == len(sure) and ((follows and self.complete) or news.count == len(sure))
        return VersionHistory(seen, remembered, news.count, complete)

    def _missed(self, news: VersionNews) -> bool:
        """Whether the newest version is one that a run made whose report never came: it is older than this run, and not known."""
        newest = news.newest
        if newest is None or news.begun_at is None or _second(newest) in self.sure:
            return False
        return newest.at < news.begun_at - SECOND

    def _recognise(self, item: Version) -> Version:
        """The seen version with the wall-clock time of a listed one, whose own offset may be that of another season."""
        if item.exact:
            return item
        wall = _wall(item)
        return next((version for version in self.seen if version.exact and _wall(version) == wall), item)


def _second(version: Version) -> int:
    return version.at // SECOND


def _wall(version: Version) -> int:
    """Whole seconds of the wall clock that the version was written in."""
    return (version.at + version.offset_minutes * MINUTE) // SECOND


def _ordered(versions: list[Version], newest: Version | None) -> tuple[Version, ...]:
    by_second = {_second(version): version for version in versions}
    if newest is not None:
        by_second[_second(newest)] = newest
    return tuple(by_second[second] for second in sorted(by_second, reverse=True))
