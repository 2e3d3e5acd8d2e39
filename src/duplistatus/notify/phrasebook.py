"""The texts of messages by language. In: a language, from the files in `texts/`; out: the templates as they are before anybody changes
them, and the fixed words around them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from duplistatus.evaluate.template import Name, Template
from duplistatus.i18n.languages import ENGLISH, LANGUAGES, Language
from duplistatus.i18n.wording import Wording, wording

FOLDER = Path(__file__).parent / "texts"

# ntfy makes a picture of tags that are names of emoji.
_PRIORITY_AND_TAGS: Mapping[Name, tuple[str, tuple[str, ...]]] = {
    Name.SUCCESS: ("default", ("white_check_mark",)),
    Name.WARNING: ("high", ("warning",)),
    Name.OVERDUE: ("high", ("alarm_clock",)),
    Name.BACK: ("default", ("white_check_mark",)),
    Name.DAILY: ("default", ("bar_chart",)),
    Name.WEEKLY: ("default", ("bar_chart",)),
    Name.MONTHLY: ("default", ("bar_chart",)),
}
_CODES: Mapping[str, str] = {
    **{language.code.lower(): language.code for language in LANGUAGES},
    "en-gb": "en",
    "pt": "pt-BR",
    "hi": "hi-Latn",
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
}
"""What the languages are called, here and by clients of 1.4.2."""
_BY_CODE = {language.code: language for language in LANGUAGES}
_NAME_OF_1_4_2 = "en-GB"


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts in a language. `words`: by names such as `band.overdue`."""

    language: Language
    templates: Mapping[Name, Template]
    words: Mapping[str, str]

    def word(self, name: str, **values: str) -> str:
        """A word, with these values in its braces."""
        text = self.words[name]
        for key, value in values.items():
            text = text.replace(f"{{{key}}}", value)
        return text

    def wording(self, zone: str) -> Wording:
        """How dates and numbers are written beside these texts."""
        return wording(self.language, self.language.region, zone)


def language_named(code: object) -> Language | None:
    """The language of a code such as `de`, `en-GB` or `zh-CN`; None for any other."""
    found = _CODES.get(code.lower().replace("_", "-")) if isinstance(code, str) else None
    return _BY_CODE[found] if found else None


def code_for_clients(language: Language) -> str:
    """What 1.4.2 and its clients call a language."""
    return _NAME_OF_1_4_2 if language is ENGLISH else language.code


@lru_cache(maxsize=len(LANGUAGES))
def texts_of(language: Language) -> Texts:
    """The texts of a language."""
    with (FOLDER / f"{language.code}.toml").open("rb") as file:
        read = tomllib.load(file)
    templates = {
        name: Template(read["templates"][name]["title"], read["templates"][name]["message"], *_PRIORITY_AND_TAGS[name]) for name in Name
    }
    words = {f"{group}.{key}": text for group, entries in read.items() if group != "templates" for key, text in entries.items()}
    return Texts(language, templates, words)
