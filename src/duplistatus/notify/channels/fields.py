"""Fields of what somebody sends for a channel: a value that is named is taken, one that is not stays. Raises BadChannel where a value is of
the wrong type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duplistatus.notify.channels.kind import BadChannel

_LONGEST = 2_000


def text_of(sent: Mapping[str, Any], before: Mapping[str, Any], name: str) -> str:
    """A text; null is an empty one."""
    value = sent[name] if name in sent else before.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadChannel(name, f"{name} is a text.")
    if len(value) > _LONGEST:
        raise BadChannel(name, f"{name} is longer than {_LONGEST} characters.")
    return value


def flag_of(sent: Mapping[str, Any], before: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Yes or no; null is the default."""
    value = sent[name] if name in sent else before.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadChannel(name, f"{name} is true or false.")
    return value


def secret_of(sent: Mapping[str, Any], before: Mapping[str, str], name: str) -> str:
    """A secret: an empty text stays what it was, null removes it."""
    value = sent.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadChannel(name, f"{name} is a text.")
    if len(value) > _LONGEST:
        raise BadChannel(name, f"{name} is longer than {_LONGEST} characters.")
    return value or before.get(name, "")
