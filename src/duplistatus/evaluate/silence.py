"""Whether messages of a job are held back, and why. In: windows of maintenance, the end of a snooze, an acknowledgement, the present; out:
the fact `silence` and the moment at which time can change it. Silence stops messages alone, never a verdict.

Somebody who acknowledges a job's trouble says that they know of exactly that. The acknowledgement ends when nothing of it is left, and
when trouble of another kind joins it; what is over is forgotten, so that its return counts as new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from duplistatus.clock import Instant
from duplistatus.evaluate.maintenance import Window, is_active, next_change
from duplistatus.report.report import Status

Trouble = Mapping[str, str]
"""The facts of a job that are wrong, by name: `schedule` overdue, `outcome` failing, `activity` stuck, `result` failed or warning."""

_WRONG = {"schedule": "overdue", "outcome": "failing", "activity": "stuck"}
_RESULTS: dict[str, str] = {Status.FATAL: "failed", Status.ERROR: "failed", Status.WARNING: "warning", Status.UNKNOWN: "warning"}
_MOST_CHANGES = 1_000


class Silence(StrEnum):
    """The fact. Where several hold, the first of maintenance, snoozed and acknowledged is told."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    SNOOZED = "snoozed"
    ACKNOWLEDGED = "acknowledged"


def silence_now(
    windows: Iterable[Window], snoozed_until: Instant | None, acknowledged: bool, now: Instant
) -> tuple[Silence, Instant | None]:
    """The silence of a job that these windows concern, and the first moment at which time alone changes it; None: never."""
    windows = tuple(windows)
    if any(is_active(window, now) for window in windows):
        return Silence.MAINTENANCE, _end(windows, now)
    changes = [at for window in windows if (at := next_change(window, now)) is not None]
    if snoozed_until is not None and now < snoozed_until:
        return Silence.SNOOZED, min([snoozed_until, *changes])
    return Silence.ACKNOWLEDGED if acknowledged else Silence.NONE, min(changes, default=None)


def _end(windows: Iterable[Window], now: Instant) -> Instant | None:
    """The first moment after `now` at which none of the windows is open; None when there is none."""
    at = now
    for _ in range(_MOST_CHANGES):
        ends = [next_change(window, at) for window in windows if is_active(window, at)]
        if not ends:
            return at
        # To look once more than needed does no harm.
        if None in ends:
            return None
        at = max(end for end in ends if end is not None)
    return at


def trouble_of(schedule: str, outcome: str, activity: str, last_status: str | None) -> Trouble:
    """What is wrong with a job; nothing when it is empty. A job that is late may still run in time."""
    facts = {"schedule": schedule, "outcome": outcome, "activity": activity}
    found = {name: value for name, value in facts.items() if value == _WRONG[name]}
    result = _RESULTS.get(last_status) if last_status is not None else None
    return found | {"result": result} if result is not None else found


def left_of(acknowledged: Trouble, now: Trouble) -> Trouble:
    """What an acknowledgement still stands for, given what is wrong now; empty when it has ended. A warning where a failure was
    acknowledged is less of the same, the other way round it is new."""
    if not all(_covers(acknowledged.get(name), value) for name, value in now.items()):
        return {}
    return dict(now)


def _covers(known: str | None, value: str) -> bool:
    return known == value or (known == "failed" and value == "warning")


def still_acknowledged(acknowledged: Trouble, now: Trouble) -> bool:
    """Whether an acknowledgement still holds."""
    return bool(left_of(acknowledged, now))
