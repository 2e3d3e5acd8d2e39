"""A product that watches servers: a database, the watch, a clock and pauses that are moved by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from duplistatus.background.watching_servers import Parts, Watching
from duplistatus.security.secrets import Secrets
from duplistatus.store import links, live_servers
from duplistatus.store.database import Database
from duplistatus.store.record import record
from duplistatus.store.writer import Writer
from tests.report.samples import backup, encoded, read
from tests.store.linking import linked
from tests.store.telling import arrival

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection
    from duplistatus.store.ids import ServerId
    from duplistatus.store.live_servers import LiveServer
    from tests.ingest.duplicati.legacy import Legacy
    from tests.ingest.duplicati.stand_in import Duplicati

_PATIENCE = 40.0


class Stage:
    """The watch is looked after by the test: nothing happens by itself but what the servers say."""

    def __init__(self, folder: Path, clock: SetClock) -> None:
        self.clock = clock
        self.database = Database(folder / "duplistatus.db")
        self.writer = Writer(self.database)
        self.secrets = Secrets(folder / "key")
        self.leads = True
        self.slept: list[float] = []
        self._waking: asyncio.Event | None = None

    def watch(self) -> Watching:
        parts = Parts(self.database, self.writer, self.clock, self.secrets, lambda: self.leads)
        return Watching(parts, chance=lambda: 1.0, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Until the test wakes everybody."""
        self.slept.append(seconds)
        self._waking = self._waking or asyncio.Event()
        await self._waking.wait()

    def wake(self) -> None:
        """All pauses are over."""
        waking, self._waking = self._waking, None
        if waking is not None:
            waking.set()

    def write(self, work: Callable[[Connection], Any]) -> Any:
        return self.writer.submit(work).result()

    def hear(self, server: str = "fileserver", job: str = "Documents") -> None:
        """A report of a run an hour before the clock's noon."""
        data: dict[str, object] = {"BeginTime": "2026-07-10T11:00:00Z", "EndTime": "2026-07-10T11:10:00Z"}
        extra: dict[str, object] = {"machine-id": f"id-{server}", "machine-name": server, "backup-name": job, "backup-id": "DB-1"}
        document = backup(data, extra)
        report = read(document)
        self.write(lambda connection: record(connection, arrival(encoded(document), report, self.clock.now()), report))

    def link(
        self, stand_in: Duplicati | Legacy, server: str = "fileserver", *, password: str | None = None, certificate: str = ""
    ) -> ServerId:
        """A server that has reported once, with the address and the password of its API."""
        self.hear(server)

        def work(connection: Connection) -> ServerId:
            word = stand_in.password if password is None else password
            found = linked(connection, f"id-{server}", stand_in.url, secrets=self.secrets, password=word)
            links.agree(connection, found, certificate)
            return found

        found: ServerId = self.write(work)
        return found

    def live(self, server_id: ServerId) -> LiveServer:
        with self.database.read() as connection:
            found = live_servers.live_server(connection, server_id, self.clock.now())
        assert found is not None
        return found

    def job(self) -> tuple[Any, ...]:
        """Activity, phase and the state's name of the only job."""
        with self.database.read() as connection:
            (row,) = connection.raw.execute("SELECT activity, live_phase, live_state FROM job").fetchall()
        return tuple(row)

    async def until(self, watch: Watching, holds: Callable[[], bool]) -> None:
        """Lets the watch write until something holds."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                await watch.write()
                if holds():
                    return
                await asyncio.sleep(0.005)

    def play(self, story: Callable[[Watching], Any]) -> None:
        """Runs a story with a watch that has looked once, and ends the watch."""

        async def whole() -> None:
            watch = self.watch()
            await watch.look()
            try:
                await story(watch)
            finally:
                self.wake()
                await watch.close()

        asyncio.run(whole())
