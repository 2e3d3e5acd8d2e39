"""Collecting by time: what is due is asked once, beside whatever else runs; how that went decides when it is the next time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.background.collecting import TimedCollecting
from duplistatus.background.scheduler import Scheduler
from duplistatus.background.tasks import Occasion
from duplistatus.background.tasks import Parts as TaskParts
from duplistatus.clock import MINUTE, SetClock
from duplistatus.evaluate.task_times import SERVER_COLLECTION
from duplistatus.ingest.duplicati.collecting import Parts, Wanted
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.ingest.duplicati.turns import Turns
from duplistatus.security.key_check import sealed
from duplistatus.security.secret_holders import SERVER
from duplistatus.security.secrets import Secrets
from duplistatus.store import being_asked, links, tasks
from duplistatus.store.database import Connection, Database, StoreUnavailable
from duplistatus.store.writer import Writer
from tests.ingest.duplicati.asked import Asked, add_server, found_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from duplistatus.store.links import Link
    from duplistatus.store.tasks import Figures

pytestmark = pytest.mark.anyio
URL = "https://nas:8200"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Process:
    parts: Parts
    timed: TimedCollecting
    asked: Asked
    clock: SetClock
    secrets: Secrets

    async def add(self, name: str, timer: int | None = 60, due: int | None = 0) -> None:
        """A server with a timer that is due so many milliseconds from now."""

        def work(connection: Connection) -> None:
            server_id = add_server(connection, name)
            links.set_url(connection, server_id, f"https://{name}:8200")
            links.set_secret(connection, server_id, sealed(connection, self.secrets, "m4rker", SERVER))
            at = "NULL" if due is None else str(self.clock.now() + due)
            connection.raw.execute(f"UPDATE server_link SET timer = {timer or 'NULL'}, next_at = {at} WHERE server_id = {server_id}")

        await self.parts.write(work)

    async def begin(self) -> Figures:
        return await self.timed.begin(TaskParts(self.parts.database, self.parts.writer, self.clock), Occasion(self.clock.now()))

    async def whole(self) -> Figures:
        """Begins what is due and waits for it."""
        figures = await self.begin()
        await self.timed.finished()
        return figures

    def link(self, name: str = "nas") -> Link:
        with self.parts.database.read() as connection:
            found = links.link(connection, found_server(connection, name))
        assert found is not None
        return found


@asynccontextmanager
async def process(database: Database, clock: SetClock, data_dir: Path, **more: Any) -> AsyncIterator[Process]:
    own = Database(database.file, database.url)
    writer = Writer(own)
    writer.start()
    parts = Parts(own, writer, clock)
    secrets, asked = Secrets(data_dir / "key"), Asked()
    turns = Turns(parts, f"process {id(asked)}", at_once=2, lends_after=60)
    timed = TimedCollecting(parts, secrets, turns, fetch=asked.fetch, chance=lambda: 0.5, **more)
    try:
        yield Process(parts, timed, asked, clock, secrets)
    finally:
        await timed.close()
        writer.close()
        own.close()


async def test_what_is_due_is_collected_by_its_stored_address_and_not_to_the_last_page(
    database: Database, clock: SetClock, data_dir: Path
) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        await one.add("later", due=MINUTE)
        await one.add("never", timer=None, due=None)
        assert await one.whole() == {"begun": 1, "running": 1, "collected": 0, "failed": 0, "found": 0}
        (errand,) = one.asked.errands
        assert (errand.address, errand.password, errand.is_stored, errand.wanted) == (URL, "m4rker", True, Wanted(thorough=False))
        assert (one.link().collected_at, one.link().next_at, one.link().found) == (clock.now(), clock.now() + 60 * MINUTE, 3)
        assert await one.whole() == {"begun": 0, "running": 0, "collected": 1, "failed": 0, "found": 3}


async def test_a_server_out_of_reach_is_tried_again_and_one_that_is_back_keeps_its_timer(
    database: Database, clock: SetClock, data_dir: Path
) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        one.asked.troubles[URL] = [Trouble(Code.REFUSED, "nas:8200"), Trouble(Code.UNREACHABLE, "nas:8200")]
        for failures, pause in ((1, 5), (2, 10)):
            await one.whole()
            assert (one.link().failures, one.link().next_at) == (failures, clock.now() + pause * MINUTE)
            clock.advance(pause * MINUTE)
        await one.whole()
        assert (one.link().failures, one.link().trouble, one.link().next_at) == (0, "", clock.now() + 60 * MINUTE)
        assert (await one.whole())["failed"] == 0


@pytest.mark.parametrize("code", [Code.NO_PASSWORD, Code.PASSWORD, Code.CERTIFICATE, Code.CERTIFICATE_CHANGED, Code.OTHER_SERVER])
async def test_what_only_people_put_right_is_not_tried_again_by_time(
    database: Database, clock: SetClock, data_dir: Path, code: Code
) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        one.asked.troubles[URL] = [Trouble(code, "nas:8200")]
        await one.whole()
        assert (one.link().trouble, one.link().next_at) == (code, None)
        for _ in range(3):
            clock.advance(24 * 60 * MINUTE)
            await one.whole()
        assert len(one.asked.errands) == 1


async def test_a_server_that_is_collected_by_hand_is_left_for_the_next_look(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        place = being_asked.server_place(one.link().server_id)
        await one.parts.write(lambda connection: being_asked.take(connection, [place], "another", clock.now()))
        await one.whole()
        assert one.asked.errands == []
        assert one.link().next_at == clock.now()
        await one.parts.write(lambda connection: being_asked.give_back(connection, [place], "another"))
        await one.whole()
        assert len(one.asked.errands) == 1


async def test_one_that_still_runs_is_not_begun_again(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        one.asked.hold = {URL}
        await one.begin()
        await one.asked.begun(1)
        clock.advance(MINUTE)
        assert (await one.begin())["begun"] == 0
        one.asked.let_go(URL)
        await one.timed.finished()
        assert len(one.asked.errands) == 1


async def test_a_server_has_so_much_time_and_no_more(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir, seconds=0.01) as one:
        await one.add("nas")
        one.asked.hold = {URL}
        await one.whole()
        assert one.link().trouble == Code.SLOW


async def test_a_defect_is_that_of_one_server(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        await one.add("other")
        one.asked.troubles[URL] = [ValueError("no such thing")]
        await one.whole()
        assert one.link().trouble == Code.FAILED
        assert one.link("other").collected_at == clock.now()


async def test_our_own_trouble_is_not_the_servers(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        one.asked.troubles[URL] = [StoreUnavailable("disk full")]
        await one.whole()
        assert (one.link().trouble, one.link().failures, one.link().next_at) == ("", 0, clock.now())


async def test_what_was_cut_short_is_still_due(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        one.asked.hold = {URL}
        await one.begin()
        await one.asked.begun(1)
        await one.timed.close()
        assert one.asked.ended == [URL]
        assert one.link().next_at == clock.now()


async def test_of_several_processes_the_one_that_leads_collects(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        await one.add("nas")
        parts = TaskParts(one.parts.database, one.parts.writer, clock)
        first, second = (Scheduler.of(parts, more={SERVER_COLLECTION: one.timed.begin}) for _ in range(2))
        await first.look()
        await second.look()
        clock.advance(MINUTE)
        await second.look()
        await second.finished()
        await first.look()
        await first.finished()
        await one.timed.finished()
        assert len(one.asked.errands) == 1
        await first.close()
        await second.close()


async def test_the_task_runs_while_a_server_has_a_timer_and_names_none(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        parts = TaskParts(one.parts.database, one.parts.writer, clock)
        scheduler = Scheduler.of(parts, more={SERVER_COLLECTION: one.timed.begin})

        async def look() -> tasks.TaskState:
            await scheduler.look()
            await scheduler.finished()
            await one.timed.finished()
            with one.parts.database.read() as connection:
                return tasks.task_states(connection)[SERVER_COLLECTION]

        assert (await look()).next_at is None
        await one.add("nas")
        one.asked.troubles[URL] = [Trouble(Code.REFUSED, "nas:8200"), ValueError("nas")]
        assert (await look()).next_at == clock.now() + MINUTE
        for _ in range(7):
            clock.advance(MINUTE)
            await look()
        clock.advance(MINUTE)
        state = await look()
        assert state.runs == 8
        assert "nas" not in f"{state.error}{state.figures}"
        assert len(one.asked.errands) == 2
        await scheduler.close()


async def test_servers_are_asked_a_few_at_a_time(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        names = [f"nas{number}" for number in range(5)]
        for name in names:
            await one.add(name)
        one.asked.hold = {f"https://{name}:8200" for name in names}
        await one.begin()
        await one.asked.begun(2)
        for _ in range(20):
            await asyncio.sleep(0)
        assert one.asked.at_once == 2
        for name in names:
            one.asked.let_go(f"https://{name}:8200")
        one.asked.hold.clear()
        await one.timed.finished()
        assert one.asked.most_at_once == 2
        assert len(one.asked.errands) == 5
