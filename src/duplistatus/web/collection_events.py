"""`GET /api/collections/{uid}/events`: a collection as it goes on (server-sent events). In: its rows, looked at twice a second, so that it
does not matter which process works at it; out: to each listener how far it has come, whenever that has changed, and the end. A stream
ends with its session, and at once when the product stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import StreamingResponse

from duplistatus.store import collections
from duplistatus.store.database import StoreError
from duplistatus.web.access import Access, Caller, Refused, guarded
from duplistatus.web.api.collections import collection_body
from duplistatus.web.collection_desk import collection_now
from duplistatus.web.context import context
from duplistatus.web.events import HEARTBEAT, listener_of, may_still_listen

router = APIRouter(tags=["collecting"])

MOST_LISTENERS = 50
MOST_OF_A_SESSION = 5
_LOOK = 0.5
"""Seconds between two looks."""


@router.get("/api/collections/{uid}/events", summary="Server-sent events: a collection", response_class=StreamingResponse)
async def collection_events(request: Request, uid: str, caller: Annotated[Caller, guarded(Access.ADMIN)]) -> StreamingResponse:
    """`progress` events: the collection as `GET /api/collections/{uid}` has it; then one `ended`, and the stream ends."""
    collection_now(request, uid)
    listeners = _listeners(request)
    name = listener_of(caller)
    if listeners.total() >= MOST_LISTENERS or listeners[name] >= MOST_OF_A_SESSION:
        raise Refused(503, "Too many open pages listen already", "busy", headers={"Retry-After": "30"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(request, uid, caller, name), media_type="text/event-stream", headers=headers)


def _listeners(request: Request) -> Counter[str]:
    """How many streams each session has open."""
    state = request.app.state
    if not hasattr(state, "collection_listeners"):
        state.collection_listeners = Counter()
    found: Counter[str] = state.collection_listeners
    return found


def _message(event: str, data: object) -> bytes:
    return b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


async def _stream(request: Request, uid: str, caller: Caller, name: str) -> AsyncIterator[bytes]:
    stopping = request.app.state.stopping
    loop = asyncio.get_running_loop()
    listeners = _listeners(request)
    listeners[name] += 1
    told: collections.Collection | None = None
    spoken = loop.time()
    try:
        yield b"retry: 3000\n"
        while not stopping.is_set():
            with context(request).database.read() as connection:
                found = collections.find(connection, uid)
            if found is None:
                return
            if found != told:
                told = found
                yield _message("progress", collection_body(found))
                spoken = loop.time()
            if found.ended_at is not None:
                yield _message("ended", {"id": uid})
                return
            if loop.time() - spoken >= HEARTBEAT:
                yield b": still here\n\n"
                spoken = loop.time()
            if not may_still_listen(request, caller):
                return
            await asyncio.sleep(_LOOK)
    except StoreError:
        return  # the browser connects again by itself
    finally:
        listeners[name] -= 1
        listeners += Counter()  # drops those that have none any more
