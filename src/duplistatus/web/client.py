"""Where a request comes from. In: the connection, its headers and the proxies that are believed; out: the client's address and whether
it speaks TLS to us or to such a proxy. Headers of anybody else are never believed; that they are there shows that a proxy passed the
request on, so that what comes from this machine is not taken for a program on it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from starlette.requests import HTTPConnection

from duplistatus.settings import Network

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip")
"""Headers by which proxies say for whom they ask."""
_LONGEST = 64
"""Of an address with port, zone, brackets and quotation marks."""


@dataclass(frozen=True, slots=True)
class Client:
    """`address` is text as people write it; `proxied` says that a trusted proxy passed the request on, `passed_on` that a proxy on this
    machine did which is not trusted: then nobody knows who asks, and it is not this machine."""

    address: str
    secure: bool
    proxied: bool
    passed_on: bool = False

    @property
    def counted_as(self) -> str:
        """Under which name requests are counted and limited; programs on this machine are not, its proxy is."""
        return "proxy on this machine" if self.passed_on else self.address


def _parse(text: str) -> _Address | None:
    """An address as proxies write it: IPv4, IPv6, either with a port, IPv6 in brackets or with a zone."""
    text = text.strip().strip('"')
    # What is longer is none, and is not kept in memory.
    return _parsed(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=1024)
def _parsed(text: str) -> _Address | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=1024)
def _peer(peer: str) -> tuple[_Address | None, str, bool]:
    """The address of a connection's other end, as text, and whether that is this machine."""
    address = _parse(peer)
    return address, str(address), address is not None and address.is_loopback


def _trusted(address: _Address, proxies: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in proxies)


def client(connection: HTTPConnection, proxies: Sequence[Network]) -> Client:
    """The client behind the trusted proxies.

    1. The peer of the connection, unless it is a trusted proxy.
    2. Else the entries of `X-Forwarded-For` from the right, which is the side the nearest proxy wrote, up to the first that is no
       trusted proxy. What stands left of it was written by the client and proves nothing.
    3. Only a proxy on this machine can have been called from this machine.
    """
    end = connection.scope.get("client")
    peer: str = end[0] if end else ""
    secure = connection.scope["scheme"] in {"https", "wss"}
    address, text, is_here = _peer(peer)
    if address is None:
        return Client(peer, secure, proxied=False)
    if not proxies or not _trusted(address, proxies):
        passed_on = is_here and any(name in connection.headers for name in FORWARDING)
        return Client(text, secure, proxied=False, passed_on=passed_on)
    hops = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed(hops):
        before = _parse(hop)
        if before is None or (before.is_loopback and not address.is_loopback):
            # That was written to seem to be a program on this machine.
            break
        address = before
        if not _trusted(address, proxies):
            break
    protocol = connection.headers.get("x-forwarded-proto")
    if protocol is not None:
        secure = protocol.partition(",")[0].strip().lower() in {"https", "wss"}
    return Client(str(address), secure, proxied=True)
