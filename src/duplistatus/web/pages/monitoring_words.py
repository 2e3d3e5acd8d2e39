"""What the fields of the page of monitoring can be chosen from, in the words of a reader. In: a wording and what is chosen; out: words, and
the options of a list as HTML, which are kept because a page repeats the same ones hundreds of times."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from duplistatus.evaluate.job_setting import CHECK_INTERVALS, FREQUENCIES, TOLERANCES
from duplistatus.i18n.languages import Language
from duplistatus.i18n.weekdays import Weekday, weekdays
from duplistatus.i18n.wording import Wording, wording
from duplistatus.web.pages.monitoring_rows import AS_WRITTEN

AS_FOR_ALL = ""
"""Instead of a tolerance of its own."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the fields can be chosen from, for one reader."""

    wording: Wording

    @property
    def week(self) -> tuple[Weekday, ...]:
        return weekdays(self.wording.locale)

    def word(self, kind: str, value: str) -> str:
        """The word of a value: of a `tolerance`, a `unit`, a `check` interval or a `frequency`."""
        return _words(self.wording.language, kind)[value]

    def options(self, kind: str, chosen: str) -> Markup:
        """The options of a list, the chosen one selected."""
        return _options(self.wording.language, kind, chosen)


@lru_cache(maxsize=512)
def _options(language: Language, kind: str, chosen: str) -> Markup:
    words = _words(language, kind)
    return Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(value, Markup(" selected") if value == chosen else "", text)
        for value, text in words.items()
    )


@lru_cache(maxsize=64)
def _words(language: Language, kind: str) -> dict[str, str]:
    reader = wording(language, language.region, "UTC")
    return {"own": _own, "tolerance": _tolerances, "unit": _units, "check": _checks, "frequency": _frequencies}[kind](reader)


def _tolerances(reader: Wording) -> dict[str, str]:
    words = {
        "no_tolerance": reader.gettext("none"),
        "5min": reader.gettext("5 minutes"),
        "15min": reader.gettext("15 minutes"),
        "30min": reader.gettext("30 minutes"),
        "1h": reader.gettext("1 hour"),
        "2h": reader.gettext("2 hours"),
        "4h": reader.gettext("4 hours"),
        "6h": reader.gettext("6 hours"),
        "12h": reader.gettext("12 hours"),
        "1d": reader.gettext("1 day"),
    }
    return {name: words[name] for name in TOLERANCES}


def _own(reader: Wording) -> dict[str, str]:
    """Tolerances of one job."""
    return {AS_FOR_ALL: reader.gettext("as for all"), **_tolerances(reader)}


def _units(reader: Wording) -> dict[str, str]:
    return {
        "m": reader.gettext("minutes"),
        "h": reader.gettext("hours"),
        "D": reader.gettext("days"),
        "W": reader.gettext("weeks"),
        "M": reader.gettext("months"),
        "Y": reader.gettext("years"),
        AS_WRITTEN: reader.gettext("as text"),
    }


def _checks(reader: Wording) -> dict[str, str]:
    words = {
        "disabled": reader.gettext("never"),
        "1min": reader.gettext("1 minute"),
        "5min": reader.gettext("5 minutes"),
        "10min": reader.gettext("10 minutes"),
        "15min": reader.gettext("15 minutes"),
        "20min": reader.gettext("20 minutes"),
        "30min": reader.gettext("30 minutes"),
        "1hour": reader.gettext("1 hour"),
        "2hours": reader.gettext("2 hours"),
    }
    return {name: words[name] for name in CHECK_INTERVALS}


def _frequencies(reader: Wording) -> dict[str, str]:
    words = {
        "onetime": reader.gettext("never"),
        "every_day": reader.gettext("once a day"),
        "every_week": reader.gettext("once a week"),
        "every_month": reader.gettext("once a month"),
    }
    return {name: words[name] for name in FREQUENCIES}
