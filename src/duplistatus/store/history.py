"""The history of runs as lists show it: the few columns of a line, without logs. In: a connection, a server or job, and where to
begin; out: frozen lines, newest first, read through the index of each job, so that the length of the history does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from duplistatus.clock import Instant
from duplistatus.store.compression import unpack
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, RunId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, run, run_log


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list. Sizes in bytes; `listed_versions` is JSON text; None where the report did not know."""

    id: RunId
    uid: str
    job_id: JobId
    job_name: str
    begun_at: Instant
    status: str
    duration_ticks: int | None
    messages: int
    warnings: int
    errors: int
    files: int | None
    source_size: int | None
    uploaded: int | None
    stored_size: int | None
    versions_count: int | None
    listed_versions: str | None


class Position(NamedTuple):
    """A place in a list of runs that is sorted by begin, then id, both descending."""

    begun_at: int
    id: int


START = Position(2**62, 2**62)

_LINE = (
    run.c.id,
    run.c.uid,
    run.c.job_id,
    job.c.name,
    run.c.begun_at,
    run.c.status,
    run.c.duration_ticks,
    run.c.messages_count,
    run.c.warnings_count,
    run.c.errors_count,
    run.c.examined_files,
    run.c.size_of_examined_files,
    run.c.bytes_uploaded,
    run.c.known_file_size,
    run.c.backup_list_count,
    run.c.listed_versions,
)
_JOB_IDS = Statement(select(job.c.id).where(job.c.server_id == bindparam("server_id")))
_POSITIONS = Statement(
    select(run.c.begun_at, run.c.id)
    .where(run.c.job_id == bindparam("job_id"), run.c.begun_at <= bindparam("latest"))
    .order_by(run.c.begun_at.desc())
    .limit(bindparam("count"))
)
_LINES = Statement(
    select(*_LINE)
    .join(job, job.c.id == run.c.job_id)
    .where(run.c.job_id == bindparam("job_id"), run.c.begun_at >= bindparam("earliest"), run.c.begun_at <= bindparam("latest"))
)
_LAST_LINES = Statement(
    select(*_LINE, run_log.c.body)
    .select_from(job)
    .join(run, run.c.id == job.c.last_run_id)
    .outerjoin(run_log, run_log.c.run_id == run.c.id)
    .where(job.c.server_id == bindparam("server_id"))
    .order_by(run.c.begun_at.desc(), run.c.id.desc())
)
_NEWEST_UNTIL = Statement(select(func.max(run.c.begun_at)).where(run.c.begun_at <= bindparam("until")))


def lines_of_server(
    connection: Connection, server_id: ServerId, count: int, after: Position = START
) -> tuple[list[RunLine], Position | None]:
    """The newest `count` runs of a server that come after a place in its list, and the place where the next page begins.

    1. The newest places of each job, from its index alone. 2. The newest of all of these. 3. Their lines.
    """
    places: list[tuple[Position, JobId]] = []
    for (job_id,) in connection.rows(_JOB_IDS, {"server_id": server_id}):
        # One more than asked for tells whether there is a next page, another one may lie exactly at `after`.
        found = connection.rows(_POSITIONS, {"job_id": job_id, "latest": after.begun_at, "count": count + 2})
        places += [(position, job_id) for position in map(Position._make, found) if position < after]
    places.sort(reverse=True)
    page = places[:count]
    spans: dict[JobId, tuple[int, int]] = {}
    for position, job_id in page:
        latest = spans[job_id][1] if job_id in spans else position.begun_at
        spans[job_id] = (position.begun_at, latest)
    lines: list[RunLine] = []
    for job_id, (earliest, latest) in spans.items():
        lines += [RunLine(*row) for row in connection.rows(_LINES, {"job_id": job_id, "earliest": earliest, "latest": latest})]
    lines.sort(key=lambda line: (line.begun_at, line.id), reverse=True)
    return lines, page[-1][0] if len(places) > count else None


def last_lines(connection: Connection, server_id: ServerId) -> list[tuple[RunLine, bytes | None]]:
    """The last run of each job of a server, newest first, with its log as JSON (None when it came with none)."""
    rows: list[Row] = connection.rows(_LAST_LINES, {"server_id": server_id})
    return [(RunLine(*row[:-1]), unpack(row[-1]) if row[-1] is not None else None) for row in rows]


def newest_begin(connection: Connection, until: Instant) -> Instant | None:
    """The begin of the newest run of all that began by then."""
    found: Instant | None = connection.value(_NEWEST_UNTIL, {"until": until})
    return found
