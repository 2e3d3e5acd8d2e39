"""Single fields of a JSON section: the section and a key in, a text, count, flag, list or section out, None where the document
does not tell. A value of a kind that cannot mean this field is refused with `NotAReport`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from duplistatus.report.rejection import bad_value

Section = Mapping[str, object]

_LARGEST = 2**63 - 1
_LONGEST_NUMBER = 20
_LONGEST_NAME = 500
_NO_SECTION: Section = {}


def count(section: Section, key: str) -> int | None:
    """A count or size in bytes, also where it came as text. None when absent, null, empty or negative: Duplicati writes -1 for
    what it could not find out."""
    value = section.get(key)
    if type(value) is int and 0 <= value <= _LARGEST:  # the usual case first: a report holds some forty counts
        return value
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        digits = value.strip()
        if digits.removeprefix("-").isdecimal() and digits.isascii():
            value = int(digits)
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value > _LARGEST:
        raise bad_value(key, value, "a whole number")
    return value if value >= 0 else None


def flag(section: Section, key: str) -> bool:
    """True for `true` and for the `True` of plain-text reports; everything else is False."""
    value = section.get(key)
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def text(section: Section, key: str) -> str | None:
    """A text that is not blank; other values as the JSON text that they came as."""
    value = section.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        return as_json(value)
    return value if value.strip() else None


def name(section: Section, key: str) -> str | None:
    """A text by which something is identified or chosen: short, and never an object. Numbers are taken as their digits."""
    value = section.get(key)
    if isinstance(value, dict | list | bool):
        raise bad_value(key, value, "a text")
    found = text(section, key)
    if found is not None and len(found) > _LONGEST_NAME:
        raise bad_value(key, found, f"at most {_LONGEST_NAME} characters long")
    return found


def subsection(section: Section, key: str) -> Section:
    """The section below a key, empty when there is none."""
    value = section.get(key)
    return value if isinstance(value, dict) else _NO_SECTION


def items(section: Section, key: str) -> Sequence[object] | None:
    """The list below a key; None when there is none."""
    value = section.get(key)
    if value is None or isinstance(value, list):
        return value
    raise bad_value(key, value, "a list")


def as_json(value: object) -> str:
    """JSON text of a parsed value."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:  # orjson reads deeper nesting than it writes
        raise bad_value("a value", value, "nested less deeply") from error
