"""What somebody does to the keys of programs. In: a request whose caller was let in, and what they ask for in words; out: the kept key, and
of a new one its text, which is told this once. Each change is one transaction with its entry in the audit log, which names keys by
their fingerprint. Raises ValueError with a sentence for what makes no sense, and Refused for what is not there or not for the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from duplistatus.clock import Instant, iso
from duplistatus.security.api_key import checked_key_name, checked_scopes, new_key
from duplistatus.security.tokens import token_hash
from duplistatus.store import api_keys, audit
from duplistatus.store.api_keys import ApiKey
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.ids import KeyId
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.keys import key_uses
from duplistatus.web.sessions import user_agent
from duplistatus.web.window_words import checked_names, read_flag, read_moment

Words = Mapping[str, object]

MOST_KEYS = 200
_NEW = frozenset({"name", "scopes", "expires_at"})
_CHANGES = _NEW | {"disabled"}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `text` is the key itself, which nobody can be told later."""

    key: ApiKey
    text: str


async def keys_now(request: Request) -> list[ApiKey]:
    """All keys with their uses until now, the oldest first."""
    parts = context(request)
    key_uses(request).write_down()
    try:
        # What was just handed over is written before this is asked.
        return await parts.writer.write(api_keys.listed, changes=False)
    except StoreError:
        with parts.database.read() as connection:
            return api_keys.listed(connection)


async def key_now(request: Request, key_id: int) -> ApiKey:
    """Refused with 404 where there is none."""
    found = next((key for key in await keys_now(request) if key.id == key_id), None)
    if found is None:
        raise _not_found()
    return found


async def add(request: Request, caller: Caller, words: Words) -> NewKey:
    """Words: `name`, `scopes`, `expires_at` or null."""
    checked_names(words, _NEW)
    name, scopes = checked_key_name(words.get("name")), checked_scopes(words.get("scopes"))
    text = new_key()

    def work(connection: Connection) -> ApiKey:
        now = context(request).clock.now()
        if len(api_keys.listed(connection)) >= MOST_KEYS:
            raise ValueError(f"there are {MOST_KEYS} keys at most; delete some that nobody uses")
        by = caller.user.username if caller.user else ""
        key_id = api_keys.add(connection, name, token_hash(text), scopes, _expiry(words, now), by, now)
        made = _key(connection, key_id)
        audit.record(connection, _entry(request, caller, now, "api_key_created", made, {"after": _told(made)}))
        return made

    return NewKey(await context(request).writer.write(work), text)


async def change(request: Request, caller: Caller, key_id: int, words: Words) -> ApiKey:
    """Words: any of `name`, `scopes`, `expires_at`, `disabled`; what is not named stays. Who calls with a key cannot change that one: what
    a key opens, and for how long, is decided by somebody else."""
    checked_names(words, _CHANGES)
    if caller.key is not None and caller.key.id == key_id:
        raise Refused(403, "A key cannot change itself", "own_key")

    def work(connection: Connection) -> ApiKey:
        now = context(request).clock.now()
        before = _key(connection, key_id)
        after = replace(
            before,
            name=before.name if words.get("name") is None else checked_key_name(words["name"]),
            scopes=before.scopes if words.get("scopes") is None else checked_scopes(words["scopes"]),
            is_disabled=read_flag(words, "disabled", before.is_disabled),
            expires_at=_expiry(words, now, before) if "expires_at" in words else before.expires_at,
        )
        if after == before:
            return before
        api_keys.change(connection, after)
        old, new = _told(before), _told(after)
        changed = [name for name in new if old[name] != new[name]]
        details = {"before": {name: old[name] for name in changed}, "after": {name: new[name] for name in changed}}
        audit.record(connection, _entry(request, caller, now, "api_key_updated", after, details))
        return after

    return await context(request).writer.write(work)


async def remove(request: Request, caller: Caller, key_id: int) -> ApiKey:
    """Removes a key, which opens nothing from then on; what it was."""

    def work(connection: Connection) -> ApiKey:
        removed = _key(connection, key_id)
        api_keys.remove(connection, removed.id)
        now = context(request).clock.now()
        audit.record(connection, _entry(request, caller, now, "api_key_deleted", removed, {"before": _told(removed)}))
        return removed

    return await context(request).writer.write(work)


def _key(connection: Connection, key_id: int) -> ApiKey:
    found = api_keys.by_id(connection, KeyId(key_id))
    if found is None:
        raise _not_found()
    return found


def _not_found() -> Refused:
    return Refused(404, "There is no such API key", "key_not_found")


def _expiry(words: Words, now: Instant, before: ApiKey | None = None) -> Instant | None:
    """The moment from which on the key opens nothing, None for never. One that is past may stay, not be chosen."""
    if words.get("expires_at") is None:
        return None
    at = read_moment(words, "expires_at")
    if at <= now and (before is None or at != before.expires_at):
        raise ValueError("a key expires in the future; disable it to end it now")
    return at


def _told(key: ApiKey) -> dict[str, Any]:
    """What the audit log tells of a key."""
    return {
        "name": key.name,
        "scopes": api_keys.scopes_text(key.scopes).split(),
        "expires_at": iso(key.expires_at) if key.expires_at is not None else None,
        "disabled": key.is_disabled,
    }


def _entry(request: Request, caller: Caller, now: Instant, action: str, key: ApiKey, details: Mapping[str, object]) -> Entry:
    told = {"name": key.name, "fingerprint": key.fingerprint, **details}
    return Entry(now, action, "config", caller.user, "", "api_key", str(key.id), told, caller.address, user_agent(request))
