"""The smallest read and write that prove that the database works. In: a connection; out: nothing, or the driver's error."""

from __future__ import annotations

import secrets

from sqlalchemy import bindparam, insert, select, update

from duplistatus.clock import Instant
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

_KEY = "health.checked_at"
_ROOM = 256 * 1024
"""Bytes that a report of some length needs."""
_LOOK = Statement(select(setting.c.value).where(setting.c.key == _KEY))
_UPDATE = Statement(update(setting).where(setting.c.key == _KEY).values(value=bindparam("at")))
_INSERT = Statement(insert(setting).values(key=_KEY, value=bindparam("at")))


def look(connection: Connection) -> None:
    """Reads one row."""
    connection.row(_LOOK)


def mark(connection: Connection, now: Instant) -> None:
    """Writes one row, the same each time, with a new value: SQLite writes nothing where nothing changes."""
    _write(connection, f"{now} {secrets.token_hex(8)}")


def fill(connection: Connection) -> None:
    """Writes as much as a large report: after trouble, room for a word proves little. `mark` gives the room back."""
    _write(connection, secrets.token_hex(_ROOM // 2))


def _write(connection: Connection, value: str) -> None:
    if connection.run(_UPDATE, {"at": value}).rowcount == 0:
        connection.run(_INSERT, {"at": value})
