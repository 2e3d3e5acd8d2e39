"""HTTP connections to one server of somebody else's. In: a request; out: the response, its body still to be read. Each name is resolved
here, the addresses found are checked, and the connection is made to one that passed, so that no name can lead to a place that nothing goes
to. No redirect is followed, no proxy and no cookie is used."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from duplistatus.security import nearness
from duplistatus.security.addresses import NoAnswer, Resolve, Why, allowed_addresses, checked_url, place_of
from duplistatus.security.causes import first_cause, kind_of_failure, of_the_system, why_not_connected
from duplistatus.security.certificates import tls_context, tls_failure

for _name in ("httpx2", "httpcore2"):
    # They write each address that is asked into the log, with the tokens in it.
    logging.getLogger(_name).setLevel(logging.WARNING)

_ADDRESS_AGE = 60.0
"""Seconds for which the addresses of a name are taken as known."""
_MOST_ADDRESSES = 4
_IDLE = 15.0
"""Seconds for which a connection is kept without use; many servers end theirs after not much longer."""
_ENDED = ("Server disconnected", "peer ", "<ConnectionTerminated")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for a connection, for the head of an answer, for its body, for all of it."""

    connect: float = 10.0
    answer: float = 25.0
    body: float = 5.0
    whole: float = 50.0


class Pinned:
    """Connections that are kept for the next request. `certificate`: SHA-256 of the one that is agreed to; empty: authorities decide."""

    def __init__(self, url: str, *, parallel: int, patience: Patience, resolve: Resolve | None = None, certificate: str = "") -> None:
        self.origin = checked_url(url)
        self._parallel = parallel
        self._patience = patience
        self._resolve = resolve
        self._certificate = certificate
        self._client: httpx2.AsyncClient | None = None
        self._known: tuple[float, list[str]] | None = None
        self._has_answered = False

    @property
    def place(self) -> str:
        """Host and port, for sentences."""
        return place_of(self.origin)

    @asynccontextmanager
    async def sent(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> AsyncIterator[httpx2.Response]:
        """The response with its head. `url`: on the same server. Raises AddressForbidden where nothing goes to its address, NoAnswer where
        there is none, both also while its body is read."""
        target = httpx2.URL(url)
        if (target.scheme, target.host, target.port) != (self.origin.scheme, self.origin.host, self.origin.port):
            raise ValueError("another server than this is for")
        try:
            async with asyncio.timeout(self._patience.whole):
                response = await self._answered(method, target, headers, body)
                try:
                    yield response
                finally:
                    await response.aclose()
        except TimeoutError:
            raise NoAnswer(f"{self.place} did not answer within {self._patience.whole:g} seconds", Why.SLOW) from None
        except httpx2.HTTPError as error:
            raise self._no_answer(error) from error

    async def close(self) -> None:
        """Ends the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _answered(self, method: str, target: httpx2.URL, headers: Mapping[str, str], body: bytes) -> httpx2.Response:
        """As `_sent`; what only reads is sent again where the server ended a connection that was kept, just as it was to be used: all of
        them may be such, a new one is not."""
        for _ in range(self._parallel):
            try:
                response = await self._sent(method, target, headers, body)
            except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError) as error:
                if method != "GET" or not self._has_answered or not _is_ended(error):
                    raise
            else:
                self._has_answered = True
                return response
        return await self._sent(method, target, headers, body)

    async def _sent(self, method: str, target: httpx2.URL, headers: Mapping[str, str], body: bytes) -> httpx2.Response:
        client = await self._opened()
        addresses = await self._checked_addresses()
        for tried, address in enumerate(addresses, 1):
            request = client.build_request(
                method,
                target.copy_with(host=address),
                headers={**headers, "Host": target.netloc.decode("ascii")},
                content=body,
                extensions={"sni_hostname": self.origin.raw_host.decode("ascii")},
            )
            try:
                response = await client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                self._known = None
                # A certificate that is wrong would be no better at another address of the same name.
                if tried == len(addresses) or first_cause(error, ssl.SSLError):
                    raise
            else:
                nearness.remember(self.origin.host, address)
                return response
        raise AssertionError("a name has one address at least")

    async def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            if self.origin.scheme == "https":
                context = await asyncio.to_thread(tls_context, self._certificate)
            if self._client is None:
                self._client = httpx2.AsyncClient(
                    verify=context,
                    trust_env=False,
                    follow_redirects=False,
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                    headers={"User-Agent": "duplistatus", "Accept-Encoding": "identity"},
                    timeout=httpx2.Timeout(self._patience.answer, connect=self._patience.connect, pool=self._patience.whole),
                    limits=httpx2.Limits(max_connections=self._parallel, max_keepalive_connections=self._parallel, keepalive_expiry=_IDLE),
                )
        return self._client

    async def _checked_addresses(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        if self._known is None or now - self._known[0] > _ADDRESS_AGE:
            host = self.origin.raw_host.decode("ascii")
            allowed = await allowed_addresses(host, self._patience.connect, self._resolve)
            self._known = (now, allowed[:_MOST_ADDRESSES])
        return self._known[1]

    def _no_answer(self, error: httpx2.HTTPError) -> NoAnswer:
        if first_cause(error, ssl.SSLError) is not None and isinstance(error, httpx2.ConnectError):
            why, words = tls_failure(error)
            if why is Why.CERTIFICATE:
                return NoAnswer(f"the certificate of {self.place} is not accepted: {words}", why, words)
            return NoAnswer(f"no TLS connection to {self.place}: {words}", why, words)
        if isinstance(error, httpx2.ConnectTimeout):
            return NoAnswer(f"no connection to {self.place} within {self._patience.connect:g} seconds", Why.UNREACHABLE)
        if isinstance(error, httpx2.TimeoutException):
            return NoAnswer(f"{self.place} did not answer within {self._patience.answer:g} seconds", Why.SLOW)
        if isinstance(error, httpx2.ConnectError):
            cause = of_the_system(error)
            words = why_not_connected(cause)
            return NoAnswer(f"no connection to {self.place}: {words}", kind_of_failure(cause), words)
        if isinstance(error, httpx2.RemoteProtocolError):
            why = Why.CUT if _is_ended(error) else Why.NOT_HTTP
            return NoAnswer(f"{self.place} ended the connection, or what it answered is not HTTP", why)
        return NoAnswer(f"the connection to {self.place} was lost", Why.CUT)


def _is_ended(error: httpx2.HTTPError) -> bool:
    """Whether the connection ended, rather than that something else came than was to come."""
    return not isinstance(error, httpx2.RemoteProtocolError) or str(error).startswith(_ENDED)
