"""Several servers at once: each in its turn, bounded, cancelled at once, never twice; what is stored of how a server is reached."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, MINUTE, SetClock
from duplistatus.ingest.duplicati.collecting import Parts, Wanted
from duplistatus.ingest.duplicati.collections import Collections
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.ingest.duplicati.turns import Turns
from duplistatus.security.key_check import sealed
from duplistatus.security.secret_holders import NEW_SERVER, SERVER
from duplistatus.security.secrets import Secrets
from duplistatus.store import collections, links
from duplistatus.store.collection_steps import NewPart
from duplistatus.store.collections import CANCELLED, DONE, FAILED, INTERRUPTED, RUNNING, WAITING, Collection, Part
from duplistatus.store.compression import unpack
from duplistatus.store.database import Database
from duplistatus.store.writer import Writer
from tests.ingest.duplicati.asked import Asked, add_server, found_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from duplistatus.store.links import Link

pytestmark = pytest.mark.anyio
PASSWORD = "m4rker"
SHA = "ab" * 32
CERTIFICATE = {"sha256": SHA, "subject": "nas", "issuer": "nas", "begins": "2026-01-01", "ends": "2027-01-01", "reason": "self-signed"}


@dataclass
class Process:
    """One process that collects."""

    parts: Parts
    secrets: Secrets
    collections: Collections
    asked: Asked

    async def write(self, work: Any) -> Any:
        return await self.parts.writer.write(work)

    async def new(self, address: str, **more: Any) -> NewPart:
        secret = await self.write(lambda connection: sealed(connection, self.secrets, PASSWORD, NEW_SERVER))
        return NewPart(address, secret=secret, **more)

    async def known(self, name: str) -> NewPart:
        """A part for a server with a stored address and password."""

        def work(connection: Any) -> NewPart:
            server_id = add_server(connection, name)
            links.set_url(connection, server_id, f"https://{name}:8200")
            links.set_secret(connection, server_id, sealed(connection, self.secrets, PASSWORD, SERVER))
            return NewPart(f"https://{name}:8200", server_id)

        made: NewPart = await self.write(work)
        return made

    async def start(self, *parts: NewPart, wanted: Wanted | None = None) -> str:
        return await self.collections.start(list(parts), "admin", wanted or Wanted())

    async def all_of(self, *parts: NewPart, wanted: Wanted | None = None) -> Collection:
        """A collection, once nothing of it is under way any more."""
        uid = await self.start(*parts, wanted=wanted)
        await self.collections.settled(uid, 10)
        return self.find(uid)

    def find(self, uid: str) -> Collection:
        with self.parts.database.read() as connection:
            found = collections.find(connection, uid)
        assert found is not None
        return found

    def part(self, uid: str) -> Part:
        return self.find(uid).parts[0]

    def link(self, name: str) -> Link:
        with self.parts.database.read() as connection:
            found = links.link(connection, found_server(connection, name))
        assert found is not None
        return found


@asynccontextmanager
async def process(
    database: Database, clock: SetClock, data_dir: Path, *, at_once: int = 6, lends_after: float = 60, seconds: float = 60
) -> AsyncIterator[Process]:
    own = Database(database.file, database.url)
    writer = Writer(own)
    writer.start()
    parts = Parts(own, writer, clock)
    secrets = Secrets(data_dir / "key")
    asked = Asked()
    turns = Turns(parts, f"process {id(asked)}", at_once=at_once, lends_after=lends_after)
    made = Collections(parts, secrets, turns, fetch=asked.fetch, seconds=seconds, chance=lambda: 0.5)
    try:
        yield Process(parts, secrets, made, asked)
    finally:
        await made.close()
        writer.close()
        own.close()


async def test_a_server_with_a_stored_address_is_collected_by_it(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        found = await one.all_of(await one.known("nas"))
        (part,) = found.parts
        assert (part.state, part.found, part.known, part.errors, part.server_label) == (DONE, 3, 2, 0, "nas")
        assert found.ended_at == clock.now()
        (errand,) = one.asked.errands
        assert (errand.address, errand.password, errand.is_stored) == ("https://nas:8200", PASSWORD, True)
        assert (one.link("nas").collected_at, one.link("nas").found, one.link("nas").trouble) == (clock.now(), 3, "")


async def test_a_new_server_has_its_address_and_password_once_it_worked(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        found = await one.all_of(await one.new("nas:8200", timer=60))
        (part,) = found.parts
        assert (part.state, part.server_key, part.url, part.secret) == (DONE, "id-nas", "https://nas:8200", "")
        link = one.link("nas")
        assert link.url == "https://nas:8200"
        assert one.secrets.decrypt(link.secret, SERVER) == PASSWORD
        assert (link.timer, link.next_at) == (60, clock.now() + HOUR)
        with one.parts.database.read() as connection:
            assert links.has_spoken_https(connection, "nas")


@pytest.mark.parametrize(
    ("typed", "password", "then"),
    [("nas.example:8200", "", ""), ("nas.example:8200", PASSWORD, PASSWORD), ("nas:8200", "", PASSWORD), ("nas:8200/behind", "", PASSWORD)],
)
async def test_a_stored_password_does_not_move_to_an_address_that_needs_none(
    database: Database, clock: SetClock, data_dir: Path, typed: str, password: str, then: str
) -> None:
    async with process(database, clock, data_dir) as one:
        await one.known("nas")
        one.asked.names[typed] = "nas"
        part = await one.new(typed)
        await one.all_of(part if password else replace(part, secret=""))
        link = one.link("nas")
        assert (link.url, one.secrets.decrypt(link.secret, SERVER) if link.secret else "") == (f"https://{typed}", then)


@pytest.mark.parametrize("trouble", [Trouble(Code.PASSWORD, "nas:8200"), ValueError("a defect")])
async def test_of_a_server_that_did_not_work_nothing_is_stored(
    database: Database, clock: SetClock, data_dir: Path, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async with process(database, clock, data_dir) as one:
        one.asked.troubles["nas:8200"] = [trouble]
        found = await one.all_of(await one.new("nas:8200"), await one.new("other:8200"))
        assert [part.state for part in found.parts] == [FAILED, DONE]
        assert found.parts[0].trouble == (trouble.code if isinstance(trouble, Trouble) else "internal")
        assert found.parts[0].secret == ""
        with one.parts.database.read() as connection:
            assert [link.name for link in links.links(connection)] == ["other"]
    assert PASSWORD not in caplog.text


async def test_a_known_server_that_cannot_be_reached_says_so(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        part = await one.known("nas")
        one.asked.troubles["https://nas:8200"] = [Trouble(Code.REFUSED, "nas:8200")]
        await one.all_of(part)
        assert (one.link("nas").trouble, one.link("nas").failures) == ("refused", 1)
        await one.all_of(part)
        assert (one.link("nas").trouble, one.link("nas").failures) == ("", 0)


async def test_a_password_that_cannot_be_read_is_said_and_nobody_is_asked(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        part = await one.known("nas")
        (data_dir / "key").unlink()
        await one.write(lambda connection: one.secrets.encrypt("x", "y"))
        found = await one.all_of(part)
        assert (found.parts[0].state, found.parts[0].trouble) == (FAILED, Code.LOST_PASSWORD)
        assert one.asked.errands == []
        assert one.link("nas").trouble == Code.LOST_PASSWORD


async def test_jobs_that_could_not_be_read_are_named(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        one.asked.counts = (3, 2, 1)
        one.asked.job_troubles = (("Files", Trouble(Code.BUSY, "nas:8200", job="Files")),)
        found = await one.all_of(await one.new("nas:8200"))
        assert found.parts[0].trouble_facts["jobs"] == [{"name": "Files", "code": "busy", "place": "nas:8200", "job": "Files"}]
        assert (found.parts[0].state, found.parts[0].errors) == (DONE, 1)


async def test_the_document_is_kept_packed(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        one.asked.document = b'{"backups":[]}'
        found = await one.all_of(await one.new("nas:8200"), wanted=Wanted(keeps_document=True))
        with one.parts.database.read() as connection:
            packed = collections.document(connection, found.parts[0].id)
        assert packed is not None
        assert unpack(packed) == b'{"backups":[]}'
        assert one.asked.errands[0].wanted == Wanted(keeps_document=True)


# --- turns


async def test_no_more_than_a_few_are_asked_at_a_time(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir, at_once=2) as one:
        found = await one.all_of(*[await one.new(f"nas{number}:8200") for number in range(7)])
        assert found.count(DONE) == 7
        assert one.asked.most_at_once == 2


async def test_servers_that_hang_keep_no_others_waiting(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir, at_once=2, lends_after=0.01) as one:
        hanging = [f"hangs{number}:8200" for number in range(3)]
        one.asked.hold = set(hanging)
        new = [await one.new(address) for address in (*hanging, *(f"nas{number}:8200" for number in range(5)))]
        uid = await one.start(*new)
        await one.asked.begun(8)
        async with asyncio.timeout(10):
            while one.find(uid).count(DONE) < 5:
                await asyncio.sleep(0)
        assert one.find(uid).count(RUNNING) == 3
        for address in hanging:
            one.asked.let_go(address)
        await one.collections.settled(uid, 10)
        assert one.find(uid).count(DONE) == 8


async def test_how_many_hang_at_once_is_bounded(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir, at_once=1, lends_after=0.01) as one:
        one.asked.hold = {f"hangs{number}:8200" for number in range(9)}
        uid = await one.start(*[await one.new(address) for address in sorted(one.asked.hold)])
        await one.asked.begun(4)
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert len(one.asked.errands) == 4
        await one.collections.cancel(uid)


async def test_a_server_has_so_much_time_and_no_more(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir, seconds=0.01) as one:
        one.asked.hold = {"https://nas:8200"}
        found = await one.all_of(await one.known("nas"))
        assert (found.parts[0].state, found.parts[0].trouble) == (FAILED, Code.SLOW)
        assert one.link("nas").trouble == Code.SLOW


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_the_same_server_is_never_asked_twice_at_once(
    database: Database, clock: SetClock, data_dir: Path, monkeypatch: pytest.MonkeyPatch, *, elsewhere: bool
) -> None:
    monkeypatch.setattr("duplistatus.ingest.duplicati.part_work._AGAIN", 0.001)
    async with process(database, clock, data_dir) as one, process(database, clock, data_dir) as another:
        second = another if elsewhere else one
        one.asked.hold = {"https://nas:8200"}
        part = await one.known("nas")
        first_uid = await one.start(part)
        await one.asked.begun(1)
        second_uid = await second.start(part)
        async with asyncio.timeout(10):
            while second.part(second_uid).step != "taken":
                await asyncio.sleep(0.001)
        assert second.part(second_uid).state == WAITING
        assert len({id(each.asked): len(each.asked.errands) for each in (one, second)}) == (2 if elsewhere else 1)
        assert len(one.asked.errands) == 1
        one.asked.let_go("https://nas:8200")
        await one.collections.settled(first_uid, 10)
        await second.collections.settled(second_uid, 10)
        assert second.part(second_uid).state == DONE


# --- ending


async def test_it_is_cancelled_at_once_also_while_a_server_hangs(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir, at_once=1) as one:
        one.asked.hold = {"nas0:8200"}
        uid = await one.start(await one.new("nas0:8200"), await one.new("nas1:8200"))
        await one.asked.begun(1)
        assert await one.collections.cancel(uid)
        assert [part.state for part in one.find(uid).parts] == [CANCELLED, CANCELLED]
        assert one.find(uid).ended_at is not None
        await one.asked.over(1)
        assert one.asked.ended == ["nas0:8200"]
        assert one.asked.addresses == ["nas0:8200"]
        assert not await one.collections.cancel(uid)
        found = await one.all_of(await one.new("nas1:8200"))
        assert found.count(DONE) == 1


async def test_another_process_cancels_it_and_the_first_one_hears_of_it(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one, process(database, clock, data_dir) as another:
        one.asked.hold = {"nas:8200"}
        uid = await one.start(await one.new("nas:8200"))
        await one.asked.begun(1)
        assert await another.collections.cancel(uid)
        await one.collections.look()
        await one.asked.over(1)
        assert one.asked.ended == ["nas:8200"]
        assert one.part(uid).state == CANCELLED


async def test_what_ends_well_after_it_was_cancelled_elsewhere_stores_no_address(
    database: Database, clock: SetClock, data_dir: Path
) -> None:
    async with process(database, clock, data_dir) as one, process(database, clock, data_dir) as another:
        one.asked.hold = {"nas:8200"}
        uid = await one.start(await one.new("nas:8200"))
        await one.asked.begun(1)
        await another.collections.cancel(uid)
        one.asked.let_go("nas:8200")
        await one.asked.over(1)
        await one.collections.close()
        assert one.part(uid).state == CANCELLED
        with one.parts.database.read() as connection:
            assert links.links(connection) == []


async def test_how_far_it_has_come_shows_in_every_process(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one, process(database, clock, data_dir) as another:
        one.asked.hold = {"nas:8200"}
        uid = await one.start(await one.new("nas:8200"))
        await one.asked.begun(1)
        await one.collections.look()
        part = another.part(uid)
        assert (part.state, part.step, part.jobs_done, part.jobs_total, part.found) == (RUNNING, "log", 1, 4, 3)


async def test_a_process_that_stops_leaves_nothing_running(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as another:
        async with process(database, clock, data_dir) as one:
            one.asked.hold = {"https://nas:8200"}
            uid = await one.start(await one.known("nas"))
            await one.asked.begun(1)
        assert (another.part(uid).state, another.part(uid).trouble) == (FAILED, INTERRUPTED)
        found = await another.all_of(NewPart("https://nas:8200", another.part(uid).server_id))
        assert found.count(DONE) == 1


async def test_what_a_killed_process_left_is_ended_by_one_that_looks(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one, process(database, clock, data_dir) as another:
        uid = await one.start(await one.new("nas:8200"))
        one.asked.hold = {"nas:8200"}
        await one.asked.begun(1)
        if database.dialect == "postgresql":
            await another.collections.look()
            assert another.find(uid).is_at_work
            clock.advance(10 * MINUTE)
        await another.collections.look()
        assert (another.part(uid).state, another.part(uid).trouble, another.part(uid).secret) == (FAILED, INTERRUPTED, "")
        assert another.find(uid).ended_at == clock.now()
