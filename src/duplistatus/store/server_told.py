"""What a server's own API told of its schedules and of the zone in which it counts. In: values that were read from its answers; out: the
columns of `job` and `server` that expectations are made of. The jobs concerned are judged anew."""

from __future__ import annotations

import orjson
from sqlalchemy import bindparam, update

from duplistatus.clock import Instant
from duplistatus.evaluate.expectation import ServerSchedule, Slot
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.judging import judge
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.zones import settle_zone

_SCHEDULE = ("proposed_run", "proposed_at", "server_schedule", "server_schedule_at", "schedule_slot")
_SAVE_SCHEDULE = Statement(
    update(job).where(job.c.id == bindparam("job_id")).values({name: bindparam(name + "_new") for name in _SCHEDULE})
)
_SAVE_ZONE = Statement(
    update(server).where(server.c.id == bindparam("server_id")).values(zone_told=bindparam("told"), host_zone=bindparam("host"))
)


def tell_schedule(connection: Connection, job_id: JobId, schedule: ServerSchedule | None, proposed: Slot | None, now: Instant) -> None:
    """Takes over a job's schedule and the next run that its server proposes; None where the server has none."""
    values = {
        "proposed_run_new": proposed.at if proposed is not None else None,
        "proposed_at_new": proposed.told_at if proposed is not None else None,
        "server_schedule_new": _as_text(schedule) if schedule is not None else None,
        "server_schedule_at_new": schedule.told_at if schedule is not None else None,
        # Slots count anew from the schedule's time.
        "schedule_slot_new": None,
    }
    connection.run(_SAVE_SCHEDULE, values | {"job_id": job_id})
    judge(connection, [job_id], now)


def tell_zone(connection: Connection, server_id: ServerId, zone_told: str | None, host_zone: str | None, now: Instant) -> None:
    """Takes over the server's setting `server-timezone` (empty: not set, None: unknown) and the zone of its host."""
    connection.run(_SAVE_ZONE, {"told": zone_told, "host": host_zone, "server_id": server_id})
    settle_zone(connection, server_id, now)


def _as_text(schedule: ServerSchedule) -> str:
    return orjson.dumps({"time": schedule.time, "repeat": schedule.interval.text, "days": sorted(schedule.days)}).decode()
