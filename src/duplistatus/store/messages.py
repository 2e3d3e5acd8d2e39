"""Messages as administrators look at them: what was to be told, where it went, what became of it. In: a connection and what is sought; out:
frozen lines, newest first, and what is older than its time removed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select

from duplistatus.clock import Instant
from duplistatus.evaluate.notice import Event
from duplistatus.store.database import Connection, Row
from duplistatus.store.outbox import SENDING, WAITING
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, run, server
from duplistatus.store.tell_tables import channel, notice, outbox

_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message. `took`: milliseconds; `error`: of the newest try that failed, why it is held back, or what the other side said of it.
    The job, its server and the run are None where they are gone or it tells of none; `jobs`: how many it tells of in one."""

    id: int
    uid: str
    state: str
    tries: int
    next_try_at: Instant | None
    created_at: Instant
    ended_at: Instant | None
    took: int | None
    error: str
    destination: str
    channel_id: int
    channel_kind: str
    channel_name: str
    event: Event
    at: Instant
    job_id: int | None
    job_name: str | None
    server_key: str | None
    server_name: str | None
    server_alias: str | None
    run_uid: str | None
    jobs: int

    @property
    def server_label(self) -> str:
        """What people read."""
        return self.server_alias or self.server_name or ""

    @property
    def is_under_way(self) -> bool:
        return self.state in {WAITING, SENDING}


@dataclass(frozen=True, slots=True)
class Sought:
    """Which messages: of a state, a channel, an event; `text`: in the name of the job or the server. `before` and `after`: ids, beyond
    which the page begins: older or newer ones."""

    state: str | None = None
    channel_id: int | None = None
    event: str | None = None
    text: str = ""
    before: int | None = None
    after: int | None = None


_LINE = (
    outbox.c.id,
    outbox.c.uid,
    outbox.c.state,
    outbox.c.tries,
    outbox.c.next_try_at,
    outbox.c.created_at,
    outbox.c.ended_at,
    outbox.c.took,
    outbox.c.error,
    outbox.c.destination,
    outbox.c.channel_id,
    channel.c.kind,
    channel.c.name,
    notice.c.event,
    notice.c.at,
    job.c.id.label("job_id"),
    job.c.name.label("job_name"),
    server.c.key.label("server_key"),
    server.c.name.label("server_name"),
    server.c.alias.label("server_alias"),
    run.c.uid.label("run_uid"),
    notice.c.details,
)
_FROM = (
    outbox.join(notice, notice.c.id == outbox.c.notice_id)
    .join(channel, channel.c.id == outbox.c.channel_id)
    .outerjoin(job, job.c.id == notice.c.job_id)
    .outerjoin(server, server.c.id == func.coalesce(job.c.server_id, notice.c.server_id))
    .outerjoin(run, run.c.id == notice.c.run_id)
)
_ONE = Statement(select(*_LINE).select_from(_FROM).where(outbox.c.id == bindparam("of")))
_WAITING = Statement(select(outbox.c.channel_id, func.count()).where(outbox.c.state == WAITING).group_by(outbox.c.channel_id))
_FAILURES = Statement(
    select(func.count()).where(
        outbox.c.channel_id == bindparam("of"),
        outbox.c.error != "",
        or_(outbox.c.ended_at >= bindparam("since"), outbox.c.state == WAITING),
        or_(outbox.c.state == "failed", outbox.c.state == WAITING),
    )
)
_BY_NOTICE = Statement(select(outbox.c.id).where(outbox.c.notice_id == bindparam("notice_id")).limit(1))
_PLACES = Statement(
    select(channel.c.name).select_from(_FROM).where(run.c.uid == bindparam("uid"), outbox.c.state == WAITING).order_by(outbox.c.id)
)
_PRUNE = Statement(delete(outbox).where(outbox.c.created_at < bindparam("before"), outbox.c.state != WAITING, outbox.c.state != SENDING))
_PRUNE_NOTICES = Statement(
    delete(notice).where(notice.c.at < bindparam("before"), ~select(outbox.c.id).where(outbox.c.notice_id == notice.c.id).exists())
)


@lru_cache(maxsize=64)
def _page(*, of_state: bool, of_channel: bool, of_event: bool, of_text: bool, backward: bool) -> Statement:
    found = select(*_LINE).select_from(_FROM)
    if of_state:
        found = found.where(outbox.c.state == bindparam("state"))
    if of_channel:
        found = found.where(outbox.c.channel_id == bindparam("channel_id"))
    if of_event:
        found = found.where(notice.c.event == bindparam("event"))
    if of_text:
        # SQLite's lower() knows ASCII alone: a name with other letters is found as it is written, too.
        names = (job.c.name, server.c.name, server.c.alias)
        found = found.where(
            or_(
                *(func.lower(name).like(bindparam("small"), escape=_ESCAPE) for name in names),
                *(name.like(bindparam("written"), escape=_ESCAPE) for name in names),
            )
        )
    if backward:
        found = found.where(outbox.c.id > bindparam("place")).order_by(outbox.c.id)
    else:
        found = found.where(outbox.c.id < bindparam("place")).order_by(outbox.c.id.desc())
    return Statement(found.limit(bindparam("count")))


def messages(connection: Connection, sought: Sought, count: int) -> list[MessageLine]:
    """At most `count` of them, newest first: those next to the place that is named, else the newest."""
    backward = sought.after is not None
    statement = _page(
        of_state=sought.state is not None,
        of_channel=sought.channel_id is not None,
        of_event=sought.event is not None,
        of_text=bool(sought.text),
        backward=backward,
    )
    place = sought.after if sought.after is not None else sought.before if sought.before is not None else 2**62
    values: dict[str, Any] = {"state": sought.state, "channel_id": sought.channel_id, "event": sought.event, "place": place, "count": count}
    values |= {"small": _pattern(sought.text.lower()), "written": _pattern(sought.text)}
    lines = [_line(row) for row in connection.rows(statement, values)]
    return lines[::-1] if backward else lines


def message_by_id(connection: Connection, message_id: int) -> MessageLine | None:
    row = connection.row(_ONE, {"of": message_id})
    return _line(row) if row else None


def message_of_notice(connection: Connection, notice_id: int) -> int | None:
    """The id of a message of a notice."""
    found: int | None = connection.value(_BY_NOTICE, {"notice_id": notice_id})
    return found


def channels_told(connection: Connection, run_uid: str) -> list[str]:
    """The names of the channels for which messages of a run wait."""
    return [name for (name,) in connection.rows(_PLACES, {"uid": run_uid})]


def waiting(connection: Connection) -> dict[int, int]:
    """How many messages wait, by channel."""
    return dict(connection.rows(_WAITING))


def failures(connection: Connection, channel_id: int, since: Instant) -> int:
    """How many messages of a channel have failed since that moment, or failed and are tried again."""
    return int(connection.value(_FAILURES, {"of": channel_id, "since": since}))


def prune(connection: Connection, before: Instant) -> int:
    """Removes the messages that were written before that moment, unless they still wait, and the notices without messages; how many
    messages there were."""
    removed: int = connection.run(_PRUNE, {"before": before}).rowcount
    connection.run(_PRUNE_NOTICES, {"before": before})
    return removed


def _pattern(text: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return f"%{text}%"


def _line(row: Row) -> MessageLine:
    details = json.loads(row[-1])
    jobs = details.get("jobs")
    count = len(jobs) if isinstance(jobs, list) else int(row[15] is not None)
    return MessageLine(*(*row[:13], Event(row[13]), *row[14:21], count))
