"""Duplicati's grammar of intervals: text such as `1D` or `1W12h` in; seconds, or steps from one moment to the next, out. Units are
case-sensitive: `m` is a minute, `M` a month. As a length a month has 30 days and a year 365; as a step both follow the calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta

from duplistatus.clock import SECOND

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "D": 86_400, "W": 7 * 86_400, "M": 30 * 86_400, "Y": 365 * 86_400}
_UNITS = "".join(_SECONDS)
_OF_CALENDAR = frozenset("DWMY")
_REPEAT = re.compile(rf"(?:[0-9]+[{_UNITS}])+")
_PART = re.compile(rf"([0-9]+)([{_UNITS}])")
# .NET's integers may have blanks around them and a sign; of blanks it knows these six.
_INTEGER = re.compile(r"[\t-\r ]*([+-]?[0-9]+)[\t-\r ]*")
_INT32 = range(-(2**31), 2**31)
_MOST_SECONDS = (2**63 - 1) // 10_000_000
"""A .NET TimeSpan counts ticks of 100 ns in 64 bits."""
_SHORTEST = 5 * 60
"""Seconds; Duplicati takes a schedule's interval only when it is longer."""
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Interval:
    """A schedule's interval: its parts in the order of the text, each a number and a unit."""

    parts: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        """Duplicati's own spelling."""
        return "".join(f"{number}{unit}" for number, unit in self.parts)

    @property
    def length(self) -> int:
        """Milliseconds, a month counted as 30 days and a year as 365."""
        return sum(number * _SECONDS[unit] for number, unit in self.parts) * SECOND

    @property
    def is_of_calendar(self) -> bool:
        """Whether only days, weeks, months and years are in it: then the local time of day is kept over changes of the clock."""
        return all(unit in _OF_CALENDAR for _, unit in self.parts)

    @property
    def is_fixed(self) -> bool:
        """Whether every step is equally long."""
        return not any(unit in "MY" for _, unit in self.parts)

    def after(self, moment: datetime) -> datetime:
        """One step later. A month or year keeps the day of the month, or takes the last one where there is no such day. Raises
        OverflowError past the year 9999."""
        for number, unit in self.parts:
            if unit in "MY":
                moment = _months_later(moment, number if unit == "M" else number * _MONTHS)
            else:
                moment += timedelta(seconds=number * _SECONDS[unit])
        return moment


def read_interval(text: str) -> Interval:
    """The interval of a schedule, as `Repeat` holds it. Raises ValueError with a sentence."""
    if _REPEAT.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} is no interval such as 1D, 12h or 1W12h; the units are {', '.join(_SECONDS)}")
    interval = Interval(tuple((int(number), unit) for number, unit in _PART.findall(text)))
    if any(number not in _INT32 for number, _ in interval.parts) or interval.length > _MOST_SECONDS * SECOND:
        raise ValueError(f"the interval {text[:40]!r} is too long")
    if interval.length <= _SHORTEST * SECOND:
        raise ValueError("an interval must be longer than 5 minutes")
    return interval


def read_length(text: str) -> int:
    """Seconds of a time span in Duplicati's grammar, which may be signed: nothing is 0, a bare number counts seconds. Raises
    ValueError. Source: what Duplicati's own parser answered, `time-span.tsv` of the tests."""
    bare = _INTEGER.fullmatch(text)
    seconds = int(bare[1]) if bare else _sum_of_parts(text)
    if abs(seconds) > _MOST_SECONDS:
        raise ValueError(f"the time span {text[:40]!r} is too long")
    return seconds


def _sum_of_parts(text: str) -> int:
    seconds = 0
    *parts, rest = re.split(rf"(?<=[{_UNITS}])", text)
    if rest.strip():
        raise ValueError(f"{text[:40]!r} is no time span: {rest.strip()[:20]!r} has no unit")
    for part in parts:
        number = _INTEGER.fullmatch(part[:-1].strip())
        if number is None or int(number[1]) not in _INT32:
            raise ValueError(f"{text[:40]!r} is no time span: {part[:20]!r} is no whole number with a unit")
        seconds += int(number[1]) * _SECONDS[part[-1]]
    return seconds


def _months_later(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, _MONTHS)
    year = moment.year + years
    if year > MAXYEAR:
        raise OverflowError("the date lies past the year 9999")
    for day in range(moment.day, 0, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")
