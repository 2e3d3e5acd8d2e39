"""When a job is late and when it is overdue. In: the expected moment, the present; out: the schedule fact and the next moment at
which time alone can change it. The expectation is the next run that Duplicati itself announced in its newest report that
announced one (`next-scheduled-run`); a run started by hand announces none and moves nothing."""

from __future__ import annotations

from enum import StrEnum

from duplistatus.clock import HOUR, Instant

TOLERANCE = 2 * HOUR
"""Milliseconds after the expected moment before a job is called overdue."""


class Schedule(StrEnum):
    """The schedule fact of a job."""

    OK = "ok"
    LATE = "late"
    OVERDUE = "overdue"
    UNSCHEDULED = "unscheduled"


def schedule_now(expected_at: Instant | None, now: Instant) -> Schedule:
    """The verdict at `now`: late once the expected moment has passed, overdue once the tolerance has passed too."""
    if expected_at is None:
        return Schedule.UNSCHEDULED
    if now <= expected_at:
        return Schedule.OK
    return Schedule.LATE if now <= expected_at + TOLERANCE else Schedule.OVERDUE


def due_at(expected_at: Instant | None, now: Instant) -> Instant | None:
    """The first moment after `now` at which `schedule_now` answers differently; None when it never will."""
    if expected_at is None or now > expected_at + TOLERANCE:
        return None
    return Instant(expected_at + 1) if now <= expected_at else Instant(expected_at + TOLERANCE + 1)
