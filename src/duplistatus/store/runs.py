"""Runs, their logs, activities and raw documents, read. In: a connection and ids; out: frozen rows. Only a page of a bounded number
of runs, or a single one, is ever read at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import bindparam, func, select
from sqlalchemy.sql import Select

from duplistatus.clock import SECOND, TICKS, Instant
from duplistatus.report.report import Figures
from duplistatus.store.compression import unpack
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, RunId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import FIGURES, activity, job, raw_report, run, run_log
from duplistatus.store.visible import is_assumed, is_recovered


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `listed_versions`, `deleted_versions`, `nested`, `extra`, `host` are JSON text or None."""

    id: RunId
    uid: str
    job_id: JobId
    job_name: str
    begun_at: Instant
    ended_at: Instant | None
    duration_ticks: int | None
    arrived_at: Instant
    kinds: int
    status: str
    partial: bool
    interrupted: bool
    messages_count: int
    warnings_count: int
    errors_count: int
    quota_error: bool
    quota_warning: bool
    sends_next_run: bool
    next_run: Instant | None
    last_version_at: Instant | None
    last_version_offset: int | None
    listed_versions: str | None
    deleted_versions: str | None
    nested: str | None
    extra: str | None
    host: str | None
    version: str
    reason: str
    figures: Figures

    @property
    def duration_ms(self) -> int | None:
        return self.duration_ticks // (TICKS // SECOND) if self.duration_ticks is not None else None

    @property
    def is_recovered(self) -> bool:
        """Whether no report of it ever came, so that only a collection made it known."""
        return is_recovered(self.kinds)

    @property
    def is_assumed(self) -> bool:
        """Whether nothing but the error that the server keeps of its job tells of it."""
        return is_assumed(self.kinds)


@dataclass(frozen=True, slots=True)
class RunLog:
    """The texts of a run; `left_out` counts lines that Duplicati itself cut off."""

    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    exception: str | None = None
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """A finished operation that is no backup run: restore, verification, compaction, dry run …"""

    id: int
    operation: str
    dry_run: bool
    begun_at: Instant
    ended_at: Instant | None
    duration_ms: int | None
    result: str
    reason: str
    warnings_count: int
    errors_count: int
    figures: str | None


@dataclass(frozen=True, slots=True)
class RawReport:
    """A document as it came."""

    id: int
    operation: str
    arrived_at: Instant
    content_type: str
    size: int
    body: bytes


_PLAIN = [name for name in RunRow.__dataclass_fields__ if name not in {"job_name", "figures"}]
_COLUMNS = (*(run.c[name] for name in _PLAIN), job.c.name, *(run.c[name] for name in FIGURES))
_NAME_AT = len(_PLAIN)
_FLAGS = {"partial", "interrupted", "quota_error", "quota_warning", "sends_next_run"}
_FLAG_AT = [index for index, name in enumerate(_PLAIN) if name in _FLAGS]


def _run(row: Row) -> RunRow:
    values = list(row[:_NAME_AT])
    for index in _FLAG_AT:
        values[index] = bool(values[index])
    plain = dict(zip(_PLAIN, values, strict=True))
    return RunRow(**plain, job_name=row[_NAME_AT], figures=Figures(*row[_NAME_AT + 1 :]))


def _runs() -> Select[tuple[object, ...]]:
    return select(*_COLUMNS).join(job, job.c.id == run.c.job_id)


_BY_UID = Statement(_runs().where(run.c.uid == bindparam("uid")))
_BY_ID = Statement(_runs().where(run.c.id == bindparam("id")))
_NEWEST = Statement(
    _runs()
    .where(run.c.job_id == bindparam("job_id"), run.c.begun_at < bindparam("before"))
    .order_by(run.c.begun_at.desc())
    .limit(bindparam("count"))
)
_BETWEEN = Statement(
    _runs()
    .where(run.c.job_id == bindparam("job_id"), run.c.begun_at >= bindparam("start"), run.c.begun_at <= bindparam("end"))
    .order_by(run.c.begun_at)
)
_LOG = Statement(select(run_log.c.body).where(run_log.c.run_id == bindparam("run_id")))
_ACTIVITIES = Statement(
    select(*(activity.c[name] for name in ActivityRow.__dataclass_fields__))
    .where(activity.c.job_id == bindparam("job_id"))
    .order_by(activity.c.begun_at.desc())
    .limit(bindparam("count"))
)
_RAW = tuple(raw_report.c[name] for name in RawReport.__dataclass_fields__)
_RAW_OF_RUN = Statement(select(*_RAW).where(raw_report.c.run_id == bindparam("run_id")).order_by(raw_report.c.id.desc()).limit(1))
_HAS_RAW = Statement(select(raw_report.c.id).where(raw_report.c.run_id == bindparam("run_id")).limit(1))
_RAW_OF_JOB = Statement(select(*_RAW).where(raw_report.c.job_id == bindparam("job_id")).order_by(raw_report.c.id.desc()))
_COUNT = Statement(select(func.count()).select_from(run).where(run.c.job_id == bindparam("job_id")))

FOREVER = Instant(2**62)


def run_by_uid(connection: Connection, uid: str) -> RunRow | None:
    """The run of a public id."""
    row = connection.row(_BY_UID, {"uid": uid})
    return _run(row) if row else None


def run_by_id(connection: Connection, run_id: RunId) -> RunRow | None:
    row = connection.row(_BY_ID, {"id": run_id})
    return _run(row) if row else None


def newest_runs(connection: Connection, job_id: JobId, count: int, before: Instant = FOREVER) -> list[RunRow]:
    """The newest `count` runs of a job that began before `before`, newest first."""
    return [_run(row) for row in connection.rows(_NEWEST, {"job_id": job_id, "before": before, "count": count})]


def newest_runs_of(connection: Connection, job_ids: Sequence[JobId], count: int, before: Instant = FOREVER) -> list[RunRow]:
    """The newest `count` runs of several jobs together, newest first: the newest of each, merged."""
    found = [each for job_id in job_ids for each in newest_runs(connection, job_id, count, before)]
    found.sort(key=lambda each: (-each.begun_at, each.job_name, each.id))
    return found[:count]


def runs_between(connection: Connection, job_id: JobId, start: Instant, end: Instant) -> list[RunRow]:
    """The runs of a job that began from `start` to `end`, both included, oldest first."""
    return [_run(row) for row in connection.rows(_BETWEEN, {"job_id": job_id, "start": start, "end": end})]


def log_of(connection: Connection, run_id: RunId) -> RunLog:
    """The texts of a run; empty when it came with none."""
    body = connection.value(_LOG, {"run_id": run_id})
    if body is None:
        return RunLog()
    kept = orjson.loads(unpack(body))
    return RunLog(tuple(kept["lines"]), tuple(kept["warnings"]), tuple(kept["errors"]), kept["exception"], kept["left_out"])


def activities_of(connection: Connection, job_id: JobId, count: int = 50) -> list[ActivityRow]:
    """The newest activities of a job, newest first."""
    rows = connection.rows(_ACTIVITIES, {"job_id": job_id, "count": count})
    return [ActivityRow(*(*row[:2], bool(row[2]), *row[3:])) for row in rows]


def raw_of_run(connection: Connection, run_id: RunId) -> RawReport | None:
    """The document that a run came with, while it is kept."""
    row = connection.row(_RAW_OF_RUN, {"run_id": run_id})
    return RawReport(*(*row[:-1], unpack(row[-1]))) if row else None


def has_raw(connection: Connection, run_id: RunId) -> bool:
    """Whether the document that a run came with is kept."""
    return connection.row(_HAS_RAW, {"run_id": run_id}) is not None


def raw_of_job(connection: Connection, job_id: JobId) -> list[RawReport]:
    """The kept documents of a job, newest first."""
    return [RawReport(*(*row[:-1], unpack(row[-1]))) for row in connection.rows(_RAW_OF_JOB, {"job_id": job_id})]


def count_of(connection: Connection, job_id: JobId) -> int:
    return int(connection.value(_COUNT, {"job_id": job_id}))
