"""A window of maintenance in words, as programs and forms say it. In: words such as `{"days": [0], "start_time": "22:00", …}`; out: the
window and what it concerns, or ValueError with a sentence. And back: a kept window in the same words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from duplistatus.clock import Instant, instant, iso
from duplistatus.evaluate.maintenance import Once, Recurring, Window, checked
from duplistatus.i18n.wording import known_zone
from duplistatus.store.windows import WindowRow

Words = Mapping[str, object]

LONGEST_NAME = 100
LONGEST_COMMENT = 500
NAMES = frozenset(
    {"name", "scope", "server_id", "tag", "enabled", "comment", "recurring", "starts_at", "ends_at"}
    | {"days", "start_time", "length_minutes", "zone", "first_date", "last_date"}
)
"""What may be said of a window."""
_ONCE = ("starts_at", "ends_at")
_AGAIN = ("days", "start_time", "length_minutes", "zone", "first_date", "last_date")
_SCOPES = ("all", "server", "tag")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_YEARS = range(2000, 2200)


def checked_names(words: Words, known: frozenset[str]) -> None:
    """Raises ValueError where something is said that means nothing: a word that is spelt wrongly must not be passed over."""
    unknown = sorted(set(words) - known)
    if unknown:
        raise ValueError(f"{unknown[0][:40]!r} means nothing here; there are {', '.join(sorted(known))}")


def read_text(words: Words, name: str, longest: int) -> str:
    """A text without blanks around it; empty when it is absent or null."""
    value = words.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{name} must be text")
    if len(value.strip()) > longest:
        raise ValueError(f"{name} has {longest} characters at most")
    return value.strip()


def read_flag(words: Words, name: str, default: bool) -> bool:
    value = words.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def read_moment(words: Words, name: str) -> Instant:
    """A moment in ISO 8601 with its offset from UTC."""
    value = words.get(name)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in _YEARS:
        raise ValueError(f"{name} must be a time such as 2026-11-21T22:00:00Z, with its offset from UTC")
    return instant(moment)


def read_scope(words: Words) -> str:
    """What a window concerns: `all`, `server` or `tag`."""
    scope = words.get("scope")
    if scope is None:
        scope = "server" if words.get("server_id") is not None else "tag" if words.get("tag") is not None else "all"
    if scope not in _SCOPES:
        raise ValueError(f"scope must be one of {', '.join(_SCOPES)}")
    return str(scope)


def read_window(words: Words) -> Window:
    """When the window is open."""
    is_again = any(words.get(name) is not None for name in ("days", "start_time", "length_minutes"))
    if not read_flag(words, "recurring", is_again):
        return checked(Once(read_moment(words, "starts_at"), read_moment(words, "ends_at")))
    days = words.get("days")
    if not isinstance(days, list) or not all(type(day) is int for day in days):
        raise ValueError("days must be a list of weekdays, numbers from 0, Sunday, to 6")
    length = words.get("length_minutes")
    if type(length) is not int:
        raise ValueError("length_minutes must be a whole number")
    zone = words.get("zone")
    if not isinstance(zone, str) or not known_zone(zone):
        raise ValueError("zone must be the name of a time zone such as Europe/Oslo")
    first, last = _date(words, "first_date"), _date(words, "last_date")
    return checked(Recurring(frozenset(days), _minute(words.get("start_time")), length, ZoneInfo(zone), first, last))


def _minute(value: object) -> int:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("start_time must be a time of day such as 22:00")
    return 60 * int(found[1]) + int(found[2])


def _date(words: Words, name: str) -> date | None:
    value = words.get(name)
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise ValueError(f"{name} must be a date such as 2026-11-21, or null")
    return day


def words_of(row: WindowRow) -> dict[str, Any]:
    """A kept window in the words that would make it."""
    plan, window = row.plan, row.plan.window
    words: dict[str, Any] = {
        "name": plan.name,
        "scope": plan.scope,
        "server_id": row.server_key,
        "tag": row.tag,
        "enabled": plan.enabled,
        "comment": plan.comment,
        "recurring": isinstance(window, Recurring),
        **dict.fromkeys((*_ONCE, *_AGAIN)),
    }
    if isinstance(window, Once):
        return words | {"starts_at": iso(window.starts_at), "ends_at": iso(window.ends_at)}
    return words | {
        "days": sorted(window.days),
        "start_time": f"{window.start_minute // 60:02d}:{window.start_minute % 60:02d}",
        "length_minutes": window.length,
        "zone": window.zone.key,
        "first_date": window.first.isoformat() if window.first else None,
        "last_date": window.last.isoformat() if window.last else None,
    }


def changed_words(row: WindowRow, words: Words) -> dict[str, object]:
    """The words of a kept window with those that are to change. Who names a server or a tag alone also means the scope; who names a time
    alone also means whether the window comes again."""
    known: dict[str, object] = words_of(row)
    if "scope" not in words and {"server_id", "tag"} & words.keys():
        known |= {"scope": None, "server_id": None, "tag": None}
    if any(words.get(name) is not None for name in _ONCE):
        known["recurring"] = False
    if any(words.get(name) is not None for name in _AGAIN):
        known["recurring"] = True
    return known | dict(words)
