"""Judging jobs: their four facts as the rules say now. In: a connection and jobs whose runs, settings, zone, silences or live status
changed, or whose moment has come; out: the facts and the moments that they follow from in the job's row, each change of a fact a row
with its reason. Judging twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import bindparam, case, insert, update

from duplistatus.clock import Instant
from duplistatus.evaluate.expectation import Expectation, Source, expect
from duplistatus.evaluate.job_setting import WatchSettings
from duplistatus.evaluate.outcome import outcome_of, slots_without_success
from duplistatus.evaluate.overdue import Activity, activity_now, due_at, overdue_from, schedule_now
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId
from duplistatus.store.schedules import KeptFacts, all_job_ids, kept_facts, with_older_runs
from duplistatus.store.silences import Silences
from duplistatus.store.statement import Statement
from duplistatus.store.tables import change, job
from duplistatus.store.telling import forget_reminders
from duplistatus.store.watching import watch_settings

_NOTE = Statement(insert(change).values({name: bindparam(name) for name in ("job_id", "fact", "from_value", "to_value", "at", "reason")}))
_SAVED = ("schedule", "outcome", "activity", "expected_at", "overdue_at", "due_at", "due_source", "schedule_slot", "setting_slot")
_SAVE = Statement(
    update(job)
    .where(job.c.id == bindparam("job_id"))
    .values(
        {name: bindparam(name + "_new") for name in _SAVED}
        | {"schedule_since": case((job.c.schedule != bindparam("schedule_new"), bindparam("now")), else_=job.c.schedule_since)}
    )
)
_SAVE_SILENCE = Statement(
    update(job)
    .where(job.c.id == bindparam("job_id"))
    .values({name: bindparam(name + "_new") for name in ("silence", "silence_at", "due_at")})
)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The facts of a job but for its silence, and the moments that they follow from. `due_at`: of these facts alone."""

    schedule: str
    outcome: str
    activity: str
    expected_at: Instant | None
    overdue_at: Instant | None
    due_at: Instant | None
    due_source: str | None
    schedule_slot: Instant | None
    setting_slot: Instant | None


def judge(connection: Connection, job_ids: Iterable[JobId], now: Instant, *, down_since: Instant | None = None) -> int:
    """Judges these jobs; the number of facts that changed. Jobs that are gone are passed over. `down_since`: nothing was judged since then,
    so that what changed is told together."""
    settings, silences = watch_settings(connection), Silences(connection, now)
    return sum(_judge(connection, job_id, settings, now, down_since, silences, asks=True) for job_id in job_ids)


def judge_all(connection: Connection, now: Instant) -> int:
    """Judges every job; the number of facts that changed."""
    return judge(connection, all_job_ids(connection), now)


def judge_reported(connection: Connection, job_id: JobId, now: Instant) -> int:
    """Judges a job of which a report came: its silence is looked up only where the report can have changed it."""
    return _judge(connection, job_id, watch_settings(connection), now, None, Silences(connection, now), asks=False)


def _judge(
    connection: Connection,
    job_id: JobId,
    settings: WatchSettings,
    now: Instant,
    down_since: Instant | None,
    silences: Silences,
    *,
    asks: bool,
) -> int:
    """`asks`: the silence may have become another, too."""
    kept = kept_facts(connection, job_id)
    if kept is None:
        return 0
    expectation = expect(with_older_runs(connection, job_id, kept.known))
    verdict = _verdict(kept, expectation, settings, now)
    due = _earliest(verdict.due_at, kept.silence_at)
    if any(getattr(verdict, name) != getattr(kept, name) for name in _SAVED if name != "due_at") or due != kept.due_at:
        values = {name + "_new": getattr(verdict, name) for name in _SAVED}
        connection.run(_SAVE, values | {"due_at_new": due, "job_id": job_id, "now": now})
    reason = {"down_since": down_since} if down_since is not None else {}
    if asks and verdict.schedule != kept.schedule:
        # Who was told of an earlier time knows nothing of this one; a report that ends it is told elsewhere.
        forget_reminders(connection, job_id)
    changed = _note_verdict(connection, kept, verdict, settings, now, reason)
    is_new = kept.run_count <= 1
    if asks or is_new or kept.silence != "none" or (kept.silence_at is not None and kept.silence_at <= now):
        changed += _judge_silence(connection, kept, verdict, now, silences, reason)
    return changed


def _verdict(kept: KeptFacts, expectation: Expectation | None, settings: WatchSettings, now: Instant) -> _Verdict:
    setting = kept.known.setting
    tolerance = setting.tolerance if setting.tolerance is not None else settings.tolerance
    source = expectation.source if expectation is not None else None
    expected = expectation.at if expectation is not None else None
    overdue = overdue_from(expected, tolerance) if expected is not None else None
    activity = activity_now(kept.activity, kept.stuck_at, now)
    running = activity == Activity.RUNNING
    return _Verdict(
        schedule=schedule_now(expected, overdue, now, watched=setting.watched, running=running),
        outcome=outcome_of(kept.recent, settings.failing_after),
        activity=activity,
        expected_at=expected,
        overdue_at=overdue,
        due_at=due_at(expected, overdue, now, watched=setting.watched, running=running, stuck_at=kept.stuck_at),
        due_source=expectation.source if expectation is not None else None,
        schedule_slot=expected if source is Source.SERVER else kept.schedule_slot,
        setting_slot=expected if source is Source.SETTING and setting.time_of_day is not None else kept.setting_slot,
    )


def _judge_silence(
    connection: Connection, kept: KeptFacts, verdict: _Verdict, now: Instant, silences: Silences, reason: dict[str, Any]
) -> int:
    """An acknowledgement holds for the facts of now, so they are saved before it is asked for."""
    silence, until = silences.of(kept.job_id)
    if (silence, until) == (kept.silence, kept.silence_at):
        return 0
    values = {"silence_new": silence, "silence_at_new": until, "due_at_new": _earliest(verdict.due_at, until)}
    connection.run(_SAVE_SILENCE, values | {"job_id": kept.job_id})
    if silence == kept.silence:
        return 0
    note_change(connection, kept.job_id, "silence", kept.silence, silence, now, {**reason, "until": until})
    return 1


def _note_verdict(
    connection: Connection, kept: KeptFacts, verdict: _Verdict, settings: WatchSettings, now: Instant, reason: dict[str, Any]
) -> int:
    changed = 0
    if verdict.schedule != kept.schedule:
        why = {"source": verdict.due_source, "expected_at": verdict.expected_at, "overdue_at": verdict.overdue_at}
        note_change(connection, kept.job_id, "schedule", kept.schedule, verdict.schedule, now, reason | why)
        changed += 1
    if verdict.outcome != kept.outcome:
        count = {"slots": slots_without_success(kept.recent), "failing_after": settings.failing_after}
        note_change(connection, kept.job_id, "outcome", kept.outcome, verdict.outcome, now, reason | count)
        changed += 1
    if verdict.activity != kept.activity:
        note_change(connection, kept.job_id, "activity", kept.activity, verdict.activity, now, reason | {"silent_since": kept.stuck_at})
        changed += 1
    return changed


def note_change(connection: Connection, job_id: JobId, fact: str, before: str, after: str, at: Instant, reason: dict[str, Any]) -> None:
    """Writes down that a fact changed, and why: `reason` holds the numbers of the rule, moments in milliseconds since 1970."""
    values = {"job_id": job_id, "fact": fact, "from_value": before, "to_value": after, "at": at}
    connection.run(_NOTE, values | {"reason": orjson.dumps(reason).decode()})


def _earliest(*moments: Instant | None) -> Instant | None:
    return min((moment for moment in moments if moment is not None), default=None)
