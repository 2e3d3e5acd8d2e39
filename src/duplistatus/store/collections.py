"""Collections that people start: what is asked of which servers, how far each has come, what somebody has to decide. In: a connection; out:
frozen collections with their parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, bindparam, case, func, or_, select

from duplistatus.clock import Instant
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import ServerId
from duplistatus.store.link_tables import collection, collection_part
from duplistatus.store.statement import Statement
from duplistatus.store.tables import server

WAITING, RUNNING, ASKS, DONE, FAILED, CANCELLED = "waiting", "running", "asks", "done", "failed", "cancelled"
"""States of a part."""
Record = Callable[[Connection, str], None]
"""Writes into the audit log what was done with the collection of a uid."""
INTERRUPTED = "interrupted"
"""What went wrong with a part whose process ended."""


@dataclass(frozen=True, slots=True)
class Part:
    """One server of a collection; fields as the columns of `link_tables.collection_part`. `server_key` and `server_label` are empty where
    it is not known which one it is; `has_document`: there is one to download."""

    id: int
    collection_id: int
    position: int
    server_id: ServerId | None
    server_key: str
    server_label: str
    url: str
    state: str
    step: str
    jobs_done: int
    jobs_total: int
    found: int
    known: int
    errors: int
    trouble: str
    trouble_facts: dict[str, Any]
    question: dict[str, Any] | None
    answer: dict[str, Any]
    timer: int | None
    secret: str = field(repr=False)
    has_document: bool

    @property
    def has_ended(self) -> bool:
        return self.state in {DONE, FAILED, CANCELLED}


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection with its parts in their order. `actor`: `id`, `address` and `agent` of who started it."""

    id: int
    uid: str
    started_at: Instant
    ended_at: Instant | None
    holder: str
    heard_at: Instant | None
    started_by: str
    actor: dict[str, Any]
    schedules_only: bool
    keeps_document: bool
    cancelled: bool
    parts: tuple[Part, ...]

    def count(self, *states: str) -> int:
        """How many parts are in one of these states."""
        return sum(part.state in states for part in self.parts)

    @property
    def is_at_work(self) -> bool:
        return self.count(WAITING, RUNNING) > 0


@dataclass(frozen=True, slots=True)
class Line:
    """A collection in the list: how many parts it has, and how many are done, failed, and ask something."""

    uid: str
    started_at: Instant
    ended_at: Instant | None
    started_by: str
    schedules_only: bool
    cancelled: bool
    parts: int
    done: int
    failed: int
    asks: int
    found: int


_COLLECTION = tuple(name for name in Collection.__dataclass_fields__ if name != "parts")
_PART = tuple(name for name in Part.__dataclass_fields__ if name not in {"server_key", "server_label", "has_document"})
_PARTS = (
    select(
        *(collection_part.c[name] for name in _PART),
        server.c.key,
        func.coalesce(func.nullif(server.c.alias, ""), server.c.name),
        case((collection_part.c.document.is_(None), 0), else_=1),
    )
    .select_from(collection_part.outerjoin(server, server.c.id == collection_part.c.server_id))
    .order_by(collection_part.c.position)
)
_ONE = Statement(select(*(collection.c[name] for name in _COLLECTION)).where(collection.c.uid == bindparam("of")))
_PARTS_OF = Statement(_PARTS.where(collection_part.c.collection_id == bindparam("of")))
_PART_BY_ID = Statement(_PARTS.where(collection_part.c.id == bindparam("of")))
_DOCUMENT = Statement(select(collection_part.c.document).where(collection_part.c.id == bindparam("of")))


def _counted(*states: str) -> ColumnElement[int]:
    return func.sum(case((or_(*(collection_part.c.state == state for state in states)), 1), else_=0))


_HEAD = ("uid", "started_at", "ended_at", "started_by", "schedules_only", "cancelled")
_LISTED = Statement(
    select(
        *(collection.c[name] for name in _HEAD),
        func.count(collection_part.c.id),
        _counted(DONE),
        _counted(FAILED),
        _counted(ASKS),
        func.sum(collection_part.c.found),
    )
    .select_from(collection.outerjoin(collection_part, collection_part.c.collection_id == collection.c.id))
    .group_by(collection.c.id, *(collection.c[name] for name in _HEAD))
    .order_by(collection.c.id.desc())
    .limit(bindparam("most"))
)
_HELD = Statement(select(collection.c.uid).where(collection.c.holder == bindparam("me"), collection.c.ended_at.is_(None)))


def find(connection: Connection, uid: str) -> Collection | None:
    """A collection with its parts."""
    row = connection.row(_ONE, {"of": uid})
    if row is None:
        return None
    values = dict(zip(_COLLECTION, row, strict=True))
    for name in ("schedules_only", "keeps_document", "cancelled"):
        values[name] = bool(values[name])
    values["actor"] = orjson.loads(values["actor"])
    return Collection(**values, parts=parts_of(connection, row[0]))


def parts_of(connection: Connection, collection_id: int) -> tuple[Part, ...]:
    """The parts of a collection, in their order."""
    return tuple(_part(each) for each in connection.rows(_PARTS_OF, {"of": collection_id}))


def part(connection: Connection, number: int) -> Part | None:
    """One part."""
    row = connection.row(_PART_BY_ID, {"of": number})
    return _part(row) if row is not None else None


def document(connection: Connection, number: int) -> bytes | None:
    """The compressed document of a part."""
    found: bytes | None = connection.value(_DOCUMENT, {"of": number})
    return found


def listed(connection: Connection, most: int = 50) -> list[Line]:
    """The newest, the last one first."""
    return [_line(row) for row in connection.rows(_LISTED, {"most": most})]


def _line(row: Row) -> Line:
    uid, started_at, ended_at, by, schedules_only, cancelled, *counts = row
    parts, done, failed, asks, found = (int(each or 0) for each in counts)
    return Line(uid, started_at, ended_at, by, bool(schedules_only), bool(cancelled), parts, done, failed, asks, found)


def held(connection: Connection, me: str) -> list[str]:
    """The open collections at which this process works."""
    return [row[0] for row in connection.rows(_HELD, {"me": me})]


def _part(row: Row) -> Part:
    values = dict(zip(_PART, row, strict=False))
    values["trouble_facts"] = orjson.loads(values["trouble_facts"])
    values["question"] = orjson.loads(values["question"]) if values["question"] else None
    values["answer"] = orjson.loads(values["answer"]) if values["answer"] else {}
    key, label, has_document = row[len(_PART) :]
    return Part(**values, server_key=key or "", server_label=label or "", has_document=bool(has_document))
