"""Sessions as they begin. In: who and from where; out: a session with a new id, and the cookie's value that leads to it, which is
told once and stored nowhere."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from duplistatus.clock import DAY, Instant
from duplistatus.security.tokens import new_token, token_hash
from duplistatus.store.accounts import User
from duplistatus.store.sessions import Session

LIFETIME = DAY
"""Of a session that is in use all the time: whoever got hold of one loses it within a day, and people sign in once a working day."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from: the client's address, the name of its program, the session it has, and the SHA-256 of the value by
    which the browser may be known, empty without one."""

    address: str
    user_agent: str
    session: Session | None = None
    device_hash: str = ""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just made, with the value of its cookie."""

    session: Session
    token: str


def new_session(visitor: Visitor, user: User | None, now: Instant) -> NewSession:
    """A session with a new id. The CSRF token of the visitor's session is carried over, so that open pages keep working."""
    token = new_token()
    session = Session(
        token_hash=token_hash(token),
        public_id=str(uuid.uuid4()),
        user=user,
        csrf_token=visitor.session.csrf_token if visitor.session else new_token(),
        created_at=now,
        last_seen_at=now,
        expires_at=Instant(now + LIFETIME),
        address=visitor.address,
        user_agent=visitor.user_agent,
    )
    return NewSession(session, token)
