"""The words of summaries. In: a language and a zone; out: a `Voice` that says figures, moments and sentences in it. The texts are in
`texts/summary_<language>.toml`; every language has all of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_interval, format_skeleton, format_timedelta

from duplistatus.clock import MINUTE, Instant
from duplistatus.evaluate.summary_setting import Days
from duplistatus.i18n import formats
from duplistatus.i18n.languages import Language
from duplistatus.i18n.wording import Wording, wording

_TEXTS = Path(__file__).parent / "texts"
_MOST_DAYS_OF_A_MONTH = 31
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Voice:
    """Says things in one language, with the clock of one zone."""

    wording: Wording

    def __call__(self, text: str, **values: str) -> str:
        """A sentence by its name."""
        return self.word("text", text).format(**values)

    def word(self, group: str, name: str) -> str:
        found: str = texts(self.wording.language.code)[group][name]
        return found

    def count(self, name: str, number: int, group: str = "count") -> str:
        """A number with what is counted, in the form that the number asks for."""
        forms: Mapping[str, str] = texts(self.wording.language.code)[group][name]
        form = formats.locale_of(self.wording.language.region).plural_form(number)
        return forms.get(form, forms["other"]).format(n=self.wording.number(number))

    def ago(self, at: Instant, now: Instant) -> str:
        """`3 hours ago`, `in 2 days`."""
        if abs(now - at) < MINUTE:
            return self("now")
        return format_timedelta(
            timedelta(milliseconds=at - now), add_direction=True, threshold=2, locale=formats.locale_of(self.wording.locale)
        )

    def time(self, milliseconds: int) -> str:
        """`29 hours`."""
        return format_timedelta(timedelta(milliseconds=milliseconds), threshold=2, locale=formats.locale_of(self.wording.locale))

    def size(self, value: int | None) -> str:
        return self.wording.size(value) if value is not None else "–"

    def change(self, value: int) -> str:
        """A size with its sign."""
        sign = "+" if value > 0 else "−" if value < 0 else ""
        return sign + self.wording.size(abs(value))

    def number(self, value: int) -> str:
        return self.wording.number(value)

    def span(self, days: Days) -> str:
        """`9–15 Nov 2026`; of a whole month `October 2026`."""
        first, after = _date(days.first), _date(days.last + 1)
        if first.day == after.day == 1 and days.count <= _MOST_DAYS_OF_A_MONTH:
            return format_skeleton("yMMMM", first, locale=formats.locale_of(self.wording.locale))
        return format_interval(_date(days.first), _date(days.last), "yMMMd", locale=formats.locale_of(self.wording.locale))

    def date_of(self, at: Instant) -> str:
        """`21 Nov 2026`, by the clock of the zone."""
        return formats.day(self.wording.local(at).date(), self.wording.locale, year=True)

    def day(self, number: int) -> str:
        """`15 November`."""
        return format_skeleton("MMMMd", _date(number), locale=formats.locale_of(self.wording.locale))

    def short_day(self, number: int) -> str:
        """`15/11`: digits alone, for charts."""
        return format_skeleton("Md", _date(number), locale=formats.locale_of(self.wording.locale))

    def listing(self, parts: list[str]) -> str:
        return self.wording.listing(parts)


def voice(language: Language, zone: str) -> Voice:
    """The voice of a language, with the formats of its own region."""
    return Voice(wording(language, language.region, zone))


@lru_cache(maxsize=16)
def texts(code: str) -> Mapping[str, Mapping[str, Any]]:
    """The texts of a language, in groups."""
    with (_TEXTS / f"summary_{code}.toml").open("rb") as file:
        return tomllib.load(file)


def _date(number: int) -> date:
    return _EPOCH + timedelta(days=number)
