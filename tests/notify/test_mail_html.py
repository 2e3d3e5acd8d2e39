"""The frame of mails: readable in both themes, and nothing in it that mail clients drop or that loads anything."""

from __future__ import annotations

import re

import pytest

from duplistatus.notify.mail_html import Band, Fact, Kind, Link, colors_of, mail, styled

KINDS: tuple[Kind, ...] = ("ok", "warn", "error", "late", "quiet")
LEAST_CONTRAST = 4.5


def contrast(one: str, other: str) -> float:
    """Of two colours, by WCAG 2.2."""

    def luminance(color: str) -> float:
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_a_state_can_be_read_on_their_ground_in_light_and_dark_mails(kind: Kind) -> None:
    ground, ink = colors_of(kind)
    assert contrast(ground, ink) >= LEAST_CONTRAST
    assert contrast("#ffffff", ink) >= LEAST_CONTRAST
    html = mail("en", "t", Band(kind, "word"), "")
    dark_ground, dark_ink = (re.findall(rf"\.{kind}-{name} {{ \w+: (#\w+)", html)[0] for name in ("ground", "ink"))
    assert contrast(dark_ground, dark_ink) >= LEAST_CONTRAST
    assert contrast("#1a202a", dark_ink) >= LEAST_CONTRAST


def test_everything_given_as_text_is_escaped() -> None:
    evil = '<img src=x onerror=alert(1)>"'
    html = mail(
        "en",
        evil,
        Band("ok", evil),
        "<p>b</p>",
        preheader=evil,
        facts=[Fact(evil, evil)],
        link=Link("https://h/?a=1&b", evil),
        footer=[evil],
    )
    assert "<img" not in html
    assert html.count("&lt;img") == 8, "the title is in it twice"
    assert 'href="https://h/?a=1&amp;b"' in html


def test_a_mail_loads_nothing_and_runs_nothing() -> None:
    html = mail(
        "de", "t", Band("late", "w"), styled("<p>x</p>"), facts=[Fact("a", "b")], link=Link("https://h.example/", "go"), footer=["f"]
    )
    assert re.findall(r"<script|<link|@import|url\(|src=", html) == []
    assert html.startswith('<!DOCTYPE html>\n<html lang="de"')
    assert '<meta name="color-scheme" content="light dark">' in html


def test_lines_of_labels_and_values_become_a_table() -> None:
    made = styled("<p>Duration : 3 s<br>\nUploaded：<strong>1</strong></p>")
    assert re.findall(r"<th[^>]*>(.*?)</th><td[^>]*>(.*?)</td>", made) == [("Duration", "3 s"), ("Uploaded", "<strong>1</strong>")]
    for html in (
        "<p>Only: one</p>",
        "<p>A: b<br>\nno label</p>",
        "<p>https://a.example<br>\nhttps://b.example</p>",
        "<p>It failed. Why: x<br>\nb: c</p>",
    ):
        assert "<table" not in styled(html)


def test_a_button_is_made_of_the_own_link_alone() -> None:
    own = "https://h.example/detail/a?b=1&c=2"
    made = styled(
        f'<p><a href="{own.replace("&", "&amp;")}">Go</a></p><p><a href="https://other.example/">No</a></p><p>x <a href="{own}">y</a></p>',
        own,
    )
    assert made.count('class="button"') == 1
    assert made.count('class="link"') == 2
