"""One server after the other collected into a database, and reports sent to it, as the product does both."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.collecting import Collected, Parts, Progress, Wanted, collect
from duplistatus.ingest.duplicati.trouble import Trouble
from duplistatus.store import links
from duplistatus.store.writer import Writer
from tests.ingest.duplicati.asking import PATIENT
from tests.store.telling import Recording, put, state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from duplistatus.clock import SetClock
    from duplistatus.store.arrivals import Recorded
    from duplistatus.store.database import Database
    from duplistatus.store.ids import ServerId
    from tests.ingest.duplicati.stand_in import Duplicati

EVERYTHING = Wanted()


class Collector:
    """A database with its writer. `steps`: what was told of the newest collection while it ran."""

    def __init__(self, database: Database, clock: SetClock) -> None:
        self.database = database
        self.clock = clock
        self.writer = Writer(database)
        self.steps: list[Progress] = []
        self.patience = PATIENT

    def collect(
        self,
        server: Duplicati,
        server_id: ServerId | None = None,
        wanted: Wanted = EVERYTHING,
        chosen: ServerId | Literal["new"] | None = None,
    ) -> Collected:
        """Collects it, and keeps where it is."""
        self.steps = []

        async def whole() -> Collected:
            parts = Parts(self.database, self.writer, self.clock)
            async with Api(server.target, clock=self.clock, patience=self.patience) as api:
                return await collect(parts, api, server_id, wanted, self.steps.append, chosen)

        done = asyncio.run(whole())
        self.write(lambda connection: links.set_url(connection, done.server_id, server.url))
        return done

    def trouble(self, server: Duplicati, server_id: ServerId | None = None) -> Trouble:
        """What hinders it."""
        try:
            self.collect(server, server_id)
        except Trouble as trouble:
            return trouble
        raise AssertionError("nothing hindered it")

    def send(self, *reports: Recording) -> list[Recorded]:
        """Reports, as servers post them."""
        return [self.write(partial(put, each=each, at=self.clock.now())) for each in reports]

    def write(self, work: Any) -> Any:
        return self.writer.submit(work).result(20)

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.raw.execute(text).fetchall()]

    def state(self) -> dict[str, list[dict[str, Any]]]:
        return state(self.database)


@contextmanager
def collecting(database: Database, clock: SetClock) -> Iterator[Collector]:
    made = Collector(database, clock)
    made.writer.start()
    try:
        yield made
    finally:
        made.writer.close()


def named(found: Iterable[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The rows of the job of that name."""
    return [row for row in found if row["name"] == name]
