"""Sessions of browsers, signed in or not. In: a connection and the SHA-256 of a cookie's value, never the value; out: frozen
sessions with their user. One indexed read finds a session, so that a revoked one is refused at once everywhere, and what an
administrator changed of its user holds at once. A session lives until it expires, or until nobody has used it for `IDLE`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from duplistatus.clock import HOUR, Instant
from duplistatus.store.account_tables import session, user
from duplistatus.store.accounts import User
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import UserId
from duplistatus.store.statement import Statement

IDLE = 12 * HOUR
"""Since it was last used: over night a browser that was left alone is no way in any more, during a working day nobody notices. An open
page that keeps itself up to date uses its session."""

ANONYMOUS_KEPT = 10_000
"""Sessions nobody signed in to; older ones go when there are more, so that asking for sessions cannot fill the disk."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session. `user` is None until somebody signs in; `public_id` names it towards people and programs."""

    token_hash: str
    public_id: str
    user: User | None
    csrf_token: str
    created_at: Instant
    last_seen_at: Instant
    expires_at: Instant
    address: str
    user_agent: str


_SESSION = (
    session.c.token_hash,
    session.c.public_id,
    session.c.csrf_token,
    session.c.created_at,
    session.c.last_seen_at,
    session.c.expires_at,
    session.c.address,
    session.c.user_agent,
    user.c.id,
    user.c.username,
    user.c.is_admin,
    user.c.must_change_password,
    user.c.is_limited,
)
_ALL = select(*_SESSION).outerjoin_from(session, user, user.c.id == session.c.user_id)

_LIVES = (session.c.expires_at > bindparam("now"), session.c.last_seen_at > bindparam("used_after"))
_FIND = Statement(_ALL.where(session.c.token_hash == bindparam("hash"), *_LIVES))
_OF_USER = Statement(
    _ALL.where(session.c.user_id == bindparam("user"), *_LIVES).order_by(
        session.c.last_seen_at.desc(), session.c.created_at.desc(), session.c.public_id
    )
)
_COUNTS = Statement(select(session.c.user_id, func.count()).where(session.c.user_id.is_not(None), *_LIVES).group_by(session.c.user_id))
_INSERT = Statement(insert(session))
_TOUCH = Statement(update(session).where(session.c.token_hash == bindparam("hash")).values(last_seen_at=bindparam("now")))
_DELETE = Statement(delete(session).where(session.c.token_hash == bindparam("hash")))
_DELETE_PUBLIC = Statement(delete(session).where(session.c.public_id == bindparam("id"), session.c.user_id == bindparam("user")))
_DELETE_OF_USER = Statement(delete(session).where(session.c.user_id == bindparam("user"), session.c.token_hash != bindparam("but")))
_DELETE_ALL = Statement(delete(session))
_DELETE_EXPIRED = Statement(
    delete(session).where(or_(session.c.expires_at <= bindparam("now"), session.c.last_seen_at <= bindparam("used_after")))
)
_DELETE_ANONYMOUS = Statement(
    delete(session).where(
        session.c.user_id.is_(None),
        session.c.created_at
        < select(session.c.created_at)
        .where(session.c.user_id.is_(None))
        .order_by(session.c.created_at.desc())
        .limit(1)
        .offset(bindparam("kept"))
        .scalar_subquery(),
    )
)


def _session(row: Row) -> Session:
    signed_in = User(UserId(row[8]), row[9], bool(row[10]), bool(row[11]), bool(row[12])) if row[8] is not None else None
    return Session(row[0], row[1], signed_in, *row[2:8])


def _living(now: Instant) -> dict[str, int]:
    return {"now": now, "used_after": now - IDLE}


def find(connection: Connection, token_hash: str, now: Instant) -> Session | None:
    """The session, unless it is over."""
    row = connection.row(_FIND, {"hash": token_hash, **_living(now)})
    return _session(row) if row else None


def of_user(connection: Connection, user_id: UserId, now: Instant) -> list[Session]:
    """The live sessions of a user, the one seen last first."""
    return [_session(row) for row in connection.rows(_OF_USER, {"user": user_id, **_living(now)})]


def counts(connection: Connection, now: Instant) -> dict[UserId, int]:
    """How many live sessions each user has; users without any are not named."""
    return {UserId(user_id): count for user_id, count in connection.rows(_COUNTS, _living(now))}


def add(connection: Connection, new: Session) -> None:
    connection.run(
        _INSERT,
        {
            "token_hash": new.token_hash,
            "public_id": new.public_id,
            "user_id": new.user.id if new.user else None,
            "csrf_token": new.csrf_token,
            "created_at": new.created_at,
            "last_seen_at": new.last_seen_at,
            "expires_at": new.expires_at,
            "address": new.address,
            "user_agent": new.user_agent,
        },
    )


def touch(connection: Connection, token_hash: str, now: Instant) -> None:
    """Keeps when the session was used last."""
    connection.run(_TOUCH, {"hash": token_hash, "now": now})


def end(connection: Connection, token_hash: str) -> None:
    connection.run(_DELETE, {"hash": token_hash})


def end_own(connection: Connection, user_id: UserId, public_id: str) -> bool:
    """Ends one session of a user by its public id; False when the user has no such session."""
    return bool(connection.run(_DELETE_PUBLIC, {"id": public_id, "user": user_id}).rowcount)


def end_all_of(connection: Connection, user_id: UserId, *, but: str = "") -> int:
    """Ends the sessions of a user; `but` is the token hash of one that stays. How many there were, those that were over among them."""
    ended: int = connection.run(_DELETE_OF_USER, {"user": user_id, "but": but}).rowcount
    return ended


def end_all(connection: Connection) -> int:
    """Ends everybody's sessions, as after the database was restored: what they were allowed may not be so any more."""
    ended: int = connection.run(_DELETE_ALL).rowcount
    return ended


def prune(connection: Connection, now: Instant, kept: int = ANONYMOUS_KEPT) -> int:
    """Removes sessions that are over, and the oldest that nobody signed in to beyond the newest `kept`; how many there were."""
    expired: int = connection.run(_DELETE_EXPIRED, _living(now)).rowcount
    anonymous: int = connection.run(_DELETE_ANONYMOUS, {"kept": kept - 1}).rowcount
    return expired + anonymous
