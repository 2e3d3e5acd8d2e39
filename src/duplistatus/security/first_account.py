"""The first account. In: a database and the settings; out: the account `admin`, made when there is no account at all, and what to tell
the person who starts the product."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from duplistatus.clock import Clock
from duplistatus.security.passwords import DEFAULT_PASSWORD, Policy, hash_password
from duplistatus.settings import Settings, SettingsError
from duplistatus.store import accounts, audit
from duplistatus.store.accounts import Account, User
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.ids import UserId

FIRST_NAME = "admin"


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """An account that was just made. `password` is the documented one, to be changed at the first sign-in, or None when the settings
    gave one, which is never repeated."""

    username: str
    password: str | None


def check_given_password(settings: Settings) -> None:
    """Raises SettingsError for a DUPLISTATUS_ADMIN_PASSWORD that breaks the policy; nothing is made."""
    given = settings.admin_password
    if given is not None and (complaints := Policy.of(settings).complaints(given)):
        raise SettingsError(f"DUPLISTATUS_ADMIN_PASSWORD cannot be used: {'; '.join(complaints)}")


def ensure_first_account(connection: Connection, settings: Settings, clock: Clock) -> FirstAccount | None:
    """Makes the first account; None when there is an account already. Raises SettingsError for a given password that is too weak."""
    if accounts.count(connection):
        return None
    check_given_password(settings)
    given = settings.admin_password
    first = User(UserId(str(uuid.uuid4())), FIRST_NAME, is_admin=True, must_change_password=given is None)
    now = clock.now()
    accounts.add(connection, Account(first, hash_password(given or DEFAULT_PASSWORD)), now)
    audit.record(connection, Entry(now, "user_created", "user", None, "system", "user", first.id, {"targetUsername": first.username}))
    return FirstAccount(first.username, None if given else DEFAULT_PASSWORD)
