"""What runs by time runs when it should: over restarts, clocks that jump, machines that sleep, errors, and beside other processes."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.background import scheduler as module
from duplistatus.background.due import judge_due
from duplistatus.background.scheduler import LEASE, Scheduler
from duplistatus.background.tasks import DOING, Doing, Occasion, Parts
from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, SetClock
from duplistatus.evaluate.job_setting import WatchSettings
from duplistatus.evaluate.task_times import AUDIT_CLEANUP, OVERDUE_CHECK, SESSION_CLEANUP, CatchUp
from duplistatus.store import audit, leases, tasks
from duplistatus.store.audit import Entry
from duplistatus.store.database import Database, StoreUnavailable
from duplistatus.store.facts import apply_due
from duplistatus.store.record import record
from duplistatus.store.schema import migrate
from duplistatus.store.tasks import CUT_SHORT, AlreadyRunning, Figures, NoSuchTask, TaskState
from duplistatus.store.watching import save_watch_settings
from duplistatus.store.writer import Writer
from tests.report.samples import backup, encoded, read
from tests.store.conftest import database as database  # noqa: PLC0414 - a fixture of this folder too
from tests.store.telling import arrival

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from duplistatus.store.database import Connection


class Machine:
    """A database and the processes on it, at a clock that is moved by hand. It is noon."""

    def __init__(self, database: Database, clock: SetClock) -> None:
        self.database, self.clock = database, clock
        self.noon = clock.now()
        self.opened: list[tuple[Writer, Database]] = []
        self.ran: list[tuple[str, Occasion]] = []

    def process(self, doing: dict[str, Doing] | None = None) -> Scheduler:
        """A further process: a scheduler with a database and writer of its own, which notes the runs that it does."""
        database = Database(self.database.file, self.database.url)
        writer = Writer(database)
        writer.start()
        self.opened.append((writer, database))
        noted = {name: self._noting(name, what) for name, what in {**DOING, **(doing or {})}.items()}
        return Scheduler(Parts(database, writer, self.clock), "UTC", noted)

    def _noting(self, name: str, what: Doing) -> Doing:
        async def note(parts: Parts, occasion: Occasion) -> Figures:
            self.ran.append((name, occasion))
            return await what(parts, occasion)

        return note

    def close(self) -> None:
        for writer, opened in self.opened:
            writer.close()
            opened.close()

    def write(self, work: Any) -> Any:
        connection = self.database.connect()
        try:
            connection.script("BEGIN")
            found = work(connection)
            connection.script("COMMIT")
            return found
        finally:
            connection.close()

    def set_interval(self, name: str) -> None:
        self.write(lambda connection: save_watch_settings(connection, WatchSettings(check_interval=name)))

    def hear(self, job: str, next_run: str) -> None:
        """A report of a run at 11:00 that announces the next one today at `15:00`."""
        data: dict[str, object] = {"BeginTime": "2026-07-10T11:00:00Z", "EndTime": "2026-07-10T11:10:00Z"}
        extra: dict[str, object] = {"backup-name": job, "backup-id": job, "next-scheduled-run": f"20260710T{next_run.replace(':', '')}00Z"}
        document = backup(data, extra)
        report = read(document)
        at = self.clock.now()
        self.write(lambda connection: record(connection, arrival(encoded(document), report, at), report))

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.raw.execute(text).fetchall()]

    def states(self) -> dict[str, TaskState]:
        with self.database.read() as connection:
            return tasks.task_states(connection)

    def check(self) -> TaskState:
        return self.states()[OVERDUE_CHECK]

    def runs(self, name: str = OVERDUE_CHECK) -> int:
        return sum(each == name for each, _ in self.ran)


@pytest.fixture
def machine(database: Database, clock: SetClock) -> Iterator[Machine]:
    made = Machine(database, clock)
    yield made
    made.close()


async def pass_time(scheduler: Scheduler, machine: Machine, milliseconds: int, step: int = 30 * SECOND) -> None:
    """Time passes while the process runs and looks; each step's tasks end before the next."""
    end = machine.clock.now() + milliseconds
    while machine.clock.now() < end:
        machine.clock.advance(min(step, end - machine.clock.now()))
        await scheduler.look()
        await scheduler.finished()


async def started(machine: Machine, doing: dict[str, Doing] | None = None) -> Scheduler:
    """A process that has looked once."""
    scheduler = machine.process(doing)
    await scheduler.look()
    await scheduler.finished()
    return scheduler


@asynccontextmanager
async def other_running(machine: Machine, name: str) -> AsyncIterator[None]:
    """While another process runs the task."""
    machine.write(lambda connection: tasks.begin(connection, name, "another", machine.clock.now(), None))
    yield
    machine.write(lambda connection: tasks.finish(connection, name, "another", machine.clock.now(), {}))


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
        assert [name for name, _ in machine.ran] == [OVERDUE_CHECK, AUDIT_CLEANUP, SESSION_CLEANUP]
        assert machine.ran[0][1] == Occasion(now, catch_up=CatchUp(stopped, now))
        await pass_time(second, machine, 4 * MINUTE)
        assert len(machine.ran) == 3

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


# --- several processes on one PostgreSQL -------------------------------------------------------------------------------------------


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
        assert len(replicas.rows("SELECT holder FROM lease")) == 1

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
