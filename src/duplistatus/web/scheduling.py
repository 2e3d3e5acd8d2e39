"""What handlers ask of the scheduler, on behalf of somebody: to run a task now, to let it run by time or not. In: a request whose caller
was let in; out: what was done, each with its entry in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from starlette.requests import HTTPConnection, Request

from duplistatus.evaluate.job_setting import CHECK_INTERVALS
from duplistatus.evaluate.task_times import AUDIT_CLEANUP, DUPLICATI_RELEASES, OVERDUE_CHECK, TASKS, Rhythm, rhythm_of
from duplistatus.store import audit, leases, tasks
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.leases import Lease
from duplistatus.store.task_calendars import calendars_of
from duplistatus.store.tasks import AlreadyRunning, NoSuchTask, Ran, TaskState
from duplistatus.store.watching import watch_settings
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent

_RUN_ACTIONS = {
    OVERDUE_CHECK: "overdue_check_manual",
    AUDIT_CLEANUP: "audit_cleanup_manual",
    DUPLICATI_RELEASES: "duplicati_version_refresh",
}


class Scheduling(Protocol):
    """Runs tasks. `me`: the name of this process in the lease, `host/process id/…`."""

    me: str

    async def run(self, name: str) -> Ran:
        """Raises NoSuchTask; AlreadyRunning where another process runs it."""
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A task as people see it: what is stored of it, and its rhythm, None where it does not run by time whatever is stored."""

    state: TaskState
    rhythm: Rhythm | None

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def is_active(self) -> bool:
        """Whether it runs by time."""
        return self.state.enabled and self.rhythm is not None


@dataclass(frozen=True, slots=True)
class Schedule:
    """All tasks, and the process that runs them by time."""

    tasks: tuple[Listed, ...]
    leader: Lease
    led: bool


def scheduling(connection: HTTPConnection) -> Scheduling:
    """The scheduler of the application."""
    found: Scheduling = connection.app.state.scheduler
    return found


def schedule_of(request: Request) -> Schedule:
    """All tasks, as they are now."""
    parts = context(request)
    with parts.database.read() as connection:
        states = tasks.task_states(connection)
        interval = CHECK_INTERVALS[watch_settings(connection).check_interval]
        leader = leases.find(connection, leases.SCHEDULER)
        zone = ZoneInfo(parts.settings.time_zone)
        calendars = calendars_of(connection, zone, may_fetch=parts.settings.releases_url is not None)
    listed = tuple(Listed(states.get(name, TaskState(name)), rhythm_of(name, interval, zone, calendars)) for name in TASKS)
    return Schedule(listed, leader, leader.is_held(parts.clock.now()))


async def run_task(request: Request, caller: Caller, name: str) -> Ran:
    """Runs a task now. Raises Refused where there is none of that name, or another process runs it."""
    try:
        ran = await scheduling(request).run(name)
    except NoSuchTask:
        raise unknown() from None
    except AlreadyRunning:
        raise Refused(409, "The task is already running", "already_running") from None
    await _record(request, caller, _RUN_ACTIONS.get(name, "task_run"), name, ran)
    return ran


async def switch_task(request: Request, caller: Caller, name: str, *, on: bool) -> bool:
    """Lets a task run by time, or not; False where there is none of that name, or that was so already."""
    parts = context(request)
    agent = user_agent(request)
    action = "task_started" if on else "task_stopped"
    details = {"before": {"enabled": not on}, "after": {"enabled": on}}

    def work(connection: Connection) -> bool:
        if not tasks.switch(connection, name, on=on):
            return False
        audit.record(connection, Entry(parts.clock.now(), action, "system", caller.user, "", "task", name, details, caller.address, agent))
        return True

    return await parts.writer.write(work, changes=False)


def unknown() -> Refused:
    return Refused(404, "There is no such task", "not_found")


async def _record(request: Request, caller: Caller, action: str, name: str, ran: Ran) -> None:
    parts = context(request)
    entry = Entry(
        parts.clock.now(),
        action,
        "system",
        caller.user,
        "",
        "task",
        name,
        ran.figures,
        caller.address,
        user_agent(request),
        "error" if ran.error else "success",
        ran.error or None,
    )
    await parts.writer.write(lambda connection: audit.record(connection, entry), changes=False)
