"""The words of other programs, made fit to be shown: one line, of a length that can be read, printable, without the secrets that were
sent to them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote, unquote

_LONGEST = 300
_SHORTEST_SECRET = 3
"""Shorter texts are parts of ordinary words; nobody protects anything by them."""
_MASK = "•••"


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text in one line without any of the secrets, in the forms that they travel in."""
    found = text
    forms = {form for secret in secrets if len(secret) >= _SHORTEST_SECRET for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        found = found.replace(form, _MASK)
    return one_line(found, _LONGEST)


def one_line(text: str, longest: int) -> str:
    """The text without line ends and control characters, cut where it is too long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _forms(secret: str) -> tuple[str, ...]:
    return (secret, quote(secret, safe=""), unquote(secret), base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("="))
