"""Keys that programs call with. In: a request; out: the key that it carries, or `Refused` where that opens nothing. A key in the address
is taken out of it before anything else sees the request, so that it stands in no log and in no address to come back to."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from duplistatus.clock import MINUTE, Instant
from duplistatus.security.tokens import token_hash
from duplistatus.store import api_keys
from duplistatus.store.api_keys import ApiKey
from duplistatus.store.database import StoreError
from duplistatus.store.ids import KeyId
from duplistatus.web.context import Context, context
from duplistatus.web.errors import Refused

HEADER = "x-api-key"
IN_SCOPE = "duplistatus.api_key"
_NAME = "api_key"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{16,128}")
"""Of our keys and those of 1.5. Another bearer token, such as the one a proxy signs people in with, is none of ours."""
_LONGEST = 256


class KeyInQuery:
    """The ASGI middleware that takes `api_key` out of the address and keeps it in the scope."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Names may be written with percent signs, too.
        if scope["type"] == "http" and (query := scope["query_string"]) and (b"api" in query.lower() or b"%" in query):
            take_from_query(scope)
        await self._application(scope, receive, send)


def take_from_query(scope: Scope) -> None:
    """Moves the key from `query_string` to the scope's own entry; of several the first counts."""
    kept = []
    for part in scope["query_string"].split(b"&"):
        name, _, value = part.partition(b"=")
        if unquote_plus(name.decode("latin-1")).strip().lower() == _NAME:
            found = parse_qsl(f"k={value.decode('latin-1')}", keep_blank_values=True)
            scope.setdefault(IN_SCOPE, found[0][1] if found else "")
        else:
            kept.append(part)
    scope["query_string"] = b"&".join(kept)


def given_key(connection: HTTPConnection) -> str | None:
    """The key that a request carries: in `X-Api-Key`, as bearer token, or in its address."""
    header = connection.headers.get(HEADER)
    if header:
        return header.strip()
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and _SHAPE.fullmatch(bearer.strip()):
        return bearer.strip()
    found: str | None = connection.scope.get(IN_SCOPE)
    return found or None


def find_key(connection: HTTPConnection, address: str) -> ApiKey | None:
    """The key of the request; None when it carries none. Raises Refused for one that is unknown, disabled or expired."""
    given = given_key(connection)
    if given is None:
        return None
    parts = context(connection)
    now = parts.clock.now()
    found = None
    if len(given) <= _LONGEST:
        with parts.database.read() as reading:
            found = api_keys.find(reading, token_hash(given))
    if found is None:
        raise _refused("This API key is not known", "key_unknown")
    if found.is_disabled:
        raise _refused("This API key is disabled", "key_disabled")
    if found.is_expired(now):
        raise _refused("This API key has expired", "key_expired")
    _uses(connection).count(found, address, now)
    return found


def key_required() -> Refused:
    return _refused("An API key is required", "key_required")


def key_lacks(scope: api_keys.Scope) -> Refused:
    return Refused(403, f"This API key lacks the scope {scope.value}", "key_scope")


def _refused(sentence: str, code: str) -> Refused:
    return Refused(401, sentence, code, headers={"WWW-Authenticate": 'Bearer realm="duplistatus"'})


class KeyUses:
    """Counts how often keys are used, and writes that down once a minute for each."""

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._counts: dict[KeyId, int] = {}
        self._written_at: dict[KeyId, Instant] = {}

    def count(self, key: ApiKey, address: str, now: Instant) -> None:
        """A key was used. A full disk or queue is no reason to refuse what it opens."""
        uses = self._counts.get(key.id, 0) + 1
        written_at = self._written_at.get(key.id)
        if written_at is not None and 0 <= now - written_at < MINUTE:
            self._counts[key.id] = uses
            return
        self._counts.pop(key.id, None)
        self._written_at[key.id] = now
        try:
            self._parts.writer.submit(lambda connection: api_keys.used(connection, key.id, address, uses, now), changes=False)
        except StoreError:
            self._counts[key.id] = uses


def _uses(connection: HTTPConnection) -> KeyUses:
    state = connection.app.state
    found: KeyUses | None = getattr(state, "key_uses", None)
    if found is None:
        found = state.key_uses = KeyUses(context(connection))
    return found
