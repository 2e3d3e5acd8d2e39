"""What a message is about, by name. In: a connection and ids of a notice; out: frozen rows, or None for what is gone meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, literal, select

from duplistatus.clock import Instant
from duplistatus.evaluate.cadence import learn
from duplistatus.evaluate.expectation import Source, Told
from duplistatus.evaluate.interval import Interval
from duplistatus.report.report import Status
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, RunId, ServerId
from duplistatus.store.runs import RunRow
from duplistatus.store.schedules import kept_facts
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, run, server


@dataclass(frozen=True, slots=True)
class Subject:
    """A server and, where the message is about one, a job of it. Ids are None where it is invented or gone."""

    server_key: str
    server_name: str
    server_alias: str = ""
    server_note: str = ""
    server_url: str = ""
    job_name: str = ""
    server_id: ServerId | None = None
    job_id: JobId | None = None

    @property
    def label(self) -> str:
        """What people call the server."""
        return self.server_alias or self.server_name


_SERVER = (server.c.key, server.c.name, server.c.alias, server.c.note, server.c.url)
_OF_JOB = Statement(
    select(*_SERVER, job.c.name, server.c.id, job.c.id).join(server, server.c.id == job.c.server_id).where(job.c.id == bindparam("of"))
)
_OF_SERVER = Statement(select(*_SERVER, literal(""), server.c.id).where(server.c.id == bindparam("of")))
_UID = Statement(select(run.c.uid).where(run.c.id == bindparam("of")))
_NEWEST = {
    True: select(job.c.id).where(job.c.last_status == Status.SUCCESS),
    False: select(job.c.id).where(job.c.last_status.is_not(None), job.c.last_status != Status.SUCCESS),
}
_NEWEST_OF = {good: Statement(query.order_by(job.c.last_begun_at.desc()).limit(1)) for good, query in _NEWEST.items()}
_OVERDUE = Statement(
    select(job.c.id, job.c.last_begun_at, job.c.last_status, job.c.expected_at, job.c.overdue_at, job.c.due_source)
    .where(job.c.schedule == "overdue")
    .order_by(job.c.overdue_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class OverdueJob:
    """A job that is overdue now, and why."""

    job_id: JobId
    last_begun_at: Instant | None
    last_status: str | None
    expected_at: Instant | None
    overdue_at: Instant | None
    source: str | None


def subject_of(connection: Connection, job_id: int | None, server_id: int | None = None) -> Subject | None:
    """The job with its server, else the server alone."""
    row = connection.row(_OF_JOB, {"of": job_id}) if job_id is not None else None
    if row is not None:
        return Subject(*row)
    row = connection.row(_OF_SERVER, {"of": server_id}) if server_id is not None else None
    return Subject(*row) if row is not None else None


def uid_of(connection: Connection, run_id: RunId) -> str:
    """The public id of a run; empty when it is gone."""
    return connection.value(_UID, {"of": run_id}) or ""


def interval_of(connection: Connection, job_id: JobId, source: str | None) -> Interval | int | None:
    """How often a job is expected: the interval of what the verdict follows from, else the milliseconds that its runs have taught."""
    kept = kept_facts(connection, job_id)
    if kept is None:
        return None
    known = kept.known
    of_server = known.schedule.interval if known.schedule is not None else None
    found = known.setting.repeat if source == Source.SETTING else of_server or known.setting.repeat
    if found is not None:
        return found
    rhythm = learn([each.at for each in known.runs if each.told != Told.BY_HAND], known.zone.of_time)
    return rhythm.interval if rhythm is not None else None


def newest_job(connection: Connection, *, successful: bool) -> JobId | None:
    """The job whose newest run is the newest of all that succeeded, or of all that did not."""
    found = connection.value(_NEWEST_OF[successful])
    return JobId(found) if found is not None else None


def newest_overdue(connection: Connection) -> OverdueJob | None:
    """The job that became overdue last."""
    row = connection.row(_OVERDUE)
    return OverdueJob(*row) if row is not None else None


def details_of(row: RunRow) -> dict[str, Any]:
    """The numbers of a run as its notice holds them."""
    figures = row.figures
    return {
        "status": row.status,
        "begun_at": row.begun_at,
        "ended_at": row.ended_at,
        "duration_ticks": row.duration_ticks,
        "warnings": row.warnings_count,
        "errors": row.errors_count,
        "messages": row.messages_count,
        "uploaded": figures.bytes_uploaded,
        "files": figures.examined_files,
        "source_size": figures.size_of_examined_files,
        "stored_size": figures.known_file_size,
        "versions": figures.known_filesets if figures.known_filesets is not None else figures.backup_list_count,
        "reason": row.reason,
    }
