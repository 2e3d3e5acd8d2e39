"""Servers that are collected in tests of collections: what each brings, when, and with how many others at once. No network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from duplistatus.ingest.duplicati.collecting import Collected, Progress
from duplistatus.ingest.duplicati.errand import Brought, Errand
from duplistatus.report.server_answers import ServerIdentity
from duplistatus.store.ids import ServerId

if TYPE_CHECKING:
    from duplistatus.ingest.duplicati.collecting import Parts
    from duplistatus.ingest.duplicati.errand import Tell
    from duplistatus.ingest.duplicati.trouble import Trouble
    from duplistatus.store.database import Connection


def add_server(connection: Connection, name: str) -> ServerId:
    """A server that is known."""
    connection.raw.execute(f"INSERT INTO server (key, name, has_machine_id, created_at) VALUES ('id-{name}', '{name}', 1, 0)")
    return ServerId(connection.raw.execute(f"SELECT id FROM server WHERE name = '{name}'").fetchone()[0])


def found_server(connection: Connection, name: str) -> ServerId:
    """The number of a known server."""
    return ServerId(connection.raw.execute(f"SELECT id FROM server WHERE name = '{name}'").fetchone()[0])


@dataclass
class Asked:
    """`errands` in the order in which they began. `hold`: addresses that are answered when `let_go` is called with them; `troubles`: what
    goes wrong once, by address, the first thing first; `document`: what is brought."""

    errands: list[Errand] = field(default_factory=list)
    hold: set[str] = field(default_factory=set)
    troubles: dict[str, list[Exception]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    counts: tuple[int, int, int] = (3, 2, 0)
    job_troubles: tuple[tuple[str, Trouble], ...] = ()
    document: bytes | None = None
    at_once: int = 0
    most_at_once: int = 0
    ended: list[str] = field(default_factory=list)
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _gates: dict[str, asyncio.Event] = field(default_factory=dict)

    def let_go(self, address: str) -> None:
        self.hold.discard(address)
        if address in self._gates:
            self._gates[address].set()

    async def begun(self, count: int) -> None:
        """Waits until so many errands have begun."""
        async with asyncio.timeout(10):
            while len(self.errands) < count:
                self._begun.clear()
                await self._begun.wait()

    async def over(self, count: int) -> None:
        """Waits until so many errands have ended, be it by force."""
        async with asyncio.timeout(10):
            while len(self.ended) < count:
                await asyncio.sleep(0)

    @property
    def addresses(self) -> list[str]:
        return [errand.address for errand in self.errands]

    async def fetch(self, parts: Parts, errand: Errand, tell: Tell) -> Brought:
        """In place of `errand.fetch`."""
        self.errands.append(errand)
        self._begun.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            tell(Progress("log", 1, 4, *self.counts))
            if errand.address in self.hold:
                gate = self._gates[errand.address] = asyncio.Event()
                await gate.wait()
            if self.troubles.get(errand.address):
                raise self.troubles[errand.address].pop(0)
            return await self._bring(parts, errand)
        finally:
            self.at_once -= 1
            self.ended.append(errand.address)

    async def _bring(self, parts: Parts, errand: Errand) -> Brought:
        name = self.names.get(errand.address, errand.address.partition(":")[0])

        def find(connection: Connection) -> tuple[ServerId, str]:
            if errand.server_id is not None:
                key = connection.raw.execute(f"SELECT key FROM server WHERE id = {errand.server_id}").fetchone()[0]
                return errand.server_id, key
            known = connection.raw.execute(f"SELECT id FROM server WHERE name = '{name}'").fetchone()
            return (ServerId(known[0]) if known else add_server(connection, name)), f"id-{name}"

        server_id, key = await parts.writer.write(find)
        url = errand.address if "://" in errand.address else f"https://{errand.address}"
        if errand.plain_agreed:
            url = url.replace("https://", "http://")
        found, known, errors = self.counts
        identity = ServerIdentity(None, name, None, None, None, frozenset())
        made = Collected(server_id, key, name, "", False, found, known, errors, self.job_troubles, self.document, identity)
        return Brought(url, made)
