"""What is no backup run: restores, verifications, dry runs and other finished operations, and the live state of running ones. In: a
report or a live-status document; out: a row of `activity`, the job's newest proof, or its live columns."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, insert, or_, select, update

from duplistatus.clock import HOUR, SECOND, Instant
from duplistatus.evaluate.overdue import Activity, silent_after
from duplistatus.evaluate.reason import reason_of
from duplistatus.report.report import LiveStatus, Report
from duplistatus.store.arrivals import Arrival, Outcome, Recorded, keep_raw
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId
from duplistatus.store.judging import judge_reported, note_change
from duplistatus.store.origins import Place, find_place
from duplistatus.store.run_rows import as_json, known
from duplistatus.store.statement import Statement
from duplistatus.store.tables import activity, job

_STARTED = "Started"
_AT_WORK = frozenset({_STARTED, "Progress"})
_STARTED_TOGETHER = 5 * SECOND
"""A run and its live status name begins that differ by moments."""
_AHEAD = HOUR
"""A live status that was written later than this after it came has a wrong clock."""

_KNOWN_ACTIVITY = Statement(
    select(activity.c.id).where(
        activity.c.origin_id == bindparam("origin_id"),
        activity.c.operation == bindparam("operation"),
        activity.c.begun_at == bindparam("begun_at"),
    )
)
_ACTIVITY = (
    "origin_id",
    "job_id",
    "operation",
    "dry_run",
    "begun_at",
    "ended_at",
    "duration_ms",
    "result",
    "reason",
    "warnings_count",
    "errors_count",
    "arrived_at",
    "figures",
)
_INSERT_ACTIVITY = Statement(insert(activity).values({name: bindparam(name) for name in _ACTIVITY}))
_PROOF = {
    operation: Statement(
        update(job)
        .where(
            job.c.id == bindparam("job_id"),
            or_(
                job.c[kind + "_at"].is_(None),
                job.c[kind + "_at"] < bindparam("at"),
                # Two documents of one moment: which one shows must not depend on the order of arrival.
                and_(job.c[kind + "_at"] == bindparam("at"), job.c[kind + "_result"] < bindparam("result")),
            ),
        )
        .values({kind + "_at": bindparam("at"), kind + "_result": bindparam("result")})
    )
    for operation, kind in (("Restore", "restored"), ("Test", "verified"))
}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a job when a live status of it comes."""

    last_begun_at: Instant | None
    last_ended_at: Instant | None
    activity: str
    live_operation: str | None
    live_started_at: Instant | None
    live_reported_at: Instant | None
    live_state: str | None
    live_interval: int | None


_KNOWN_LIVE = Statement(select(*(job.c[name] for name in _Known.__dataclass_fields__)).where(job.c.id == bindparam("job_id")))
# The newest end of such an operation that began with this one or later, or ended after it was told.
_ENDED = Statement(
    select(activity.c.id)
    .where(
        activity.c.job_id == bindparam("job_id"),
        activity.c.operation == bindparam("operation"),
        or_(activity.c.begun_at >= bindparam("begun_from"), activity.c.ended_at >= bindparam("reported")),
    )
    .limit(1)
)
_LIVE = (
    "live_started_at",
    "live_reported_at",
    "live_heard_at",
    "live_state",
    "live_phase",
    "live_progress",
    "live_operation",
    "live_files_done",
    "live_files_total",
    "live_bytes_done",
    "live_bytes_total",
    "live_interval",
    "stuck_at",
    "activity",
)
_SAVE_LIVE = Statement(
    update(job)
    .where(
        job.c.id == bindparam("job_id"),
        or_(
            job.c.live_reported_at.is_(None),
            job.c.live_reported_at <= bindparam("live_reported_at_new"),
            # A clock that was ahead and has been set right must not make everything since look old.
            job.c.live_reported_at > job.c.live_heard_at + _AHEAD,
        ),
    )
    .values({name: bindparam(name + "_new") for name in _LIVE})
)
_END_LIVE = (
    update(job)
    .where(job.c.id == bindparam("job_id"), job.c.activity != Activity.IDLE.value, job.c.live_started_at <= bindparam("begun_by"))
    .values(activity=Activity.IDLE.value, stuck_at=None)
)
_END_LIVE_OF_RUN = Statement(_END_LIVE)
_END_LIVE_OF_OTHER = Statement(_END_LIVE.where(job.c.live_operation == bindparam("operation")))


def record_activity(connection: Connection, arrival: Arrival, report: Report, place: Place, begun_at: Instant) -> Recorded:
    """Records a finished operation once; a repetition is answered like the first."""
    key = {"origin_id": place.origin_id, "operation": report.operation, "begun_at": begun_at}
    if connection.value(_KNOWN_ACTIVITY, key) is not None:
        return Recorded(Outcome.ACTIVITY, place.job_id)
    values = key | {
        "job_id": place.job_id,
        "dry_run": int(report.dry_run),
        "ended_at": report.ended_at,
        "duration_ms": _milliseconds(report.duration_seconds),
        "result": report.status.value,
        "reason": reason_of(report),
        "warnings_count": report.warnings_count,
        "errors_count": report.errors_count,
        "arrived_at": arrival.at,
        "figures": as_json(known(report.figures)),
    }
    connection.run(_INSERT_ACTIVITY, values)
    proof = None if report.dry_run else _PROOF.get(report.operation)
    if proof:
        connection.run(proof, {"job_id": place.job_id, "at": begun_at, "result": report.status.value})
    keep_raw(connection, arrival, report, place, None)
    if end_live(connection, place.job_id, place.activity, begun_at, arrival.at, operation=report.operation):
        judge_reported(connection, place.job_id, arrival.at)
    return Recorded(Outcome.ACTIVITY, place.job_id)


def record_live(connection: Connection, at: Instant, sender: str, status: LiveStatus) -> Recorded:
    """Takes over what a live-status document says of a running operation; an older one than the newest changes nothing, and one that
    comes after the report of its run makes nothing run again."""
    place = find_place(connection, status.origin, sender, status.started_at if status.started_at is not None else at, at)
    row = connection.row(_KNOWN_LIVE, {"job_id": place.job_id})
    assert row is not None  # noqa: S101 - its place has just been found
    known = _Known(*row)
    reported = status.reported_at if status.reported_at is not None else at
    started = _started(known, status, reported)
    is_running = status.state in _AT_WORK and not _is_over(connection, place.job_id, known, status.operation, started, reported)
    interval = _interval(known, started, reported)
    activity = Activity.RUNNING if is_running else Activity.IDLE
    values = {
        "live_started_at_new": started,
        "live_reported_at_new": reported,
        "live_heard_at_new": at,
        "live_state_new": status.state,
        "live_phase_new": status.phase,
        "live_progress_new": status.progress,
        "live_operation_new": status.operation,
        "live_files_done_new": status.files_processed,
        "live_files_total_new": status.files_total,
        "live_bytes_done_new": status.bytes_processed,
        "live_bytes_total_new": status.bytes_total,
        "live_interval_new": interval,
        # Counted from its arrival: the clock of the server may be another.
        "stuck_at_new": at + silent_after(interval) if is_running else None,
        "activity_new": activity,
        "job_id": place.job_id,
    }
    if connection.run(_SAVE_LIVE, values).rowcount:
        if known.activity != activity:
            reason = {"state": status.state, "started_at": started}
            note_change(connection, place.job_id, "activity", known.activity, activity, at, reason)
        judge_reported(connection, place.job_id, at)
    return Recorded(Outcome.LIVE, place.job_id)


def _started(known: _Known, status: LiveStatus, reported: Instant) -> Instant:
    """When the operation began. Duplicati always tells; documents that do not are one operation as long as it is at work."""
    if status.started_at is not None:
        return status.started_at
    goes_on = known.activity != Activity.IDLE and known.live_operation == status.operation and status.state != _STARTED
    return known.live_started_at if goes_on and known.live_started_at is not None else reported


def _is_over(connection: Connection, job_id: JobId, known: _Known, operation: str, started: Instant, reported: Instant) -> bool:
    """Whether the report of the operation, or of a later run, has come already."""
    if known.last_begun_at is not None and started <= known.last_begun_at + _STARTED_TOGETHER:
        return True
    if known.last_ended_at is not None and reported <= known.last_ended_at:
        return True
    asked = {"job_id": job_id, "operation": operation, "begun_from": started - _STARTED_TOGETHER, "reported": reported}
    return connection.value(_ENDED, asked) is not None


def _interval(known: _Known, started: Instant, reported: Instant) -> int | None:
    """The usual distance of an operation's live statuses: the longest between two of the newest operation, so that a slow phase is not
    taken for silence."""
    before = known.live_reported_at
    if before is None or known.live_started_at != started or known.live_state not in _AT_WORK or reported <= before:
        return known.live_interval
    gap: int = reported - before
    if known.live_interval is not None and gap > silent_after(known.live_interval):
        # A computer that slept, or a silence that ended: no distance that the next silence should be measured by.
        return known.live_interval
    # The first distance of an operation replaces that of another one; it may have been set anew.
    return gap if known.live_state == _STARTED else max(gap, known.live_interval or 0)


def end_live(
    connection: Connection, job_id: JobId, activity: str, begun_at: Instant, now: Instant, *, operation: str | None = None
) -> bool:
    """An operation whose report has come is no longer running; True when it was. A backup run ends whatever began before it, another
    `operation` only itself: people look through versions while a backup runs. `activity`: what the job's row says. Judging the job is
    left to the caller."""
    if activity == Activity.IDLE:
        return False
    values = {"job_id": job_id, "begun_by": begun_at + _STARTED_TOGETHER}
    if operation is None:
        ended = connection.run(_END_LIVE_OF_RUN, values).rowcount
    else:
        ended = connection.run(_END_LIVE_OF_OTHER, values | {"operation": operation}).rowcount
    if ended:
        note_change(connection, job_id, "activity", activity, Activity.IDLE, now, {"reported": begun_at})
    return bool(ended)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
