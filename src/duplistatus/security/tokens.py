"""Values that nobody can guess, and what is stored of them. Out: tokens of 256 bits; in: a token from outside; out: its SHA-256, which
is all that the database ever holds of a session's id."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits as 64 hexadecimal digits, as the clients of 1.4.2 know them."""
    return secrets.token_hex(32)


def token_hash(token: str) -> str:
    """What is stored of a token. Tokens are random, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def same(given: str, expected: str) -> bool:
    """Whether two tokens are equal, in a time that says nothing about where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode("utf-8"))
