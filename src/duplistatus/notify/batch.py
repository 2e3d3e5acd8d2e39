"""Deliveries of one channel that were claimed together. In: the claimed deliveries and a sender; out: each of them delivered, failed, to be
tried again, or given back. What is claimed and not begun long before the claim runs out is given back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping

import structlog

from duplistatus.clock import Clock, Instant
from duplistatus.notify.backoff import next_try
from duplistatus.notify.ledger import Ledger, Outcome
from duplistatus.notify.message import Message, Refused, Sender, Unreachable
from duplistatus.notify.rendering import Renderer
from duplistatus.store.database import Database, StoreError
from duplistatus.store.outbox import CLAIM, Delivery

SEND_LIMIT = 75.0
"""Seconds after which a sender that should have ended by itself is ended."""
BEGIN_WITHIN = CLAIM // 2
"""Milliseconds after its claim within which a delivery is begun, so that it ends and is written down before the claim runs out."""
_CLOSING = 1.0
"""Seconds for what was ended to end."""
_log = structlog.get_logger()


def rendered(database: Database, renderer: Renderer, deliveries: Iterable[Delivery]) -> dict[int, Message | str]:
    """The messages by delivery; a sentence where one could not be made. Takes its time: for a thread of its own. Raises StoreError."""
    found: dict[int, Message | str] = {}
    for delivery in deliveries:
        try:
            # One each: after an error PostgreSQL answers nothing more in the same one.
            with database.snapshot() as connection:
                found[delivery.id] = renderer.message(connection, delivery)
        except StoreError:
            raise
        except Exception as error:
            _log.exception("a message could not be made", delivery=delivery.id, kind=delivery.event.value)
            found[delivery.id] = f"the message could not be made: {type(error).__name__}: {error}"
    return found


class Batch:
    """Sends what was claimed at `claimed_at`. Afterwards: `reached`: the other side took or refused one; `unreachable`: it could not be
    reached, and wants to be left alone for `asked` seconds, None where it did not say. Once `stopping`, no further one is begun."""

    def __init__(
        self,
        deliveries: Iterable[Delivery],
        claimed_at: Instant,
        ledger: Ledger,
        clock: Clock,
        chance: Callable[[], float],
        stopping: Callable[[], bool],
    ) -> None:
        self._left = deque(deliveries)
        self._begun: dict[int, Delivery] = {}
        self._claimed_at = claimed_at
        self._ledger = ledger
        self._clock = clock
        self._chance = chance
        self._stopping = stopping
        self.reached = False
        self.unreachable = False
        self.asked: float | None = None

    async def send(self, sender: Sender, messages: Mapping[int, Message | str]) -> None:
        """Sends as many at once as the sender takes, until all are, or the channel cannot be reached."""
        places = min(max(1, sender.parallel), len(self._left))
        senders = [asyncio.create_task(self._one_by_one(sender, messages)) for _ in range(places)]
        try:
            await asyncio.gather(*senders)
        finally:
            for each in senders:
                each.cancel()
            await asyncio.wait(senders, timeout=_CLOSING)
            await self.end()

    async def fail(self, error: Exception) -> None:
        """No sender could be made: all are refused, or one is tried in vain for all."""
        while self._left and not self.unreachable:
            self._failed(self._left.popleft(), error)
        await self.end()

    async def end(self) -> None:
        """Gives back what was not tried to its end, and waits until the rest is written."""
        await self._ledger.let_go((*self._begun.values(), *self._left))
        self._begun.clear()
        self._left.clear()
        await self._ledger.written()

    async def _one_by_one(self, sender: Sender, messages: Mapping[int, Message | str]) -> None:
        while self._left and not self.unreachable and not self._stopping():
            if abs(self._clock.now() - self._claimed_at) > BEGIN_WITHIN:
                return
            delivery = self._left.popleft()
            message = messages[delivery.id]
            if isinstance(message, str):
                self._ledger.add(Outcome(delivery, self._clock.now(), error=message, of_channel=False))
                continue
            self._begun[delivery.id] = delivery
            begun = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(SEND_LIMIT):
                    remark = await sender.send(message, delivery.destination)
            except Exception as error:
                self._failed(delivery, error)
            else:
                took = round(1_000 * (asyncio.get_running_loop().time() - begun))
                self.reached = True
                self._ledger.add(Outcome(delivery, self._clock.now(), took, remark))
            del self._begun[delivery.id]

    def _failed(self, delivery: Delivery, error: Exception) -> None:
        now = self._clock.now()
        if isinstance(error, Refused):
            self.reached = True
            self._ledger.add(Outcome(delivery, now, error=str(error)))
            return
        if isinstance(error, Unreachable):
            asked, why = error.retry_after, str(error)
        elif isinstance(error, TimeoutError):
            asked, why = None, f"no answer within {SEND_LIMIT:g} seconds"
        else:
            # What no sender tells of may pass, and is tried again as often as anything else.
            _log.error("a sender failed", error=type(error).__name__, exc_info=error)
            asked, why = None, f"{type(error).__name__}: {error}"
        self.unreachable = True
        self.asked = asked if self.asked is None or (asked is not None and asked > self.asked) else self.asked
        next_at = next_try(delivery.tries, delivery.created_at, now, asked, self._chance())
        self._ledger.add(Outcome(delivery, now, error=why or "it failed without a word", next_at=next_at))
