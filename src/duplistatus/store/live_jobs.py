"""Jobs at work as the API of their server tells it, beside the live status that servers post. In: what a watched server works at; out: the
live columns of its jobs. The two tell of one operation and do not fight: posts say more, so the API leaves a job alone as long as they
come, and takes over where they fall silent. A report, or a post, that ends an operation ends it whatever the API still says of its
task; the API ends what it told of before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, or_, select, update

from duplistatus.clock import MINUTE, SECOND, Instant
from duplistatus.evaluate.overdue import Activity
from duplistatus.evaluate.watched_server import Work
from duplistatus.report.live_server import operation_of
from duplistatus.store.api_jobs import list_jobs
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.judging import judge_reported, note_change
from duplistatus.store.link_tables import api_job
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, run

BY_API = "Running"
"""`live_state` of a job of which the API told; posts have states of other names."""
_BY_POST = frozenset({"Started", "Progress"})
_POSTS_LEAD = MINUTE
"""A post that is older than this leads no longer."""
_STARTED_TOGETHER = 5 * SECOND
"""A task, its run and its posts name begins that differ by moments."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a job when the API tells that it is at work."""

    last_begun_at: Instant | None
    last_ended_at: Instant | None
    arrived_at: Instant | None
    activity: str
    live_operation: str | None
    live_started_at: Instant | None
    live_heard_at: Instant | None
    live_state: str | None


_KNOWN = Statement(
    select(*(run.c.arrived_at if name == "arrived_at" else job.c[name] for name in _Known.__dataclass_fields__))
    .select_from(job)
    .outerjoin(run, run.c.id == job.c.last_run_id)
    .where(job.c.id == bindparam("of"))
)
_SAVED = {
    "live_started_at": "started",
    "live_heard_at": "now",
    "live_phase": "phase",
    "live_progress": "share",
    "live_operation": "operation",
    "live_files_done": "files_done",
    "live_files_total": "files_total",
    "live_bytes_done": "bytes_done",
    "live_bytes_total": "bytes_total",
}
# When it was posted last, and at which distance, stays as it is: the clocks of servers are others.
_SAVE = Statement(
    update(job)
    .where(job.c.id == bindparam("of"))
    .values({column: bindparam(f"{name}_new") for column, name in _SAVED.items()})
    .values(live_state=BY_API, stuck_at=None, activity=Activity.RUNNING.value)
)
_END = Statement(update(job).where(job.c.id == bindparam("of")).values(activity=Activity.IDLE.value, stuck_at=None))
_AT_WORK = select(job.c.id, job.c.activity).where(job.c.server_id == bindparam("server"), job.c.activity != Activity.IDLE.value)
_OTHERS = Statement(_AT_WORK.where(job.c.id != bindparam("but"), or_(job.c.live_state == BY_API, job.c.id == bindparam("before"))))
_BY_API_ALONE = Statement(_AT_WORK.where(job.c.live_state == BY_API))
_OF_API = Statement(
    select(api_job.c.job_id, job.c.id)
    .select_from(api_job)
    .outerjoin(job, and_(job.c.server_id == api_job.c.server_id, job.c.name == api_job.c.name))
    .where(api_job.c.server_id == bindparam("server"), api_job.c.api_id == bindparam("api"))
)
_ALL_IDS = (
    select(api_job.c.server_id, api_job.c.api_id, func.coalesce(api_job.c.job_id, job.c.id), api_job.c.name)
    .select_from(api_job)
    .outerjoin(job, and_(job.c.server_id == api_job.c.server_id, job.c.name == api_job.c.name))
)
_IDS_OF_ALL = Statement(_ALL_IDS)
_IDS = Statement(_ALL_IDS.where(api_job.c.server_id == bindparam("server")))


@dataclass(frozen=True, slots=True)
class ApiName:
    """A job of a server by its id in the API. `job_id` None: it has had no run yet."""

    job_id: JobId | None
    name: str


def api_names(connection: Connection, server_id: ServerId) -> dict[str, ApiName]:
    """The jobs that a server's API listed when it was asked last, by their ids there."""
    return {api_id: ApiName(job_id, name) for _, api_id, job_id, name in connection.rows(_IDS, {"server": server_id})}


def all_api_names(connection: Connection) -> dict[ServerId, dict[str, ApiName]]:
    """The same of all servers."""
    found: dict[ServerId, dict[str, ApiName]] = {}
    for server_id, api_id, job_id, name in connection.rows(_IDS_OF_ALL):
        found.setdefault(ServerId(server_id), {})[api_id] = ApiName(job_id, name)
    return found


def api_ids(connection: Connection, server_id: ServerId, job_id: JobId) -> tuple[str, ...]:
    """The ids in the API of a job: one, unless jobs have been copied."""
    return tuple(api_id for api_id, name in api_names(connection, server_id).items() if name.job_id == job_id)


def find_job(connection: Connection, server_id: ServerId, api_id: str) -> JobId | None:
    """The job of an id in the API."""
    row = connection.row(_OF_API, {"server": server_id, "api": api_id})
    return None if row is None else row[0] if row[0] is not None else row[1]


def at_work(connection: Connection, job_id: JobId, work: Work, now: Instant) -> None:
    """The API says that the job is at work."""
    row = connection.row(_KNOWN, {"of": job_id})
    if row is None:
        return
    known = _Known(*row)
    if _is_over(known, work):
        _end(connection, [(job_id, known.activity)], now, {"task": work.task})
        return
    heard = known.live_heard_at
    if known.live_state in _BY_POST and known.activity == Activity.RUNNING and heard is not None and now - heard < _POSTS_LEAD:
        return
    goes_on = known.activity == Activity.RUNNING
    begun = known.live_started_at if goes_on and not work.is_told else None
    values = {
        "started": begun if begun is not None else work.since,
        "now": now,
        "phase": work.phase,
        "share": work.share,
        "operation": operation_of(work.phase) or (known.live_operation if goes_on else None),
        "files_done": work.files_done,
        "files_total": work.files_total,
        "bytes_done": work.bytes_done,
        "bytes_total": work.bytes_total,
    }
    connection.run(_SAVE, {f"{name}_new": value for name, value in values.items()} | {"of": job_id})
    if known.activity != Activity.RUNNING:
        note_change(connection, job_id, "activity", known.activity, Activity.RUNNING, now, {"task": work.task, "started_at": work.since})
        judge_reported(connection, job_id, now)


def _is_over(known: _Known, work: Work) -> bool:
    """Whether a report or a post has ended the operation already: the server tidies up for a moment after it."""
    if work.is_told:
        if known.last_begun_at is not None and work.since <= known.last_begun_at + _STARTED_TOGETHER:
            return True
    elif known.arrived_at is not None and known.last_ended_at is not None and min(known.arrived_at, known.last_ended_at) >= work.since:
        # Without the server's own word of the begin: a run that ended, and was told of, after its task was first heard of.
        return True
    if known.live_state is None or known.live_state == BY_API or known.live_state in _BY_POST or known.activity != Activity.IDLE:
        return False
    if work.is_told:
        return known.live_started_at is not None and work.since <= known.live_started_at + _STARTED_TOGETHER
    return known.live_heard_at is not None and known.live_heard_at >= work.since


def nothing_else(connection: Connection, server_id: ServerId, job_id: JobId | None, before: JobId | None, now: Instant) -> None:
    """The API says that the server works at nothing but `job_id`. What ran `before` has ended, also where posts told of it; posts of other
    jobs tell of what is done without the server, from a command line."""
    values = {"server": server_id, "but": job_id or 0, "before": before or 0}
    _end(connection, connection.rows(_OTHERS, values), now, {"idle": True})


def unknown(connection: Connection, server_id: ServerId, now: Instant) -> None:
    """Nobody knows any longer what the server does: what the API alone told ends."""
    _end(connection, connection.rows(_BY_API_ALONE, {"server": server_id}), now, {"unknown": True})


def _end(connection: Connection, jobs: Iterable[tuple[JobId, str]], now: Instant, reason: dict[str, object]) -> None:
    for job_id, activity in list(jobs):
        if activity == Activity.IDLE:
            continue
        connection.run(_END, {"of": job_id})
        note_change(connection, job_id, "activity", activity, Activity.IDLE, now, reason)
        judge_reported(connection, job_id, now)


def learn(connection: Connection, server_id: ServerId, listed: Iterable[tuple[str, str]]) -> None:
    """The jobs of a server as its API lists them now: (id, name). Which job here each is stays as it is known."""
    known = api_names(connection, server_id)
    list_jobs(connection, server_id, {api_id: (name, known[api_id].job_id if api_id in known else None) for api_id, name in listed})
