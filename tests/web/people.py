"""The kinds of callers that the product tells apart, each with a session of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from duplistatus.security.new_session import Visitor, new_session
from duplistatus.store import accounts, sessions
from duplistatus.store.accounts import Account, User
from duplistatus.store.ids import UserId
from duplistatus.web.context import Context

if TYPE_CHECKING:
    from fastapi import FastAPI

    from duplistatus.store.database import Connection


class Kind(Enum):
    NOBODY = "nobody"
    ANONYMOUS = "anonymous session"
    MUST_CHANGE = "user who must change the password"
    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True)
class Person:
    """A caller with the headers that a browser or client of theirs sends."""

    kind: Kind
    headers: dict[str, str]


def enter(application: FastAPI, kind: Kind) -> Person:
    """A caller of that kind, in a new session."""
    if kind is Kind.NOBODY:
        return Person(kind, {})
    parts: Context = application.state.context
    now = parts.clock.now()
    user = None
    if kind is not Kind.ANONYMOUS:
        user = User(UserId(f"id-{kind.name}"), f"some-{kind.name.lower()}", kind is Kind.ADMIN, kind is Kind.MUST_CHANGE)
    opened = new_session(Visitor("127.0.0.1", "tests"), user, now)

    def work(connection: Connection) -> None:
        if user is not None and accounts.by_id(connection, user.id) is None:
            accounts.add(connection, Account(user, "no password"), now)
        sessions.add(connection, opened.session)

    parts.writer.submit(work).result()
    return Person(kind, {"cookie": f"sessionId={opened.token}", "x-csrf-token": opened.session.csrf_token})
