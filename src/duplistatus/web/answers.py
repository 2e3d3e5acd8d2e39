"""Encoded answers, and those kept for as long as the data stays the same. In: a key, and how to make the bytes; out: the bytes, made
anew only after a commit that changed data, after a minute, or when others needed the room. What depends on the present belongs
into the key (a second, a minute, a count), never into a kept body."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response

from duplistatus.clock import MINUTE, Instant
from duplistatus.web.context import Context, context

MOST_BYTES = 24 * 1024 * 1024
ENTRY_BYTES = 1_000
"""What an entry takes beside its body and the text of its key, about."""
LONGEST = MINUTE
"""Milliseconds that an answer is kept without a change that this process knows of: another process may have written."""

NO_STORE: Mapping[str, str] = {"Cache-Control": "no-store, no-cache, must-revalidate", "Pragma": "no-cache"}
NO_STORE_EXPIRED: Mapping[str, str] = {**NO_STORE, "Expires": "0"}


@dataclass(frozen=True, slots=True)
class _Kept:
    body: bytes
    version: int
    made_at: Instant
    size: int


class Answers:
    """The kept answers of one application, those least recently asked for dropped first. Used from the event loop only."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._most_bytes = most_bytes
        self._cleaned = (0, Instant(0))
        self.held_bytes = 0

    def get(self, key: Hashable, version: int, now: Instant) -> bytes | None:
        """The body, if it was made from this version of the data within the last minute."""
        kept = self._kept.get(key)
        if kept is None or kept.version != version or not 0 <= now - kept.made_at < LONGEST:
            return None
        self._kept.move_to_end(key)
        return kept.body

    def keep(self, key: Hashable, version: int, now: Instant, body: bytes) -> None:
        """Keeps a body made from this version; one that alone would take half of the room is not kept."""
        self._clean(version, now)
        before = self._kept.pop(key, None)
        if before is not None:
            self.held_bytes -= before.size
        size = ENTRY_BYTES + len(body) + len(str(key))
        if size > self._most_bytes // 2:
            return
        self._kept[key] = _Kept(body, version, now, size)
        self.held_bytes += size
        while self.held_bytes > self._most_bytes:
            _, dropped = self._kept.popitem(last=False)
            self.held_bytes -= dropped.size

    def _clean(self, version: int, now: Instant) -> None:
        """Forgets what can no longer be answered, after each new version and each minute: a large fleet's answers are megabytes."""
        known, cleaned_at = self._cleaned
        if known == version and 0 <= now - cleaned_at < LONGEST:
            return
        self._cleaned = (version, now)
        for key in [key for key, kept in self._kept.items() if kept.version < version or not 0 <= now - kept.made_at < LONGEST]:
            self.held_bytes -= self._kept.pop(key).size


def answers(connection: HTTPConnection) -> Answers:
    """The kept answers of the application."""
    state = connection.app.state
    found: Answers | None = getattr(state, "answers", None)
    if found is None:
        found = state.answers = Answers()
    return found


def _key(parts: Context, key: Hashable) -> Hashable:
    """What somebody who sees only some servers is answered is kept for that sight alone."""
    return key if parts.sight.is_whole else (parts.sight, key)


def kept(connection: HTTPConnection, key: Hashable, make: Callable[[], bytes]) -> bytes:
    """The body of `key`, made now if none is kept."""
    parts, store = context(connection), answers(connection)
    key = _key(parts, key)
    # Read before the data: a commit in between makes the body newer than its label, never older.
    version, now = parts.writer.version, parts.clock.now()
    body = store.get(key, version, now)
    if body is None:
        body = make()
        store.keep(key, version, now, body)
    return body


async def kept_in_thread(connection: HTTPConnection, key: Hashable, make: Callable[[], bytes]) -> bytes:
    """As `kept`, made in a thread: for what takes long enough to hold up other requests."""
    parts, store = context(connection), answers(connection)
    key = _key(parts, key)
    version, now = parts.writer.version, parts.clock.now()
    body = store.get(key, version, now)
    if body is None:
        body = await run_in_threadpool(make)
        store.keep(key, version, now, body)
    return body


def encode(value: object) -> bytes:
    """JSON. Integers beyond 64 bits cannot occur: the columns hold 64."""
    return orjson.dumps(value)


def json_answer(body: bytes, headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """An answer of encoded JSON."""
    return Response(body, status, headers, "application/json")
