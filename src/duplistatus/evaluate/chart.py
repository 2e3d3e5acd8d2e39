"""The points of charts: one a run, or one a UTC day. In: runs or days, a range; out: points, sums over jobs. A day of one job sums its
runs, but for the stored size (the last known) and the versions (the most), as the day rollups do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from duplistatus.clock import DAY, Instant

WINDOW_DAYS = 30
"""UTC days, today included, that a chart without a range shows."""
MOST_POINTS = 2_000
"""Points of a chart without a range; when there were more runs, it has one a day."""


@dataclass(frozen=True, slots=True)
class Point:
    """Sizes in bytes, duration in ticks of 100 ns. `at` is the begin of the run, or of the newest run of the day."""

    at: Instant
    uploaded: int
    duration_ticks: int
    files: int
    source_size: int
    stored_size: int
    versions: int


class Sample(NamedTuple):
    """A run as a chart needs it; `stored_size` None where the report did not know it, other unknown figures are 0."""

    job_id: int
    at: Instant
    uploaded: int
    duration_ticks: int
    files: int
    source_size: int
    stored_size: int | None
    versions: int


@dataclass(frozen=True, slots=True)
class Days:
    """A range cut at the ends of UTC days: `whole` is the first and last number of the days that lie in it completely (None: there is
    none), `parts` are the pieces of days at its ends, both moments included."""

    whole: tuple[int, int] | None
    parts: tuple[tuple[Instant, Instant], ...]


def cut(start: Instant, end: Instant) -> Days:
    """The days of a range, both moments included."""
    if end < start:
        return Days(None, ())
    first, last = -(-start // DAY), (end + 1) // DAY - 1
    # The end lies before the first midnight after the start: one piece of one day.
    parts = [(start, end)] if last + 1 < first else [(start, first * DAY - 1), ((last + 1) * DAY, end)]
    return Days((first, last) if first <= last else None, tuple((Instant(a), Instant(b)) for a, b in parts if a <= b))


def window_start(now: Instant) -> Instant:
    """The first moment of a chart without a range."""
    return Instant((now // DAY - WINDOW_DAYS + 1) * DAY)


def joined(samples: Iterable[Sample]) -> Point | None:
    """The samples of one day, or of a part of it, as one point; None without any. In any order."""
    newest: Instant | None = None
    uploaded = duration = files = source = 0
    stored: dict[int, tuple[Instant, int]] = {}
    versions: dict[int, int] = {}
    for job_id, at, more_uploaded, more_duration, more_files, more_source, stored_size, version_count in samples:
        newest = at if newest is None or at > newest else newest
        uploaded += more_uploaded
        duration += more_duration
        files += more_files
        source += more_source
        if stored_size is not None and (job_id not in stored or at > stored[job_id][0]):
            stored[job_id] = (at, stored_size)
        versions[job_id] = max(version_count, versions.get(job_id, 0))
    if newest is None:
        return None
    return Point(newest, uploaded, duration, files, source, sum(size for _, size in stored.values()), sum(versions.values()))
