"""The only reader of the wall clock. Moments travel as `Instant`, whole milliseconds since 1970-01-01T00:00Z, so that values,
database columns and comparisons are the same number; a `Clock` is handed to whoever needs the present, and tests hand in their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NewType, Protocol

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

TICKS = 10_000_000
"""Ticks in a second: durations are kept in Duplicati's own unit of 100 ns, so that sums are exact."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """Tells the present moment."""

    def now(self) -> Instant: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1_000_000)


class SetClock:
    """A clock that stands still until it is moved: for tests, the demo and what-if questions."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    def advance(self, milliseconds: int) -> None:
        self.at = Instant(self.at + milliseconds)


def instant(moment: datetime) -> Instant:
    """The instant of an aware datetime, rounded down to the millisecond."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return Instant((moment - _EPOCH) // _MILLISECOND)


def moment(at: Instant) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(milliseconds=at)


def iso(at: Instant) -> str:
    """`2026-07-10T01:00:00.003Z`: UTC with milliseconds, the form of every time in the API."""
    day, rest = divmod(at, DAY)
    seconds, milliseconds = divmod(rest, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_date(day)}T{hour:02d}:{minute:02d}:{second:02d}.{milliseconds:03d}Z"


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    """`2026-07-10`: answers with thousands of times have few days among them."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def utc_day(at: Instant) -> int:
    """Number of the UTC day since 1970-01-01."""
    return at // DAY
