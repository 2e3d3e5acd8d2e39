"""What administrators set for a server: what it is called, its note, how often it is collected, what may be done to it. In: a connection;
out: servers with how they are reached, those that are known by reports alone included, and their rows changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select, update

from duplistatus.store import fleet, links
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.ids import ServerId
from duplistatus.store.link_tables import server_link
from duplistatus.store.links import Link
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server


@dataclass(frozen=True, slots=True)
class Known:
    """A server and how its API is reached, None where it has no address."""

    server: ServerRow
    link: Link | None


_WITH_JOB = select(job.c.id).where(job.c.server_id == server.c.id).exists()
_IN_USE = or_(_WITH_JOB, server.c.url != "", server.c.secret != "", server.c.alias != "", server.c.note != "")
# Rows without any of it are left over from servers whose reports count elsewhere.
_LISTED = Statement(select(server.c.id).where(server.c.adopted_by.is_(None), _IN_USE))
_NAME = Statement(update(server).where(server.c.id == bindparam("of")).values(alias=bindparam("alias_new"), note=bindparam("note_new")))
_MAY = Statement(
    update(server_link)
    .where(server_link.c.server_id == bindparam("of"))
    .values(controls=bindparam("controls_new"), watch=bindparam("watch_new"))
)
_SECRET = Statement(select(server.c.secret).where(server.c.id == bindparam("of")))


def known_servers(connection: Connection) -> list[Known]:
    """All servers by what people call them."""
    reached = {each.server_id: each for each in links.links(connection)}
    rows = {row.id: row for row in fleet.servers(connection)}
    for (server_id,) in connection.rows(_LISTED):
        if server_id not in rows and (row := fleet.server_by_id(connection, server_id)) is not None:
            rows[row.id] = row
    return [Known(row, reached.get(row.id)) for row in sorted(rows.values(), key=lambda row: (row.label.casefold(), row.key))]


def known_server(connection: Connection, server_id: ServerId) -> Known | None:
    """One of them."""
    row = fleet.server_by_id(connection, server_id)
    return Known(row, links.link(connection, server_id)) if row is not None else None


def name_server(connection: Connection, server_id: ServerId, alias: str, note: str) -> None:
    """What people call it, and what they say of it."""
    connection.run(_NAME, {"of": server_id, "alias_new": alias, "note_new": note})


def secret_of(connection: Connection, server_id: ServerId) -> str:
    """The encrypted password; empty where none is stored."""
    return str(connection.value(_SECRET, {"of": server_id}) or "")


def set_rights(connection: Connection, server_id: ServerId, *, controls: bool, watch: bool) -> None:
    """Whether jobs may be started and stopped from here, and whether its live state is watched."""
    connection.run(_MAY, {"of": server_id, "controls_new": int(controls), "watch_new": int(watch)})
