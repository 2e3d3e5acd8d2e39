"""By which the key is recognised that secrets were stored under. In: a connection; out: the fingerprint that was kept, and the encrypted
texts with what each belongs to."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select, update

from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement
from duplistatus.store.tell_tables import channel

_KEY = "key_fingerprint"
_KEPT = Statement(select(setting.c.value).where(setting.c.key == _KEY))
_SET = Statement(update(setting).where(setting.c.key == _KEY).values(value=bindparam("mark")))
_ADD = Statement(insert(setting).values(key=_KEY, value=bindparam("mark")))
_OF_CHANNELS = Statement(select(channel.c.name, channel.c.secret).where(channel.c.secret != "").order_by(channel.c.id))


def kept_fingerprint(connection: Connection) -> str:
    """Of the key that was used last; empty: none was."""
    return str(connection.value(_KEPT) or "")


def keep_fingerprint(connection: Connection, mark: str) -> None:
    """From now on this is the key."""
    if not connection.run(_SET, {"mark": mark}).rowcount:
        connection.run(_ADD, {"mark": mark})


def secrets_of_channels(connection: Connection) -> list[tuple[str, str]]:
    """Names of channels with their encrypted texts."""
    return [(row[0], row[1]) for row in connection.rows(_OF_CHANNELS)]
