"""What runs by time: when it ran last, how that went, when it runs next. In: a connection; out: frozen states. To begin a run is one
conditional update, so that no task runs twice at once, in whichever process."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, insert, or_, select, update

from duplistatus.clock import MINUTE, Instant
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection, Row
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job
from duplistatus.store.watch_tables import task_state

LOST_AFTER = 10 * MINUTE
"""Milliseconds after which a run of which nothing was heard is one of a process that is gone."""
_LONGEST_ERROR = 500
_REMINDERS = "reminders_reset_at"

Figures = Mapping[str, int]
"""What a run did, in numbers by name."""


@dataclass(frozen=True, slots=True)
class TaskState:
    """`started_at` is that of the newest run, `finished_at` that of the newest that ended; `figures` and `error` are those of the latter,
    an empty error where it succeeded; `error_at` is when a run failed last. `runner`: the process that runs it now, or empty."""

    name: str
    enabled: bool = True
    started_at: Instant | None = None
    finished_at: Instant | None = None
    runs: int = 0
    figures: Figures | None = None
    error: str = ""
    error_at: Instant | None = None
    next_at: Instant | None = None
    runner: str = ""

    @property
    def is_running(self) -> bool:
        return bool(self.runner)

    @property
    def duration(self) -> int | None:
        """Milliseconds that the newest run took; None while it runs, or where it was cut short."""
        if self.started_at is None or self.finished_at is None or self.is_running or self.finished_at < self.started_at:
            return None
        return self.finished_at - self.started_at


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that ended: what it did, or why it failed."""

    figures: Figures
    error: str = ""


class NoSuchTask(Exception):
    """There is no task of that name."""


class AlreadyRunning(Exception):
    """Another process runs the task now."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Jobs: how many there are, how many are watched, how many of these are overdue."""

    jobs: int
    watched: int
    overdue: int


_NAMES = ("name", "enabled", "started_at", "finished_at", "runs", "result", "error", "error_at", "next_at", "runner")
_ALL = Statement(select(*(task_state.c[name] for name in _NAMES)))
_ADD = Statement(insert(task_state).values(name=bindparam("of")))
_BEGIN = Statement(
    update(task_state)
    .where(
        task_state.c.name == bindparam("of"),
        or_(
            task_state.c.runner == "",
            task_state.c.runner == bindparam("me"),
            task_state.c.started_at <= bindparam("lost"),
            task_state.c.started_at > bindparam("too_late"),
        ),
    )
    .values(runner=bindparam("me"), started_at=bindparam("now"), next_at=bindparam("next"))
)
_FINISH = Statement(
    update(task_state)
    .where(task_state.c.name == bindparam("of"), task_state.c.runner == bindparam("me"))
    .values(
        runner="",
        finished_at=bindparam("now"),
        runs=task_state.c.runs + 1,
        result=bindparam("result_new"),
        error=bindparam("error_new"),
        error_at=func.coalesce(bindparam("failed_at"), task_state.c.error_at),
    )
)
_PLAN = Statement(update(task_state).where(task_state.c.name == bindparam("of")).values(next_at=bindparam("next")))
_SWITCH = Statement(
    update(task_state)
    .where(task_state.c.name == bindparam("of"), task_state.c.enabled != bindparam("on"))
    .values(enabled=bindparam("on"), next_at=None)
)
_ABANDON = Statement(
    update(task_state)
    .where(task_state.c.runner != "", or_(task_state.c.runner == bindparam("gone"), bindparam("whose") == "all"))
    .values(runner="", error=bindparam("why"), error_at=bindparam("now"))
)
_WATCHED = Statement(
    select(
        func.count(),
        func.coalesce(func.sum(case((job.c.schedule != "off", 1), else_=0)), 0),
        func.coalesce(func.sum(case((job.c.schedule == "overdue", 1), else_=0)), 0),
    ).select_from(job)
)
_SET = Statement(update(setting).where(setting.c.key == bindparam("of")).values(value=bindparam("new")))
_ADD_SETTING = Statement(insert(setting).values(key=bindparam("of"), value=bindparam("new")))
_SETTING = Statement(select(setting.c.value).where(setting.c.key == bindparam("of")))

CUT_SHORT = "The process ended while the task ran"


def task_states(connection: Connection) -> dict[str, TaskState]:
    """Every task that is known to the database, by name."""
    return {row[0]: _state(row) for row in connection.rows(_ALL)}


def _state(row: Row) -> TaskState:
    return TaskState(row[0], bool(row[1]), row[2], row[3], row[4], json.loads(row[5]) if row[5] else None, *row[6:])


def add_tasks(connection: Connection, names: Iterable[str]) -> None:
    """Makes those of these tasks known that are not yet. Only for who holds the lease."""
    known = task_states(connection)
    for name in names:
        if name not in known:
            connection.run(_ADD, {"of": name})


def plan(connection: Connection, name: str, next_at: Instant | None) -> None:
    """Keeps when the task runs next."""
    connection.run(_PLAN, {"of": name, "next": next_at})


def begin(connection: Connection, name: str, me: str, now: Instant, next_at: Instant | None) -> bool:
    """Begins a run and keeps when the next one is due; False where another process runs the task."""
    values = {"of": name, "me": me, "now": now, "next": next_at, "lost": now - LOST_AFTER, "too_late": now + LOST_AFTER}
    return bool(connection.run(_BEGIN, values).rowcount)


def finish(connection: Connection, name: str, me: str, now: Instant, figures: Figures | None, error: str = "") -> None:
    """Ends a run of ours; an `error` says why it failed."""
    connection.run(
        _FINISH,
        {
            "of": name,
            "me": me,
            "now": now,
            "result_new": json.dumps(dict(figures)) if figures else "",
            "error_new": error[:_LONGEST_ERROR],
            "failed_at": now if error else None,
        },
    )


def abandon(connection: Connection, gone: str | None, now: Instant) -> None:
    """Ends the runs of a process that is gone; None: of all."""
    connection.run(_ABANDON, {"gone": gone, "whose": "all" if gone is None else "one", "why": CUT_SHORT, "now": now})


def switch(connection: Connection, name: str, *, on: bool) -> bool:
    """Lets a task run by time, or not; False where it is unknown or that was so already. It is planned anew."""
    return bool(connection.run(_SWITCH, {"of": name, "on": int(on)}).rowcount)


def watched(connection: Connection) -> Watched:
    """How many jobs there are, are watched and overdue."""
    row = connection.row(_WATCHED)
    return Watched(*row) if row else Watched(0, 0, 0)


def reset_reminders(connection: Connection, now: Instant) -> None:
    """Whatever was told of a job that is overdue before `now` counts as not told: its next reminder is due at once."""
    _keep(connection, _REMINDERS, str(now))


def reminders_reset_at(connection: Connection) -> Instant | None:
    """The moment of the newest `reset_reminders`; None when there was none."""
    text = connection.value(_SETTING, {"of": _REMINDERS})
    return Instant(int(text)) if text is not None else None


def _keep(connection: Connection, key: str, value: str) -> None:
    if not connection.run(_SET, {"of": key, "new": value}).rowcount:
        connection.run(_ADD_SETTING, {"of": key, "new": value})
