"""Recording one document: one transaction is the run with its log and raw document, the job's row, the day, the activity, the server's
description and the change of facts. In: a parsed report and what is known of its arrival; out: what became of it. Nothing is half
stored: the caller's savepoint holds all of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from duplistatus.clock import MINUTE, SECOND, TICKS, Instant
from duplistatus.evaluate.job_summary import RunFacts
from duplistatus.evaluate.reason import reason_of
from duplistatus.evaluate.version_history import VersionNews
from duplistatus.report.report import Figures, Host, Kind, LiveStatus, Report
from duplistatus.store.compression import pack
from duplistatus.store.database import Connection, Row
from duplistatus.store.descriptions import describe, describe_anew
from duplistatus.store.ids import JobId, RunId
from duplistatus.store.origins import Place, find_place
from duplistatus.store.statement import Statement
from duplistatus.store.summaries import add_run, rebuild_job, versions_text
from duplistatus.store.tables import FIGURES, activity, job, raw_report, run, run_log, server
from duplistatus.store.visible import JSON, TEXT, show_runs

KEPT_DOCUMENTS = 3
"""Raw documents kept of each job."""
_SAME_BYTES_WITHIN = 10 * MINUTE


class Outcome(StrEnum):
    """What became of a document."""

    STORED = "stored"
    COMPLETED = "completed"
    DUPLICATE = "duplicate"
    ACTIVITY = "activity"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a document came. `fingerprint` identifies its bytes; `raw` is the packed body, `log` the packed texts (`packed_log`)."""

    at: Instant
    sender: str
    content_type: str
    size: int
    fingerprint: str
    raw: bytes
    log: bytes | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a document, and where it is."""

    outcome: Outcome
    job_id: JobId
    server_key: str | None = None
    uid: str | None = None


def packed_log(report: Report) -> bytes | None:
    """The texts of a report as `run_log` keeps them; None when there are none. Costly enough to be done outside the writer."""
    log = report.log
    if not (log.lines or log.warnings or log.errors or report.exception or log.left_out):
        return None
    kept = {
        "lines": log.lines,
        "warnings": log.warnings,
        "errors": log.errors,
        "exception": report.exception,
        "left_out": log.left_out,
    }
    return pack(orjson.dumps(kept))


_HOST = tuple(field.name for field in fields(Host))
_PLAIN = (
    "ended_at",
    "duration_ticks",
    "status",
    "parsed_result",
    "partial",
    "interrupted",
    "reduced",
    "messages_count",
    "warnings_count",
    "errors_count",
    "quota_error",
    "quota_warning",
    "sends_next_run",
    "next_run",
    "last_version_at",
    "last_version_offset",
    "listed_versions",
    "deleted_versions",
    "nested",
    "extra",
    "host",
    "version",
    "reason",
    *FIGURES,
)
_OWN = ("uid", "origin_id", "job_id", "begun_at", "arrived_at", "kinds", "at_arrival", "fingerprint")
_INSERT_RUN = Statement(insert(run).values({name: bindparam(name) for name in (*_OWN, *_PLAIN)}).returning(run.c.id))
_COMPLETE_RUN = Statement(
    update(run).where(run.c.id == bindparam("id_")).values({name: bindparam(name) for name in ("begun_at", "kinds", *_PLAIN)})
)
_SET_KINDS = Statement(update(run).where(run.c.id == bindparam("id_")).values(kinds=bindparam("kinds")))
_IN_SECOND = Statement(
    select(run.c.id, run.c.begun_at, run.c.kinds, run.c.origin_id, run.c.uid)
    .where(run.c.job_id == bindparam("job_id"), run.c.begun_at >= bindparam("start"), run.c.begun_at < bindparam("end"))
    .order_by(run.c.begun_at)
)
_SAME_BYTES = Statement(
    select(run.c.id, run.c.uid).where(
        run.c.job_id == bindparam("job_id"),
        run.c.begun_at >= bindparam("start"),
        run.c.begun_at <= bindparam("end"),
        run.c.fingerprint == bindparam("fingerprint"),
    )
)
_SAME_ORIGIN = Statement(
    select(run.c.id, run.c.begun_at, run.c.kinds, run.c.origin_id, run.c.uid)
    .where(run.c.origin_id == bindparam("origin_id"), run.c.begun_at >= bindparam("start"), run.c.begun_at < bindparam("end"))
    .order_by(run.c.begun_at)
)
_INSERT_LOG = Statement(insert(run_log).values(run_id=bindparam("run_id"), body=bindparam("body")))
_DELETE_LOG = Statement(delete(run_log).where(run_log.c.run_id == bindparam("run_id")))
_INSERT_RAW = Statement(
    insert(raw_report).values(
        {
            name: bindparam(name)
            for name in ("origin_id", "job_id", "run_id", "operation", "arrived_at", "sender", "content_type", "size", "body")
        }
    )
)
_KEPT = select(raw_report.c.id).where(raw_report.c.job_id == bindparam("job_id")).order_by(raw_report.c.id.desc()).limit(KEPT_DOCUMENTS)
_PRUNE_RAW = Statement(
    delete(raw_report).where(raw_report.c.job_id == bindparam("job_id"), raw_report.c.id.not_in(_KEPT.scalar_subquery()))
)
_SERVER_KEY = Statement(select(server.c.key).where(server.c.id == bindparam("id")))
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
_LIVE = ("live_started_at", "live_reported_at", "live_state", "live_phase", "live_progress", "live_operation")
_SAVE_LIVE = Statement(
    update(job)
    .where(
        job.c.id == bindparam("job_id"),
        or_(job.c.live_reported_at.is_(None), job.c.live_reported_at <= bindparam("live_reported_at_new")),
    )
    .values({name: bindparam(name + "_new") for name in _LIVE} | {"activity": bindparam("activity_new")})
)
_END_LIVE = Statement(
    update(job)
    .where(job.c.id == bindparam("job_id"), job.c.activity != "idle", job.c.live_started_at <= bindparam("begun_by"))
    .values(activity="idle")
)


def record(connection: Connection, arrival: Arrival, report: Report) -> Recorded:
    """Records a finished operation: a backup run as a run, anything else as an activity of the job."""
    begun_at = report.begun_at if report.begun_at is not None else arrival.at
    place = find_place(connection, report.origin, arrival.sender, begun_at, arrival.at)
    if not report.is_run:
        return _record_activity(connection, arrival, report, place, begun_at)
    if report.begun_at is None:
        again = _same_bytes(connection, arrival, place)
        if again:
            return Recorded(Outcome.DUPLICATE, place.job_id, uid=again[1])
        begun_at = _free_moment(connection, place.job_id, begun_at)
    return _record_run(connection, arrival, report, place, begun_at)


def _same_bytes(connection: Connection, arrival: Arrival, place: Place) -> Row | None:
    """The run that the same document without a begin time has already made, within ten minutes."""
    window = {"start": arrival.at - _SAME_BYTES_WITHIN, "end": arrival.at + _SAME_BYTES_WITHIN}
    return connection.row(_SAME_BYTES, {"job_id": place.job_id, "fingerprint": arrival.fingerprint} | window)


def _free_moment(connection: Connection, job_id: JobId, at: Instant) -> Instant:
    """The first millisecond from `at` on at which no run of the job begins: two failures can arrive in one."""
    taken = {row[1] for row in connection.rows(_IN_SECOND, {"job_id": job_id, "start": at, "end": at + SECOND})}
    while at in taken:
        at = Instant(at + 1)
    return at


def _record_run(connection: Connection, arrival: Arrival, report: Report, place: Place, begun_at: Instant) -> Recorded:
    kind = TEXT if report.kind == Kind.TEXT else JSON
    second = begun_at - begun_at % SECOND
    # A text report knows its second only, so the other document of its run may begin anywhere within.
    rows = connection.rows(_IN_SECOND, {"job_id": place.job_id, "start": second, "end": second + SECOND})
    known = _same_run(rows, kind, begun_at)
    if known is None:
        run_id, uid = _insert_run(connection, arrival, report, place, begun_at, kind, place.job_id)
        _keep_raw(connection, arrival, report, place, run_id)
        add_run(connection, place.job_id, run_facts_of(run_id, uid, begun_at, report), arrival.at)
        _describe(connection, report, place, begun_at)
        return Recorded(Outcome.STORED, place.job_id, connection.value(_SERVER_KEY, {"id": place.server_id}), uid)
    known_id, known_kinds, known_origin, uid = known[0], known[2], known[3], known[4]
    if known_origin != place.origin_id:
        return _record_twin(connection, arrival, report, place, begun_at, kind, known_kinds)
    if known_kinds & kind:
        return Recorded(Outcome.DUPLICATE, place.job_id, uid=uid)
    _add_document(connection, arrival, report, known_id, begun_at, known_kinds | kind)
    if kind == JSON:
        rebuild_job(connection, place.job_id, arrival.at)
        _describe(connection, report, place, begun_at)
    _keep_raw(connection, arrival, report, place, known_id)
    return Recorded(Outcome.COMPLETED, place.job_id, uid=uid)


def _same_run(rows: list[Row], kind: int, begun_at: Instant) -> Row | None:
    """Of the runs that begin in the same second, the one that the document tells of."""
    exact = next((row for row in rows if row[1] == begun_at), None)
    if kind == TEXT:
        return exact or (rows[0] if rows else None)
    return exact or next((row for row in rows if row[2] == TEXT), None)


def _record_twin(
    connection: Connection, arrival: Arrival, report: Report, place: Place, begun_at: Instant, kind: int, known_kinds: int
) -> Recorded:
    """A document of a run that is already known under other names of the same job: stored, but the run counts once."""
    second = begun_at - begun_at % SECOND
    own = connection.rows(_SAME_ORIGIN, {"origin_id": place.origin_id, "start": second, "end": second + SECOND})
    mine = _same_run(own, kind, begun_at)
    if mine is not None and mine[2] & kind:
        return Recorded(Outcome.DUPLICATE, place.job_id, uid=mine[4])
    if mine is None:
        run_id, uid = _insert_run(connection, arrival, report, place, begun_at, kind, None)
    else:
        run_id, uid = mine[0], mine[4]
        _add_document(connection, arrival, report, run_id, begun_at, mine[2] | kind)
    _keep_raw(connection, arrival, report, place, run_id)
    show_runs(connection, place.job_id)
    rebuild_job(connection, place.job_id, arrival.at)
    _describe(connection, report, place, begun_at)
    outcome = Outcome.DUPLICATE if known_kinds & kind else Outcome.COMPLETED
    return Recorded(outcome, place.job_id, uid=uid)


def run_facts_of(run_id: RunId, uid: str, begun_at: Instant, report: Report) -> RunFacts:
    """Facts of a run straight from its report: the same that `summaries.run_facts` reads back."""
    figures = report.figures
    count = report.versions_count
    newest = report.last_version
    return RunFacts(
        run_id=run_id,
        uid=uid,
        begun_at=begun_at,
        ended_at=report.ended_at,
        status=report.status.value,
        duration_ticks=_ticks(report.duration_seconds),
        partial=report.partial,
        warnings=report.warnings_count,
        errors=report.errors_count,
        messages=report.messages_count,
        uploaded=figures.bytes_uploaded,
        files=figures.examined_files,
        source_size=figures.size_of_examined_files,
        stored_size=figures.known_file_size,
        versions_count=count,
        next_run=report.next_run,
        reason=reason_of(report),
        destination_type=report.host.destination_type or "",
        news=VersionNews(newest, report.listed_versions, report.deleted_versions, count),
    )


def _ticks(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * TICKS)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _insert_run(
    connection: Connection, arrival: Arrival, report: Report, place: Place, begun_at: Instant, kind: int, job_id: JobId | None
) -> tuple[RunId, str]:
    uid = str(uuid.uuid4())
    own = {
        "uid": uid,
        "origin_id": place.origin_id,
        "job_id": job_id,
        "begun_at": begun_at,
        "arrived_at": arrival.at,
        "kinds": kind,
        "at_arrival": int(report.begun_at is None),
        "fingerprint": arrival.fingerprint if report.begun_at is None else None,
    }
    run_id = RunId(connection.value(_INSERT_RUN, own | _columns(report)))
    if arrival.log is not None:
        connection.run(_INSERT_LOG, {"run_id": run_id, "body": arrival.log})
    return run_id, uid


def _add_document(connection: Connection, arrival: Arrival, report: Report, run_id: RunId, begun_at: Instant, kinds: int) -> None:
    """The other document of a known run: a JSON one tells all that the text did, and the rest; a text adds nothing."""
    if report.kind == Kind.TEXT:
        connection.run(_SET_KINDS, {"id_": run_id, "kinds": kinds})
        return
    connection.run(_COMPLETE_RUN, {"id_": run_id, "begun_at": begun_at, "kinds": kinds} | _columns(report))
    connection.run(_DELETE_LOG, {"run_id": run_id})
    if arrival.log is not None:
        connection.run(_INSERT_LOG, {"run_id": run_id, "body": arrival.log})


def _columns(report: Report) -> dict[str, Any]:
    """The columns of a run that come from its report."""
    figures, newest = report.figures, report.last_version
    values: dict[str, Any] = {name: getattr(figures, name) for name in FIGURES}
    values |= {
        "ended_at": report.ended_at,
        "duration_ticks": _ticks(report.duration_seconds),
        "status": report.status.value,
        "parsed_result": report.parsed_result,
        "partial": int(report.partial),
        "interrupted": int(report.interrupted),
        "reduced": int(report.reduced),
        "messages_count": report.messages_count,
        "warnings_count": report.warnings_count,
        "errors_count": report.errors_count,
        "quota_error": int(report.quota_error),
        "quota_warning": int(report.quota_warning),
        "sends_next_run": int(report.sends_next_run),
        "next_run": report.next_run,
        "last_version_at": newest and newest.at,
        "last_version_offset": newest and newest.offset_minutes,
        "listed_versions": versions_text(report.listed_versions),
        "deleted_versions": _json(report.deleted_versions),
        "nested": _json(report.nested),
        "extra": _json(dict(report.unknown_extra)),
        "host": _json(_known(report.host)),
        "version": report.host.duplicati_version or "",
        "reason": reason_of(report),
    }
    return values


def _json(value: object) -> str | None:
    return orjson.dumps(value).decode() if value else None


def _known(value: Host | Figures) -> dict[str, Any]:
    names = _HOST if isinstance(value, Host) else FIGURES
    return {name: each for name in names if (each := getattr(value, name)) is not None}


def _keep_raw(connection: Connection, arrival: Arrival, report: Report, place: Place, run_id: RunId | None) -> None:
    values = {
        "origin_id": place.origin_id,
        "job_id": place.job_id,
        "run_id": run_id,
        "operation": report.operation,
        "arrived_at": arrival.at,
        "sender": arrival.sender,
        "content_type": arrival.content_type,
        "size": arrival.size,
        "body": arrival.raw,
    }
    connection.run(_INSERT_RAW, values)
    connection.run(_PRUNE_RAW, {"job_id": place.job_id})


def _describe(connection: Connection, report: Report, place: Place, begun_at: Instant) -> None:
    """What the newest run tells of its server; and a run whose report has come is no longer running."""
    connection.run(_END_LIVE, {"job_id": place.job_id, "begun_by": begun_at + 5 * SECOND})
    host, described_at = report.host, place.server_described_at
    if host.duplicati_version is None or (described_at is not None and begun_at < described_at):
        return
    if begun_at == described_at:
        # Two jobs began at once: which of them describes the server must not depend on the order of arrival.
        describe_anew(connection, place.server_id)
    else:
        describe(connection, place.server_id, _known(host), begun_at)


def _record_activity(connection: Connection, arrival: Arrival, report: Report, place: Place, begun_at: Instant) -> Recorded:
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
        "figures": _json(_known(report.figures)),
    }
    connection.run(_INSERT_ACTIVITY, values)
    proof = None if report.dry_run else _PROOF.get(report.operation)
    if proof:
        connection.run(proof, {"job_id": place.job_id, "at": begun_at, "result": report.status.value})
    _keep_raw(connection, arrival, report, place, None)
    return Recorded(Outcome.ACTIVITY, place.job_id)


def record_live(connection: Connection, at: Instant, sender: str, status: LiveStatus) -> Recorded:
    """Takes over what a live-status document says of a running operation; an older one than the newest changes nothing."""
    started = status.started_at if status.started_at is not None else at
    place = find_place(connection, status.origin, sender, started, at)
    values = {
        "live_started_at_new": started,
        "live_reported_at_new": status.reported_at if status.reported_at is not None else at,
        "live_state_new": status.state,
        "live_phase_new": status.phase,
        "live_progress_new": status.progress,
        "live_operation_new": status.operation,
        "activity_new": "running" if status.state in {"Started", "Progress"} else "idle",
        "job_id": place.job_id,
    }
    connection.run(_SAVE_LIVE, values)
    return Recorded(Outcome.LIVE, place.job_id)
