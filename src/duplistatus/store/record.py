"""Recording one document: one transaction is the run with its log and raw document, the job's row, the day, the activity, the server's
description, the change of facts and the messages of it. In: a parsed report and what is known of its arrival; out: what became of it.
Nothing is half stored: the caller's savepoint holds all of it."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from duplistatus.clock import MINUTE, SECOND, Instant
from duplistatus.evaluate.job_summary import RunFacts
from duplistatus.report.report import Kind, Report
from duplistatus.store.activities import end_live, record_activity
from duplistatus.store.arrivals import Arrival, Outcome, Recorded, keep_raw
from duplistatus.store.database import Connection, Row
from duplistatus.store.descriptions import describe, describe_anew
from duplistatus.store.ids import JobId
from duplistatus.store.origins import Place, find_place
from duplistatus.store.run_rows import add_document, insert_run, known, run_facts_of
from duplistatus.store.statement import Statement
from duplistatus.store.summaries import add_run, rebuild_job, run_facts
from duplistatus.store.tables import run
from duplistatus.store.telling import tell_back, tell_run
from duplistatus.store.visible import JSON, TEXT, show_runs
from duplistatus.store.zones import settle_zone

_SAME_BYTES_WITHIN = 10 * MINUTE

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


def record(connection: Connection, arrival: Arrival, report: Report) -> Recorded:
    """Records a finished operation: a backup run as a run, anything else as an activity of the job."""
    begun_at = report.begun_at if report.begun_at is not None else arrival.at
    place = find_place(connection, report.origin, arrival.sender, begun_at, arrival.at)
    if not report.is_run:
        return record_activity(connection, arrival, report, place, begun_at)
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
    same = _same_run(rows, kind, begun_at)
    if same is None:
        run_id, uid = insert_run(connection, arrival, report, place.origin_id, begun_at, kind, place.job_id)
        keep_raw(connection, arrival, report, place, run_id)
        end_live(connection, place.job_id, place.activity, begun_at, arrival.at)
        facts = run_facts_of(run_id, uid, begun_at, report)
        add_run(connection, place.job_id, facts, arrival.at)
        _describe(connection, report, place, begun_at, arrival.at)
        _tell(connection, place.job_id, facts, arrival.at)
        return Recorded(Outcome.STORED, place.job_id, place.server_key, uid)
    known_id, known_kinds, known_origin, uid = same[0], same[2], same[3], same[4]
    if known_origin != place.origin_id:
        return _record_twin(connection, arrival, report, place, begun_at, kind, known_kinds)
    if known_kinds & kind:
        return Recorded(Outcome.DUPLICATE, place.job_id, uid=uid)
    add_document(connection, arrival, report, known_id, begun_at, known_kinds | kind)
    if kind == JSON:
        end_live(connection, place.job_id, place.activity, begun_at, arrival.at)
        rebuild_job(connection, place.job_id, arrival.at)
        _describe(connection, report, place, begun_at, arrival.at)
        _tell(connection, place.job_id, run_facts(connection, known_id), arrival.at)
    keep_raw(connection, arrival, report, place, known_id)
    return Recorded(Outcome.COMPLETED, place.job_id, uid=uid)


def _tell(connection: Connection, job_id: JobId, facts: RunFacts, now: Instant) -> None:
    """Puts the messages of a run into the outbox."""
    tell_back(connection, job_id, facts, now)
    tell_run(connection, job_id, facts, now)


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
        run_id, uid = insert_run(connection, arrival, report, place.origin_id, begun_at, kind, None)
    else:
        run_id, uid = mine[0], mine[4]
        add_document(connection, arrival, report, run_id, begun_at, mine[2] | kind)
    keep_raw(connection, arrival, report, place, run_id)
    end_live(connection, place.job_id, place.activity, begun_at, arrival.at)
    show_runs(connection, place.job_id)
    rebuild_job(connection, place.job_id, arrival.at)
    _describe(connection, report, place, begun_at, arrival.at)
    outcome = Outcome.DUPLICATE if known_kinds & kind else Outcome.COMPLETED
    return Recorded(outcome, place.job_id, uid=uid)


def _describe(connection: Connection, report: Report, place: Place, begun_at: Instant, now: Instant) -> None:
    """What the newest run tells of its server."""
    host, described_at = report.host, place.server_described_at
    if host.duplicati_version is None or (described_at is not None and begun_at < described_at):
        return
    if begun_at == described_at:
        # Two jobs began at once: which of them describes the server must not depend on the order of arrival.
        describe_anew(connection, place.server_id)
    else:
        describe(connection, place.server_id, known(host), begun_at)
    if host.duplicati_version != place.server_version:
        # Which zone counts can depend on the version.
        settle_zone(connection, place.server_id, now)
