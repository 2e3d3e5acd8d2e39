"""Guessing of passwords is stopped. In: attempts to sign in, told before the password is checked and after; out: whether one may go on.
Five wrong passwords lock a name for 15 minutes, twice as long each further time, a day at most, whether the account exists or not; 30
from one address within 15 minutes stop that address. Browsers from which a user has signed in before, and users who are signed in, are
counted apart, so that nobody elsewhere can lock them out. An attempt counts as failed until it has succeeded, so that many at once get
no more tries than one after the other."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, replace
from enum import Enum

from duplistatus.clock import DAY, MINUTE, Instant
from duplistatus.store import accounts, devices, sign_in_failures
from duplistatus.store.accounts import failure_subject, username_key
from duplistatus.store.database import Connection
from duplistatus.store.ids import UserId
from duplistatus.store.sign_in_failures import Failures

ACCOUNT_FAILURES = 5
ACCOUNT_LOCK = 15 * MINUTE
LONGEST_LOCK = DAY
FORGOTTEN_AFTER = DAY
ADDRESS_FAILURES = 30
ADDRESS_WINDOW = 15 * MINUTE
_LONGEST_NAME = 100
_IPV6_NETWORK = 64


class Stop(Enum):
    """Why an attempt may not go on."""

    ACCOUNT = "account"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Stopped:
    """An attempt that may not go on, and until when."""

    why: Stop
    until: Instant


@dataclass(frozen=True, slots=True)
class Guesser:
    """Whose tries are counted together: those for `subject`, and those from `address`, None where the address does not matter."""

    subject: str
    address: str | None = None


def stranger(username: str, address: str) -> Guesser:
    """Anybody who tries a name, from anywhere: all of them together have the tries of that name."""
    return Guesser(_account_subject(username), _address_subject(address))


def known_browser(device: str) -> Guesser:
    """A browser from which that user has signed in. Its value is as hard to guess as a session, so its address says nothing more."""
    return Guesser(f"device:{device}")


def oneself(user_id: UserId) -> Guesser:
    """A user who is signed in and gives the current password again."""
    return Guesser(f"own:{user_id}")


def lock_length(locks: int) -> int:
    """Milliseconds of the lock that follows after `locks` earlier ones."""
    return min(ACCOUNT_LOCK << min(locks, 10), LONGEST_LOCK)


def current(failures: Failures | None, now: Instant) -> Failures:
    """What still counts of the failures of a subject: a lock that is over gives new tries, a quiet day forgets everything."""
    if failures is None or now - max(failures.first_at, failures.locked_until or 0) >= FORGOTTEN_AFTER:
        return Failures(0, now)
    if failures.locked_until is not None and failures.locked_until <= now:
        return Failures(0, now, None, failures.locks)
    return failures


def locked(failures: Failures, now: Instant) -> Failures:
    """The failures with a lock from now on."""
    return replace(failures, locked_until=Instant(now + lock_length(failures.locks)), locks=failures.locks + 1)


def _account_subject(username: str) -> str:
    key = username_key(username)
    # No account has such a long name; its guesses are counted all the same, in little room.
    return failure_subject(key if len(key) <= _LONGEST_NAME else hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest())


def _address_subject(address: str) -> str:
    """The address, of IPv6 the /64 network: a single line has at least that many."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address}"
    if parsed.version == 6:  # noqa: PLR2004 - IPv6
        return f"address:{ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False)}"
    return f"address:{parsed}"


def _address_now(failures: Failures | None, now: Instant) -> Failures:
    if failures is None or now - failures.first_at >= ADDRESS_WINDOW:
        return Failures(0, now)
    return failures


def begin(connection: Connection, guesser: Guesser, now: Instant) -> Stopped | None:
    """Tells an attempt before its password is checked. None: it may go on, and counts as failed until `succeeded`."""
    known = sign_in_failures.find(connection, guesser.address) if guesser.address is not None else None
    by_address = _address_now(known, now)
    if by_address.count >= ADDRESS_FAILURES:
        return Stopped(Stop.ADDRESS, Instant(by_address.first_at + ADDRESS_WINDOW))
    account = current(sign_in_failures.find(connection, guesser.subject), now)
    if account.locked_until is None and account.count >= ACCOUNT_FAILURES:
        account = locked(account, now)
        sign_in_failures.keep(connection, guesser.subject, account)
    if account.locked_until is not None:
        return Stopped(Stop.ACCOUNT, account.locked_until)
    if known is None:
        sign_in_failures.prune(connection, Instant(now - FORGOTTEN_AFTER))
    sign_in_failures.keep(connection, guesser.subject, replace(account, count=account.count + 1))
    if guesser.address is not None:
        sign_in_failures.keep(connection, guesser.address, replace(by_address, count=by_address.count + 1))
    return None


def failed(connection: Connection, guesser: Guesser, now: Instant) -> Stopped | None:
    """Tells that the password was wrong; the lock that this led to."""
    account = current(sign_in_failures.find(connection, guesser.subject), now)
    if account.locked_until is None and account.count >= ACCOUNT_FAILURES:
        account = locked(account, now)
        sign_in_failures.keep(connection, guesser.subject, account)
    return Stopped(Stop.ACCOUNT, account.locked_until) if account.locked_until is not None else None


def succeeded(connection: Connection, guesser: Guesser) -> None:
    """Tells that the password was right: this guesser starts anew, and others do not; the address gets this attempt back."""
    sign_in_failures.forget(connection, guesser.subject)
    failures = sign_in_failures.find(connection, guesser.address) if guesser.address is not None else None
    if guesser.address is not None and failures is not None:
        sign_in_failures.keep(connection, guesser.address, replace(failures, count=max(0, failures.count - 1)))


def forgive(connection: Connection, username: str) -> None:
    """Ends every lock of an account and forgets its failures, wherever they came from."""
    sign_in_failures.forget(connection, _account_subject(username))
    account = accounts.by_name(connection, username)
    if account is None:
        return
    sign_in_failures.forget(connection, oneself(account.user.id).subject)
    for device in devices.of_user(connection, account.user.id):
        sign_in_failures.forget(connection, known_browser(device).subject)
