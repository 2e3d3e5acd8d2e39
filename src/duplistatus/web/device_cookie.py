"""The cookie by which a browser is known from which somebody has signed in. In: a request; out: the SHA-256 of its value, and the cookie
with a new one after each sign-in by the page. It opens nothing: whoever brings it has tries of their own for the right password."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import SECOND
from duplistatus.security.tokens import token_hash
from duplistatus.store.devices import KEPT
from duplistatus.web.context import context
from duplistatus.web.doors import client_of

COOKIE = "device"
_LONGEST_TOKEN = 128


def device_hash(request: Request) -> str:
    """What the database may know of the browser; empty where it brings nothing."""
    token = request.cookies.get(COOKIE, "")
    return token_hash(token) if 0 < len(token) <= _LONGEST_TOKEN else ""


def give_device(request: Request, response: Response, token: str) -> None:
    """Sets the cookie, as out of reach as that of a session."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=KEPT // SECOND,
        path=context(request).settings.root_path or "/",
        secure=client_of(request).secure,
        httponly=True,
        samesite="lax",
    )
