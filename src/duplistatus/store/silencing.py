"""What people do to hold messages back: snoozing, planning maintenance, acknowledging. In: a connection and what they ask for, checked;
out: the kept row. Each change judges the jobs that it concerns in the same transaction, so that the fact and its reason never part."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from duplistatus.clock import Instant
from duplistatus.store import snoozes, windows
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.judging import judge, judge_all
from duplistatus.store.silences import job_trouble
from duplistatus.store.snoozes import AcknowledgementRow, SnoozeRow
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job
from duplistatus.store.watch_tables import server_tag
from duplistatus.store.windows import Plan, WindowRow


class NoTrouble(Exception):
    """There is nothing about the job to acknowledge."""


_OF_SERVER = Statement(select(job.c.id).where(job.c.server_id == bindparam("server_id")).order_by(job.c.id))
_OF_TAG = Statement(
    select(job.c.id).join(server_tag, server_tag.c.server_id == job.c.server_id).where(server_tag.c.tag_id == bindparam("tag_id"))
)


def snooze_job(connection: Connection, job_id: JobId, until: Instant, comment: str, by: str, now: Instant) -> SnoozeRow:
    """Holds back the messages of a job that is there."""
    found = snoozes.add_snooze(connection, (job_id, None), until, comment, by, now)
    judge(connection, (job_id,), now)
    return _snooze(connection, found)


def snooze_server(connection: Connection, server_id: ServerId, until: Instant, comment: str, by: str, now: Instant) -> SnoozeRow:
    """Holds back the messages of all jobs of a server that is there."""
    found = snoozes.add_snooze(connection, (None, server_id), until, comment, by, now)
    judge(connection, jobs_of(connection, [server_id]), now)
    return _snooze(connection, found)


def wake(connection: Connection, snooze_id: int, now: Instant) -> SnoozeRow | None:
    """Ends a snooze; what it was, None where there is none."""
    row = snoozes.snooze_by_id(connection, snooze_id)
    if row is None:
        return None
    snoozes.drop_snooze(connection, snooze_id)
    judge(connection, (row.job_id,) if row.job_id is not None else jobs_of(connection, [row.server_id]), now)
    return row


def plan_window(connection: Connection, plan: Plan, by: str, now: Instant) -> WindowRow:
    """Keeps a new window of maintenance."""
    found = windows.add_window(connection, plan, by, now)
    _judge_plans(connection, (plan,), now)
    return _window(connection, found)


def replan_window(connection: Connection, row: WindowRow, plan: Plan, now: Instant) -> WindowRow:
    """Keeps another plan in place of that of a window."""
    windows.change_window(connection, row.id, plan)
    _judge_plans(connection, (row.plan, plan), now)
    return _window(connection, row.id)


def remove_window(connection: Connection, row: WindowRow, now: Instant) -> None:
    windows.drop_window(connection, row.id)
    _judge_plans(connection, (row.plan,), now)


def acknowledge(connection: Connection, job_id: JobId, comment: str, by: str, now: Instant) -> AcknowledgementRow:
    """Keeps that somebody knows what is wrong with a job now. Raises NoTrouble when nothing is."""
    judge(connection, (job_id,), now)
    trouble = job_trouble(connection, job_id)
    if not trouble:
        raise NoTrouble("Nothing is wrong with this job: it is not overdue, failing or stuck, and its last result is good")
    snoozes.add_acknowledgement(connection, job_id, trouble, comment, by, now)
    judge(connection, (job_id,), now)
    row = snoozes.acknowledgement_of(connection, job_id)
    assert row is not None  # noqa: S101 - it was inserted above, and its trouble is that of now
    return row


def withdraw(connection: Connection, job_id: JobId, now: Instant) -> bool:
    """Takes an acknowledgement back; False where there is none."""
    if not snoozes.drop_acknowledgement(connection, job_id):
        return False
    judge(connection, (job_id,), now)
    return True


def jobs_of(connection: Connection, server_ids: Iterable[ServerId]) -> list[JobId]:
    """The jobs of servers."""
    return [row[0] for server_id in server_ids for row in connection.rows(_OF_SERVER, {"server_id": server_id})]


def _judge_plans(connection: Connection, plans: Iterable[Plan], now: Instant) -> None:
    plans = tuple(plans)
    if any(plan.scope == "all" for plan in plans):
        judge_all(connection, now)
        return
    found = set(jobs_of(connection, {plan.server_id for plan in plans if plan.server_id is not None}))
    for tag_id in {plan.tag_id for plan in plans if plan.tag_id is not None}:
        found |= {row[0] for row in connection.rows(_OF_TAG, {"tag_id": tag_id})}
    judge(connection, sorted(found), now)


def _snooze(connection: Connection, snooze_id: int) -> SnoozeRow:
    row = snoozes.snooze_by_id(connection, snooze_id)
    assert row is not None  # noqa: S101 - it was inserted in this transaction
    return row


def _window(connection: Connection, window_id: int) -> WindowRow:
    row = windows.window_by_id(connection, window_id)
    assert row is not None  # noqa: S101 - it was written in this transaction
    return row
