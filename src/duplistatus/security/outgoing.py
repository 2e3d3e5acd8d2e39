"""HTTP to one server of somebody else's, with care. In: a request to an address that people entered; out: the status and the first words
of the answer. An answer is read up to a limit, and no request outlasts its time, whatever the other side does."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from duplistatus.clock import SECOND, Clock, SystemClock, instant
from duplistatus.security.addresses import NoAnswer, Resolve, checked_url, place_of
from duplistatus.security.foreign_words import without_secrets
from duplistatus.security.pinned import Patience, Pinned

__all__ = ["PATIENCE", "Outgoing", "Patience", "Reply"]

_LONGEST_ANSWER = 64 * 1024
_LONGEST_PAUSE = 3_600.0
"""Seconds that another side can ask for at most."""
_CLIENT_ERRORS = 400
_REDIRECTS = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """`words`: what its body says of an error, without secrets, in one line; `retry_after`: seconds; `leads_to`: the server that a
    redirect names."""

    status: int
    words: str = ""
    retry_after: float | None = None
    leads_to: str = ""


PATIENCE = Patience()


class Outgoing:
    """Asks one server, over connections that it keeps. `secrets`: texts that no sentence may hold."""

    def __init__(
        self,
        url: str,
        *,
        parallel: int = 1,
        secrets: tuple[str, ...] = (),
        patience: Patience = PATIENCE,
        clock: Clock | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._connections = Pinned(url, parallel=parallel, patience=patience, resolve=resolve)
        self._secrets = secrets
        self._patience = patience
        self._clock = clock or SystemClock()

    @property
    def place(self) -> str:
        """Host and port, for sentences."""
        return self._connections.place

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """The answer, whatever its status. `url`: on the same server. Raises AddressForbidden where nothing goes to its address, NoAnswer
        where there is none."""
        try:
            async with self._connections.sent(method, url, headers, body) as response:
                return await self._read(response)
        except NoAnswer as error:
            raise NoAnswer(without_secrets(str(error), self._secrets), error.why, without_secrets(error.words, self._secrets)) from error

    async def close(self) -> None:
        """Ends the connections."""
        await self._connections.close()

    async def _read(self, response: httpx2.Response) -> Reply:
        text = await self._body(response)
        leads_to = ""
        if _REDIRECTS <= response.status_code < _CLIENT_ERRORS:
            leads_to = _server_of(response.headers.get("Location", ""))
        return Reply(
            response.status_code,
            without_secrets(_said(text), self._secrets),
            self._retry_after(response.headers.get("Retry-After", "")),
            without_secrets(leads_to, self._secrets),
        )

    async def _body(self, response: httpx2.Response) -> bytes:
        """What comes of it in time and within the limit. The status has been said: what the body does changes nothing."""
        found = bytearray()
        try:
            async with asyncio.timeout(self._patience.body):
                # Not unpacked: what a server packs, though asked not to, could be of any size.
                async for part in response.aiter_raw(_LONGEST_ANSWER):
                    found += part
                    if len(found) > _LONGEST_ANSWER:
                        break
        except (TimeoutError, httpx2.HTTPError):
            pass
        return bytes(found[:_LONGEST_ANSWER])

    def _retry_after(self, text: str) -> float | None:
        """Seconds, as RFC 9110 §10.2.3 has them: a count or a date."""
        if re.fullmatch(r"\d{1,9}", text.strip()):
            return min(float(text), _LONGEST_PAUSE)
        try:
            seconds = (instant(parsedate_to_datetime(text)) - self._clock.now()) / SECOND
        except (ValueError, TypeError, OverflowError):
            return None
        return min(max(seconds, 0.0), _LONGEST_PAUSE)


def _said(body: bytes) -> str:
    """What a body says of an error: the words of JSON as services send it, or a text. HTML says nothing to people in a line."""
    text = body.decode("utf-8", "replace").strip()
    try:
        read: Any = json.loads(text)
    except ValueError:
        return "" if text.startswith("<") else text
    if isinstance(read, dict):
        for name in ("error", "message", "detail", "description"):
            if isinstance(read.get(name), str):
                return str(read[name])
    return text


def _server_of(location: str) -> str:
    """Scheme and host: what follows may hold what is not to be shown."""
    try:
        url = checked_url(location)
    except ValueError:
        return ""
    return f"{url.scheme}://{place_of(url)}"
