"""What is no backup run: restores, verifications, dry runs and other finished operations, and the live state of running ones. In: a
report or a live-status document; out: a row of `activity`, the job's newest proof, or its live columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, insert, or_, select, update

from duplistatus.clock import SECOND, Instant
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
_NAMES = ("last_begun_at", "activity", "live_started_at", "live_reported_at", "live_state", "live_interval")
_KNOWN_LIVE = Statement(select(*(job.c[name] for name in _NAMES)).where(job.c.id == bindparam("job_id")))
_LIVE = (
    "live_started_at",
    "live_reported_at",
    "live_state",
    "live_phase",
    "live_progress",
    "live_operation",
    "live_interval",
    "stuck_at",
    "activity",
)
_SAVE_LIVE = Statement(
    update(job)
    .where(
        job.c.id == bindparam("job_id"),
        or_(job.c.live_reported_at.is_(None), job.c.live_reported_at <= bindparam("live_reported_at_new")),
    )
    .values({name: bindparam(name + "_new") for name in _LIVE})
)
_END_LIVE = Statement(
    update(job)
    .where(job.c.id == bindparam("job_id"), job.c.activity != Activity.IDLE.value, job.c.live_started_at <= bindparam("begun_by"))
    .values(activity=Activity.IDLE.value, stuck_at=None)
)


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
    return Recorded(Outcome.ACTIVITY, place.job_id)


def record_live(connection: Connection, at: Instant, sender: str, status: LiveStatus) -> Recorded:
    """Takes over what a live-status document says of a running operation; an older one than the newest changes nothing, and one that
    comes after the report of its run makes nothing run again."""
    started = status.started_at if status.started_at is not None else at
    place = find_place(connection, status.origin, sender, started, at)
    row = connection.row(_KNOWN_LIVE, {"job_id": place.job_id})
    assert row is not None  # noqa: S101 - its place has just been found
    known = dict(zip(_NAMES, row, strict=True))
    is_over = known["last_begun_at"] is not None and started <= known["last_begun_at"] + _STARTED_TOGETHER
    is_running = status.state in _AT_WORK and not is_over
    reported = status.reported_at if status.reported_at is not None else at
    interval = _interval(known, started, reported)
    activity = Activity.RUNNING if is_running else Activity.IDLE
    values = {
        "live_started_at_new": started,
        "live_reported_at_new": reported,
        "live_state_new": status.state,
        "live_phase_new": status.phase,
        "live_progress_new": status.progress,
        "live_operation_new": status.operation,
        "live_interval_new": interval,
        # Counted from its arrival: the clock of the server may be another.
        "stuck_at_new": at + silent_after(interval) if is_running else None,
        "activity_new": activity,
        "job_id": place.job_id,
    }
    if connection.run(_SAVE_LIVE, values).rowcount:
        if known["activity"] != activity:
            reason = {"state": status.state, "started_at": started}
            note_change(connection, place.job_id, "activity", known["activity"], activity, at, reason)
        judge_reported(connection, place.job_id, at)
    return Recorded(Outcome.LIVE, place.job_id)


def _interval(known: dict[str, Any], started: Instant, reported: Instant) -> int | None:
    """The usual distance of an operation's live statuses: the longest between two of the newest operation, so that a slow phase is not
    taken for silence."""
    before = known["live_reported_at"]
    if before is None or known["live_started_at"] != started or known["live_state"] not in _AT_WORK or reported <= before:
        kept: int | None = known["live_interval"]
        return kept
    gap: int = reported - before
    # The first distance of an operation replaces that of another one; it may have been set anew.
    return gap if known["live_state"] == _STARTED else max(gap, known["live_interval"] or 0)


def end_live(connection: Connection, job_id: JobId, activity: str, begun_at: Instant, now: Instant) -> None:
    """A run whose report has come is no longer running. `activity`: what the job's row says. The job is judged by who records the run."""
    if activity != Activity.IDLE and connection.run(_END_LIVE, {"job_id": job_id, "begun_by": begun_at + _STARTED_TOGETHER}).rowcount:
        note_change(connection, job_id, "activity", activity, Activity.IDLE, now, {"reported": begun_at})


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
