"""Snoozes and acknowledgements as they are kept. In: a connection and what somebody said; out: frozen rows. A job or server has one snooze:
the newest word counts. What a change of them means for jobs is applied in `silencing`."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.silence import Trouble
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.watch_tables import acknowledgement, snooze


@dataclass(frozen=True, slots=True)
class SnoozeRow:
    """Messages of a job, or, without `job_id`, of all jobs of the server, are held back until a moment."""

    id: int
    job_id: JobId | None
    job_name: str | None
    server_id: ServerId
    server_key: str
    server_name: str
    server_alias: str
    until: Instant
    comment: str
    created_at: Instant
    created_by: str

    @property
    def server_label(self) -> str:
        return self.server_alias or self.server_name


@dataclass(frozen=True, slots=True)
class AcknowledgementRow:
    """Somebody knows of a job's trouble; `trouble` is what is left of it."""

    job_id: JobId
    job_name: str
    server_key: str
    server_name: str
    server_alias: str
    trouble: Trouble
    comment: str
    at: Instant
    by: str

    @property
    def server_label(self) -> str:
        return self.server_alias or self.server_name


_SNOOZES = (
    select(
        snooze.c.id,
        job.c.id,
        job.c.name,
        server.c.id,
        server.c.key,
        server.c.name,
        server.c.alias,
        snooze.c.until,
        snooze.c.comment,
        snooze.c.created_at,
        snooze.c.created_by,
    )
    .select_from(snooze)
    .outerjoin(job, job.c.id == snooze.c.job_id)
    .join(server, server.c.id == func.coalesce(snooze.c.server_id, job.c.server_id))
)
_RUNNING = Statement(_SNOOZES.where(snooze.c.until > bindparam("now")).order_by(snooze.c.until, snooze.c.id))
_SNOOZE_BY_ID = Statement(_SNOOZES.where(snooze.c.id == bindparam("id")))
_INSERT_SNOOZE = Statement(
    insert(snooze)
    .values({name: bindparam(name) for name in ("job_id", "server_id", "until", "comment", "created_at", "created_by")})
    .returning(snooze.c.id)
)
# One that is over has nothing more to say; one of the same job or server gives way.
_GIVE_WAY = Statement(
    delete(snooze).where(
        or_(
            snooze.c.until <= bindparam("now"),
            snooze.c.job_id == bindparam("job_id"),
            snooze.c.server_id == bindparam("server_id"),
        )
    )
)
_DELETE_SNOOZE = Statement(delete(snooze).where(snooze.c.id == bindparam("id")))

_ACKNOWLEDGEMENTS = (
    select(
        job.c.id,
        job.c.name,
        server.c.key,
        server.c.name,
        server.c.alias,
        acknowledgement.c.trouble,
        acknowledgement.c.comment,
        acknowledgement.c.at,
        acknowledgement.c.by,
    )
    .select_from(acknowledgement)
    .join(job, job.c.id == acknowledgement.c.job_id)
    .join(server, server.c.id == job.c.server_id)
)
_ALL_ACKNOWLEDGEMENTS = Statement(_ACKNOWLEDGEMENTS.order_by(acknowledgement.c.at.desc()))
_ACKNOWLEDGEMENT_OF = Statement(_ACKNOWLEDGEMENTS.where(job.c.id == bindparam("job_id")))
_INSERT_ACKNOWLEDGEMENT = Statement(
    insert(acknowledgement).values({name: bindparam(name) for name in ("job_id", "trouble", "comment", "at", "by")})
)
_SAVE_TROUBLE = Statement(update(acknowledgement).where(acknowledgement.c.job_id == bindparam("of")).values(trouble=bindparam("trouble")))
_DELETE_ACKNOWLEDGEMENT = Statement(delete(acknowledgement).where(acknowledgement.c.job_id == bindparam("job_id")))


def running_snoozes(connection: Connection, now: Instant) -> list[SnoozeRow]:
    """Those that are not over, the next to end first."""
    return [SnoozeRow(*row) for row in connection.rows(_RUNNING, {"now": now})]


def snooze_by_id(connection: Connection, snooze_id: int) -> SnoozeRow | None:
    row = connection.row(_SNOOZE_BY_ID, {"id": snooze_id})
    return SnoozeRow(*row) if row else None


def add_snooze(
    connection: Connection, of: tuple[JobId | None, ServerId | None], until: Instant, comment: str, by: str, now: Instant
) -> int:
    """Keeps the snooze of a job or a server in place of its former one; its number."""
    job_id, server_id = of
    target = {"job_id": job_id, "server_id": server_id}
    connection.run(_GIVE_WAY, target | {"now": now})
    return int(connection.value(_INSERT_SNOOZE, target | {"until": until, "comment": comment, "created_at": now, "created_by": by}))


def drop_snooze(connection: Connection, snooze_id: int) -> None:
    connection.run(_DELETE_SNOOZE, {"id": snooze_id})


def acknowledgements(connection: Connection) -> list[AcknowledgementRow]:
    """All that hold, newest first."""
    return [_acknowledgement(row) for row in connection.rows(_ALL_ACKNOWLEDGEMENTS)]


def acknowledgement_of(connection: Connection, job_id: JobId) -> AcknowledgementRow | None:
    row = connection.row(_ACKNOWLEDGEMENT_OF, {"job_id": job_id})
    return _acknowledgement(row) if row else None


def add_acknowledgement(connection: Connection, job_id: JobId, trouble: Trouble, comment: str, by: str, now: Instant) -> None:
    """Keeps that somebody knows of the trouble of a job, in place of what was said before."""
    drop_acknowledgement(connection, job_id)
    connection.run(_INSERT_ACKNOWLEDGEMENT, {"job_id": job_id, "trouble": packed(trouble), "comment": comment, "at": now, "by": by})


def keep_left(connection: Connection, job_id: JobId, left: Trouble) -> None:
    """Keeps what an acknowledgement still stands for; one that stands for nothing ends."""
    if left:
        connection.run(_SAVE_TROUBLE, {"of": job_id, "trouble": packed(left)})
    else:
        drop_acknowledgement(connection, job_id)


def drop_acknowledgement(connection: Connection, job_id: JobId) -> bool:
    """Removes it; False where there was none."""
    return bool(connection.run(_DELETE_ACKNOWLEDGEMENT, {"job_id": job_id}).rowcount)


def packed(trouble: Trouble) -> str:
    """Trouble as it is kept."""
    return orjson.dumps(trouble, option=orjson.OPT_SORT_KEYS).decode()


def read_trouble(text: str) -> Trouble:
    """Kept trouble; none where it cannot be read."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _acknowledgement(row: Row) -> AcknowledgementRow:
    job_id, job_name, key, name, alias, trouble, comment, at, by = row
    return AcknowledgementRow(job_id, job_name, key, name, alias, read_trouble(trouble), comment, at, by)
