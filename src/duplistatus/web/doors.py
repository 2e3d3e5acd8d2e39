"""From where the product may be called, as of now. In: what was entered, the environment, and a request; out: the policy that holds, the
client behind the proxies that are believed, and `Refused` for an address that a side is not open to. What another process entered
holds here two seconds later."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from duplistatus.clock import SECOND, Instant
from duplistatus.security.access_policy import AccessPolicy, is_local, overridden, read_policy
from duplistatus.store.access_setting import read_access
from duplistatus.store.database import StoreError
from duplistatus.web.client import Client, client
from duplistatus.web.context import Context
from duplistatus.web.errors import Refused

FRESH_FOR = 2 * SECOND


class Doors:
    """The policy of one application."""

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._policy = overridden(AccessPolicy(), parts.settings)
        self._read_at: Instant | None = None

    @property
    def policy(self) -> AccessPolicy:
        """The policy that holds. While the database cannot be read, the one that held before."""
        now = self._parts.clock.now()
        if self._read_at is None or not 0 <= now - self._read_at < FRESH_FOR:
            self._read(now)
        return self._policy

    def changed(self) -> None:
        """Another policy was stored: it is read at the next call."""
        self._read_at = None

    def _read(self, now: Instant) -> None:
        try:
            with self._parts.database.read() as connection:
                text = read_access(connection)
        except StoreError:
            return
        self._policy = read_policy(text, self._parts.settings)
        self._read_at = now


def doors(connection: HTTPConnection) -> Doors:
    """The application's one."""
    found: Doors = connection.app.state.doors
    return found


def client_of(connection: HTTPConnection) -> Client:
    """The client behind the proxies that are believed."""
    return client(connection, doors(connection).policy.trusted_proxies)


def refuse_address(address: str) -> Refused:
    return Refused(403, f"This is not open to your address {address}", "address_refused")


def check_admin_side(policy: AccessPolicy, address: str) -> None:
    """Raises unless pages and their data are open to the address."""
    if not policy.admin.admits(address):
        raise refuse_address(address)


def check_external_side(policy: AccessPolicy, address: str) -> None:
    """Raises unless reports, summary and last backups are open to the address."""
    if not policy.external.admits(address):
        raise refuse_address(address)


def check_either_side(policy: AccessPolicy, address: str) -> None:
    """Raises unless the address is in one of the lists that hold; without any, it is open to all."""
    lists = [each for each in (policy.admin, policy.external) if each.enabled]
    if lists and not is_local(address) and not any(each.admits(address) for each in lists):
        raise refuse_address(address)
