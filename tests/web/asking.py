"""A request to an application whose answer may never end: only its beginning is awaited."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Beginning:
    """Status and headers of an answer."""

    status: int
    headers: dict[str, str]


async def ask(
    application: ASGIApp, method: str, target: str, headers: Mapping[str, str] | None = None, *, address: str = "127.0.0.1"
) -> Beginning:
    """Asks over ASGI, without a body, from that address."""
    path, _, query = target.partition("?")
    given = {"host": "dashboard.test", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": (address, 50000),
        "server": ("127.0.0.1", 9666),
    }
    begun: asyncio.Future[Beginning] = asyncio.get_running_loop().create_future()
    sent_body = False

    async def receive() -> Message:
        nonlocal sent_body
        if sent_body:
            await asyncio.Event().wait()
        sent_body = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and not begun.done():
            begun.set_result(Beginning(message["status"], {name.decode(): value.decode() for name, value in message["headers"]}))

    call = asyncio.ensure_future(application(scope, receive, send))
    waiting: set[asyncio.Future[Any]] = {call, begun}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if not begun.done():
        await call
        raise AssertionError(f"{method} {target} was not answered")
    call.cancel()
    with suppress(asyncio.CancelledError):
        await call
    return begun.result()
