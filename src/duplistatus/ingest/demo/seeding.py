"""Delivers the demo's reports. In: a writer and the present moment; out: a database that holds what uploads of the same documents would
have left, since each one is parsed and recorded like any upload. A `Feed` then goes on with the story as time passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import islice

import structlog

from duplistatus.clock import SECOND, Clock, Instant
from duplistatus.ingest.demo.documents import CONTENT_TYPE, document
from duplistatus.ingest.demo.event import Event
from duplistatus.ingest.demo.fleet import Machine
from duplistatus.ingest.demo.machines import MACHINES
from duplistatus.ingest.demo.story import tell
from duplistatus.ingest.upload import Delivery, arrival_of
from duplistatus.report.reading import read_body
from duplistatus.report.report import Report
from duplistatus.store.arrivals import Arrival
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.facts import apply_due, next_due
from duplistatus.store.record import record
from duplistatus.store.writer import Writer

_log = structlog.get_logger()

SEED = 7
_AT_ONCE = 400
_MOST_BYTES = 16 * 1024 * 1024
# Duplicati sends its report about a second after the end of the operation.
_SENDING = SECOND
_LOOK_EVERY = 5.0
"""Seconds between two looks at what has become due."""

Delivered = tuple[Arrival, Report]


class Feed:
    """The story of the fleet, delivered as far as the clock has come."""

    def __init__(self, now: Instant, seed: int = SEED, years: float = 2.0, machines: tuple[Machine, ...] = MACHINES) -> None:
        self._events = tell(seed, now, years, machines)
        self._next: Event | None = next(self._events, None)

    @property
    def next_at(self) -> Instant | None:
        """When the next report arrives."""
        return Instant(self._next.ended_at + _SENDING) if self._next is not None else None

    def due(self, now: Instant) -> Iterator[Delivered]:
        """The deliveries that have arrived by `now` and were not yet handed out, in the order of their arrival."""
        while self._next is not None and self._next.ended_at + _SENDING <= now:
            yield delivered(self._next)
            self._next = next(self._events, None)

    def deliver(self, writer: Writer, now: Instant) -> int:
        """Records what is due; the number of documents. Many share one transaction. Raises what the writer raises."""
        due = self.due(now)
        if self.next_at is None or self.next_at > now:
            return 0
        count = 0
        waiting: Future[None] | None = None
        while portion := list(islice(due, _AT_ONCE)):
            # While one portion is written, the next is made.
            if waiting is not None:
                waiting.result()
            waiting = writer.submit(_recording(portion))
            count += len(portion)
        if waiting is not None:
            waiting.result()
        # What became late or overdue since the last of them.
        writer.submit(lambda connection: judge_until(connection, now)).result()
        return count


def seed(writer: Writer, clock: Clock, seed: int = SEED, years: float = 2.0) -> Feed:
    """Fills an empty database with the history up to the present. The feed it returns goes on from there."""
    now = clock.now()
    feed = Feed(now, seed, years)
    feed.deliver(writer, now)
    return feed


async def follow(feed: Feed, writer: Writer, clock: Clock) -> None:
    """Delivers what the machines go on to report, until cancelled. Reports that cannot be stored just now are lost, as real ones are."""
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        try:
            await asyncio.to_thread(feed.deliver, writer, clock.now())
        except StoreError as error:
            _log.warning("demo reports not stored", reason=str(error))


def delivered(event: Event) -> Delivered:
    """What an upload makes of the event's document."""
    delivery = Delivery(document(event), CONTENT_TYPE, None, event.machine.address)
    report = read_body(delivery.body, delivery.content_type, None, _MOST_BYTES)
    if not isinstance(report, Report):
        raise TypeError("the demo tells of finished operations only")
    return arrival_of(report, delivery, Instant(event.ended_at + _SENDING)), report


def _recording(portion: list[Delivered]) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        for arrival, report in portion:
            judge_until(connection, arrival.at)
            record(connection, arrival, report)

    return work


def judge_until(connection: Connection, now: Instant) -> None:
    """Judges what changes by time alone at the moments at which it did, so that a job has been overdue since it became so."""
    while (due := next_due(connection)) is not None and due <= now:
        apply_due(connection, due)
