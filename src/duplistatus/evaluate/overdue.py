"""The facts of a job that time alone can change. In: the moments that a verdict is made of, and the present; out: whether the job is late
or overdue, whether a running one has fallen silent, and the next moment at which any of it can become another."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from duplistatus.clock import MINUTE, Instant, instant

_LAST = instant(datetime(9999, 12, 31, tzinfo=UTC))
_SILENT_INTERVALS = 10
_SILENT_AT_LEAST = 10 * MINUTE


class Schedule(StrEnum):
    """The schedule fact of a job."""

    OK = "ok"
    LATE = "late"
    OVERDUE = "overdue"
    UNSCHEDULED = "unscheduled"
    OFF = "off"


class Activity(StrEnum):
    """The activity fact of a job."""

    IDLE = "idle"
    RUNNING = "running"
    STUCK = "stuck"


def overdue_from(expected_at: Instant, tolerance: int) -> Instant:
    """The moment at which the tolerance of `tolerance` milliseconds ends; never past the end of the calendar."""
    return Instant(min(expected_at + tolerance, _LAST))


def schedule_now(
    expected_at: Instant | None, overdue_at: Instant | None, now: Instant, *, watched: bool = True, running: bool = False
) -> Schedule:
    """The verdict at `now`: late once the expected moment has passed, overdue once the tolerance has passed too, unless the job is at
    work. `overdue_at`: the expected moment and the tolerance."""
    if not watched:
        return Schedule.OFF
    if expected_at is None or overdue_at is None:
        return Schedule.UNSCHEDULED
    if now <= expected_at:
        return Schedule.OK
    return Schedule.LATE if now <= overdue_at or running else Schedule.OVERDUE


def activity_now(activity: str, stuck_at: Instant | None, now: Instant) -> str:
    """A running job that has said nothing for too long is stuck."""
    return Activity.STUCK if activity == Activity.RUNNING and stuck_at is not None and now > stuck_at else activity


def silent_after(interval: int | None) -> int:
    """Milliseconds without a live status after which a running job is stuck: ten of its intervals, at least ten minutes."""
    return max(_SILENT_AT_LEAST, _SILENT_INTERVALS * (interval or 0))


def due_at(
    expected_at: Instant | None,
    overdue_at: Instant | None,
    now: Instant,
    *,
    watched: bool = True,
    running: bool = False,
    stuck_at: Instant | None = None,
) -> Instant | None:
    """The first moment after `now` at which `schedule_now` or `activity_now` answers differently; None when they never will. `running`:
    what `activity_now` says now."""
    moments: list[int] = []
    if running and stuck_at is not None:
        moments.append(stuck_at + 1)
    if watched and expected_at is not None and overdue_at is not None:
        if now <= expected_at:
            moments.append(expected_at + 1)
        elif now <= overdue_at and not running:
            moments.append(overdue_at + 1)
    return Instant(min(moments)) if moments else None


class Deadlines(Protocol):
    """What of a job's row these facts are made of."""

    @property
    def schedule(self) -> str: ...
    @property
    def activity(self) -> str: ...
    @property
    def expected_at(self) -> Instant | None: ...
    @property
    def overdue_at(self) -> Instant | None: ...
    @property
    def stuck_at(self) -> Instant | None: ...


def activity_of(job: Deadlines, now: Instant) -> str:
    """The activity fact of a job at a moment."""
    return activity_now(job.activity, job.stuck_at, now)


def schedule_of(job: Deadlines, now: Instant) -> Schedule:
    """The schedule fact of a job at a moment."""
    running = activity_of(job, now) == Activity.RUNNING
    return schedule_now(job.expected_at, job.overdue_at, now, watched=job.schedule != Schedule.OFF, running=running)


def due_of(job: Deadlines, now: Instant) -> Instant | None:
    """The first moment after `now` at which one of the two becomes another."""
    running = activity_of(job, now) == Activity.RUNNING
    return due_at(job.expected_at, job.overdue_at, now, watched=job.schedule != Schedule.OFF, running=running, stuck_at=job.stuck_at)
