"""The schedule of a job as a Duplicati server's API tells it. In: the fields of `Schedule` and `ProposedSchedule`; out: a `ServerSchedule`
or a `Slot`, or None for a job without one. Servers write weekdays as `mon`, `Monday` or both, and repeat them."""

from __future__ import annotations

from collections.abc import Iterable

from duplistatus.clock import Instant
from duplistatus.evaluate.expectation import ServerSchedule
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.report.timestamps import read_date_time

_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}


def read_schedule(time: str, repeat: str, allowed_days: Iterable[str] | None, told_at: Instant) -> ServerSchedule | None:
    """`Time`, `Repeat` and `AllowedDays` of `GET /backups`, asked at `told_at`; None where they make no schedule: no repetition, or a text
    that Duplicati would not take either."""
    if not repeat:
        return None
    try:
        interval, at = read_interval(repeat), read_date_time(time)
    except ValueError:
        return None
    if at is None:
        return None
    days = frozenset(_DAYS[day.strip().lower()[:3]] for day in allowed_days or () if day.strip().lower()[:3] in _DAYS)
    return ServerSchedule(at.at, interval, days or ALL_DAYS, told_at)
