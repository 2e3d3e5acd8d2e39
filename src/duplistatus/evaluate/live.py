"""What a job is doing at this moment. In: a job's row with its newest live status, and the present; out: the operation at work with how
far it is, or None where nothing runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from duplistatus.clock import Instant
from duplistatus.evaluate.overdue import Activity, Deadlines, activity_of

_BY_BYTES = frozenset({"Backup_ProcessingFiles", "Sync_ProcessingFiles", "Restore_DownloadingRemoteFiles"})
"""Phases in which Duplicati leaves its own progress at zero and counts what it has gone through instead."""


class LiveFacts(Deadlines, Protocol):
    """What of a job's row is known of its running operation."""

    @property
    def live_started_at(self) -> Instant | None: ...
    @property
    def live_reported_at(self) -> Instant | None: ...
    @property
    def live_heard_at(self) -> Instant | None: ...
    @property
    def live_state(self) -> str | None: ...
    @property
    def live_phase(self) -> str | None: ...
    @property
    def live_progress(self) -> float | None: ...
    @property
    def live_operation(self) -> str | None: ...
    @property
    def live_files_done(self) -> int | None: ...
    @property
    def live_files_total(self) -> int | None: ...
    @property
    def live_bytes_done(self) -> int | None: ...
    @property
    def live_bytes_total(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Live:
    """An operation at work. `progress` is a share from 0 to 1, None while nobody can say; `reported_at` is by the server's clock,
    `heard_at` by that of this machine; `silent_after`: milliseconds after `heard_at` from which on it is stuck."""

    is_stuck: bool
    operation: str | None
    state: str | None
    phase: str | None
    progress: float | None
    started_at: Instant | None
    reported_at: Instant | None
    heard_at: Instant | None
    silent_after: int | None
    files_done: int | None
    files_total: int | None
    bytes_done: int | None
    bytes_total: int | None


def live_of(job: LiveFacts, now: Instant) -> Live | None:
    """What the job does at `now`."""
    activity = activity_of(job, now)
    if activity == Activity.IDLE:
        return None
    heard = job.live_heard_at
    return Live(
        is_stuck=activity == Activity.STUCK,
        operation=job.live_operation,
        state=job.live_state,
        phase=job.live_phase,
        progress=share_done(job),
        started_at=job.live_started_at,
        reported_at=job.live_reported_at,
        heard_at=heard,
        silent_after=job.stuck_at - heard if job.stuck_at is not None and heard is not None else None,
        files_done=job.live_files_done,
        files_total=job.live_files_total,
        bytes_done=job.live_bytes_done,
        bytes_total=job.live_bytes_total,
    )


def share_done(job: LiveFacts) -> float | None:
    """How far the operation is."""
    in_bytes, in_files = (job.live_bytes_done, job.live_bytes_total), (job.live_files_done, job.live_files_total)
    return share_of(job.live_progress, job.live_phase, in_bytes, in_files)


def share_of(
    progress: float | None, phase: str | None, in_bytes: tuple[int | None, int | None], in_files: tuple[int | None, int | None]
) -> float | None:
    """What Duplicati says, else the share of bytes, else that of files, each (done, total). Zero is what Duplicati also writes where it
    does not know, so only a count makes it a figure."""
    if progress:
        return progress
    if phase not in _BY_BYTES:
        return None
    share = _share(*in_bytes)
    return share if share is not None else _share(*in_files)


def _share(done: int | None, total: int | None) -> float | None:
    return min(1.0, done / total) if done is not None and total else None
