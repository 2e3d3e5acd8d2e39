"""The points of charts: one a run, or one a UTC day. In: runs or days, a range; out: points, sums over jobs. A day of one job sums its
runs, but for the stored size (the last known) and the versions (the most), as the day rollups do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Sample:
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
    jobs: dict[int, tuple[Point, Instant | None]] = {}
    for sample in samples:
        before, known_at = jobs.get(sample.job_id, (Point(sample.at, 0, 0, 0, 0, 0, 0), None))
        newer = sample.stored_size is not None and (known_at is None or sample.at > known_at)
        point = Point(
            at=max(before.at, sample.at),
            uploaded=before.uploaded + sample.uploaded,
            duration_ticks=before.duration_ticks + sample.duration_ticks,
            files=before.files + sample.files,
            source_size=before.source_size + sample.source_size,
            stored_size=sample.stored_size if newer and sample.stored_size is not None else before.stored_size,
            versions=max(before.versions, sample.versions),
        )
        jobs[sample.job_id] = (point, sample.at if newer else known_at)
    return summed(point for point, _ in jobs.values())


def summed(points: Iterable[Point]) -> Point | None:
    """One point for several jobs; None without any."""
    total: Point | None = None
    for point in points:
        if total is None:
            total = point
            continue
        total = Point(
            at=max(total.at, point.at),
            uploaded=total.uploaded + point.uploaded,
            duration_ticks=total.duration_ticks + point.duration_ticks,
            files=total.files + point.files,
            source_size=total.source_size + point.source_size,
            stored_size=total.stored_size + point.stored_size,
            versions=total.versions + point.versions,
        )
    return total
