"""Documents that were refused as no report. In: a connection and what came; out: frozen rows, newest first. Kept are the newest
100 and 20 MB at most, so that a sender that repeats itself can never fill the disk."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select

from duplistatus.clock import Instant
from duplistatus.store.compression import pack, unpack
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement
from duplistatus.store.tables import rejected_report

MOST_DOCUMENTS = 100
MOST_BYTES = 20_000_000
HEAD_BYTES = 1_000_000
"""Of a document that alone is larger than MOST_BYTES, its beginning is kept."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One refused document without its body. `size` is that of the whole body in bytes, also where only its head is kept;
    `code` is the machine-readable reason."""

    id: int
    arrived_at: Instant
    sender: str
    content_type: str
    code: str
    reason: str
    size: int

    @property
    def kept_size(self) -> int:
        """Bytes of the body that are kept."""
        return self.size if self.size <= MOST_BYTES else HEAD_BYTES


_FIELDS = tuple(rejected_report.c[name] for name in RejectedRow.__dataclass_fields__)
_NEWEST = Statement(select(*_FIELDS).order_by(rejected_report.c.id.desc()).limit(bindparam("count")))
_BY_ID = Statement(select(*_FIELDS).where(rejected_report.c.id == bindparam("id")))
_BODY = Statement(select(rejected_report.c.body).where(rejected_report.c.id == bindparam("id")))
_INSERT = Statement(
    insert(rejected_report).values(
        {name: bindparam(name) for name in ("arrived_at", "sender", "content_type", "code", "reason", "size", "body")}
    )
)
_DELETE_TO = Statement(delete(rejected_report).where(rejected_report.c.id <= bindparam("last")))


def keep(connection: Connection, at: Instant, sender: str, content_type: str, code: str, reason: str, body: bytes) -> None:
    """Keeps a refused document and drops the oldest ones above the limits."""
    kept = body if len(body) <= MOST_BYTES else body[:HEAD_BYTES]
    texts = {"sender": sender, "content_type": content_type, "code": code, "reason": reason}
    storable = {name: _storable(text) for name, text in texts.items()}
    connection.run(_INSERT, {"arrived_at": at, "size": len(body), "body": pack(kept), **storable})
    _prune(connection)


def _storable(text: str) -> str:
    """The text without what a database cannot hold: NUL and half surrogate pairs, which hostile documents and headers may bring."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")


def _prune(connection: Connection) -> None:
    held = 0
    for position, row in enumerate(newest_rejected(connection, MOST_DOCUMENTS + 1)):
        held += row.kept_size
        if position >= MOST_DOCUMENTS or held > MOST_BYTES:
            connection.run(_DELETE_TO, {"last": row.id})
            return


def newest_rejected(connection: Connection, count: int = MOST_DOCUMENTS) -> list[RejectedRow]:
    """The newest refused documents, newest first."""
    return [RejectedRow(*row) for row in connection.rows(_NEWEST, {"count": count})]


def rejected_by_id(connection: Connection, rejected_id: int) -> RejectedRow | None:
    row = connection.row(_BY_ID, {"id": rejected_id})
    return RejectedRow(*row) if row else None


def body_of(connection: Connection, rejected_id: int) -> bytes | None:
    """The body as it came, or its head; None when it is not kept."""
    found = connection.value(_BODY, {"id": rejected_id})
    return unpack(found) if found is not None else None
