"""Text of .NET in, instants and seconds out: DateTime as Duplicati serializes it, TimeSpan in its "c" format, the compact form of
`next-scheduled-run` and the epoch seconds of plain-text reports. Text of another form raises ValueError, whatever it holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from duplistatus.clock import DAY, MINUTE, SECOND, Instant, instant

# Digits are [0-9] throughout: \d would take digits of other scripts.
_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:(Z)|([+-])([0-9]{2}):([0-5][0-9]))?"
)
_TIME_SPAN = re.compile(r"(-)?(?:([0-9]{1,8})\.)?([01]?[0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,7}))?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
# Cultures write the minus of a year-1 time differently (Swedish: U+2212), so any sign before the digits counts.
_EPOCH_SECONDS = re.compile(r"\(([^0-9()]{0,3})([0-9]{1,13})\)\s*")

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: offsets are subtracted as minutes
_FIRST = instant(datetime(1, 1, 2, tzinfo=UTC))
_LAST = instant(datetime(9999, 12, 30, tzinfo=UTC))
_TICKS_PER_SECOND = 10_000_000
_TICK_DIGITS = 7
_MOST_OFFSET_HOURS = 14


class DateTime(NamedTuple):
    """An instant with the offset from UTC in minutes in which it was written; None where the text has neither offset nor Z."""

    at: Instant
    offset_minutes: int | None


def read_date_time(text: str) -> DateTime | None:
    """`2026-07-10T01:00:00.0034501Z`, `…+02:00` or without a zone, which is read as UTC; 0 to 9 digits of a fraction, cut to
    milliseconds. None for the year 1, which is how .NET writes a time that was never set."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no date and time")
    year, month, day, hour, minute, second, fraction, utc, sign, offset_hours, offset_minutes = match.groups()
    if year == "0001":
        return None
    since = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second)) - _EPOCH  # noqa: DTZ001
    milliseconds = since.days * DAY + since.seconds * SECOND
    if fraction is not None:
        milliseconds += int(fraction[:3].ljust(3, "0"))
    offset: int | None = 0 if utc else None
    if sign is not None:
        if int(offset_hours) > _MOST_OFFSET_HOURS:
            raise ValueError(f"{text[:40]!r} has an offset that no zone has")
        offset = (int(offset_hours) * 60 + int(offset_minutes)) * (-1 if sign == "-" else 1)
        milliseconds -= offset * MINUTE
    return DateTime(_within_calendar(milliseconds), offset)


def read_compact(text: str) -> Instant:
    """`20260711T010000Z`, the form of `next-scheduled-run`."""
    match = _COMPACT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no time of the form yyyyMMddTHHmmssZ")
    year, month, day, hour, minute, second = (int(group) for group in match.groups())
    return _within_calendar(instant(datetime(year, month, day, hour, minute, second, tzinfo=UTC)))


def read_time_span(text: str) -> float:
    """Seconds of `[-][d.]hh:mm:ss[.fffffff]`."""
    match = _TIME_SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no duration")
    sign, days, hours, minutes, seconds, fraction = match.groups()
    whole = ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
    ticks = whole * _TICKS_PER_SECOND + int((fraction or "").ljust(_TICK_DIGITS, "0"))
    return (-ticks if sign else ticks) / _TICKS_PER_SECOND


def read_epoch_seconds(text: str) -> DateTime | None:
    """A date in any culture with epoch seconds in parentheses, `23.02.2020 23:04:56 (1582495496)`; None for the year 1."""
    at = text.rfind("(")
    match = _EPOCH_SECONDS.fullmatch(text, at) if at >= 0 else None
    if match is None:
        raise ValueError(f"{text[:40]!r} has no epoch seconds")
    sign, digits = match.groups()
    milliseconds = int(digits) * SECOND * (-1 if sign else 1)
    return None if milliseconds < _FIRST else DateTime(_within_calendar(milliseconds), 0)


def in_zone(moment: DateTime, zone: ZoneInfo) -> DateTime:
    """A time that was written without offset and read as UTC, read as wall-clock time of the zone instead. Of a time that the
    clock shows twice, the first."""
    wall = (_EPOCH + timedelta(milliseconds=moment.at)).replace(tzinfo=zone)
    offset = wall.utcoffset() or timedelta(0)
    minutes = round(offset.total_seconds() / 60)
    return DateTime(Instant(moment.at - minutes * MINUTE), minutes)


def _within_calendar(milliseconds: int) -> Instant:
    """Every instant that leaves this module can be written as a date in any zone."""
    if not _FIRST <= milliseconds <= _LAST:
        raise ValueError("the time lies outside the calendar")
    return Instant(milliseconds)
