"""How a machine writes: dates, sizes and the few translated sentences of its culture. In: values; out: text as Duplicati's process under
that culture writes it into its log (dates as .NET formats them, sizes with the culture's separator)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

_STEP = 1024
_NARROW_SPACE = "\u202f"


@dataclass(frozen=True, slots=True)
class Culture:
    """`colon` separates the fields of the time at the start of a line; `decimals` belong to sizes in text."""

    date_time: Callable[[datetime], str]
    colon: str = ":"
    decimal: str = "."
    decimals: int = 3
    kibi: str = "iB"
    count: str = " bytes"
    started: str = "The operation {} has started"
    verified: str = "Successfully verified {} remote files"

    def size(self, count: int, *, old_units: bool) -> str:
        """`1.70 MiB`; versions before 2.2 wrote `MB`."""
        if count < _STEP:
            return f"{count}{self.count}"
        value = float(count)
        prefix = ""
        for prefix in "KMGT":  # noqa: B007 - the one it stops at is used
            value /= _STEP
            if value < _STEP:
                break
        text = f"{value:.{self.decimals}f}".replace(".", self.decimal)
        return f"{text} {prefix}{'B' if old_units else self.kibi}"


def _dotted(at: datetime) -> str:
    return f"{at.day:02}.{at.month:02}.{at.year} {at.hour:02}:{at.minute:02}:{at.second:02}"


def _day_first(at: datetime) -> str:
    return f"{at.day:02}/{at.month:02}/{at.year} {at.hour:02}:{at.minute:02}:{at.second:02}"


def _month_first(at: datetime) -> str:
    return f"{at.month:02}/{at.day:02}/{at.year} {at.hour:02}:{at.minute:02}:{at.second:02}"


def _year_first(at: datetime) -> str:
    return f"{at.year}/{at.month:02}/{at.day:02} {at.hour}:{at.minute:02}:{at.second:02}"


def _finnish(at: datetime) -> str:
    return f"{at.day}.{at.month}.{at.year} {at.hour}.{at.minute:02}.{at.second:02}"


def _twelve_hours(at: datetime, before_noon: str, after_noon: str) -> str:
    half = after_noon if at.hour >= 12 else before_noon  # noqa: PLR2004 - noon
    return f"{at.hour % 12 or 12}:{at.minute:02}:{at.second:02}{_NARROW_SPACE}{half}"


def _american(at: datetime) -> str:
    return f"{at.month}/{at.day}/{at.year} {_twelve_hours(at, 'AM', 'PM')}"


def _indian(at: datetime) -> str:
    return f"{at.day:02}/{at.month:02}/{at.year} {_twelve_hours(at, 'am', 'pm')}"


CULTURES: dict[str, Culture] = {
    "invariant": Culture(_month_first, decimals=2),
    "en-US": Culture(_american),
    "en-GB": Culture(_day_first),
    "en-IN": Culture(_indian),
    "pt-BR": Culture(_day_first, decimal=","),
    "nb-NO": Culture(_dotted, decimal=","),
    "de-DE": Culture(
        _dotted,
        decimal=",",
        kibi="B",
        count=" Bytes",
        started="Die Operation {} wurde gestartet",
        verified="{} Remotedateien erfolgreich verifiziert",
    ),
    "fi-FI": Culture(_finnish, colon=".", decimal=",", count=" tavua", started="Toimenpide {} aloitettiin"),
    "ja-JP": Culture(_year_first, count="バイト", started="操作 {} が開始しました"),
}
