"""Words of other programs, before they are shown."""

from __future__ import annotations

import base64
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from duplistatus.security.foreign_words import one_line, without_secrets


@settings(deadline=None)
@given(st.text(min_size=3, max_size=30).filter(str.strip), st.text(max_size=30), st.text(max_size=30))
def test_no_secret_is_left_in_any_form_that_it_travels_in(secret: str, before: str, after: str) -> None:
    forms = (secret, quote(secret, safe=""), base64.b64encode(secret.encode("utf-8", "replace")).decode())
    for form in forms:
        said = without_secrets(f"{before}{form}{after}", [secret])
        assert "•••" in said
    assert without_secrets(secret, [secret]) == "•••"


def test_short_texts_are_no_secrets_but_parts_of_words() -> None:
    assert without_secrets("no such user", ["no", "", "s"]) == "no such user"


def test_a_line_is_one_line_without_control_characters_and_not_too_long() -> None:
    assert one_line("a\r\nb\tc\x00\u2028d\u202ee", 100) == "a b c d e"
    assert one_line("x" * 20, 10) == "x" * 9 + "…"
