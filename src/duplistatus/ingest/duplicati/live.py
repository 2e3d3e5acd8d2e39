"""Watching one Duplicati server. In: an `Api` and a `WatchedServer`; out: the latter kept current, and a call after each thing that the
server told, until the server cannot be reached any more, which is a `Trouble`. By web socket where there is one, else by asking: long
questions, which the server answers when something changes, and a short one each few seconds while something runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from duplistatus.clock import Clock
from duplistatus.evaluate.watched_server import WatchedServer
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.notifications import NoSocket, Socket, Way, notifications
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.live_server import Answered, Event, StateTold, read_message, read_progress, read_tasks, state_told
from duplistatus.report.server_answers import ApiJob, NotTheApi, read_jobs
from duplistatus.security.addresses import Resolve
from duplistatus.security.pinned import Patience

WATCHING = Patience(connect=8.0, answer=45.0, body=30.0, whole=80.0)
"""Seconds: a long question may take half a minute."""
LONG = 30
"""Seconds that a server is asked to wait for something new; it accepts 10 to 3600."""
WHILE_AT_WORK = 5.0
"""Seconds between two questions while something runs."""
WHILE_IDLE = 15.0
"""The same where the server answers long questions at once."""
_MOST = 1024 * 1024
_TOO_SOON = 5.0
"""A long question that was answered faster than this, with nothing new, was not taken for one."""
_ASKS_TO_BE_HEARD = 3600.0
"""Seconds after which a server without a web socket is looked at anew."""
_MOST_A_SECOND = 50
"""Messages that are taken; what a server sends beyond has to wait."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ear:
    """Who listens. `told`: called after each thing the server said; `knows`: whether a job's id in the API is known; `learn`: takes all
    jobs of the server where one is not."""

    told: Callable[[], None]
    knows: Callable[[str], bool]
    learn: Callable[[Sequence[ApiJob]], Awaitable[None]]


class Following:
    """Follows one server. To be used again after a Trouble: it remembers what worked."""

    def __init__(
        self, api: Api, watched: WatchedServer, ear: Ear, clock: Clock, *, sleep: Sleep = asyncio.sleep, resolve: Resolve | None = None
    ) -> None:
        self._api = api
        self._watched = watched
        self._ear = ear
        self._clock = clock
        self._sleep = sleep
        self._resolve = resolve
        self._way = Way.MESSAGE
        self._news = asyncio.Event()
        self._dated: tuple[int, int] = (0, 0)
        self._asked_for: frozenset[str] = frozenset()

    async def begin(self) -> None:
        """Asks once what the server does. Raises Trouble."""
        self._watched.connected()
        await self._ask_state()

    async def go_on(self) -> None:
        """Follows the server. Raises Trouble when it cannot be reached any more."""
        try:
            await self._listen_by(self._way)
        except NoSocket as trouble:
            if trouble.wants_address and self._way is Way.MESSAGE:
                with suppress(NoSocket):
                    self._way = Way.ADDRESS
                    await self._listen_by(self._way)
        await self._ask_on()

    # --- by web socket -------------------------------------------------------------------------------------------------------------

    async def _listen_by(self, way: Way) -> None:
        """Raises NoSocket where the server tells nothing, and Trouble when it tells no more."""
        async with notifications(self._api, way, self._resolve) as socket:
            if await self._listen(socket):
                raise Trouble(Code.CUT, self._api.place)
        raise NoSocket("it says nothing")

    async def _listen(self, socket: Socket) -> bool:
        """Until the connection ends; whether the server ever said what it does. Raises Trouble."""
        self._watched.connected()
        listening = asyncio.create_task(self._take_all(socket))
        asking = asyncio.create_task(self._ask_beside(socket))
        try:
            await asyncio.wait((listening, asking), return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                asking.result()
            return await listening
        finally:
            for task in (listening, asking):
                task.cancel()
            await asyncio.gather(listening, asking, return_exceptions=True)

    async def _take_all(self, socket: Socket) -> bool:
        loop, has_state = asyncio.get_running_loop(), False
        second, taken = loop.time(), 0
        async for message in socket.messages():
            event = read_message(message)
            if isinstance(event, Answered) and event.service == "progress" and not event.well:
                socket.has_progress = False
            elif event is not None:
                has_state = has_state or isinstance(event, StateTold)
                self._take(event)
            taken += 1
            if loop.time() - second >= 1.0:
                second, taken = loop.time(), 0
            elif taken >= _MOST_A_SECOND:
                await self._sleep(1.0)
        return has_state

    async def _ask_beside(self, socket: Socket) -> None:
        """What the socket does not tell."""
        while True:
            if self._watched.seen is not None:
                await self._ask_details(with_progress=not socket.has_progress)
            with suppress(TimeoutError):
                async with asyncio.timeout(WHILE_AT_WORK):
                    await self._news.wait()
            self._news.clear()

    # --- by asking -----------------------------------------------------------------------------------------------------------------

    async def _ask_on(self) -> None:
        loop = asyncio.get_running_loop()
        until, waits = loop.time() + _ASKS_TO_BE_HEARD, True
        while loop.time() < until:
            await self._ask_details(with_progress=True)
            seen = self._watched.seen
            if seen is not None and seen.work is not None:
                await self._sleep(WHILE_AT_WORK)
                await self._ask_state()
            elif waits and self._watched.newest is not None:
                waits = await self._ask_long(self._watched.newest)
            else:
                await self._sleep(WHILE_IDLE)
                await self._ask_state()

    async def _ask_long(self, newest: int) -> bool:
        """Whether the server takes long questions."""
        begun = asyncio.get_running_loop().time()
        try:
            # Up to 2.0.8 case matters; later versions take either.
            name = "lasteventid" if self._api.is_before_2_1 else "lastEventId"
            await self._ask_state(longpoll="true", duration=f"{LONG}s", **{name: newest})
        except Trouble as trouble:
            if trouble.code is Code.FAILED and trouble.facts.get("status") == HTTPStatus.BAD_REQUEST:
                return False
            raise
        return self._watched.newest != newest or asyncio.get_running_loop().time() - begun >= _TOO_SOON

    async def _ask_state(self, **params: str | int) -> None:
        told = state_told(await self._api.get("/serverstate", most=_MOST, **params))
        if told is None:
            raise Trouble(Code.NOT_DUPLICATI, self._api.place, status=200)
        # Answers do not overtake each other: a number that fell is that of a server that began anew.
        self._watched.connected()
        self._take(told)

    # --- both ----------------------------------------------------------------------------------------------------------------------

    async def _ask_details(self, *, with_progress: bool) -> None:
        seen = self._watched.seen
        if seen is None:
            return
        ids = frozenset({*seen.queue, *([seen.work.job] if seen.work is not None else [])})
        if missing := frozenset(each for each in ids if not self._ear.knows(each)) - self._asked_for:
            self._asked_for |= missing
            with suppress(NotTheApi):
                await self._ear.learn(read_jobs(await self._api.get("/backups")))
                self._ear.told()
        if (work := seen.work) is None:
            return
        if not work.is_told and self._dated != (work.task, 2):
            # It can be asked for before the task has begun: once more, then the moment at which it was heard of stands.
            self._dated = (work.task, self._dated[1] + 1 if self._dated[0] == work.task else 1)
            told = read_tasks([await self._or_nothing(f"/task/{work.task}")])
            if told is not None and told.begun:
                self._take(told)
        if with_progress and (progress := read_progress(await self._or_nothing("/progressstate"))) is not None:
            self._take(progress)

    async def _or_nothing(self, path: str) -> object:
        """None where the server has nothing to say of it: the task ended meanwhile."""
        try:
            return await self._api.get(path, most=_MOST)
        except Trouble as trouble:
            if trouble.code is Code.FAILED:
                return None
            raise

    def _take(self, event: Event) -> None:
        before = self._watched.seen
        self._watched.take(event, self._clock.now())
        after = self._watched.seen
        if after is not None and (before is None or before.frame != after.frame):
            self._news.set()
        self._ear.told()
