"""Cleaning the audit log. In: the writer, a moment, and who says what of it; out: how many older entries were removed. They go in small
pieces, so that whoever else writes never waits for long; the last piece is one transaction with the entry that tells of all of them."""

from __future__ import annotations

from collections.abc import Callable

from duplistatus.clock import Instant
from duplistatus.store import audit
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.writer import Writer

PIECE = 1_000
"""Entries that are removed in one transaction."""


async def clean_audit_log(writer: Writer, before: Instant, told: Callable[[int], Entry | None]) -> int:
    """Removes the entries older than that moment. `told` makes the entry of their number, or none."""
    removed = 0
    is_over = False
    while not is_over:

        def work(connection: Connection, so_far: int = removed) -> int:
            found = audit.prune(connection, before, PIECE)
            entry = told(so_far + found) if found < PIECE else None
            if entry is not None:
                audit.record(connection, entry)
            return found

        found = await writer.write(work, changes=False)
        removed += found
        is_over = found < PIECE
    return removed
