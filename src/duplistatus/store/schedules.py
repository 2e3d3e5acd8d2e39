"""What is known of a job's schedule, read for the rules. In: a connection and a job; out: the `Knowledge` that an expectation is made of,
at present or as it was at an earlier moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from sqlalchemy import bindparam, func, select

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.expectation import Begin, Knowledge, SchedulerZone, ServerSchedule, Slot, told_of
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.job_setting import NOT_SET
from duplistatus.evaluate.job_summary import RECENT, leaves_a_backup
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, run, server
from duplistatus.store.watch_tables import job_setting
from duplistatus.store.watching import SETTING_COLUMNS, setting_of_row

_WEEK = 7 * DAY
_RECENT_FIELDS = 4
OLDER_RULE = "version"
"""The `zone_source` of a server whose Duplicati is older than 2.1.2."""

_SCHEDULE = (
    job.c.recent,
    job.c.next_run,
    job.c.next_run_at,
    job.c.proposed_run,
    job.c.proposed_at,
    job.c.server_schedule,
    job.c.server_schedule_at,
    job.c.schedule_slot,
    job.c.setting_slot,
    job.c.last_ended_at,
    server.c.zone,
    server.c.zone_source,
    *SETTING_COLUMNS,
)
_SETTING_AT = len(_SCHEDULE) - len(SETTING_COLUMNS)
_FACTS = (
    "id",
    "run_count",
    "schedule",
    "outcome",
    "activity",
    "silence",
    "expected_at",
    "overdue_at",
    "stuck_at",
    "silence_at",
    "due_at",
    "due_source",
    "schedule_slot",
    "setting_slot",
)
_ROWS = (
    select(*(job.c[name] for name in _FACTS), *_SCHEDULE)
    .join(server, server.c.id == job.c.server_id)
    .outerjoin(job_setting, job_setting.c.job_id == job.c.id)
)
_ONE = Statement(_ROWS.where(job.c.id == bindparam("job_id")))
_ALL_IDS = Statement(select(job.c.id).order_by(job.c.id))

_BEFORE = Statement(
    select(run.c.begun_at, run.c.status, run.c.partial, run.c.sends_next_run, run.c.next_run, run.c.ended_at)
    .where(run.c.job_id == bindparam("job_id"), run.c.begun_at <= bindparam("at"))
    .order_by(run.c.begun_at.desc())
    .limit(RECENT + 1)
)
_MOST_OLDER = 500
_OLDER = Statement(
    select(run.c.begun_at, run.c.sends_next_run, run.c.next_run)
    .where(run.c.job_id == bindparam("job_id"), run.c.begun_at >= bindparam("since"), run.c.begun_at <= bindparam("until"))
    .order_by(run.c.begun_at.desc())
    .limit(_MOST_OLDER)
)
_ANNOUNCED_BEFORE = Statement(
    select(run.c.next_run, run.c.begun_at, run.c.ended_at)
    .where(
        run.c.job_id == bindparam("job_id"),
        run.c.begun_at <= bindparam("at"),
        func.coalesce(run.c.ended_at, run.c.begun_at) <= bindparam("at"),
        run.c.next_run.is_not(None),
    )
    .order_by(run.c.begun_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """The facts of a job as its row has them, with the moments that they follow from. `recent`: (begin, status, good, told) of the newest
    runs, oldest first."""

    job_id: JobId
    run_count: int
    schedule: str
    outcome: str
    activity: str
    silence: str
    expected_at: Instant | None
    overdue_at: Instant | None
    stuck_at: Instant | None
    silence_at: Instant | None
    due_at: Instant | None
    due_source: str | None
    schedule_slot: Instant | None
    setting_slot: Instant | None
    recent: tuple[tuple[int, str, int, int], ...]
    known: Knowledge


def kept_facts(connection: Connection, job_id: JobId) -> KeptFacts | None:
    """A job's facts and what is known of its schedule."""
    row = connection.row(_ONE, {"job_id": job_id})
    if row is None:
        return None
    recent = read_recent(row[len(_FACTS)])
    return KeptFacts(*(*row[: len(_FACTS)], recent, _knowledge(row[len(_FACTS) :], recent)))


def all_job_ids(connection: Connection) -> list[JobId]:
    """Every job."""
    return [row[0] for row in connection.rows(_ALL_IDS)]


def read_recent(text: str) -> tuple[tuple[int, str, int, int], ...]:
    """The newest runs of `job.recent`. Rows of earlier releases do not say what a run told of the next one."""
    rows = orjson.loads(text)
    if rows and len(rows[0]) == _RECENT_FIELDS:
        return tuple(map(tuple, rows))
    return tuple((at, status, good, told[0] if told else 0) for at, status, good, *told in rows)


def knowledge_at(connection: Connection, job_id: JobId, at: Instant) -> tuple[Knowledge, tuple[tuple[int, str, int, int], ...]]:
    """What was known at an earlier moment: by the runs that had ended by then, with the settings, the zone and what the server says as they
    are now (what was told later is left out). Also the runs, as `read_recent`. Raises KeyError."""
    kept = kept_facts(connection, job_id)
    if kept is None:
        raise KeyError(job_id)
    recent: list[tuple[int, str, int, int]] = []
    ended: Instant | None = None
    for begun_at, status, partial, sends, next_run, ended_at in connection.rows(_BEFORE, {"job_id": job_id, "at": at}):
        if ended_at is None or ended_at <= at:
            ended = ended_at if not recent else ended
            recent.append((begun_at, status, int(leaves_a_backup(status, bool(partial))), int(told_of(sends, next_run))))
    recent = recent[:RECENT][::-1]
    slot = connection.row(_ANNOUNCED_BEFORE, {"job_id": job_id, "at": at})
    announced = Slot(slot[0], Instant(max(slot[1], slot[2] or 0))) if slot else None
    now = kept.known
    known = Knowledge(
        runs=tuple(Begin(Instant(run[0]), run[3]) for run in recent),
        busy_until=ended,
        announced=announced,
        proposed=now.proposed if now.proposed is not None and now.proposed.told_at <= at else None,
        # Slots are counted anew from what was told: those kept are of the present.
        schedule=replace(now.schedule, slot=None) if now.schedule is not None and now.schedule.told_at <= at else None,
        setting=now.setting,
        zone=now.zone,
    )
    return with_older_runs(connection, job_id, known), tuple(recent)


def with_older_runs(connection: Connection, job_id: JobId, known: Knowledge) -> Knowledge:
    """The same with the runs of two weeks, at most five hundred, where those that the job's row keeps span less than one and nothing but
    their rhythm tells of a schedule: jobs of hours show their weekdays only then."""
    runs = known.runs
    if len(runs) < RECENT or runs[-1].at - runs[0].at >= _WEEK or known.announced or known.proposed or known.schedule:
        return known
    if known.setting.interval is not None:
        return known
    rows = connection.rows(_OLDER, {"job_id": job_id, "since": runs[-1].at - 2 * _WEEK, "until": runs[-1].at})
    return replace(known, runs=tuple(Begin(at, told_of(sends, next_run)) for at, sends, next_run in reversed(rows)))


def _knowledge(row: Row, recent: tuple[tuple[int, str, int, int], ...]) -> Knowledge:
    """From the columns of `_SCHEDULE`."""
    _, next_run, told_at, proposed, proposed_at, schedule, schedule_at, slot, setting_slot, ended_at, zone, zone_source = row[:_SETTING_AT]
    setting = row[_SETTING_AT:]
    return Knowledge(
        runs=tuple([Begin(Instant(at), told) for at, _, _, told in recent]),
        busy_until=ended_at,
        announced=Slot(next_run, told_at) if next_run is not None and told_at is not None else None,
        proposed=Slot(proposed, proposed_at) if proposed is not None and proposed_at is not None else None,
        schedule=_schedule(orjson.loads(schedule), schedule_at, slot) if schedule is not None else None,
        # Without a row of its own all of these columns are null.
        setting=setting_of_row(setting) if setting[0] is not None else NOT_SET,
        setting_slot=setting_slot,
        zone=SchedulerZone(_zone(zone), older_rule=zone_source == OLDER_RULE),
    )


def _schedule(stored: dict[str, Any], told_at: Instant, slot: Instant | None) -> ServerSchedule | None:
    try:
        return ServerSchedule(stored["time"], read_interval(stored["repeat"]), frozenset(stored["days"]), told_at, slot)
    except ValueError:
        # What cannot be counted with says nothing; the other sources do.
        return None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
