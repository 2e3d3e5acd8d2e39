"""What was entered on the page of access, as it is kept. In: a connection and a JSON text; out: the same text. What it means is decided
in `security`."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select, update

from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

KEY = "access"

_READ = Statement(select(setting.c.value).where(setting.c.key == KEY))
_UPDATE = Statement(update(setting).where(setting.c.key == KEY).values(value=bindparam("value_new")))
_INSERT = Statement(insert(setting).values(key=KEY, value=bindparam("value_new")))


def read_access(connection: Connection) -> str:
    """The JSON text; empty where nothing was ever entered."""
    return connection.value(_READ) or ""


def save_access(connection: Connection, text: str) -> None:
    if not connection.run(_UPDATE, {"value_new": text}).rowcount:
        connection.run(_INSERT, {"value_new": text})
