"""The door that Duplicati servers post to. In: the bytes of a request; out: an `Answer` with status and JSON body, after the commit. What
is no report is refused with the reason and kept for administrators to look at; nothing is half stored."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from duplistatus.clock import Clock, Instant
from duplistatus.report.body import GZIP, decompressed
from duplistatus.report.reading import read_body
from duplistatus.report.rejection import NotAReport, TooLarge
from duplistatus.report.report import LiveStatus, Report
from duplistatus.store import rejected
from duplistatus.store.activities import record_live
from duplistatus.store.arrivals import Arrival, Outcome, Recorded, packed_log
from duplistatus.store.compression import pack
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.record import record
from duplistatus.store.writer import Writer

_LARGE = 256 * 1024
"""Bytes of a body from which on reading it takes long enough for others to notice; what is compressed may hold anything."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request as it came."""

    body: bytes
    content_type: str | None
    content_encoding: str | None
    sender: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told. `word` names the kind of answer in logs and metrics; `wait`: seconds until trying again helps."""

    status: int
    body: dict[str, object] = field(default_factory=dict)
    word: str = ""
    wait: int | None = None


DONE: dict[str, object] = {"success": True}
DUPLICATE: dict[str, object] = {"error": "ignored, duplicated data"}


async def take(delivery: Delivery, writer: Writer, clock: Clock, max_bytes: int, count_refused: Callable[[], int | None]) -> Answer:
    """Reads and records one delivery. `count_refused` counts a document that is refused and answers the seconds to wait when it is one
    too many, which is then not even kept. Raises StoreBusy or StoreUnavailable when it cannot be stored now."""
    now = clock.now()
    try:
        reads_long = len(delivery.body) > _LARGE or delivery.body.startswith(GZIP)
        work = await asyncio.to_thread(_work_of, delivery, now, max_bytes) if reads_long else _work_of(delivery, now, max_bytes)
    except (TooLarge, NotAReport) as refusal:
        if (wait := count_refused()) is not None:
            return Answer(429, {}, "too_many", wait)
        return await _refuse(refusal, delivery, writer, now)
    recorded = await writer.write(work)
    if recorded.outcome == Outcome.DUPLICATE:
        return Answer(409, DUPLICATE, "duplicate")
    return Answer(200, DONE, recorded.outcome.value)


async def _refuse(refusal: TooLarge | NotAReport, delivery: Delivery, writer: Writer, now: Instant) -> Answer:
    _log.warning("report refused", sender=delivery.sender, code=refusal.code, reason=refusal.sentence)
    if isinstance(refusal, TooLarge):
        return Answer(413, refusal.body(), "too_large")
    await _keep_rejected(delivery, writer, now, refusal)
    return Answer(400, refusal.body(), "rejected")


def _work_of(delivery: Delivery, now: Instant, max_bytes: int) -> Callable[[Connection], Recorded]:
    """What the writer has to do for a delivery; all that needs no database is done here. Raises TooLarge, NotAReport."""
    if delivery.body.startswith(GZIP):
        # Kept and compared is the document itself: its compression is another each time.
        plain = decompressed(delivery.body, delivery.content_encoding, max_bytes)
        delivery = replace(delivery, body=plain, content_encoding=None)
    document = read_body(delivery.body, delivery.content_type, delivery.content_encoding, max_bytes)
    if isinstance(document, LiveStatus):
        return lambda connection: record_live(connection, now, delivery.sender, document)
    arrived = arrival_of(document, delivery, now)
    return lambda connection: record(connection, arrived, document)


def arrival_of(report: Report, delivery: Delivery, now: Instant) -> Arrival:
    """What is kept of a delivery beside its report; compression happens here, outside the writer."""
    return Arrival(
        at=now,
        sender=delivery.sender,
        content_type=delivery.content_type or "",
        size=len(delivery.body),
        # Only documents without a begin time are recognised by their bytes.
        fingerprint=hashlib.sha256(delivery.body).hexdigest() if report.begun_at is None else "",
        raw=pack(delivery.body),
        log=packed_log(report),
    )


async def _keep_rejected(delivery: Delivery, writer: Writer, now: Instant, refusal: NotAReport) -> None:
    def work(connection: Connection) -> None:
        rejected.keep(connection, now, delivery.sender, delivery.content_type or "", refusal.code, refusal.sentence, delivery.body)

    try:
        await writer.write(work, changes=False)
    except StoreError as error:
        # The answer to the sender is the same whether or not the document can be kept.
        _log.error("refused report not kept", reason=str(error))
