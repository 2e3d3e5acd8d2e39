"""Which servers are being asked now. In: names of places, the process that asks, the present; out: whether it may. A server is asked by one
at a time, be it by hand or by time, in whichever process; a process that is gone holds nothing for longer than two minutes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.clock import Instant
from duplistatus.store import leases
from duplistatus.store.collection_tidying import LOST_AFTER
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId
from duplistatus.store.link_tables import being_asked
from duplistatus.store.statement import Statement

_LEASE = "asking"
_WHO = Statement(select(being_asked.c.holder, being_asked.c.heard_at).where(being_asked.c.place == bindparam("at")))
_TAKE = Statement(insert(being_asked).values(place=bindparam("at"), holder=bindparam("me"), heard_at=bindparam("now")))
_FREE = Statement(delete(being_asked).where(being_asked.c.place == bindparam("at")))
_GIVE_BACK = Statement(delete(being_asked).where(being_asked.c.place == bindparam("at"), being_asked.c.holder == bindparam("me")))
_HEAR = Statement(update(being_asked).where(being_asked.c.holder == bindparam("me")).values(heard_at=bindparam("now")))


def server_place(server_id: ServerId) -> str:
    """The name of a server that is known, whatever its address."""
    return f"server {server_id}"


def take(connection: Connection, places: Sequence[str], me: str, now: Instant) -> bool:
    """Takes all of these places, or none: False where one of them is being asked, also by `me`."""
    leases.lock(connection, _LEASE)
    for place in places:
        row = connection.row(_WHO, {"at": place})
        if row is not None and now - LOST_AFTER < row[1] <= now + LOST_AFTER:
            return False
    for place in places:
        connection.run(_FREE, {"at": place})
        connection.run(_TAKE, {"at": place, "me": me, "now": now})
    return True


def give_back(connection: Connection, places: Sequence[str], me: str) -> None:
    """They are asked no longer."""
    for place in places:
        connection.run(_GIVE_BACK, {"at": place, "me": me})


def hear(connection: Connection, me: str, now: Instant) -> None:
    """The process is alive."""
    connection.run(_HEAR, {"me": me, "now": now})
