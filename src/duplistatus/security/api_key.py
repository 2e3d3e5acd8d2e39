"""What a key of a program is. In: nothing, or what somebody entered about one; out: a new key, a checked name and scopes, and the state of
a kept one. Keys begin with `duplistatus_`, so that people and scanners of secrets recognise them."""

from __future__ import annotations

import secrets
import string
import unicodedata
from enum import Enum

from duplistatus.clock import DAY, Instant
from duplistatus.store.api_keys import ApiKey, Scope

PREFIX = "duplistatus_"
LONGEST_NAME = 100
SOON = 14 * DAY
"""A key that expires within this time is said to."""

_ALPHABET = string.ascii_letters + string.digits
_DIGITS = 40
"""Of 62 letters each: 238 bits."""
_JOINERS = frozenset("\u200c\u200d")
"""Within words of some languages, and within pictures of several people."""
_NOT_PRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class State(Enum):
    ACTIVE = "active"
    EXPIRES_SOON = "expires_soon"
    EXPIRED = "expired"
    DISABLED = "disabled"


def new_key() -> str:
    """A key that nobody can guess, of letters and digits: a double click selects it, and an address carries it as it is."""
    return PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_DIGITS))


def state_of(key: ApiKey, now: Instant) -> State:
    """Whether the key opens anything now. A disabled one is called disabled, whether or not it has expired as well."""
    if key.is_disabled:
        return State.DISABLED
    if key.is_expired(now):
        return State.EXPIRED
    return State.EXPIRES_SOON if key.expires_at is not None and key.expires_at - now <= SOON else State.ACTIVE


def checked_key_name(value: object) -> str:
    """The name as it is kept, with single blanks. Raises ValueError with a sentence."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a key needs a name")
    name = " ".join(value.split())
    if len(name) > LONGEST_NAME:
        raise ValueError(f"a name has {LONGEST_NAME} characters at most")
    if any(unicodedata.category(character) in _NOT_PRINTABLE and character not in _JOINERS for character in name):
        raise ValueError("a name must not contain characters that cannot be seen")
    return name


def checked_scopes(value: object) -> frozenset[Scope]:
    """One scope or more, from a list of their names. Raises ValueError with a sentence."""
    known = {scope.value: scope for scope in Scope}
    if not isinstance(value, list) or not value:
        raise ValueError(f"scopes must be a list of one or several of {', '.join(known)}")
    unknown = [each for each in value if not isinstance(each, str) or each not in known]
    if unknown:
        raise ValueError(f"{str(unknown[0])[:40]!r} is no scope; there are {', '.join(known)}")
    return frozenset(known[each] for each in value)
