"""The question for a next run as text, as the command `duplistatus next-run` takes it. In: zone, interval, weekdays, base and not-before;
out: the next run as text in UTC. Raises ValueError with a sentence for what cannot be meant."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from duplistatus.clock import SECOND, Instant, instant, moment
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.next_run import ALL_DAYS, next_run, next_run_before_2_1_2


def next_run_text(zone: str, repeat: str, days: str, base: str, not_before: str, *, before_2_1_2: bool = False) -> str:
    """`2026-07-11T01:00:00Z`, with milliseconds where there are any. `days` as `read_days`; times in ISO 8601, without an offset UTC;
    an empty zone is UTC, as Duplicati reads its setting."""
    compute = next_run_before_2_1_2 if before_2_1_2 else next_run
    try:
        at = compute(read_moment(base), read_moment(not_before), read_interval(repeat), read_days(days), read_zone(zone))
    except OverflowError as error:
        raise ValueError("the next run lies outside the calendar") from error
    return moment(at).isoformat(timespec="milliseconds" if at % SECOND else "seconds").replace("+00:00", "Z")


def read_zone(text: str) -> ZoneInfo:
    """A time zone by its IANA name; empty is UTC."""
    try:
        return ZoneInfo(text or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {text[:60]!r}") from None


def read_days(text: str) -> frozenset[int]:
    """Weekdays as numbers with commas between, 0 is Sunday; `-` or nothing means all."""
    if text in {"", "-"}:
        return ALL_DAYS
    parts = [part.strip() for part in text.split(",")]
    if not all(part in {"0", "1", "2", "3", "4", "5", "6"} for part in parts):
        raise ValueError(f"{text[:40]!r} are no weekdays such as 1,2,3 (0 is Sunday)")
    return frozenset(map(int, parts))


def read_moment(text: str) -> Instant:
    """A moment in ISO 8601; without an offset it is UTC."""
    try:
        read = datetime.fromisoformat(text)
        return instant(read if read.tzinfo else read.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is no moment such as 2026-07-10T01:00:00Z") from None
