"""Rules that all templates keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from duplistatus.web.assets import FOLDER
from duplistatus.web.pages.rendering import environment

TEMPLATES = sorted((FOLDER.parent / "templates").rglob("*.html"))
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE)
_HANDLER = re.compile(r"\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE)
_ADDRESS = re.compile(r"""\s(?:href|src|action|hx-get|hx-post)=["'](/[^"']*)""")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_a_template_has_nothing_that_the_content_security_policy_forbids(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert "style=" not in text.replace("data-style=", "")
    assert "<style" not in text
    assert not _INLINE_SCRIPT.search(text)
    assert not _HANDLER.search(text)
    assert "javascript:" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_every_address_goes_through_the_functions_that_know_the_root(template: Path) -> None:
    assert _ADDRESS.findall(template.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_nothing_is_marked_as_safe_by_hand(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b", text)
    assert "autoescape false" not in text


@pytest.mark.parametrize("name", environment.list_templates())
def test_a_template_compiles(name: str) -> None:
    environment.get_template(name)
