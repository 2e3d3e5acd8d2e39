"""Recording one document: one transaction is the run with its log and raw document, the job's row, the day, the activity, the server's
description, the change of facts and the messages of it. In: a parsed report and what is known of its arrival; out: what became of it.
Nothing is half stored: the caller's savepoint holds all of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select

from duplistatus.clock import MINUTE, SECOND, Instant
from duplistatus.evaluate.job_summary import RunFacts
from duplistatus.evaluate.lost_failure import Span, span_of
from duplistatus.report.report import Kind, Report
from duplistatus.store.activities import end_live, record_activity
from duplistatus.store.arrivals import Arrival, How, Outcome, Recorded, keep_raw
from duplistatus.store.database import Connection, Row
from duplistatus.store.descriptions import describe, describe_anew
from duplistatus.store.ids import JobId, RunId
from duplistatus.store.origins import Place, find_place
from duplistatus.store.run_rows import add_document, insert_run, known, replace_run, run_facts_of
from duplistatus.store.statement import Statement
from duplistatus.store.summaries import add_run, rebuild_job, run_facts
from duplistatus.store.tables import run
from duplistatus.store.telling import tell_back, tell_run
from duplistatus.store.visible import COLLECTED, JSON, PROVISIONAL, TEXT, hide_run, show_runs
from duplistatus.store.zones import settle_zone

_SAME_BYTES_WITHIN = 10 * MINUTE

_NEAR = Statement(
    select(run.c.id, run.c.begun_at, run.c.kinds, run.c.origin_id, run.c.uid)
    .where(
        run.c.job_id == bindparam("job_id"),
        run.c.begun_at >= bindparam("start"),
        run.c.begun_at <= bindparam("end"),
        or_(run.c.begun_at < bindparam("next_second"), run.c.kinds >= PROVISIONAL),
    )
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
_IN_SECOND = Statement(
    select(run.c.begun_at).where(
        run.c.job_id == bindparam("job_id"), run.c.begun_at >= bindparam("start"), run.c.begun_at < bindparam("end")
    )
)


@dataclass(frozen=True, slots=True)
class Written:
    """A document in the tables of runs, which the job's row may not know yet. `run_id`: of the run that it tells of; `added`: the facts of
    a run that counts from now on; `changed`: runs that count already say something else, or no longer count; `tells`: there is news of
    the run for people."""

    outcome: Outcome
    run_id: RunId
    uid: str
    added: RunFacts | None = None
    changed: bool = False
    tells: bool = False


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
    written = write_run(connection, arrival, report, place, begun_at)
    if written.added is not None:
        add_run(connection, place.job_id, written.added, arrival.at)
    if written.changed:
        rebuild_job(connection, place.job_id, arrival.at)
    if written.added is not None or written.changed:
        describe_server(connection, report, place, begun_at, arrival.at)
    if written.tells:
        tell(connection, place.job_id, written.added or run_facts(connection, written.run_id), arrival.at)
    server_key = place.server_key if written.outcome is Outcome.STORED else None
    return Recorded(written.outcome, place.job_id, server_key, written.uid)


def _same_bytes(connection: Connection, arrival: Arrival, place: Place) -> Row | None:
    """The run that the same document without a begin time has already made, within ten minutes."""
    window = {"start": arrival.at - _SAME_BYTES_WITHIN, "end": arrival.at + _SAME_BYTES_WITHIN}
    return connection.row(_SAME_BYTES, {"job_id": place.job_id, "fingerprint": arrival.fingerprint} | window)


def _free_moment(connection: Connection, job_id: JobId, at: Instant) -> Instant:
    """The first millisecond from `at` on at which no run of the job begins: two failures can arrive in one."""
    taken = {row[0] for row in connection.rows(_IN_SECOND, {"job_id": job_id, "start": at, "end": at + SECOND})}
    while at in taken:
        at = Instant(at + 1)
    return at


def write_run(connection: Connection, arrival: Arrival, report: Report, place: Place, begun_at: Instant) -> Written:
    """Puts the document of a backup run where it belongs; the job's row is left to the caller."""
    kind = _kind(arrival, report)
    span = span_of(begun_at, report.ended_at, at_arrival=report.begun_at is None)
    same, errors = _same(connection, place.job_id, kind, begun_at, span)
    for each in errors if same is not None else errors[1:]:
        hide_run(connection, each[0])
    if same is None and not errors:
        run_id, uid = insert_run(connection, arrival, report, place.origin_id, begun_at, kind, place.job_id)
        keep_raw(connection, arrival, report, place, run_id)
        end_live(connection, place.job_id, place.activity, begun_at, arrival.at)
        return Written(Outcome.STORED, run_id, uid, run_facts_of(run_id, uid, begun_at, report), tells=True)
    if same is None:
        # Its public id stays, and with it what people were told.
        run_id, uid = errors[0][0], errors[0][4]
        replace_run(connection, arrival, report, run_id, place.origin_id, begun_at, kind)
        keep_raw(connection, arrival, report, place, run_id)
        end_live(connection, place.job_id, place.activity, begun_at, arrival.at)
        return Written(Outcome.STORED, run_id, uid, changed=True, tells=True)
    known_id, known_kinds, known_origin, uid = same[0], same[2], same[3], same[4]
    if known_origin != place.origin_id:
        return _write_twin(connection, arrival, report, place, begun_at, kind, known_kinds)
    if is_known(known_kinds, kind):
        return Written(Outcome.DUPLICATE, known_id, uid, changed=bool(errors))
    add_document(connection, arrival, report, known_id, begun_at, known_kinds | kind)
    is_more = kind != TEXT
    if is_more:
        end_live(connection, place.job_id, place.activity, begun_at, arrival.at)
    keep_raw(connection, arrival, report, place, known_id)
    return Written(Outcome.COMPLETED, known_id, uid, changed=is_more or bool(errors), tells=is_more)


def _kind(arrival: Arrival, report: Report) -> int:
    if arrival.how is not How.SENT:
        return COLLECTED | PROVISIONAL if arrival.how is How.ASSUMED else COLLECTED
    return TEXT if report.kind == Kind.TEXT else JSON


def is_known(known_kinds: int, kind: int) -> bool:
    """Whether a document of that kind tells nothing new of a run: one as JSON says all that its job's log can."""
    return bool(known_kinds & (kind | JSON if kind == COLLECTED else kind))


def tell(connection: Connection, job_id: JobId, facts: RunFacts, now: Instant) -> None:
    """Puts the messages of a run into the outbox."""
    tell_back(connection, job_id, facts, now)
    tell_run(connection, job_id, facts, now)


def _same(connection: Connection, job_id: JobId, kind: int, begun_at: Instant, span: Span) -> tuple[Row | None, list[Row]]:
    """The run that the document tells of, where there is one, and the errors without a document that this run ended with."""
    second = begun_at - begun_at % SECOND
    # A text report knows its second only, so the other document of its run may begin anywhere within.
    next_second = second + SECOND
    window = {"start": min(second, span.start), "end": max(next_second, span.end), "next_second": next_second}
    rows = connection.rows(_NEAR, {"job_id": job_id} | window)
    if kind & PROVISIONAL:
        return next((row for row in rows if row[1] == begun_at), None), []
    errors = [row for row in rows if row[2] & PROVISIONAL and row[1] in span]
    return _same_run([row for row in rows if second <= row[1] < next_second and not row[2] & PROVISIONAL], kind, begun_at), errors


def _same_run(rows: list[Row], kind: int, begun_at: Instant) -> Row | None:
    """Of the runs that begin in the same second, the one that the document tells of."""
    exact = next((row for row in rows if row[1] == begun_at), None)
    if kind == TEXT:
        return exact or (rows[0] if rows else None)
    return exact or next((row for row in rows if row[2] == TEXT), None)


def _write_twin(
    connection: Connection, arrival: Arrival, report: Report, place: Place, begun_at: Instant, kind: int, known_kinds: int
) -> Written:
    """A document of a run that is already known under other names of the same job: stored, but the run counts once."""
    second = begun_at - begun_at % SECOND
    own = connection.rows(_SAME_ORIGIN, {"origin_id": place.origin_id, "start": second, "end": second + SECOND})
    mine = _same_run(own, kind, begun_at)
    if mine is not None and is_known(mine[2], kind):
        return Written(Outcome.DUPLICATE, mine[0], mine[4])
    if mine is None:
        run_id, uid = insert_run(connection, arrival, report, place.origin_id, begun_at, kind, None)
    else:
        run_id, uid = mine[0], mine[4]
        add_document(connection, arrival, report, run_id, begun_at, mine[2] | kind)
    keep_raw(connection, arrival, report, place, run_id)
    end_live(connection, place.job_id, place.activity, begun_at, arrival.at)
    show_runs(connection, place.job_id)
    outcome = Outcome.DUPLICATE if is_known(known_kinds, kind) else Outcome.COMPLETED
    return Written(outcome, run_id, uid, changed=True)


def describe_server(connection: Connection, report: Report, place: Place, begun_at: Instant, now: Instant) -> None:
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
