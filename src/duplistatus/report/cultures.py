"""Local dates as .NET's `DateTime.ToString()` prints them in whatever culture Duplicati runs in: a text of dates joined by `, ` enters,
the six numbers of each leave, with every way in which they can be read as dates. Nothing here knows cultures by name: .NET prints three
numbers of the date, then hour, minute and second, with texts between them that are the same in the whole list, save a marker for the half
of the day. A text that is not of this kind is refused, never guessed at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple

from duplistatus.report.day_periods import AFTER_NOON, BEFORE_NOON, LITERALS
from duplistatus.report.lettering import letters

_JOINT = ", "
_FIELDS = 6
_SHORT, _LONG = 2, 4
"""Digits: at most two for all but the year, at most four for the year."""
_LONGEST_LIST, _LONGEST_BETWEEN = 500_000, 40
"""Characters: what is longer is no list of dates, and not worth the time of looking closer."""
_LAST_OF_ONE_DIGIT = 9
_NOON = 12
_EARLIEST_YEAR = 2008
"""Duplicati's first release: no version is older, so a year before it is of another calendar."""

_NUMBER = re.compile(r"(\d+)")
_DIRECTION_MARKS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"))

_ORDERS = {True: ("YMD", "YDM"), False: ("DMY", "MDY"), None: ("DMY", "MDY", "YMD")}
"""Orders of the fields by whether the year stands first, None where it is not seen. Only Kyrgyz and Uyghur print year, day, month."""


class Stamp(NamedTuple):
    """One printed date: the three numbers of the day as they stand, and the time of day."""

    day: tuple[int, int, int]
    time: time


@dataclass(frozen=True, slots=True)
class Stamps:
    """The dates of one list, in the order of the text. `year_first` None: no number is wide enough to be a full year. `marker_lost`: the
    text looks as .NET writes Taiwan's 12-hour clock where the culture's marker is one that .NET leaves out (CLDR 44 and later)."""

    items: tuple[Stamp, ...] = ()
    year_first: bool | None = None
    marker_lost: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The dates of a list under one order of the fields and one calendar: wall-clock times."""

    order: str
    walls: tuple[datetime, ...]


def stamps(text: str) -> Stamps | None:
    """The dates of a list; None where the text is not a list of dates of one culture. Digits of any script, marks of writing
    direction and every kind of space are understood."""
    if len(text) > _LONGEST_LIST:
        return None
    parts = _NUMBER.split((text if text.isascii() else text.translate(_DIRECTION_MARKS)).strip())
    texts, numbers = parts[::2], parts[1::2]
    if not numbers:
        return None if texts[0] else Stamps()
    try:
        before_time, after_time = _around_times(texts, len(numbers))
        year_first = _year_first([list(map(len, numbers[position::_FIELDS])) for position in range(_FIELDS)])
        first, second, third, hours, minutes, seconds = (list(map(int, numbers[position::_FIELDS])) for position in range(_FIELDS))
        halves = _halves_of_day(before_time, after_time, hours)
        times = map(time, map(_hour, hours, halves), minutes, seconds)
        items = tuple(map(Stamp, zip(first, second, third, strict=True), times))
    except ValueError:
        return None
    taiwan = year_first and texts[1] == "/" and first[0] >= _EARLIEST_YEAR and halves[0] is None and max(hours) <= _NOON
    return Stamps(items, year_first, marker_lost=bool(taiwan) and not any(_padded(numbers[position::_FIELDS]) for position in (1, 2, 3)))


def _padded(numbers: list[str]) -> bool:
    return any(len(number) > 1 and int(number) <= _LAST_OF_ONE_DIGIT for number in numbers)


def readings(found: Stamps, latest: date) -> Iterator[Reading]:
    """Every order of the fields and calendar in which all dates of a list exist and lie between Duplicati's first year and `latest`."""
    century = 2000 if found.year_first is None else 0
    for order in _ORDERS[found.year_first]:
        year_at, month_at, day_at = map(order.index, "YMD")
        for to_date in _calendars(century + found.items[0].day[year_at], latest.year):
            try:
                days = [to_date(century + item.day[year_at], item.day[month_at], item.day[day_at]) for item in found.items]
            except (ValueError, OverflowError):
                continue
            if max(days) <= latest and min(days).year >= _EARLIEST_YEAR:
                yield Reading(order, tuple(map(datetime.combine, days, (item.time for item in found.items))))


def _around_times(texts: list[str], numbers: int) -> tuple[list[str], list[str]]:
    """The texts before and after each time of day, of all texts before, between and after the numbers. ValueError where any other text
    differs from date to date, or no joint stands between two dates."""
    if (
        numbers % _FIELDS
        or texts[0]
        or max(map(len, texts)) > _LONGEST_BETWEEN
        or any(len(set(texts[position::_FIELDS])) > 1 for position in (1, 2, 4, 5))
    ):
        raise ValueError("not dates of one culture")
    *between, last = texts[_FIELDS::_FIELDS]
    if not all(text.endswith(_JOINT) for text in between):
        raise ValueError("dates that nothing separates")
    return texts[3::_FIELDS], [*(text.removesuffix(_JOINT) for text in between), last]


def _year_first(digits: list[list[int]]) -> bool | None:
    """Whether the year stands first or last, None where every number is short; `digits` are the widths of each field in all dates.
    ValueError where the list does not agree or another field is too wide."""
    first, *others, last = (min(widths) > _SHORT for widths in digits[:3])
    widest = [max(widths) for widths in digits]
    allowed = [_LONG if first else _SHORT, _SHORT, _LONG if last else _SHORT, _SHORT, _SHORT, _SHORT]
    if (first and last) or any(others) or any(width > limit for width, limit in zip(widest, allowed, strict=True)):
        raise ValueError("numbers that are no fields of dates")
    return first if first or last else None


# --- the half of the day -----------------------------------------------------------------------------------------------------------


def _halves_of_day(before: list[str], after: list[str], hours: list[int]) -> list[bool | None]:
    """For each date True after noon, False before, None on a clock of 24 hours; `before` and `after` are the texts around the times.
    ValueError where it stays open whether a text is a marker."""
    found = [[_half(text) for text in texts] for texts in (before, after)]
    marked = [halves for halves in found if None not in halves]
    varied = [halves for halves in marked if len(set(halves)) > 1]
    if len(marked) == 1 or len(varied) == 1:
        return (varied or marked)[0]
    if len(set(before)) > 1 or len(set(after)) > 1:
        raise ValueError("unknown markers")
    if all(map(_is_literal, (before[0], after[0]))) or any(hour == 0 or hour > _NOON for hour in hours):
        return [None] * len(hours)
    raise ValueError("a text that may be a marker")


def _hour(hour: int, after_noon: bool | None) -> int:
    if after_noon is None or (after_noon and hour > _NOON):
        return hour
    if hour > _NOON:
        raise ValueError("an hour after noon that is marked as before it")
    return hour % _NOON + _NOON * after_noon


@lru_cache(maxsize=256)
def _half(text: str) -> bool | None:
    """True for a text that says after noon, False for before; other words of the culture may stand beside the marker."""
    words = text.split()
    for start in range(len(words)):
        for candidate in (words[start:], words[: len(words) - start]):
            form = letters("".join(candidate))
            if form in BEFORE_NOON:
                return False
            if form in AFTER_NOON:
                return True
    return None


@lru_cache(maxsize=256)
def _is_literal(text: str) -> bool:
    return all(not (form := letters(word)) or form in LITERALS for word in text.split())


# --- calendars ---------------------------------------------------------------------------------------------------------------------


def _calendars(year: int, latest: int) -> Iterator[Callable[[int, int, int], date]]:
    """The calendars in which a year lies between Duplicati's first and the latest, as functions of year, month and day."""
    if _EARLIEST_YEAR <= year <= latest:
        yield date
    for calendar, ahead in ((_buddhist, 543), (_minguo, -1911)):
        if _EARLIEST_YEAR <= year - ahead <= latest:
            yield calendar
    if _EARLIEST_YEAR - 622 <= year <= latest - 621:
        yield _persian
    begins = 0.970224 * year + 621.54  # of a lunar year, in Gregorian years, give or take some weeks
    if _EARLIEST_YEAR - 1 <= begins <= latest + 1:
        yield _umm_al_qura


def _buddhist(year: int, month: int, day: int) -> date:
    return date(year - 543, month, day)


def _minguo(year: int, month: int, day: int) -> date:
    return date(year + 1911, month, day)


def _persian(year: int, month: int, day: int) -> date:
    from jdatetime import date as persian_date  # type: ignore[import-untyped]

    converted: date = persian_date(year, month, day).togregorian()
    return converted


def _umm_al_qura(year: int, month: int, day: int) -> date:
    from hijridate import Hijri

    return date.fromordinal(Hijri(year, month, day).to_gregorian().toordinal())
