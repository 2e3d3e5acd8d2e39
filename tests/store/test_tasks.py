"""What is kept of tasks: no run twice at once, errors stay readable, and what a gone process left behind ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, MINUTE, SECOND, Instant, SetClock
from duplistatus.store import audit, tasks
from duplistatus.store.audit import Entry
from duplistatus.store.tasks import CUT_SHORT, LOST_AFTER, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

NAME = "overdue-backup-check"


@pytest.fixture
def now(clock: SetClock) -> Instant:
    return clock.now()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    made = database.connect()
    tasks.add_tasks(made, [NAME, "other"])
    yield made
    made.close()


def state(connection: Connection) -> TaskState:
    return tasks.task_states(connection)[NAME]


def test_a_new_task_is_on_and_has_not_run(connection: Connection) -> None:
    assert state(connection) == TaskState(NAME)
    tasks.add_tasks(connection, [NAME])
    assert set(tasks.task_states(connection)) == {NAME, "other"}


def test_a_run_is_kept_with_what_it_did(connection: Connection, now: Instant) -> None:
    assert tasks.begin(connection, NAME, "one", now, Instant(now + MINUTE))
    assert state(connection).is_running
    assert state(connection).duration is None
    tasks.finish(connection, NAME, "one", Instant(now + 3 * SECOND), {"jobs": 7})
    found = state(connection)
    assert (found.is_running, found.runs, found.duration, found.figures) == (False, 1, 3 * SECOND, {"jobs": 7})
    assert (found.next_at, found.error, found.error_at) == (now + MINUTE, "", None)
    assert tasks.task_states(connection)["other"] == TaskState("other")


def test_a_task_that_another_process_runs_is_not_begun(connection: Connection, now: Instant) -> None:
    assert tasks.begin(connection, NAME, "one", now, None)
    assert not tasks.begin(connection, NAME, "two", Instant(now + 1), None)
    tasks.finish(connection, NAME, "two", Instant(now + 2), {"jobs": 1})
    assert state(connection).runner == "one"
    tasks.finish(connection, NAME, "one", Instant(now + 3), {"jobs": 1})
    assert tasks.begin(connection, NAME, "two", Instant(now + 4), None)


def test_a_run_of_which_nothing_was_heard_does_not_hold_up_the_next(connection: Connection, now: Instant) -> None:
    tasks.begin(connection, NAME, "one", now, None)
    assert not tasks.begin(connection, NAME, "two", Instant(now + LOST_AFTER - 1), None)
    assert tasks.begin(connection, NAME, "two", Instant(now + LOST_AFTER), None)


def test_a_run_that_began_before_the_clock_was_set_back_does_not_hold_up_the_next(connection: Connection, now: Instant) -> None:
    tasks.begin(connection, NAME, "one", Instant(now + DAY), None)
    assert tasks.begin(connection, NAME, "two", now, None)


def test_an_error_is_kept_until_a_run_succeeds_and_its_moment_for_longer(connection: Connection, now: Instant) -> None:
    tasks.begin(connection, NAME, "one", now, None)
    tasks.finish(connection, NAME, "one", Instant(now + 1), {}, "OSError: " + 900 * "x")
    found = state(connection)
    assert (found.error[:10], len(found.error), found.error_at, found.figures) == ("OSError: x", 500, now + 1, None)
    tasks.begin(connection, NAME, "one", Instant(now + 2), None)
    tasks.finish(connection, NAME, "one", Instant(now + 3), {"jobs": 1})
    assert (state(connection).error, state(connection).error_at) == ("", now + 1)


@pytest.mark.parametrize("gone", ["one", None])
def test_what_a_gone_process_ran_is_said_to_be_cut_short(connection: Connection, now: Instant, gone: str | None) -> None:
    tasks.begin(connection, NAME, "one", now, None)
    tasks.abandon(connection, "two", now)
    assert state(connection).is_running
    tasks.abandon(connection, gone, Instant(now + 5))
    found = state(connection)
    assert (found.is_running, found.error, found.error_at, found.duration) == (False, CUT_SHORT, now + 5, None)
    assert tasks.task_states(connection)["other"].error == ""


def test_a_task_is_switched_once(connection: Connection, now: Instant) -> None:
    tasks.plan(connection, NAME, now)
    assert not tasks.switch(connection, NAME, on=True)
    assert tasks.switch(connection, NAME, on=False)
    assert not tasks.switch(connection, NAME, on=False)
    assert (state(connection).enabled, state(connection).next_at) == (False, None)
    assert tasks.switch(connection, NAME, on=True)
    assert not tasks.switch(connection, "unknown", on=False)


def test_reminders_are_reset_at_a_moment(connection: Connection, now: Instant) -> None:
    assert tasks.reminders_reset_at(connection) is None
    tasks.reset_reminders(connection, now)
    tasks.reset_reminders(connection, Instant(now + 1))
    assert tasks.reminders_reset_at(connection) == now + 1


@pytest.mark.parametrize(("stored", "days"), [(None, 90), ("30", 30), ("365", 365), ("1", 30), ("4000", 365), ("soon", 90)])
def test_the_audit_log_is_kept_for_so_many_days(connection: Connection, stored: str | None, days: int) -> None:
    if stored is not None:
        connection.raw.execute(f"INSERT INTO setting (key, value) VALUES ('audit_retention_days', '{stored}')")
    assert audit.retention_days(connection) == days


def test_entries_older_than_a_moment_are_removed(connection: Connection, now: Instant) -> None:
    for age in (0, 1, 2, 3):
        audit.record(connection, Entry(Instant(now - age * DAY), f"of {age}", "system"))
    assert audit.prune(connection, Instant(now - DAY), 10) == 2
    assert [row[0] for row in connection.raw.execute("SELECT action FROM audit ORDER BY id").fetchall()] == ["of 0", "of 1"]
    assert audit.prune(connection, Instant(now - DAY), 10) == 0
