"""Origins in the database, and the moves that follow when the set of them changes. In: the names a document came with; out: the job and
server that these mean now. New names are rare: the pure rule of `evaluate.identity` is then applied to all related origins, rows
of jobs and servers are made, renamed or removed, and runs move with their origins."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.identity import OriginFacts, PlacedJob, PlacedServer, placed
from duplistatus.report.report import Origin
from duplistatus.store.database import Connection
from duplistatus.store.descriptions import describe_anew
from duplistatus.store.heirs import inherit_job, inherit_server
from duplistatus.store.ids import JobId, OriginId, ServerId
from duplistatus.store.judging import judge
from duplistatus.store.statement import Statement
from duplistatus.store.summaries import rebuild_job
from duplistatus.store.tables import activity, change, day, job, origin, raw_report, run, server
from duplistatus.store.visible import show_runs
from duplistatus.store.zones import settle_zone

_FACTS = ("id", "machine_id", "machine_name", "job_name", "backup_id", "first_at", "last_at")


@dataclass(frozen=True, slots=True)
class Place:
    """Where documents of an origin belong, with what the hot path compares to see that nothing moves."""

    origin_id: OriginId
    job_id: JobId
    server_id: ServerId
    first_at: Instant
    last_at: Instant
    job_name: str
    backup_id: str
    server_name: str
    server_key: str
    server_described_at: Instant | None
    server_version: str
    activity: str


_FIND = Statement(
    select(
        origin.c.id,
        origin.c.job_id,
        origin.c.server_id,
        origin.c.first_at,
        origin.c.last_at,
        job.c.name,
        job.c.backup_id,
        server.c.name,
        server.c.key,
        server.c.described_at,
        server.c.version,
        job.c.activity,
    )
    .join(job, job.c.id == origin.c.job_id)
    .join(server, server.c.id == origin.c.server_id)
    .where(*(origin.c[name] == bindparam(name) for name in ("machine_id", "machine_name", "job_name", "backup_id")))
)
_WIDEN = Statement(update(origin).where(origin.c.id == bindparam("id")).values(first_at=bindparam("first"), last_at=bindparam("last")))
_INSERT = Statement(insert(origin).values({name: bindparam(name) for name in (*_FACTS[1:], "server_id", "job_id")}).returning(origin.c.id))
_RELATIVE = (*(origin.c[name] for name in _FACTS), origin.c.job_id, origin.c.server_id)
_BY_MACHINE_NAME = Statement(select(*_RELATIVE).where(origin.c.machine_name == bindparam("name")))
_BY_MACHINE_ID = Statement(select(*_RELATIVE).where(origin.c.machine_id == bindparam("machine_id")))
_SERVER_BY_KEY = Statement(select(server.c.id).where(server.c.key == bindparam("key")))
_INSERT_SERVER = Statement(
    insert(server).values({name: bindparam(name) for name in ("key", "has_machine_id", "name", "created_at")}).returning(server.c.id)
)
_NAME_SERVER = Statement(
    update(server)
    .where(server.c.id == bindparam("id"), or_(server.c.name != bindparam("name_"), server.c.adopted_by.is_not(None)))
    .values(name=bindparam("name_"), adopted_by=None)
)
_ADOPT = Statement(update(server).where(server.c.id == bindparam("id")).values(adopted_by=bindparam("host")))
_INSERT_JOB = Statement(
    insert(job).values({name: bindparam(name) for name in ("server_id", "name", "backup_id", "created_at")}).returning(job.c.id)
)
_JOB = Statement(select(job.c.server_id, job.c.name, job.c.backup_id).where(job.c.id == bindparam("id")))
_PARK_JOB = Statement(update(job).where(job.c.id == bindparam("id")).values(name=bindparam("parked")))
_NAME_JOB = Statement(
    update(job)
    .where(job.c.id == bindparam("id"))
    .values(server_id=bindparam("server"), name=bindparam("name_"), backup_id=bindparam("backup"))
)
_MOVE_ORIGIN = Statement(
    update(origin).where(origin.c.id == bindparam("id_")).values(job_id=bindparam("job"), server_id=bindparam("server"))
)
_HIDE_RUNS = Statement(update(run).where(run.c.origin_id == bindparam("id_")).values(job_id=None))
_MOVE_ACTIVITY = Statement(update(activity).where(activity.c.origin_id == bindparam("id_")).values(job_id=bindparam("job")))
_MOVE_RAW = Statement(update(raw_report).where(raw_report.c.origin_id == bindparam("id_")).values(job_id=bindparam("job")))
_MOVE_CHANGES = Statement(update(change).where(change.c.job_id == bindparam("old")).values(job_id=bindparam("new")))
_DROP_DAYS = Statement(delete(day).where(day.c.job_id == bindparam("old")))
_DROP_JOB = Statement(delete(job).where(job.c.id == bindparam("old")))
_ORIGINS_OF_JOB = Statement(select(func.count()).select_from(origin).where(origin.c.job_id == bindparam("id")))


def find_place(connection: Connection, names: Origin, sender: str, begun_at: Instant, now: Instant) -> Place:
    """The place of a document that begins at `begun_at`; made where it is new. Raises nothing of its own."""
    keys = _keys(names, sender)
    row = connection.row(_FIND, keys)
    if row is None:
        return _admit(connection, keys, begun_at, now)
    place = Place(*row)
    if place.first_at <= begun_at <= place.last_at:
        return place
    connection.run(_WIDEN, {"id": place.origin_id, "first": min(place.first_at, begun_at), "last": max(place.last_at, begun_at)})
    # A later document of the names in use moves nothing; any other may change the order of events.
    in_use = (
        place.job_name == keys["job_name"]
        and keys["backup_id"] in {"", place.backup_id}
        and keys["machine_name"] in {"", place.server_name}
    )
    if begun_at < place.first_at or not in_use:
        settle(connection, keys["machine_name"], keys["machine_id"], now)
        row = connection.row(_FIND, keys)
        place = Place(*row) if row else place
    return place


def _keys(names: Origin, sender: str) -> dict[str, str]:
    """The four names as they are stored. Without machine-id and machine name the sender's address stands for the machine."""
    machine_id, machine_name = names.machine_id or "", names.machine_name or ""
    return {
        "machine_id": machine_id,
        "machine_name": machine_name or ("" if machine_id else sender),
        "job_name": names.job_name,
        "backup_id": names.backup_id or "",
    }


def _admit(connection: Connection, keys: dict[str, str], begun_at: Instant, now: Instant) -> Place:
    """Makes the origin, first as a server and job of its own, then settles it among its relatives."""
    facts = OriginFacts(0, **keys, first_at=begun_at, last_at=begun_at)
    server_id = _server(connection, facts.own_key, bool(facts.machine_id), keys["machine_name"] or keys["machine_id"], now)
    job_id = _make_job(connection, server_id, _parked(), keys["backup_id"], now)
    connection.run(_INSERT, {**keys, "first_at": begun_at, "last_at": begun_at, "server_id": server_id, "job_id": job_id})
    settle(connection, keys["machine_name"], keys["machine_id"], now)
    row = connection.row(_FIND, keys)
    assert row is not None  # noqa: S101 - it was inserted above
    return Place(*row)


def _parked() -> str:
    """A name that no document carries, for the moment between two names (names are unique within a server)."""
    return f"\x01{uuid4()}"


def _server(connection: Connection, key: str, has_machine_id: bool, name: str, now: Instant) -> ServerId:
    found = connection.value(_SERVER_BY_KEY, {"key": key})
    if found is None:
        values = {"key": key, "has_machine_id": int(has_machine_id), "name": name, "created_at": now}
        found = connection.value(_INSERT_SERVER, values)
    return ServerId(found)


def _make_job(connection: Connection, server_id: ServerId, name: str, backup_id: str, now: Instant) -> JobId:
    values = {"server_id": server_id, "name": name, "backup_id": backup_id, "created_at": now}
    return JobId(connection.value(_INSERT_JOB, values))


@dataclass(frozen=True, slots=True)
class _Relative:
    facts: OriginFacts
    job_id: JobId
    server_id: ServerId


def _relatives(connection: Connection, machine_name: str, machine_id: str) -> list[_Relative]:
    """All origins that share a machine name or a machine-id with these, directly or through others."""
    found: dict[int, _Relative] = {}
    names, ids = {machine_name} - {""}, {machine_id} - {""}
    asked: set[str] = set()
    while names or ids:
        rows = [row for name in names for row in connection.rows(_BY_MACHINE_NAME, {"name": name})]
        rows += [row for each in ids for row in connection.rows(_BY_MACHINE_ID, {"machine_id": each})]
        asked |= {f"name {name}" for name in names} | {f"id {each}" for each in ids}
        found |= {row[0]: _Relative(OriginFacts(*row[:7]), row[7], row[8]) for row in rows}
        names = {row[2] for row in rows if row[2] and f"name {row[2]}" not in asked}
        ids = {row[1] for row in rows if row[1] and f"id {row[1]}" not in asked}
    return list(found.values())


def settle(connection: Connection, machine_name: str, machine_id: str, now: Instant) -> None:
    """Applies the rule of identity to everything related to a machine name and id; moves what it moves."""
    relatives = {each.facts.id: each for each in _relatives(connection, machine_name, machine_id)}
    if not relatives:
        return
    servers = placed(each.facts for each in relatives.values())
    moved = _Moves(connection, relatives, now)
    for each in servers:
        moved.settle_server(each)
    moved.finish()


def drop_job(connection: Connection, old: JobId, heir: JobId, now: Instant) -> None:
    """Removes a job of which nothing is left, as another one has all of it."""
    rebuild_job(connection, old, now)
    connection.run(_MOVE_CHANGES, {"old": old, "new": heir})
    inherit_job(connection, old, heir)
    connection.run(_DROP_DAYS, {"old": old})
    connection.run(_DROP_JOB, {"old": old})


class _Moves:
    """One application of the rule: keeps rows where it can, notes the jobs whose history changed, and rebuilds those at the end."""

    def __init__(self, connection: Connection, relatives: dict[int, _Relative], now: Instant) -> None:
        self.connection = connection
        self.relatives = relatives
        self.now = now
        self.taken: set[JobId] = set()
        self.touched: set[JobId] = set()
        self.moved_servers: set[ServerId] = set()
        self.names: list[tuple[JobId, ServerId, PlacedJob]] = []

    def settle_server(self, placed_server: PlacedServer) -> None:
        has_id = not placed_server.key.startswith("name:") or any(each.machine_id for job in placed_server.jobs for each in job.origins)
        server_id = _server(self.connection, placed_server.key, has_id, placed_server.name, self.now)
        self.connection.run(_NAME_SERVER, {"id": server_id, "name_": placed_server.name})
        for guest in placed_server.adopts:
            guest_id = _server(self.connection, guest, False, guest.removeprefix("name:"), self.now)
            self.connection.run(_ADOPT, {"id": guest_id, "host": server_id})
            inherit_server(self.connection, guest_id, server_id)
        for placed_job in sorted(placed_server.jobs, key=lambda each: min(facts.id for facts in each.origins)):
            self._settle_job(server_id, placed_job)

    def _settle_job(self, server_id: ServerId, placed_job: PlacedJob) -> None:
        """Keeps the job row that most of its origins are at, oldest first; makes one where none is free."""
        here = sorted({self.relatives[each.id].job_id for each in placed_job.origins} - self.taken)
        job_id = here[0] if here else _make_job(self.connection, server_id, _parked(), placed_job.backup_id, self.now)
        self.taken.add(job_id)
        self.names.append((job_id, server_id, placed_job))
        for each in placed_job.origins:
            relative = self.relatives[each.id]
            if relative.job_id != job_id or relative.server_id != server_id:
                self._move(each.id, job_id, server_id)
            if relative.server_id != server_id:
                self.moved_servers |= {relative.server_id, server_id}
            if relative.job_id != job_id:
                self.touched |= {relative.job_id, job_id}

    def _move(self, origin_id: int, job_id: JobId, server_id: ServerId) -> None:
        values = {"id_": origin_id, "job": job_id}
        self.connection.run(_MOVE_ORIGIN, values | {"server": server_id})
        if self.relatives[origin_id].job_id != job_id:
            self.connection.run(_HIDE_RUNS, {"id_": origin_id})
            self.connection.run(_MOVE_ACTIVITY, values)
            self.connection.run(_MOVE_RAW, values)

    def finish(self) -> None:
        """Names the jobs (through parked names, since two may swap), shows each run once, removes jobs without origin."""
        renamed = []
        for job_id, server_id, placed_job in self.names:
            wanted = (server_id, placed_job.name, placed_job.backup_id)
            if self.connection.row(_JOB, {"id": job_id}) != wanted:
                self.connection.run(_PARK_JOB, {"id": job_id, "parked": _parked()})
                renamed.append((job_id, wanted))
        gone = [job_id for job_id in sorted(self.touched) if not self.connection.value(_ORIGINS_OF_JOB, {"id": job_id})]
        heir = {self.relatives[each.id].job_id: job_id for job_id, _, placed_job in self.names for each in placed_job.origins}
        for job_id in gone:
            drop_job(self.connection, job_id, heir[job_id], self.now)
        for job_id, (server_id, name, backup_id) in renamed:
            self.connection.run(_NAME_JOB, {"id": job_id, "server": server_id, "name_": name, "backup": backup_id})
        for job_id in sorted(self.touched - set(gone)):
            show_runs(self.connection, job_id)
            rebuild_job(self.connection, job_id, self.now)
        if self.touched or self.moved_servers:
            for server_id in {server_id for _, server_id, _ in self.names} | self.moved_servers:
                describe_anew(self.connection, server_id)
                settle_zone(self.connection, server_id, self.now)
            # What silences a job depends on its server, and on what it inherited.
            judge(self.connection, [job_id for job_id, _, _ in self.names], self.now)
