"""Connections to servers of somebody else's for protocols other than HTTP. In: a host and a port; out: a socket that is connected to an
address that was checked, so that no name can lead elsewhere between the check and the connection."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from duplistatus.security import nearness
from duplistatus.security.addresses import NoAnswer, Resolve, Why, allowed_addresses
from duplistatus.security.causes import kind_of_failure, why_not_connected

_MOST_ADDRESSES = 4


async def connected(host: str, port: int, seconds: float, resolve: Resolve | None = None) -> socket.socket:
    """A connection to one of the addresses of the host, the first that takes it, within so many seconds in all. Raises AddressForbidden,
    NoAnswer."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    trouble: OSError | None = None
    try:
        async with asyncio.timeout(seconds):
            addresses = (await allowed_addresses(host, seconds, resolve))[:_MOST_ADDRESSES]
            for address in addresses:
                try:
                    async with asyncio.timeout(seconds / len(addresses)):
                        found = await _to(address, port)
                except TimeoutError:
                    trouble = None
                except OSError as error:
                    trouble = error
                else:
                    nearness.remember(host, address)
                    return found
    except TimeoutError:
        trouble = None
    if trouble is None:
        raise NoAnswer(f"no connection to {place} within {seconds:g} seconds", Why.UNREACHABLE)
    words = why_not_connected(trouble)
    raise NoAnswer(f"no connection to {place}: {words}", kind_of_failure(trouble), words) from trouble


async def _to(address: str, port: int) -> socket.socket:
    is_longer = isinstance(ipaddress.ip_address(address.partition("%")[0]), ipaddress.IPv6Address)
    family = socket.AF_INET6 if is_longer else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made
