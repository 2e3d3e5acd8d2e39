"""What becomes of what waits when its channel is set up anew, switched off, removed, or fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from duplistatus.clock import HOUR, MINUTE, SECOND
from duplistatus.notify.dispatcher import BATCH
from duplistatus.notify.message import Refused, Unreachable
from duplistatus.store import outbox
from duplistatus.store.channels import clear_alert, remove_channel
from tests.notify.post_office import drain

if TYPE_CHECKING:
    import pytest

    from tests.notify.post_office import PostOffice

GONE = Unreachable("connection refused")


def test_a_channel_without_a_sender_keeps_its_messages_until_it_is_set_up(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = office.channel("phone")
    office.post(phone, count=3)

    async def story() -> None:
        process = office.process()
        makes = process._sender_of

        def lost(row: Any, secrets: Any) -> Any:
            raise Unreachable("the stored secret of the channel cannot be read")

        monkeypatch.setattr(process, "_sender_of", lost)
        await drain(process)
        assert office.states() == {"waiting": 3}
        assert office.row(phone).health.error == "the stored secret of the channel cannot be read"
        monkeypatch.setattr(process, "_sender_of", makes)
        office.clock.advance(SECOND)
        office.set_up(phone)
        await drain(process)

    asyncio.run(story())
    assert office.states() == {"sent": 3}


def test_a_channel_that_was_never_set_up_refuses_them(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    office.post(office.channel("phone"), count=3)

    async def story() -> None:
        process = office.process()

        def none(row: Any, secrets: Any) -> Any:
            raise Refused("there is no topic")

        monkeypatch.setattr(process, "_sender_of", none)
        await drain(process)

    asyncio.run(story())
    assert office.states() == {"failed": 3}


def test_changed_settings_are_used_at_once_by_a_new_sender(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone)
    office.town.answers["phone"] = GONE

    async def story() -> None:
        process = office.process()
        await drain(process)
        office.town.answers.clear()
        office.clock.advance(SECOND)
        office.write(lambda connection: connection.raw.execute('UPDATE channel SET config = \'{"url": "another"}\''))
        office.set_up(phone)
        await drain(process)

    asyncio.run(story())
    assert office.states() == {"sent": 1}
    assert (office.town.opened, office.town.closed) == (2, 1)


def test_what_waits_for_a_channel_that_is_switched_off_is_held(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone, count=2)
    office.town.answers["phone"] = GONE

    async def story() -> None:
        process = office.process()
        await drain(process)
        office.clock.advance(SECOND)
        office.set_up(phone, enabled=False)
        await drain(process)
        assert office.rows("SELECT DISTINCT state, error FROM outbox") == [("held", outbox.OFF)]
        office.town.answers.clear()
        office.set_up(phone)
        await drain(process)

    asyncio.run(story())
    assert office.town.of("phone") == []


def test_a_process_that_starts_holds_what_waits_for_a_channel_that_is_off(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone)
    office.town.answers["phone"] = GONE
    asyncio.run(drain(office.process()))
    office.set_up(phone, enabled=False)
    asyncio.run(drain(office.process()))
    assert office.states() == {"held": 1}


def test_a_channel_that_is_removed_takes_its_messages_with_it(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone, count=2)
    office.town.answers["phone"] = GONE

    async def story() -> None:
        process = office.process()
        await drain(process)
        office.write(lambda connection: remove_channel(connection, phone))
        office.clock.advance(HOUR)
        await drain(process)

    asyncio.run(story())
    assert office.states() == {}
    assert (office.town.opened, office.town.closed) == (1, 1)


def test_a_channel_fails_until_a_message_is_delivered(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone)
    begun = office.clock.now()
    office.town.answers["phone"] = GONE

    async def story() -> None:
        process = office.process()
        await drain(process)
        health = office.row(phone).health
        assert (health.alerts, health.failing_since, health.error) == (True, begun, "connection refused")
        office.write(lambda connection: clear_alert(connection, phone, office.clock.now()))
        assert not office.row(phone).health.alerts
        office.clock.advance(MINUTE)
        await drain(process)
        health = office.row(phone).health
        assert (health.alerts, health.failing_since) == (True, begun), "it failed once more"
        office.town.answers.clear()
        office.clock.advance(HOUR)
        await drain(process)
        health = office.row(phone).health
        assert (health.alerts, health.failing_since, health.delivered_at) == (False, None, office.clock.now())

    asyncio.run(story())


def test_pages_are_made_anew_when_a_channel_fails_and_works_again_not_for_each_message(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone)
    office.town.answers["phone"] = GONE

    async def story() -> None:
        process = office.process()
        writer = process._writer
        before = writer.version
        await drain(process)
        assert writer.version == before + 1
        office.clock.advance(15 * SECOND)
        await drain(process)
        assert writer.version == before + 1, "that was known"
        office.town.answers.clear()
        office.clock.advance(MINUTE)
        await drain(process)
        assert writer.version == before + 2
        office.post(phone, count=2 * BATCH)
        await drain(process)
        assert writer.version == before + 2

    asyncio.run(story())
    assert office.states() == {"sent": 2 * BATCH + 1}
