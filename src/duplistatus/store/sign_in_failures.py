"""Wrong passwords, counted by subject: a name, an address, a known browser, a user. In: the subject, `user:<name>` or `address:<network>`
and so on; out: its count. What the counts mean is decided in `security`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, select, update

from duplistatus.clock import Instant
from duplistatus.store.account_tables import login_failure
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement


@dataclass(frozen=True, slots=True)
class Failures:
    """`count` since `first_at`; `locks`: how often that has led to a lock before, `locked_until` the present or last one."""

    count: int
    first_at: Instant
    locked_until: Instant | None = None
    locks: int = 0


_NAMES = ("failures", "first_at", "locked_until", "locks")
# Held until the end of the transaction: attempts that several processes count at once are all counted.
_FIND = Statement(
    select(*(login_failure.c[name] for name in _NAMES)).where(login_failure.c.subject == bindparam("subject")).with_for_update()
)
_INSERT = Statement(insert(login_failure).values({name: bindparam(name) for name in ("subject", *_NAMES)}))
_UPDATE = Statement(
    update(login_failure).where(login_failure.c.subject == bindparam("of")).values({name: bindparam(name) for name in _NAMES})
)
_DELETE = Statement(delete(login_failure).where(login_failure.c.subject == bindparam("subject")))
_PRUNE = Statement(
    delete(login_failure).where(
        login_failure.c.first_at < bindparam("before"), func.coalesce(login_failure.c.locked_until, 0) < bindparam("before")
    )
)


def find(connection: Connection, subject: str) -> Failures | None:
    row = connection.row(_FIND, {"subject": subject})
    return Failures(*row) if row else None


def keep(connection: Connection, subject: str, failures: Failures) -> None:
    """Stores the count of the subject."""
    values = {
        "failures": failures.count,
        "first_at": failures.first_at,
        "locked_until": failures.locked_until,
        "locks": failures.locks,
    }
    if not connection.run(_UPDATE, values | {"of": subject}).rowcount:
        connection.run(_INSERT, values | {"subject": subject})


def forget(connection: Connection, subject: str) -> None:
    connection.run(_DELETE, {"subject": subject})


def prune(connection: Connection, before: Instant) -> None:
    """Forgets what began, and was locked, before that moment only."""
    connection.run(_PRUNE, {"before": before})
