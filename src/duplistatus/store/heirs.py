"""What people said of jobs and servers, when these become others. In: a connection, what ends and who takes its place; out: settings,
snoozes, acknowledgements, tags and windows moved to the heir, or dropped where it has its own."""

from __future__ import annotations

from sqlalchemy import BindParameter, bindparam, delete, select, update

from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.watch_tables import acknowledgement, job_setting, maintenance, server_tag, snooze

_OLD: BindParameter[int] = bindparam("old")
_NEW: BindParameter[int] = bindparam("new")
_ONE_A_JOB = tuple(
    (
        Statement(select(table.c.job_id).where(table.c.job_id == _NEW)),
        Statement(update(table).where(table.c.job_id == _OLD).values(job_id=_NEW)),
        Statement(delete(table).where(table.c.job_id == _OLD)),
    )
    for table in (job_setting, acknowledgement)
)
_MOVE_SNOOZES = Statement(update(snooze).where(snooze.c.job_id == _OLD).values(job_id=_NEW))
_DROP_SNOOZES = Statement(delete(snooze).where(snooze.c.job_id == _OLD))
_OF_SERVER = tuple(Statement(update(table).where(table.c.server_id == _OLD).values(server_id=_NEW)) for table in (snooze, maintenance))
_TAGS = Statement(select(server_tag.c.tag_id).where(server_tag.c.server_id == bindparam("of")))
_MOVE_TAG = Statement(
    update(server_tag).where(server_tag.c.server_id == _OLD, server_tag.c.tag_id == bindparam("tag")).values(server_id=_NEW)
)
_DROP_TAGS = Statement(delete(server_tag).where(server_tag.c.server_id == _OLD))


def inherit_job(connection: Connection, old: JobId, heir: JobId) -> None:
    """A job has become part of another one."""
    both = {"old": old, "new": heir}
    for of_heir, move, drop in _ONE_A_JOB:
        connection.run(drop if connection.value(of_heir, both) is not None else move, both)
    connection.run(_MOVE_SNOOZES, both)


def forget_job(connection: Connection, job_id: JobId) -> None:
    """A job is removed."""
    for _, _, drop in _ONE_A_JOB:
        connection.run(drop, {"old": job_id})
    connection.run(_DROP_SNOOZES, {"old": job_id})


def inherit_server(connection: Connection, old: ServerId, heir: ServerId) -> None:
    """A server was recognised as another one."""
    both = {"old": old, "new": heir}
    for statement in _OF_SERVER:
        connection.run(statement, both)
    known = {row[0] for row in connection.rows(_TAGS, {"of": heir})}
    for (tag_id,) in connection.rows(_TAGS, {"of": old}):
        if tag_id not in known:
            connection.run(_MOVE_TAG, {**both, "tag": tag_id})
    connection.run(_DROP_TAGS, both)
