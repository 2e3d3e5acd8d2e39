"""The schedules and the zone of a server, as its API tells them. In: what it said, and which of its jobs are which here; out: the rows of
its list of jobs, and the columns that expectations are made of, stored a few jobs at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from duplistatus.clock import Instant
from duplistatus.evaluate.expectation import ServerSchedule, Slot
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.ingest.duplicati.parts import Parts
from duplistatus.ingest.duplicati.said import Said
from duplistatus.report.log_row import origin_of
from duplistatus.report.server_answers import ApiJob
from duplistatus.store.api_jobs import list_jobs
from duplistatus.store.asked_servers import zones_told
from duplistatus.store.collected import job_of
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.server_told import tell_schedule, tell_zone

_AT_ONCE = 10


async def keep_schedules(parts: Parts, said: Said, server_id: ServerId, jobs: Mapping[str, JobId | None]) -> int:
    """Takes over what the server said. `jobs`: by id in the API, those whose logs were read. How many schedules were taken over."""
    placed = await parts.write(lambda connection: _list(connection, said, server_id, jobs))
    known = [(job, job_id) for job in said.jobs if (job_id := placed[job.id]) is not None]
    for start in range(0, len(known), _AT_ONCE):
        await parts.write(partial(_tell, said=said, jobs=known[start : start + _AT_ONCE]))
    return sum(job.schedule is not None for job, _ in known)


def _list(connection: Connection, said: Said, server_id: ServerId, jobs: Mapping[str, JobId | None]) -> dict[str, JobId | None]:
    placed = {}
    for job in said.jobs:
        known = jobs.get(job.id)
        placed[job.id] = known if known is not None else job_of(connection, server_id, origin_of(job, "", ""))
    list_jobs(connection, server_id, {job.id: (job.name, placed[job.id]) for job in said.jobs})
    if said.knows_settings and zones_told(connection, server_id) != (said.identity.zone, said.identity.host_zone):
        tell_zone(connection, server_id, said.identity.zone, said.identity.host_zone, said.at)
    return placed


def _tell(connection: Connection, *, said: Said, jobs: Sequence[tuple[ApiJob, JobId]]) -> None:
    for job, job_id in jobs:
        proposed = said.state.proposed.get(job.id) if said.state is not None else None
        slot = Slot(proposed, said.at) if proposed is not None and job.schedule is not None else None
        tell_schedule(connection, job_id, schedule_of(job, said.at), slot, said.at)


def schedule_of(job: ApiJob, asked_at: Instant) -> ServerSchedule | None:
    """A job's schedule; None for one that is started by hand, and for one that Duplicati would not take either."""
    schedule = job.schedule
    if schedule is None or schedule.time is None:
        return None
    try:
        interval = read_interval(schedule.repeat)
    except ValueError:
        return None
    return ServerSchedule(schedule.time, interval, schedule.days or ALL_DAYS, asked_at)
