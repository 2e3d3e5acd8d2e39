"""The versions of a job as people read them. In: what is known after a run: the newest version, the list, the count; out: numbered
versions, newest first as Duplicati numbers them, or the count alone, never a list that is shorter than what there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from duplistatus.clock import SECOND, Instant
from duplistatus.report.report import Version


@dataclass(frozen=True, slots=True)
class NumberedVersion:
    """One restorable version; `number` 0 is the newest. `exact` False: the time is the host's wall clock, its zone is not known."""

    number: int
    at: Instant
    offset_minutes: int
    exact: bool


@dataclass(frozen=True, slots=True)
class VersionsView:
    """`count` None: not reported. `versions` empty: only the count is known, or nothing. `newest` is known more often than the list."""

    count: int | None
    versions: tuple[NumberedVersion, ...]
    newest: Version | None

    @property
    def is_listed(self) -> bool:
        return bool(self.versions)


def versions_after(count: int | None, newest: Version | None, listed: Sequence[Version] | None) -> VersionsView:
    """The versions after a run whose log lists the others (`listed`, without the newest; None when it does not).

    The list counts, where there is one: Duplicati's own count includes versions that were never finished.
    """
    if listed is None or newest is None:
        return VersionsView(count, (), newest)
    return _view([newest, *listed], newest)


def versions_now(count: int | None, versions: Sequence[Version] | None) -> VersionsView:
    """The versions of a job as they stand; `versions` None when the list is not known in full."""
    if not versions:
        return VersionsView(0 if versions is not None and not count else count, (), None)
    return _view(versions, versions[0])


def _view(versions: Sequence[Version], newest: Version | None) -> VersionsView:
    by_second = {version.at // SECOND: version for version in reversed(versions)}
    ordered = [by_second[second] for second in sorted(by_second, reverse=True)]
    numbered = tuple(NumberedVersion(number, each.at, each.offset_minutes, each.exact) for number, each in enumerate(ordered))
    return VersionsView(len(numbered), numbered, newest)
