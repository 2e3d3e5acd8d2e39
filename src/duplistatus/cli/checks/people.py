"""Who gets in. In: a connection; out: accounts that anybody could use or nobody can, address lists that shut everybody out, keys that are
over."""

from __future__ import annotations

from collections.abc import Iterator

from duplistatus.cli.checks.finding import Finding, ok, problem, warning
from duplistatus.clock import DAY, Instant, iso
from duplistatus.security.access_policy import AccessPolicy, AddressList, read_policy
from duplistatus.security.passwords import DEFAULT_PASSWORD, fits
from duplistatus.settings import Settings
from duplistatus.store import accounts, api_keys
from duplistatus.store.access_setting import read_access
from duplistatus.store.api_keys import ApiKey, Scope
from duplistatus.store.database import Connection

ACCOUNTS, DOORS, KEYS = "accounts", "address lists", "API keys"
_MOST = 200
_MOST_TRIED = 20
"""Administrators whose password is compared with the documented one, which takes some 60 ms each."""
_MOST_NAMED = 5
"""Networks of a list that are named."""
_SOON = 14 * DAY


def look_at_accounts(connection: Connection, now: Instant) -> Iterator[Finding]:
    """Administrators with the documented password, or none; who is locked out."""
    admins = accounts.admins(connection)
    if not accounts.count(connection):
        yield ok(ACCOUNTS, "none yet; the first start makes admin")
        return
    if not admins:
        yield problem(ACCOUNTS, "there is no administrator", "duplistatus admin-recovery makes one")
    for account in admins[:_MOST_TRIED]:
        name = account.user.username
        if fits(account.password_hash, DEFAULT_PASSWORD):
            yield problem(
                ACCOUNTS, f"{name} still has the documented password", "sign in and choose another, or duplistatus admin-recovery"
            )
        elif account.user.must_change_password:
            yield warning(ACCOUNTS, f"{name} must still choose a password of their own", "sign in, or duplistatus admin-recovery")
    found, count = accounts.listed(connection, "", _MOST, 0)
    for each in found:
        if each.locked_until is not None and each.locked_until > now:
            name = each.user.username
            hint = f"wait, or duplistatus admin-recovery {name}" if each.user.is_admin else "wait, or an administrator resets the password"
            yield warning(ACCOUNTS, f"{name} is locked until {iso(each.locked_until)} after wrong passwords", hint)
    if admins:
        yield ok(ACCOUNTS, f"{count} {'account' if count == 1 else 'accounts'}, {len(admins)} of them administrators")


def look_at_doors(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """Lists that let nobody in but this machine, and proxies that anybody can be."""
    policy = read_policy(read_access(connection), settings)
    yield from _list(policy.admin, "pages", policy, "admin")
    yield from _list(policy.external, "reports and other programs", policy, "external")
    if any(network.prefixlen == 0 for network in policy.trusted_proxies):
        yield problem(
            DOORS,
            "every address is a trusted proxy, so that anybody can claim any address",
            "name the addresses of the proxies alone, on the page of access or in IP_TRUSTED_PROXIES",
        )


def _list(found: AddressList, what: str, policy: AccessPolicy, name: str) -> Iterator[Finding]:
    if not found.enabled:
        yield ok(DOORS, f"{what}: open to all addresses")
    elif found.networks:
        more = " and more" if len(found.networks) > _MOST_NAMED else ""
        yield ok(DOORS, f"{what}: open to {', '.join(map(str, found.networks[:_MOST_NAMED]))}{more}")
    else:
        by = "the environment" if f"{name}.enabled" in policy.fixed else "duplistatus admin-recovery --open-doors, or the page of access"
        yield problem(DOORS, f"{what}: the list is on and empty, so that only this machine is let in", f"switched off by {by}")


def look_at_keys(connection: Connection, settings: Settings, now: Instant) -> Iterator[Finding]:
    """Keys that are over or soon will be, and doors that want one that nobody has."""
    keys = api_keys.listed(connection)
    for key in keys:
        if key.is_disabled:
            continue
        if key.is_expired(now) and key.expires_at is not None:
            yield warning(KEYS, f"“{key.name}” ended at {iso(key.expires_at)}", "make a new one, or remove it")
        elif key.expires_at is not None and key.expires_at < now + _SOON:
            yield warning(KEYS, f"“{key.name}” ends at {iso(key.expires_at)}", "make a new one in time")
    policy = read_policy(read_access(connection), settings)
    for required, scope, what in (
        (policy.key_for_uploads, Scope.UPLOAD, "reports"),
        (policy.key_for_reading, Scope.READ, "summary and last backups"),
    ):
        if required and not any(_opens(key, scope, now) for key in keys):
            yield problem(KEYS, f"{what} are served with a key only, and there is none for them", f"make one of the scope {scope.value}")
    valid = sum(not key.is_disabled and not key.is_expired(now) for key in keys)
    yield ok(KEYS, f"{valid} in use" if valid else "none")


def _opens(key: ApiKey, scope: Scope, now: Instant) -> bool:
    return not key.is_disabled and not key.is_expired(now) and key.opens(scope)
