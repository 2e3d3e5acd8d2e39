"""Who is there, asked without a password: a password goes to nobody who does not behave as Duplicati does. In: a way to ask; out: how the
server lets people in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from urllib.parse import quote, unquote

from duplistatus.ingest.duplicati.asking import Asking, said_by
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.security.exchange import Answer

SYSTEM = "/api/v1/systeminfo"
MOST = 8 * 1024 * 1024
_XSRF = "xsrf-token"


class Generation(Enum):
    """How a server lets people in."""

    UNKNOWN = "unknown"
    """Not asked yet."""
    JWT = "jwt"
    """2.1 and later."""
    LEGACY = "legacy"
    """Up to 2.0.8, with a password."""
    OPEN = "open"
    """Without a password."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """`xsrf`: what the versions up to 2.0.8 want to hear again, empty for others."""

    generation: Generation
    xsrf: str = field(repr=False, default="")


async def greet(asking: Asking) -> Greeting:
    """How the server lets people in. Raises Trouble: NOT_DUPLICATI for what answers otherwise than any known version."""
    answer = await asking.ask("GET", SYSTEM, most=MOST)
    if answer.status == HTTPStatus.UNAUTHORIZED and await _wants_a_token(answer):
        return Greeting(Generation.JWT)
    if answer.status == HTTPStatus.OK and await _is_system(answer):
        return Greeting(Generation.OPEN)
    if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
        return await _greet_legacy(asking, answer.status)
    raise await _nobody(asking, answer)


async def xsrf_token(asking: Asking) -> str:
    """The token of 2.0.6 to 2.0.8, which lasts ten minutes; empty where none is given."""
    for path in ("/", "/login.html"):
        try:
            answer = await asking.ask("GET", path, most=MOST)
        except Trouble as trouble:
            if trouble.code is not Code.NOT_DUPLICATI:
                raise
            continue  # a redirect to its login page
        if token := answer.cookies.get(_XSRF):
            return unquote(token)
    return ""


def legacy_headers(xsrf: str, session: str = "") -> dict[str, str]:
    """What each request to 2.0.6 to 2.0.8 carries."""
    cookies = f"{_XSRF}={quote(xsrf, safe='')}" + (f"; session-auth={session}" if session else "")
    return {"X-XSRF-Token": xsrf, "Cookie": cookies}


async def _greet_legacy(asking: Asking, refused: int) -> Greeting:
    xsrf = await xsrf_token(asking)
    if not xsrf:
        raise await asking.nobody(refused)
    answer = await asking.ask("GET", SYSTEM, most=MOST, headers=legacy_headers(xsrf))
    if answer.status == HTTPStatus.OK and await _is_system(answer):
        return Greeting(Generation.OPEN, xsrf)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return Greeting(Generation.LEGACY, xsrf)
    raise await _nobody(asking, answer)


async def _wants_a_token(answer: Answer) -> bool:
    """As 2.1 and later do: with an empty body and a scheme, or, behind some proxies, in its own words."""
    if answer.headers.get("www-authenticate", "").strip().lower().startswith("bearer"):
        return True
    return (await said_by(answer)).get("Code") == HTTPStatus.UNAUTHORIZED


async def _is_system(answer: Answer) -> bool:
    return "ServerVersion" in await said_by(answer)


async def _nobody(asking: Asking, answer: Answer) -> Trouble:
    refusal = await asking.refusal(answer, SYSTEM)
    # A proxy says that the server behind it is away.
    if refusal.code is Code.HOST_NAME or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return refusal
    return await asking.nobody(answer.status)
