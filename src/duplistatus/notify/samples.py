"""What a template is tried with. In: a template's name and the database as it is; out: a delivery of the newest thing of that kind that is
in it, or, where there is none yet, of an invented one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from duplistatus.clock import DAY, HOUR, MINUTE, TICKS, Instant
from duplistatus.evaluate.notice import Event, event_of
from duplistatus.evaluate.summary_setting import Period, stretch_of
from duplistatus.evaluate.template import Name
from duplistatus.store.database import Connection
from duplistatus.store.outbox import Delivery, new_uid
from duplistatus.store.runs import newest_runs
from duplistatus.store.subjects import details_of, newest_job, newest_overdue, subject_of

_NAMES: Mapping[str, str] = {
    "server_key": "",
    "server_name": "office-pc",
    "server_alias": "",
    "server_note": "",
    "server_url": "http://office-pc.example:8200",
    "job_name": "Documents",
}
_RUN: Mapping[str, Any] = {
    "status": "Success",
    "duration_ticks": 754 * TICKS,
    "warnings": 0,
    "errors": 0,
    "messages": 14,
    "uploaded": 48_300_000,
    "files": 12_480,
    "source_size": 61_900_000_000,
    "stored_size": 74_200_000_000,
    "versions": 9,
    "reason": "",
}
_TROUBLE: Mapping[str, Any] = {
    "status": "Warning",
    "warnings": 2,
    "log_warnings": ("The file “budget.ods” is in use by another program", "The folder “Scans” cannot be read: access denied"),
}
_EVENTS: Mapping[Name, Event] = {
    Name.SUCCESS: Event.SUCCESS,
    Name.OVERDUE: Event.OVERDUE,
    Name.BACK: Event.BACK,
    Name.DAILY: Event.DAILY,
    Name.WEEKLY: Event.WEEKLY,
    Name.MONTHLY: Event.MONTHLY,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """`is_real`: it is in the database."""

    delivery: Delivery
    is_real: bool


def sample_of(connection: Connection, name: Name, zone: str, now: Instant) -> Sample:
    """What the template of that name is shown with. `zone`: for the days of a summary."""
    match name:
        case Name.SUCCESS | Name.WARNING:
            return _run(connection, now, successful=name is Name.SUCCESS)
        case Name.OVERDUE:
            return _overdue(connection, now)
        case Name.BACK:
            return _back(connection, now)
        case _:
            return Sample(_delivery(_EVENTS[name], _period(_EVENTS[name], zone, now), now), is_real=True)


def _run(connection: Connection, now: Instant, *, successful: bool) -> Sample:
    job_id = newest_job(connection, successful=successful)
    rows = newest_runs(connection, job_id, 1) if job_id is not None else []
    if not rows:
        invented = {**_RUN, "begun_at": now - 20 * MINUTE, "names": _NAMES, **({} if successful else _TROUBLE)}
        return Sample(_delivery(event_of(str(invented["status"])), invented, now), is_real=False)
    row = rows[0]
    subject = subject_of(connection, job_id)
    server_id = subject.server_id if subject else None
    return Sample(_delivery(event_of(row.status), details_of(row), now, job_id, server_id, row.id), is_real=True)


def _overdue(connection: Connection, now: Instant) -> Sample:
    found = newest_overdue(connection)
    if found is None:
        expected = Instant(now - 26 * HOUR)
        details = {"expected_at": expected, "overdue_at": expected + 2 * HOUR, "last_begun_at": expected - DAY, "interval": DAY}
        return Sample(_delivery(Event.OVERDUE, {**details, "names": _NAMES}, now), is_real=False)
    details = asdict(found)
    job_id = details.pop("job_id")
    subject = subject_of(connection, job_id)
    return Sample(_delivery(Event.OVERDUE, details, now, job_id, subject.server_id if subject else None), is_real=True)


def _back(connection: Connection, now: Instant) -> Sample:
    """Of the newest run that succeeded, as if its job had been overdue for two days: which jobs were is not kept."""
    found = _run(connection, now, successful=True)
    details = {**found.delivery.details, "overdue_since": now - 2 * DAY}
    delivery = found.delivery
    sample = _delivery(Event.BACK, details, now, delivery.job_id, delivery.server_id, delivery.run_id)
    return Sample(sample, found.is_real)


def _period(event: Event, zone: str, now: Instant) -> dict[str, Any]:
    if event is Event.DAILY:
        return {"since": now - DAY, "until": now, "zone": zone}
    stretch = stretch_of(Period(event.value), zone, now)
    return {
        "days": [stretch.days.first, stretch.days.last],
        "before": [stretch.before.first, stretch.before.last],
        "zone": zone,
    }


def _delivery(
    event: Event,
    details: Mapping[str, Any],
    now: Instant,
    job_id: int | None = None,
    server_id: int | None = None,
    run_id: int | None = None,
) -> Delivery:
    return Delivery(0, new_uid(), 0, "", 0, now, 0, event, job_id, server_id, run_id, now, details)
