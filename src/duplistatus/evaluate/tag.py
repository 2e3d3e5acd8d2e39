"""Tags of servers: words that people group them by. In: text from outside; out: the name of a tag, the key by which two names are one, and
its colour, or ValueError with a sentence."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 40
COLORS = ("", "blue", "orange", "green", "purple", "olive", "indigo")
"""Names of colours that every theme has; empty: that of ordinary text."""


def read_tag_name(text: str) -> str:
    """The name without blanks around it. Raises ValueError."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise ValueError("a tag needs a name")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the name of a tag has {LONGEST_NAME} characters at most")
    if '"' in name or not name.isprintable():
        raise ValueError("the name of a tag has no quotation marks or control characters")
    return name


def read_tag_color(text: str) -> str:
    """Raises ValueError."""
    if text not in COLORS:
        raise ValueError(f"{text[:20]!r} is no colour of a tag; there are {', '.join(COLORS[1:])}, or none")
    return text


def tag_key(name: str) -> str:
    """Names are case-insensitive: two with the same key are one."""
    return name.casefold()
