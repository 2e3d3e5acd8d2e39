"""Keys that programs call with. In: a request; out: the key that it carries, or `Refused` where that opens nothing. A key in the address
is taken out of it before anything else sees the request, so that it stands in no log and in no address to come back to. There it opens
the doors of programs alone: the address of a page is kept, shown and passed on by browsers."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from duplistatus.clock import MINUTE, Instant
from duplistatus.security.api_key import PREFIX
from duplistatus.security.tokens import token_hash
from duplistatus.store import api_keys
from duplistatus.store.api_keys import ApiKey
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.ids import KeyId
from duplistatus.web.context import Context, context
from duplistatus.web.errors import Refused, is_api
from duplistatus.web.sessions import COOKIE

HEADER = b"x-api-key"
IN_SCOPE = "duplistatus.api_key"
_NAME = "api_key"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{16,128}")
"""Of our keys and those of 1.5. A bearer token of another shape, such as a signed one of a proxy, is none of ours."""
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
    """Moves the key from `query_string` to the scope's own entry; of several the first that is not empty counts."""
    kept = []
    for part in scope["query_string"].split(b"&"):
        name, _, value = part.partition(b"=")
        if not _is_key(name.decode("latin-1")):
            kept.append(part)
        elif given := unquote_plus(value.decode("latin-1")).strip():
            scope.setdefault(IN_SCOPE, given)
    scope["query_string"] = b"&".join(kept)


def _is_key(name: str) -> bool:
    return unquote_plus(name).strip().lower() == _NAME


def given_key(request: Request) -> str | None:
    """The key that a request carries: in `X-Api-Key`, as bearer token, or, of a program, in its address. The first of these counts."""
    return _of_header(request) or _of_bearer(request) or _of_address(request)


def _header(request: Request, wanted: bytes) -> str:
    """The first header of that name; quicker than the framework's own, which each request would pay for."""
    for name, value in request.scope["headers"]:
        if name == wanted:
            text: str = value.decode("latin-1")
            return text.strip()
    return ""


def _of_header(request: Request) -> str | None:
    return _header(request, HEADER) or None


def _of_bearer(request: Request) -> str | None:
    scheme, _, bearer = _header(request, b"authorization").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" and _SHAPE.fullmatch(bearer.strip()) else None


def _of_address(request: Request) -> str | None:
    found: str | None = request.scope.get(IN_SCOPE)
    return found if found and is_api(request) else None


def find_key(request: Request, address: str) -> ApiKey | None:
    """The key of the request; None when it carries none. Raises Refused for one that is unknown, disabled or expired."""
    given = given_key(request)
    if given is None:
        return None
    parts = context(request)
    now = parts.clock.now()
    found = None
    if len(given) <= _LONGEST:
        with parts.database.read() as reading:
            found = api_keys.find(reading, token_hash(given))
    if found is None:
        if _is_of_somebody_else(request, given):
            return None
        raise _refused("This API key is not known", "key_unknown")
    if found.is_disabled:
        raise _refused(f"The API key {found.fingerprint} is disabled", "key_disabled")
    if found.is_expired(now):
        raise _refused(f"The API key {found.fingerprint} has expired", "key_expired")
    key_uses(request).count(found, address, now)
    return found


def _is_of_somebody_else(request: Request, given: str) -> bool:
    """Whether an unknown text came as the bearer token of a person rather than a program: proxies that sign people in add tokens of
    theirs, of any shape."""
    is_person = COOKIE in request.cookies or not is_api(request)
    return is_person and not given.startswith(PREFIX) and _of_header(request) is None and given == _of_bearer(request)


def key_required() -> Refused:
    return _refused("An API key is required", "key_required")


def key_lacks(key: ApiKey, scope: api_keys.Scope) -> Refused:
    return Refused(403, f"The API key {key.fingerprint} lacks the scope {scope.value}", "key_scope")


def _refused(sentence: str, code: str) -> Refused:
    return Refused(401, sentence, code, headers={"WWW-Authenticate": 'Bearer realm="duplistatus"'})


class KeyUses:
    """Counts how often keys are used, and writes that down once a minute for each."""

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._counts: dict[KeyId, tuple[int, str, Instant]] = {}
        """What is not written down yet: uses, the last address and moment."""
        self._written_at: dict[KeyId, Instant] = {}

    def count(self, key: ApiKey, address: str, now: Instant) -> None:
        """A key was used."""
        self._counts[key.id] = (self._counts.get(key.id, (0, "", now))[0] + 1, address, now)
        written_at = self._written_at.get(key.id)
        if written_at is None or not 0 <= now - written_at < MINUTE:
            self._written_at[key.id] = now
            self._write([key.id])

    def write_down(self) -> None:
        """Everything that is not written down yet, before somebody looks or the product stops."""
        self._write(list(self._counts))

    def _write(self, keys: list[KeyId]) -> None:
        """A full disk or queue is no reason to refuse what a key opens: then the uses are written down later."""
        uses = {key_id: self._counts.pop(key_id) for key_id in keys}

        def work(connection: Connection) -> None:
            for key_id, (count, address, at) in uses.items():
                api_keys.used(connection, key_id, address, count, at)

        try:
            if uses:
                self._parts.writer.submit(work, changes=False)
        except StoreError:
            self._counts |= uses


def key_uses(connection: HTTPConnection) -> KeyUses:
    """The application's one."""
    found: KeyUses = connection.app.state.key_uses
    return found
