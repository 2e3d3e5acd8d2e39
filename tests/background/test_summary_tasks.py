"""Summaries come when they should: once for each moment, over restarts, silences and several processes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.evaluate.summary_setting import Period, changed
from duplistatus.evaluate.task_times import DAILY_SUMMARY, WEEKLY_SUMMARY
from duplistatus.store import channels, tasks
from duplistatus.store.channels import ChannelValues
from duplistatus.store.summary_settings import save_summary_setting, summary_setting
from tests.background.machine import Machine, pass_time, started

if TYPE_CHECKING:
    from duplistatus.store.database import Connection


def switch_email_on(machine: Machine) -> None:
    def work(connection: Connection) -> None:
        row = channels.own_channel(connection, channels.EMAIL)
        channels.save_channel(connection, row.id, ChannelValues(row.name, True, {}, ""), "kim", machine.clock.now())

    machine.write(work)


def set_summary(machine: Machine, period: Period = Period.DAILY, **fields: object) -> None:
    def work(connection: Connection) -> None:
        before = summary_setting(connection, period, "UTC")
        save_summary_setting(connection, period, changed(before, fields, machine.clock.now()))

    machine.write(work)


def sent(machine: Machine) -> list[tuple[Any, ...]]:
    """Moment and name of each summary in the outbox, in hours after noon."""
    rows = machine.rows("SELECT notice.at, notice.event FROM outbox JOIN notice ON notice.id = outbox.notice_id ORDER BY outbox.id")
    return [(round((at - machine.noon) / HOUR, 2), event) for at, event in rows]


def test_a_summary_comes_at_its_moment_every_day_and_only_while_it_is_on(machine: Machine) -> None:
    async def story() -> None:
        switch_email_on(machine)
        scheduler = await started(machine)
        await pass_time(scheduler, machine, DAY, 10 * MINUTE)
        assert sent(machine) == []
        set_summary(machine, enabled=True, at="15:00", zone="Europe/Oslo")
        await pass_time(scheduler, machine, 2 * DAY, 10 * MINUTE)
        assert sent(machine) == [(25.0, "daily"), (49.0, "daily")]
        assert machine.states()[DAILY_SUMMARY].figures == {"sent": 1, "due": 1}
        set_summary(machine, enabled=False)
        await pass_time(scheduler, machine, 2 * DAY, 10 * MINUTE)
        assert len(sent(machine)) == 2
        assert machine.states()[DAILY_SUMMARY].next_at is None

    asyncio.run(story())


def test_what_is_switched_on_after_its_moment_comes_the_next_day(machine: Machine) -> None:
    async def story() -> None:
        switch_email_on(machine)
        scheduler = await started(machine)
        set_summary(machine, enabled=True, at="11:00")
        await pass_time(scheduler, machine, 10 * MINUTE)
        assert sent(machine) == []
        assert machine.states()[DAILY_SUMMARY].next_at == machine.noon + 23 * HOUR

    asyncio.run(story())


def test_a_moment_that_is_moved_is_no_longer_the_old_one(machine: Machine) -> None:
    async def story() -> None:
        switch_email_on(machine)
        set_summary(machine, enabled=True, at="13:00")
        scheduler = await started(machine)
        await pass_time(scheduler, machine, 59 * MINUTE)
        set_summary(machine, at="14:00")
        await pass_time(scheduler, machine, 2 * HOUR, 5 * MINUTE)
        assert [hour for hour, _ in sent(machine)] == [2.07]

    asyncio.run(story())


def test_a_product_that_was_down_sends_what_is_less_than_half_a_day_late_and_skips_the_rest(machine: Machine) -> None:
    async def story() -> None:
        switch_email_on(machine)
        set_summary(machine, enabled=True, at="13:00")
        first = await started(machine)
        await first.close()
        machine.clock.advance(12 * HOUR)
        second = await started(machine)
        assert [hour for hour, _ in sent(machine)] == [12.0]
        await second.close()
        machine.clock.advance(DAY + 2 * HOUR)
        third = await started(machine)
        # That of the next day was 13 hours late; nothing comes before that of the day after.
        assert machine.states()[DAILY_SUMMARY].figures == {"sent": 0, "due": 0}
        assert machine.states()[DAILY_SUMMARY].next_at == machine.noon + 49 * HOUR
        await pass_time(third, machine, 12 * HOUR, 10 * MINUTE)
        assert [hour for hour, _ in sent(machine)] == [12.0, 49.0]

    asyncio.run(story())


def test_several_processes_send_one(machine: Machine) -> None:
    async def story() -> None:
        switch_email_on(machine)
        set_summary(machine, enabled=True, at="13:00")
        set_summary(machine, Period.WEEKLY, enabled=True, at="13:00", weekday=5)
        one, other = await started(machine), await started(machine)
        machine.clock.advance(HOUR)
        await asyncio.gather(one.look(), other.look())
        await asyncio.gather(one.finished(), other.finished())
        # Somebody who looks again at the same moment, as after a crash between sending and noting, finds it written.
        machine.write(lambda connection: tasks.plan(connection, DAILY_SUMMARY, Instant(machine.noon + HOUR)))
        machine.clock.advance(MINUTE)
        await asyncio.gather(one.look(), other.look())
        await asyncio.gather(one.finished(), other.finished())
        assert sorted(sent(machine)) == [(1.0, "daily"), (1.0, "weekly")]

    asyncio.run(story())


def test_a_task_that_is_run_by_hand_sends_an_extra_one(machine: Machine) -> None:
    async def story() -> None:
        switch_email_on(machine)
        set_summary(machine, Period.WEEKLY, enabled=True, at="13:00", weekday=5)
        scheduler = await started(machine)
        ran = await scheduler.run(WEEKLY_SUMMARY)
        assert (ran.figures, ran.error) == ({"sent": 1, "due": 1}, "")
        await pass_time(scheduler, machine, 2 * HOUR, 10 * MINUTE)
        assert sent(machine) == [(0.0, "weekly"), (1.0, "weekly")]
        assert (await scheduler.run(WEEKLY_SUMMARY)).figures == {"sent": 1, "due": 1}
        entries = machine.rows("SELECT action, username, details FROM audit WHERE action LIKE '%summary%' ORDER BY id")
        assert [(action, by, json.loads(found)["by_time"]) for action, by, found in entries] == [
            ("weekly_summary_sent", "system", False),
            ("weekly_summary_sent", "system", True),
            ("weekly_summary_sent", "system", False),
        ]

    asyncio.run(story())


def test_nobody_to_send_it_to_is_no_failure(machine: Machine) -> None:
    async def story() -> None:
        set_summary(machine, enabled=True, at="13:00")
        scheduler = await started(machine)
        await pass_time(scheduler, machine, 2 * HOUR, 10 * MINUTE)
        found = machine.states()[DAILY_SUMMARY]
        assert (found.figures, found.error, sent(machine)) == ({"sent": 0, "due": 1}, "", [])

    asyncio.run(story())
