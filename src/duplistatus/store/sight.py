"""Which servers somebody sees. In: a connection and a user; out: a frozen `Sight`, which answers for single servers and filters lists. A
limited user sees the servers that an administrator chose, and those alone; everybody else sees all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.store.account_tables import user, user_server
from duplistatus.store.accounts import User
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId, UserId
from duplistatus.store.statement import Statement


@dataclass(frozen=True, slots=True)
class Sight:
    """`servers` None: all of them. It can be compared and hashed, so that what is kept of an answer can be kept for a sight."""

    servers: frozenset[ServerId] | None = None

    @property
    def is_whole(self) -> bool:
        return self.servers is None

    def sees(self, server_id: ServerId) -> bool:
        return self.servers is None or server_id in self.servers


EVERYTHING = Sight()

_OF_USER = Statement(select(user_server.c.server_id).where(user_server.c.user_id == bindparam("of")))
_INSERT = Statement(insert(user_server).values(user_id=bindparam("user_new"), server_id=bindparam("server_new")))
_DELETE = Statement(delete(user_server).where(user_server.c.user_id == bindparam("of")))
_LIMITED = Statement(select(user_server.c.user_id).where(user_server.c.server_id == bindparam("of")))
_MOVE = Statement(
    update(user_server)
    .where(user_server.c.server_id == bindparam("old"), user_server.c.user_id == bindparam("of"))
    .values(server_id=bindparam("new"))
)
_DROP = Statement(delete(user_server).where(user_server.c.server_id == bindparam("old")))
_ALL = Statement(select(user_server.c.user_id, user_server.c.server_id).join_from(user_server, user, user.c.id == user_server.c.user_id))


def sight_of(connection: Connection, seer: User) -> Sight:
    """What a user sees now."""
    if seer.is_admin or not seer.is_limited:
        return EVERYTHING
    return Sight(chosen_servers(connection, seer.id))


def chosen_servers(connection: Connection, user_id: UserId) -> frozenset[ServerId]:
    """The servers that were chosen for a user; they count only while the user is limited."""
    return frozenset(ServerId(row[0]) for row in connection.rows(_OF_USER, {"of": user_id}))


def chosen_of_all(connection: Connection) -> dict[UserId, frozenset[ServerId]]:
    """The same for each user for whom some were chosen."""
    found: dict[UserId, set[ServerId]] = {}
    for user_id, server_id in connection.rows(_ALL):
        found.setdefault(UserId(user_id), set()).add(ServerId(server_id))
    return {user_id: frozenset(servers) for user_id, servers in found.items()}


def choose_servers(connection: Connection, user_id: UserId, servers: Collection[ServerId]) -> None:
    """From now on these and no others. They must exist."""
    connection.run(_DELETE, {"of": user_id})
    connection.run_many(_INSERT, [{"user_new": user_id, "server_new": each} for each in sorted(servers)])


def inherit_sight(connection: Connection, old: ServerId, heir: ServerId) -> None:
    """A server was recognised as another one: who saw it sees the heir."""
    known = {row[0] for row in connection.rows(_LIMITED, {"of": heir})}
    for (user_id,) in connection.rows(_LIMITED, {"of": old}):
        if user_id not in known:
            connection.run(_MOVE, {"old": old, "of": user_id, "new": heir})
    connection.run(_DROP, {"old": old})
