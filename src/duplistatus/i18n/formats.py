"""Figures, sizes, durations, dates and ages as people read them. In: plain values and a locale; out: text. Babel's rules, kept in
small caches because a page shows the same days and sizes hundreds of times."""

from __future__ import annotations

from datetime import date, time
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_STEP = 1024
_THREE_DIGITS = (100, 10)
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400
_MONTH_DAYS = 30.44
_YEAR_DAYS = 365.25


@lru_cache(maxsize=64)
def locale_of(name: str) -> Locale:
    """The locale of a name such as `en_GB`."""
    return Locale.parse(name)


@lru_cache(maxsize=8192)
def number(value: float, locale: str, decimals: int = 0) -> str:
    """A number with the locale's separators and exactly `decimals` digits behind the point."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=_grouping(locale, pattern), locale=locale_of(locale))


@lru_cache(maxsize=256)
def _grouping(locale: str, pattern: str) -> str:
    # The Indian grouping (12,34,567) is part of the locale's own pattern.
    own = str(locale_of(locale).decimal_formats[None].pattern)
    return pattern.replace("#,##0", "#,##,##0") if own.startswith("#,##,##0") else pattern


def percent(share: float, locale: str) -> str:
    """A share of one as `64 %` or `64%`, as the locale writes it."""
    return format_percent(share, locale=locale_of(locale))


@lru_cache(maxsize=8192)
def size(value: int, locale: str) -> tuple[str, str]:
    """Bytes as figure and unit, three digits: `("1.21", "TiB")`. Steps of 1024, the same figures that Duplicati shows."""
    amount = float(value)
    unit = 0
    while abs(amount) >= 999.5 and unit < len(_SIZES) - 1:  # noqa: PLR2004 - 1000 would be four digits
        amount /= _STEP
        unit += 1
    if unit == 0:
        return number(value, locale), _SIZES[0]
    decimals = 0 if abs(amount) >= _THREE_DIGITS[0] - 0.5 else 1 if abs(amount) >= _THREE_DIGITS[1] - 0.05 else 2
    return number(amount, locale, decimals), _SIZES[unit]


def clock_duration(milliseconds: int) -> str:
    """A duration as a clock shows it: `0:05`, `14:31`, `1:02:03`, `26:03:04`."""
    seconds = max(0, round(milliseconds / 1000))
    hours, rest = divmod(seconds, HOUR_SECONDS)
    minutes, seconds = divmod(rest, MINUTE_SECONDS)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def age_steps(seconds: float) -> tuple[str, int]:
    """An age as unit and count: `("h", 3)`. Units: `now` (less than a minute), `min`, `h`, `d`, `mo`, `y`."""
    past = max(0.0, seconds)
    if past < MINUTE_SECONDS:
        return "now", 0
    if past < HOUR_SECONDS:
        return "min", int(past // MINUTE_SECONDS)
    if past < DAY_SECONDS:
        return "h", int(past // HOUR_SECONDS)
    days = past / DAY_SECONDS
    if days < 2 * _MONTH_DAYS:
        return "d", int(days)
    if days < 2 * _YEAR_DAYS:
        return "mo", int(days / _MONTH_DAYS)
    return "y", int(days / _YEAR_DAYS)


@lru_cache(maxsize=4096)
def day(value: date, locale: str, *, year: bool) -> str:
    """`21 Nov`, with `year` `21 Nov 2026`."""
    return format_skeleton("yMMMd" if year else "MMMd", value, locale=locale_of(locale))


@lru_cache(maxsize=1024)
def full_day(value: date, locale: str) -> str:
    """`Saturday, 21 November 2026`."""
    return format_date(value, "full", locale=locale_of(locale))


@lru_cache(maxsize=4096)
def time_of_day(hour: int, minute: int, locale: str) -> str:
    """`06:58` or `6:58 AM`."""
    return format_time(time(hour, minute), "short", locale=locale_of(locale))


def listing(parts: list[str], locale: str) -> str:
    """`a, b and c`, in the words of the locale."""
    return format_list(parts, locale=locale_of(locale))
