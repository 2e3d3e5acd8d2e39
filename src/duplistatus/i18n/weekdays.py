"""Names of weekdays. In: a locale; out: the seven days in the order in which a week is told there, numbered as Duplicati does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from duplistatus.i18n.formats import locale_of

_WEEK = 7
_SPAN = 3
"""Days in a row that are written as from one to another."""


@dataclass(frozen=True, slots=True)
class Weekday:
    """`number`: 0 is Sunday."""

    number: int
    short: str
    name: str


@lru_cache(maxsize=64)
def weekdays(locale: str) -> tuple[Weekday, ...]:
    """From the first day of the locale's week on."""
    found = locale_of(locale)
    # Babel's 0 is Monday.
    order = [(found.first_week_day + day) % _WEEK for day in range(_WEEK)]
    names = found.days["format"]
    return tuple(Weekday((day + 1) % _WEEK, names["short"][day], names["wide"][day]) for day in order)


def days_text(days: frozenset[int], locale: str) -> str:
    """`Mo–Fr`, `Mo, We`: runs of three days and more as a span."""
    week = weekdays(locale)
    spans: list[list[str]] = []
    before = False
    for day in week:
        if day.number in days:
            if before:
                spans[-1].append(day.short)
            else:
                spans.append([day.short])
        before = day.number in days
    return ", ".join(f"{span[0]}–{span[-1]}" if len(span) >= _SPAN else ", ".join(span) for span in spans)
