"""The facts of a summary. In: a connection, the days or moments that it is about; out: frozen facts. Weeks and months are read from the day
rollups and the changes of each job, through their indexes; of the history of runs only the last hours are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import BigInteger, ScalarSelect, and_, bindparam, case, cast, func, or_, select
from sqlalchemy.sql import ColumnElement

from duplistatus.clock import Instant, utc_day
from duplistatus.evaluate import summary
from duplistatus.evaluate.fleet_view import job_view
from duplistatus.evaluate.overdue import Schedule
from duplistatus.evaluate.summary import (
    Bucket,
    Change,
    Changes,
    DailyFacts,
    DayBar,
    Failed,
    JobFact,
    Overdue,
    PeriodFacts,
    Present,
    Totals,
    bucket_of,
    present_of,
    ranked,
    span_of,
)
from duplistatus.evaluate.summary_setting import Days, Stretch
from duplistatus.report.report import Status
from duplistatus.store.chart_rows import FLEET
from duplistatus.store.daily_sizes import stored_by_day
from duplistatus.store.database import Connection
from duplistatus.store.fleet_states import JobState
from duplistatus.store.statement import Statement
from duplistatus.store.tables import change, day, fleet_day, job, run, server
from duplistatus.store.watching import notify_settings

MOST_FAILED = 5_000
"""Runs without success that a daily summary looks at."""
LEADERS = 5
"""Jobs in a list of those with the most of something."""

_BESIDES = (job.c.silence, job.c.schedule_since, server.c.key, server.c.alias, server.c.name)
_JOBS = Statement(select(*(job.c[name] for name in JobState._fields), *_BESIDES).join(server, server.c.id == job.c.server_id))
_WITHIN = run.c.begun_at.between(bindparam("since"), bindparam("until")) & run.c.job_id.is_not(None)


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    """PostgreSQL's sums of integers are decimals."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


_RUNS = Statement(select(run.c.status, func.count(), _sum(run.c.bytes_uploaded)).where(_WITHIN).group_by(run.c.status))
_FAILED = Statement(
    select(run.c.job_id, run.c.uid, run.c.status, run.c.begun_at, run.c.warnings_count, run.c.errors_count, run.c.reason)
    .where(_WITHIN, run.c.status != Status.SUCCESS)
    .order_by(run.c.begun_at.desc())
    .limit(MOST_FAILED)
)
_FLEET_DAYS = Statement(
    select(fleet_day.c.date, fleet_day.c.runs, fleet_day.c.failures, fleet_day.c.uploaded).where(
        fleet_day.c.date.between(bindparam("first"), bindparam("last"))
    )
)
_NEWER = day.c.date >= bindparam("middle")
# From each job to its days, so that they are found by the primary key and older ones are not read.
_OF_JOBS = Statement(
    select(
        job.c.id,
        _sum(case((_NEWER, day.c.runs), else_=0)),
        _sum(case((_NEWER, 0), else_=day.c.runs)),
        _sum(case((_NEWER, day.c.failures), else_=0)),
        _sum(case((_NEWER, day.c.uploaded), else_=0)),
    )
    .join_from(job, day, day.c.job_id == job.c.id)
    .where(day.c.date.between(bindparam("first"), bindparam("last")))
    .group_by(job.c.id)
)


def _stored_at(name: str) -> ScalarSelect[int]:
    """The last size that a job reported up to a day."""
    days = day.alias(f"until_{name}")
    return (
        select(days.c.stored_size)
        .where(days.c.job_id == job.c.id, days.c.date <= bindparam(name), days.c.stored_size_at.is_not(None))
        .order_by(days.c.date.desc())
        .limit(1)
        .scalar_subquery()
    )


_STORED = Statement(select(job.c.id, *(func.coalesce(_stored_at(name), 0) for name in ("early", "middle", "late"))))
_CHANGES = Statement(
    select(change.c.job_id, change.c.fact, change.c.from_value, change.c.to_value, change.c.at)
    .join_from(job, change, change.c.job_id == job.c.id)
    .where(
        change.c.at >= bindparam("start"),
        change.c.at < bindparam("end"),
        or_(
            change.c.fact == "outcome",
            and_(change.c.fact == "schedule", or_(change.c.from_value == "overdue", change.c.to_value == "overdue")),
        ),
    )
    .order_by(change.c.at, change.c.id)
)


def daily_facts(connection: Connection, since: Instant, until: Instant, now: Instant) -> DailyFacts:
    """The facts of a daily summary: how every job stands `now`, and what the runs that began from `since` to `until` did."""
    present, _ = _present(connection, now)
    jobs = {each.id: each for each in present.jobs}
    within = {"since": since, "until": until}
    runs: dict[Bucket, int] = {}
    uploaded = 0
    for status, count, size in connection.rows(_RUNS, within):
        runs[bucket_of(status)] = runs.get(bucket_of(status), 0) + count
        uploaded += size
    failed: dict[int, Failed] = {}
    for job_id, uid, status, begun_at, warnings, errors, reason in connection.rows(_FAILED, within):
        if job_id not in jobs:
            continue
        newest = failed.get(job_id)
        failed[job_id] = (
            Failed(jobs[job_id], uid, status, begun_at, warnings, errors, reason) if newest is None else newest.and_one_before()
        )
    return DailyFacts(present, since, until, runs, uploaded, tuple(failed.values()))


def period_facts(connection: Connection, stretch: Stretch, now: Instant) -> PeriodFacts:
    """The facts of a weekly or monthly summary."""
    present, overdue_since = _present(connection, now)
    jobs = {each.id: each for each in present.jobs}
    sums = {row[0]: row[1:] for row in connection.rows(_OF_JOBS, _range(stretch) | {"middle": stretch.days.first})}
    days = {"early": stretch.before.first - 1, "middle": stretch.days.first - 1, "late": stretch.days.last}
    stored = {row[0]: row[1:] for row in connection.rows(_STORED, days)}
    bars = _bars(connection, stretch, now)
    early, middle, late = (sum(row[index] for row in stored.values()) for index in range(3))
    # A job of which nothing was known before has not grown: it has come.
    growths = {job_id: row[2] - row[1] for job_id, row in stored.items() if row[1]}
    return PeriodFacts(
        present,
        stretch,
        _totals(bars, stretch.days, late, late - middle),
        _totals(bars, stretch.before, middle, middle - early),
        _changes(connection, stretch, jobs, {job_id: row[:2] for job_id, row in sums.items()}, overdue_since),
        ranked({job_id: row[3] for job_id, row in sums.items()}, jobs, LEADERS),
        ranked(growths, jobs, LEADERS),
        ranked({job_id: row[2] for job_id, row in sums.items()}, jobs, LEADERS),
        tuple(bar for bar in bars.values() if bar.date >= stretch.days.first),
    )


def _present(connection: Connection, now: Instant) -> tuple[Present, dict[int, Instant]]:
    """How every job stands, and since when those are overdue that are."""
    off = {job_id for job_id, notify in notify_settings(connection).items() if notify.event == "off"}
    facts: list[JobFact] = []
    since: dict[int, Instant] = {}
    for row in connection.rows(_JOBS):
        state = JobState._make(row[: -len(_BESIDES)])
        silence, schedule_since, key, alias, name = row[-len(_BESIDES) :]
        view = job_view(state, now)
        is_overdue = view.schedule == Schedule.OVERDUE
        if is_overdue:
            since[state.id] = schedule_since if state.schedule == Schedule.OVERDUE and schedule_since is not None else now
        facts.append(
            JobFact(
                state.id,
                key,
                alias or name,
                state.name,
                view.state,
                state.last_uid,
                state.last_status,
                state.last_begun_at,
                state.last_duration_ms,
                state.last_warnings,
                state.last_errors,
                state.last_reason,
                state.last_uploaded,
                state.files,
                state.source_size,
                state.stored_size,
                state.versions_count,
                is_overdue,
                state.expected_at,
                state.created_at,
                view.schedule != Schedule.OFF,
                silence if silence != "none" else "off" if state.id in off else "",
            )
        )
    return present_of(facts, now), since


def _range(stretch: Stretch) -> dict[str, int]:
    return {"first": stretch.before.first, "last": stretch.days.last}


def _bars(connection: Connection, stretch: Stretch, now: Instant) -> dict[int, DayBar]:
    """A bar for each day, also those without a run; what was stored is known of the newer days alone."""
    done = {row[0]: DayBar(*row) for row in connection.rows(_FLEET_DAYS, _range(stretch))}
    stored = stored_by_day(connection, FLEET, stretch.days.first, max(stretch.days.last, utc_day(now)))
    dates = range(stretch.before.first, stretch.days.last + 1)
    levels = {stretch.days.first + index: level for index, level in enumerate(stored)}
    return {date: replace(done.get(date, DayBar(date)), stored=levels.get(date, 0)) for date in dates}


def _totals(bars: Mapping[int, DayBar], days: Days, stored: int, growth: int) -> Totals:
    chosen = [bars[date] for date in range(days.first, days.last + 1)]
    runs, failures, uploaded = (sum(getattr(bar, name) for bar in chosen) for name in ("runs", "failures", "uploaded"))
    return Totals(runs, failures, uploaded, stored, growth)


def _changes(
    connection: Connection,
    stretch: Stretch,
    jobs: Mapping[int, JobFact],
    runs: Mapping[int, tuple[int, int]],
    overdue_since: Mapping[int, Instant],
) -> Changes:
    """`runs`: how many each job had within the days, and before."""
    start, end = span_of(stretch.days)
    rows = [Change(*row) for row in connection.rows(_CHANGES, {"start": start, "end": end})]
    failing, recovered = summary.outcomes(rows)
    times = summary.overdue_times(rows, overdue_since, start, end)
    # In the order of the jobs: the worst first.
    told = jobs.values()
    late = [Overdue(jobs[job_id], *found) for job_id, found in times.items() if job_id in jobs and found[0] > 0]
    return Changes(
        new=tuple(each for each in told if each.created_at is not None and start <= each.created_at < end),
        quiet=tuple(each for each in told if each.watched and each.id in runs and not runs[each.id][0]),
        failing=tuple(each for each in told if each.id in failing),
        recovered=tuple(each for each in told if each.id in recovered),
        overdue=tuple(sorted(late, key=lambda each: (-each.milliseconds, each.job.id))),
    )
