"""How one reader is addressed: language, formats and time zone together. In: values; out: text in that language. The same wording
is one object for all its readers, so that texts that were made once can be used again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError

from duplistatus.clock import Instant, moment
from duplistatus.i18n import formats
from duplistatus.i18n.languages import ENGLISH, Language, choose, language_of, preferred, translations


@dataclass(frozen=True, slots=True)
class Wording:
    """Texts and formats for a reader; `locale` (`en_GB`) says how dates and numbers are written, `zone` where the clock stands."""

    language: Language
    locale: str
    zone: ZoneInfo

    def gettext(self, message: str) -> str:
        return translations(self.language).gettext(message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return translations(self.language).ngettext(singular, plural, count)

    def pgettext(self, context: str, message: str) -> str:
        return translations(self.language).pgettext(context, message)

    def npgettext(self, context: str, singular: str, plural: str, count: int) -> str:
        return translations(self.language).npgettext(context, singular, plural, count)

    def number(self, value: float, decimals: int = 0) -> str:
        return formats.number(value, self.locale, decimals)

    def percent(self, share: float) -> str:
        return formats.percent(share, self.locale)

    def size(self, value: int) -> str:
        """Bytes with a no-break space before the unit: `1.21 TiB`."""
        figure, unit = formats.size(value, self.locale)
        return f"{figure}\u00a0{unit}"

    def size_parts(self, value: int) -> tuple[str, str]:
        """Figure and unit apart, for tiles."""
        return formats.size(value, self.locale)

    def local(self, at: Instant) -> datetime:
        """The reader's clock at an instant."""
        return moment(at).astimezone(self.zone)

    def day(self, at: Instant, now: Instant) -> str:
        """`21 Nov`; with the year when it is another one."""
        local = self.local(at)
        return formats.day(local.date(), self.locale, year=local.year != self.local(now).year)

    def time_of_day(self, at: Instant) -> str:
        local = self.local(at)
        return formats.time_of_day(local.hour, local.minute, self.locale)

    def moment(self, at: Instant, now: Instant) -> str:
        """`21 Nov, 06:58`."""
        return f"{self.day(at, now)}, {self.time_of_day(at)}"

    def full_moment(self, at: Instant) -> str:
        """`Saturday, 21 November 2026, 06:58:03 CET`: nothing left out, for hover and screen readers."""
        local = self.local(at)
        return f"{formats.full_day(local.date(), self.locale)}, {local:%H:%M:%S} {local.tzname()}"

    def duration(self, milliseconds: int) -> str:
        """`14:31`, `1:02:03`."""
        return formats.clock_duration(milliseconds)

    def age(self, milliseconds: int) -> str:
        """A short relative age: `now`, `14 min`, `3 h`, `2 d`."""
        unit, count = formats.age_steps(milliseconds / 1000)
        return self.age_patterns()[unit].replace("{}", str(count))

    def age_patterns(self) -> dict[str, str]:
        """The patterns of short ages by unit; `{}` is the count."""
        return _age_patterns(self.language)

    def spoken_age(self, milliseconds: int) -> str:
        """A relative age in a sentence: `4 minutes`, `2 days`."""
        unit, count = formats.age_steps(milliseconds / 1000)
        match unit:
            case "now":
                return self.gettext("less than a minute")
            case "min":
                text = self.ngettext("%(num)s minute", "%(num)s minutes", count)
            case "h":
                text = self.ngettext("%(num)s hour", "%(num)s hours", count)
            case "d":
                text = self.ngettext("%(num)s day", "%(num)s days", count)
            case "mo":
                text = self.ngettext("%(num)s month", "%(num)s months", count)
            case _:
                text = self.ngettext("%(num)s year", "%(num)s years", count)
        return text % {"num": count}

    def listing(self, parts: list[str]) -> str:
        """`a, b and c`; the words between are the language's."""
        return formats.listing(parts, self.language.region)


@lru_cache(maxsize=16)
def _age_patterns(language: Language) -> dict[str, str]:
    gettext = translations(language).gettext
    return {
        "now": gettext("now"),
        "min": gettext("{} min"),
        "h": gettext("{} h"),
        "d": gettext("{} d"),
        "mo": gettext("{} mo"),
        "y": gettext("{} y"),
    }


@lru_cache(maxsize=256)
def wording(language: Language, locale: str, zone: str) -> Wording:
    """The one wording of these three."""
    return Wording(language, locale, ZoneInfo(zone))


@lru_cache(maxsize=512)
def known_zone(name: str) -> bool:
    """True for a time zone such as `Europe/Oslo`."""
    if not name or len(name) > 64 or name.startswith(("/", ".")):  # noqa: PLR2004 - the longest name has 32 letters
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=512)
def wording_for(language_cookie: str, accept_language: str, zone_cookie: str, default_zone: str) -> Wording:
    """The wording for what a browser says: the language chosen by cookie or asked for, the first region of that language that it
    asks for, the zone that it told. Whatever is not known falls back to English, the language's own region, `default_zone`."""
    tags = preferred(accept_language)
    language = choose([language_cookie, *tags] if language_cookie else tags)
    locale = next((found for tag in tags if language_of(tag) is language and (found := _region(tag))), language.region)
    return wording(language, locale, zone_cookie if known_zone(zone_cookie) else default_zone)


@lru_cache(maxsize=512)
def _region(tag: str) -> str | None:
    """The locale of a tag that names a region (`en-US`), None for a bare language or an unknown tag."""
    if len(tag) > 20 or "-" not in tag:  # noqa: PLR2004 - zh-Hans-CN has ten letters
        return None
    try:
        found = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    return str(found) if found.territory else None


DEFAULT = wording(ENGLISH, ENGLISH.region, "UTC")
"""English in UTC: for texts that no reader asked for."""
