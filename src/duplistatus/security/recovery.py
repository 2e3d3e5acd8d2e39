"""The way back in for whoever runs the product and can no longer sign in. In: a connection and a new password, hashed; out: what was done
to the account. Nothing is asked: whoever may write to the data folder may do all of this anyway."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from duplistatus.clock import Instant
from duplistatus.security import lockout
from duplistatus.security.access_policy import as_text, entered, read_policy
from duplistatus.security.users import checked_name
from duplistatus.settings import Settings
from duplistatus.store import accounts, audit, sessions
from duplistatus.store.access_setting import read_access, save_access
from duplistatus.store.accounts import Account, User
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.ids import UserId

_MOST_NAMED = 10
_SYSTEM = "system"


class CannotRecover(Exception):
    """Another account is meant; the sentence names those that there are."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was done. `sessions`: how many were ended."""

    username: str
    was_made: bool
    became_admin: bool
    sessions: int


@dataclass(frozen=True, slots=True)
class OpenedDoors:
    """What was switched off, in words; and the environment variables that decide otherwise."""

    switched_off: tuple[str, ...]
    by_environment: tuple[str, ...]


def recover(connection: Connection, username: str, password_hash: str, now: Instant, *, must_change: bool) -> Recovered:
    """Gives an administrator that password, and ends the lock and all sessions of the account. Where there is no administrator at all
    the account becomes one, and is made where there is none. Raises CannotRecover, BadUser for a name that no account can have."""
    name = checked_name(username)
    account = accounts.by_name(connection, name)
    has_admins = accounts.count_admins(connection) > 0
    if has_admins and (account is None or not account.user.is_admin):
        what = f"there is no account {name}" if account is None else f"{account.user.username} is no administrator"
        raise CannotRecover(f"{what}; administrators are: {_administrators(connection)}")
    if account is None:
        return _made(connection, name, password_hash, now, must_change=must_change)
    user = account.user
    if not user.is_admin:
        accounts.edit(connection, replace(user, is_admin=True), now)
        _note(connection, "user_updated", user, now, {"before": {"is_admin": False}, "after": {"is_admin": True}})
    accounts.set_password(connection, user.id, password_hash, now, must_change=must_change)
    count = len(sessions.of_user(connection, user.id, now))
    sessions.end_all_of(connection, user.id)
    lockout.forgive(connection, user.username)
    _note(connection, "password_reset", user, now, {"sessions_ended": count})
    return Recovered(user.username, was_made=False, became_admin=not user.is_admin, sessions=count)


def _made(connection: Connection, name: str, password_hash: str, now: Instant, *, must_change: bool) -> Recovered:
    user = User(UserId(str(uuid.uuid4())), name, is_admin=True, must_change_password=must_change)
    accounts.add(connection, Account(user, password_hash), now)
    lockout.forgive(connection, name)
    _note(connection, "user_created", user, now, {"is_admin": True, "must_change_password": must_change})
    return Recovered(name, was_made=True, became_admin=True, sessions=0)


def _administrators(connection: Connection) -> str:
    """Their names; a few of very many."""
    names = [account.user.username for account in accounts.admins(connection)]
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _note(connection: Connection, action: str, user: User, now: Instant, details: dict[str, object]) -> None:
    entry = Entry(now, action, "user", None, _SYSTEM, "user", user.id, {**details, "targetUsername": user.username})
    audit.record(connection, entry)


# --- doors -------------------------------------------------------------------------------------------------------------------------


def open_doors(connection: Connection, settings: Settings, now: Instant) -> OpenedDoors:
    """Switches off both lists of addresses and the duty to bring a key, as far as the page of access decides; what is on the lists
    stays."""
    before = entered(read_access(connection))
    after = replace(
        before,
        key_for_uploads=False,
        key_for_reading=False,
        admin=replace(before.admin, enabled=False),
        external=replace(before.external, enabled=False),
    )
    flags = {
        "admin_enabled": (before.admin.enabled, "the list of addresses for pages"),
        "external_enabled": (before.external.enabled, "the list of addresses for reports and other programs"),
        "key_for_uploads": (before.key_for_uploads, "the key that reports need"),
        "key_for_reading": (before.key_for_reading, "the key that other programs need"),
    }
    changed = {name: words for name, (was_on, words) in flags.items() if was_on}
    if changed:
        save_access(connection, as_text(after))
        details = {"before": dict.fromkeys(changed, True), "after": dict.fromkeys(changed, False)}
        audit.record(connection, Entry(now, "access_updated", "config", None, _SYSTEM, "access", None, details))
    return OpenedDoors(tuple(changed.values()), _decided_outside(as_text(after), settings))


def _decided_outside(text: str, settings: Settings) -> tuple[str, ...]:
    """The variables that keep a list switched on."""
    policy = read_policy(text, settings)
    found: list[str] = []
    for side, name in ((policy.admin, "ADMIN_IP_ALLOWLIST"), (policy.external, "EXTERNAL_API_IP_ALLOWLIST")):
        if side.enabled:
            found.append(f"{name}_ENABLED")
    return tuple(found)
