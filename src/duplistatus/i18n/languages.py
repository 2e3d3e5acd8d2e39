"""The languages of the interface. In: what a browser asks for; out: one `Language`. A language is offered once its catalogue
is there; which dates and numbers go with it is only the start, the reader's own region wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations, find
from pathlib import Path

CATALOGUES = Path(__file__).parent / "catalogues"
DOMAIN = "messages"


@dataclass(frozen=True, slots=True)
class Language:
    """A language: `code` as in cookies, paths and `lang`, `catalogue` its folder, `region` the locale of its formats."""

    code: str
    name: str
    catalogue: str
    region: str


LANGUAGES: tuple[Language, ...] = (
    Language("en", "English", "en", "en_GB"),
    Language("de", "Deutsch", "de", "de_DE"),
    Language("fr", "Français", "fr", "fr_FR"),
    Language("es", "Español", "es", "es_ES"),
    Language("pt-BR", "Português (Brasil)", "pt_BR", "pt_BR"),
    Language("hi-Latn", "Hindi (Roman)", "hi_Latn", "hi_Latn_IN"),
    Language("zh-Hans", "简体中文", "zh_Hans", "zh_Hans_CN"),
)
"""All languages that the product knows by name; English is the language of the texts in the code."""

ENGLISH = LANGUAGES[0]
_BY_PREFIX = {language.code.partition("-")[0]: language for language in LANGUAGES}


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: Language) -> NullTranslations:
    """The catalogue of a language; for English, or while there is none, one that returns the texts of the code."""
    file = find(DOMAIN, str(CATALOGUES), [language.catalogue])
    if file is None:
        return NullTranslations()
    with Path(file).open("rb") as catalogue:
        return GNUTranslations(catalogue)


@lru_cache(maxsize=1)
def offered() -> tuple[Language, ...]:
    """The languages that a reader can choose."""
    return tuple(each for each in LANGUAGES if each is ENGLISH or find(DOMAIN, str(CATALOGUES), [each.catalogue]))


def language_of(tag: str) -> Language | None:
    """The language of a tag such as `de`, `de-AT`, `pt_br`, `zh-CN`; None for one that the product does not know."""
    return _BY_PREFIX.get(tag.replace("_", "-").lower().partition("-")[0])


def preferred(accept_language: str) -> list[str]:
    """The tags of an Accept-Language header (RFC 9110 §12.5.4), best first."""
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language.split(",")[:20]):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            quality = 0.0
        if tag.strip() and quality > 0:
            weighted.append((-quality, position, tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]


def choose(asked: Iterable[str]) -> Language:
    """The first offered language among the tags, English without one."""
    known = offered()
    for tag in asked:
        language = language_of(tag)
        if language in known:
            return language
    return ENGLISH
