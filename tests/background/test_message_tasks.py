"""Old messages are removed by time; and the heartbeat beats after checks that ended well, after no others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from duplistatus.background.tasks import MESSAGE_DAYS, Occasion, Parts, followed
from duplistatus.clock import DAY, HOUR
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.routing import Filter
from duplistatus.evaluate.task_times import MESSAGE_CLEANUP, OVERDUE_CHECK
from duplistatus.store import outbox
from duplistatus.store.channels import ChannelValues, add_channel
from duplistatus.store.telling import add_notice
from tests.background.machine import Machine, started

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duplistatus.store.database import Connection


def test_messages_are_removed_after_ninety_days_at_three(machine: Machine) -> None:
    def post(connection: Connection) -> None:
        now = machine.clock.now()
        channel = add_channel(connection, "webhook", ChannelValues("phone", True, {}, "", Filter()), "tests", now)
        notice_id = add_notice(connection, "test", Event.TEST, {}, now)
        assert notice_id is not None
        outbox.add_deliveries(connection, notice_id, [(channel, "")], now, held="snoozed")

    async def story() -> None:
        machine.write(post)
        scheduler = await started(machine)
        machine.clock.advance(MESSAGE_DAYS * DAY)
        await scheduler.look()
        await scheduler.finished()
        assert machine.rows("SELECT count(*) FROM outbox") == [(1,)], "it is ninety days old, not older"
        machine.clock.advance(15 * HOUR)
        await scheduler.look()
        await scheduler.finished()
        assert machine.rows("SELECT count(*) FROM outbox") == [(0,)]
        assert machine.rows("SELECT count(*) FROM notice") == [(0,)]
        assert machine.states()[MESSAGE_CLEANUP].figures == {"removed": 1, "days": 90}

    asyncio.run(story())


def test_the_heartbeat_follows_a_check_that_ended_well_and_no_other(machine: Machine) -> None:
    beats: list[str] = []
    fails = False

    async def check(_: Parts, __: Occasion) -> Mapping[str, int]:
        if fails:
            raise OSError("the disk is gone")
        return {}

    async def story() -> None:
        nonlocal fails
        scheduler = await started(machine, {OVERDUE_CHECK: followed(check, lambda: beats.append("beat"))})
        await scheduler.run(OVERDUE_CHECK)
        before = len(beats)
        assert before > 0
        fails = True
        assert (await scheduler.run(OVERDUE_CHECK)).error
        assert len(beats) == before
        fails = False
        await scheduler.run(OVERDUE_CHECK)
        assert len(beats) == before + 1

    asyncio.run(story())
