"""Collecting by time, so that lost reports heal. In: the servers whose moment has come; out: each asked beside whatever else goes on, and
how that went with its link, from which its next moment follows. A server that hangs keeps no other waiting, and one that is collected
by hand just then is left for the next look."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import structlog

from duplistatus.background.tasks import Occasion
from duplistatus.background.tasks import Parts as TaskParts
from duplistatus.ingest.duplicati.collecting import Parts, Progress, Wanted
from duplistatus.ingest.duplicati.errand import Brought, Errand, Fetch, fetch
from duplistatus.ingest.duplicati.questions import STUCK
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.ingest.duplicati.turns import BeingAsked, Turns
from duplistatus.security.key_file import KeyTrouble
from duplistatus.security.secret_holders import SERVER
from duplistatus.security.secrets import SecretLost, Secrets
from duplistatus.store import links, timers
from duplistatus.store.being_asked import server_place
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.ids import ServerId
from duplistatus.store.links import Link
from duplistatus.store.tasks import Figures
from duplistatus.store.timers import Chance, Tried

LONGEST = 300.0
"""Seconds that a server is asked at most."""
_PATIENCE = 2.0
_CODES = frozenset(code.value for code in STUCK)
_log = structlog.get_logger()


class TimedCollecting:
    """The timers of one process. `chance` spreads moments; `fetch` collects one server."""

    def __init__(
        self,
        parts: Parts,
        secrets: Secrets,
        turns: Turns,
        *,
        fetch: Fetch = fetch,
        seconds: float = LONGEST,
        chance: Chance = random.random,
    ) -> None:
        self._parts = parts
        self._secrets = secrets
        self._turns = turns
        self._fetch = fetch
        self._seconds = seconds
        self._chance = chance
        self._tasks: dict[ServerId, asyncio.Task[None]] = {}
        self._went: Counter[str] = Counter()

    async def begin(self, _: TaskParts, occasion: Occasion) -> Figures:
        """Plans what is not planned, begins what is due, and tells in numbers what came of those that ended since the last time."""
        now = occasion.now
        await self._parts.writer.write(lambda connection: timers.plan(connection, now, self._chance, _CODES), changes=False)
        with self._parts.database.read() as connection:
            due = [link for link in links.due_links(connection, now) if link.server_id not in self._tasks]
        for link in due:
            self._begin(link)
        went, self._went = self._went, Counter()
        return {"begun": len(due), "running": len(self._tasks), **{name: went[name] for name in ("collected", "failed", "found")}}

    async def finished(self) -> None:
        """Waits for the servers that are being asked."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))

    async def close(self) -> None:
        """Ends what runs; whatever was not collected is still due."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_PATIENCE)

    def _begin(self, link: Link) -> None:
        task = self._tasks[link.server_id] = asyncio.create_task(self._collect(link))
        task.add_done_callback(lambda _: self._tasks.pop(link.server_id, None))

    async def _collect(self, link: Link) -> None:
        """One server; its trouble is its own."""
        place = Errand(link.url).place
        try:
            brought = await self._bring(link)
        except BeingAsked:
            return
        except Trouble as trouble:
            went = Tried(trouble.code, trouble.facts, stuck=trouble.code in STUCK)
        except (StoreError, KeyTrouble) as error:
            # Our own trouble: the server is still due, and says nothing of it.
            _log.warning("a server was not collected by time", reason=str(error))
            return
        except Exception as error:
            _log.error("a server was not collected by time", error=type(error).__name__, exc_info=True)
            went = Tried(Code.FAILED, {"place": place, "path": "", "status": 0, "reason": ""})
        else:
            collected = brought.collected
            went = Tried("", {}, collected.found, collected.known, collected.errors)
        await self._keep(link, went)

    async def _bring(self, link: Link) -> Brought:
        """Raises BeingAsked, Trouble."""
        errand = self._errand(link)
        async with self._turns.turn([errand.place.lower(), server_place(link.server_id)]) as turn:

            def tell(_: Progress) -> None:
                turn.heard()

            limit = asyncio.timeout(self._seconds)
            try:
                async with limit:
                    return await self._fetch(self._parts, errand, tell)
            except TimeoutError:
                if not limit.expired():
                    raise
                raise Trouble(Code.SLOW, errand.place, seconds=int(self._seconds)) from None

    async def _keep(self, link: Link, went: Tried) -> None:
        self._went["failed" if went.trouble else "collected"] += 1
        self._went["found"] += went.found
        now = self._parts.clock.now()

        def work(connection: Connection) -> None:
            timers.tried(connection, link.server_id, went, now, self._chance)

        try:
            await self._parts.writer.write(work)
        except StoreError as error:
            _log.warning("how a collection by time went could not be stored", reason=str(error))

    def _errand(self, link: Link) -> Errand:
        """Raises Trouble where the password cannot be read, KeyTrouble."""
        try:
            password = self._secrets.decrypt(link.secret, SERVER)
        except SecretLost:
            raise Trouble(Code.LOST_PASSWORD, Errand(link.url).place) from None
        wanted = Wanted(thorough=False)
        return Errand(link.url, password, is_stored=True, certificate=link.certificate, server_id=link.server_id, wanted=wanted)
