"""What servers do now, as their own APIs tell it. In: what a watched server said, and the moments at which it was heard; out: a frozen
`LiveServer` for pages and programs. What has not been confirmed for some minutes is unknown, whatever the row says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import bindparam, or_, select, update

from duplistatus.clock import MINUTE, Instant
from duplistatus.evaluate.watched_server import Seen
from duplistatus.store import live_jobs
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.link_tables import server_link
from duplistatus.store.statement import Statement
from duplistatus.store.tables import server

BELIEVED = 5 * MINUTE
"""What was heard longer ago than this is not believed any more."""


class State(StrEnum):
    """What a server does."""

    UNKNOWN = "unknown"
    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    """Possibly in the middle of a task."""
    GONE = "gone"
    """It does not answer, for some minutes already."""


_KNOWN = frozenset({State.IDLE, State.RUNNING, State.PAUSED})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job in the queue of its server, or at work. `job_id` None: nothing is known of it here but its name, which may be empty."""

    job_id: JobId | None
    name: str
    api_id: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a server works at."""

    number: int
    job: Waiting
    phase: str | None
    progress: float | None


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A server whose API can be asked. `heard_at`: when it last said what it does; `trouble`: why it cannot be watched, a code of
    `Trouble`, empty for none; `controls`: jobs may be started and stopped from here."""

    server_id: ServerId
    state: State
    heard_at: Instant | None
    pause_ends: Instant | None
    task: Task | None
    queue: tuple[Waiting, ...]
    trouble: str
    is_watched: bool
    controls: bool

    @property
    def is_paused(self) -> bool:
        return self.state is State.PAUSED

    def place_of(self, job_id: JobId) -> int | None:
        """The place of a job in the queue, from 1 on; None where it does not wait."""
        return next((place for place, each in enumerate(self.queue, 1) if each.job_id == job_id), None)


@dataclass(frozen=True, slots=True)
class Watched:
    """A server whose live state is to be known. `secret`: its encrypted password; `opens`: it has answered without one before."""

    server_id: ServerId
    name: str
    url: str
    secret: str
    certificate: str
    opens: bool


_LIVE = tuple(server_link.c[name] for name in ("live", "live_at", "pause_ends", "active", "queue", "live_trouble", "watch", "controls"))
_OF_ALL = select(server_link.c.server_id, *_LIVE).join(server, server.c.id == server_link.c.server_id).where(server.c.url != "")
_TELLING = Statement(_OF_ALL.where(or_(server_link.c.live != State.UNKNOWN.value, server_link.c.live_trouble != "")))
_ONE = Statement(_OF_ALL.where(server_link.c.server_id == bindparam("of")))
_KEEP = Statement(
    update(server_link)
    .where(server_link.c.server_id == bindparam("of"))
    .values(
        live=bindparam("live_new"),
        live_at=bindparam("now"),
        pause_ends=bindparam("pause_ends_new"),
        active=bindparam("active_new"),
        queue=bindparam("queue_new"),
        live_trouble="",
    )
)
_ACTIVE = Statement(select(server_link.c.active).where(server_link.c.server_id == bindparam("of")))
_LOSE = Statement(
    update(server_link)
    .where(server_link.c.server_id == bindparam("of"))
    .values(live=bindparam("live_new"), pause_ends=None, active=None, queue="[]", live_trouble=bindparam("trouble_new"))
)
_HEAR = Statement(update(server_link).where(server_link.c.server_id == bindparam("of")).values(live_at=bindparam("now")))
_WATCHED = Statement(
    select(server.c.id, server.c.name, server.c.url, server.c.secret, server_link.c.certificate, server_link.c.collected_at)
    .join(server_link, server_link.c.server_id == server.c.id)
    .where(server.c.url != "", server_link.c.watch == 1)
    .order_by(server.c.id)
)
_BELIEVED = Statement(
    select(server_link.c.server_id, server_link.c.live, server_link.c.live_at).where(
        or_(server_link.c.live != State.UNKNOWN.value, server_link.c.live_trouble != "")
    )
)


def watched(connection: Connection) -> list[Watched]:
    """The servers whose live state is to be known."""
    return [Watched(row[0], row[1], row[2], row[3], row[4], row[5] is not None) for row in connection.rows(_WATCHED)]


def keep(connection: Connection, server_id: ServerId, seen: Seen, now: Instant) -> None:
    """A server told what it does; its jobs follow."""
    row = connection.row(_ACTIVE, {"of": server_id})
    if row is None:
        return
    before = orjson.loads(row[0])["job_id"] if row[0] else None
    job_id = live_jobs.find_job(connection, server_id, seen.work.job) if seen.work is not None else None
    state = State.PAUSED if seen.is_paused else State.RUNNING if seen.work is not None else State.IDLE
    values = {"live_new": state.value, "now": now, "pause_ends_new": seen.pause_ends, "queue_new": orjson.dumps(seen.queue).decode()}
    connection.run(_KEEP, values | {"active_new": _written(seen, job_id), "of": server_id})
    if seen.work is not None and job_id is not None:
        live_jobs.at_work(connection, job_id, seen.work, now)
    if seen.work is None or job_id is not None:
        # While it works at something unknown, that may be any of its jobs.
        live_jobs.nothing_else(connection, server_id, job_id, before, now)


def lose(connection: Connection, server_id: ServerId, trouble: str, now: Instant, *, is_gone: bool) -> None:
    """Nobody knows what a server does. `trouble`: why, a code; `is_gone`: it does not answer."""
    connection.run(_LOSE, {"of": server_id, "live_new": (State.GONE if is_gone else State.UNKNOWN).value, "trouble_new": trouble})
    live_jobs.unknown(connection, server_id, now)


def hear(connection: Connection, server_ids: Iterable[ServerId], now: Instant) -> None:
    """What they said is still so."""
    connection.run_many(_HEAR, [{"of": each, "now": now} for each in server_ids])


def doubtful(connection: Connection, but: frozenset[ServerId], now: Instant) -> list[ServerId]:
    """The servers of which something is believed though nobody watches them, or though it has not been confirmed for long. `but`: those
    that are being watched."""
    rows = connection.rows(_BELIEVED)
    return [ServerId(row[0]) for row in rows if row[0] not in but or (row[1] in _KNOWN and not _is_believed(row[2], now))]


def forget(connection: Connection, server_ids: Iterable[ServerId], now: Instant) -> None:
    """Nothing is known any more of these, of which some may have no address left."""
    for server_id in server_ids:
        lose(connection, server_id, "", now, is_gone=False)


def live_servers(connection: Connection, now: Instant) -> dict[ServerId, LiveServer]:
    """The servers of which anything is known, by their numbers."""
    rows = connection.rows(_TELLING)
    names = live_jobs.all_api_names(connection) if any(row[4] or row[5] != "[]" for row in rows) else {}
    return {ServerId(row[0]): _live(row, names.get(row[0], {}), now) for row in rows}


def live_server(connection: Connection, server_id: ServerId, now: Instant) -> LiveServer | None:
    """One server; None where its API cannot be asked."""
    row = connection.row(_ONE, {"of": server_id})
    return _live(row, live_jobs.api_names(connection, server_id), now) if row is not None else None


def _live(row: Row, names: Mapping[str, live_jobs.ApiName], now: Instant) -> LiveServer:
    server_id, live, heard, ends, active, queue, trouble, watch, controls = row
    state = State(live) if live in State.__members__.values() else State.UNKNOWN
    if state is not State.GONE and not _is_believed(heard, now):
        state = State.UNKNOWN
    knows = state in _KNOWN
    waiting: Sequence[str] = orjson.loads(queue) if knows else ()
    told: Mapping[str, Any] | None = orjson.loads(active) if knows and active else None
    return LiveServer(
        server_id=server_id,
        state=state,
        heard_at=heard,
        # A pause that has ended by its own clock is over a moment later.
        pause_ends=ends if state is State.PAUSED else None,
        task=Task(told["task"], _named(told["job"], names), told["phase"], told["progress"]) if told else None,
        queue=tuple(_named(each, names) for each in waiting),
        trouble=trouble,
        is_watched=bool(watch),
        controls=bool(controls),
    )


def _named(api_id: str, names: Mapping[str, live_jobs.ApiName]) -> Waiting:
    found = names.get(api_id)
    return Waiting(found.job_id if found else None, found.name if found else "", api_id)


def _is_believed(heard_at: Instant | None, now: Instant) -> bool:
    return heard_at is not None and heard_at >= now - BELIEVED


def _written(seen: Seen, job_id: JobId | None) -> str | None:
    if seen.work is None:
        return None
    work = seen.work
    told = {"task": work.task, "job": work.job, "job_id": job_id, "phase": work.phase, "progress": work.done}
    return orjson.dumps(told).decode()
