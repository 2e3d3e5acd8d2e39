"""How documents come and what becomes of them. In: the values that `record` works with; out: the raw document of the newest few kept
with its job, for replay and debugging."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import orjson
from sqlalchemy import bindparam, delete, insert, select

from duplistatus.clock import Instant
from duplistatus.report.report import Report
from duplistatus.store.compression import pack
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, RunId
from duplistatus.store.origins import Place
from duplistatus.store.statement import Statement
from duplistatus.store.tables import raw_report

KEPT_DOCUMENTS = 3
"""Raw documents kept of each job."""


class Outcome(StrEnum):
    """What became of a document."""

    STORED = "stored"
    COMPLETED = "completed"
    DUPLICATE = "duplicate"
    ACTIVITY = "activity"
    LIVE = "live"


class How(StrEnum):
    """In which way something became known: a server sent it, it was found in a job's log, or all there is of it is the error that the
    server keeps of its job."""

    SENT = "sent"
    COLLECTED = "collected"
    ASSUMED = "assumed"


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
    how: How = How.SENT


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


_INSERT_RAW = Statement(
    insert(raw_report).values(
        {
            name: bindparam(name)
            for name in ("origin_id", "job_id", "run_id", "operation", "arrived_at", "sender", "content_type", "size", "body")
        }
    )
)
_TOO_MANY = (
    select(raw_report.c.id)
    .where(raw_report.c.job_id == bindparam("job_id"))
    .order_by(raw_report.c.id.desc())
    .limit(1)
    .offset(KEPT_DOCUMENTS)
    .scalar_subquery()
)
# The index finds these rows; one that names the rows to keep would look through them for each row of the job.
_PRUNE_RAW = Statement(delete(raw_report).where(raw_report.c.job_id == bindparam("job_id"), raw_report.c.id <= _TOO_MANY))


def keep_raw(connection: Connection, arrival: Arrival, report: Report, place: Place, run_id: RunId | None) -> None:
    """Keeps the document as it was sent, and lets the oldest of the job go. A job's log can be asked again."""
    if arrival.how is not How.SENT:
        return
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
