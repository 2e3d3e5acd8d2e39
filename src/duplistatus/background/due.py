"""Facts that change by time alone. In: the database's next due moment and the clock; out: a judgement at that moment, written through
the writer, so that every page and number shows a job late or overdue within a second of its becoming so."""

from __future__ import annotations

import asyncio

import structlog

from duplistatus.clock import Clock
from duplistatus.store.database import Database, StoreError
from duplistatus.store.facts import apply_due, next_due
from duplistatus.store.writer import Writer

_log = structlog.get_logger()
_EVERY = 1.0
"""Seconds between two looks: one look-up in a partial index."""


async def judge_due(database: Database, writer: Writer, clock: Clock) -> int:
    """Judges what is due now; the number of facts that changed."""
    now = clock.now()
    with database.read() as connection:
        due = next_due(connection)
    if due is None or due > now:
        return 0
    return await writer.write(lambda connection: apply_due(connection, now))


async def watch(database: Database, writer: Writer, clock: Clock) -> None:
    """Judges again and again until cancelled. A database that cannot be used for a while is tried again."""
    said = False
    while True:
        try:
            await judge_due(database, writer, clock)
            said = False
        except Exception as error:
            # Whatever it is, the next look may succeed; said once, not every second.
            if not said:
                _log.error("schedules not judged", reason=str(error), exc_info=not isinstance(error, StoreError))
            said = True
        await asyncio.sleep(_EVERY)
