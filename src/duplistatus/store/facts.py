"""Changes of a job's facts: each is a row with its reason. In: a connection and what changed; out: the row, and, for what changes by time
alone, the jobs whose moment has come."""

from __future__ import annotations

from sqlalchemy import bindparam, func, insert, select, update

from duplistatus.clock import Instant, iso
from duplistatus.evaluate.overdue import due_at, schedule_now
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import change, job

_NOTE = Statement(insert(change).values({name: bindparam(name) for name in ("job_id", "fact", "from_value", "to_value", "at", "reason")}))
_NEXT_DUE = Statement(select(func.min(job.c.due_at)).where(job.c.due_at.is_not(None)))
_DUE = Statement(
    select(job.c.id, job.c.schedule, job.c.expected_at)
    .where(job.c.due_at.is_not(None), job.c.due_at <= bindparam("now"))
    .order_by(job.c.due_at)
)
_SAVE = Statement(
    update(job)
    .where(job.c.id == bindparam("job_id"))
    .values(schedule=bindparam("schedule_new"), schedule_since=bindparam("since"), due_at=bindparam("due"))
)
_MOVE_DUE = Statement(update(job).where(job.c.id == bindparam("job_id")).values(due_at=bindparam("due")))


def note_change(connection: Connection, job_id: JobId, fact: str, before: str, after: str, at: Instant, reason: str) -> None:
    """Writes down that a fact changed, and why."""
    connection.run(_NOTE, {"job_id": job_id, "fact": fact, "from_value": before, "to_value": after, "at": at, "reason": reason})


def next_due(connection: Connection) -> Instant | None:
    """The first moment at which a fact of any job can change by time alone."""
    found: Instant | None = connection.value(_NEXT_DUE)
    return found


def apply_due(connection: Connection, now: Instant) -> int:
    """Judges the jobs whose moment has come; the number of facts that changed."""
    changed = 0
    for job_id, before, expected in connection.rows(_DUE, {"now": now}):
        after, due = schedule_now(expected, now), due_at(expected, now)
        if after == before:
            connection.run(_MOVE_DUE, {"job_id": job_id, "due": due})
            continue
        connection.run(_SAVE, {"job_id": job_id, "schedule_new": after, "since": now, "due": due})
        note_change(connection, job_id, "schedule", before, after, now, f"expected {iso(expected)}, no report since")
        changed += 1
    return changed
