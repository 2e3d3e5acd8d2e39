"""Which of several documents of one run counts. Documents that came under different names (with and without machine-id, as text and as
JSON) can turn out to be of one job: then each run is counted once, and the others stay stored but uncounted, so that they count
again should the names part. In: a job; out: its runs' `job_id` set or cleared."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from duplistatus.clock import SECOND
from duplistatus.evaluate.lost_failure import Span, span_of
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, RunId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import origin, run

JSON, TEXT, COLLECTED, PROVISIONAL = 1, 2, 4, 8
"""Bits of `run.kinds`: a report as JSON or as text came, it was found in its job's log; or all that is known of it is the error that the
server keeps of its job."""


def is_recovered(kinds: int) -> bool:
    """Whether no report of the run ever came."""
    return bool(kinds & COLLECTED) and not kinds & (JSON | TEXT)


def is_assumed(kinds: int) -> bool:
    """Whether no document tells of it at all."""
    return bool(kinds & PROVISIONAL)


_ALL = Statement(
    select(
        run.c.id,
        run.c.begun_at,
        run.c.kinds,
        run.c.job_id,
        run.c.ended_at,
        run.c.at_arrival,
        origin.c.machine_id,
        origin.c.machine_name,
        origin.c.job_name,
        origin.c.backup_id,
    )
    .join(origin, origin.c.id == run.c.origin_id)
    .where(origin.c.job_id == bindparam("job_id"))
)
_SHOW = Statement(update(run).where(run.c.id == bindparam("id_")).values(job_id=bindparam("job")))


def show_runs(connection: Connection, job_id: JobId) -> None:
    """Counts each run of the job once: a JSON report before what was found in a log and that before text, one with machine-id before one
    without. An error without a document counts where no run tells of it."""
    rows = connection.rows(_ALL, {"job_id": job_id})
    ranked = sorted(rows, key=lambda row: (_rank(row[2]), not row[6], row[6:], row[1], row[0]))
    exact: set[int] = set()
    seconds: set[int] = set()
    shown: set[int] = set()
    spans: list[Span] = []
    for row in ranked:
        begun_at, is_text = row[1], row[2] == TEXT
        if begun_at in exact or (is_text and begun_at // SECOND in seconds):
            continue
        if row[2] & PROVISIONAL:
            if any(begun_at in span for span in spans):
                continue
        else:
            spans.append(span_of(begun_at, row[4], at_arrival=bool(row[5])))
        exact.add(begun_at)
        seconds.add(begun_at // SECOND)
        shown.add(row[0])
    # First clear, then set: two documents of one run must never both carry the job.
    connection.run_many(_SHOW, [{"id_": row[0], "job": None} for row in rows if row[3] is not None and row[0] not in shown])
    connection.run_many(_SHOW, [{"id_": row[0], "job": job_id} for row in rows if row[3] != job_id and row[0] in shown])


def _rank(kinds: int) -> int:
    if kinds & PROVISIONAL:
        return 3
    return 0 if kinds & JSON else 1 if kinds & COLLECTED else 2


def hide_run(connection: Connection, run_id: RunId) -> None:
    """A run that another one turned out to be."""
    connection.run(_SHOW, {"id_": run_id, "job": None})
