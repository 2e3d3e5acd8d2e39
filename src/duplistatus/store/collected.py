"""What a server's job log tells, in the database: which of it is known already, and the rest recorded, as reports are. In: a connection,
names, reports made of rows; out: the begins that are known, and what became of each report. What is stored at once is one piece of the
writer's work: it is small, it is whole, and reports that are sent come in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, case, literal, or_, select, union_all

from duplistatus.clock import DAY, SECOND, Instant
from duplistatus.evaluate.lost_failure import is_lost, span_of
from duplistatus.report.report import Origin, Report, Status
from duplistatus.store.activities import record_activity
from duplistatus.store.arrivals import Arrival, Outcome
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.origins import Place, find_place
from duplistatus.store.record import Written, describe_server, tell, write_run
from duplistatus.store.statement import Statement
from duplistatus.store.summaries import add_runs, rebuild_job, run_facts
from duplistatus.store.tables import activity, job, origin, run
from duplistatus.store.visible import PROVISIONAL, TEXT

_TOLD_FOR = DAY
"""People are told of runs that are not older; who collects a server for the first time wants no message of each run of its past."""

_SERVER: BindParameter[int] = bindparam("server_id")
_NAMED = or_(origin.c.job_name == bindparam("job_name"), origin.c.backup_id == bindparam("backup_id"))
_JOBS = select(origin.c.job_id).where(origin.c.server_id == _SERVER, _NAMED)
_KNOWN = Statement(
    union_all(
        select(run.c.begun_at, run.c.kinds, literal("Backup"))
        .join(origin, origin.c.id == run.c.origin_id)
        .where(origin.c.job_id.in_(_JOBS), run.c.begun_at >= bindparam("start"), run.c.begun_at <= bindparam("end")),
        select(activity.c.begun_at, literal(0), activity.c.operation).where(
            activity.c.job_id.in_(_JOBS), activity.c.begun_at >= bindparam("start"), activity.c.begun_at <= bindparam("end")
        ),
    )
)
_JOB_OF = Statement(
    select(origin.c.job_id)
    .where(origin.c.server_id == _SERVER, _NAMED)
    # The name goes before the id: another job may have had it once.
    .order_by(case((origin.c.job_name == bindparam("job_name"), 0), else_=1), origin.c.last_at.desc())
    .limit(1)
)
_JOB_NAMED = Statement(select(job.c.id).where(job.c.server_id == _SERVER, job.c.name == bindparam("job_name")))
_NEWEST = Statement(
    select(run.c.begun_at, run.c.ended_at, run.c.at_arrival).join(job, job.c.last_run_id == run.c.id).where(job.c.id == bindparam("job_id"))
)
_FAILED_ACTIVITIES = Statement(
    select(activity.c.begun_at, activity.c.ended_at)
    .where(
        activity.c.job_id == bindparam("job_id"),
        activity.c.begun_at <= bindparam("end"),
        or_(activity.c.result == Status.FATAL.value, activity.c.result == Status.ERROR.value),
    )
    .order_by(activity.c.begun_at.desc())
    .limit(20)
)
_LAST = Statement(select(job.c.last_begun_at).where(job.c.id == bindparam("job_id")))


@dataclass(frozen=True, slots=True)
class KnownRows:
    """The operations of a job that are known, of some time, but for runs known from plain text alone, which a row completes."""

    begins: frozenset[tuple[str, Instant]] = frozenset()

    def holds(self, report: Report) -> bool:
        """Whether a row tells nothing new."""
        operation = "Backup" if report.is_run else report.operation
        return (operation, report.begun_at) in self.begins


def known_rows(connection: Connection, server_id: ServerId, names: Origin, start: Instant, end: Instant) -> KnownRows:
    """What is known of a job's operations that began from `start` to `end`, in one question."""
    asked = {"server_id": server_id, "job_name": names.job_name, "backup_id": names.backup_id or "", "start": start, "end": end}
    rows = connection.rows(_KNOWN, asked)
    return KnownRows(frozenset((operation, begun_at) for begun_at, kinds, operation in rows if kinds != TEXT and not kinds & PROVISIONAL))


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a piece: runs that are new here, among them those that were known from plain text or as a mere error; runs that were
    known meanwhile."""

    found: int = 0
    known: int = 0
    job_id: JobId | None = None


def record_rows(connection: Connection, rows: Sequence[tuple[Arrival, Report]], now: Instant) -> Stored:
    """Records reports of one job, which all carry the same names, oldest first. The job's row, its days and its verdict follow once."""
    reports = [report for _, report in rows]
    # Whatever the oldest and the newest one move has moved before anything is written.
    for report in (reports[0], reports[-1]):
        find_place(connection, report.origin, "", _begun(report), now)
    place = find_place(connection, reports[0].origin, "", _begun(reports[0]), now)
    last = connection.value(_LAST, {"job_id": place.job_id})
    written: list[tuple[Report, Written]] = []
    for arrival, report in rows:
        if report.is_run:
            written.append((report, write_run(connection, arrival, report, place, _begun(report))))
        else:
            record_activity(connection, arrival, report, place, _begun(report))
    _count(connection, place, [each for _, each in written], now)
    telling = [report for report, each in written if each.outcome is not Outcome.DUPLICATE and report.host.duplicati_version is not None]
    if telling:
        describe_server(connection, telling[-1], place, _begun(telling[-1]), now)
    for report, each in written:
        is_news = now - _begun(report) <= _TOLD_FOR and (last is None or _begun(report) > last)
        if each.tells and is_news:
            tell(connection, place.job_id, each.added or run_facts(connection, each.run_id), now)
    known = sum(each.outcome is Outcome.DUPLICATE for _, each in written)
    return Stored(len(written) - known, known, place.job_id)


def _count(connection: Connection, place: Place, written: Sequence[Written], now: Instant) -> None:
    """Takes what was written into the job's row."""
    if any(each.changed for each in written):
        rebuild_job(connection, place.job_id, now)
        return
    added = [each.added for each in written if each.added is not None]
    if added:
        add_runs(connection, place.job_id, added, now)


def record_failure(connection: Connection, arrival: Arrival, report: Report, finished_at: Instant | None, server_id: ServerId) -> Stored:
    """Records the error that a server keeps of a job, where no run and no other operation tells of it. `finished_at`: when the newest
    backup succeeded, as the server says."""
    failed_at = _begun(report)
    job_id = job_of(connection, server_id, report.origin)
    if job_id is not None and not _is_lost(connection, job_id, failed_at, finished_at):
        return Stored(job_id=job_id)
    if job_id is None and not is_lost(failed_at, finished_at, None):
        return Stored()
    return record_rows(connection, [(arrival, report)], arrival.at)


def _is_lost(connection: Connection, job_id: JobId, failed_at: Instant, finished_at: Instant | None) -> bool:
    row = connection.row(_NEWEST, {"job_id": job_id})
    newest = span_of(row[0], row[1], at_arrival=bool(row[2])) if row is not None else None
    others = connection.rows(_FAILED_ACTIVITIES, {"job_id": job_id, "end": failed_at + SECOND})
    # What failed may have been a restore.
    return is_lost(failed_at, finished_at, newest) and not any(failed_at in span_of(begun, ended) for begun, ended in others)


def is_lost_failure(connection: Connection, server_id: ServerId, names: Origin, failed_at: Instant, finished_at: Instant | None) -> bool:
    """Whether nothing tells of an error yet, so that it is worth asking what failed."""
    job_id = job_of(connection, server_id, names)
    return is_lost(failed_at, finished_at, None) if job_id is None else _is_lost(connection, job_id, failed_at, finished_at)


def job_of(connection: Connection, server_id: ServerId, names: Origin) -> JobId | None:
    """The job that the names of a document mean on that server: by name, else by its documents' names and backup-id; None for none."""
    asked = {"server_id": server_id, "job_name": names.job_name, "backup_id": names.backup_id or ""}
    found = connection.value(_JOB_NAMED, asked)
    if found is None:
        found = connection.value(_JOB_OF, asked)
    return JobId(found) if found is not None else None


def _begun(report: Report) -> Instant:
    if report.begun_at is None:
        raise ValueError("rows of logs without a begin are no reports")
    return report.begun_at
