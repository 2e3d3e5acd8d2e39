"""Windows of maintenance as they are kept. In: a connection and a window that was checked; out: frozen rows. What a change of them means
for jobs is applied in `silencing`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.maintenance import Once, Recurring, Window
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import server
from duplistatus.store.watch_tables import maintenance, tag

_DAY_ONE = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A window with what people say of it. `server_id`: of that server alone; `tag_id`: of the servers with that tag; neither: of all."""

    name: str
    window: Window
    server_id: ServerId | None = None
    tag_id: int | None = None
    enabled: bool = True
    comment: str = ""

    @property
    def scope(self) -> str:
        if self.server_id is not None:
            return "server"
        return "tag" if self.tag_id is not None else "all"


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A kept plan, with the names of what it concerns."""

    id: int
    plan: Plan
    created_at: Instant
    created_by: str
    server_key: str | None
    server_name: str | None
    server_alias: str | None
    tag: str | None

    @property
    def server_label(self) -> str | None:
        return self.server_alias or self.server_name


_TIMES = ("starts_at", "ends_at", "zone", "days", "start_minute", "length_minutes", "first_day", "last_day")
_VALUES = ("name", "scope", "server_id", "tag_id", "enabled", "recurring", *_TIMES, "comment")
_PLAN = ("name", "server_id", "tag_id", "enabled", "comment", "recurring", *_TIMES)
_ROWS = (
    select(
        maintenance.c.id,
        maintenance.c.created_at,
        maintenance.c.created_by,
        server.c.key,
        server.c.name,
        server.c.alias,
        tag.c.name,
        *(maintenance.c[name] for name in _PLAN),
    )
    .outerjoin(server, server.c.id == maintenance.c.server_id)
    .outerjoin(tag, tag.c.id == maintenance.c.tag_id)
)
_ALL = Statement(_ROWS.order_by(maintenance.c.name, maintenance.c.id))
_ENABLED = Statement(_ROWS.where(maintenance.c.enabled == 1).order_by(maintenance.c.id))
_BY_ID = Statement(_ROWS.where(maintenance.c.id == bindparam("id")))
_INSERT = Statement(
    insert(maintenance).values({name: bindparam(name) for name in (*_VALUES, "created_at", "created_by")}).returning(maintenance.c.id)
)
_UPDATE = Statement(update(maintenance).where(maintenance.c.id == bindparam("of")).values({name: bindparam(name) for name in _VALUES}))
_DELETE = Statement(delete(maintenance).where(maintenance.c.id == bindparam("id")))


def windows(connection: Connection) -> list[WindowRow]:
    """All windows, by name."""
    return [_row(row) for row in connection.rows(_ALL)]


def enabled_windows(connection: Connection) -> list[WindowRow]:
    """Those that are in use."""
    return [_row(row) for row in connection.rows(_ENABLED)]


def window_by_id(connection: Connection, window_id: int) -> WindowRow | None:
    row = connection.row(_BY_ID, {"id": window_id})
    return _row(row) if row else None


def add_window(connection: Connection, plan: Plan, by: str, now: Instant) -> int:
    """Keeps a new window; its number."""
    return int(connection.value(_INSERT, _values(plan) | {"created_at": now, "created_by": by}))


def change_window(connection: Connection, window_id: int, plan: Plan) -> None:
    connection.run(_UPDATE, _values(plan) | {"of": window_id})


def drop_window(connection: Connection, window_id: int) -> None:
    connection.run(_DELETE, {"id": window_id})


def _values(plan: Plan) -> dict[str, Any]:
    window = plan.window
    is_once = isinstance(window, Once)
    values: dict[str, Any] = dict.fromkeys(_TIMES)
    if isinstance(window, Once):
        values |= {"starts_at": window.starts_at, "ends_at": window.ends_at}
    else:
        values |= {
            "zone": window.zone.key,
            "days": ",".join(map(str, sorted(window.days))),
            "start_minute": window.start_minute,
            "length_minutes": window.length,
            "first_day": _number(window.first),
            "last_day": _number(window.last),
        }
    return values | {
        "name": plan.name,
        "scope": plan.scope,
        "server_id": plan.server_id,
        "tag_id": plan.tag_id,
        "enabled": int(plan.enabled),
        "recurring": int(not is_once),
        "comment": plan.comment,
    }


def _row(row: Row) -> WindowRow:
    number, created_at, created_by, key, server_name, alias, tag_name, name, server_id, tag_id, enabled, comment, *times = row
    plan = Plan(name, _window(times), server_id, tag_id, bool(enabled), comment)
    return WindowRow(number, plan, created_at, created_by, key, server_name, alias, tag_name)


def _window(times: list[Any]) -> Window:
    recurring, starts_at, ends_at, zone, days, start_minute, length, first, last = times
    if not recurring:
        return Once(starts_at, ends_at)
    return Recurring(frozenset(map(int, days.split(","))), start_minute, length, _zone(zone), _date(first), _date(last))


def _zone(name: str) -> ZoneInfo:
    """The zone; UTC where the zone was removed from the system's list since, so that one window never stops the judging of jobs."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _number(day: date | None) -> int | None:
    return (day - _DAY_ONE).days if day is not None else None


def _date(number: int | None) -> date | None:
    return _DAY_ONE + timedelta(days=number) if number is not None else None
