"""The kinds of callers that the product tells apart, each with a session of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from duplistatus.security.new_session import Visitor, new_session
from duplistatus.security.tokens import new_token, token_hash
from duplistatus.store import accounts, api_keys, sessions
from duplistatus.store.accounts import Account, User
from duplistatus.store.api_keys import Scope
from duplistatus.store.ids import UserId
from duplistatus.web.context import Context

if TYPE_CHECKING:
    from fastapi import FastAPI

    from duplistatus.clock import Instant
    from duplistatus.store.database import Connection


class Kind(Enum):
    NOBODY = "nobody"
    ANONYMOUS = "anonymous session"
    MUST_CHANGE = "user who must change the password"
    USER = "user"
    LIMITED = "limited user"
    ADMIN = "admin"
    KEY_UPLOAD = "key of scope upload"
    KEY_READ = "key of scope read"
    KEY_METRICS = "key of scope metrics"
    KEY_ADMIN = "key of scope admin"


@dataclass(frozen=True)
class Person:
    """A caller with the headers that a browser or client of theirs sends."""

    kind: Kind
    headers: dict[str, str]


KEYS = {
    Kind.KEY_UPLOAD: Scope.UPLOAD,
    Kind.KEY_READ: Scope.READ,
    Kind.KEY_METRICS: Scope.METRICS,
    Kind.KEY_ADMIN: Scope.ADMIN,
}


def make_key(application: FastAPI, *scopes: Scope, expires_at: Instant | None = None) -> str:
    """A new key with those scopes."""
    parts: Context = application.state.context
    token = new_token()
    now = parts.clock.now()
    hashed = token_hash(token)
    parts.writer.submit(lambda connection: api_keys.add(connection, "some key", hashed, frozenset(scopes), expires_at, "", now)).result()
    return token


def enter(application: FastAPI, kind: Kind) -> Person:
    """A caller of that kind, in a new session or with a new key."""
    if kind is Kind.NOBODY:
        return Person(kind, {})
    if kind in KEYS:
        return Person(kind, {"x-api-key": make_key(application, KEYS[kind])})
    parts: Context = application.state.context
    now = parts.clock.now()
    user = None
    if kind is not Kind.ANONYMOUS:
        must_change, is_limited = kind is Kind.MUST_CHANGE, kind is Kind.LIMITED
        user = User(UserId(f"id-{kind.name}"), f"some-{kind.name.lower()}", kind is Kind.ADMIN, must_change, is_limited)
    opened = new_session(Visitor("127.0.0.1", "tests"), user, now)

    def work(connection: Connection) -> None:
        if user is not None and accounts.by_id(connection, user.id) is None:
            accounts.add(connection, Account(user, "no password"), now)
        sessions.add(connection, opened.session)

    parts.writer.submit(work).result()
    return Person(kind, {"cookie": f"sessionId={opened.token}", "x-csrf-token": opened.session.csrf_token})
