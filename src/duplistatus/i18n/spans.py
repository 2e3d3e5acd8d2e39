"""Spans of time in words. In: milliseconds, or an interval of Duplicati, and a locale; out: text such as `12 minutes 30 seconds` or
`2 days ago`."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import lru_cache
from typing import Literal

from babel.dates import format_timedelta
from babel.units import format_unit

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND
from duplistatus.evaluate.interval import Interval
from duplistatus.i18n.formats import locale_of

_Unit = Literal["day", "hour", "minute", "second"]
_UNITS: tuple[tuple[_Unit, int], ...] = (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", SECOND))
_OF_INTERVAL = {"s": "second", "m": "minute", "h": "hour", "D": "day", "W": "week", "M": "month", "Y": "year"}
_PARTS = 2
_MANY_DAYS = 60 * DAY


@lru_cache(maxsize=4096)
def span(milliseconds: int, locale: str) -> str:
    """A length by its two largest units: `1 hour 2 minutes`, `0 seconds`."""
    rest = max(0, round(milliseconds / SECOND)) * SECOND
    parts: list[str] = []
    for index, (name, length) in enumerate(_UNITS):
        count, rest = divmod(rest, length)
        if count:
            parts.append(unit(count, name, locale))
        # Hours and seconds without the minutes between them would tell less than hours alone.
        if parts and (len(parts) == _PARTS or (not count and index)):
            break
    return _joined(parts or [unit(0, "second", locale)], locale)


@lru_cache(maxsize=4096)
def rough_span(milliseconds: int, locale: str) -> str:
    """A length by its largest unit: `2 days`."""
    seconds = max(0, milliseconds // SECOND)
    for name, length in _UNITS:
        if seconds * SECOND >= length:
            return unit(seconds * SECOND // length, name, locale)
    return unit(0, "second", locale)


def distance(milliseconds: int, locale: str) -> str:
    """How far a moment lies back: `2 days ago`; one ahead, a negative distance: `in 5 hours`. Below a minute it is counted as one; from two
    months on it is told by months and years."""
    whole = max(abs(milliseconds), MINUTE)
    name, length = next(each for each in _UNITS if whole >= each[1])
    away = timedelta(milliseconds=whole // length * length)
    # A threshold that nothing reaches leaves the unit that was chosen.
    threshold = 1.0 if whole >= _MANY_DAYS else math.inf
    made: str = format_timedelta(
        -away if milliseconds >= 0 else away, granularity=name, threshold=threshold, add_direction=True, locale=locale_of(locale)
    )
    return made


def interval_text(interval: Interval, locale: str) -> str:
    """`1 day`, `1 week 12 hours`."""
    return _joined([unit(number, _OF_INTERVAL[letter], locale) for number, letter in interval.parts], locale)


@lru_cache(maxsize=4096)
def unit(count: int, name: str, locale: str) -> str:
    """A number of units: `3 weeks`. Some locales lack the long form of some units in Babel's data: then it is that of the language without
    its region, or a short one."""
    found = locale_of(locale)
    bare = "_".join(part for part in (found.language, found.script) if part)
    tried: tuple[tuple[str, Literal["long", "short"]], ...] = (
        (locale, "long"),
        (bare, "long"),
        (found.language, "long"),
        (locale, "short"),
    )
    for where, length in tried:
        made: str = format_unit(count, f"duration-{name}", length, locale=where)
        if "duration-" not in made:
            return made
    raise AssertionError(f"no words for {name} in {locale}")


def _joined(parts: list[str], locale: str) -> str:
    return ("" if locale.startswith("zh") else " ").join(parts)
