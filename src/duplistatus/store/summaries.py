"""The row of a job, kept current on write. In: a connection and a run's facts; out: the same row (and days) as a
fold over the whole history would give. `rebuild_job` is that fold; it serves repairs, renames and merged documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import bindparam, func, or_, select, update

from duplistatus.clock import SECOND, TICKS, Instant, utc_day
from duplistatus.evaluate.day_totals import DayTotals
from duplistatus.evaluate.job_summary import (
    NO_VERSIONS,
    JobSummary,
    Known,
    RunFacts,
    is_in_order,
    with_order,
    with_run,
)
from duplistatus.evaluate.version_history import VersionHistory, VersionNews
from duplistatus.evaluate.zone_evidence import NO_EVIDENCE, ZoneEvidence, read_evidence
from duplistatus.report.report import Version
from duplistatus.store.database import Connection, Row
from duplistatus.store.days import add_to_day, forget_days, put_days, sum_fleet_anew
from duplistatus.store.ids import JobId
from duplistatus.store.judging import judge_reported
from duplistatus.store.schedules import read_recent
from duplistatus.store.statement import Statement
from duplistatus.store.tables import activity, job, run
from duplistatus.store.zones import settle_zone_of_job

_RUN_FACTS = (
    run.c.id,
    run.c.uid,
    run.c.begun_at,
    run.c.ended_at,
    run.c.status,
    run.c.duration_ticks,
    run.c.partial,
    run.c.warnings_count,
    run.c.errors_count,
    run.c.messages_count,
    run.c.bytes_uploaded,
    run.c.examined_files,
    run.c.size_of_examined_files,
    run.c.known_file_size,
    func.coalesce(run.c.known_filesets, run.c.backup_list_count),
    run.c.sends_next_run,
    run.c.next_run,
    run.c.reason,
    run.c.host,
    run.c.last_version_at,
    run.c.last_version_offset,
    run.c.listed_versions,
    run.c.deleted_versions,
)
_HISTORY = Statement(select(*_RUN_FACTS).where(run.c.job_id == bindparam("job_id")).order_by(run.c.begun_at))
_FACTS_BY_ID = Statement(select(*_RUN_FACTS).where(run.c.id == bindparam("run_id")))

_SUMMARY = (
    "run_count",
    "uploaded_total",
    "files",
    "files_at",
    "source_size",
    "source_size_at",
    "stored_size",
    "stored_size_at",
    "versions_count",
    "versions_count_at",
    "next_run",
    "next_run_at",
    "last_good_at",
    "recent",
    "versions",
    "versions_seen",
    "zone_evidence",
    "last_run_id",
    "last_begun_at",
)
_LOAD = Statement(select(*(job.c[name] for name in _SUMMARY)).where(job.c.id == bindparam("job_id")))
_SAVED = (
    *_SUMMARY,
    "last_uid",
    "last_ended_at",
    "last_status",
    "last_duration_ms",
    "last_warnings",
    "last_errors",
    "last_messages",
    "last_uploaded",
    "last_reason",
    "destination_type",
)
_SAVE = Statement(update(job).where(job.c.id == bindparam("job_id")).values({name: bindparam(name + "_new") for name in _SAVED}))

_PROOF = Statement(
    select(activity.c.operation, activity.c.begun_at, activity.c.result)
    .where(
        activity.c.job_id == bindparam("job_id"),
        activity.c.dry_run == 0,
        or_(activity.c.operation == "Restore", activity.c.operation == "Test"),
    )
    .order_by(activity.c.begun_at, activity.c.result)
)
_SAVE_PROOF = Statement(
    update(job)
    .where(job.c.id == bindparam("job_id"))
    .values({name: bindparam(name + "_new") for name in ("restored_at", "restored_result", "verified_at", "verified_result")})
)
_JOB_IDS = Statement(select(job.c.id).order_by(job.c.id))


def _versions(text: str | None) -> tuple[Version, ...] | None:
    if text is None:
        return None
    return tuple(Version(Instant(at), offset, bool(exact)) for at, offset, exact in orjson.loads(text))


def versions_text(versions: Iterable[Version] | None) -> str | None:
    """JSON `[[at, offset_minutes, exact], …]`."""
    if versions is None:
        return None
    return orjson.dumps([[version.at, version.offset_minutes, int(version.exact)] for version in versions]).decode()


def _history(text: str | None, *, complete: bool) -> VersionHistory:
    """The history of versions that `_history_text` wrote."""
    if text is None:
        return NO_VERSIONS
    count, rows = orjson.loads(text)
    seen = tuple(Version(Instant(at), offset, bool(exact)) for at, offset, exact, _ in rows)
    return VersionHistory(seen, frozenset(at // SECOND for at, _, _, sure in rows if sure), count, complete)


def _history_text(history: VersionHistory) -> str:
    """JSON `[count, [[at, offset_minutes, exact, sure], …]]`."""
    rows = [[version.at, version.offset_minutes, int(version.exact), int(version.at // SECOND in history.sure)] for version in history.seen]
    return orjson.dumps([history.count, rows]).decode()


def _facts(row: Row) -> RunFacts:
    """Facts of a run from the columns of `_RUN_FACTS`."""
    host = orjson.loads(row[18]) if row[18] else {}
    newest = Version(Instant(row[19]), row[20] or 0, True) if row[19] is not None else None
    news = VersionNews(newest, _versions(row[21]), tuple(orjson.loads(row[22])) if row[22] else (), row[14], row[2])
    return RunFacts(
        run_id=row[0],
        uid=row[1],
        begun_at=row[2],
        ended_at=row[3],
        status=row[4],
        duration_ticks=row[5],
        partial=bool(row[6]),
        warnings=row[7],
        errors=row[8],
        messages=row[9],
        uploaded=row[10],
        files=row[11],
        source_size=row[12],
        stored_size=row[13],
        versions_count=row[14],
        sends_next_run=bool(row[15]),
        next_run=row[16],
        reason=row[17],
        destination_type=host.get("destination_type") or "",
        news=news,
    )


def run_facts(connection: Connection, run_id: int) -> RunFacts:
    """What the summaries need of a stored run."""
    row = connection.row(_FACTS_BY_ID, {"run_id": run_id})
    if row is None:
        raise KeyError(run_id)
    return _facts(row)


def _load(connection: Connection, job_id: JobId) -> JobSummary:
    """The summary as stored; its `last` only with the begin that the fold compares."""
    row = connection.row(_LOAD, {"job_id": job_id})
    if row is None:
        raise KeyError(job_id)
    kept = dict(zip(_SUMMARY, row, strict=True))
    known = {name: Known(kept[name], kept[name + "_at"]) for name in ("files", "source_size", "stored_size", "versions_count", "next_run")}
    last = _last_of(kept["last_run_id"], kept["last_begun_at"])
    return JobSummary(
        last=last,
        run_count=kept["run_count"],
        uploaded_total=kept["uploaded_total"],
        last_good_at=kept["last_good_at"],
        recent=read_recent(kept["recent"]),
        versions=_history(kept["versions_seen"], complete=kept["versions"] is not None),
        zone_evidence=read_evidence(kept["zone_evidence"]),
        **known,
    )


_SILENT = VersionNews(None, None, (), None)


def _last_of(run_id: int | None, begun_at: Instant | None) -> RunFacts | None:
    """A stand-in for the stored newest run: id and begin are all that adding another run looks at."""
    if run_id is None or begun_at is None:
        return None
    return RunFacts(run_id, "", begun_at, None, "", None, False, 0, 0, 0, None, None, None, None, None, False, None, "", "", _SILENT)


def add_run(connection: Connection, job_id: JobId, facts: RunFacts, now: Instant) -> None:
    """Takes one more run into the job's row, its day and the fleet's day."""
    add_runs(connection, job_id, (facts,), now)


def add_runs(connection: Connection, job_id: JobId, added: Iterable[RunFacts], now: Instant) -> None:
    """The same for several runs at once, whose rows are stored; the job is judged once."""
    summary = _load(connection, job_id)
    votes, in_order = summary.zone_evidence.votes, True
    for facts in added:
        in_order = in_order and is_in_order(summary, facts)
        summary = with_run(summary, facts)
        add_to_day(connection, job_id, facts)
    if not in_order:
        summary = with_order(summary, *_fold_in_order(connection, job_id))
    _save(connection, job_id, summary)
    if summary.zone_evidence.votes != votes:
        settle_zone_of_job(connection, job_id, now)
    judge_reported(connection, job_id, now)


def _fold_in_order(connection: Connection, job_id: JobId) -> tuple[VersionHistory, ZoneEvidence]:
    history, evidence = VersionHistory(), NO_EVIDENCE
    for row in connection.rows(_HISTORY, {"job_id": job_id}):
        facts = _facts(row)
        history = history.after(facts.news)
        slot = facts.slot
        evidence = evidence.after(slot) if slot is not None else evidence
    return history, evidence


def _save(connection: Connection, job_id: JobId, summary: JobSummary) -> None:
    last = summary.last
    values: dict[str, Any] = {
        "run_count": summary.run_count,
        "uploaded_total": summary.uploaded_total,
        "last_good_at": summary.last_good_at,
        "recent": orjson.dumps(summary.recent).decode(),
        "versions": versions_text(summary.versions.versions),
        "versions_seen": _history_text(summary.versions),
        "zone_evidence": summary.zone_evidence.as_text() if summary.zone_evidence != NO_EVIDENCE else None,
    }
    for name in ("files", "source_size", "stored_size", "versions_count", "next_run"):
        known: Known = getattr(summary, name)
        values[name], values[name + "_at"] = known.value, known.at
    if last is not None and not last.uid:
        # The newest run is the stored one: its columns stay.
        last = run_facts(connection, last.run_id)
    values |= {
        "last_run_id": last and last.run_id,
        "last_begun_at": last and last.begun_at,
        "last_uid": last and last.uid,
        "last_ended_at": last and last.ended_at,
        "last_status": last and last.status,
        "last_duration_ms": last.duration_ticks // (TICKS // SECOND) if last and last.duration_ticks is not None else None,
        "last_warnings": last.warnings if last else 0,
        "last_errors": last.errors if last else 0,
        "last_messages": last.messages if last else 0,
        "last_uploaded": last and last.uploaded,
        "last_reason": last.reason if last else "",
        "destination_type": last.destination_type if last else "",
    }
    connection.run(_SAVE, {name + "_new": value for name, value in values.items()} | {"job_id": job_id})


def rebuild_job(connection: Connection, job_id: JobId, now: Instant) -> None:
    """Folds the job's history anew into its row and days."""
    forget_days(connection, job_id)
    summary = JobSummary()
    days: dict[int, DayTotals] = {}
    for row in connection.rows(_HISTORY, {"job_id": job_id}):
        facts = _facts(row)
        summary = with_run(summary, facts)
        date = utc_day(facts.begun_at)
        days[date] = days.get(date, DayTotals()).with_run(facts)
    _save(connection, job_id, summary)
    put_days(connection, job_id, days)
    _rebuild_proof(connection, job_id)
    settle_zone_of_job(connection, job_id, now)
    judge_reported(connection, job_id, now)


def _rebuild_proof(connection: Connection, job_id: JobId) -> None:
    proof: dict[str, Any] = dict.fromkeys(("restored_at", "restored_result", "verified_at", "verified_result"))
    for operation, at, result in connection.rows(_PROOF, {"job_id": job_id}):
        kind = "restored" if operation == "Restore" else "verified"
        proof |= {f"{kind}_at": at, f"{kind}_result": result}
    connection.run(_SAVE_PROOF, {name + "_new": value for name, value in proof.items()} | {"job_id": job_id})


def rebuild_all(connection: Connection, now: Instant) -> int:
    """Rebuilds every job, each in a transaction of its own so that reports get in between, then the fleet's days; the number of jobs."""
    ids = [row[0] for row in connection.rows(_JOB_IDS)]
    begin = "BEGIN IMMEDIATE" if connection.dialect == "sqlite" else "BEGIN"
    for job_id in ids:
        connection.script(begin)
        # A report in between may have made two jobs one.
        if connection.row(_LOAD, {"job_id": job_id}) is not None:
            rebuild_job(connection, job_id, now)
        connection.script("COMMIT")
    connection.script(begin)
    sum_fleet_anew(connection)
    connection.script("COMMIT")
    return len(ids)
