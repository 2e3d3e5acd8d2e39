"""Keys by which programs call. In: a connection and the SHA-256 of a key, never the key; out: frozen keys with what they open and when
they were used. One indexed read finds a key, so that a disabled one is refused at once everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.clock import Instant
from duplistatus.store.account_tables import api_key
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import KeyId
from duplistatus.store.statement import Statement

FINGERPRINT_DIGITS = 12


class Scope(Enum):
    """What a key opens. `ADMIN` includes the others."""

    UPLOAD = "upload"
    READ = "read"
    METRICS = "metrics"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key. `fingerprint`: the beginning of its SHA-256, by which people recognise it; `uses` is counted now and then, so that a
    few may be missing after a kill."""

    id: KeyId
    name: str
    key_hash: str
    scopes: frozenset[Scope]
    is_disabled: bool
    created_at: Instant
    created_by: str
    expires_at: Instant | None
    last_used_at: Instant | None
    last_used_address: str
    uses: int

    @property
    def fingerprint(self) -> str:
        return self.key_hash[:FINGERPRINT_DIGITS]

    def opens(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def is_expired(self, now: Instant) -> bool:
        return self.expires_at is not None and self.expires_at <= now


_ALL = select(
    api_key.c.id,
    api_key.c.name,
    api_key.c.key_hash,
    api_key.c.scopes,
    api_key.c.is_disabled,
    api_key.c.created_at,
    api_key.c.created_by,
    api_key.c.expires_at,
    api_key.c.last_used_at,
    api_key.c.last_used_address,
    api_key.c.uses,
)
_BY_HASH = Statement(_ALL.where(api_key.c.key_hash == bindparam("hash")))
_BY_ID = Statement(_ALL.where(api_key.c.id == bindparam("of")))
_LIST = Statement(_ALL.order_by(api_key.c.id))
_INSERT = Statement(
    insert(api_key)
    .values({name: bindparam(name) for name in ("name", "key_hash", "scopes", "is_disabled", "created_at", "created_by", "expires_at")})
    .returning(api_key.c.id)
)
_CHANGE = Statement(
    update(api_key)
    .where(api_key.c.id == bindparam("of"))
    .values({name: bindparam(f"{name}_new") for name in ("name", "scopes", "is_disabled", "expires_at")})
)
_USED = Statement(
    update(api_key)
    .where(api_key.c.id == bindparam("of"))
    .values(last_used_at=bindparam("at_new"), last_used_address=bindparam("address_new"), uses=api_key.c.uses + bindparam("more"))
)
_DELETE = Statement(delete(api_key).where(api_key.c.id == bindparam("of")))


def _key(row: Row) -> ApiKey:
    scopes = frozenset(scope for scope in Scope if scope.value in row[3].split())
    return ApiKey(KeyId(row[0]), row[1], row[2], scopes, bool(row[4]), *row[5:])


def find(connection: Connection, key_hash: str) -> ApiKey | None:
    """The key of that hash, whether or not it still opens anything."""
    row = connection.row(_BY_HASH, {"hash": key_hash})
    return _key(row) if row else None


def by_id(connection: Connection, key_id: KeyId) -> ApiKey | None:
    row = connection.row(_BY_ID, {"of": key_id})
    return _key(row) if row else None


def listed(connection: Connection) -> list[ApiKey]:
    """All keys, the oldest first."""
    return [_key(row) for row in connection.rows(_LIST)]


def scopes_text(scopes: frozenset[Scope]) -> str:
    """The scopes as they are kept: in the order of `Scope`."""
    return " ".join(scope.value for scope in Scope if scope in scopes)


def add(
    connection: Connection, name: str, key_hash: str, scopes: frozenset[Scope], expires_at: Instant | None, by: str, now: Instant
) -> KeyId:
    """Stores a new key; its id."""
    values = {
        "name": name,
        "key_hash": key_hash,
        "scopes": scopes_text(scopes),
        "is_disabled": 0,
        "created_at": now,
        "created_by": by,
        "expires_at": expires_at,
    }
    return KeyId(connection.value(_INSERT, values))


def change(connection: Connection, changed: ApiKey) -> None:
    """Stores name, scopes, expiry and whether it is disabled."""
    values = {
        "of": changed.id,
        "name_new": changed.name,
        "scopes_new": scopes_text(changed.scopes),
        "is_disabled_new": int(changed.is_disabled),
        "expires_at_new": changed.expires_at,
    }
    connection.run(_CHANGE, values)


def used(connection: Connection, key_id: KeyId, address: str, uses: int, now: Instant) -> None:
    """Keeps that the key was used so many times more, the last time now and from that address."""
    connection.run(_USED, {"of": key_id, "at_new": now, "address_new": address, "more": uses})


def remove(connection: Connection, key_id: KeyId) -> None:
    connection.run(_DELETE, {"of": key_id})
