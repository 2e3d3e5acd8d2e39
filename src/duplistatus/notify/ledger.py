"""What became of deliveries, written down. In: outcomes of one channel, as they come; out: rows of the outbox, the health of the channel,
and an entry in the audit log for what was given up. It is written while others are being sent, several at a time, so that neither
waits for the disk for long, and it is tried until it is written: what is not written is sent again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from duplistatus.clock import MINUTE, Clock, Instant
from duplistatus.store import audit, outbox
from duplistatus.store.audit import Entry
from duplistatus.store.channels import ChannelRow, note_delivered, note_failed
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.outbox import Delivery
from duplistatus.store.writer import Writer

_AGAIN_AFTER = 1.0
"""Seconds after which what could not be written is tried again."""
_NOTED_EVERY = MINUTE
"""Milliseconds between two notes that a channel works."""
_MOST_NAMED = 50
"""Messages that one entry of the audit log names."""
_TOO_OLD = "not delivered within two days"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `error`: why it failed, empty where it was delivered; `next_at`: of the next try, None where it is given up;
    `of_channel`: it says how the channel does, not only how this message does; `took`: milliseconds; `remark`: of the other side."""

    delivery: Delivery
    at: Instant
    took: int = 0
    remark: str = ""
    error: str = ""
    next_at: Instant | None = None
    of_channel: bool = True

    @property
    def word(self) -> str:
        """By which it is counted."""
        if not self.error:
            return "sent"
        return "failed" if self.next_at is None else "retried"


class Ledger:
    """Of the deliveries of one channel that `me` has claimed. `row` is the channel as it was then; once `stopping`, what cannot be
    written is not tried again, and its claim is found by whoever comes next."""

    def __init__(
        self, row: ChannelRow, me: str, writer: Writer, clock: Clock, counts: Counter[tuple[str, str]], stopping: Callable[[], bool]
    ) -> None:
        self._row = row
        self._me = me
        self._writer = writer
        self._clock = clock
        self._counts = counts
        self._stopping = stopping
        self._health = row.health
        self._gathered: list[Outcome] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, outcome: Outcome) -> None:
        """Takes an outcome; it is written soon."""
        self._gathered.append(outcome)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def written(self) -> None:
        """Waits until everything so far is written."""
        if self._writing is not None:
            await self._writing

    async def let_go(self, deliveries: Iterable[Delivery]) -> None:
        """Gives back what was claimed and not tried; what was never tried keeps its place in the queue."""
        left = list(deliveries)
        if not left:
            return
        now = self._clock.now()

        def work(connection: Connection) -> None:
            for each in left:
                outbox.let_go(connection, [each.id], self._me, now if each.tries else each.created_at)

        await self._keep_trying(work, changes=False)

    async def _write(self) -> None:
        while self._gathered:
            taken, self._gathered = self._gathered, []
            await self._keep_trying(partial(self._mark, outcomes=taken), changes=self._is_news(taken))
            for each in taken:
                self._counts[self._row.kind, each.word] += 1
            self._note(taken)

    async def _keep_trying(self, work: Callable[[Connection], None], *, changes: bool) -> None:
        while True:
            try:
                await self._writer.write(work, changes=changes)
            except StoreError as error:
                _log.error("what became of messages could not be written", channel=self._row.name, reason=str(error))
                if self._stopping():
                    return
                await asyncio.sleep(_AGAIN_AFTER)
            else:
                return

    def _mark(self, connection: Connection, outcomes: list[Outcome]) -> None:
        for each in outcomes:
            if not each.error:
                outbox.mark_sent(connection, each.delivery.id, self._me, each.at, each.took, each.remark)
            elif each.next_at is None:
                outbox.mark_failed(connection, each.delivery.id, self._me, each.at, each.error)
            else:
                outbox.mark_later(connection, each.delivery.id, self._me, each.next_at, each.error)
        newest = _newest(outcomes)
        if newest is not None and newest.error:
            note_failed(connection, self._row.id, newest.error, newest.at)
        elif newest is not None and self._is_worth_noting(newest.at):
            note_delivered(connection, self._row.id, newest.at)
        lost = [each for each in outcomes if each.word == "failed"]
        if lost:
            _record(connection, self._row, len(lost), lost[-1].error, lost[-1].at, [each.delivery.id for each in lost])

    def _is_worth_noting(self, at: Instant) -> bool:
        """Not each delivery: that the channel works again, and now and then that it still does."""
        health = self._health
        return health.failing_since is not None or health.delivered_at is None or not 0 <= at - health.delivered_at < _NOTED_EVERY

    def _is_news(self, outcomes: list[Outcome]) -> bool:
        """Whether pages show something else than before: an alert that comes, changes or goes."""
        newest = _newest(outcomes)
        if newest is None:
            return False
        if newest.error:
            return not self._health.alerts or self._health.error != newest.error
        return self._health.failing_since is not None

    def _note(self, outcomes: list[Outcome]) -> None:
        """The health as it is stored now."""
        newest = _newest(outcomes)
        if newest is None:
            return
        before, kind = self._health, type(self._health)
        if newest.error:
            since = before.failing_since if before.failing_since is not None else newest.at
            self._health = kind(since, newest.at, newest.error, None, before.delivered_at)
        elif self._is_worth_noting(newest.at):
            self._health = kind(delivered_at=newest.at)


def give_up_old(connection: Connection, rows: Mapping[int, ChannelRow], before: Instant, now: Instant) -> None:
    """Gives up what was written before that moment and still waits."""
    counts = outbox.old_waiting(connection, before)
    outbox.give_up_old(connection, before, now, _TOO_OLD)
    for channel_id, count in counts.items():
        if channel_id in rows:
            _record(connection, rows[channel_id], count, _TOO_OLD, now)


def _newest(outcomes: list[Outcome]) -> Outcome | None:
    return next((each for each in reversed(outcomes) if each.of_channel), None)


def _record(connection: Connection, row: ChannelRow, count: int, error: str, now: Instant, ids: Iterable[int] = ()) -> None:
    details = {"channel": row.name, "kind": row.kind, "count": count, "messages": list(ids)[:_MOST_NAMED]}
    entry = Entry(
        now,
        "notification_failed",
        "system",
        username="system",
        target_type="channel",
        target_id=str(row.id),
        details=details,
        status="error",
        error=error,
    )
    audit.record(connection, entry)
