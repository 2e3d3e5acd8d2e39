"""Who is asked when. In: the names of a server; out: its turn, once there is room and nobody else asks it. A few servers are asked at a
time; one that keeps silent lends its room to another, so that those that hang do not keep the others waiting, and no more than a few
times as many are under way altogether."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from duplistatus.ingest.duplicati.collecting import Parts
from duplistatus.store import being_asked
from duplistatus.store.database import StoreError

AT_ONCE = 6
"""Servers that are asked at a time."""
_HANGING = 4
"""So many times as many may be under way, with those that keep silent."""
LENDS_AFTER = 3.0
"""Seconds of silence after which a server lends its room."""


class BeingAsked(Exception):
    """Somebody else asks that server now."""


class Turn:
    """A server is asked. `heard` is called whenever it has said something."""

    def __init__(self, room: asyncio.Semaphore, lends_after: float) -> None:
        self._room = room
        self._lends_after = lends_after
        self._lending: asyncio.TimerHandle | None = None
        self._has_room = True
        self.heard()

    def heard(self) -> None:
        """It is alive. Room that was lent stays lent: it was given to another."""
        if self._lending is not None:
            self._lending.cancel()
        if self._has_room:
            self._lending = asyncio.get_running_loop().call_later(self._lends_after, self._lend)

    def _lend(self) -> None:
        if self._has_room:
            self._has_room = False
            self._room.release()

    def end(self) -> None:
        """The server is asked no longer."""
        if self._lending is not None:
            self._lending.cancel()
        self._lend()


class Turns:
    """The turns of one process, `me`; for collections by hand and by time together."""

    def __init__(self, parts: Parts, me: str, *, at_once: int = AT_ONCE, lends_after: float = LENDS_AFTER) -> None:
        self._parts = parts
        self.me = me
        self._lends_after = lends_after
        self._room = asyncio.Semaphore(at_once)
        self._under_way = asyncio.Semaphore(at_once * _HANGING)

    @asynccontextmanager
    async def turn(self, names: Sequence[str]) -> AsyncIterator[Turn]:
        """The turn of the server of those names, which are those of `store.being_asked`. Raises BeingAsked."""
        async with self._under_way:
            await self._room.acquire()
            turn = Turn(self._room, self._lends_after)
            try:
                now = self._parts.clock.now()
                if not await self._parts.writer.write(lambda connection: being_asked.take(connection, names, self.me, now), changes=False):
                    raise BeingAsked
                try:
                    yield turn
                finally:
                    # Not awaited: who is cancelled here has no time.
                    with suppress(StoreError):
                        self._parts.writer.submit(lambda connection: being_asked.give_back(connection, names, self.me), changes=False)
            finally:
                turn.end()


def process_name() -> str:
    """The name of this process beside what it works at."""
    return f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"
