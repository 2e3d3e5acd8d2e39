"""Names and colours of tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.tag import COLORS, LONGEST_NAME, read_tag_color, read_tag_name, tag_key


@pytest.mark.parametrize(
    ("text", "name"),
    [("Oslo", "Oslo"), ("  site \t two ", "site two"), ("cafe\N{COMBINING ACUTE ACCENT}", "café"), ("x" * 40, "x" * 40), ("北/1", "北/1")],
)
def test_a_name_is_read_without_blanks_around_it(text: str, name: str) -> None:
    assert read_tag_name(text) == name


@pytest.mark.parametrize("text", ["", " \n ", "x" * 41, 'a "b"', "a\u0000b", "a\u202eb", "\u2028"])
def test_a_name_that_cannot_be_looked_for_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        read_tag_name(text)


@given(st.text(max_size=60))
def test_a_name_that_was_read_is_read_as_itself(text: str) -> None:
    try:
        name = read_tag_name(text)
    except ValueError:
        return
    assert read_tag_name(name) == name
    assert 0 < len(name) <= LONGEST_NAME
    assert "\n" not in name


def test_names_are_one_in_any_letters() -> None:
    assert tag_key("STRASSE") == tag_key("straße")
    assert tag_key("Oslo") != tag_key("Oslø")


def test_colours_are_those_of_the_themes() -> None:
    assert [read_tag_color(color) for color in COLORS] == list(COLORS)
    with pytest.raises(ValueError, match="'red' is no colour of a tag; there are blue, "):
        read_tag_color("red")
