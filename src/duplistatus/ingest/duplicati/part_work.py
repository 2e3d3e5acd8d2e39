"""The work at one part of a collection, from its turn to its end. In: the collection and the part; out: the part ended or asking, whatever
goes wrong, with how far it came told on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from duplistatus.ingest.duplicati.collecting import Parts, Progress
from duplistatus.ingest.duplicati.collection_parts import Ended, errand_of, keep_brought, keep_failed, keep_trouble
from duplistatus.ingest.duplicati.errand import Errand, Fetch
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.ingest.duplicati.turns import BeingAsked, Turn, Turns
from duplistatus.security.key_file import KeyTrouble
from duplistatus.security.secrets import Secrets
from duplistatus.store import being_asked, collection_steps
from duplistatus.store.collection_steps import Step
from duplistatus.store.collections import Collection, Part
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.timers import Chance

LONGEST = 600.0
"""Seconds that a server is asked at most."""
INTERNAL = "internal"
"""What went wrong with a part is a defect of this product, or its database."""
TAKEN = "taken"
"""The step of a part that waits because somebody else asks its server."""
_AGAIN = 1.0
"""Seconds until a server is tried again that somebody else asks."""
_log = structlog.get_logger()


class PartWork:
    """Works at parts. `fetch` collects one server; `seconds`: how long it may take."""

    def __init__(self, parts: Parts, secrets: Secrets, turns: Turns, fetch: Fetch, seconds: float, chance: Chance) -> None:
        self._parts = parts
        self._secrets = secrets
        self._turns = turns
        self._fetch = fetch
        self._seconds = seconds
        self._chance = chance

    async def do(self, found: Collection, part: Part, tell: Callable[[Step], None]) -> None:
        """One part, from its turn to its end."""
        try:
            with self._parts.database.read() as connection:
                errand = errand_of(connection, self._secrets, found, part)
        except Trouble as trouble:
            await self._keep_trouble(found, part, Errand(part.url, server_id=part.server_id, is_stored=True), trouble)
            return
        except (StoreError, KeyTrouble) as error:
            await self._fail(found, part, error)
            return
        names = [errand.place.lower(), *([being_asked.server_place(part.server_id)] if part.server_id is not None else [])]
        while True:
            try:
                async with self._turns.turn(names) as turn:
                    if await self._parts.writer.write(lambda connection: collection_steps.run(connection, part.id), changes=False):
                        await self._ask(found, part, errand, turn, tell)
                    return
            except BeingAsked:
                await self._parts.writer.write(lambda connection: collection_steps.wait(connection, part.id, TAKEN), changes=False)
                await asyncio.sleep(_AGAIN)
            except Exception as error:
                await self._fail(found, part, error)
                return

    async def _ask(self, found: Collection, part: Part, errand: Errand, turn: Turn, told: Callable[[Step], None]) -> None:
        newest = Step("connect")

        def tell(progress: Progress) -> None:
            nonlocal newest
            turn.heard()
            newest = _step(progress)
            told(newest)

        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                brought = await self._fetch(self._parts, errand, tell)
        except Trouble as trouble:
            await self._keep_trouble(found, part, errand, trouble, newest)
            return
        except TimeoutError:
            if not limit.expired():
                raise
            await self._keep_trouble(found, part, errand, Trouble(Code.SLOW, errand.place, seconds=int(self._seconds)), newest)
            return
        ended = self._ended(found, part, errand)
        await self._parts.write(lambda connection: keep_brought(connection, self._secrets, ended, brought))

    def _ended(self, found: Collection, part: Part, errand: Errand) -> Ended:
        return Ended(part, errand, found, self._parts.clock.now(), self._chance)

    async def _keep_trouble(self, found: Collection, part: Part, errand: Errand, trouble: Trouble, newest: Step | None = None) -> None:
        ended = self._ended(found, part, errand)

        def work(connection: Connection) -> None:
            if newest is not None:
                collection_steps.progress(connection, part.id, newest)
            keep_trouble(connection, ended, trouble)

        await self._parts.write(work)

    async def _fail(self, found: Collection, part: Part, error: Exception) -> None:
        """A defect, or trouble with our own database: of this part alone."""
        _log.error("a server was not collected", reason=str(error), error=type(error).__name__, exc_info=not isinstance(error, StoreError))
        ended = self._ended(found, part, Errand(part.url))
        with suppress(StoreError):
            await self._parts.writer.write(lambda connection: keep_failed(connection, ended, INTERNAL), changes=False)


def _step(progress: Progress) -> Step:
    return Step(progress.step, progress.jobs_done, progress.jobs_total, progress.found, progress.known, progress.errors)
