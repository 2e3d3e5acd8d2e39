"""The versions of a job at its destination, from report to report. In: what one run after the other tells of versions, by begin time;
out: the list after the newest of them, where it is known in full, and the versions seen on the way. A list is known in full
when a run's retention lines gave it, or when a job's only version is its newest, and from there on as long as each run's count
agrees with the list that follows from it; otherwise there is only the count."""

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

    @property
    def is_silent(self) -> bool:
        return self.newest is None and self.listed is None


@dataclass(frozen=True, slots=True)
class VersionHistory:
    """`seen`: versions known of, newest first; `complete`: whether these are exactly the ones at the destination."""

    seen: tuple[Version, ...] = ()
    complete: bool = False

    @property
    def versions(self) -> tuple[Version, ...] | None:
        """The versions at the destination, newest first; None when not known in full."""
        return self.seen if self.complete else None

    def after(self, news: VersionNews) -> VersionHistory:
        """The history after one more run, which must have begun later than those before it."""
        if news.is_silent:
            return self
        if news.listed is not None:
            recognised = [self._recognise(item) for item in news.listed]
            return VersionHistory(_ordered(recognised, news.newest), complete=True)
        gone = {at // SECOND for at in news.deleted}
        seen = _ordered([version for version in self.seen if version.at // SECOND not in gone], news.newest)
        only = news.count == 1 and news.newest is not None
        if only:
            seen = (news.newest,) if news.newest else seen
        return VersionHistory(seen[:_SEEN], complete=only or (self.complete and news.count == len(seen)))

    def _recognise(self, item: Version) -> Version:
        """The seen version with the wall-clock time of a listed one, whose own offset may be that of another season."""
        if item.exact:
            return item
        wall = _wall(item)
        return next((version for version in self.seen if version.exact and _wall(version) == wall), item)


def _wall(version: Version) -> int:
    """Whole seconds of the wall clock that the version was written in."""
    return (version.at + version.offset_minutes * MINUTE) // SECOND


def _ordered(versions: list[Version], newest: Version | None) -> tuple[Version, ...]:
    by_second = {version.at // SECOND: version for version in versions}
    if newest is not None:
        by_second[newest.at // SECOND] = newest
    return tuple(by_second[second] for second in sorted(by_second, reverse=True))
