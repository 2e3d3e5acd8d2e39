"""What waits is sent, tried again, or given up; no channel waits for another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND
from duplistatus.notify.batch import BEGIN_WITHIN
from duplistatus.notify.dispatcher import BATCH
from duplistatus.notify.message import Message, Refused, Unreachable
from duplistatus.store import outbox
from tests.notify.post_office import drain

if TYPE_CHECKING:
    from tests.notify.post_office import PostOffice

GONE = Unreachable("connection refused")


def test_what_waits_is_delivered_once_and_marked(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone, count=3 * BATCH, destination="family")
    process = office.process()

    async def story() -> None:
        await drain(process)
        await drain(process)

    asyncio.run(story())
    assert len(office.town.of("phone")) == len(set(office.town.of("phone"))) == 3 * BATCH
    assert {place for _, _, place in office.town.arrived} == {"family"}
    assert office.states() == {"sent": 3 * BATCH}
    assert office.rows("SELECT DISTINCT tries, claimed_by, error, next_try_at FROM outbox") == [(1, "", "", None)]
    assert process.counts == {("webhook", "sent"): 3 * BATCH}


def test_they_go_out_in_the_order_in_which_they_were_written(office: PostOffice) -> None:
    office.town.parallel = 1
    phone = office.channel("phone")
    office.post(phone, count=2 * BATCH)
    asyncio.run(drain(office.process()))
    assert office.town.of("phone") == [uid for (uid,) in office.rows("SELECT uid FROM outbox ORDER BY id")]


def test_a_channel_that_hangs_delays_no_other(office: PostOffice) -> None:
    hanging, fast = office.channel("hanging"), office.channel("fast")
    office.post(hanging, fast, count=20)

    async def story() -> None:
        never = asyncio.Event()
        office.town.answers["hanging"] = lambda _: never.wait()
        process = office.process()
        await process.look()
        while len(office.town.of("fast")) < 20:
            await asyncio.sleep(0)
        assert office.town.of("hanging") == []
        never.set()
        await process.finished()

    asyncio.run(story())
    assert office.states() == {"sent": 40}


def test_no_more_are_sent_at_once_than_the_sender_takes(office: PostOffice) -> None:
    office.town.parallel = 3
    office.post(office.channel("phone"), count=20)
    at_once: list[int] = []
    under_way = 0

    async def slow(_: Message) -> None:
        nonlocal under_way
        under_way += 1
        at_once.append(under_way)
        await asyncio.sleep(0)
        under_way -= 1

    office.town.answers["phone"] = slow
    asyncio.run(drain(office.process()))
    assert max(at_once) == 3


def test_after_a_failure_one_message_asks_whether_the_channel_works_again(office: PostOffice) -> None:
    office.town.parallel = 1
    phone = office.channel("phone")
    office.post(phone, count=10)
    office.town.answers["phone"] = GONE

    async def story() -> None:
        process = office.process()
        for pause, tried in ((15, 1), (60, 2), (240, 3)):
            await drain(process)
            assert len(office.town.tried) == tried
            office.clock.advance(pause * SECOND - 1)
            await drain(process)
            assert len(office.town.tried) == tried
            office.clock.advance(1)
        office.town.answers.clear()
        await drain(process)
        assert len(office.town.of("phone")) == 10, "those that had failed follow at once"

    asyncio.run(story())
    assert office.states() == {"sent": 10}


def test_of_thousands_that_wait_one_asks_not_as_many_as_the_sender_takes(office: PostOffice) -> None:
    office.town.parallel = 4
    office.post(office.channel("phone"), count=3 * BATCH)

    async def in_vain(_: Message) -> None:
        await asyncio.sleep(0)
        raise GONE

    office.town.answers["phone"] = in_vain

    async def story() -> None:
        process = office.process()
        await drain(process)
        assert len(office.town.tried) == 4
        office.clock.advance(15 * SECOND)
        await drain(process)
        assert len(office.town.tried) == 5
        assert office.states() == {"waiting": 3 * BATCH}
        # A process that starts knows from the channel's health that it fails.
        office.clock.advance(HOUR)
        await drain(office.process())
        assert len(office.town.tried) == 6

    asyncio.run(story())


def test_when_a_channel_works_again_nothing_waits_for_its_hour(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone)
    office.town.answers["phone"] = GONE

    async def story() -> None:
        process = office.process()
        for _ in range(5):
            await drain(process)
            office.clock.advance(20 * MINUTE)
        ((next_at,),) = office.rows("SELECT next_try_at FROM outbox")
        assert next_at > office.clock.now() + 30 * MINUTE
        office.town.answers.clear()
        office.post(phone)
        await drain(process)
        assert office.states() == {"sent": 2}

    asyncio.run(story())


def test_what_was_given_back_keeps_its_place(office: PostOffice) -> None:
    office.town.parallel = 1
    phone = office.channel("phone")
    office.post(phone, count=BATCH + 10)

    async def in_vain(_: Message) -> None:
        office.clock.advance(SECOND)
        raise GONE

    async def story() -> None:
        process = office.process()
        office.town.answers["phone"] = in_vain
        await drain(process)
        office.town.answers.clear()
        office.clock.advance(15 * SECOND)
        await drain(process)

    asyncio.run(story())
    first, *others = [uid for (uid,) in office.rows("SELECT uid FROM outbox ORDER BY id")]
    assert office.town.of("phone") == [*others, first]


def test_each_try_has_the_same_name_and_the_last_error_is_told(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone)
    office.town.answers["phone"] = GONE

    async def story() -> None:
        process = office.process()
        for hours in range(1, 40):
            await drain(process)
            office.clock.advance(HOUR)
            if office.states().get("failed"):
                break
            assert office.rows("SELECT error FROM outbox") == [("connection refused",)], hours

    asyncio.run(story())
    assert len(office.town.tried) == 8
    assert len(set(office.town.tried)) == 1
    assert office.rows("SELECT state, tries, error FROM outbox") == [("failed", 8, "connection refused")]


def test_what_is_refused_is_given_up_and_the_others_go_on(office: PostOffice) -> None:
    office.town.parallel = 1
    phone = office.channel("phone")
    office.post(phone, count=10)
    office.town.answers["phone"] = lambda message: Refused("no such address") if message.title == "number 4" else None
    asyncio.run(drain(office.process()))
    assert office.states() == {"sent": 9, "failed": 1}
    assert office.rows("SELECT tries, error FROM outbox WHERE state = 'failed'") == [(1, "no such address")]
    ((action, status, error, target),) = office.rows("SELECT action, status, error, target_id FROM audit")
    assert (action, status, error, target) == ("notification_failed", "error", "no such address", str(phone))


def test_a_pause_that_is_asked_for_is_kept(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone)
    office.town.answers["phone"] = Unreachable("429 too many requests", 120)

    async def story() -> None:
        process = office.process()
        await drain(process)
        office.town.answers.clear()
        office.clock.advance(119 * SECOND)
        await drain(process)
        assert office.town.of("phone") == []
        office.clock.advance(SECOND)
        await drain(process)
        assert len(office.town.of("phone")) == 1

    asyncio.run(story())


def test_a_message_that_cannot_be_made_fails_alone(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone, count=3)
    office.renderer.fails.add(2)
    asyncio.run(drain(office.process()))
    assert office.states() == {"sent": 2, "failed": 1}
    ((error,),) = office.rows("SELECT error FROM outbox WHERE state = 'failed'")
    assert error == "the message could not be made: ValueError: there is no such word"
    assert office.row(phone).health.failing_since is None, "the channel is not to blame"


def test_an_error_of_a_sender_itself_may_pass(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone)
    office.town.answers["phone"] = KeyError("topic")

    async def story() -> None:
        process = office.process()
        await drain(process)
        assert office.rows("SELECT state, error FROM outbox") == [("waiting", "KeyError: 'topic'")]
        office.town.answers.clear()
        office.clock.advance(15 * SECOND)
        await drain(process)

    asyncio.run(story())
    assert office.states() == {"sent": 1}


def test_what_waits_for_more_than_two_days_is_given_up_unless_it_is_sent_again(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone, count=2)
    office.clock.advance(2 * DAY + MINUTE)
    asyncio.run(drain(office.process()))
    assert office.town.of("phone") == []
    assert office.rows("SELECT DISTINCT state, error FROM outbox") == [("failed", "not delivered within two days")]
    assert office.rows("SELECT action FROM audit") == [("notification_failed",)]
    (before, _) = [uid for (uid,) in office.rows("SELECT uid FROM outbox ORDER BY id")]
    ((chosen,),) = office.rows("SELECT min(id) FROM outbox")
    office.write(lambda connection: outbox.send_again(connection, chosen, office.clock.now()))
    asyncio.run(drain(office.process()))
    assert len(office.town.of("phone")) == 1
    assert office.town.of("phone") != [before]


def test_what_was_claimed_long_ago_is_given_back_before_the_claim_runs_out(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    office.town.parallel = 1
    phone = office.channel("phone")
    office.post(phone, count=4)

    async def slow(_: Message) -> None:
        office.clock.advance(BEGIN_WITHIN // 2 + 1)

    office.town.answers["phone"] = slow

    offered: list[int] = []
    claim = outbox.claim

    def counting(*arguments: Any) -> list[outbox.Delivery]:
        found = claim(*arguments)
        offered.append(len(found))
        return found

    monkeypatch.setattr(outbox, "claim", counting)
    asyncio.run(drain(office.process()))
    assert offered == [4, 2, 0], "two of the first four were given back"
    assert office.states() == {"sent": 4}


@pytest.mark.parametrize("steps", range(6))
def test_it_ends_when_a_commit_wakes_it_in_the_same_moment(office: PostOffice, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    monkeypatch.setattr("duplistatus.notify.dispatcher._SETTLE", 0.0)

    async def story() -> None:
        process = office.process()
        following = asyncio.create_task(process.follow())
        async with asyncio.timeout(10):
            while not process._wake._waiters:  # that it waits is nowhere else to be seen
                await asyncio.sleep(0)
        process._wake.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        following.cancel()
        await asyncio.wait({following}, timeout=20)
        assert following.done()
        await process.close()

    asyncio.run(story())


def test_the_end_waits_for_what_is_being_sent_and_gives_back_the_rest(office: PostOffice) -> None:
    office.town.parallel = 2
    phone = office.channel("phone")
    office.post(phone, count=10)

    async def story() -> None:
        go = asyncio.Event()
        office.town.answers["phone"] = lambda _: go.wait()
        process = office.process()
        await process.look()
        while len(office.town.tried) < 2:
            await asyncio.sleep(0)
        closing = asyncio.create_task(process.close())
        await asyncio.sleep(0)
        go.set()
        await closing

    asyncio.run(story())
    assert office.states() == {"sent": 2, "waiting": 8}
    assert office.town.closed == 1


def test_the_end_does_not_wait_for_ever(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplistatus.notify.dispatcher._PATIENCE", 0.01)
    phone = office.channel("phone")
    office.post(phone, count=10)

    async def story() -> None:
        office.town.answers["phone"] = lambda _: asyncio.Event().wait()
        process = office.process()
        await process.look()
        while len(office.town.tried) < 4:
            await asyncio.sleep(0)
        await process.close()

    asyncio.run(story())
    assert office.states() == {"waiting": 10}


def test_a_process_that_follows_one_that_was_killed_sends_what_that_had_claimed(office: PostOffice) -> None:
    phone = office.channel("phone")
    office.post(phone, count=3)
    now = office.clock.now()
    office.write(lambda connection: outbox.claim(connection, phone, "gone", now, 3))
    assert office.states() == {"sending": 3}
    process = office.process()
    alone = office.database.dialect == "sqlite"
    asyncio.run(drain(process))
    assert len(office.town.of("phone")) == (3 if alone else 0), "of several processes the other one may be alive"
    office.clock.advance(outbox.CLAIM)
    asyncio.run(drain(process))
    assert office.states() == {"sent": 3}
