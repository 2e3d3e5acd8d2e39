"""Of several processes on one database one does what runs by time, and another takes over from it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from duplistatus.background.due import judge_due
from duplistatus.background.scheduler import LEASE, Scheduler
from duplistatus.clock import HOUR, MINUTE, SECOND, SetClock
from duplistatus.evaluate.task_times import OVERDUE_CHECK
from duplistatus.store import leases
from duplistatus.store.database import Database
from duplistatus.store.facts import apply_due
from duplistatus.store.schema import migrate
from duplistatus.store.tasks import AlreadyRunning
from tests.background.machine import Machine, pass_time, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def replicas(postgres_url: Callable[[], str], data_dir: Path, clock: SetClock) -> Iterator[Machine]:
    """A machine whose database several processes may share."""
    database = Database(data_dir / "unused", postgres_url())
    migrate(database)
    made = Machine(database, clock)
    yield made
    made.close()
    database.close()


@pytest.mark.postgres
def test_of_two_processes_one_does_everything(replicas: Machine) -> None:
    async def story() -> None:
        replicas.hear("One", "15:00")
        one, two = await started(replicas), await started(replicas)
        assert (one.leads, two.leads) == (True, False)
        for _ in range(4 * 60):
            replicas.clock.advance(MINUTE // 4)
            await asyncio.gather(one.look(), two.look())
            await one.finished()
            await two.finished()
        assert replicas.runs() == 12
        assert (one.leads, two.leads) == (True, False)

    asyncio.run(story())


@pytest.mark.postgres
def test_the_second_takes_over_when_the_first_is_silent(replicas: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        replicas.hear("One", "12:01")
        one, two = await started(replicas), await started(replicas)
        length = LEASE["postgresql"]
        replicas.clock.advance(length - 1)
        await two.look()
        assert not two.leads
        replicas.clock.advance(1)
        await two.look()
        assert two.leads
        replicas.clock.advance(MINUTE)
        # The first wakes up and still believes that it leads; what it tries is refused.
        monkeypatch.setattr(one, "_renewed_at", replicas.clock.now())
        await one.look()
        assert replicas.rows("SELECT schedule FROM job") == [("ok",)]
        await two.look()
        assert replicas.rows("SELECT schedule FROM job") == [("late",)]
        replicas.clock.advance(length)
        await one.look()
        await two.look()
        assert one.leads is not two.leads

    asyncio.run(story())


@pytest.mark.postgres
def test_the_second_takes_over_at_once_when_the_first_stops(replicas: Machine) -> None:
    async def story() -> None:
        one, two = await started(replicas), await started(replicas)
        await one.close()
        await two.look()
        assert two.leads
        assert len(replicas.rows("SELECT holder FROM lease WHERE name = 'scheduler'")) == 1

    asyncio.run(story())


@pytest.mark.postgres
def test_a_process_that_does_not_lead_runs_what_it_is_asked_to(replicas: Machine) -> None:
    async def story() -> None:
        one, two = await started(replicas), await started(replicas)
        ran = await two.run(OVERDUE_CHECK)
        assert ran.figures == {"jobs": 0, "checked": 0, "overdue": 0, "sent": 0, "changed": 0}
        assert replicas.check().next_at == replicas.noon + 5 * MINUTE
        assert one.leads

    asyncio.run(story())


@pytest.mark.postgres
def test_two_judgements_at_once_change_a_job_once(replicas: Machine) -> None:
    """The second has seen that the moment has come, waits for the first, and then finds nothing to do."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def story() -> None:
        replicas.hear("One", "15:00")
        await started(replicas)
        writer, database = replicas.opened[0]
        replicas.clock.advance(4 * HOUR)
        first = replicas.database.connect()
        first.script("BEGIN")
        leases.lock(first, leases.SCHEDULER)
        assert apply_due(first, replicas.clock.now()) == 1
        second = asyncio.create_task(judge_due(database, writer, replicas.clock))
        async with asyncio.timeout(10):
            while replicas.rows(waiting) != [(1,)]:
                await asyncio.sleep(0.01)
        first.script("COMMIT")
        first.close()
        assert await second == 0
        assert replicas.rows("SELECT from_value, to_value FROM change WHERE from_value = 'ok'") == [("ok", "late")]

    asyncio.run(story())


@pytest.mark.postgres
def test_a_check_by_hand_beside_the_judgement_of_each_second_changes_a_job_once(replicas: Machine) -> None:
    async def story() -> None:
        replicas.hear("One", "15:00")
        one, two = await started(replicas), await started(replicas)
        replicas.clock.advance(4 * MINUTE + 4 * HOUR)

        async def by_hand(scheduler: Scheduler) -> None:
            with suppress(AlreadyRunning):
                await scheduler.run(OVERDUE_CHECK)

        await asyncio.gather(one.look(), by_hand(two), by_hand(one), by_hand(two))
        await one.finished()
        assert replicas.rows("SELECT from_value, to_value FROM change WHERE from_value = 'ok'") == [("ok", "late")]

    asyncio.run(story())


def test_a_second_process_on_an_sqlite_file_follows_the_first_at_once(data_dir: Path, clock: SetClock) -> None:
    database = Database(data_dir / "duplistatus.db")
    migrate(database)
    machine = Machine(database, clock)

    async def story() -> None:
        one = await started(machine)
        machine.clock.advance(SECOND)
        two = await started(machine)
        assert two.leads
        await pass_time(two, machine, 20 * MINUTE)
        await one.look()
        assert not one.leads
        assert two.leads

    asyncio.run(story())
    machine.close()
    database.close()
