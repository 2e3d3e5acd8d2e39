"""What somebody does to the ways in. In: a request whose caller was let in, and what they ask for in words; out: the policy that holds,
with what its page says beside it. A change is one transaction with its entry in the audit log. Raises ValueError with a sentence for
what makes no sense, and Refused for what the environment decides or what would shut the caller out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.security.access_policy import AccessPolicy, AddressList, as_text, entered, overridden, read_networks
from duplistatus.settings import Network, Settings
from duplistatus.store import api_keys, audit
from duplistatus.store.access_setting import read_access, save_access
from duplistatus.store.api_keys import Scope
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.senders import recent_senders
from duplistatus.web.access import Caller
from duplistatus.web.client import FORWARDING, Client, client
from duplistatus.web.context import context
from duplistatus.web.door_book import Calls, door_book
from duplistatus.web.doors import client_of, doors
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent
from duplistatus.web.window_words import Words, checked_names, read_flag

_NAMES = frozenset({"uploads_need_key", "reading_needs_key", "admin", "external", "trusted_proxies"})
_OF_A_LIST = frozenset({"enabled", "networks"})
_DOORS = ("upload", "external")
_LONGEST_NETWORK = 100
_MOST_CALLERS = 100


@dataclass(frozen=True, slots=True)
class DoorCaller:
    """An address at one door. `calls`: since the start, None where it is known from stored reports alone; `servers`: whose newest reports
    came from there; `admitted`: by the list of the external side, if it were enabled."""

    door: str
    address: str
    last_at: Instant
    calls: Calls | None
    servers: tuple[str, ...]
    admitted: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """`set_by`: what the environment decides, and the variable; `keys`: how many open each scope now; `untrusted_proxy`: who passed this
    request on without being trusted."""

    policy: AccessPolicy
    set_by: Mapping[str, str]
    keys: Mapping[Scope, int]
    you: Client
    untrusted_proxy: str | None
    callers: tuple[DoorCaller, ...]


def situation(request: Request) -> Situation:
    """The policy that holds, and what there is to know before one changes it."""
    parts = context(request)
    with parts.database.snapshot() as connection:
        policy = overridden(entered(read_access(connection)), parts.settings)
        keys = api_keys.listed(connection)
        senders = recent_senders(connection)
    now = parts.clock.now()
    usable = [key for key in keys if not key.is_disabled and not key.is_expired(now)]
    counts = {scope: sum(key.opens(scope) for key in usable) for scope in Scope}
    met = [(door, address, calls) for door in _DOORS for address, calls in door_book(request).callers(door).items()]
    servers = {sender.address: sender.servers for sender in senders}
    external = replace(policy.external, enabled=True)
    callers = [
        DoorCaller(door, address, calls.last_at, calls, servers.get(address, ()) if door == "upload" else (), external.admits(address))
        for door, address, calls in met
    ]
    seen = {address for door, address, _ in met if door == "upload"}
    callers += [
        DoorCaller("upload", sender.address, sender.last_at, None, sender.servers, external.admits(sender.address))
        for sender in senders
        if sender.address and sender.address not in seen
    ]
    callers.sort(key=lambda each: each.last_at, reverse=True)
    you = client_of(request)
    return Situation(policy, set_by(parts.settings), counts, you, _untrusted_proxy(request), tuple(callers[:_MOST_CALLERS]))


def set_by(settings: Settings) -> dict[str, str]:
    """What the environment decides, by the names of `AccessPolicy.fixed`, and the variable of each."""
    found = {"trusted_proxies": "IP_TRUSTED_PROXIES"} if settings.trusted_proxies is not None else {}
    sides = (
        ("admin", "ADMIN_IP_ALLOWLIST", settings.admin_allowlist, settings.admin_allowlist_enabled),
        ("external", "EXTERNAL_API_IP_ALLOWLIST", settings.external_allowlist, settings.external_allowlist_enabled),
    )
    for side, variable, networks, enabled in sides:
        if networks is not None:
            found |= {f"{side}.networks": variable, f"{side}.enabled": variable}
        if enabled is not None:
            found[f"{side}.enabled"] = f"{variable}_ENABLED"
    return found


def _untrusted_proxy(request: Request) -> str | None:
    """The peer of the connection, where it passes on what somebody else asks and is not believed."""
    seen = client_of(request)
    return seen.address if not seen.proxied and any(name in request.headers for name in FORWARDING) else None


# --- changes -----------------------------------------------------------------------------------------------------------------------


async def change(request: Request, caller: Caller, words: Words) -> Situation:
    """Words: any of `uploads_need_key`, `reading_needs_key`, `trusted_proxies`, and `admin` and `external` with any of `enabled` and
    `networks`; what is not named stays."""
    checked_names(words, _NAMES)
    parts = context(request)

    def work(connection: Connection) -> None:
        kept = entered(read_access(connection))
        before = overridden(kept, parts.settings)
        _check_environment(before, _changed(before, words), parts.settings)
        kept = _changed(kept, words, fixed=before.fixed)
        after = overridden(kept, parts.settings)
        if after == before:
            return
        _check_lock_out(request, before, after)
        save_access(connection, as_text(kept))
        old, new = _told(before), _told(after)
        changed = [name for name in new if old[name] != new[name]]
        details = {"before": {name: old[name] for name in changed}, "after": {name: new[name] for name in changed}}
        agent = user_agent(request)
        now = parts.clock.now()
        entry = Entry(now, "access_updated", "config", caller.user, "", "access", None, details, caller.address, agent)
        audit.record(connection, entry)

    await parts.writer.write(work)
    doors(request).changed()
    return situation(request)


def _changed(policy: AccessPolicy, words: Words, fixed: frozenset[str] = frozenset()) -> AccessPolicy:
    """The policy with what is named; what is `fixed` stays."""
    proxies = policy.trusted_proxies
    if "trusted_proxies" in words and "trusted_proxies" not in fixed:
        proxies = _networks(words["trusted_proxies"], "trusted_proxies")
    return replace(
        policy,
        key_for_uploads=read_flag(words, "uploads_need_key", policy.key_for_uploads),
        key_for_reading=read_flag(words, "reading_needs_key", policy.key_for_reading),
        trusted_proxies=proxies,
        admin=_list(policy.admin, words, "admin", fixed),
        external=_list(policy.external, words, "external", fixed),
    )


def _list(before: AddressList, words: Words, side: str, fixed: frozenset[str]) -> AddressList:
    sent = words.get(side)
    if sent is None:
        return before
    if not isinstance(sent, dict):
        raise ValueError(f"{side} must be an object with enabled and networks")
    checked_names(sent, _OF_A_LIST)
    enabled, networks = before.enabled, before.networks
    if f"{side}.enabled" not in fixed:
        enabled = read_flag(sent, "enabled", enabled)
    if sent.get("networks") is not None and f"{side}.networks" not in fixed:
        networks = _networks(sent["networks"], f"{side}.networks")
    return AddressList(enabled, networks)


def _networks(value: object, name: str) -> tuple[Network, ...]:
    texts = value if isinstance(value, list) else None
    if texts is None or any(not isinstance(text, str) or len(text) > _LONGEST_NETWORK for text in texts):
        raise ValueError(f"{name} must be a list of addresses and networks")
    return read_networks(texts)


def _check_environment(before: AccessPolicy, wanted: AccessPolicy, settings: Settings) -> None:
    """Raises where something is asked for that the environment decides otherwise. Clients may send back what they read."""
    decided = set_by(settings)
    old, new = _told(before), _told(wanted)
    for field in sorted(before.fixed):
        name = field.replace(".", "_")
        if old[name] != new[name]:
            sentence = f"{field} is set by the environment variable {decided[field]} and can only be changed there"
            raise Refused(409, sentence, "set_by_environment", more={"details": {"field": field, "variable": decided[field]}})


def _check_lock_out(request: Request, before: AccessPolicy, after: AccessPolicy) -> None:
    """Raises where the caller's next request to the admin side would be refused: by the new list, or because the new proxies make
    another address of theirs."""
    if not after.admin.enabled or (after.admin, after.trusted_proxies) == (before.admin, before.trusted_proxies):
        return
    you = client(request, after.trusted_proxies)
    if after.admin.admits(you.address, passed_on=you.passed_on):
        return
    if you.passed_on:
        sentence = (
            f"A proxy at {you.address} passes your requests on, so that nobody knows your address; add it to the trusted proxies first"
        )
        raise Refused(400, sentence, "would_lock_out", more={"details": {"proxy": you.address}})
    sentence = f"This would shut you out: your own address {you.address} is not in the list of the admin side; add it first"
    raise Refused(400, sentence, "would_lock_out", more={"details": {"address": you.address}})


def _told(policy: AccessPolicy) -> dict[str, Any]:
    """What the audit log tells of a policy."""
    lists = {"admin": policy.admin, "external": policy.external}
    return {
        "uploads_need_key": policy.key_for_uploads,
        "reading_needs_key": policy.key_for_reading,
        "trusted_proxies": [str(network) for network in policy.trusted_proxies],
        **{f"{side}_enabled": each.enabled for side, each in lists.items()},
        **{f"{side}_networks": [str(network) for network in each.networks] for side, each in lists.items()},
    }
