"""HTTP to one server of somebody else's, with care. In: a request to an address that people entered; out: the status and the first words
of the answer. Each name is resolved here, the addresses found are checked, and the connection is made to one that passed, so that no
name can lead to a place that nothing goes to. No redirect is followed, an answer is read up to a limit, and no request outlasts
its time, whatever the other side does."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from duplistatus.clock import SECOND, Clock, SystemClock, instant
from duplistatus.security import nearness
from duplistatus.security.addresses import NoAnswer, Resolve, allowed_addresses, checked_url, place_of
from duplistatus.security.causes import first_cause, of_the_system, why_not_connected
from duplistatus.security.foreign_words import without_secrets

for _name in ("httpx2", "httpcore2"):
    # They write each address that is asked into the log, with the tokens in it.
    logging.getLogger(_name).setLevel(logging.WARNING)

_LONGEST_ANSWER = 64 * 1024
_LONGEST_PAUSE = 3_600.0
"""Seconds that another side can ask for at most."""
_ADDRESS_AGE = 60.0
"""Seconds for which the addresses of a name are taken as known."""
_MOST_ADDRESSES = 4
_IDLE = 15.0
"""Seconds for which a connection is kept without use; many servers end theirs after not much longer."""
_CLIENT_ERRORS = 400
_REDIRECTS = 300


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for a connection, for the head of an answer, for its body, for all of it."""

    connect: float = 10.0
    answer: float = 25.0
    body: float = 5.0
    whole: float = 50.0


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
        self._origin = checked_url(url)
        self._parallel = parallel
        self._secrets = secrets
        self._patience = patience
        self._clock = clock or SystemClock()
        self._resolve = resolve
        self._client: httpx2.AsyncClient | None = None
        self._known: tuple[float, list[str]] | None = None

    @property
    def place(self) -> str:
        """Host and port, for sentences."""
        return place_of(self._origin)

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """The answer, whatever its status. `url`: on the same server. Raises AddressForbidden where nothing goes to its address, NoAnswer
        where there is none."""
        target = httpx2.URL(url)
        if (target.scheme, target.host, target.port) != (self._origin.scheme, self._origin.host, self._origin.port):
            raise ValueError("another server than this is for")
        try:
            async with asyncio.timeout(self._patience.whole):
                return await self._ask(method, target, headers, body)
        except TimeoutError:
            raise NoAnswer(f"{self.place} did not answer within {self._patience.whole:g} seconds") from None

    async def close(self) -> None:
        """Ends the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _ask(self, method: str, target: httpx2.URL, headers: Mapping[str, str], body: bytes) -> Reply:
        client = await self._opened()
        addresses = await self._checked_addresses()
        for tried, address in enumerate(addresses, 1):
            request = client.build_request(
                method,
                target.copy_with(host=address),
                headers={**headers, "Host": target.netloc.decode("ascii")},
                content=body,
                extensions={"sni_hostname": self._origin.raw_host.decode("ascii")},
            )
            try:
                response = await client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                self._known = None
                # A certificate that is wrong would be no better at another address of the same name.
                if tried == len(addresses) or first_cause(error, ssl.SSLError):
                    raise self._no_answer(error) from error
            except httpx2.HTTPError as error:
                raise self._no_answer(error) from error
            else:
                nearness.remember(self._origin.host, address)
                return await self._read(response)
        raise AssertionError("a name has one address at least")

    async def _read(self, response: httpx2.Response) -> Reply:
        try:
            text = await self._body(response)
        finally:
            await response.aclose()
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
                async for part in _raw(response):
                    found += part
                    if len(found) > _LONGEST_ANSWER:
                        break
        except (TimeoutError, httpx2.HTTPError):
            pass
        return bytes(found[:_LONGEST_ANSWER])

    async def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            context = await asyncio.to_thread(tls_context) if self._origin.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            if self._client is None:
                self._client = httpx2.AsyncClient(
                    verify=context,
                    trust_env=False,
                    follow_redirects=False,
                    headers={"User-Agent": "duplistatus", "Accept-Encoding": "identity"},
                    timeout=httpx2.Timeout(self._patience.answer, connect=self._patience.connect, pool=self._patience.whole),
                    limits=httpx2.Limits(max_connections=self._parallel, max_keepalive_connections=self._parallel, keepalive_expiry=_IDLE),
                )
        return self._client

    async def _checked_addresses(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        if self._known is None or now - self._known[0] > _ADDRESS_AGE:
            host = self._origin.raw_host.decode("ascii")
            allowed = await allowed_addresses(host, self._patience.connect, self._resolve)
            self._known = (now, allowed[:_MOST_ADDRESSES])
        return self._known[1]

    def _no_answer(self, error: httpx2.HTTPError) -> NoAnswer:
        return NoAnswer(without_secrets(self._trouble(error), self._secrets))

    def _trouble(self, error: httpx2.HTTPError) -> str:
        certificate = first_cause(error, ssl.SSLCertVerificationError)
        tls = first_cause(error, ssl.SSLError)
        refused = of_the_system(error)
        if certificate is not None:
            return f"the certificate of {self.place} is not accepted: {certificate.verify_message}"
        if tls is not None:
            return f"no TLS connection to {self.place}: {_reason(tls)}"
        if isinstance(error, httpx2.ConnectTimeout):
            return f"no connection to {self.place} within {self._patience.connect:g} seconds"
        if isinstance(error, httpx2.TimeoutException):
            return f"{self.place} did not answer within {self._patience.answer:g} seconds"
        if isinstance(error, httpx2.ConnectError):
            return f"no connection to {self.place}: {why_not_connected(refused)}"
        if isinstance(error, httpx2.RemoteProtocolError):
            return f"{self.place} ended the connection, or what it answered is not HTTP"
        return f"the connection to {self.place} was lost"

    def _retry_after(self, text: str) -> float | None:
        """Seconds, as RFC 9110 §10.2.3 has them: a count or a date."""
        if re.fullmatch(r"\d{1,9}", text.strip()):
            return min(float(text), _LONGEST_PAUSE)
        try:
            seconds = (instant(parsedate_to_datetime(text)) - self._clock.now()) / SECOND
        except (ValueError, TypeError, OverflowError):
            return None
        return min(max(seconds, 0.0), _LONGEST_PAUSE)


def tls_context() -> ssl.SSLContext:
    """That knows which certificates to accept. Slow to make."""
    context = httpx2.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _raw(response: httpx2.Response) -> AsyncIterator[bytes]:
    # Not unpacked: what a server packs, though asked not to, could be of any size.
    async for part in response.aiter_raw(_LONGEST_ANSWER):
        yield part


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


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "it failed").replace("_", " ").lower()
