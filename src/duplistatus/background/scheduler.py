"""Runs what runs by time. In: the list of tasks, what is stored of them, and the clock; out: each task run when its moment has come, never
twice at once, its outcome stored. Of several processes on one database the one with the lease does it. The loop looks once a second and
remembers nothing that it could not read again, so restarts, clocks that jump and machines that sleep need no rules of their own: what
was missed is made up for once, and its changes are one group.

What a look does:

1. Takes or renews the lease; without it nothing further happens here.
2. After a silence, or when the clock was set back, the check for overdue jobs runs at once, and alone. It makes up for all it missed.
3. Else what is due this second is judged. This goes on while the check is switched off: that stops messages, not verdicts.
4. Plans each task by its rhythm, and begins those whose moment has come. They go on beside the loop."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from duplistatus.background.due import judge_anew, judge_due
from duplistatus.background.tasks import DOING, Doing, Occasion, Parts, followed
from duplistatus.clock import MINUTE, SECOND, Instant
from duplistatus.evaluate.job_setting import CHECK_INTERVALS
from duplistatus.evaluate.task_times import OVERDUE_CHECK, Rhythm, after_run, catch_up, planned, rhythm_of
from duplistatus.store import leases, tasks
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.leases import SCHEDULER
from duplistatus.store.task_calendars import calendars_of
from duplistatus.store.tasks import AlreadyRunning, NoSuchTask, Ran, TaskState
from duplistatus.store.watching import watch_settings

_log = structlog.get_logger()
_EVERY = 1.0
"""Seconds between two looks."""
_SET_BACK = MINUTE
"""Milliseconds that the clock goes back before verdicts are judged anew: it is corrected by less all the time."""
LEASE = {"postgresql": 30 * SECOND, "sqlite": 12 * MINUTE}
"""Milliseconds that a process may be silent before another takes over. One process alone has an SQLite file, and a disk that is written to
every few seconds never sleeps."""
_RENEWALS = 3
_PATIENCE = 2.0
"""Seconds that running tasks have to end when the product stops."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What is stored of the tasks at one moment, and the rhythm of each."""

    states: Mapping[str, TaskState]
    rhythms: Mapping[str, Rhythm | None]


class Scheduler:
    """The scheduler of one process. `me` names the process in the lease and beside the task that it runs."""

    def __init__(self, parts: Parts, zone: str, doing: Mapping[str, Doing] = DOING) -> None:
        self._parts = parts
        self._zone = ZoneInfo(zone)
        self._doing = doing
        self._length = LEASE[parts.database.dialect]
        self._alone = parts.database.dialect == "sqlite"
        self._locks = {name: asyncio.Lock() for name in doing}
        self._begun: dict[str, asyncio.Task[None]] = {}
        self._renewed_at: Instant | None = None
        self._seen: Instant | None = None
        self.me = f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"

    @classmethod
    def of(cls, parts: Parts, checked: Callable[[], None] | None = None, more: Mapping[str, Doing] | None = None) -> Scheduler:
        """`checked` is called after each check for overdue jobs that ended well; `more`: what tasks do that need more than `parts`."""
        doing = {**DOING, **(more or {})}
        if checked is not None:
            doing[OVERDUE_CHECK] = followed(DOING[OVERDUE_CHECK], checked)
        return cls(parts, parts.zone, doing)

    @property
    def leads(self) -> bool:
        """Whether this process had the lease when it looked last."""
        return self._renewed_at is not None

    async def follow(self) -> None:
        """Looks again and again until cancelled. A database that cannot be used for a while is tried again."""
        said = False
        while True:
            try:
                await self.look()
                said = False
            except Exception as error:
                # Whatever it is, the next look may succeed; said once, not every second.
                if not said:
                    _log.error("scheduled work stopped", reason=str(error), exc_info=not isinstance(error, StoreError))
                said = True
            await asyncio.sleep(_EVERY)

    async def look(self) -> None:
        """One look; the module says what it does."""
        now = self._parts.clock.now()
        seen = await self._lead(now)
        if not self.leads:
            return
        silence, set_back = catch_up(seen, now), seen is not None and seen - now >= _SET_BACK
        found = self._find(now)
        if silence is not None or set_back:
            await self._make_up(found, Occasion(now, anew=set_back, catch_up=silence))
            found = self._find(now)
        else:
            await judge_due(self._parts.database, self._parts.writer, self._parts.clock, holder=self.me)
        self._seen = now
        for name, rhythm in found.rhythms.items():
            await self._plan(name, rhythm, found.states.get(name), now)

    async def run(self, name: str) -> Ran:
        """Runs a task because somebody asked; where it runs in this process, after that. When it runs next by time stays. Raises
        NoSuchTask, AlreadyRunning where another process runs it."""
        if name not in self._doing:
            raise NoSuchTask(name)
        return await self._run(name, None, Occasion(self._parts.clock.now(), asked=True))

    async def finished(self) -> None:
        """Waits for the tasks that were begun."""
        while self._begun:
            await asyncio.wait(tuple(self._begun.values()))

    async def close(self) -> None:
        """Ends what runs and gives the lease back, so that another process takes over at once."""
        if self._begun:
            await asyncio.wait(tuple(self._begun.values()), timeout=_PATIENCE)
        for each in tuple(self._begun.values()):
            each.cancel()
        now = self._parts.clock.now()

        def work(connection: Connection) -> None:
            leases.release(connection, SCHEDULER, self.me, now)
            tasks.abandon(connection, self.me, now)

        with suppress(StoreError):
            await self._parts.writer.write(work, changes=False)
        self._renewed_at = None

    # --- the lease -----------------------------------------------------------------------------------------------------------------

    async def _lead(self, now: Instant) -> Instant | None:
        """Takes or renews the lease where that is due; the moment at which somebody looked last, None where nobody ever has."""
        if self._renewed_at is not None and 0 <= now - self._renewed_at < self._length // _RENEWALS:
            return self._seen
        first = self._seen is None
        with self._parts.database.read() as connection:
            before = leases.find(connection, SCHEDULER)
        # A process that is alone with its database follows one that is gone.
        force = first and self._alone
        if before.holder != self.me and not force and not leases.is_free(before, now, self._length):
            self._renewed_at = None
            return None
        taken = await self._parts.writer.write(lambda connection: self._take(connection, before, now, force=force), changes=False)
        if not taken:
            self._renewed_at = None
            return None
        if before.holder != self.me:
            _log.info("this process does the scheduled work", before=before.holder or None)
        self._renewed_at = now
        return self._seen if before.holder == self.me and self._seen is not None else before.renewed_at

    def _take(self, connection: Connection, before: leases.Lease, now: Instant, *, force: bool) -> bool:
        if not leases.take(connection, SCHEDULER, self.me, now, self._length, force=force):
            return False
        tasks.add_tasks(connection, self._doing)
        if before.holder not in {"", self.me}:
            tasks.abandon(connection, None if force else before.holder, now)
        return True

    # --- tasks ---------------------------------------------------------------------------------------------------------------------

    def _find(self, now: Instant) -> _Look:
        with self._parts.database.read() as connection:
            states = tasks.task_states(connection)
            interval = CHECK_INTERVALS[watch_settings(connection).check_interval]
            calendars = calendars_of(connection, self._zone, may_fetch=self._parts.releases_url is not None)
        rhythms = {name: rhythm_of(name, interval, self._zone, calendars) if _is_on(states.get(name)) else None for name in self._doing}
        return _Look(states, rhythms)

    async def _make_up(self, found: _Look, occasion: Occasion) -> None:
        """Judges what a silence, or a clock that was set back, kept from being judged."""
        rhythm = found.rhythms.get(OVERDUE_CHECK)
        if occasion.catch_up is not None:
            _log.info("nothing was checked for a while", minutes=occasion.catch_up.minutes)
        if rhythm is not None:
            with suppress(AlreadyRunning):
                await self._run(OVERDUE_CHECK, after_run(rhythm, None, occasion.now), occasion)
                return
        if occasion.anew:
            await judge_anew(self._parts.writer, occasion.now)
        else:
            await judge_due(self._parts.database, self._parts.writer, self._parts.clock, holder=self.me, catch_up=occasion.catch_up)

    async def _plan(self, name: str, rhythm: Rhythm | None, state: TaskState | None, now: Instant) -> None:
        """Begins the task where its moment has come; keeps its next moment where that is another than is stored."""
        if state is None or name in self._begun or self._locks[name].locked():
            return
        next_at = planned(rhythm, state.next_at, now)
        if next_at is not None and next_at <= now:
            self._begun[name] = asyncio.create_task(self._run_by_time(name, after_run(rhythm, next_at, now)))
        elif next_at != state.next_at:
            await self._parts.writer.write(lambda connection: tasks.plan(connection, name, next_at), changes=False)

    async def _run_by_time(self, name: str, next_at: Instant | None) -> None:
        try:
            await self._run(name, next_at, None)
        except AlreadyRunning:
            return
        except StoreError as error:
            _log.error("a task could not be begun or ended", task=name, reason=str(error))
        finally:
            del self._begun[name]

    async def _run(self, name: str, next_at: Instant | None, occasion: Occasion | None) -> Ran:
        """Runs a task and stores how that went. `next_at` None: the moment that is stored stays."""
        async with self._locks[name]:
            now = self._parts.clock.now()
            before = await self._parts.writer.write(lambda connection: self._begin(connection, name, next_at, now), changes=False)
            if before is None:
                raise AlreadyRunning(name)
            try:
                ran = Ran(await self._doing[name](self._parts, occasion or Occasion(now)))
            except Exception as error:
                ran = Ran({}, f"{type(error).__name__}: {error}")
                if ran.error != before.error:
                    # Once, not at each of its runs: it is on the page of tasks as long as it lasts.
                    _log.error("a task failed", task=name, reason=ran.error, exc_info=not isinstance(error, StoreError))
            end = self._parts.clock.now()
            await self._parts.writer.write(
                lambda connection: tasks.finish(connection, name, self.me, end, ran.figures, ran.error), changes=False
            )
            return ran

    def _begin(self, connection: Connection, name: str, next_at: Instant | None, now: Instant) -> TaskState | None:
        """The state before this run; None where another process runs the task, or is the one to run it by time."""
        by_time = next_at is not None
        if by_time and not leases.hold(connection, SCHEDULER, self.me):
            return None
        leases.lock(connection, SCHEDULER)
        tasks.add_tasks(connection, self._doing)
        state = tasks.task_states(connection)[name]
        following = next_at if by_time else state.next_at
        return state if tasks.begin(connection, name, self.me, now, following) else None


def _is_on(state: TaskState | None) -> bool:
    return state is None or state.enabled
