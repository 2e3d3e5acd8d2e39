"""`GET /api/events`: what changes, as it changes (server-sent events). In: commits of the writer; out: to each listener the version of the
data when it connects, then `changed` with the new version and the keys of the servers concerned, at most twice a second, and a comment
every 15 seconds so that nobody on the way closes a silent connection. Who sees only some servers hears of their keys alone. Nothing
queues up: a slow listener gets the newest state alone. A stream ends with its session, and all of them end at once when the product
stops."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import StreamingResponse

from duplistatus.store import api_keys
from duplistatus.store.database import Row, StoreError
from duplistatus.store.fleet_marks import fleet_keys, fleet_marks
from duplistatus.store.sight import sight_of
from duplistatus.web.access import Access, Caller, Refused, guarded
from duplistatus.web.context import Context, context, narrow, whole_context
from duplistatus.web.pages.rendering import process_version
from duplistatus.web.sessions import find_session

router = APIRouter(tags=["fleet"])

MOST_LISTENERS = 500
MOST_OF_A_SESSION = 20
HEARTBEAT = 15.0
"""Seconds between two comments."""
_SETTLE = 0.5
"""Seconds that commits are gathered before they are told."""
_LOOK = 0.5
"""Seconds between two looks whether the product stops."""
_NEWS_KEPT = 200
_MOST_KEYS = 100


class News:
    """What the commits of one application changed. Used from its event loop; `heard` from the writer's thread."""

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[asyncio.Event, str] = {}
        self._news: deque[tuple[int, frozenset[str]]] = deque(maxlen=_NEWS_KEPT)
        self._marks: dict[str, tuple[Row, ...]] | None = None
        self._seen = 0
        parts.writer.on_commit(self.heard)

    def heard(self, version: int) -> None:
        """A commit changed data."""
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:
            return  # the loop has ended: nobody listens any more

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.set()

    def refuse_crowd(self, session: str) -> None:
        """Raises Refused when there are too many listeners already."""
        own = sum(each == session for each in self._listeners.values())
        if len(self._listeners) >= MOST_LISTENERS or own >= MOST_OF_A_SESSION:
            raise Refused(503, "Too many open pages listen already", "busy", headers={"Retry-After": "30"})

    def listen(self, session: str) -> asyncio.Event:
        """An event that is set after each commit, until `leave`."""
        listener = asyncio.Event()
        self._listeners[listener] = session
        if self._marks is None:
            self._look()
        return listener

    def leave(self, listener: asyncio.Event) -> None:
        del self._listeners[listener]
        if not self._listeners:
            self._marks = None

    def since(self, version: int) -> tuple[int, frozenset[str] | None]:
        """The present version, and the keys of the servers that changed after `version`; None when that is not known any more."""
        if self._seen != self._parts.writer.version:
            self._look()
        if version < self._seen and (not self._news or self._news[0][0] > version + 1):
            return self._seen, None
        keys = frozenset[str]().union(*(keys for at, keys in self._news if at > version))
        return self._seen, keys if len(keys) <= _MOST_KEYS else None

    def _look(self) -> None:
        """Compares the servers with what they were at the last look. Raises StoreUnavailable."""
        version = self._parts.writer.version
        with self._parts.database.read() as connection:
            marks = fleet_marks(connection)
        before = self._marks
        if before is None:
            self._news.clear()
        else:
            changed = frozenset(key for key in before.keys() | marks.keys() if before.get(key) != marks.get(key))
            # Commits between two looks are one piece of news; it stands for each of their versions.
            self._news.extend((each, changed) for each in range(max(self._seen + 1, version - _NEWS_KEPT), version + 1))
        self._marks, self._seen = marks, version


def _news(request: Request) -> News:
    state = request.app.state
    if not hasattr(state, "news"):
        state.news = News(whole_context(request))
    found: News = state.news
    return found


@router.get("/api/events", summary="Server-sent events: something changed", response_class=StreamingResponse)
async def events(request: Request, caller: Annotated[Caller, guarded(Access.READ)]) -> StreamingResponse:
    """First `version`, then `changed` events: `{"version": text, "servers": [keys] or null for everything}`."""
    news = _news(request)
    listener = listener_of(caller)
    news.refuse_crowd(listener)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(request, news, caller, listener), media_type="text/event-stream", headers=headers)


def listener_of(caller: Caller) -> str:
    """Whose listeners are counted together."""
    if caller.key is not None:
        return caller.key.key_hash
    return caller.session.token_hash if caller.session else ""


def may_still_listen(request: Request, caller: Caller) -> bool:
    """Whether the session or the key is as good as it was. Raises StoreUnavailable."""
    if caller.key is None:
        session = find_session(request)
        return session is not None and session.user == caller.user
    parts = context(request)
    with parts.database.read() as connection:
        key = api_keys.find(connection, caller.key.key_hash)
    return key is not None and not key.is_disabled and not key.is_expired(parts.clock.now()) and key.scopes == caller.key.scopes


class _Hearing:
    """What of the news a caller may hear."""

    def __init__(self, request: Request, caller: Caller) -> None:
        self._request = request
        self._caller = caller
        self._keys = frozenset[str]() if caller.sight.is_whole else self._look()

    def part_of(self, servers: frozenset[str] | None) -> frozenset[str] | None:
        """The keys of those that are seen; None, for everything, where others are seen than before. Raises StoreUnavailable."""
        if self._caller.sight.is_whole:
            return servers
        before, self._keys = self._keys, self._look()
        return servers & self._keys if servers is not None and self._keys == before else None

    def _look(self) -> frozenset[str]:
        """The keys that are seen now: while a page is open, an administrator may choose other servers."""
        if (user := self._caller.user) is not None:
            with whole_context(self._request).database.read() as connection:
                sight = sight_of(connection, user)
            narrow(self._request, sight)
        with context(self._request).database.read() as connection:
            return fleet_keys(connection)


def _message(event: str, version: int, servers: frozenset[str] | None) -> bytes:
    data = {"version": process_version(version), "servers": sorted(servers) if servers is not None else None}
    return b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


async def _stream(request: Request, news: News, caller: Caller, name: str) -> AsyncIterator[bytes]:
    stopping = request.app.state.stopping
    loop = asyncio.get_running_loop()
    listener = news.listen(name)
    try:
        hearing = _Hearing(request, caller)
        told = context(request).writer.version
        yield b"retry: 3000\n" + _message("version", told, None)
        spoken = loop.time()
        while not stopping.is_set():
            try:
                # Not wait_for: before Python 3.12 it forgets that it was cancelled when the event comes in the same moment.
                async with asyncio.timeout(_LOOK):
                    await listener.wait()
            except TimeoutError:
                if loop.time() - spoken >= HEARTBEAT:
                    if not may_still_listen(request, caller):
                        return
                    yield b": still here\n\n"
                    spoken = loop.time()
                continue
            await asyncio.sleep(_SETTLE)
            listener.clear()
            version, servers = news.since(told)
            if version != told:
                if not may_still_listen(request, caller):
                    return
                told = version
                yield _message("changed", version, hearing.part_of(servers))
                spoken = loop.time()
    except StoreError:
        return  # the browser connects again by itself
    finally:
        news.leave(listener)
