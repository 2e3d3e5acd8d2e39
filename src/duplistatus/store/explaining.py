"""What an explanation is made of, read for one job. In: a connection, a job and a moment; out: the `Explanation` of that moment, by what
was known then. Runs, announcements and proposals are those of the moment; settings, zone and tolerance are those of now."""

from __future__ import annotations

from duplistatus.clock import Instant
from duplistatus.evaluate.explanation import Explanation, explain
from duplistatus.evaluate.overdue import Activity, activity_now
from duplistatus.store.database import Connection
from duplistatus.store.fleet import JobRow
from duplistatus.store.schedules import kept_facts, knowledge_at, with_older_runs
from duplistatus.store.watching import watch_settings
from duplistatus.store.zones import zone_of


def explain_job(connection: Connection, job: JobRow, at: Instant, now: Instant) -> Explanation:
    """The verdict on a job at `at`, in the past by what had been reported then, from `now` on by what is known now. Raises KeyError for a
    job that is gone."""
    kept = kept_facts(connection, job.id)
    if kept is None:
        raise KeyError(job.id)
    settings, zone = watch_settings(connection), zone_of(connection, job.server_id)
    if at < now:
        known, recent = knowledge_at(connection, job.id, at)
        activity, stuck_at = Activity.IDLE.value, None
    else:
        known, recent = with_older_runs(connection, job.id, kept.known), kept.recent
        activity, stuck_at = activity_now(kept.activity, kept.stuck_at, at), kept.stuck_at
    return explain(known, recent, settings, zone, at, activity=activity, stuck_at=stuck_at)
