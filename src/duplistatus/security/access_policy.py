"""From where, and with what, the product may be called: which doors want a key, which addresses are let in, which proxies are believed.
In: what was entered on the page of access, and the environment, which goes before it; out: one frozen policy. This machine itself is
always let in, so that nobody locks everybody out for good."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, replace
from functools import lru_cache

from duplistatus.settings import Network, Settings

MOST_NETWORKS = 200
_MAPPED_BITS = 96
"""In front of an IPv4 address that is written as IPv6."""


@dataclass(frozen=True, slots=True)
class AddressList:
    """The addresses that one side of the product is open to, while `enabled`."""

    enabled: bool = False
    networks: tuple[Network, ...] = ()

    def admits(self, address: str, *, passed_on: bool = False) -> bool:
        """Whether a call from that address may go on. What is no address is only let in by a list that is not enabled. `passed_on`: a
        proxy on this machine that is not believed stands for somebody unknown, who is not this machine."""
        return not self.enabled or (is_local(address) and not passed_on) or within(address, self.networks)


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """`key_for_uploads`, `key_for_reading`: reports, and summary and last backups, are served with a key only. `fixed` names what the
    environment decides: `trusted_proxies`, `admin.enabled`, `admin.networks`, `external.enabled`, `external.networks`."""

    key_for_uploads: bool = False
    key_for_reading: bool = False
    admin: AddressList = AddressList()
    external: AddressList = AddressList()
    trusted_proxies: tuple[Network, ...] = ()
    fixed: frozenset[str] = frozenset()

    @property
    def has_lists(self) -> bool:
        return self.admin.enabled or self.external.enabled


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_local(address: str) -> bool:
    """Whether a call comes from this machine itself."""
    parsed = _address(address)
    return parsed is not None and parsed.is_loopback


def within(address: str, networks: tuple[Network, ...]) -> bool:
    parsed = _address(address)
    return parsed is not None and any(parsed.version == network.version and parsed in network for network in networks)


def read_networks(texts: list[str]) -> tuple[Network, ...]:
    """Addresses and networks as people write them, each once. Raises ValueError with a sentence that names the one that is none."""
    found: dict[Network, None] = {}
    for text in texts:
        try:
            network = _network(text)
        except ValueError:
            raise ValueError(f"{text.strip()[:60]!r} is no address or network such as 192.168.1.5 or 192.168.1.0/24") from None
        found[network] = None
    if len(found) > MOST_NETWORKS:
        raise ValueError(f"{len(found)} networks are too many; {MOST_NETWORKS} may be entered")
    return tuple(found)


def _network(text: str) -> Network:
    """A network as calls are compared with: without a zone, IPv4 within IPv6 as IPv4. Raises ValueError."""
    address, slash, bits = text.strip().partition("/")
    network = ipaddress.ip_network(address.partition("%")[0] + slash + bits, strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ipaddress.ip_network((mapped, network.prefixlen - _MAPPED_BITS))


def read_policy(text: str, settings: Settings) -> AccessPolicy:
    """The policy that holds: what was entered, then what the environment says."""
    return overridden(entered(text), settings)


def entered(text: str) -> AccessPolicy:
    """What `as_text` has written; from a text that cannot be read as much as can."""
    try:
        kept = json.loads(text) if text else {}
    except ValueError:
        kept = {}
    if not isinstance(kept, dict):
        kept = {}
    return AccessPolicy(
        key_for_uploads=kept.get("key_for_uploads") is True,
        key_for_reading=kept.get("key_for_reading") is True,
        admin=AddressList(kept.get("admin_enabled") is True, _kept_networks(kept.get("admin"))),
        external=AddressList(kept.get("external_enabled") is True, _kept_networks(kept.get("external"))),
        trusted_proxies=_kept_networks(kept.get("trusted_proxies")),
    )


def _kept_networks(value: object) -> tuple[Network, ...]:
    texts = value if isinstance(value, list) else []
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(str(text), strict=False))
        except ValueError:
            continue
    return tuple(found)


def as_text(policy: AccessPolicy) -> str:
    """The policy as it is kept."""
    kept = {
        "key_for_uploads": policy.key_for_uploads,
        "key_for_reading": policy.key_for_reading,
        "admin_enabled": policy.admin.enabled,
        "admin": [str(network) for network in policy.admin.networks],
        "external_enabled": policy.external.enabled,
        "external": [str(network) for network in policy.external.networks],
        "trusted_proxies": [str(network) for network in policy.trusted_proxies],
    }
    return json.dumps(kept)


def overridden(policy: AccessPolicy, settings: Settings) -> AccessPolicy:
    """The policy with what the environment says in its place. A list of the environment without a word on whether it is enabled is."""
    fixed: set[str] = set()
    if settings.trusted_proxies is not None:
        policy = replace(policy, trusted_proxies=settings.trusted_proxies)
        fixed.add("trusted_proxies")
    admin, of_admin = _list(policy.admin, settings.admin_allowlist_enabled, settings.admin_allowlist)
    external, of_external = _list(policy.external, settings.external_allowlist_enabled, settings.external_allowlist)
    fixed |= {f"admin.{name}" for name in of_admin} | {f"external.{name}" for name in of_external}
    return replace(policy, admin=admin, external=external, fixed=frozenset(fixed))


def _list(entered_list: AddressList, enabled: bool | None, networks: tuple[Network, ...] | None) -> tuple[AddressList, set[str]]:
    """The list that holds, and the names of what the environment decided."""
    fixed = set()
    if networks is not None:
        entered_list = AddressList(enabled is not False, networks)
        fixed = {"networks", "enabled"}
    if enabled is not None:
        entered_list = replace(entered_list, enabled=enabled)
        fixed.add("enabled")
    return entered_list, fixed
