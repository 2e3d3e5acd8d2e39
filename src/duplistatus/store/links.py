"""How each server's own API is reached, and how that went. In: a connection; out: `Link` values, one for each server that has an address,
and the row changed. The address and the encrypted password are columns of the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.sql import ColumnElement

from duplistatus.clock import Instant
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import ServerId
from duplistatus.store.link_tables import https_host, server_link
from duplistatus.store.statement import Statement
from duplistatus.store.tables import server

TIMERS = (15, 30, 60, 120, 240, 360, 720, 1440)
"""Minutes that can lie between two collections by time."""


@dataclass(frozen=True, slots=True)
class Link:
    """A server whose API can be asked. `secret`: the encrypted password, empty for none; the other fields as the columns of
    `link_tables.server_link` and `server`."""

    server_id: ServerId
    key: str
    name: str
    alias: str
    url: str
    secret: str = field(repr=False)
    certificate: str
    timer: int | None
    next_at: Instant | None
    controls: bool
    watch: bool
    tried_at: Instant | None
    collected_at: Instant | None
    trouble: str
    trouble_facts: dict[str, Any]
    failures: int
    found: int
    known: int
    errors: int
    machine_id: str
    machine_name: str
    version: str
    channel: str
    told_at: Instant | None
    live: str
    live_at: Instant | None
    pause_ends: Instant | None
    active: dict[str, Any] | None
    queue: list[str]
    live_trouble: str

    @property
    def shown_name(self) -> str:
        """What people call it."""
        return self.alias or self.name


def _column(name: str) -> ColumnElement[Any]:
    of_server = {"server_id": server.c.id, "key": server.c.key, "name": server.c.name, "alias": server.c.alias}
    of_server |= {"url": server.c.url, "secret": server.c.secret}
    return of_server[name] if name in of_server else server_link.c[name]


_LINKS = (
    select(*(_column(name).label(f"link_{name}") for name in Link.__dataclass_fields__))
    .join(server_link, server_link.c.server_id == server.c.id)
    .where(server.c.url != "")
)
_ALL = Statement(_LINKS.order_by(func.lower(server.c.name), server.c.key))
_ONE = Statement(_LINKS.where(server.c.id == bindparam("of")))
_DUE = Statement(_LINKS.where(server_link.c.next_at <= bindparam("now")).order_by(server_link.c.next_at))
_LABEL = func.coalesce(func.nullif(server.c.alias, ""), server.c.name)
_ADDRESSES = Statement(select(_LABEL, server.c.url, server.c.version).where(server.c.url != "").order_by(func.lower(_LABEL), server.c.id))
_HAS = Statement(select(server_link.c.server_id).where(server_link.c.server_id == bindparam("of")))
_ADD = Statement(insert(server_link).values(server_id=bindparam("of")))
_DROP = Statement(delete(server_link).where(server_link.c.server_id == bindparam("of")))
_REACH = Statement(update(server).where(server.c.id == bindparam("of")).values(url=bindparam("url_new")))
_SECRET = Statement(update(server).where(server.c.id == bindparam("of")).values(secret=bindparam("secret_new")))
_CERTIFICATE = Statement(update(server_link).where(server_link.c.server_id == bindparam("of")).values(certificate=bindparam("new")))
_ANEW = Statement(
    update(server_link).where(server_link.c.server_id == bindparam("of")).values(trouble="", trouble_facts="{}", failures=0, next_at=None)
)
_HOST = Statement(select(https_host.c.host).where(https_host.c.host == bindparam("host_")))
_SEEN = Statement(insert(https_host).values(host=bindparam("host_"), seen_at=bindparam("now")))


def links(connection: Connection) -> list[Link]:
    """All servers that have an address, by name."""
    return [_link(row) for row in connection.rows(_ALL)]


def link(connection: Connection, server_id: ServerId) -> Link | None:
    """One of them."""
    row = connection.row(_ONE, {"of": server_id})
    return _link(row) if row is not None else None


def addresses(connection: Connection) -> list[tuple[str, str, str]]:
    """What people call each server that has an address, that address, and its version as its reports tell it."""
    return [(str(label), str(url), str(version)) for label, url, version in connection.rows(_ADDRESSES)]


def due_links(connection: Connection, now: Instant) -> list[Link]:
    """Those whose time for a collection has come, the longest first."""
    return [_link(row) for row in connection.rows(_DUE, {"now": now})]


def set_url(connection: Connection, server_id: ServerId, url: str) -> None:
    """The address of a server's API; an empty one takes away how it is reached, but for the password. Another address knows nothing of
    the former's certificate."""
    before = connection.row(_ONE, {"of": server_id})
    connection.run(_REACH, {"of": server_id, "url_new": url})
    if not url:
        connection.run(_DROP, {"of": server_id})
        return
    if connection.row(_HAS, {"of": server_id}) is None:
        connection.run(_ADD, {"of": server_id})
    elif before is not None and before[4] != url:
        connection.run(_CERTIFICATE, {"of": server_id, "new": ""})
        _ask_anew(connection, server_id)


def set_secret(connection: Connection, server_id: ServerId, secret: str) -> None:
    """The encrypted password; an empty text takes it away."""
    connection.run(_SECRET, {"of": server_id, "secret_new": secret})
    _ask_anew(connection, server_id)


def agree(connection: Connection, server_id: ServerId, certificate: str) -> None:
    """Somebody agreed to a certificate; its SHA-256."""
    connection.run(_CERTIFICATE, {"of": server_id, "new": certificate})
    _ask_anew(connection, server_id)


def _ask_anew(connection: Connection, server_id: ServerId) -> None:
    """Whatever went wrong before counts no longer; a server with a timer is soon tried again."""
    connection.run(_ANEW, {"of": server_id})


def has_spoken_https(connection: Connection, host: str) -> bool:
    """Whether a host was ever reached by HTTPS."""
    return connection.row(_HOST, {"host_": host.lower()}) is not None


def spoke_https(connection: Connection, host: str, now: Instant) -> None:
    """A host was reached by HTTPS."""
    if not has_spoken_https(connection, host):
        connection.run(_SEEN, {"host_": host.lower(), "now": now})


def _link(row: Row) -> Link:
    values = dict(zip(Link.__dataclass_fields__, row, strict=True))
    values["controls"], values["watch"] = bool(values["controls"]), bool(values["watch"])
    values["trouble_facts"] = orjson.loads(values["trouble_facts"])
    values["active"] = orjson.loads(values["active"]) if values["active"] else None
    values["queue"] = orjson.loads(values["queue"])
    return Link(**values)
