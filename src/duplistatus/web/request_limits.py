"""How large a request may be and how long it may take to arrive. In: any ASGI application, and the paths that look after themselves; out:
the same, whose handlers are refused more of a body than that. Forms are read whole before a handler sees them, and anybody may send
one: without a limit they would fill memory and disk."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duplistatus.web.errors import Refused

LARGEST = 2 * 1024 * 1024
"""Bytes: no page and no client of ours sends half as much."""
PATIENCE = 60.0
"""Seconds that a body may take to arrive."""


class RequestLimits:
    """The ASGI middleware. `without`: paths, as they are behind ROOT_PATH, that limit bodies in their own way."""

    def __init__(self, application: ASGIApp, root: str = "", without: Collection[str] = ()) -> None:
        self._application = application
        self._without = {f"{before}{path}" for path in without for before in {"", root}}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self._without:
            receive = _limited(receive)
        await self._application(scope, receive, send)


def _limited(receive: Receive) -> Receive:
    """`receive` until the body is complete; what comes afterwards is only that the client has gone."""
    size = 0
    is_complete = False
    ends_at = asyncio.get_running_loop().time() + PATIENCE

    async def receive_limited() -> Message:
        nonlocal size, is_complete
        if is_complete:
            return await receive()
        try:
            async with asyncio.timeout_at(ends_at):
                message = await receive()
        except TimeoutError:
            sentence = f"The request did not arrive within {PATIENCE:.0f} seconds"
            raise Refused(408, sentence, "too_slow", headers={"Connection": "close"}) from None
        size += len(message.get("body", b""))
        is_complete = not message.get("more_body", False)
        if size > LARGEST:
            raise Refused(413, f"The request is larger than {LARGEST} bytes", "too_large", headers={"Connection": "close"})
        return message

    return receive_limited
