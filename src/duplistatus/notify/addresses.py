"""Addresses that people enter, and where they lead. In: a text, or the name of a host; out: an address that can be asked, and the IP
addresses behind a name, of which those are refused that no message goes to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

import httpx2

from duplistatus.notify.message import Refused, Unreachable

Resolve = Callable[[str], Awaitable[list[str]]]
"""The addresses of a host, as texts. Raises OSError."""
_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

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
        "ff00::/8",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


async def allowed_addresses(host: str, seconds: float, resolve: Resolve | None = None) -> list[str]:
    """The addresses of a host that messages may go to, in the order to try them, one at least. Raises Refused where there is none,
    Unreachable where the name cannot be resolved in that time."""
    found = await _resolved(host, seconds, resolve or _addresses)
    allowed = [address for address in dict.fromkeys(found) if not is_forbidden(address)]
    if not allowed:
        raise _forbidden(host, found)
    return allowed


async def check_host(host: str, seconds: float, resolve: Resolve | None = None) -> None:
    """For those who connect by themselves: raises Refused where one of the addresses of a host is forbidden, Unreachable where it has
    none."""
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


def is_forbidden(address: str) -> bool:
    """Whether no message goes to an IP address: those of link-local and metadata services, of no host and of many. Private ones and those
    of this machine are allowed: it is where self-hosted services are."""
    try:
        found = _inner(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return True
    return any(found in network for network in _FORBIDDEN if network.version == found.version)


def _forbidden(host: str, found: list[str]) -> Refused:
    return Refused(f"{host} is at {', '.join(found) or 'no address'}: no message is sent to link-local and metadata services")


def _inner(address: _IPAddress) -> _IPAddress:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(address.packed[-4:])
        return address.ipv4_mapped or address.sixtofour or address
    return address


async def _resolved(host: str, seconds: float, resolve: Resolve) -> list[str]:
    host = host.strip("[]")
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        async with asyncio.timeout(seconds):
            return await resolve(host)
    except TimeoutError:
        raise Unreachable(f"the name {host} was not resolved within {seconds:g} seconds") from None
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"the name {host} cannot be resolved: {getattr(error, 'strerror', None) or error}") from error


async def _addresses(host: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]
