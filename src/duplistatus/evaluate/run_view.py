"""The figures of one run, in the groups in which people look for them. In: `Figures`; out: groups of named facts. What the report does
not tell stays unknown, and a group of which it tells nothing says so as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from statistics import quantiles

from duplistatus.report.report import Figures


class Unit(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure; `name` is that of `Figures`, `size` the bytes that go with a count, where there are such."""

    name: str
    unit: Unit
    value: int | None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Facts that belong together."""

    name: str
    facts: tuple[Fact, ...]

    @property
    def is_known(self) -> bool:
        return any(fact.value is not None or fact.size is not None for fact in self.facts)


_SIZE_OF = {
    "examined_files": "size_of_examined_files",
    "opened_files": "size_of_opened_files",
    "added_files": "size_of_added_files",
    "modified_files": "size_of_modified_files",
    "known_file_count": "known_file_size",
    "unknown_file_count": "unknown_file_size",
    "files_uploaded": "bytes_uploaded",
    "files_downloaded": "bytes_downloaded",
    "restored_files": "size_of_restored_files",
}
_GROUPS: dict[str, tuple[str, ...]] = {
    "files": (
        "examined_files",
        "opened_files",
        "added_files",
        "modified_files",
        "deleted_files",
        "timestamp_changed_files",
        "not_processed_files",
        "too_large_files",
        "files_with_error",
    ),
    "folders": (
        "added_folders",
        "modified_folders",
        "deleted_folders",
        "added_symlinks",
        "modified_symlinks",
        "deleted_symlinks",
    ),
    "transfer": (
        "files_uploaded",
        "files_downloaded",
        "remote_files_deleted",
        "folders_created",
        "remote_calls",
        "retry_attempts",
    ),
    "destination": (
        "known_file_count",
        "unknown_file_count",
        "known_filesets",
        "backup_list_count",
        "total_quota_space",
        "free_quota_space",
        "assigned_quota_space",
    ),
    "verification": ("verifications", "verification_problems"),
    "restore": ("restored_files",),
}
_ONLY_WHEN_KNOWN = frozenset({"verification", "restore"})
_BYTES = frozenset({"total_quota_space", "free_quota_space", "assigned_quota_space"})


def groups_of(figures: Figures) -> tuple[Group, ...]:
    """All figures, each exactly once; groups that most runs do not have only where something of them is known."""
    groups = (Group(name, tuple(_fact(figures, figure) for figure in names)) for name, names in _GROUPS.items())
    return tuple(group for group in groups if group.is_known or group.name not in _ONLY_WHEN_KNOWN)


def _fact(figures: Figures, name: str) -> Fact:
    value: int | None = getattr(figures, name)
    size: int | None = getattr(figures, _SIZE_OF[name]) if name in _SIZE_OF else None
    return Fact(name, Unit.BYTES if name in _BYTES else Unit.COUNT, value, size)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run found changed at the source; None where not reported."""

    added: int | None
    modified: int | None
    deleted: int | None

    @property
    def is_known(self) -> bool:
        return self.added is not None or self.modified is not None or self.deleted is not None


def changes_of(figures: Figures) -> Changes:
    return Changes(figures.added_files, figures.modified_files, figures.deleted_files)


def used_share(figures: Figures) -> float | None:
    """The share of the destination's space that is in use, 0 to 1; None when the destination tells no quota."""
    total, free = figures.total_quota_space, figures.free_quota_space
    if not total or free is None or total < 0 or not 0 <= free <= total:
        return None
    return (total - free) / total


LEAST_RUNS = 6
"""Earlier runs that must be known before one can say what is usual."""


def usual(values: Iterable[int | None]) -> tuple[int, int] | None:
    """Between which figures the middle half of the earlier runs lies; None when too few are known."""
    known = [value for value in values if value is not None]
    if len(known) < LEAST_RUNS:
        return None
    low, _, high = quantiles(known, n=4)
    return round(low), round(high)
