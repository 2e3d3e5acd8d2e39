"""Every text for people can be translated: it goes through gettext, and translators have it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from duplistatus.web.pages.rendering import environment
from scripts.extract_messages import PACKAGE, TEMPLATE, extracted, template_text

TEMPLATES = sorted((PACKAGE / "web" / "templates").rglob("*.html"))
_WORD = re.compile(r"[^\W\d_]{2,}")
_SPOKEN = {"aria-label", "title", "placeholder", "alt"}
# Names, and words of protocols: a header, the beginning of an address.
_NO_TEXT = {"duplistatus", "Duplicati", "OpenAPI", "Authorization", "Bearer", "https"}
# Attributes that a macro puts into the tag of whoever calls it.
_ATTRIBUTE = re.compile(r"[\w-]+=\"[^\"]*\"")


def test_the_template_of_catalogues_is_up_to_date() -> None:
    assert TEMPLATE.read_text(encoding="utf-8") == template_text(), "run .venv/bin/python scripts/extract_messages.py"


def test_texts_of_templates_and_of_code_are_found() -> None:
    texts = {message if isinstance(message := each.id, str) else message[0] for each in extracted() if each.id}
    assert {"Needs attention", "Sign in", "%(num)s job is overdue", "%(num)s file", "less than a minute"} <= texts


class _Texts(HTMLParser):
    """What of a template would be shown as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"script", "style", "code", "kbd"}
        self.found += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style", "code", "kbd"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_no_text_of_a_template_stands_outside_gettext(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    plain = "".join(value if kind == "data" else "" for _, kind, value in environment.lex(source))
    texts = _Texts()
    texts.feed(plain)
    texts.close()
    words = {word for text in texts.found for word in _WORD.findall(_ATTRIBUTE.sub("", text))} - _NO_TEXT
    assert not words
