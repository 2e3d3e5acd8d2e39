"""Servers whose own API answered. In: a connection, and what an API said of itself; out: what each known server has in common with it, the
names under which its runs are recorded, the row of a new server, and what it said kept with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, case, insert, or_, select, update

from duplistatus.clock import SECOND, Instant
from duplistatus.evaluate.which_server import Likeness
from duplistatus.report.report import Origin
from duplistatus.report.server_answers import ServerIdentity
from duplistatus.store.database import Connection
from duplistatus.store.heirs import inherit_server
from duplistatus.store.ids import ServerId
from duplistatus.store.link_tables import server_link
from duplistatus.store.statement import Statement
from duplistatus.store.tables import origin, run, server
from duplistatus.store.visible import TEXT
from duplistatus.store.zones import settle_zone

_OF: BindParameter[int] = bindparam("of")
_SERVERS = Statement(
    select(
        server.c.id,
        server.c.key,
        server.c.has_machine_id,
        server.c.name,
        server.c.url,
        server_link.c.machine_id,
        server_link.c.machine_name,
    )
    .outerjoin(server_link, server_link.c.server_id == server.c.id)
    .where(server.c.adopted_by.is_(None))
)
_ORIGINS = Statement(
    select(origin.c.server_id, origin.c.machine_id, origin.c.machine_name, origin.c.job_name, origin.c.backup_id).where(
        or_(origin.c.machine_id == bindparam("machine_id"), origin.c.machine_name == bindparam("machine_name"), origin.c.server_id == _OF)
    )
)
_WITH_ORIGINS = Statement(select(origin.c.server_id).distinct())
_RAN_AT = Statement(
    select(origin.c.server_id, origin.c.job_name, origin.c.backup_id, run.c.kinds, run.c.begun_at)
    .join(origin, origin.c.id == run.c.origin_id)
    .where(or_(run.c.begun_at == bindparam("at_"), run.c.begun_at == bindparam("second")))
)
_NAMES = Statement(
    select(origin.c.machine_id, origin.c.machine_name)
    .where(origin.c.server_id == _OF)
    .order_by(
        case((or_(origin.c.job_name == bindparam("job_name"), origin.c.backup_id == bindparam("backup_id")), 0), else_=1),
        case((origin.c.machine_id != "", 0), else_=1),
        origin.c.last_at.desc(),
    )
    .limit(1)
)
_ROW = Statement(select(server.c.id, server.c.key, server.c.name, server.c.alias, server.c.adopted_by).where(server.c.id == _OF))
_BY_KEY = Statement(select(server.c.id).where(server.c.key == bindparam("key_")))
_ADD = Statement(
    insert(server)
    .values(key=bindparam("key_"), has_machine_id=bindparam("has"), name=bindparam("name_"), created_at=bindparam("now"))
    .returning(server.c.id)
)
_ADOPT = Statement(update(server).where(server.c.id == _OF).values(adopted_by=bindparam("host")))
_TOLD = ("machine_id", "machine_name", "version", "channel", "told_at")
_HAS_LINK = Statement(select(server_link.c.server_id).where(server_link.c.server_id == _OF))
_ADD_LINK = Statement(insert(server_link).values(server_id=_OF))
_TELL = Statement(update(server_link).where(server_link.c.server_id == _OF).values({name: bindparam(name + "_new") for name in _TOLD}))
_SAID = Statement(select(server_link.c.machine_id, server_link.c.version).where(server_link.c.server_id == _OF))
_ZONES = Statement(select(server.c.zone_told, server.c.host_zone).where(server.c.id == _OF))


@dataclass(frozen=True, slots=True)
class Asked:
    """A server that is known."""

    server_id: ServerId
    key: str
    name: str
    alias: str


def asked_server(connection: Connection, server_id: ServerId) -> Asked | None:
    """The server, or the one that it was recognised as."""
    row = connection.row(_ROW, {"of": server_id})
    while row is not None and row[4] is not None:
        row = connection.row(_ROW, {"of": row[4]})
    return Asked(ServerId(row[0]), *row[1:4]) if row is not None else None


def likenesses(
    connection: Connection,
    identity: ServerIdentity,
    jobs: Iterable[Origin],
    meant: ServerId | None,
    runs: Mapping[ServerId, int],
    address: str,
) -> dict[ServerId, Likeness]:
    """What each server has in common with the one that says this of itself. `runs`: how many runs are of each, as far as was looked."""
    machine_id, machine_name = identity.machine_id or "", identity.machine_name or ""
    asked = {"machine_id": machine_id or None, "machine_name": machine_name or None, "of": meant}
    shared: Counter[ServerId] = Counter()
    same_id, same_name = set(), set()
    listed = {(each.job_name, each.backup_id) for each in jobs}
    for server_id, its_id, its_name, job_name, backup_id in connection.rows(_ORIGINS, asked):
        shared[server_id] += (job_name, backup_id) in listed
        if machine_id and its_id == machine_id:
            same_id.add(server_id)
        if machine_name and its_name == machine_name:
            same_name.add(server_id)
    filled = {row[0] for row in connection.rows(_WITH_ORIGINS)}
    found = {}
    for server_id, key, has_id, name, url, said_id, said_name in connection.rows(_SERVERS):
        if server_id not in filled and not url and server_id != meant:
            # Left over from one whose reports count elsewhere.
            continue
        found[ServerId(server_id)] = Likeness(
            key=key,
            runs=runs.get(server_id, 0),
            same_id=identity.id_is_reported and bool(machine_id) and (server_id in same_id or key == machine_id),
            same_api_id=bool(machine_id) and said_id == machine_id,
            same_name=bool(machine_name) and (server_id in same_name or machine_name in (name, said_name)),
            jobs=shared[server_id],
            has_id=bool(has_id),
            is_empty=server_id not in filled,
            elsewhere=bool(url) and url != address,
        )
    return found


def ran_at(connection: Connection, begins: Iterable[tuple[Origin, Instant]]) -> Counter[ServerId]:
    """Of how many of these runs, by job and begin, each server knows."""
    found: Counter[ServerId] = Counter()
    for names, at in begins:
        second = at - at % SECOND
        servers = {
            server_id
            for server_id, job_name, backup_id, kinds, begun_at in connection.rows(_RAN_AT, {"at_": at, "second": second})
            if (job_name == names.job_name or (backup_id and backup_id == names.backup_id)) and (begun_at == at or kinds == TEXT)
        }
        found.update(servers)
    return found


def names_on(connection: Connection, server_id: ServerId, names: Origin) -> tuple[str, str]:
    """Machine-id and machine name under which a job's runs are recorded: those of its newest documents, else of the server's."""
    asked = {"of": server_id, "job_name": names.job_name, "backup_id": names.backup_id or ""}
    row = connection.row(_NAMES, asked)
    if row is not None:
        return row[0], row[1]
    server_row = connection.row(_ROW, {"of": server_id})
    key, name = (server_row[1], server_row[2]) if server_row is not None else ("", "")
    return ("", key.removeprefix("name:")) if key.startswith("name:") else (key, name)


def is_free(connection: Connection, machine_id: str, machine_name: str) -> bool:
    """Whether no server is known under these names."""
    return connection.value(_BY_KEY, {"key_": machine_id or f"name:{machine_name}"}) is None


def add_server(connection: Connection, machine_id: str, machine_name: str, now: Instant) -> ServerId:
    """A server that is new, or the one of these names. Its jobs come with their first runs."""
    key = machine_id or f"name:{machine_name}"
    found = connection.value(_BY_KEY, {"key_": key})
    if found is None:
        values = {"key_": key, "has": int(bool(machine_id)), "name_": machine_name or machine_id, "now": now}
        found = connection.value(_ADD, values)
    known = asked_server(connection, ServerId(found))
    return known.server_id if known is not None else ServerId(found)


def turn_out_as(connection: Connection, server_id: ServerId, heir: ServerId, now: Instant) -> None:
    """A server of which nothing was known but how it is reached is another one that is known: its key resolves to that one."""
    inherit_server(connection, server_id, heir)
    connection.run(_ADOPT, {"of": server_id, "host": heir})
    settle_zone(connection, heir, now)


def said_before(connection: Connection, server_id: ServerId) -> tuple[str, str]:
    """The machine-id and the version that a server's API told the last time; empty where it told none."""
    row = connection.row(_SAID, {"of": server_id})
    return (row[0], row[1]) if row is not None else ("", "")


def keep_identity(connection: Connection, server_id: ServerId, identity: ServerIdentity, now: Instant) -> None:
    """What a server's API said of itself."""
    if connection.row(_HAS_LINK, {"of": server_id}) is None:
        connection.run(_ADD_LINK, {"of": server_id})
    told = (identity.machine_id or "", identity.machine_name or "", identity.version or "", identity.channel or "", now)
    connection.run(_TELL, {name + "_new": value for name, value in zip(_TOLD, told, strict=True)} | {"of": server_id})


def zones_told(connection: Connection, server_id: ServerId) -> tuple[str | None, str | None]:
    """What the server said of its zone and that of its host."""
    row = connection.row(_ZONES, {"of": server_id})
    return (row[0], row[1]) if row is not None else (None, None)
