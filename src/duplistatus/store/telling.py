"""Writing down what is to be told, in the transaction of its cause. In: a connection and what happened: a run, a job that became overdue,
one that reports again; out: a notice, and a row in the outbox for each place that routing names. The same cause is told once, whoever
records it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.job_summary import RunFacts
from duplistatus.evaluate.notice import Cause, Event, event_of
from duplistatus.evaluate.notify_setting import Additional, NotifySetting
from duplistatus.evaluate.reminders import MANY, is_due
from duplistatus.evaluate.routing import Outlet, Route, routes_of
from duplistatus.store.account_tables import setting
from duplistatus.store.channels import outlets
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.outbox import add_deliveries
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.tasks import reminders_reset_at
from duplistatus.store.tell_tables import notice, reminder
from duplistatus.store.watch_tables import job_setting, server_tag
from duplistatus.store.watching import read_additional, read_notify, watch_settings

_PLACE = (
    select(
        job.c.id,
        job.c.server_id,
        job.c.silence,
        job_setting.c.notify,
        server.c.notify,
        job.c.last_begun_at,
        job.c.last_status,
        job.c.expected_at,
        job.c.overdue_at,
        job.c.due_source,
        job.c.schedule_since,
        job.c.schedule,
    )
    .join(server, server.c.id == job.c.server_id)
    .outerjoin(job_setting, job_setting.c.job_id == job.c.id)
)
_JOB = Statement(_PLACE.where(job.c.id == bindparam("job_id")))
_OVERDUE = Statement(_PLACE.where(job.c.schedule == "overdue", job.c.silence == "none").order_by(job.c.overdue_at, job.c.id))
_TAGS = Statement(select(server_tag.c.tag_id).where(server_tag.c.server_id == bindparam("server_id")))
_KNOWN = Statement(select(notice.c.id).where(notice.c.key == bindparam("key")))
_ADD = Statement(
    insert(notice).values({name: bindparam(name) for name in ("key", "event", "job_id", "server_id", "run_id", "at", "details")})
)
_TOLD = Statement(
    select(reminder.c.channel_id, reminder.c.destination, reminder.c.told_at, reminder.c.overdue_at).where(
        reminder.c.job_id == bindparam("job_id")
    )
)
_ALL_TOLD = Statement(select(reminder.c.job_id, reminder.c.channel_id, reminder.c.destination, reminder.c.told_at))
_TELL = Statement(
    update(reminder)
    .where(reminder.c.job_id == bindparam("of"), reminder.c.channel_id == bindparam("to"), reminder.c.destination == bindparam("place"))
    .values(told_at=bindparam("now"), times=reminder.c.times + 1)
)
_TELL_FIRST = Statement(
    insert(reminder).values(
        job_id=bindparam("of"),
        channel_id=bindparam("to"),
        destination=bindparam("place"),
        told_at=bindparam("now"),
        times=1,
        overdue_at=bindparam("since"),
    )
)
_FORGET = Statement(delete(reminder).where(reminder.c.job_id == bindparam("job_id")))
_SUMMARY_ON = Statement(select(setting.c.value).where(setting.c.key == "summary_daily"))


@dataclass(frozen=True, slots=True)
class _Job:
    """What decides who is told of a job, and what its overdue messages say."""

    id: JobId
    server_id: ServerId
    silence: str
    notify: NotifySetting
    of_server: Additional
    last_begun_at: Instant | None
    last_status: str | None
    expected_at: Instant | None
    overdue_at: Instant | None
    due_source: str | None
    schedule_since: Instant | None
    schedule: str


class _Telling:
    """The channels in use and what else holds for all jobs, read once in a transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.outlets: list[Outlet] = outlets(connection)
        self._tagged = any(outlet.filter.tags for outlet in self.outlets)
        self._tags: dict[ServerId, frozenset[int]] = {}
        self._summary_instead: bool | None = None

    def routes(self, found: _Job, event: Event, *, errors: int = 0) -> list[Route]:
        cause = Cause(event, found.id, found.server_id, self._tags_of(found.server_id), errors)
        if self._summary_instead is None:
            self._summary_instead = daily_summary_is_on(self.connection)
        return routes_of(cause, found.notify, found.of_server, self.outlets, summary_instead=self._summary_instead)

    def _tags_of(self, server_id: ServerId) -> frozenset[int]:
        """The tags of a server, read only where a channel asks for any."""
        if self._tagged and server_id not in self._tags:
            self._tags[server_id] = frozenset(row[0] for row in self.connection.rows(_TAGS, {"server_id": server_id}))
        return self._tags.get(server_id, frozenset())


def daily_summary_is_on(connection: Connection) -> bool:
    """Whether the daily summary is sent, so that single mails to the default recipient pause."""
    text = connection.value(_SUMMARY_ON)
    if text is None:
        return False
    try:
        read = json.loads(text)
    except ValueError:
        return False
    return isinstance(read, dict) and bool(read.get("enabled"))


def tell_run(connection: Connection, job_id: JobId, run: RunFacts, now: Instant) -> None:
    """Tells of a run that was stored, unless nobody wants to know. A run of which a second document says something else is told again."""
    telling = _Telling(connection)
    if not telling.outlets:
        return
    found = _job(connection, job_id)
    event = event_of(run.status)
    routes = telling.routes(found, event, errors=run.errors)
    if not routes:
        return
    details = {
        "status": run.status,
        "begun_at": run.begun_at,
        "ended_at": run.ended_at,
        "duration_ticks": run.duration_ticks,
        "warnings": run.warnings,
        "errors": run.errors,
        "messages": run.messages,
        "uploaded": run.uploaded,
        "files": run.files,
        "source_size": run.source_size,
        "stored_size": run.stored_size,
        "versions": run.versions_count,
        "reason": run.reason,
    }
    notice_id = add_notice(
        connection, f"run:{run.uid}:{event}", event, details, now, job_id=job_id, server_id=found.server_id, run_id=run.run_id
    )
    if notice_id is not None:
        add_deliveries(connection, notice_id, _places(routes), now, held=_held(found))


def tell_back(connection: Connection, job_id: JobId, run: RunFacts, now: Instant) -> None:
    """Tells those who were told that a job is overdue that it reports again, where it does not stay overdue."""
    told = connection.rows(_TOLD, {"job_id": job_id})
    if not told:
        return
    found = _job(connection, job_id)
    if found.schedule == "overdue":
        return
    telling = _Telling(connection)
    usable = {outlet.id for outlet in telling.outlets}
    wanted = {route.channel_id for route in telling.routes(found, Event.BACK)}
    places = [(channel_id, destination) for channel_id, destination, *_ in told if channel_id in usable & wanted]
    forget_reminders(connection, job_id)
    if not places:
        return
    since = min((row[3] for row in told if row[3] is not None), default=None)
    details = {"overdue_since": since, "status": run.status, "begun_at": run.begun_at}
    key = f"back:{job_id}:{run.uid}"
    notice_id = add_notice(connection, key, Event.BACK, details, now, job_id=job_id, server_id=found.server_id, run_id=run.run_id)
    if notice_id is not None:
        add_deliveries(connection, notice_id, places, now, held=_held(found))


def forget_reminders(connection: Connection, job_id: JobId) -> None:
    """The job is not overdue any more: whoever was told of it knows nothing now."""
    connection.run(_FORGET, {"job_id": job_id})


def tell_overdue(connection: Connection, now: Instant, *, only: Iterable[JobId] | None = None, down_since: Instant | None = None) -> int:
    """Tells of the jobs that are overdue, wherever that is due: at once where it was not told yet, else as often as is set. How many
    messages were written. `only`: of these jobs alone; `down_since`: nobody looked since then, so that each place gets one message."""
    telling = _Telling(connection)
    if not telling.outlets:
        return 0
    wanted = None if only is None else set(only)
    overdue = [_job_of(row) for row in connection.rows(_OVERDUE) if wanted is None or row[0] in wanted]
    told = {(job_id, Route(channel_id, place)): at for job_id, channel_id, place, at in connection.rows(_ALL_TOLD)} if overdue else {}
    frequency, reset_at = watch_settings(connection).frequency, reminders_reset_at(connection)
    by_place: dict[Route, list[_Job]] = {}
    for found in overdue:
        for route in telling.routes(found, Event.OVERDUE):
            if is_due(told.get((found.id, route)), frequency, reset_at, now):
                by_place.setdefault(route, []).append(found)
    together = {route: jobs for route, jobs in by_place.items() if len(jobs) > (1 if down_since is not None else MANY)}
    one_by_one: dict[JobId, tuple[_Job, list[Route]]] = {}
    for route, jobs in by_place.items():
        if route not in together:
            for found in jobs:
                one_by_one.setdefault(found.id, (found, []))[1].append(route)
    for found, routes in one_by_one.values():
        _tell_one(connection, found, routes, now)
    for group in _same_jobs(together):
        _tell_group(connection, *group, now, down_since)
    for route, jobs in by_place.items():
        for found in jobs:
            _remember(connection, found, route, now)
    return sum(len(routes) for _, routes in one_by_one.values()) + len(together)


def _tell_one(connection: Connection, found: _Job, routes: list[Route], now: Instant) -> None:
    key = f"overdue:{found.id}:{found.schedule_since}:{now}"
    notice_id = add_notice(connection, key, Event.OVERDUE, _overdue_details(found), now, job_id=found.id, server_id=found.server_id)
    if notice_id is not None:
        add_deliveries(connection, notice_id, _places(routes), now)


def _tell_group(connection: Connection, jobs: list[_Job], routes: list[Route], now: Instant, down_since: Instant | None) -> None:
    """One message for many jobs."""
    details = {"jobs": [{"job_id": found.id} | _overdue_details(found) for found in jobs], "down_since": down_since}
    notice_id = add_notice(connection, f"overdue:group:{now}:{routes[0].channel_id}:{routes[0].destination}", Event.OVERDUE, details, now)
    if notice_id is not None:
        add_deliveries(connection, notice_id, _places(routes), now)


def _same_jobs(together: Mapping[Route, list[_Job]]) -> list[tuple[list[_Job], list[Route]]]:
    """Places that are told of the same jobs share a message."""
    groups: dict[tuple[JobId, ...], tuple[list[_Job], list[Route]]] = {}
    for route, jobs in together.items():
        groups.setdefault(tuple(found.id for found in jobs), (jobs, []))[1].append(route)
    return list(groups.values())


def _overdue_details(found: _Job) -> dict[str, Any]:
    return {
        "last_begun_at": found.last_begun_at,
        "last_status": found.last_status,
        "expected_at": found.expected_at,
        "overdue_at": found.overdue_at,
        "source": found.due_source,
    }


def _remember(connection: Connection, found: _Job, route: Route, now: Instant) -> None:
    place = {"of": found.id, "to": route.channel_id, "place": route.destination, "now": now}
    if not connection.run(_TELL, place).rowcount:
        connection.run(_TELL_FIRST, place | {"since": found.overdue_at})


def add_notice(
    connection: Connection,
    key: str,
    event: Event,
    details: Mapping[str, Any],
    now: Instant,
    *,
    job_id: JobId | None = None,
    server_id: ServerId | None = None,
    run_id: int | None = None,
) -> int | None:
    """Writes down something to tell; its id, or None where it is known already."""
    if connection.value(_KNOWN, {"key": key}) is not None:
        return None
    values = {"key": key, "event": event.value, "job_id": job_id, "server_id": server_id, "run_id": run_id, "at": now}
    connection.run(_ADD, values | {"details": json.dumps(dict(details), ensure_ascii=False)})
    return int(connection.value(_KNOWN, {"key": key}))


def _places(routes: Iterable[Route]) -> list[tuple[int, str]]:
    return [(route.channel_id, route.destination) for route in routes]


def _held(found: _Job) -> str:
    """Why messages of the job are held back, by the value of its silence; empty when they are not."""
    return "" if found.silence == "none" else found.silence


def _job(connection: Connection, job_id: JobId) -> _Job:
    row = connection.row(_JOB, {"job_id": job_id})
    if row is None:
        raise KeyError(job_id)
    return _job_of(row)


def _job_of(row: Row) -> _Job:
    job_id, server_id, silence, notify, of_server, *facts = row
    return _Job(job_id, server_id, silence, read_notify(notify), read_additional(of_server), *facts)
