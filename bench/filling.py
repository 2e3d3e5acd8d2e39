"""Fills a database. In: a size, a folder and the present moment; out: the folder with a database that holds what uploads of the same
reports would have left: each report goes through the recording of an upload, only the parsing is spared."""

from __future__ import annotations

import sys
import time
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from bench.reports import CONTENT_TYPE, Place, document, report
from bench.sizes import Size
from duplistatus.clock import Instant
from duplistatus.report.report import Status
from duplistatus.store.arrivals import Arrival, packed_log
from duplistatus.store.compression import pack
from duplistatus.store.database import Connection, Database
from duplistatus.store.record import record
from duplistatus.store.schema import migrate
from duplistatus.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 2_000


def places(size: Size, now: Instant) -> Iterator[Place]:
    """Every run of the fleet, job by job, the oldest first."""
    for server in range(size.servers):
        for job in range(size.jobs):
            for number in range(size.runs):
                yield Place(server, job, number, size.runs - 1, now)


def fill(size: Size, folder: Path, now: Instant) -> float:
    """Fills the database in `folder`; the seconds that it took."""
    folder.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    database = Database(folder / "duplistatus.db")
    migrate(database)
    writer = Writer(database)
    writer.start()
    kept: dict[Status, _Kept] = {status: _Kept(status) for status in Status if status is not Status.UNKNOWN}
    todo = places(size, now)
    done = 0
    while portion := list(islice(todo, _AT_ONCE)):
        writer.submit(partial(_record, portion, kept)).result()
        done += len(portion)
        if sys.stderr.isatty():
            print(f"\r{done} of {size.total_runs} runs", end="", file=sys.stderr)
    writer.close()
    database.close()
    return time.perf_counter() - begin


class _Kept:
    """What is stored of a document beside its figures, the same bytes for all runs of one result."""

    def __init__(self, status: Status) -> None:
        candidates = (Place(0, 0, number, 0, Instant(1_800_000_000_000)) for number in range(1000))
        place = next(place for place in candidates if place.status is status)
        body = document(place, long=False)
        self.size = len(body)
        self.raw = pack(body)
        self.log = packed_log(report(place))


def _record(portion: list[Place], kept: dict[Status, _Kept], connection: Connection) -> None:
    for place in portion:
        each = kept[place.status]
        at = Instant(place.begun_at + place.duration + 900)
        record(connection, Arrival(at, "192.0.2.1", CONTENT_TYPE, each.size, "", each.raw, each.log), report(place))
