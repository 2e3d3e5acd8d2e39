"""The address that is asked after each healthy check, so that a watcher elsewhere notices when the product is gone. In: a connection; out:
what is set, and how the newest request went. The address itself passes through here encrypted: such addresses hold tokens."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.clock import Instant
from duplistatus.store.account_tables import setting
from duplistatus.store.channels import Health
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

_SETTING = "heartbeat"
_HEALTH = "heartbeat_health"
_READ = Statement(select(setting.c.value).where(setting.c.key == bindparam("of")))
_UPDATE = Statement(update(setting).where(setting.c.key == bindparam("of")).values(value=bindparam("new")))
_INSERT = Statement(insert(setting).values(key=bindparam("of"), value=bindparam("new")))
_DELETE = Statement(delete(setting).where(setting.c.key == bindparam("of")))


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """`secret`: the address, encrypted; empty where none is set. `host`: what may be shown of it."""

    secret: str = ""
    host: str = ""
    health: Health = field(default_factory=Health)

    @property
    def is_set(self) -> bool:
        return bool(self.secret)


def heartbeat(connection: Connection) -> Heartbeat:
    """What is set. A stored value that cannot be read counts as not set."""
    set_to, health = _stored(connection, _SETTING), _stored(connection, _HEALTH)
    try:
        return Heartbeat(str(set_to.get("secret", "")), str(set_to.get("host", "")), Health(**health))
    except TypeError:
        return Heartbeat(str(set_to.get("secret", "")), str(set_to.get("host", "")))


def save_heartbeat(connection: Connection, secret: str, host: str) -> None:
    """Sets another address, of which nothing is known yet; an empty one sets none."""
    connection.run(_DELETE, {"of": _HEALTH})
    if secret:
        _keep(connection, _SETTING, {"secret": secret, "host": host})
    else:
        connection.run(_DELETE, {"of": _SETTING})


def replace_address(connection: Connection, secret: str) -> None:
    """The same address, encrypted anew; an empty text takes it away."""
    before = _stored(connection, _SETTING)
    if secret:
        _keep(connection, _SETTING, {**before, "secret": secret})
    else:
        save_heartbeat(connection, "", "")


def note_beat(connection: Connection, error: str, now: Instant) -> None:
    """The newest request worked, or failed for that reason."""
    before = heartbeat(connection).health
    if not error:
        health = Health(delivered_at=now)
    else:
        since = before.failing_since if before.failing_since is not None else now
        health = Health(since, now, error, before.cleared_at, before.delivered_at)
    _keep(connection, _HEALTH, asdict(health))


def clear_heartbeat_alert(connection: Connection, now: Instant) -> bool:
    """Somebody took note that it fails; False where it does not."""
    before = heartbeat(connection).health
    if before.failing_since is None:
        return False
    _keep(connection, _HEALTH, asdict(before) | {"cleared_at": now})
    return True


def _stored(connection: Connection, key: str) -> dict[str, Any]:
    text = connection.value(_READ, {"of": key})
    try:
        read = json.loads(text) if text else {}
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _keep(connection: Connection, key: str, value: dict[str, object]) -> None:
    text = json.dumps(value)
    if not connection.run(_UPDATE, {"of": key, "new": text}).rowcount:
        connection.run(_INSERT, {"of": key, "new": text})
