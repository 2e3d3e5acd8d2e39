"""Whole answers of one server of somebody else's, as for its API. In: a request; out: status, head and body of the answer, which is never
larger, never later and never unpacked to more than was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2

from duplistatus.security.addresses import NoAnswer, Resolve, Why
from duplistatus.security.pinned import Patience, Pinned

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers`: by names in small letters; `cookies`: set by it, an empty value takes one away."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Exchange:
    """Asks one server, over connections that it keeps."""

    def __init__(self, url: str, *, patience: Patience, certificate: str = "", resolve: Resolve | None = None, parallel: int = 2) -> None:
        self._patience = patience
        self._connections = Pinned(url, parallel=parallel, patience=patience, resolve=resolve, certificate=certificate)

    @property
    def place(self) -> str:
        """Host and port, for sentences."""
        return self._connections.place

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int) -> Answer:
        """The answer, whatever its status; `most`: bytes of its body. Raises AddressForbidden, NoAnswer."""
        async with self._connections.sent(method, url, headers, body) as response:
            if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
                raise NoAnswer(f"{self.place} compressed its answer, though asked not to", Why.PACKED)
            if _announced(response) > most:
                raise self._too_large(most)
            try:
                async with asyncio.timeout(self._patience.body):
                    found = await self._body(response, most)
            except TimeoutError:
                raise NoAnswer(f"{self.place} did not finish its answer within {self._patience.body:g} seconds", Why.SLOW) from None
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, _cookies(response), found)

    async def close(self) -> None:
        """Ends the connections."""
        await self._connections.close()

    async def _body(self, response: httpx2.Response, most: int) -> bytes:
        found = bytearray()
        async for part in response.aiter_raw(_PIECE):
            found += part
            if len(found) > most:
                raise self._too_large(most)
        return bytes(found)

    def _too_large(self, most: int) -> NoAnswer:
        return NoAnswer(f"{self.place} answered more than {most} bytes", Why.TOO_LARGE)


def _announced(response: httpx2.Response) -> int:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() and text.isascii() else 0


def _cookies(response: httpx2.Response) -> dict[str, str]:
    # Where and for how long they hold is of no interest: they go back to the same server, or nowhere.
    pairs = (line.partition(";")[0].partition("=") for line in response.headers.get_list("Set-Cookie"))
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}
