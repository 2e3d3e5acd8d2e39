"""What of each server can change on a page, as comparable values. In: a connection; out: per server one value that differs when anything
shown of it or its jobs became another. A few columns: it is read after every commit while pages are open."""

from __future__ import annotations

from sqlalchemy import select

from duplistatus.store.database import Connection, Row
from duplistatus.store.link_tables import server_link
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.watch_tables import server_tag, tag

_MARKS = Statement(
    select(
        server.c.key,
        job.c.id,
        job.c.name,
        job.c.last_run_id,
        job.c.run_count,
        job.c.last_status,
        job.c.last_messages,
        job.c.versions_count,
        job.c.restored_at,
        job.c.verified_at,
        job.c.live_heard_at,
        job.c.schedule,
        job.c.outcome,
        job.c.activity,
        job.c.silence,
        job.c.silence_at,
        job.c.expected_at,
        job.c.overdue_at,
        job.c.due_source,
        job.c.stuck_at,
        server.c.zone,
        server.c.name,
        server.c.alias,
        server.c.note,
        server.c.url,
        server.c.version,
    )
    .join(server, server.c.id == job.c.server_id)
    .order_by(job.c.id)
)
_TAGS = Statement(
    select(server.c.key, tag.c.name, tag.c.color)
    .select_from(server_tag)
    .join(tag, tag.c.id == server_tag.c.tag_id)
    .join(server, server.c.id == server_tag.c.server_id)
    .order_by(tag.c.id)
)
_LIVE = Statement(
    select(
        server.c.key, server_link.c.live, server_link.c.pause_ends, server_link.c.active, server_link.c.queue, server_link.c.live_trouble
    )
    .join(server_link, server_link.c.server_id == server.c.id)
    .order_by(server.c.id)
)
_KEYS = Statement(select(server.c.key).where(select(job.c.id).where(job.c.server_id == server.c.id).exists()))


def fleet_keys(connection: Connection) -> frozenset[str]:
    """The keys of the servers that have a job."""
    return frozenset(row[0] for row in connection.rows(_KEYS))


def fleet_marks(connection: Connection) -> dict[str, tuple[Row, ...]]:
    """The rows of each server, by its key."""
    marks: dict[str, list[Row]] = {}
    for row in (*connection.rows(_MARKS), *connection.rows(_TAGS), *connection.rows(_LIVE)):
        marks.setdefault(row[0], []).append(row)
    return {key: tuple(rows) for key, rows in marks.items()}
