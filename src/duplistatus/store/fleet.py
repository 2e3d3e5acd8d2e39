"""Servers and jobs as they stand. In: a connection; out: frozen rows straight from `server` and `job`, which are kept current on
write, so that no read here looks at the history."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select

from duplistatus.clock import Instant
from duplistatus.evaluate.tag import tag_key
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, RunId, ServerId
from duplistatus.store.link_tables import server_link
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.watch_tables import server_tag, tag


@dataclass(frozen=True, slots=True)
class Tag:
    """A word that people group servers by, in one of the colours of `evaluate.tag`."""

    name: str
    color: str


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server. `key` is its id in the API; a server that was recognised as another one is not listed, but its key resolves."""

    id: ServerId
    key: str
    name: str
    alias: str
    note: str
    url: str
    has_password: bool
    zone: str
    zone_source: str
    version: str
    operating_system: str
    operating_system_detailed: str
    installation_type: str
    update_channel: str
    created_at: Instant
    tags: tuple[Tag, ...]

    @property
    def label(self) -> str:
        """What people read: the alias, else the name."""
        return self.alias or self.name

    @property
    def tag_keys(self) -> frozenset[str]:
        """Its tags as they are compared."""
        return frozenset(tag_key(tag.name) for tag in self.tags)

    @property
    def tag_words(self) -> str:
        """Its tags as a page compares them, one a line: the lower case of a script is not always the folded one."""
        return "\n".join(sorted(self.tag_keys | {tag.name.lower() for tag in self.tags}))


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job with everything that pages show of it. `versions` and `recent` are JSON text as the table describes them."""

    id: JobId
    server_id: ServerId
    name: str
    backup_id: str
    destination_type: str
    created_at: Instant
    last_run_id: RunId | None
    last_uid: str | None
    last_begun_at: Instant | None
    last_ended_at: Instant | None
    last_status: str | None
    last_duration_ms: int | None
    last_warnings: int
    last_errors: int
    last_messages: int
    last_uploaded: int | None
    last_reason: str
    run_count: int
    uploaded_total: int
    files: int | None
    source_size: int | None
    stored_size: int | None
    versions_count: int | None
    versions: str | None
    recent: str
    last_good_at: Instant | None
    next_run: Instant | None
    restored_at: Instant | None
    restored_result: str | None
    verified_at: Instant | None
    verified_result: str | None
    live_started_at: Instant | None
    live_reported_at: Instant | None
    live_state: str | None
    live_phase: str | None
    live_progress: float | None
    live_operation: str | None
    live_heard_at: Instant | None
    live_files_done: int | None
    live_files_total: int | None
    live_bytes_done: int | None
    live_bytes_total: int | None
    schedule: str
    schedule_since: Instant | None
    outcome: str
    activity: str
    silence: str
    expected_at: Instant | None
    overdue_at: Instant | None
    stuck_at: Instant | None
    due_at: Instant | None
    due_source: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the fleet; sizes in bytes, `newest_run` the begin of the newest run of all."""

    servers: int
    jobs: int
    runs: int
    uploaded: int
    stored: int
    source: int
    overdue: int
    newest_run: Instant | None


_API_IS_NEWER = (
    (server_link.c.version != "")
    & server_link.c.told_at.is_not(None)
    & (server.c.described_at.is_(None) | (server_link.c.told_at > server.c.described_at))
)
"""Version and channel are told by reports and by the server's own API: the newer word counts."""
_SERVER = (
    server.c.id,
    server.c.key,
    server.c.name,
    server.c.alias,
    server.c.note,
    server.c.url,
    server.c.secret != "",
    server.c.zone,
    server.c.zone_source,
    case((_API_IS_NEWER, server_link.c.version), else_=server.c.version),
    server.c.operating_system,
    server.c.operating_system_detailed,
    server.c.installation_type,
    case((_API_IS_NEWER, server_link.c.channel), else_=server.c.update_channel),
    server.c.created_at,
)
_FROM = server.outerjoin(server_link, server_link.c.server_id == server.c.id)
_JOB = tuple(job.c[name] for name in JobRow.__dataclass_fields__)

_HAS_JOB = select(job.c.id).where(job.c.server_id == server.c.id).exists()
_SHOWN = server.c.adopted_by.is_(None) & _HAS_JOB

_TAG_ROWS = select(server_tag.c.server_id, tag.c.name, tag.c.color).join(tag, tag.c.id == server_tag.c.tag_id).order_by(tag.c.name_key)
_TAGS = Statement(_TAG_ROWS)
_TAGS_OF = Statement(_TAG_ROWS.where(server_tag.c.server_id == bindparam("server_id")))
_SERVERS = Statement(select(*_SERVER).select_from(_FROM).where(_SHOWN).order_by(func.lower(server.c.name), server.c.key))
_SERVER_BY_ID = Statement(select(*_SERVER).select_from(_FROM).where(server.c.id == bindparam("id")))
_RESOLVE = Statement(select(func.coalesce(server.c.adopted_by, server.c.id)).where(server.c.key == bindparam("key")))
_SERVERS_BY_NAME = Statement(select(*_SERVER).select_from(_FROM).where(_SHOWN, server.c.name == bindparam("name")).order_by(server.c.key))
_JOBS = Statement(select(*_JOB).order_by(job.c.server_id, job.c.name))
_JOBS_OF = Statement(select(*_JOB).where(job.c.server_id == bindparam("server_id")).order_by(job.c.name))
_JOBS_AFTER = Statement(select(*_JOB).where(job.c.id > bindparam("after")).order_by(job.c.id).limit(bindparam("most")))
_JOBS_OF_AFTER = Statement(
    select(*_JOB)
    .where(job.c.server_id == bindparam("server_id"), job.c.id > bindparam("after"))
    .order_by(job.c.id)
    .limit(bindparam("most"))
)
_JOB_BY_ID = Statement(select(*_JOB).where(job.c.id == bindparam("id")))
_JOB_BY_NAME = Statement(select(*_JOB).where(job.c.server_id == bindparam("server_id"), job.c.name == bindparam("name")))
_TOTALS = Statement(
    select(
        func.count(job.c.server_id.distinct()),
        func.count(),
        func.coalesce(func.sum(job.c.run_count), 0),
        func.coalesce(func.sum(job.c.uploaded_total), 0),
        func.coalesce(func.sum(job.c.stored_size), 0),
        func.coalesce(func.sum(job.c.source_size), 0),
        func.coalesce(func.sum(case((job.c.schedule == "overdue", 1), else_=0)), 0),
        func.max(job.c.last_begun_at),
    )
)

# What `evaluate.overdue.schedule_of` says, in SQL: other programs ask for the number many times a second.
_AT_WORK = (job.c.activity == "running") & (job.c.stuck_at.is_(None) | (job.c.stuck_at >= bindparam("now")))
_OVERDUE = Statement(
    select(func.count()).where(job.c.overdue_at.is_not(None), job.c.overdue_at < bindparam("now"), job.c.schedule != "off", ~_AT_WORK)
)


def _server(row: Row, tags: tuple[Tag, ...]) -> ServerRow:
    return ServerRow(*(*row[:6], bool(row[6]), *row[7:], tags))


def servers(connection: Connection) -> list[ServerRow]:
    """All servers that have a job, by name."""
    tags: dict[ServerId, tuple[Tag, ...]] = {}
    for server_id, name, color in connection.rows(_TAGS):
        tags[server_id] = (*tags.get(server_id, ()), Tag(name, color))
    return [_server(row, tags.get(row[0], ())) for row in connection.rows(_SERVERS)]


def _tags_of(connection: Connection, server_id: ServerId) -> tuple[Tag, ...]:
    return tuple(Tag(name, color) for _, name, color in connection.rows(_TAGS_OF, {"server_id": server_id}))


def server_by_id(connection: Connection, server_id: ServerId) -> ServerRow | None:
    row = connection.row(_SERVER_BY_ID, {"id": server_id})
    return _server(row, _tags_of(connection, server_id)) if row else None


def server_by_key(connection: Connection, key: str) -> ServerRow | None:
    """The server of an API id; the id of a server that was recognised as another one leads to that."""
    found = connection.value(_RESOLVE, {"key": key})
    return server_by_id(connection, found) if found is not None else None


def servers_by_name(connection: Connection, name: str) -> list[ServerRow]:
    """The servers of exactly that name: upper and lower case differ, as in 1.4.2."""
    return [_server(row, _tags_of(connection, row[0])) for row in connection.rows(_SERVERS_BY_NAME, {"name": name})]


def jobs(connection: Connection) -> list[JobRow]:
    """All jobs, by server and name."""
    return [JobRow(*row) for row in connection.rows(_JOBS)]


def jobs_of(connection: Connection, server_id: ServerId) -> list[JobRow]:
    return [JobRow(*row) for row in connection.rows(_JOBS_OF, {"server_id": server_id})]


def jobs_after(connection: Connection, after: int, most: int, server_id: ServerId | None = None) -> list[JobRow]:
    """At most so many jobs, of all servers or of one, with numbers above `after`, in the order of their numbers."""
    page = {"after": after, "most": most}
    if server_id is None:
        return [JobRow(*row) for row in connection.rows(_JOBS_AFTER, page)]
    return [JobRow(*row) for row in connection.rows(_JOBS_OF_AFTER, page | {"server_id": server_id})]


def job_by_id(connection: Connection, job_id: JobId) -> JobRow | None:
    row = connection.row(_JOB_BY_ID, {"id": job_id})
    return JobRow(*row) if row else None


def job_by_name(connection: Connection, server_id: ServerId, name: str) -> JobRow | None:
    row = connection.row(_JOB_BY_NAME, {"server_id": server_id, "name": name})
    return JobRow(*row) if row else None


def totals(connection: Connection) -> Totals:
    """The sums of the summary and of the dashboard: one pass over the job rows."""
    row = connection.row(_TOTALS)
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return Totals(*(*map(int, row[:7]), row[7]))


def overdue_count(connection: Connection, now: Instant) -> int:
    """How many jobs are overdue."""
    return int(connection.value(_OVERDUE, {"now": now}))
