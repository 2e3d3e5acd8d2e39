"""By which the key is recognised that secrets were stored under. In: a connection; out: the fingerprint that was kept. Whoever stores a
secret reads it in the same transaction, which keeps a change of the key out until that transaction has ended."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select, update

from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

_KEY = "key_fingerprint"
_KEPT = Statement(select(setting.c.value).where(setting.c.key == _KEY))
_SET = Statement(update(setting).where(setting.c.key == _KEY).values(value=bindparam("mark")))
_ADD = Statement(insert(setting).values(key=_KEY, value=bindparam("mark")))


def kept_fingerprint(connection: Connection) -> str:
    """Of the key that was used last; empty: none was."""
    return str(connection.value(_KEPT) or "")


def keep_fingerprint(connection: Connection, mark: str) -> None:
    """From now on this is the key; empty: none is."""
    if not connection.run(_SET, {"mark": mark}).rowcount:
        connection.run(_ADD, {"mark": mark})
