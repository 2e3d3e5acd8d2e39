"""Collections of several servers that people start, in one process. In: what is wanted of which servers, answers, and the wish to end; out:
each part asked in its turn, bounded in time, and its state in the database, where every process finds it. What a process leaves behind
that was killed is ended by the next one that looks; a question outlives it, for it is in the database with all that it takes to go on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from uuid import uuid4

import structlog

from duplistatus.clock import SECOND, Instant
from duplistatus.ingest.duplicati.collecting import Parts, Wanted
from duplistatus.ingest.duplicati.errand import Fetch, fetch
from duplistatus.ingest.duplicati.part_work import LONGEST, PartWork
from duplistatus.ingest.duplicati.turns import Turns
from duplistatus.security.secrets import Secrets
from duplistatus.store import being_asked, collection_steps, collections
from duplistatus.store.collection_steps import NewCollection, NewPart, Step
from duplistatus.store.collection_tidying import tidy
from duplistatus.store.collections import WAITING, Collection, Part
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.timers import Chance

_QUICK, _SLOW = 0.5, 15.0
"""Seconds between two looks, while something is under way here and while nothing is."""
_HEARD_EVERY = 10 * SECOND
_TIDY_EVERY = 30 * SECOND
_SETTLES = 0.05
_PATIENCE = 2.0
_log = structlog.get_logger()


class Collections:
    """The collections of one process. `fetch` collects one server; `seconds`: how long it may take."""

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
        self._work = PartWork(parts, secrets, turns, fetch, seconds, chance)
        self._tasks: dict[int, tuple[str, asyncio.Task[None]]] = {}
        self._steps: dict[int, Step] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._heard_at: Instant | None = None
        self._tidied_at: Instant | None = None
        self.me = turns.me

    # --- what people do ------------------------------------------------------------------------------------------------------------

    async def start(
        self,
        new: Sequence[NewPart],
        by: str,
        wanted: Wanted,
        record: collections.Record | None = None,
        actor: Mapping[str, str] | None = None,
    ) -> str:
        """Begins a collection; its uid. The passwords of `new` are sealed already. `record` writes who did it, in the same transaction;
        `actor`: as in `Collection`."""
        uid = str(uuid4())
        now = self._parts.clock.now()
        begun = NewCollection(uid, now, by, self.me, wanted.schedules_only, wanted.keeps_document, actor or {})

        def work(connection: Connection) -> None:
            collection_steps.add(connection, begun, new)
            if record is not None:
                record(connection, uid)

        await self._parts.writer.write(work, changes=False)
        self._here(lambda: self._begin_waiting(uid))
        return uid

    async def cancel(self, uid: str, record: collections.Record | None = None) -> bool:
        """Ends it at once, whatever hangs; False where it had ended."""
        now = self._parts.clock.now()

        def work(connection: Connection) -> bool:
            done = collection_steps.cancel(connection, uid, now)
            if done and record is not None:
                record(connection, uid)
            return done

        done = await self._parts.writer.write(work, changes=False)
        self._here(lambda: self._stop(uid))
        return done

    async def answer(self, uid: str, number: int, decided: Mapping[str, object] | None, record: collections.Record | None = None) -> bool:
        """The part goes on by what was decided, or ends where nobody wants that (None). False where it asks nothing any more."""
        now = self._parts.clock.now()

        def work(connection: Connection) -> bool:
            found = collections.find(connection, uid)
            part = next((each for each in found.parts if each.id == number), None) if found else None
            if found is None or part is None or part.state != collections.ASKS:
                return False
            if decided is None:
                collection_steps.end(connection, number, collections.FAILED, part.trouble, part.trouble_facts)
                collection_steps.close(connection, found.id, now)
            else:
                collection_steps.answer(connection, part, decided)
                if not self._is_elsewhere(found, now):
                    collection_steps.take(connection, found.id, self.me, now)
            if record is not None:
                record(connection, uid)
            return True

        done = await self._parts.writer.write(work, changes=False)
        if done and decided is not None:
            self._here(lambda: self._begin_waiting(uid))
        return done

    async def settled(self, uid: str, seconds: float) -> None:
        """Waits until nothing of it is under way any more, in whichever process."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (found := self._find(uid)) is not None and found.is_at_work:
                    await asyncio.sleep(_SETTLES)

    def _is_elsewhere(self, found: Collection, now: Instant) -> bool:
        """Whether another process works at it, which will find the answer by itself."""
        if found.holder == self.me or not found.is_at_work or found.heard_at is None:
            return False
        return abs(now - found.heard_at) < 3 * _HEARD_EVERY

    # --- the loop ------------------------------------------------------------------------------------------------------------------

    async def follow(self) -> None:
        """Writes down how far everything has come, and hears what other processes were told, until cancelled."""
        said = False
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            try:
                await self.look()
                said = False
            except Exception as error:
                if not said:
                    _log.error("collections are not followed", reason=str(error), exc_info=not isinstance(error, StoreError))
                said = True
            await asyncio.sleep(_QUICK)
            with suppress(TimeoutError):
                async with asyncio.timeout(0 if self._tasks else _SLOW):
                    await self._wake.wait()

    async def look(self) -> None:
        """One look. Raises StoreError."""
        now = self._parts.clock.now()
        await self._tidy(now)
        steps, self._steps = self._steps, {}
        hears = bool(self._tasks) and (self._heard_at is None or not 0 <= now - self._heard_at < _HEARD_EVERY)
        if steps or hears:
            await self._parts.writer.write(lambda connection: self._keep(connection, steps, now, hears=hears), changes=False)
            self._heard_at = now if hears else self._heard_at
        with self._parts.database.read() as connection:
            found = [collections.find(connection, uid) for uid in collections.held(connection, self.me)]
        open_ones = {each.uid for each in found if each is not None}
        for uid in {uid for uid, _ in self._tasks.values()} - open_ones:
            self._stop(uid)
        for each in found:
            if each is not None and each.count(WAITING):
                self._begin(each)

    def _keep(self, connection: Connection, steps: Mapping[int, Step], now: Instant, *, hears: bool) -> None:
        for number, step in steps.items():
            collection_steps.progress(connection, number, step)
        if hears:
            collection_steps.hear(connection, self.me, now)
            being_asked.hear(connection, self.me, now)

    async def _tidy(self, now: Instant) -> None:
        first = self._tidied_at is None
        if self._tidied_at is not None and 0 <= now - self._tidied_at < _TIDY_EVERY:
            return
        alone = first and self._parts.database.dialect == "sqlite"
        lost = await self._parts.writer.write(lambda connection: tidy(connection, self.me, now, alone=alone), changes=False)
        if lost:
            _log.warning("collections of a process that is gone were ended", servers=lost)
        self._tidied_at = now

    async def close(self) -> None:
        """Ends what runs here, and says so where people look."""
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_PATIENCE)
        now = self._parts.clock.now()
        with suppress(StoreError):
            await self._parts.writer.write(lambda connection: collection_steps.leave(connection, self.me, now), changes=False)

    # --- parts ---------------------------------------------------------------------------------------------------------------------

    def _here(self, work: Callable[[], None]) -> None:
        """Does it on the loop on which parts run; the caller may be on another."""
        if self._loop is None or self._loop is asyncio.get_running_loop():
            work()
        else:
            self._loop.call_soon_threadsafe(work)

    def _find(self, uid: str) -> Collection | None:
        with self._parts.database.read() as connection:
            return collections.find(connection, uid)

    def _begin_waiting(self, uid: str) -> None:
        found = self._find(uid)
        if found is not None and found.holder == self.me:
            self._begin(found)

    def _begin(self, found: Collection) -> None:
        for part in found.parts:
            if part.state == WAITING and part.id not in self._tasks:
                self._begin_part(found, part)
        self._wake.set()

    def _begin_part(self, found: Collection, part: Part) -> None:
        task = asyncio.create_task(self._do(found, part))
        self._tasks[part.id] = (found.uid, task)
        task.add_done_callback(lambda _: self._tasks.pop(part.id, None))

    def _stop(self, uid: str) -> None:
        for of, task in self._tasks.values():
            if of == uid:
                task.cancel()

    async def _do(self, found: Collection, part: Part) -> None:
        def tell(step: Step) -> None:
            self._steps[part.id] = step

        try:
            await self._work.do(found, part, tell)
        finally:
            self._steps.pop(part.id, None)
