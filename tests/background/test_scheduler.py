"""What runs by time runs when it should: over restarts, clocks that jump, machines that sleep, and errors."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.background import scheduler as module
from duplistatus.background.due import judge_due
from duplistatus.background.tasks import Occasion, Parts
from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant
from duplistatus.evaluate.task_times import AUDIT_CLEANUP, MESSAGE_CLEANUP, OVERDUE_CHECK, SESSION_CLEANUP, CatchUp
from duplistatus.store import audit, leases, tasks
from duplistatus.store.audit import Entry
from duplistatus.store.database import StoreUnavailable
from duplistatus.store.tasks import CUT_SHORT, AlreadyRunning, Figures, NoSuchTask
from tests.background.machine import Machine, other_running, pass_time, started

if TYPE_CHECKING:
    from duplistatus.store.database import Connection


def test_the_check_runs_each_interval_and_the_clean_ups_each_night(machine: Machine) -> None:
    async def story() -> None:
        scheduler = await started(machine)
        assert machine.check().next_at == machine.noon + 5 * MINUTE
        await pass_time(scheduler, machine, HOUR)
        assert machine.runs() == 12
        machine.set_interval("2hours")
        await pass_time(scheduler, machine, 23 * HOUR, 4 * MINUTE)
        assert machine.runs() == 12 + 12
        assert (machine.runs(AUDIT_CLEANUP), machine.runs(SESSION_CLEANUP)) == (1, 1)
        assert [occasion.now for name, occasion in machine.ran if name == AUDIT_CLEANUP] == [machine.noon + 14 * HOUR]

    asyncio.run(story())


def test_a_check_keeps_its_rhythm_however_late_it_begins(machine: Machine) -> None:
    async def story() -> None:
        scheduler = await started(machine)
        await pass_time(scheduler, machine, HOUR, 7 * SECOND)
        assert machine.runs() == 12
        assert machine.check().next_at == machine.noon + 65 * MINUTE

    asyncio.run(story())


def test_what_a_run_did_is_kept(machine: Machine) -> None:
    async def story() -> None:
        machine.hear("One", "15:00")
        machine.hear("Two", "16:00")
        scheduler = await started(machine)
        await pass_time(scheduler, machine, 5 * HOUR + 6 * MINUTE, MINUTE)
        found = machine.check()
        assert found.figures == {"jobs": 2, "checked": 2, "overdue": 1, "sent": 0, "changed": 0}
        assert (found.runs, found.error, found.runner) == (61, "", "")

    asyncio.run(story())


def test_a_moment_between_two_checks_is_not_waited_for(machine: Machine) -> None:
    async def story() -> None:
        machine.set_interval("2hours")
        machine.hear("One", "15:00")
        scheduler = await started(machine)
        await pass_time(scheduler, machine, 3 * HOUR + SECOND, MINUTE)
        assert machine.rows("SELECT schedule, schedule_since FROM job") == [("late", machine.noon + 3 * HOUR + SECOND)]
        assert machine.runs() == 1

    asyncio.run(story())


def test_while_disabled_no_check_runs_and_verdicts_go_on(machine: Machine) -> None:
    async def story() -> None:
        machine.set_interval("disabled")
        machine.hear("One", "15:00")
        scheduler = await started(machine)
        await pass_time(scheduler, machine, 6 * HOUR, MINUTE)
        assert machine.runs() == 0
        assert machine.check().next_at is None
        assert machine.rows("SELECT schedule FROM job") == [("overdue",)]
        machine.set_interval("1min")
        await pass_time(scheduler, machine, 2 * MINUTE)
        assert machine.runs() == 1

    asyncio.run(story())


def test_a_stopped_task_does_not_run_until_it_is_started(machine: Machine) -> None:
    async def story() -> None:
        scheduler = await started(machine)
        machine.write(lambda connection: tasks.switch(connection, OVERDUE_CHECK, on=False))
        await pass_time(scheduler, machine, HOUR)
        assert machine.runs() == 0
        machine.write(lambda connection: tasks.switch(connection, OVERDUE_CHECK, on=True))
        await pass_time(scheduler, machine, 5 * MINUTE + 30 * SECOND)
        assert machine.runs() == 1

    asyncio.run(story())


def test_a_restart_keeps_the_moment_of_the_next_run(machine: Machine) -> None:
    async def story() -> None:
        first = await started(machine)
        await pass_time(first, machine, 3 * MINUTE)
        await first.close()
        second = await started(machine)
        assert machine.check().next_at == machine.noon + 5 * MINUTE
        await pass_time(second, machine, 2 * MINUTE)
        assert machine.runs() == 1
        assert machine.ran[0][1].catch_up is None

    asyncio.run(story())


def test_after_a_night_without_the_product_what_was_missed_runs_once(machine: Machine) -> None:
    async def story() -> None:
        first = await started(machine)
        machine.clock.advance(10 * SECOND)
        await first.close()
        stopped = machine.clock.now()
        machine.clock.advance(20 * HOUR)
        now = machine.clock.now()
        second = await started(machine)
        assert [name for name, _ in machine.ran] == [OVERDUE_CHECK, AUDIT_CLEANUP, SESSION_CLEANUP, MESSAGE_CLEANUP]
        assert machine.ran[0][1] == Occasion(now, catch_up=CatchUp(stopped, now))
        await pass_time(second, machine, 4 * MINUTE)
        assert len(machine.ran) == 4

    asyncio.run(story())


def test_a_machine_that_slept_for_three_days_makes_up_for_them_with_one_group(machine: Machine) -> None:
    async def story() -> None:
        for job, next_run in (("One", "15:00"), ("Two", "16:00"), ("Three", "17:00")):
            machine.hear(job, next_run)
        scheduler = await started(machine)
        await pass_time(scheduler, machine, 10 * MINUTE)
        asleep = machine.clock.now()
        machine.clock.advance(3 * DAY)
        awake = machine.clock.now()
        await scheduler.look()
        await scheduler.finished()
        changes = machine.rows("SELECT to_value, at, reason FROM change WHERE fact = 'schedule' AND from_value = 'ok' ORDER BY id")
        assert [(to, at, json.loads(reason)["down_since"]) for to, at, reason in changes] == 3 * [("overdue", awake, asleep)]
        assert (machine.runs(), machine.runs(AUDIT_CLEANUP)) == (2 + 1, 1)
        figures = machine.check().figures
        assert figures == {"jobs": 3, "checked": 3, "overdue": 3, "sent": 0, "changed": 3, "silent_minutes": 3 * 24 * 60}
        await pass_time(scheduler, machine, 5 * MINUTE)
        assert machine.runs() == 4
        assert "silent_minutes" not in (machine.check().figures or {})

    asyncio.run(story())


def test_a_silence_while_the_check_is_disabled_is_one_group_too(machine: Machine) -> None:
    async def story() -> None:
        machine.set_interval("disabled")
        machine.hear("One", "15:00")
        scheduler = await started(machine)
        machine.clock.advance(DAY)
        await scheduler.look()
        (reason,) = machine.rows("SELECT reason FROM change WHERE to_value = 'overdue'")[0]
        assert json.loads(reason)["down_since"] == machine.noon
        assert machine.runs() == 0

    asyncio.run(story())


def test_a_clock_that_jumps_forwards_is_made_up_for_once(machine: Machine) -> None:
    async def story() -> None:
        scheduler = await started(machine)
        machine.clock.advance(2 * HOUR)
        for _ in range(5):
            await scheduler.look()
            await scheduler.finished()
        assert machine.runs() == 1
        assert machine.check().next_at == machine.noon + 2 * HOUR + 5 * MINUTE

    asyncio.run(story())


def test_a_clock_that_is_set_back_stops_nothing_and_every_verdict_is_judged_anew(machine: Machine) -> None:
    async def story() -> None:
        machine.hear("One", "15:00")
        scheduler = await started(machine)
        await pass_time(scheduler, machine, 6 * HOUR, MINUTE)
        assert machine.rows("SELECT schedule FROM job") == [("overdue",)]
        machine.ran.clear()
        machine.clock.advance(-5 * HOUR)
        now = machine.clock.now()
        await scheduler.look()
        await scheduler.finished()
        assert machine.rows("SELECT schedule FROM job") == [("ok",)]
        assert machine.ran == [(OVERDUE_CHECK, Occasion(now, anew=True))]
        assert machine.check().next_at == now + 5 * MINUTE
        await pass_time(scheduler, machine, 5 * MINUTE)
        assert machine.runs() == 2

    asyncio.run(story())


def test_a_clock_that_was_set_back_while_nothing_ran_stops_nothing(machine: Machine) -> None:
    async def story() -> None:
        first = await started(machine)
        await pass_time(first, machine, 10 * MINUTE)
        machine.clock.advance(-2 * DAY)
        second = await started(machine)
        assert second.leads
        assert machine.check().next_at == machine.clock.now() + 5 * MINUTE
        await pass_time(second, machine, 30 * MINUTE)
        assert machine.runs() == 2 + 1 + 6

    asyncio.run(story())


def test_a_task_that_fails_is_tried_again_at_its_next_moment_and_stops_no_other(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(parts: Parts, occasion: Occasion) -> Figures:
        raise OSError("the disk is gone")

    async def story() -> None:
        machine.set_interval("2hours")
        machine.hear("One", "15:00")
        scheduler = await started(machine, {AUDIT_CLEANUP: fail})
        await pass_time(scheduler, machine, 3 * DAY, 4 * MINUTE)
        assert (machine.runs(AUDIT_CLEANUP), machine.runs(SESSION_CLEANUP)) == (3, 3)
        found = machine.states()[AUDIT_CLEANUP]
        assert (found.error, found.runs) == ("OSError: the disk is gone", 3)
        assert found.error_at is not None
        assert found.next_at == machine.noon + 3 * DAY + 14 * HOUR
        assert machine.states()[SESSION_CLEANUP].error == ""
        assert machine.rows("SELECT schedule FROM job") == [("overdue",)]

    asyncio.run(story())
    assert capsys.readouterr().out.count("a task failed") == 1


def test_an_error_that_is_over_is_forgotten(machine: Machine) -> None:
    trouble = [KeyError("defect")]

    async def fail_once(parts: Parts, occasion: Occasion) -> Figures:
        if trouble:
            raise trouble.pop()
        return {"removed": 0}

    async def story() -> None:
        scheduler = await started(machine, {SESSION_CLEANUP: fail_once})
        assert (await scheduler.run(SESSION_CLEANUP)).error == "KeyError: 'defect'"
        assert machine.states()[SESSION_CLEANUP].error
        assert (await scheduler.run(SESSION_CLEANUP)).error == ""
        assert not machine.states()[SESSION_CLEANUP].error

    asyncio.run(story())


def test_a_run_by_hand_waits_for_the_one_by_time_and_the_next_stays(machine: Machine) -> None:
    at_once = 0
    most = 0

    async def slow(parts: Parts, occasion: Occasion) -> Figures:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        for _ in range(20):
            await asyncio.sleep(0)
        at_once -= 1
        return {"removed": 0}

    async def story() -> None:
        scheduler = await started(machine, {OVERDUE_CHECK: slow})
        await pass_time(scheduler, machine, 4 * MINUTE)
        machine.clock.advance(MINUTE)
        await scheduler.look()
        by_hand = [asyncio.create_task(scheduler.run(OVERDUE_CHECK)) for _ in range(3)]
        await scheduler.look()
        await asyncio.gather(*by_hand)
        await scheduler.finished()
        assert (machine.runs(), most) == (4, 1)
        assert machine.check().next_at == machine.noon + 10 * MINUTE
        assert machine.check().runs == 4

    asyncio.run(story())


def test_a_run_that_takes_longer_than_the_interval_is_not_begun_a_second_time(machine: Machine) -> None:
    async def story() -> None:
        going = asyncio.Event()

        async def long(parts: Parts, occasion: Occasion) -> Figures:
            await going.wait()
            return {"removed": 0}

        scheduler = await started(machine, {OVERDUE_CHECK: long})
        for _ in range(20):
            machine.clock.advance(MINUTE)
            await scheduler.look()
            await asyncio.sleep(0.01)
        assert machine.runs() == 1
        assert machine.check().is_running
        going.set()
        await scheduler.finished()
        assert machine.check().duration == 15 * MINUTE
        await pass_time(scheduler, machine, 5 * MINUTE)
        assert machine.runs() == 2

    asyncio.run(story())


def test_a_task_that_another_process_runs_is_not_run_here(machine: Machine) -> None:
    async def story() -> None:
        scheduler = await started(machine)
        async with other_running(machine, OVERDUE_CHECK):
            with pytest.raises(AlreadyRunning):
                await scheduler.run(OVERDUE_CHECK)
        await scheduler.run(OVERDUE_CHECK)
        assert machine.runs() == 1

    asyncio.run(story())


def test_there_is_no_task_of_another_name(machine: Machine) -> None:
    async def story() -> None:
        with pytest.raises(NoSuchTask):
            await (await started(machine)).run("nope")

    asyncio.run(story())


def test_a_clean_up_removes_what_is_older_than_the_retention_and_says_so(machine: Machine) -> None:
    def fill(connection: Connection) -> None:
        for age in (10, 89, 91, 200):
            audit.record(connection, Entry(Instant(machine.noon - age * DAY), f"of {age}", "system"))

    async def story() -> None:
        machine.write(fill)
        scheduler = await started(machine)
        assert (await scheduler.run(AUDIT_CLEANUP)).figures == {"removed": 2, "days": 90}
        assert machine.rows("SELECT action, username FROM audit ORDER BY at") == [("of 89", ""), ("of 10", ""), ("audit_cleanup", "system")]
        assert (await scheduler.run(AUDIT_CLEANUP)).figures == {"removed": 0, "days": 90}
        assert len(machine.rows("SELECT action FROM audit")) == 3

    asyncio.run(story())


def test_a_stop_gives_the_lease_back_and_says_what_it_cut_short(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)

    async def endless(parts: Parts, occasion: Occasion) -> Figures:
        await asyncio.Event().wait()
        return {}

    async def story() -> None:
        scheduler = await started(machine, {OVERDUE_CHECK: endless})
        await pass_time(scheduler, machine, 4 * MINUTE)
        machine.clock.advance(MINUTE)
        await scheduler.look()
        async with asyncio.timeout(10):
            while not machine.ran:
                await asyncio.sleep(0)
        await scheduler.close()
        assert machine.check().error == CUT_SHORT
        with machine.database.read() as connection:
            assert not leases.find(connection, leases.SCHEDULER).is_held(machine.clock.now())

    asyncio.run(story())


def test_the_scheduler_goes_on_after_trouble(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY", 0)
    trouble: list[Exception] = [StoreUnavailable("disk full"), KeyError("a defect"), StoreUnavailable("disk full")]

    async def at_first_troubled(*parts: Any, **more: Any) -> int:
        if trouble:
            raise trouble.pop()
        return await judge_due(*parts, **more)

    monkeypatch.setattr(module, "judge_due", at_first_troubled)

    async def story() -> None:
        machine.hear("One", "15:00")
        scheduler = await started(machine, {}) if not trouble else machine.process()
        machine.clock.advance(4 * HOUR)
        following = asyncio.create_task(scheduler.follow())
        async with asyncio.timeout(10):
            while machine.rows("SELECT schedule FROM job") != [("late",)]:
                await asyncio.sleep(0)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    asyncio.run(story())
    assert trouble == []
