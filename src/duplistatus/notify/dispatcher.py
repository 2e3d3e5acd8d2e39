"""The dispatcher of one process: what waits in the outbox is claimed, rendered and sent. In: commits, and the moments of next tries; out:
deliveries by the senders of their channels, and what became of each in the outbox. Each channel has a worker of its own, so that one that
hangs never delays another. Processes that share a database claim by conditional updates, and none sends what another has claimed.

What a look does: frees claims of processes that are gone, gives up what is too old, then starts the worker of each channel for which
something is due. A worker goes on until nothing is, or its channel cannot be reached: then the channel is left alone for a while, and one
message asks whether it works again before the others follow."""

from __future__ import annotations

import asyncio
import os
import random
import secrets as chance_names
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from duplistatus.clock import MINUTE, SECOND, Clock, Instant
from duplistatus.notify.backoff import LONGEST, channel_pause
from duplistatus.notify.batch import Batch, rendered
from duplistatus.notify.ledger import Ledger, give_up_old
from duplistatus.notify.message import Sender
from duplistatus.notify.rendering import Renderer
from duplistatus.security.secrets import Secrets
from duplistatus.store import outbox
from duplistatus.store.channels import ChannelRow, channel_by_id, channels
from duplistatus.store.database import Database, StoreError
from duplistatus.store.writer import Writer

SenderOf = Callable[[ChannelRow, Secrets], Sender]

BATCH = 50
_SETTLE = 0.1
"""Seconds between two looks at least."""
_LONGEST_SLEEP = 15.0
"""Seconds between two looks at most: commits of other processes are not heard."""
_TIDY = MINUTE
_TROUBLE = 2 * SECOND
"""Milliseconds that a worker waits after trouble of our own."""
_PATIENCE = 2.0
"""Seconds that what is being sent has to end when the product stops."""
_CLOSING = 1.0
_NEVER = Instant(0)
_log = structlog.get_logger()


def _sender_of(row: ChannelRow, secrets: Secrets) -> Sender:
    # Slow to import, and needed only where something is sent.
    from duplistatus.notify.channels.registry import sender_of

    return sender_of(row, secrets)


@dataclass(slots=True)
class Lane:
    """What this process remembers of a channel. `failures`: times in a row that it could not be reached; `settings`: when they were
    changed last."""

    failures: int = 0
    paused_until: Instant = _NEVER
    settings: Instant | None = None
    sender: Sender | None = None
    made_of: tuple[object, ...] | None = None

    async def close(self) -> None:
        """Ends the connections of the sender."""
        sender, self.sender = self.sender, None
        if sender is not None:
            try:
                await sender.close()
            except Exception as error:
                _log.warning("a sender did not end well", error=type(error).__name__)


class Dispatcher:
    """Sends what waits. `chance` spreads pauses, `sender_of` makes senders; `counts` are deliveries since the start, by kind of channel
    and by what became of them: sent, retried, failed."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        clock: Clock,
        secrets: Secrets,
        renderer: Renderer,
        *,
        sender_of: SenderOf = _sender_of,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._writer = writer
        self._clock = clock
        self._secrets = secrets
        self._renderer = renderer
        self._sender_of = sender_of
        self._chance = chance
        self._alone = database.dialect == "sqlite"
        self._lanes: dict[int, Lane] = {}
        self._working: dict[int, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._tidied_at: Instant | None = None
        self._stopping = False
        self.counts: Counter[tuple[str, str]] = Counter()
        self.me = f"{socket.gethostname()[:60]}/{os.getpid()}/{chance_names.token_hex(4)}"

    async def follow(self) -> None:
        """Looks after each commit and when something is due, until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._writer.on_commit(self._heard)
        said = False
        while True:
            pause = _LONGEST_SLEEP
            self._wake.clear()
            try:
                pause = await self.look()
                said = False
            except Exception as error:
                # Whatever it is, the next look may succeed; said once, not at each.
                if not said:
                    _log.error("messages are not sent", reason=str(error), exc_info=not isinstance(error, StoreError))
                said = True
            await asyncio.sleep(_SETTLE)
            # Not wait_for: before Python 3.12 it forgets that it was cancelled when the event comes in the same moment.
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _heard(self, _: int) -> None:
        """A commit changed data; on the writer's thread."""
        if self._loop is not None and not self._wake.is_set():
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._wake.set)

    async def look(self) -> float:
        """Starts the workers of the channels for which something is due; the seconds until the next look. Raises StoreError."""
        now = self._clock.now()
        await self._tidy(now)
        with self._database.read() as connection:
            due = outbox.due_channels(connection)
            idle = due.keys() - self._working.keys()
            rows = {row.id: row for row in channels(connection)} if idle else {}
        soonest = _LONGEST_SLEEP
        for channel_id in idle:
            row = rows.get(channel_id)
            if row is None or self._stopping:
                continue
            lane = self._lanes.setdefault(channel_id, Lane(settings=row.changed_at))
            anew = lane.settings != row.changed_at
            wait = max(due[channel_id], lane.paused_until) - now
            if wait <= 0 or anew or not row.enabled:
                self._working[channel_id] = asyncio.create_task(self._work(row, lane, anew=anew))
            else:
                soonest = min(soonest, max(wait / SECOND, _SETTLE))
        return soonest

    async def finished(self) -> None:
        """Waits for the workers that were started."""
        while self._working:
            await asyncio.wait(tuple(self._working.values()))

    async def close(self) -> None:
        """Stops taking, lets what is being sent end for a moment, lets go of the rest, and closes the senders."""
        self._stopping = True
        workers = tuple(self._working.values())
        if workers:
            _, late = await asyncio.wait(workers, timeout=_PATIENCE)
            for each in late:
                each.cancel()
            if late:
                await asyncio.wait(late, timeout=_CLOSING)
        closing = [asyncio.ensure_future(lane.close()) for lane in self._lanes.values()]
        if closing:
            _, late_ones = await asyncio.wait(closing, timeout=_CLOSING)
            for one in late_ones:
                one.cancel()

    # --- what is left behind -------------------------------------------------------------------------------------------------------

    async def _tidy(self, now: Instant) -> None:
        """Once a minute: frees claims that ran out, gives up what is too old, ends the senders of channels that are gone."""
        first = self._tidied_at is None
        if self._tidied_at is not None and 0 <= now - self._tidied_at < _TIDY:
            return
        everyone = first and self._alone
        before = Instant(now - LONGEST)
        with self._database.read() as connection:
            # A process that is alone with its database holds every claim itself.
            lost = (first or not self._alone) and outbox.has_lost(connection, now, everyone=everyone)
            old = outbox.old_waiting(connection, before)
            rows = {row.id: row for row in channels(connection)}
        if lost:
            freed = await self._writer.write(lambda connection: outbox.free_lost(connection, now, everyone=everyone), changes=False)
            _log.info("messages that a process held that is gone are sent again", count=freed)
        if old:
            await self._writer.write(lambda connection: give_up_old(connection, rows, before, now))
        for channel_id in self._lanes.keys() - rows.keys() - self._working.keys():
            await self._lanes.pop(channel_id).close()
        self._tidied_at = now

    # --- one channel ---------------------------------------------------------------------------------------------------------------

    async def _work(self, row: ChannelRow, lane: Lane, *, anew: bool) -> None:
        """Sends until nothing is due. `anew`: the channel was set up anew, so whatever waits for another try is due now."""
        try:
            if anew:
                lane.settings, lane.failures = row.changed_at, 0
                now = self._clock.now()
                await self._writer.write(lambda connection: outbox.hasten(connection, row.id, now), changes=False)
            while not self._stopping and await self._batch(row.id, lane):
                pass
        except Exception as error:
            _log.error("messages are not sent", channel=row.name, reason=str(error), exc_info=not isinstance(error, StoreError))
            lane.paused_until = Instant(self._clock.now() + _TROUBLE)
        finally:
            del self._working[row.id]
            self._wake.set()

    async def _batch(self, channel_id: int, lane: Lane) -> bool:
        """Sends what is due, at most a batch; whether to go on."""
        with self._database.read() as connection:
            row = channel_by_id(connection, channel_id)
        if row is None:
            return False
        now = self._clock.now()
        if not row.enabled:
            await self._writer.write(lambda connection: outbox.hold_waiting(connection, row.id, outbox.OFF, now))
            return False
        most = 1 if lane.failures or row.health.failing_since is not None else BATCH
        claimed = await self._writer.write(lambda connection: outbox.claim(connection, row.id, self.me, now, most), changes=False)
        if not claimed:
            return False
        ledger = Ledger(row, self.me, self._writer, self._clock, self.counts, self._is_stopping)
        batch = Batch(claimed, now, ledger, self._clock, self._chance, self._is_stopping)
        try:
            messages = await asyncio.to_thread(rendered, self._database, self._renderer, claimed)
            sender = await self._sender(lane, row)
        except (StoreError, asyncio.CancelledError):
            await batch.end()
            raise
        except Exception as error:
            await batch.fail(error)
        else:
            await batch.send(sender, messages)
        return await self._after(batch, lane, row)

    async def _sender(self, lane: Lane, row: ChannelRow) -> Sender:
        """The sender for these settings, kept while they are the same."""
        made_of = (row.kind, row.config, row.secret)
        if lane.sender is None or lane.made_of != made_of:
            await lane.close()
            lane.sender, lane.made_of = self._sender_of(row, self._secrets), made_of
        return lane.sender

    async def _after(self, batch: Batch, lane: Lane, row: ChannelRow) -> bool:
        """Leaves a channel alone that could not be reached; lets all others follow the one that was. Whether to go on."""
        if batch.unreachable:
            lane.failures = 1 if batch.reached else lane.failures + 1
            lane.paused_until = Instant(self._clock.now() + channel_pause(lane.failures, batch.asked, self._chance()))
            return False
        if batch.reached:
            if lane.failures > 1:
                now = self._clock.now()
                await self._writer.write(lambda connection: outbox.hasten(connection, row.id, now), changes=False)
            lane.failures = 0
        return True

    def _is_stopping(self) -> bool:
        return self._stopping
