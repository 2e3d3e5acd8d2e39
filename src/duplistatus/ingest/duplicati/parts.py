"""What asking servers works with: the database, its single writer, the clock. In: a piece of work; out: its result, stored. A writer that
is busy is tried again for a while: nobody who collects is in a hurry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from duplistatus.clock import Clock
from duplistatus.store.database import Connection, Database, StoreBusy
from duplistatus.store.writer import Writer

T = TypeVar("T")

_TRIES = 60
_PAUSE = 0.5
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is shared by all."""

    database: Database
    writer: Writer
    clock: Clock

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One piece of work. Raises StoreError."""
        for _ in range(_TRIES):
            try:
                return await self.writer.write(work)
            except StoreBusy:
                await asyncio.sleep(_PAUSE)
        return await self.writer.write(work)
