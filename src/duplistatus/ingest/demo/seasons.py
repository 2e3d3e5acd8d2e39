"""How much happens on a day. In: what makes data change, and a date; out: a factor, 1.0 for an ordinary day. Weekends, holidays, the
summer and the days around Christmas differ between offices, homes and servers."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from duplistatus.ingest.demo.fleet import Rhythm

_WEEK = {
    Rhythm.OFFICE: (1.0, 1.15, 1.1, 1.05, 0.85, 0.06, 0.04),
    Rhythm.HOME: (0.7, 0.7, 0.75, 0.75, 0.9, 1.7, 1.6),
    Rhythm.SERVER: (1.0, 1.0, 1.0, 1.0, 1.05, 0.9, 0.85),
}
# January to December: offices rest in July and August and hurry before the year ends; homes take pictures in the holidays.
_YEAR = {
    Rhythm.OFFICE: (0.95, 1.0, 1.05, 1.0, 1.0, 1.0, 0.55, 0.65, 1.1, 1.1, 1.15, 1.0),
    Rhythm.HOME: (0.8, 0.75, 0.8, 1.0, 1.1, 1.2, 1.9, 1.8, 1.0, 0.9, 0.8, 1.3),
    Rhythm.SERVER: (1.0, 0.95, 1.0, 1.0, 1.0, 0.95, 0.85, 0.85, 1.0, 1.05, 1.3, 1.25),
}
_HOLIDAY = {Rhythm.OFFICE: 0.03, Rhythm.HOME: 2.2, Rhythm.SERVER: 0.7}
_FIXED = {(1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 27), (12, 28), (12, 29), (12, 30), (12, 31)}


@lru_cache(maxsize=16)
def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the golden number, the solar and the lunar correction."""
    golden = year % 19
    century = year // 100
    epact = (19 * golden + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    moon = epact - (1 if epact == 29 or (epact == 28 and golden > 10) else 0)  # noqa: PLR2004 - the table's two exceptions
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    march = moon - weekday + 28
    return date(year, 3, 1) + timedelta(days=march - 1)


def is_holiday(day: date) -> bool:
    """True from Good Friday to Easter Monday, on 1 January, 1 May and from 24 to 31 December."""
    return (day.month, day.day) in _FIXED or -2 <= (day - _easter(day.year)).days <= 1  # noqa: PLR2004 - two days before, one after


@lru_cache(maxsize=8192)
def factor(rhythm: Rhythm, day: date) -> float:
    """How much changes on that day, 1.0 on an ordinary one."""
    usual = _WEEK[rhythm][day.weekday()] * _YEAR[rhythm][day.month - 1]
    return max(usual, 0.4) * _HOLIDAY[rhythm] if is_holiday(day) else usual
