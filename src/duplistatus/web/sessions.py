"""Sessions and their cookies. In: a request; out: its session, or a new one and the cookie that carries it. The cookie's value is known
to the browser alone: the database holds its SHA-256."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import MINUTE, SECOND, Instant
from duplistatus.security.new_session import LIFETIME, NewSession, Visitor, new_session
from duplistatus.security.tokens import token_hash
from duplistatus.store import sessions
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.sessions import Session
from duplistatus.web.context import context
from duplistatus.web.device_cookie import device_hash
from duplistatus.web.doors import client_of
from duplistatus.web.sign_in_limits import check_sessions

COOKIE = "sessionId"
LEGACY_COOKIE = "session"
_SEEN_EVERY = MINUTE
_LONGEST_TOKEN = 128
_LONGEST_AGENT = 300


def user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")[:_LONGEST_AGENT]


def find_session(request: Request, cookie: str = COOKIE) -> Session | None:
    """The session of the cookie. Without a cookie the database is not asked."""
    token = request.cookies.get(cookie)
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    parts = context(request)
    now = parts.clock.now()
    with parts.database.read() as connection:
        found = sessions.find(connection, token_hash(token), now)
    if found is not None and now - found.last_seen_at >= _SEEN_EVERY:
        _seen(request, found.token_hash, now)
    return found


def _seen(request: Request, hashed: str, now: Instant) -> None:
    """Keeps that the session is in use. A full disk or queue is no reason to refuse a read."""
    try:
        context(request).writer.submit(lambda connection: sessions.touch(connection, hashed, now), changes=False)
    except StoreError:
        return


def visitor(request: Request, session: Session | None) -> Visitor:
    """Where the request comes from, for what is kept of it."""
    address = client_of(request).address
    return Visitor(address, user_agent(request), session, device_hash(request))


async def open_session(request: Request) -> NewSession:
    """Stores a session that nobody has signed in to. Now and then it also removes what is out of date. Raises Refused where too many
    come from one address."""
    check_sessions(request)
    now = context(request).clock.now()
    new = new_session(visitor(request, None), None, now)
    prunes = new.session.token_hash.startswith("00")  # the hash is random: one in 256

    def work(connection: Connection) -> None:
        sessions.add(connection, new.session)
        if prunes:
            sessions.prune(connection, now)

    await context(request).writer.write(work, changes=False)
    return new


def give_cookie(request: Request, response: Response, token: str, *, legacy: bool = False) -> None:
    """Sets the session's cookie: out of reach of scripts, not sent along by other sites, over TLS only where the client speaks TLS."""
    settings = context(request).settings
    response.set_cookie(
        LEGACY_COOKIE if legacy else COOKIE,
        token,
        max_age=LIFETIME // SECOND,
        path=settings.root_path or "/",
        secure=client_of(request).secure,
        httponly=True,
        samesite="strict" if legacy else "lax",
    )


def take_cookie(request: Request, response: Response, *, legacy: bool = False) -> None:
    """Removes the session's cookie."""
    settings = context(request).settings
    response.delete_cookie(
        LEGACY_COOKIE if legacy else COOKIE,
        path=settings.root_path or "/",
        secure=client_of(request).secure,
        httponly=True,
        samesite="strict" if legacy else "lax",
    )
