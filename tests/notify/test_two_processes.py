"""Two processes on one PostgreSQL share the work, and none sends what the other has claimed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from duplistatus.notify.message import Message
from duplistatus.store import outbox
from duplistatus.store.database import Database
from duplistatus.store.schema import migrate
from tests.notify.post_office import PostOffice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duplistatus.clock import SetClock

COUNT = 600


@pytest.fixture
def shared(postgres_url: Callable[[], str], data_dir: Path, clock: SetClock) -> Iterator[PostOffice]:
    database = Database(data_dir / "unused", postgres_url())
    migrate(database)
    made = PostOffice(database, clock, data_dir)
    yield made
    made.close()
    database.close()


@pytest.mark.postgres
def test_each_message_is_sent_by_one_of_them(shared: PostOffice) -> None:
    channels = [shared.channel("phone"), shared.channel("mail")]
    shared.post(*channels, count=COUNT)

    async def a_moment(_: Message) -> None:
        await asyncio.sleep(0)

    shared.town.answers = {"phone": a_moment, "mail": a_moment}
    first, second = shared.process(), shared.process()

    async def story() -> None:
        # Both begin together, so that both want the same messages first.
        while set(shared.states()) != {"sent"}:
            await asyncio.gather(first.look(), second.look())
            await asyncio.gather(first.finished(), second.finished())

    asyncio.run(story())
    assert len(shared.town.tried) == len(set(shared.town.tried)) == 2 * COUNT
    assert shared.rows("SELECT DISTINCT tries FROM outbox") == [(1,)]
    assert sum(process.counts[("webhook", "sent")] for process in (first, second)) == 2 * COUNT


@pytest.mark.postgres
def test_of_one_message_two_claims_give_it_to_one(shared: PostOffice) -> None:
    phone = shared.channel("phone")
    shared.post(phone)
    first, second = shared.database.connect(), shared.database.connect()
    now = shared.clock.now()
    try:
        first.script("BEGIN")
        second.script("BEGIN")
        assert len(outbox.claim(first, phone, "first", now, 10)) == 1
        first.script("COMMIT")
        assert outbox.claim(second, phone, "second", now, 10) == []
        second.script("COMMIT")
    finally:
        first.close()
        second.close()


@pytest.mark.postgres
def test_the_other_one_sends_what_a_killed_process_had_claimed_when_the_claim_has_run_out(shared: PostOffice) -> None:
    phone = shared.channel("phone")
    shared.post(phone, count=3)
    now = shared.clock.now()
    shared.write(lambda connection: outbox.claim(connection, phone, "killed", now, 2))
    process = shared.process()

    async def story() -> None:
        await process.look()
        await process.finished()
        assert len(shared.town.of("phone")) == 1
        shared.clock.advance(outbox.CLAIM - 1)
        await process.look()
        await process.finished()
        assert len(shared.town.of("phone")) == 1
        shared.clock.advance(60_000)
        await process.look()
        await process.finished()

    asyncio.run(story())
    assert len(shared.town.of("phone")) == 3
