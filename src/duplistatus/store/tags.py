"""Tags and their servers. In: a connection and names that were read by `evaluate.tag`; out: frozen rows. A server may be in maintenance by
its tags: each change of them judges the jobs of the servers concerned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.tag import tag_key
from duplistatus.store.channels import channels
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId
from duplistatus.store.judging import judge
from duplistatus.store.silencing import jobs_of
from duplistatus.store.statement import Statement
from duplistatus.store.tables import server
from duplistatus.store.watch_tables import maintenance, server_tag, tag


class TagExists(Exception):
    """Another tag has this name, perhaps in other letters."""


class TagInUse(Exception):
    """A window of maintenance is for the servers with this tag."""


@dataclass(frozen=True, slots=True)
class TaggedServer:
    """A server in the list of a tag."""

    id: ServerId
    key: str
    name: str
    alias: str

    @property
    def label(self) -> str:
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag with its servers, by name."""

    id: int
    name: str
    color: str
    servers: tuple[TaggedServer, ...] = ()


_TAG = (tag.c.id, tag.c.name, tag.c.color)
_ALL = Statement(select(*_TAG).order_by(tag.c.name_key))
_BY_KEY = Statement(select(*_TAG).where(tag.c.name_key == bindparam("name_key")))
_SERVERS = Statement(
    select(server_tag.c.tag_id, server.c.id, server.c.key, server.c.name, server.c.alias).join(
        server, server.c.id == server_tag.c.server_id
    )
)
_INSERT = Statement(insert(tag).values({name: bindparam(name) for name in ("name", "name_key", "color")}).returning(tag.c.id))
_UPDATE = Statement(
    update(tag).where(tag.c.id == bindparam("of")).values({name: bindparam(name + "_new") for name in ("name", "name_key", "color")})
)
_DELETE = Statement(delete(tag).where(tag.c.id == bindparam("id")))
_WINDOWS = Statement(select(maintenance.c.name).where(maintenance.c.tag_id == bindparam("id")).order_by(maintenance.c.name))
_OF_SERVER = Statement(select(server_tag.c.tag_id).where(server_tag.c.server_id == bindparam("server_id")))
_ADD_TO_SERVER = Statement(insert(server_tag).values(server_id=bindparam("server_id"), tag_id=bindparam("tag_id")))
_TAKE_FROM_SERVER = Statement(
    delete(server_tag).where(server_tag.c.server_id == bindparam("server_id"), server_tag.c.tag_id == bindparam("tag_id"))
)


def tags(connection: Connection) -> list[TagRow]:
    """All tags by name, with their servers."""
    by_tag: dict[int, list[TaggedServer]] = {}
    for tag_id, server_id, key, name, alias in connection.rows(_SERVERS):
        by_tag.setdefault(tag_id, []).append(TaggedServer(server_id, key, name, alias))
    return [TagRow(tag_id, name, color, _by_label(by_tag.get(tag_id, []))) for tag_id, name, color in connection.rows(_ALL)]


def _by_label(servers: list[TaggedServer]) -> tuple[TaggedServer, ...]:
    return tuple(sorted(servers, key=lambda each: (each.label.casefold(), each.key)))


def tag_by_id(connection: Connection, tag_id: int) -> TagRow | None:
    """A tag with its servers."""
    return next((each for each in tags(connection) if each.id == tag_id), None)


def tag_by_name(connection: Connection, name: str) -> TagRow | None:
    """A tag in whatever letters, without its servers."""
    row = connection.row(_BY_KEY, {"name_key": tag_key(name)})
    return TagRow(*row) if row else None


def add_tag(connection: Connection, name: str, color: str) -> TagRow:
    """Keeps a new tag. Raises TagExists."""
    if (other := tag_by_name(connection, name)) is not None:
        raise TagExists(f"There is already a tag “{other.name}”")
    found = connection.value(_INSERT, {"name": name, "name_key": tag_key(name), "color": color})
    return TagRow(int(found), name, color)


def change_tag(connection: Connection, row: TagRow, name: str, color: str) -> TagRow:
    """Gives a tag another name or colour. Raises TagExists."""
    other = tag_by_name(connection, name)
    if other is not None and other.id != row.id:
        raise TagExists(f"There is already a tag “{other.name}”")
    connection.run(_UPDATE, {"of": row.id, "name_new": name, "name_key_new": tag_key(name), "color_new": color})
    return TagRow(row.id, name, color, row.servers)


def drop_tag(connection: Connection, row: TagRow) -> None:
    """Removes a tag from everywhere. Raises TagInUse."""
    used = connection.value(_WINDOWS, {"id": row.id})
    if used is not None:
        raise TagInUse(f"The maintenance window “{used}” is for the servers with this tag")
    narrowed = next((each.name for each in channels(connection) if row.id in each.filter.tags), None)
    if narrowed is not None:
        raise TagInUse(f"The channel “{narrowed}” tells of the servers with this tag")
    connection.run(_DELETE, {"id": row.id})


def set_server_tags(connection: Connection, server_id: ServerId, names: Iterable[str], now: Instant) -> None:
    """Gives a server exactly these tags; those that are not there yet are made."""
    wanted = {(tag_by_name(connection, name) or add_tag(connection, name, "")).id for name in names}
    _assign(connection, server_id, wanted, now)


def set_tag_servers(connection: Connection, row: TagRow, server_ids: Iterable[ServerId], now: Instant) -> None:
    """Gives a tag to exactly these servers."""
    wanted, before = set(server_ids), {each.id for each in row.servers}
    for server_id in sorted(wanted ^ before):
        known = {found[0] for found in connection.rows(_OF_SERVER, {"server_id": server_id})}
        _assign(connection, server_id, known | {row.id} if server_id in wanted else known - {row.id}, now)


def _assign(connection: Connection, server_id: ServerId, wanted: set[int], now: Instant) -> None:
    before = {row[0] for row in connection.rows(_OF_SERVER, {"server_id": server_id})}
    if before == wanted:
        return
    connection.run_many(_ADD_TO_SERVER, [{"server_id": server_id, "tag_id": each} for each in sorted(wanted - before)])
    connection.run_many(_TAKE_FROM_SERVER, [{"server_id": server_id, "tag_id": each} for each in sorted(before - wanted)])
    judge(connection, jobs_of(connection, [server_id]), now)
