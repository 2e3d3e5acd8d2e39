"""The row of a job as a fold over its runs. In: a summary and one more run, in any order; out: the summary of all of them. Adding the
runs one by one as they arrive and folding the whole history anew give the same, which is what keeps a job's row right without
reading its history."""

from __future__ import annotations

from dataclasses import dataclass, replace

from duplistatus.clock import Instant
from duplistatus.evaluate.expectation import Told, told_of
from duplistatus.evaluate.version_history import VersionHistory, VersionNews
from duplistatus.evaluate.zone_evidence import NO_EVIDENCE, Slot, ZoneEvidence
from duplistatus.report.report import Status

RECENT = 30
"""Newest runs that a job's row keeps, for strips of statuses and for rules of schedules."""


def leaves_a_backup(status: str, partial: bool) -> bool:
    """Whether a run was a success: Success or Warning, not cut short."""
    return status in {Status.SUCCESS, Status.WARNING} and not partial


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a summary needs of a run. Durations in ticks of 100 ns, sizes in bytes, None where unknown."""

    run_id: int
    uid: str
    begun_at: Instant
    ended_at: Instant | None
    status: str
    duration_ticks: int | None
    partial: bool
    warnings: int
    errors: int
    messages: int
    uploaded: int | None
    files: int | None
    source_size: int | None
    stored_size: int | None
    versions_count: int | None
    sends_next_run: bool
    next_run: Instant | None
    reason: str
    destination_type: str
    news: VersionNews

    @property
    def is_good(self) -> bool:
        """A run that leaves a usable backup: Success or Warning, not cut short."""
        return leaves_a_backup(self.status, self.partial)

    @property
    def told(self) -> Told:
        """What it says of the next run."""
        return told_of(self.sends_next_run, self.next_run)

    @property
    def slot(self) -> Slot | None:
        """What it tells of the zone in which its server counts; None for a run started by hand, which keeps no slot."""
        if self.told is Told.BY_HAND:
            return None
        newest = self.news.newest
        at = self.next_run if self.next_run is not None else self.begun_at
        offset = (newest.at, newest.offset_minutes) if newest is not None else (None, None)
        return Slot(self.begun_at, at, self.next_run is not None, *offset)

    @property
    def told_at(self) -> Instant:
        """When it said so: at its end."""
        return self.ended_at if self.ended_at is not None and self.ended_at > self.begun_at else self.begun_at


@dataclass(frozen=True, slots=True)
class Known:
    """A figure and the begin of the run that it comes from."""

    value: int | None = None
    at: Instant | None = None

    def or_later(self, value: int | None, at: Instant) -> Known:
        if value is None or (self.at is not None and at < self.at):
            return self
        return Known(value, at)


NOTHING = Known()
NO_VERSIONS = VersionHistory()


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job's runs in brief. `recent` holds (begin, status, good, told) of the newest runs, oldest first; `next_run` is that of the newest
    run that announced one, with the moment at which it was told."""

    last: RunFacts | None = None
    run_count: int = 0
    uploaded_total: int = 0
    files: Known = NOTHING
    source_size: Known = NOTHING
    stored_size: Known = NOTHING
    versions_count: Known = NOTHING
    next_run: Known = NOTHING
    last_good_at: Instant | None = None
    recent: tuple[tuple[int, str, int, int], ...] = ()
    versions: VersionHistory = NO_VERSIONS
    zone_evidence: ZoneEvidence = NO_EVIDENCE


def is_in_order(summary: JobSummary, run: RunFacts) -> bool:
    """True when what the run tells of versions and zones can be added; otherwise `versions` and `zone_evidence` must be folded anew from
    the history."""
    return summary.last is None or run.begun_at > summary.last.begun_at or (run.news.is_silent and run.slot is None)


def with_run(summary: JobSummary, run: RunFacts) -> JobSummary:
    """The summary of the same runs and one more. `versions` and `zone_evidence` follow only when `is_in_order`."""
    at, slot, in_order = run.begun_at, run.slot, is_in_order(summary, run)
    last = run if summary.last is None or at > summary.last.begun_at else summary.last
    good = at if run.is_good and (summary.last_good_at is None or at > summary.last_good_at) else summary.last_good_at
    recent = tuple(sorted((*summary.recent, (at, run.status, int(run.is_good), int(run.told)))))[-RECENT:]
    return JobSummary(
        last=last,
        run_count=summary.run_count + 1,
        uploaded_total=summary.uploaded_total + (run.uploaded or 0),
        files=summary.files.or_later(run.files, at),
        source_size=summary.source_size.or_later(run.source_size, at),
        stored_size=summary.stored_size.or_later(run.stored_size, at),
        versions_count=summary.versions_count.or_later(run.versions_count, at),
        next_run=summary.next_run.or_later(run.next_run, run.told_at),
        last_good_at=good,
        recent=recent,
        versions=summary.versions.after(run.news) if in_order else summary.versions,
        zone_evidence=summary.zone_evidence.after(slot) if in_order and slot is not None else summary.zone_evidence,
    )


def with_order(summary: JobSummary, versions: VersionHistory, zone_evidence: ZoneEvidence) -> JobSummary:
    """The summary with what depends on the order of runs folded anew."""
    return replace(summary, versions=versions, zone_evidence=zone_evidence)
