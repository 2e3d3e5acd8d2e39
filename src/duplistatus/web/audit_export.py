"""The audit log as files. In: the database and what is sought; out: CSV or JSON as 1.4.2 writes them, in pieces, so that however long the
log is only a few hundred entries are in memory. A text that a spreadsheet would take for a formula begins with an apostrophe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from duplistatus.clock import iso
from duplistatus.store import audit_log
from duplistatus.store.audit_log import AuditLine, Place, Sought
from duplistatus.store.database import Database
from duplistatus.web.audit_desk import written

PIECE = 500
_COLUMNS = (
    "ID",
    "Timestamp",
    "User ID",
    "Username",
    "Action",
    "Category",
    "Target Type",
    "Target ID",
    "Status",
    "IP Address",
    "User Agent",
    "Details",
    "Error Message",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def details_of(line: AuditLine) -> dict[str, Any] | None:
    """The details, and how often it happened where that was more than once."""
    if line.times == 1:
        return line.details
    return {**(line.details or {}), "count": line.times, "lastAt": iso(line.last_at) if line.last_at is not None else None}


def body_of(line: AuditLine) -> dict[str, Any]:
    """An entry as 1.4.2 answers it."""
    return {
        "id": line.id,
        "timestamp": written(line.at),
        "userId": line.user_id,
        "username": line.username or None,
        "action": line.action,
        "category": line.category,
        "targetType": line.target_type,
        "targetId": line.target_id,
        "details": details_of(line),
        "ipAddress": line.address or None,
        "userAgent": line.user_agent or None,
        "status": line.status,
        "errorMessage": line.error,
    }


def pieces(database: Database, sought: Sought) -> Iterator[list[AuditLine]]:
    """All that is sought, newest first, a few hundred at a time; none of what is written meanwhile."""
    before: Place | None = None
    while True:
        with database.read() as connection:
            part = audit_log.page(connection, sought, PIECE, before=before)
        if part.lines:
            yield part.lines
        if len(part.lines) == PIECE:
            before = part.lines[-1].place
        elif part.beyond is not None:
            before = part.beyond
        else:
            return


def csv_text(found: Iterable[list[AuditLine]]) -> Iterator[bytes]:
    """The pieces as CSV: a line of names, then a line for each entry."""
    yield ",".join(_COLUMNS).encode()
    for lines in found:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_cell(value) for value in _values(line)] for line in lines)
        yield ("\n" + text.getvalue().removesuffix("\n")).encode()


def json_text(found: Iterable[list[AuditLine]]) -> Iterator[bytes]:
    """The pieces as one list of JSON."""
    before = b"["
    for lines in found:
        yield before + b",".join(orjson.dumps(body_of(line)) for line in lines)
        before = b","
    yield b"]" if before == b"," else b"[]"


def _values(line: AuditLine) -> tuple[object, ...]:
    details = details_of(line)
    return (
        line.id,
        written(line.at),
        line.user_id,
        line.username,
        line.action,
        line.category,
        line.target_type,
        line.target_id,
        line.status,
        line.address,
        line.user_agent,
        orjson.dumps(details).decode() if details is not None else None,
        line.error,
    )


def _cell(value: object) -> object:
    """A value that is text wherever it is opened."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
