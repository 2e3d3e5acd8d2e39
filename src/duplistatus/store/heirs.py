"""What people said of jobs and servers, when these become others. In: a connection, what ends and who takes its place; out: settings,
snoozes, acknowledgements, tags, windows, filters of channels and messages moved to the heir, or dropped where it has its own."""

from __future__ import annotations

import json

from sqlalchemy import BindParameter, bindparam, delete, select, update

from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.link_tables import api_job, collection_part, server_link
from duplistatus.store.sight import inherit_sight
from duplistatus.store.statement import Statement
from duplistatus.store.tables import server
from duplistatus.store.tell_tables import channel, notice, outbox, reminder
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
_MOVE_NOTICES = Statement(update(notice).where(notice.c.job_id == _OLD).values(job_id=_NEW))
_MOVE_NOTICES_OF_SERVER = Statement(update(notice).where(notice.c.server_id == _OLD).values(server_id=_NEW))
_DROP_REMINDERS = Statement(delete(reminder).where(reminder.c.job_id == _OLD))
_NOTICES_OF_SERVER = select(notice.c.id).where(notice.c.server_id == _OLD)
_DROPS_OF_SERVER = (
    Statement(delete(outbox).where(outbox.c.notice_id.in_(_NOTICES_OF_SERVER))),
    Statement(delete(notice).where(notice.c.server_id == _OLD)),
    Statement(delete(snooze).where(snooze.c.server_id == _OLD)),
    Statement(delete(maintenance).where(maintenance.c.server_id == _OLD)),
    _DROP_TAGS,
)
_MOVE_LISTED = Statement(update(api_job).where(api_job.c.job_id == _OLD).values(job_id=_NEW))
_WAYS = Statement(select(server.c.url, server.c.secret).where(server.c.id == bindparam("of")))
_SET_WAY = Statement(update(server).where(server.c.id == bindparam("of")).values(url=bindparam("url_new"), secret=bindparam("secret_new")))
_DROP_LINK = Statement(delete(server_link).where(server_link.c.server_id == bindparam("of")))
_MOVE_LINK = Statement(update(server_link).where(server_link.c.server_id == _OLD).values(server_id=_NEW))
_LISTED = Statement(select(api_job.c.api_id).where(api_job.c.server_id == bindparam("of")))
_MOVE_LISTED_ONE = Statement(
    update(api_job).where(api_job.c.server_id == _OLD, api_job.c.api_id == bindparam("api")).values(server_id=_NEW)
)
_DROP_LISTED = Statement(delete(api_job).where(api_job.c.server_id == _OLD))
_MOVE_PARTS = Statement(update(collection_part).where(collection_part.c.server_id == _OLD).values(server_id=_NEW))
_WORDS = ("alias", "note", "zone_set", "zone_told", "host_zone")
_SAID = Statement(select(*(server.c[name] for name in _WORDS)).where(server.c.id == bindparam("of")))
_SAY = Statement(update(server).where(server.c.id == bindparam("of")).values({name: bindparam(name + "_new") for name in _WORDS}))
_ADDITIONAL = Statement(select(server.c.notify).where(server.c.id == bindparam("of")))
_SET_ADDITIONAL = Statement(update(server).where(server.c.id == _NEW, server.c.notify.is_(None)).values(notify=bindparam("notify_new")))
_FILTERS = Statement(select(channel.c.id, channel.c.filter).where(channel.c.key.is_(None)))
_NARROW = ("servers", "tags", "jobs")
_SWITCH_OFF = Statement(update(channel).where(channel.c.id == bindparam("of")).values(enabled=0))
_SET_FILTER = Statement(update(channel).where(channel.c.id == bindparam("of")).values(filter=bindparam("filter_new")))


def inherit_job(connection: Connection, old: JobId, heir: JobId) -> None:
    """A job has become part of another one."""
    both = {"old": old, "new": heir}
    for of_heir, move, drop in _ONE_A_JOB:
        connection.run(drop if connection.value(of_heir, both) is not None else move, both)
    connection.run(_MOVE_SNOOZES, both)
    connection.run(_MOVE_NOTICES, both)
    connection.run(_MOVE_LISTED, both)
    connection.run(_DROP_REMINDERS, both)
    _move_in_filters(connection, "jobs", old, heir)


def forget_job(connection: Connection, job_id: JobId) -> None:
    """A job is removed."""
    for _, _, drop in _ONE_A_JOB:
        connection.run(drop, {"old": job_id})
    connection.run(_DROP_SNOOZES, {"old": job_id})
    _drop_from_filters(connection, "jobs", job_id)


def forget_server(connection: Connection, server_id: ServerId) -> None:
    """A server is removed that has no jobs any more."""
    for statement in _DROPS_OF_SERVER:
        connection.run(statement, {"old": server_id})
    _drop_from_filters(connection, "servers", server_id)


def _drop_from_filters(connection: Connection, kind: str, gone: int) -> None:
    for channel_id, text in connection.rows(_FILTERS):
        read = json.loads(text)
        if gone in read.get(kind, []):
            read[kind].remove(gone)
            connection.run(_SET_FILTER, {"of": channel_id, "filter_new": json.dumps(read)})
            if not any(read.get(each) for each in _NARROW):
                # Without a choice it would tell of all jobs, which nobody asked for.
                connection.run(_SWITCH_OFF, {"of": channel_id})


def inherit_server(connection: Connection, old: ServerId, heir: ServerId) -> None:
    """A server was recognised as another one."""
    both = {"old": old, "new": heir}
    for statement in _OF_SERVER:
        connection.run(statement, both)
    inherit_sight(connection, old, heir)
    known = {row[0] for row in connection.rows(_TAGS, {"of": heir})}
    for (tag_id,) in connection.rows(_TAGS, {"of": old}):
        if tag_id not in known:
            connection.run(_MOVE_TAG, {**both, "tag": tag_id})
    connection.run(_DROP_TAGS, both)
    connection.run(_MOVE_NOTICES_OF_SERVER, both)
    connection.run(_SET_ADDITIONAL, {**both, "notify_new": connection.value(_ADDITIONAL, {"of": old})})
    _move_in_filters(connection, "servers", old, heir)
    _inherit_words(connection, old, heir)
    _inherit_way(connection, old, heir)


def _inherit_words(connection: Connection, old: ServerId, heir: ServerId) -> None:
    """What it is called, and the zones that were set or told, where the heir has none of its own."""
    mine, its = connection.row(_SAID, {"of": old}), connection.row(_SAID, {"of": heir})
    if mine is None or its is None:
        return
    kept = [ours if theirs in (None, "") else theirs for ours, theirs in zip(mine, its, strict=True)]
    if kept != list(its):
        connection.run(_SAY, {"of": heir} | {name + "_new": value for name, value in zip(_WORDS, kept, strict=True)})


def _inherit_way(connection: Connection, old: ServerId, heir: ServerId) -> None:
    """How its API is reached and what that told: as a whole, where the heir has no address of its own."""
    both = {"old": old, "new": heir}
    connection.run(_MOVE_PARTS, both)
    mine, its = connection.row(_WAYS, {"of": old}), connection.row(_WAYS, {"of": heir})
    if mine is None or its is None:
        return
    if mine[0] and not its[0]:
        connection.run(_DROP_LINK, {"of": heir})
        connection.run(_MOVE_LINK, both)
        connection.run(_SET_WAY, {"of": heir, "url_new": mine[0], "secret_new": mine[1]})
    else:
        connection.run(_DROP_LINK, {"of": old})
    if any(mine):
        connection.run(_SET_WAY, {"of": old, "url_new": "", "secret_new": ""})
    known = {row[0] for row in connection.rows(_LISTED, {"of": heir})}
    for (api_id,) in connection.rows(_LISTED, {"of": old}):
        if api_id not in known:
            connection.run(_MOVE_LISTED_ONE, {**both, "api": api_id})
    connection.run(_DROP_LISTED, both)


def _move_in_filters(connection: Connection, kind: str, old: int, heir: int) -> None:
    """Filters of channels that name what ends name its heir."""
    for channel_id, text in connection.rows(_FILTERS):
        read = json.loads(text)
        named = read.get(kind, [])
        if old in named:
            read[kind] = sorted({heir if each == old else each for each in named})
            connection.run(_SET_FILTER, {"of": channel_id, "filter_new": json.dumps(read)})
