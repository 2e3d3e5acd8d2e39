"""How near a server is that requests go to, to be shown beside its name: this machine, the own network, or farther. In: what people entered
as its host; out: a judgement without a question to any name server. Names are known by what they mean everywhere, and by where the last
connection of this process went."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from threading import Lock

from duplistatus.security.addresses import is_forbidden, literal, meant_by

_SHARED = ipaddress.ip_network("100.64.0.0/10")
"""Of providers and of networks such as Tailscale's, RFC 6598."""
_MACHINE = frozenset({"localhost", "ip6-localhost", "ip6-loopback", "localhost.localdomain"})
_NETWORK = frozenset({"host.docker.internal", "gateway.docker.internal", "host.containers.internal"})
_ENDINGS = (".local", ".lan", ".home", ".internal", ".intranet", ".localdomain", ".home.arpa")
"""Of names that only a local network knows, among them those of RFC 6762 and RFC 8375."""
_MOST_REMEMBERED = 500
_last: OrderedDict[str, str] = OrderedDict()
_lock = Lock()


class Near(Enum):
    """Where a server is, as far as is known."""

    MACHINE = "this_machine"
    NETWORK = "private"
    FORBIDDEN = "forbidden"
    """At an address that nothing is sent to."""
    FAR = "public"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Nearness:
    """`address`: the IP address that says so, empty where the name alone does."""

    near: Near
    address: str = ""

    @property
    def is_noteworthy(self) -> bool:
        """Whether people are to see it beside the target."""
        return self.near in (Near.MACHINE, Near.NETWORK, Near.FORBIDDEN)


def nearness(host: str) -> Nearness:
    """How near the host is. Asks nobody."""
    name = host.strip().strip("[]").rstrip(".").lower()
    known_as = literal(name)
    if known_as is not None:
        return of_address(known_as)
    if name in _MACHINE or name.endswith(".localhost"):
        return Nearness(Near.MACHINE)
    with _lock:
        known = _last.get(name, "")
    if known:
        return of_address(known)
    if name in _NETWORK or name.endswith(_ENDINGS) or (name and "." not in name):
        return Nearness(Near.NETWORK)
    return Nearness(Near.UNKNOWN)


def of_address(address: str) -> Nearness:
    """How near an IP address is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return Nearness(Near.UNKNOWN)
    if is_forbidden(address):
        return Nearness(Near.FORBIDDEN, str(found))
    meanings = list(meant_by(found))
    shown = str(meanings[-1])
    if any(each.is_loopback for each in meanings):
        return Nearness(Near.MACHINE, shown)
    if meanings[-1].is_private or meanings[-1] in _SHARED:
        return Nearness(Near.NETWORK, shown)
    return Nearness(Near.FAR, shown)


def remember(host: str, address: str) -> None:
    """A connection to the host went to that address."""
    name = host.strip().strip("[]").rstrip(".").lower()
    with _lock:
        _last[name] = address
        _last.move_to_end(name)
        while len(_last) > _MOST_REMEMBERED:
            _last.popitem(last=False)
