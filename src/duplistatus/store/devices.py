"""Browsers from which somebody has signed in. In: a connection and the SHA-256 of a cookie's value, never the value; out: by what name a
browser's tries for a user are counted. Each sign-in gives the browser a new value, so that one that was planted is worth nothing."""

from __future__ import annotations

import uuid

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.clock import DAY, Instant
from duplistatus.store.account_tables import known_device
from duplistatus.store.database import Connection
from duplistatus.store.ids import UserId
from duplistatus.store.statement import Statement

KEPT = 180 * DAY
"""Since the last sign-in there. Browsers keep a cookie little longer."""
MOST_OF_A_USER = 50
"""Private windows leave one behind each time."""

_FIND = Statement(
    select(known_device.c.id).where(
        known_device.c.token_hash == bindparam("hash"),
        known_device.c.user_id == bindparam("user"),
        known_device.c.seen_at > bindparam("after"),
    )
)
_ANY = Statement(
    select(known_device.c.id).where(known_device.c.token_hash == bindparam("hash"), known_device.c.seen_at > bindparam("after")).limit(1)
)
_OF_USER = Statement(select(known_device.c.id).where(known_device.c.user_id == bindparam("user")))
_RENAME = Statement(update(known_device).where(known_device.c.token_hash == bindparam("old")).values(token_hash=bindparam("new")))
_SEEN = Statement(
    update(known_device)
    .where(known_device.c.token_hash == bindparam("hash"), known_device.c.user_id == bindparam("user"))
    .values(seen_at=bindparam("now"))
)
_INSERT = Statement(
    insert(known_device).values(
        id=bindparam("id"), token_hash=bindparam("new_hash"), user_id=bindparam("new_user"), seen_at=bindparam("new_seen")
    )
)
_PRUNE = Statement(
    delete(known_device).where(
        known_device.c.user_id == bindparam("user"),
        known_device.c.id.not_in(
            select(known_device.c.id)
            .where(known_device.c.user_id == bindparam("user"), known_device.c.seen_at > bindparam("after"))
            .order_by(known_device.c.seen_at.desc(), known_device.c.id)
            .limit(bindparam("kept"))
            .scalar_subquery()
        ),
    )
)


def find(connection: Connection, token_hash: str, user_id: UserId, now: Instant) -> str | None:
    """The name of the browser for that user; None where the user has not signed in from it, or long ago."""
    found: str | None = connection.value(_FIND, {"hash": token_hash, "user": user_id, "after": now - KEPT})
    return found


def is_known(connection: Connection, token_hash: str, now: Instant) -> bool:
    """Whether anybody has signed in from that browser."""
    return connection.value(_ANY, {"hash": token_hash, "after": now - KEPT}) is not None


def of_user(connection: Connection, user_id: UserId) -> list[str]:
    """The names of a user's browsers."""
    return [row[0] for row in connection.rows(_OF_USER, {"user": user_id})]


def remember(connection: Connection, user_id: UserId, old_hash: str, new_hash: str, now: Instant) -> None:
    """A user has signed in: the browser is known by a new value from now on, to whoever else has signed in there too. `old_hash` is empty
    for one that had none."""
    if old_hash:
        connection.run(_RENAME, {"old": old_hash, "new": new_hash})
    if not connection.run(_SEEN, {"hash": new_hash, "user": user_id, "now": now}).rowcount:
        connection.run(_INSERT, {"id": str(uuid.uuid4()), "new_hash": new_hash, "new_user": user_id, "new_seen": now})
    connection.run(_PRUNE, {"user": user_id, "after": now - KEPT, "kept": MOST_OF_A_USER})
