"""Watches what servers do, where their own API can be asked. In: the links that are stored, and whether this process leads; out: the live
state of each server in the database, written when something that people see has changed. One task a server; what they hear is written by
one hand, which gathers it: at once what begins and ends, each few seconds how far it is. A server that cannot be reached is tried again
after ever longer pauses, and called gone after some minutes; a wrong password is tried once, until somebody changes the link."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from duplistatus.clock import MINUTE, Clock, Instant
from duplistatus.evaluate.watched_server import Seen, WatchedServer
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.live import WATCHING, Ear, Following, Sleep
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import LATER, Code, Trouble
from duplistatus.report.server_answers import ApiJob
from duplistatus.security.addresses import Resolve
from duplistatus.security.key_file import KeyTrouble
from duplistatus.security.secret_holders import SERVER
from duplistatus.security.secrets import SecretLost, Secrets
from duplistatus.store import live_jobs, live_servers
from duplistatus.store.database import Connection, Database, StoreError
from duplistatus.store.ids import ServerId
from duplistatus.store.live_servers import Watched
from duplistatus.store.writer import Writer

MOST_WATCHED = 500
"""Servers that are watched at most, each by one connection."""
AT_ONCE = 25
"""Connections that are being made at a time."""
_BEGINNING = 30.0
"""Seconds for one, so that servers that hang do not keep the others waiting."""
GONE_AFTER = 3 * MINUTE
"""A server that is away for a minute is normal."""
PROGRESS_EVERY = 5.0
"""Seconds between two writings of how far the work of a server is."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 900.0
"""Seconds between two tries."""
_PAUSE_OF_OTHERS = 300.0
"""The shortest where nothing changes by itself within moments: a certificate, another program at the port."""
_IS_STEADY = 60.0
"""Seconds after which a connection counts as one, and the next pause is a short one again."""
_LOOK = 2.0
"""Seconds between two looks at the links."""
_WRITE = 0.5
"""Seconds that is gathered what began and ended."""
_HEARD_EVERY = MINUTE
_PIECES = 64
_FAREWELL = 2.0
"""Seconds for logging out of all servers when the product stops."""
_BY_PEOPLE = frozenset({Code.PASSWORD, Code.NO_PASSWORD, Code.LOST_PASSWORD})
_SOON = LATER | {Code.FAILED, Code.NOT_DUPLICATI}
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What is needed of the product. `leads`: whether this process is the one that watches."""

    database: Database
    writer: Writer
    clock: Clock
    secrets: Secrets
    leads: Callable[[], bool]


class _Watcher:
    """One server. `hears`: what was said is still so."""

    def __init__(self, link: Watched) -> None:
        self.link = link
        self.server = WatchedServer()
        self.hears = False
        self.failing_since: Instant | None = None
        self.trouble: Code | None = None
        self.is_stopped = False
        self.names: frozenset[str] = frozenset()
        self.task: asyncio.Task[None] | None = None
        self._kept: Seen | None = None
        self._kept_at = 0.0
        self._lost: tuple[str, bool] | None = None

    def due(self, now: Instant, at: float) -> Callable[[Connection], None] | None:
        """What is to be written now, if anything. `at`: seconds, of a clock that nobody sets."""
        if lost := self._is_lost(now):
            if lost == self._lost:
                return None
            self._lost, self._kept = lost, None
            trouble, is_gone = lost
            return lambda connection: live_servers.lose(connection, self.link.server_id, trouble, now, is_gone=is_gone)
        seen = self.server.seen
        if not self.hears or seen is None or seen == self._kept:
            return None
        if self._kept is not None and self._kept.frame == seen.frame and at - self._kept_at < PROGRESS_EVERY:
            return None
        self._lost, self._kept, self._kept_at = None, seen, at
        return lambda connection: live_servers.keep(connection, self.link.server_id, seen, now)

    def again(self) -> None:
        """What was to be written could not be."""
        self._kept = self._lost = None

    def _is_lost(self, now: Instant) -> tuple[str, bool] | None:
        if self.trouble is None or self.failing_since is None:
            return None
        if self.is_stopped:
            return self.trouble.value, False
        # A clock that was set back must not make it wait for hours.
        return (self.trouble.value, True) if not 0 <= now - self.failing_since < GONE_AFTER else None


class Watching:
    """Watches the servers of one product. `chance`: 0 to 1, evenly spread."""

    def __init__(
        self, parts: Parts, *, chance: Callable[[], float] = random.random, sleep: Sleep = asyncio.sleep, resolve: Resolve | None = None
    ) -> None:
        self._parts = parts
        self._chance = chance
        self._sleep = sleep
        self._resolve = resolve
        self._watchers: dict[ServerId, _Watcher] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._led = False
        self._heard_at: Instant | None = None

    async def follow(self) -> None:
        """Looks and writes again and again until cancelled. A database that cannot be used for a while is tried again."""
        loop, looked, said = asyncio.get_running_loop(), float("-inf"), False
        while True:
            try:
                if loop.time() - looked >= _LOOK:
                    looked = loop.time()
                    await self.look()
                await self.write()
                said = False
            except Exception as error:
                # Whatever it is, the next time may succeed; said once, not twice a second.
                if not said:
                    _log.error("servers cannot be watched", reason=str(error), exc_info=not isinstance(error, StoreError))
                said = True
            await asyncio.sleep(_WRITE)

    async def look(self) -> None:
        """Begins and ends watching by what is stored."""
        if not self._parts.leads():
            self._led = False
            for server_id in tuple(self._watchers):
                self._leave(server_id)
            return
        with self._parts.database.read() as connection:
            wanted = {each.server_id: each for each in live_servers.watched(connection)[:MOST_WATCHED] if each.secret or each.opens}
            doubtful: set[ServerId] = (
                set() if self._led else {*live_servers.doubtful(connection, frozenset(wanted), self._parts.clock.now())}
            )
        changed = [server_id for server_id, watcher in self._watchers.items() if wanted.get(server_id) != watcher.link]
        for server_id in changed:
            self._leave(server_id)
        if doubtful := doubtful.union(changed):
            now = self._parts.clock.now()
            await self._parts.writer.write(lambda connection: live_servers.forget(connection, doubtful, now))
        self._led = True
        for server_id in wanted.keys() - self._watchers.keys():
            watcher = self._watchers[server_id] = _Watcher(wanted[server_id])
            watcher.task = asyncio.create_task(self._watch(watcher), name=f"watch {server_id}")

    async def write(self) -> None:
        """Writes what has changed."""
        now, at = self._parts.clock.now(), asyncio.get_running_loop().time()
        due = [(watcher, work) for watcher in tuple(self._watchers.values()) if (work := watcher.due(now, at)) is not None]
        for first in range(0, len(due), _PIECES):
            # Together they are one commit, each in a piece of its own.
            part = due[first : first + _PIECES]
            outcomes = await asyncio.gather(*(self._parts.writer.write(work) for _, work in part), return_exceptions=True)
            for (watcher, _), outcome in zip(part, outcomes, strict=True):
                if isinstance(outcome, BaseException):
                    watcher.again()
                    _log.error("a live state could not be stored", server=watcher.link.name, reason=f"{type(outcome).__name__}: {outcome}")
        if self._led and (self._heard_at is None or not 0 <= now - self._heard_at < _HEARD_EVERY):
            self._heard_at = now
            hearing = [server_id for server_id, watcher in self._watchers.items() if watcher.hears and not watcher.is_stopped]
            if hearing:
                await self._parts.writer.write(lambda connection: live_servers.hear(connection, hearing, now), changes=False)

    async def close(self) -> None:
        """Ends all watching."""
        for server_id in tuple(self._watchers):
            self._leave(server_id)
        if self._leaving:
            _, left = await asyncio.wait(tuple(self._leaving), timeout=_FAREWELL)
            for task in left:
                # It still says goodbye to a server that does not answer.
                task.cancel()

    # --- one server ----------------------------------------------------------------------------------------------------------------

    def _leave(self, server_id: ServerId) -> None:
        task = self._watchers.pop(server_id).task
        if task is not None and not task.done():
            task.cancel()
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _watch(self, watcher: _Watcher) -> None:
        try:
            await self._watch_on(watcher)
        except Exception as error:
            # A defect in one must not end the others; it is begun anew when its link changes, or the product starts.
            _log.error("a server is no longer watched", server=watcher.link.name, reason=str(error), exc_info=True)
            self._failed(watcher, Trouble(Code.FAILED, ""))
            watcher.is_stopped = True

    async def _watch_on(self, watcher: _Watcher) -> None:
        link, loop = watcher.link, asyncio.get_running_loop()
        try:
            password = self._parts.secrets.decrypt(link.secret, SERVER) if link.secret else ""
        except (SecretLost, KeyTrouble):
            self._failed(watcher, Trouble(Code.LOST_PASSWORD, ""))
            return
        with suppress(StoreError), self._parts.database.read() as connection:
            watcher.names = frozenset(live_jobs.api_names(connection, link.server_id))
        target = Target(link.url, password, link.certificate)
        tries = 0
        async with Api(target, clock=self._parts.clock, patience=WATCHING, resolve=self._resolve) as api:
            ear = Ear(lambda: self._told(watcher), lambda api_id: api_id in watcher.names, lambda jobs: self._learn(watcher, jobs))
            following = Following(api, watcher.server, ear, self._parts.clock, sleep=self._sleep, resolve=self._resolve)
            while not watcher.is_stopped:
                begun = loop.time()
                try:
                    await self._begin(api, following)
                    await following.go_on()
                    tries = 0
                except Trouble as trouble:
                    tries = 1 if loop.time() - begun >= _IS_STEADY else tries + 1
                    if not self._failed(watcher, trouble):
                        return
                    await self._sleep(pause(tries, trouble.code, self._chance()))

    async def _begin(self, api: Api, following: Following) -> None:
        async with self._gate:
            try:
                async with asyncio.timeout(_BEGINNING):
                    await following.begin()
            except TimeoutError:
                raise Trouble(Code.SLOW, api.place, seconds=int(_BEGINNING)) from None

    def _told(self, watcher: _Watcher) -> None:
        watcher.hears, watcher.failing_since, watcher.trouble = True, None, None

    def _failed(self, watcher: _Watcher, trouble: Trouble) -> bool:
        """Takes note of a trouble; whether trying again makes sense."""
        watcher.hears, watcher.trouble = False, trouble.code
        watcher.failing_since = watcher.failing_since if watcher.failing_since is not None else self._parts.clock.now()
        if trouble.code in _BY_PEOPLE:
            watcher.is_stopped = True
            _log.warning("a server is not watched", server=watcher.link.name, reason=trouble.code.value)
        return not watcher.is_stopped

    async def _learn(self, watcher: _Watcher, jobs: Sequence[ApiJob]) -> None:
        listed = [(each.id, each.name) for each in jobs]
        watcher.names = frozenset(each.id for each in jobs)
        with suppress(StoreError):
            await self._parts.writer.write(lambda connection: live_jobs.learn(connection, watcher.link.server_id, listed), changes=False)
        watcher.again()


def pause(tries: int, code: Code, chance: float) -> float:
    """Seconds before the next try, after so many in vain."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries - 1, 20))
    if code not in _SOON:
        longest = max(longest, _PAUSE_OF_OTHERS)
    # Servers that went away together, with the network between, do not come back together.
    return longest * (0.5 + chance / 2)
