"""Work with the API of a server, as a test wants it done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import Instant, SetClock
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.trouble import Trouble
from duplistatus.security.pinned import Patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from duplistatus.ingest.duplicati.target import Target

PATIENT = Patience(connect=20.0, answer=20.0, body=20.0, whole=60.0)
SOON = Patience(connect=2.0, answer=1.0, body=1.0, whole=3.0)
"""For servers of which nothing is to come."""


def asked(target: Target, work: Callable[[Api], Awaitable[Any]], **more: Any) -> Any:
    """What some work with the API of a server comes to."""

    async def whole() -> Any:
        async with Api(target, clock=SetClock(Instant(0)), **{"patience": PATIENT, **more}) as api:
            return await work(api)

    return asyncio.run(whole())


def trouble_of(target: Target, path: str = "/backups", **more: Any) -> Trouble:
    """What comes of asking for a path."""
    with pytest.raises(Trouble) as found:
        asked(target, lambda api: api.get(path), **more)
    return found.value


def resolving(*addresses: str) -> Any:
    """Each name is at these addresses; at none, it is unknown."""

    async def resolve(host: str) -> list[str]:
        if not addresses:
            raise OSError(-2, "Name or service not known")
        return list(addresses)

    return resolve
