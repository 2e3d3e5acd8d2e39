"""Addresses that people enter, and where they lead. In: a text, or the name of a host; out: an address that can be asked, and the IP
addresses behind a name, of which those are refused that nothing of this product goes to."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from enum import Enum

import httpx2

Resolve = Callable[[str], Awaitable[list[str]]]
"""The addresses of a host, as texts. Raises OSError."""
_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutgoingError(Exception):
    """A request to another server came to nothing; the sentence says why and holds no secret."""


class AddressForbidden(OutgoingError):
    """The host is where nothing goes to, now or later."""


class Why(Enum):
    """Why there was no answer, for those who make sentences of their own."""

    NAME = "name"
    """The host cannot be resolved."""
    REFUSED = "refused"
    """Nothing listens there."""
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    CUT = "cut"
    """The connection ended before the answer did."""
    CERTIFICATE = "certificate"
    """The certificate is not accepted, or is another than the one agreed to."""
    TLS = "tls"
    """It speaks TLS, in a way that is not spoken here."""
    NOT_TLS = "not_tls"
    NOT_HTTP = "not_http"
    PACKED = "packed"
    """Compressed, though asked not to be."""
    TOO_LARGE = "too_large"


class NoAnswer(OutgoingError):
    """No connection, no answer in time, no such name: it may work later. `words`: those of the system or the library."""

    def __init__(self, sentence: str, why: Why = Why.UNREACHABLE, words: str = "") -> None:
        super().__init__(sentence)
        self.why = why
        self.words = words


_FORBIDDEN = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this machine, by a detour
        "169.254.0.0/16",  # link-local; the services that tell machines of clouds their credentials
        "100.100.100.200/32",  # the same at Alibaba,
        "168.63.129.16/32",  # Azure
        "192.0.0.192/32",  # and Oracle
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "fe80::/10",
        "fd00:ec2::254/128",  # AWS by IPv6
        "fd20:ce::254/128",  # and Google
        "ff00::/8",
    )
)
_EMBEDDING = tuple(
    ipaddress.ip_network(network)
    for network in (
        "::/96",  # IPv4-compatible, RFC 4291 §2.5.5.1
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64 of one's own network, RFC 8215
    )
)
"""IPv6 networks whose last 32 bits are an IPv4 address."""
_NUMBERS = re.compile(r"[0-9][0-9a-fx.]*", re.ASCII | re.IGNORECASE)
_ISATAP = {0x00005EFE, 0x02005EFE}
"""Before the IPv4 address in the interface part, RFC 5214."""


async def allowed_addresses(host: str, seconds: float, resolve: Resolve | None = None) -> list[str]:
    """The addresses of a host that requests may go to, in the order to try them, one at least. Raises AddressForbidden where there
    is none, NoAnswer where the name cannot be resolved in that time."""
    found = await _resolved(host, seconds, resolve or _addresses)
    allowed = [address for address in dict.fromkeys(found) if not is_forbidden(address)]
    if not allowed:
        raise _forbidden(host, found)
    return allowed


async def check_host(host: str, seconds: float, resolve: Resolve | None = None) -> None:
    """For those who connect by themselves: raises AddressForbidden where one of the addresses of a host is forbidden, NoAnswer where
    it has none."""
    found = await _resolved(host, seconds, resolve or _addresses)
    if any(map(is_forbidden, found)):
        raise _forbidden(host, found)


def checked_url(text: str) -> httpx2.URL:
    """An address that can be asked. Raises ValueError with a sentence."""
    if any(letter.isspace() or not letter.isprintable() for letter in text):
        raise ValueError("an address holds no blanks")
    try:
        url = httpx2.URL(text)
        port = url.port
    except (httpx2.InvalidURL, ValueError) as error:
        raise ValueError("this is no address") from error
    if url.scheme not in ("http", "https"):
        raise ValueError("an address begins with http:// or https://")
    if not url.host:
        raise ValueError("the address names no host")
    if port is not None and not 0 < port < 1 << 16:
        raise ValueError("the port of the address is none")
    return url


def place_of(url: httpx2.URL) -> str:
    """Host and port of an address, for people."""
    return url.host if url.port is None else f"{url.netloc.decode('ascii')}"


def literal(host: str) -> str | None:
    """The IP address that a host is, in any writing that systems take for one: 127.1, 0x7f000001, 2130706433 (RFC 6943 §3.1.1), also with
    the dot that ends a name. None for a name."""
    text = host.removesuffix(".")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if not _NUMBERS.fullmatch(text):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(text))
    except OSError:
        return None


def is_forbidden(address: str) -> bool:
    """Whether nothing goes to an IP address: those of link-local and metadata services, of no host and of many, also where an IPv6 address
    stands for one of IPv4. Private ones and those of this machine are allowed: it is where self-hosted services are."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    return any(each in network for each in meant_by(found) for network in _FORBIDDEN if network.version == each.version)


def meant_by(address: _IPAddress) -> Iterator[_IPAddress]:
    """The address, and those of IPv4 that it stands for."""
    yield address
    if not isinstance(address, ipaddress.IPv6Address) or address.is_loopback or address.is_unspecified:
        return
    last = ipaddress.IPv4Address(address.packed[-4:])
    if any(address in network for network in _EMBEDDING) or int.from_bytes(address.packed[8:12]) in _ISATAP:
        yield last
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _forbidden(host: str, found: list[str]) -> AddressForbidden:
    return AddressForbidden(f"{host} is at {', '.join(found) or 'no address'}: nothing is sent to link-local and metadata services")


async def _resolved(host: str, seconds: float, resolve: Resolve) -> list[str]:
    host = host.strip("[]")
    if (known := literal(host)) is not None:
        return [known]
    try:
        async with asyncio.timeout(seconds):
            return await resolve(host)
    except TimeoutError:
        raise NoAnswer(f"the name {host} was not resolved within {seconds:g} seconds", Why.NAME) from None
    except (OSError, UnicodeError) as error:
        words = str(getattr(error, "strerror", None) or error)
        raise NoAnswer(f"the name {host} cannot be resolved: {words}", Why.NAME, words) from error


async def _addresses(host: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]
