"""The audit log as it is read. In: a connection and what is sought; out: frozen lines, newest first, in pages that begin where the last one
ended, and counts. However long the log is, a page costs what it shows: it is read along one index, and where that index alone does not
decide, at most `REACH` entries are looked at, after which the page says how far it came."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select

from duplistatus.clock import Instant
from duplistatus.store.account_tables import audit
from duplistatus.store.database import Connection, Row
from duplistatus.store.statement import Statement

REACH = 50_000
_ESCAPE = "\\"
_END = 2**62
_EVER = Instant(-_END)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry as it is kept. `times`: how often it happened; `last_at`: when last, None where once. `username`, `address` and
    `user_agent` are empty where nobody is known."""

    id: int
    at: Instant
    user_id: str | None
    username: str
    action: str
    category: str
    target_type: str | None
    target_id: str | None
    details: dict[str, Any] | None
    address: str
    user_agent: str
    status: str
    error: str | None
    times: int
    last_at: Instant | None

    @property
    def place(self) -> Place:
        return Place(self.at, self.id)


class Place(NamedTuple):
    """A place in the log, between two entries: just beyond the entry of this moment and number."""

    at: Instant
    id: int


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries; None and empty: any. `user_id`: those of this user alone; `since` and `until` are included; `text`: in what it
    concerns, or in the details."""

    user_id: str | None = None
    username: str | None = None
    action: str | None = None
    status: str | None = None
    category: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    text: str = ""

    @property
    def exact(self) -> tuple[str, ...]:
        """The columns of which a value is named. The first of them is the one whose index is read."""
        named = tuple(name for name in _EXACT if getattr(self, name) is not None)
        if self.status == "success" and named[:2] == ("status", "category"):
            # Nearly every entry is a success.
            return ("category", "status")
        return named


@dataclass(frozen=True, slots=True)
class Part:
    """A page: its lines, newest first. `beyond`: the place where looking ended before it was full, None where nothing is left there."""

    lines: list[AuditLine]
    beyond: Place | None = None


_EXACT = ("user_id", "username", "action", "status", "category")
_FIELDS = tuple(audit.c[name] for name in AuditLine.__dataclass_fields__)
WORDS = {name: audit.c[name] for name in ("action", "category", "status")}
"""Columns of few different values."""


class _Shape(NamedTuple):
    """What a statement depends on."""

    exact: tuple[str, ...]
    of_text: bool
    backward: bool = False


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    """The first column is compared as it is, so that its index is read; the others as expressions, which no index has."""
    first, others = shape.exact[:1], shape.exact[1:]
    found = [audit.c[name] == bindparam(name) for name in first]
    found += [func.coalesce(audit.c[name], "") == bindparam(name) for name in others]
    if shape.of_text:
        # SQLite's lower() knows ASCII alone: a text with other letters is found as it is written, too.
        found.append(
            or_(
                func.lower(audit.c.target_id).like(bindparam("small"), escape=_ESCAPE),
                audit.c.target_id.like(bindparam("written"), escape=_ESCAPE),
                func.lower(audit.c.details).like(bindparam("small_json"), escape=_ESCAPE),
                audit.c.details.like(bindparam("written_json"), escape=_ESCAPE),
            )
        )
    return found


def _between() -> ColumnElement[bool]:
    """Older than the place `top`, and not older than `end`."""
    at, number = audit.c.at, audit.c.id
    return and_(
        at <= bindparam("top_at"),
        or_(at < bindparam("top_at"), number < bindparam("top_id")),
        at >= bindparam("end_at"),
        or_(at > bindparam("end_at"), number > bindparam("end_id")),
    )


def _ordered(found: Select[Any], *, backward: bool) -> Select[Any]:
    if backward:
        return found.order_by(audit.c.at, audit.c.id)
    return found.order_by(audit.c.at.desc(), audit.c.id.desc())


@lru_cache(maxsize=128)
def _page(shape: _Shape) -> Statement:
    found = select(*_FIELDS).where(*_conditions(shape), _between())
    return Statement(_ordered(found, backward=shape.backward).limit(bindparam("count")))


@lru_cache(maxsize=32)
def _reach(first: tuple[str, ...], backward: bool) -> Statement:
    found = select(audit.c.at, audit.c.id).where(*_conditions(_Shape(first, of_text=False)), _between())
    return Statement(_ordered(found, backward=backward).limit(1).offset(bindparam("reach")))


@lru_cache(maxsize=64)
def _offset(shape: _Shape) -> Statement:
    found = select(audit.c.at, audit.c.id).where(*_conditions(shape), _between())
    return Statement(_ordered(found, backward=False).limit(1).offset(bindparam("offset")))


@lru_cache(maxsize=64)
def _count(shape: _Shape) -> Statement:
    return Statement(select(func.count()).select_from(audit).where(*_conditions(shape), _between()))


_NEXT_WORD = {name: Statement(select(func.min(column)).where(column > bindparam("last"))) for name, column in WORDS.items()}
_OWN_WORDS = {
    name: Statement(select(column).where(audit.c.user_id == bindparam("of")).distinct().order_by(column)) for name, column in WORDS.items()
}
_OLDEST = Statement(select(func.min(audit.c.at)).where(audit.c.at >= bindparam("since")))
_OLDER = Statement(select(func.count()).where(audit.c.at < bindparam("before")))
_KNOWN_NAME = Statement(select(audit.c.id).where(audit.c.username == bindparam("of")).limit(1))


def page(connection: Connection, sought: Sought, count: int, *, before: Place | None = None, after: Place | None = None) -> Part:
    """At most `count` entries next to the place: older than `before`, or newer than `after`; else the newest."""
    backward = after is not None
    shape = _Shape(sought.exact, bool(sought.text), backward)
    values = _values(sought, before, after) | {"count": count}
    beyond: Place | None = None
    if len(shape.exact) > 1 or shape.of_text:
        row = connection.row(_reach(shape.exact[:1], backward), values | {"reach": REACH - 1})
        if row is not None:
            # The last entry that is looked at; the next page begins beyond it.
            beyond = Place(*row)
            values |= {"top_at": beyond.at, "top_id": beyond.id + 1} if backward else {"end_at": beyond.at, "end_id": beyond.id - 1}
    lines = [_line(row) for row in connection.rows(_page(shape), values)]
    full = len(lines) == count
    return Part(lines[::-1] if backward else lines, None if full else beyond)


def place_of(connection: Connection, sought: Sought, offset: int) -> Place | None:
    """The place before the entry that comes after `offset` others; None where there are not so many."""
    if offset == 0:
        return _newest(sought)
    row = connection.row(_offset(_Shape(sought.exact, bool(sought.text))), _values(sought, None, None) | {"offset": offset})
    return Place(row[0], row[1] + 1) if row else None


def count(connection: Connection, sought: Sought) -> int:
    """How many there are."""
    return int(connection.value(_count(_Shape(sought.exact, bool(sought.text))), _values(sought, None, None)))


def words(connection: Connection, column: str, user_id: str | None = None) -> list[str]:
    """The different values of one of `WORDS`, in the log or in the entries of one user."""
    if user_id is not None:
        return [row[0] for row in connection.rows(_OWN_WORDS[column], {"of": user_id})]
    # One step along the index for each value, however many entries have it.
    found: list[str] = []
    while (following := connection.value(_NEXT_WORD[column], {"last": found[-1] if found else ""})) is not None:
        found.append(following)
    return found


def known_name(connection: Connection, typed: str) -> str:
    """The name as the log has it: as it was typed, else in small letters, as accounts are called."""
    if connection.row(_KNOWN_NAME, {"of": typed}) is not None:
        return typed
    return typed.strip().lower()


def oldest(connection: Connection, since: Instant = _EVER) -> Instant | None:
    """The moment of the oldest entry that is not older than `since`."""
    found = connection.value(_OLDEST, {"since": since})
    return None if found is None else Instant(found)


def older(connection: Connection, before: Instant) -> int:
    """How many entries are older than that moment."""
    return int(connection.value(_OLDER, {"before": before}))


def _newest(sought: Sought) -> Place:
    return Place(Instant(_END) if sought.until is None else sought.until, _END)


def _values(sought: Sought, before: Place | None, after: Place | None) -> dict[str, Any]:
    top = _newest(sought)
    end = Place(Instant(-_END) if sought.since is None else sought.since, -1)
    if before is not None:
        top = min(top, before)
    if after is not None:
        end = max(end, after)
    values: dict[str, Any] = {name: getattr(sought, name) for name in _EXACT}
    values |= {"top_at": top.at, "top_id": top.id, "end_at": end.at, "end_id": end.id}
    written = json.dumps(sought.text, ensure_ascii=False)[1:-1]
    values |= {"small": _pattern(sought.text.lower()), "written": _pattern(sought.text)}
    return values | {"small_json": _pattern(written.lower()), "written_json": _pattern(written)}


def _pattern(text: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return f"%{text}%"


def _line(row: Row) -> AuditLine:
    details = json.loads(row[8]) if row[8] else None
    values: list[Any] = [*row[:8], details if isinstance(details, dict) else None, *row[9:]]
    return AuditLine(*values)
