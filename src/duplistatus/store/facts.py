"""The jobs whose moment has come: what of their facts time alone changes. In: a connection and the present; out: the next such moment,
found in a partial index, or the facts judged anew."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from duplistatus.clock import Instant
from duplistatus.evaluate.job_setting import CHECK_INTERVALS
from duplistatus.store.database import Connection
from duplistatus.store.judging import judge
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job
from duplistatus.store.telling import tell_overdue
from duplistatus.store.watching import watch_settings

_NEXT_DUE = Statement(select(func.min(job.c.due_at)).where(job.c.due_at.is_not(None)))
_DUE = Statement(select(job.c.id).where(job.c.due_at.is_not(None), job.c.due_at <= bindparam("now")).order_by(job.c.due_at))


def next_due(connection: Connection) -> Instant | None:
    """The first moment at which a fact of any job can change by time alone."""
    found: Instant | None = connection.value(_NEXT_DUE)
    return found


def apply_due(connection: Connection, now: Instant, *, down_since: Instant | None = None) -> int:
    """Judges the jobs whose moment has come, and tells of those that are overdue; the number of facts that changed. `down_since`: nothing
    was judged since then, so that what changed is told together."""
    due = [row[0] for row in connection.rows(_DUE, {"now": now})]
    changed = judge(connection, due, now, down_since=down_since)
    if changed and CHECK_INTERVALS[watch_settings(connection).check_interval] is not None:
        tell_overdue(connection, now, only=due, down_since=down_since)
    return changed
