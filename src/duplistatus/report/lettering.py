"""One form for a text that cultures write in several ways: `p. m.`, `p.m.` and `PM` with any space become `pm`. A text enters, its letters
leave."""

from __future__ import annotations

import unicodedata


def letters(text: str) -> str:
    """The letters of a text without case, spaces, punctuation and marks of writing direction; empty where it has none."""
    if text.isascii():
        return "".join(filter(str.isalnum, text)).lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LMN")
