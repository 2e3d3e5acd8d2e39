"""Facts that change by time alone. In: the database's next due moment and the present; out: a judgement at that moment, written through
the writer, so that every page and number shows a job late or overdue within a second of its becoming so. Judgements of several
processes on one database come one after the other."""

from __future__ import annotations

from duplistatus.clock import Clock, Instant
from duplistatus.evaluate.task_times import CatchUp
from duplistatus.store import leases
from duplistatus.store.database import Connection, Database
from duplistatus.store.facts import apply_due, next_due
from duplistatus.store.judging import judge_all
from duplistatus.store.writer import Writer


async def judge_due(database: Database, writer: Writer, clock: Clock, *, holder: str | None = None, catch_up: CatchUp | None = None) -> int:
    """Judges what is due now; the number of facts that changed. `holder`: only while this one has the scheduler's lease. `catch_up`: what
    changes makes up for a silence, and is one group."""
    now = clock.now()
    with database.read() as connection:
        due = next_due(connection)
    if due is None or due > now:
        return 0

    def work(connection: Connection) -> int:
        if holder is None:
            leases.lock(connection, leases.SCHEDULER)
        elif not leases.hold(connection, leases.SCHEDULER, holder):
            return 0
        return apply_due(connection, now, down_since=catch_up.since if catch_up is not None else None)

    return await writer.write(work)


async def judge_anew(writer: Writer, now: Instant) -> int:
    """Judges every job, whatever was judged before and for whenever: the clock was wrong. The number of facts that changed."""

    def work(connection: Connection) -> int:
        leases.lock(connection, leases.SCHEDULER)
        return judge_all(connection, now)

    return await writer.write(work)
