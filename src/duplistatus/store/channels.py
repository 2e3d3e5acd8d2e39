"""The channels by which people are told. In: a connection and what was checked before; out: frozen rows. Secrets pass through here as the
encrypted text that they are stored as."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.notice import CHOOSABLE, Event
from duplistatus.evaluate.routing import Filter, Outlet
from duplistatus.store.database import Connection, Row
from duplistatus.store.statement import Statement
from duplistatus.store.tell_tables import channel, notice, outbox, reminder

NTFY = "ntfy"
EMAIL = "email"
"""The keys, and kinds, of the two channels for all jobs, which are always there."""


@dataclass(frozen=True, slots=True)
class Health:
    """How deliveries go. `failing_since`: None while they work; `error`: of the newest that failed; `cleared_at`: when somebody took
    note."""

    failing_since: Instant | None = None
    failed_at: Instant | None = None
    error: str = ""
    cleared_at: Instant | None = None
    delivered_at: Instant | None = None

    @property
    def alerts(self) -> bool:
        """Whether people are to be told that it fails."""
        return self.failing_since is not None and (self.cleared_at is None or (self.failed_at or 0) > self.cleared_at)


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel. `config` may be shown; `secret`: encrypted, empty when there is none."""

    id: int
    key: str | None
    kind: str
    name: str
    enabled: bool
    config: Mapping[str, Any]
    secret: str
    filter: Filter
    created_at: Instant
    created_by: str = ""
    changed_at: Instant | None = None
    changed_by: str = ""
    health: Health = field(default_factory=Health)


@dataclass(frozen=True, slots=True)
class ChannelValues:
    """What somebody sets of a channel; `secret` is encrypted."""

    name: str
    enabled: bool
    config: Mapping[str, Any]
    secret: str
    filter: Filter = field(default_factory=Filter)


_NAMES = (
    "id",
    "key",
    "kind",
    "name",
    "enabled",
    "config",
    "secret",
    "filter",
    "created_at",
    "created_by",
    "changed_at",
    "changed_by",
    "failing_since",
    "failed_at",
    "error",
    "cleared_at",
    "delivered_at",
)
_HEALTH_AT = _NAMES.index("failing_since")
_ROWS = select(*(channel.c[name] for name in _NAMES))
_ALL = Statement(_ROWS.order_by(channel.c.key.is_(None), channel.c.name, channel.c.id))
_ONE = Statement(_ROWS.where(channel.c.id == bindparam("of")))
_BY_KEY = Statement(_ROWS.where(channel.c.key == bindparam("of")))
_FAILING = Statement(
    _ROWS.where(channel.c.failing_since.is_not(None), channel.c.enabled == 1).order_by(channel.c.failed_at.desc(), channel.c.id)
)
_OUTLETS = Statement(select(channel.c.id, channel.c.key, channel.c.filter).where(channel.c.enabled == 1).order_by(channel.c.id))
_CHANGED = ("name", "enabled", "config", "secret", "filter", "changed_at", "changed_by")
_INSERT = Statement(
    insert(channel).values(
        {name: bindparam(name) for name in ("kind", "name", "enabled", "config", "secret", "filter", "created_at", "created_by")}
    )
)
_NEWEST = Statement(select(channel.c.id).order_by(channel.c.id.desc()).limit(1))
_UPDATE = Statement(update(channel).where(channel.c.id == bindparam("of")).values({name: bindparam(name + "_new") for name in _CHANGED}))
_DROPS = tuple(
    Statement(each)
    for each in (
        delete(outbox).where(outbox.c.channel_id == bindparam("of")),
        delete(notice).where(~notice.c.id.in_(select(outbox.c.notice_id))),
        delete(reminder).where(reminder.c.channel_id == bindparam("of")),
        delete(channel).where(channel.c.id == bindparam("of"), channel.c.key.is_(None)),
    )
)
_WORKS = Statement(
    update(channel)
    .where(channel.c.id == bindparam("of"))
    .values(failing_since=None, failed_at=None, error="", cleared_at=None, delivered_at=bindparam("now"))
)
_FAILS = Statement(update(channel).where(channel.c.id == bindparam("of")).values(failed_at=bindparam("now"), error=bindparam("why")))
_FAILS_SINCE = Statement(
    update(channel).where(channel.c.id == bindparam("of"), channel.c.failing_since.is_(None)).values(failing_since=bindparam("now"))
)
_CLEAR = Statement(
    update(channel).where(channel.c.id == bindparam("of"), channel.c.failing_since.is_not(None)).values(cleared_at=bindparam("now"))
)


def outlets(connection: Connection) -> list[Outlet]:
    """The channels in use, as routing looks at them."""
    return [Outlet(row[0], row[1], _filter(row[2])) for row in connection.rows(_OUTLETS)]


def channels(connection: Connection) -> list[ChannelRow]:
    """All channels: the two for all jobs first, then by name."""
    return [_row(row) for row in connection.rows(_ALL)]


def channel_by_id(connection: Connection, channel_id: int) -> ChannelRow | None:
    row = connection.row(_ONE, {"of": channel_id})
    return _row(row) if row else None


def failing_channels(connection: Connection) -> list[ChannelRow]:
    """The channels in use whose newest delivery failed, those that failed last first."""
    return [_row(row) for row in connection.rows(_FAILING)]


def own_channel(connection: Connection, key: str) -> ChannelRow:
    """The channel for all jobs of that key: NTFY or EMAIL."""
    row = connection.row(_BY_KEY, {"of": key})
    if row is None:
        raise KeyError(key)
    return _row(row)


def add_channel(connection: Connection, kind: str, values: ChannelValues, by: str, now: Instant) -> int:
    """Keeps a new channel; its id."""
    connection.run(_INSERT, _stored(values) | {"kind": kind, "created_at": now, "created_by": by})
    return int(connection.value(_NEWEST))


def save_channel(connection: Connection, channel_id: int, values: ChannelValues, by: str, now: Instant) -> None:
    """Keeps other values of a channel."""
    stored = {name + "_new": value for name, value in (_stored(values) | {"changed_at": now, "changed_by": by}).items()}
    connection.run(_UPDATE, stored | {"of": channel_id})


def remove_channel(connection: Connection, channel_id: int) -> None:
    """Removes a channel, its messages and its reminders; those for all jobs stay."""
    for statement in _DROPS:
        connection.run(statement, {"of": channel_id})


def note_delivered(connection: Connection, channel_id: int, now: Instant) -> None:
    """A delivery worked: the channel does."""
    connection.run(_WORKS, {"of": channel_id, "now": now})


def note_failed(connection: Connection, channel_id: int, why: str, now: Instant) -> None:
    """A delivery failed."""
    connection.run(_FAILS_SINCE, {"of": channel_id, "now": now})
    connection.run(_FAILS, {"of": channel_id, "now": now, "why": why})


def clear_alert(connection: Connection, channel_id: int, now: Instant) -> bool:
    """Somebody took note that a channel fails; False where none does."""
    return bool(connection.run(_CLEAR, {"of": channel_id, "now": now}).rowcount)


def _stored(values: ChannelValues) -> dict[str, Any]:
    chosen = values.filter
    return {
        "name": values.name,
        "enabled": int(values.enabled),
        "config": json.dumps(dict(values.config), ensure_ascii=False),
        "secret": values.secret,
        "filter": json.dumps(
            {
                "events": _in_order(chosen.events),
                "servers": sorted(chosen.servers),
                "tags": sorted(chosen.tags),
                "jobs": sorted(chosen.jobs),
            }
        ),
    }


def _in_order(events: Iterable[Event]) -> list[str]:
    chosen = frozenset(events)
    return [event.value for event in CHOOSABLE if event in chosen]


def _row(row: Row) -> ChannelRow:
    of = dict(zip(_NAMES, row, strict=True))
    return ChannelRow(
        **{name: of[name] for name in _NAMES[:_HEALTH_AT] if name not in ("enabled", "config", "filter")},
        enabled=bool(of["enabled"]),
        config=json.loads(of["config"]),
        filter=_filter(of["filter"]),
        health=Health(*row[_HEALTH_AT:]),
    )


def _filter(text: str) -> Filter:
    read = json.loads(text)
    known = frozenset(CHOOSABLE)
    return Filter(
        frozenset(Event(name) for name in read.get("events", ()) if name in known),
        *(frozenset(read.get(name, ())) for name in ("servers", "tags", "jobs")),
    )
