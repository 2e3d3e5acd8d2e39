"""A machine on which the product runs: a database, processes with schedulers, and a clock that is moved by hand."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from duplistatus.background.scheduler import Scheduler
from duplistatus.background.tasks import DOING, Doing, Occasion, Parts
from duplistatus.clock import SECOND, SetClock
from duplistatus.evaluate.job_setting import WatchSettings
from duplistatus.evaluate.task_times import OVERDUE_CHECK
from duplistatus.store import tasks
from duplistatus.store.database import Database
from duplistatus.store.record import record
from duplistatus.store.tasks import Figures, TaskState
from duplistatus.store.watching import save_watch_settings
from duplistatus.store.writer import Writer
from tests.report.samples import backup, encoded, read
from tests.store.telling import arrival

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


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
