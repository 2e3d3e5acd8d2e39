"""Under which address this product is reached. In: a request, the settings, what was entered on a page; out: the address without a slash at
its end, and with it the address that a Duplicati server with a key posts to."""

from __future__ import annotations

from starlette.requests import Request

from duplistatus.store.own_address import public_url
from duplistatus.web.context import context
from duplistatus.web.doors import client_of


def reached_at(request: Request) -> str:
    """The public address, where somebody said it; else that of this request."""
    parts = context(request)
    with parts.database.read() as connection:
        said = public_url(connection, parts.settings)
    if said:
        return said
    seen = client_of(request)
    host = request.headers.get("host", "")
    if seen.proxied and (forwarded := request.headers.get("x-forwarded-host")):
        host = forwarded.partition(",")[0].strip()
    return f"{'https' if seen.secure else 'http'}://{host}{parts.settings.root_path}"


def upload_address(base: str, key: str) -> str:
    """Duplicati can send a key in the address alone."""
    return f"{base}/api/upload?api_key={key}"
