"""Protection of changes against forgery by other sites. In: a request that changes something and its session's token; out: nothing, or
`Refused`. Two things must hold: what the browser says of the request's origin, where it says anything, and the session's token."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from duplistatus.security.tokens import same
from duplistatus.web.body import READ_AS_FORM
from duplistatus.web.context import context
from duplistatus.web.doors import client_of
from duplistatus.web.errors import Refused

HEADER = "x-csrf-token"
FIELD = "csrf_token"
_LARGEST_FORM = 64 * 1024


def check_origin(request: Request) -> None:
    """Raises when the browser says that the request comes from another site. `Sec-Fetch-Site` is set by the browser itself; over plain
    HTTP there is only `Origin`. Programs send neither."""
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        foreign = fetch_site not in {"same-origin", "none"}
    else:
        origin = request.headers.get("origin")
        foreign = origin is not None and _host(origin) not in _own_hosts(request)
    if foreign:
        raise Refused(403, "The request comes from another site", "cross_site")


def _host(origin: str) -> str:
    """Host and port of an origin, empty for a text that is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _own_hosts(request: Request) -> set[str]:
    """The names under which this product is reached: as the browser says, as a trusted proxy says, as the settings say."""
    settings = context(request).settings
    hosts = {request.headers.get("host", "").lower()}
    if client_of(request).proxied and (forwarded := request.headers.get("x-forwarded-host")):
        hosts.add(forwarded.partition(",")[0].strip().lower())
    if settings.public_url:
        hosts.add(urlsplit(settings.public_url).netloc.lower())
    return hosts - {""}


async def _given_token(request: Request) -> str | None:
    """The token of the header, else of a small form."""
    header = request.headers.get(HEADER)
    if header is not None:
        return header
    if not request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return None
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > _LARGEST_FORM:
        return None
    request.scope[READ_AS_FORM] = True
    value = (await request.form()).get(FIELD)
    return value if isinstance(value, str) else None


async def check_change(request: Request, expected: str | None) -> None:
    """Raises unless the request is our own page's or client's. `expected` is the session's token, None without a session."""
    check_origin(request)
    given = await _given_token(request)
    if given is None and expected is None:
        raise Refused(403, "CSRF token required", "csrf_token_required")
    if given is None or expected is None or not same(given, expected):
        raise Refused(403, "Invalid CSRF token", "csrf_token_invalid")
