"""A server, or one of its jobs, in a few figures. In: rows of jobs, which are kept current on write, and the sum of their days; out: the
totals of the page, why a job is overdue, and the line on which its runs and its expected moment lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from duplistatus.clock import DAY, Instant


class JobFigures(Protocol):
    """What the totals need of a job's row."""

    @property
    def run_count(self) -> int: ...
    @property
    def uploaded_total(self) -> int: ...
    @property
    def files(self) -> int | None: ...
    @property
    def source_size(self) -> int | None: ...
    @property
    def stored_size(self) -> int | None: ...
    @property
    def versions_count(self) -> int | None: ...
    @property
    def last_begun_at(self) -> Instant | None: ...


@dataclass(frozen=True, slots=True)
class Days:
    """The sum of day rollups: runs, their durations in milliseconds, the number of the first UTC day."""

    runs: int = 0
    duration_ms: int = 0
    first_day: int | None = None


@dataclass(frozen=True, slots=True)
class Tiles:
    """The totals of a server or job. Sizes in bytes; None: no job reports it. `since` is the first UTC day with a run."""

    jobs: int
    runs: int
    since: Instant | None
    versions: int | None
    average_duration_ms: int | None
    files: int | None
    source_size: int | None
    stored_size: int | None
    uploaded: int
    last_run: Instant | None


def tiles_of(jobs: Sequence[JobFigures], days: Days) -> Tiles:
    """Sums over the jobs; figures that a job does not report are left out of the sum."""
    begun = [job.last_begun_at for job in jobs if job.last_begun_at is not None]
    return Tiles(
        jobs=len(jobs),
        runs=sum(job.run_count for job in jobs),
        since=Instant(days.first_day * DAY) if days.first_day is not None else None,
        versions=_known_sum(job.versions_count for job in jobs),
        average_duration_ms=round(days.duration_ms / days.runs) if days.runs else None,
        files=_known_sum(job.files for job in jobs),
        source_size=_known_sum(job.source_size for job in jobs),
        stored_size=_known_sum(job.stored_size for job in jobs),
        uploaded=sum(job.uploaded_total for job in jobs),
        last_run=max(begun) if begun else None,
    )


def _known_sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Mark:
    """A point on the line of an overdue job: `x` from 0 to LINE_WIDTH, `status` of the run there, None for the expected moment."""

    x: float
    status: str | None


LINE_WIDTH = 900
_LINE_RUNS = 12
_MARGIN = 20


@dataclass(frozen=True, slots=True)
class Overdue:
    """Why a job is overdue: when it should have run, how long ago that is and what was allowed, in milliseconds."""

    expected_at: Instant
    late_ms: int
    tolerance_ms: int
    marks: tuple[Mark, ...]


def overdue_of(expected_at: Instant, overdue_at: Instant, recent: Sequence[tuple[Instant, str]], now: Instant) -> Overdue:
    """The evidence for a job that is overdue since `overdue_at`. `recent`: begin and status of its runs, oldest first."""
    return Overdue(expected_at, now - expected_at, overdue_at - expected_at, _line(recent[-_LINE_RUNS:], expected_at, now))


def _line(recent: Sequence[tuple[Instant, str]], expected_at: Instant, now: Instant) -> tuple[Mark, ...]:
    """The newest runs and the expected moment on a line that ends now."""
    moments = [*((at, status) for at, status in recent if at <= now), (expected_at, None)]
    start = min(at for at, _ in moments)
    span = max(1, now - start)
    scale = (LINE_WIDTH - 2 * _MARGIN) / span
    return tuple(Mark(round(_MARGIN + (at - start) * scale, 1), status) for at, status in moments)
