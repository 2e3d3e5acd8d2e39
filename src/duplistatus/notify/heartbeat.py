"""The heartbeat: a request to an address elsewhere after each check for overdue jobs that ended well, so that a watcher there notices when
nothing is checked any more. In: the address that is set; out: how it went, stored, so that a failing one is told like a failing channel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from duplistatus.clock import Clock
from duplistatus.notify.message import DeliveryError
from duplistatus.security.key_check import HEARTBEAT
from duplistatus.security.secrets import KeyTrouble, SecretLost, Secrets
from duplistatus.store.channels import Health
from duplistatus.store.database import Database, StoreError
from duplistatus.store.heartbeat import Heartbeat, heartbeat, note_beat
from duplistatus.store.writer import Writer

LONGEST = 15.0
"""Seconds that a request takes at most."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Beat:
    """How a request went. `error`: why it failed, empty where it worked; `took`: milliseconds."""

    error: str
    took: int


class Pulse:
    """Sends the heartbeat of one process."""

    def __init__(self, database: Database, writer: Writer, clock: Clock, secrets: Secrets) -> None:
        self._database = database
        self._writer = writer
        self._clock = clock
        self._secrets = secrets
        self._sending: asyncio.Task[None] | None = None

    def checked(self) -> None:
        """A check ended well. The request goes on beside it: the next check waits for nobody's server."""
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._after_check())

    async def finished(self) -> None:
        """Waits for the request that was begun."""
        if self._sending is not None:
            await self._sending

    async def close(self) -> None:
        """Ends a request that is under way."""
        if self._sending is not None and not self._sending.done():
            self._sending.cancel()
            await asyncio.wait((self._sending,), timeout=1)

    async def _after_check(self) -> None:
        try:
            await self.send()
        except StoreError as error:
            _log.error("the heartbeat was not sent", reason=str(error))

    async def send(self) -> Beat | None:
        """Asks the address; None where none is set. Raises StoreError."""
        with self._database.read() as connection:
            found = heartbeat(connection)
        if not found.is_set:
            return None
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(LONGEST):
                await self._ask(found)
            error = ""
        except TimeoutError:
            error = f"{found.host} did not answer within {LONGEST:g} seconds"
        except (DeliveryError, SecretLost, KeyTrouble, ValueError) as failure:
            error = str(failure)
        took = round(1_000 * (asyncio.get_running_loop().time() - begun))
        now = self._clock.now()
        is_news = _is_news(found.health, error)
        await self._writer.write(lambda connection: note_beat(connection, error, now), changes=is_news)
        return Beat(error, took)

    async def _ask(self, found: Heartbeat) -> None:
        # Slow to import, and needed only where an address is set.
        from duplistatus.notify.outgoing import Outgoing, judged

        url = self._secrets.decrypt(found.secret, HEARTBEAT, with_former=True)
        path = url.partition("://")[2].partition("/")[2]
        outgoing = Outgoing(url, secrets=(url, path))
        try:
            judged(await outgoing.ask("GET", url, {}))
        finally:
            await outgoing.close()


def _is_news(before: Health, error: str) -> bool:
    """Whether pages show something else than before."""
    if error:
        return not before.alerts or before.error != error
    return before.failing_since is not None
