"""A Duplicati server's own API. In: a `Target` and paths; out: parsed JSON. One login at the first need; whatever goes wrong is a `Trouble`."""

from __future__ import annotations

from enum import Enum
from types import TracebackType
from typing import Self

from duplistatus.clock import Clock
from duplistatus.ingest.duplicati.target import Target
from duplistatus.security.addresses import Resolve
from duplistatus.security.outgoing import PATIENCE, Patience

MOST = 8 * 1024 * 1024
"""Bytes of an answer that are read."""


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


class Api:
    """To be entered and left by `async with`: leaving logs out and ends the connections."""

    def __init__(self, target: Target, *, clock: Clock, patience: Patience = PATIENCE, resolve: Resolve | None = None) -> None:
        self.target = target
        self.generation = Generation.UNKNOWN

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Logs out and ends the connections; never raises."""

    async def get(self, path: str, *, most: int = MOST, **params: str | int) -> object:
        """The answer to `GET /api/v1` + path. Raises Trouble."""
        raise NotImplementedError

    async def post(self, path: str, body: object = None) -> object:
        """The answer to `POST /api/v1` + path; None for an empty one. Raises Trouble."""
        raise NotImplementedError

    async def patch(self, path: str, body: object) -> object:
        """The answer to `PATCH /api/v1` + path; None for an empty one. Raises Trouble."""
        raise NotImplementedError

    async def version2(self, path: str, body: object) -> object:
        """`Data` of the answer to `POST /api/v2` + path. Raises Trouble."""
        raise NotImplementedError

    async def websocket_token(self) -> str:
        """What the first message of a web socket says, or, before 2.2, its address. Raises Trouble."""
        raise NotImplementedError
