"""`GET /api/health`: whether reports could be stored right now. In: the database and the writer; out: 200, or 503 when the database cannot
be read or written. A full disk shows only in a write, so one is made when none was confirmed lately; health comes back by itself,
with the disk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import SECOND, Instant, iso
from duplistatus.store import probe
from duplistatus.store.database import StoreError
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered, failing
from duplistatus.web.context import Context, context

router = APIRouter(tags=["health"])

CONFIRMED_FOR = 10 * SECOND
"""Milliseconds that a confirmed write is trusted."""
PATIENCE = 5.0
"""Seconds that a write may take before the database counts as unusable: callers of health checks give up too."""


_ANSWERS = answered("Health") | failing(503, "The database cannot be used", "Health")


@dataclass(slots=True)
class Probe:
    """When a write of this check was last confirmed."""

    confirmed_at: Instant | None = None


@router.head("/api/health", include_in_schema=False)
@router.get("/api/health", summary="Whether reports can be stored", responses=_ANSWERS)
async def health(request: Request, caller: Annotated[Caller, guarded(Access.PROBE)]) -> Response:
    """Reads, and writes when no write was confirmed within 10 seconds or the last one failed."""
    parts = context(request)
    trouble = await _trouble(parts, _probe(request))
    body = {
        "status": "unhealthy" if trouble else "healthy",
        "database": trouble or "connected",
        "timestamp": iso(parts.clock.now()),
    }
    return json_answer(encode(body), NO_STORE, 503 if trouble else 200)


def _probe(request: Request) -> Probe:
    state = request.app.state
    found: Probe | None = getattr(state, "health_probe", None)
    if found is None:
        found = state.health_probe = Probe()
    return found


async def _trouble(parts: Context, last: Probe) -> str | None:
    """What is wrong, in a word for everybody: the reason itself is in the log."""
    now = parts.clock.now()
    try:
        with parts.database.read() as connection:
            probe.look(connection)
    except StoreError:
        return "unreadable"
    fresh = last.confirmed_at is not None and 0 <= now - last.confirmed_at < CONFIRMED_FOR
    if fresh and parts.writer.failing is None:
        return None
    try:
        async with asyncio.timeout(PATIENCE):
            if parts.writer.failing is not None:
                await parts.writer.write(probe.fill, changes=False)
            await parts.writer.write(lambda connection: probe.mark(connection, now), changes=False)
    except (StoreError, TimeoutError):
        last.confirmed_at = None
        return "not writable"
    last.confirmed_at = now
    return None
