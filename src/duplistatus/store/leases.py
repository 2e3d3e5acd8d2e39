"""Who of several processes on one database does what must be done once. In: a name, a holder, the present; out: whether the holder has the
lease. Taking it is one conditional update, so that of two who try one gets it; to hold it within a transaction keeps others out
until that is committed. A lease ends by itself: a process that was killed is followed by another."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select, update

from duplistatus.clock import MINUTE, Instant
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement
from duplistatus.store.watch_tables import lease

SCHEDULER = "scheduler"
_LARGEST_SKEW = 10 * MINUTE
"""Milliseconds by which the clocks of two machines may differ. A lease that ends later than this and its own length from now was written
before the clock was set back, and does not count."""


@dataclass(frozen=True, slots=True)
class Lease:
    """`holder` has had it since `since` and keeps it until `until`, unless it is renewed before. An empty holder: nobody."""

    holder: str
    since: Instant | None
    renewed_at: Instant | None
    until: Instant | None

    def is_held(self, now: Instant) -> bool:
        """Whether somebody has it now."""
        return bool(self.holder) and self.until is not None and self.until > now


NOBODY = Lease("", None, None, None)

_FIND = Statement(select(lease.c.holder, lease.c.since, lease.c.renewed_at, lease.c.until).where(lease.c.name == bindparam("of")))
_TAKE = Statement(
    update(lease)
    .where(
        lease.c.name == bindparam("of"),
        or_(
            lease.c.holder == "",
            lease.c.holder == bindparam("me"),
            lease.c.until <= bindparam("now"),
            lease.c.until > bindparam("too_far"),
            bindparam("force") == 1,
        ),
    )
    .values(holder=bindparam("me"), since=bindparam("begun"), renewed_at=bindparam("now"), until=bindparam("end"))
)
_HOLD = Statement(update(lease).where(lease.c.name == bindparam("of"), lease.c.holder == bindparam("me")).values(holder=bindparam("me")))
_LOCK = Statement(update(lease).where(lease.c.name == bindparam("of")).values(holder=lease.c.holder))
_RELEASE = Statement(
    update(lease)
    .where(lease.c.name == bindparam("of"), lease.c.holder == bindparam("me"))
    .values(holder="", renewed_at=bindparam("now"), until=bindparam("now"))
)


def find(connection: Connection, name: str) -> Lease:
    """Who has it, or had it last."""
    row = connection.row(_FIND, {"of": name})
    return Lease(*row) if row else NOBODY


def is_free(found: Lease, now: Instant, length: int) -> bool:
    """Whether somebody else could take it."""
    return not found.is_held(now) or (found.until is not None and found.until > now + length + _LARGEST_SKEW)


def take(connection: Connection, name: str, me: str, now: Instant, length: int, *, force: bool = False) -> bool:
    """Takes or renews it for `length` milliseconds; False where another holds it. `force`: whoever holds it is known to be gone."""
    found = find(connection, name)
    begun = found.since if found.holder == me else now
    values = {"of": name, "me": me, "now": now, "begun": begun, "end": now + length}
    return bool(connection.run(_TAKE, values | {"too_far": now + length + _LARGEST_SKEW, "force": int(force)}).rowcount)


def hold(connection: Connection, name: str, me: str) -> bool:
    """Whether it is still ours; if so nobody takes it before this transaction has ended."""
    return bool(connection.run(_HOLD, {"of": name, "me": me}).rowcount)


def lock(connection: Connection, name: str) -> None:
    """Lets nobody else hold or lock it before this transaction has ended, whoever has it."""
    connection.run(_LOCK, {"of": name})


def release(connection: Connection, name: str, me: str, now: Instant) -> None:
    """Gives it back, where it is ours."""
    connection.run(_RELEASE, {"of": name, "me": me, "now": now})
