"""From where the product may be called, as of now. In: what was entered, the environment, and a request; out: the policy that holds, the
client behind the proxies that are believed, and `Refused` for an address that a side is not open to. What another process entered
holds here two seconds later. While the database cannot be read, the policy that held before goes on holding; the product does not
start before it has read one, so that trouble never opens a door."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from duplistatus.clock import SECOND, Instant
from duplistatus.security.access_policy import AccessPolicy, overridden, read_policy
from duplistatus.store.access_setting import read_access
from duplistatus.store.database import StoreError
from duplistatus.web.client import Client, client
from duplistatus.web.context import Context
from duplistatus.web.errors import Refused

FRESH_FOR = 2 * SECOND
TRIED_AGAIN_AFTER = 5 * SECOND
"""A database that cannot be reached may take seconds to say so, during which nothing else is answered."""


class Doors:
    """The policy of one application."""

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._policy = overridden(AccessPolicy(), parts.settings)
        self._read_at: Instant | None = None
        self._fresh_for = FRESH_FOR

    @property
    def policy(self) -> AccessPolicy:
        """The policy that holds."""
        now = self._parts.clock.now()
        if self._read_at is None or not 0 <= now - self._read_at < self._fresh_for:
            self._refresh(now)
        return self._policy

    def changed(self) -> None:
        """Another policy was stored: it is read at the next call."""
        self._read_at = None

    def read(self) -> None:
        """Reads the policy. Raises StoreError; the product must not go on without one."""
        with self._parts.database.read() as connection:
            text = read_access(connection)
        self._policy = read_policy(text, self._parts.settings)

    def _refresh(self, now: Instant) -> None:
        self._read_at, self._fresh_for = now, FRESH_FOR
        try:
            self.read()
        except StoreError:
            self._fresh_for = TRIED_AGAIN_AFTER


def doors(connection: HTTPConnection) -> Doors:
    """The application's one."""
    found: Doors = connection.app.state.doors
    return found


def client_of(connection: HTTPConnection) -> Client:
    """The client behind the proxies that are believed."""
    return client(connection, doors(connection).policy.trusted_proxies)


def refuse_address(origin: Client) -> Refused:
    sentence = f"This is not open to your address {origin.address}"
    if origin.passed_on:
        sentence = f"A proxy at {origin.address} passes this on, but is not among the trusted proxies, so that nobody knows your address"
    return Refused(403, sentence, "address_refused")


def check_admin_side(policy: AccessPolicy, origin: Client) -> None:
    """Raises unless pages and their data are open to the address."""
    if not policy.admin.admits(origin.address, passed_on=origin.passed_on):
        raise refuse_address(origin)


def check_external_side(policy: AccessPolicy, origin: Client) -> None:
    """Raises unless reports, summary and last backups are open to the address."""
    if not policy.external.admits(origin.address, passed_on=origin.passed_on):
        raise refuse_address(origin)


def check_either_side(policy: AccessPolicy, origin: Client) -> None:
    """Raises unless the address is in one of the lists that hold; without any, it is open to all."""
    lists = [each for each in (policy.admin, policy.external) if each.enabled]
    if lists and not any(each.admits(origin.address, passed_on=origin.passed_on) for each in lists):
        raise refuse_address(origin)
