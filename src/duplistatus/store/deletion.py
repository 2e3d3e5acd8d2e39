"""Removal of a job, or of a server with all of its jobs, and of what came from their reports. In: a server's key and a job's name; out:
what was removed. The rows kept on write are corrected in the same transaction, and identities are settled anew, since a removed report
decides nothing any more."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select

from duplistatus.clock import Instant
from duplistatus.store import fleet
from duplistatus.store.database import Connection
from duplistatus.store.days import forget_days
from duplistatus.store.descriptions import describe_anew
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.heirs import forget_job, forget_server
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.origins import settle
from duplistatus.store.statement import Statement
from duplistatus.store.tables import activity, change, job, origin, raw_report, run, run_log, server
from duplistatus.store.tell_tables import notice, outbox, reminder
from duplistatus.store.zones import settle_zone


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was removed: a job, with how many runs of it had counted."""

    server: ServerRow
    job: JobRow
    runs: int


@dataclass(frozen=True, slots=True)
class DeletedServer:
    """A server that was removed, with how many jobs it had and how many runs of them had counted."""

    server: ServerRow
    jobs: int
    runs: int


_OF_JOB = select(origin.c.id).where(origin.c.job_id == bindparam("job_id")).scalar_subquery()
_RUNS_OF_JOB = select(run.c.id).where(run.c.origin_id.in_(_OF_JOB))
_NOTICES_OF_JOB = select(notice.c.id).where(notice.c.job_id == bindparam("job_id"))
_MACHINES = Statement(select(origin.c.machine_name, origin.c.machine_id).where(origin.c.job_id == bindparam("job_id")).distinct())
_COUNT = Statement(select(func.count()).select_from(run).where(run.c.job_id == bindparam("job_id")))
_DELETES = tuple(
    Statement(each)
    for each in (
        delete(raw_report).where(raw_report.c.job_id == bindparam("job_id")),
        delete(run_log).where(run_log.c.run_id.in_(_RUNS_OF_JOB)),
        delete(run).where(run.c.origin_id.in_(_OF_JOB)),
        delete(outbox).where(outbox.c.notice_id.in_(_NOTICES_OF_JOB)),
        delete(notice).where(notice.c.job_id == bindparam("job_id")),
        delete(reminder).where(reminder.c.job_id == bindparam("job_id")),
        delete(activity).where(activity.c.job_id == bindparam("job_id")),
        delete(change).where(change.c.job_id == bindparam("job_id")),
        delete(origin).where(origin.c.job_id == bindparam("job_id")),
        delete(job).where(job.c.id == bindparam("job_id")),
    )
)


_JOBS = Statement(select(job.c.id).where(job.c.server_id == bindparam("of")).order_by(job.c.id))
_GUESTS = Statement(select(server.c.id).where(server.c.adopted_by == bindparam("of")))
_DELETE_SERVER = Statement(delete(server).where(server.c.id == bindparam("of")))


def delete_job(connection: Connection, server_key: str, job_name: str, now: Instant) -> Deleted | None:
    """Removes the job of that name on the server of that key; None when there is no such job."""
    server = fleet.server_by_key(connection, server_key)
    found = fleet.job_by_name(connection, server.id, job_name) if server else None
    if server is None or found is None:
        return None
    machines, runs = _remove(connection, found.id)
    _settle(connection, machines, now)
    describe_anew(connection, found.server_id)
    settle_zone(connection, found.server_id, now)
    return Deleted(server, found, runs)


def delete_server(connection: Connection, server_key: str, now: Instant) -> DeletedServer | None:
    """Removes the server of that key with its jobs, its settings and how it is reached; None when there is none. A server that was
    recognised as this one goes with it."""
    found = fleet.server_by_key(connection, server_key)
    if found is None:
        return None
    jobs = [JobId(row[0]) for row in connection.rows(_JOBS, {"of": found.id})]
    machines: set[tuple[str, str]] = set()
    runs = 0
    for job_id in jobs:
        named, count = _remove(connection, job_id)
        machines |= named
        runs += count
    for (guest,) in connection.rows(_GUESTS, {"of": found.id}):
        _remove_server(connection, ServerId(guest))
    _remove_server(connection, found.id)
    # Not before all is gone: what of the server was left would be put elsewhere.
    _settle(connection, machines, now)
    return DeletedServer(found, len(jobs), runs)


def _remove(connection: Connection, job_id: JobId) -> tuple[set[tuple[str, str]], int]:
    """The machines that its reports named, and how many of its runs had counted."""
    of_job = {"job_id": job_id}
    machines = {(str(name), str(machine_id)) for name, machine_id in connection.rows(_MACHINES, of_job)}
    runs = int(connection.value(_COUNT, of_job))
    forget_days(connection, job_id)
    forget_job(connection, job_id)
    for statement in _DELETES:
        connection.run(statement, of_job)
    return machines, runs


def _remove_server(connection: Connection, server_id: ServerId) -> None:
    forget_server(connection, server_id)
    connection.run(_DELETE_SERVER, {"of": server_id})


def _settle(connection: Connection, machines: set[tuple[str, str]], now: Instant) -> None:
    for machine_name, machine_id in sorted(machines):
        settle(connection, machine_name, machine_id, now)
