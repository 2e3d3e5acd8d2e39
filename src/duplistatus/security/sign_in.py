"""Signing in, signing out and changing one's own password. In: what somebody typed and where they are; out: a session, or an exception
that says why not. Each outcome, good or bad, is in the audit log with the transaction that made it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duplistatus.clock import Clock, Instant
from duplistatus.security import lockout
from duplistatus.security.lockout import Guesser, Stop, Stopped
from duplistatus.security.new_session import NewSession, Visitor, new_session
from duplistatus.security.passwords import Policy, fits_in_thread, hash_in_thread, is_out_of_date, refuse_crowd
from duplistatus.security.tokens import token_hash
from duplistatus.store import accounts, audit, devices, sessions
from duplistatus.store.accounts import Account, User
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection, Database
from duplistatus.store.writer import Writer

_LONGEST_LOGGED_NAME = 100


class SignInError(Exception):
    """Base of the reasons for which somebody is not let in, or a password stays."""


class WrongPassword(SignInError):
    """The name or the password is wrong; which of them is not told."""


class AccountLocked(SignInError):
    """Too many wrong passwords for this name. `just_now`: this attempt was the last one allowed."""

    def __init__(self, until: Instant, *, just_now: bool) -> None:
        super().__init__(until)
        self.until = until
        self.just_now = just_now


class AddressBlocked(SignInError):
    """Too many wrong passwords from this address."""

    def __init__(self, until: Instant) -> None:
        super().__init__(until)
        self.until = until


class PasswordMissing(SignInError):
    """The current password must be given."""


class PasswordRefused(SignInError):
    """The new password does not meet the policy; `complaints` are sentences."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__(complaints)
        self.complaints = complaints


class PasswordUnchanged(SignInError):
    """The new password is the current one."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What signing in works with."""

    database: Database
    writer: Writer
    clock: Clock
    policy: Policy


def _entry(action: str, visitor: Visitor, now: Instant, details: Mapping[str, object], user: User | None = None) -> Entry:
    return Entry(now, action, "auth", user, details=details, address=visitor.address, user_agent=visitor.user_agent)


def _failure(action: str, visitor: Visitor, now: Instant, reason: str, user: User | None, username: str = "") -> Entry:
    return Entry(
        now,
        action,
        "auth",
        user,
        username[:_LONGEST_LOGGED_NAME],
        details={"reason": reason},
        address=visitor.address,
        user_agent=visitor.user_agent,
        status="failure",
    )


def _raise(stopped: Stopped, *, just_now: bool) -> None:
    if stopped.why is Stop.ADDRESS:
        raise AddressBlocked(stopped.until)
    raise AccountLocked(stopped.until, just_now=just_now)


@dataclass(frozen=True, slots=True)
class _Try:
    """A password that somebody gave: for which name, and the account of it, which may not exist."""

    action: str
    username: str
    account: Account | None
    password: str
    guesser: Guesser


async def _check(desk: Desk, given: _Try, visitor: Visitor) -> None:
    """Checks a password against an account that may not exist. Returns when it fits; what led there is still counted as a failure,
    which the caller takes back together with what the password was for.

    1. The attempt is counted; a locked account or address ends it.
    2. The password is checked, at equal cost whether the account exists or not.
    3. A wrong one is written down, and locks the account when it was one too many.
    """
    refuse_crowd()
    action, username, account, guesser = given.action, given.username, given.account, given.guesser
    user = account.user if account else None

    def begin(connection: Connection) -> Stopped | None:
        now = desk.clock.now()
        stopped = lockout.begin(connection, guesser, now)
        if stopped is not None:
            audit.record(connection, _failure(action, visitor, now, f"{stopped.why.value} locked", user, username))
        return stopped

    stopped = await desk.writer.write(begin, changes=False)
    if stopped is not None:
        _raise(stopped, just_now=False)
    with desk.database.read() as connection:
        older = accounts.older_hash(connection)
    if await fits_in_thread(account.password_hash if account else None, given.password, older):
        return

    def fail(connection: Connection) -> Stopped | None:
        now = desk.clock.now()
        audit.record(connection, _failure(action, visitor, now, "wrong password" if user else "unknown name", user, username))
        return lockout.failed(connection, guesser, now)

    stopped = await desk.writer.write(fail, changes=False)
    if stopped is not None:
        _raise(stopped, just_now=True)
    raise WrongPassword


async def sign_in(desk: Desk, username: str, password: str, visitor: Visitor, device_token: str | None = None) -> NewSession:
    """Signs somebody in: a session with a new id takes the place of the visitor's. A hash that is out of date is made anew.
    `device_token`: the value by which the visitor's browser shall be known from now on.
    Raises WrongPassword, AccountLocked, AddressBlocked, TooManySignIns, StoreError."""
    username = username.replace("\0", " ")  # PostgreSQL cannot even be asked for that character
    with desk.database.read() as connection:
        account = accounts.by_name(connection, username)
        guesser = _guesser(connection, username, account, visitor, desk.clock.now())
    await _check(desk, _Try("login", username, account, password, guesser), visitor)
    if account is None:
        raise WrongPassword
    newer = await hash_in_thread(password) if is_out_of_date(account.password_hash) else None

    def enter(connection: Connection) -> NewSession | None:
        now = desk.clock.now()
        current = accounts.by_id(connection, account.user.id)
        if current is None or current.password_hash != account.password_hash:
            return None  # it was changed or removed while the password was checked
        user = current.user
        lockout.succeeded(connection, guesser)
        if device_token is not None:
            devices.remember(connection, user.id, visitor.device_hash, token_hash(device_token), now)
        accounts.logged_in(connection, user.id, visitor.address, now)
        if newer is not None:
            accounts.rehash(connection, user.id, newer)
        if visitor.session is not None:
            sessions.end(connection, visitor.session.token_hash)
        opened = new_session(visitor, user, now)
        sessions.add(connection, opened.session)
        details = {"is_admin": user.is_admin, "must_change_password": user.must_change_password}
        audit.record(connection, _entry("login", visitor, now, details, user))
        return opened

    opened = await desk.writer.write(enter, changes=False)
    if opened is None:
        raise WrongPassword
    return opened


def _guesser(connection: Connection, username: str, account: Account | None, visitor: Visitor, now: Instant) -> Guesser:
    """Whose tries this one is counted with. The value of a browser speaks only for those who have signed in from it."""
    if account is not None and visitor.device_hash:
        device = devices.find(connection, visitor.device_hash, account.user.id, now)
        if device is not None:
            return lockout.known_browser(device)
    return lockout.stranger(username, visitor.address)


async def sign_out(desk: Desk, visitor: Visitor) -> None:
    """Ends the visitor's session."""
    session = visitor.session
    if session is None:
        return

    def leave(connection: Connection) -> None:
        sessions.end(connection, session.token_hash)
        if session.user is not None:
            audit.record(connection, _entry("logout", visitor, desk.clock.now(), {}, session.user))

    await desk.writer.write(leave, changes=False)


async def change_password(desk: Desk, user: User, current: str | None, new: str, visitor: Visitor) -> None:
    """Changes the user's own password and ends the user's other sessions. The current one is needed, unless the change is forced.
    Raises PasswordMissing, PasswordRefused, PasswordUnchanged, and what `sign_in` raises."""
    with desk.database.read() as connection:
        account = accounts.by_id(connection, user.id)
    if account is None:
        raise WrongPassword
    forced = account.user.must_change_password
    guesser = lockout.oneself(user.id)
    if current:
        await _check(desk, _Try("change_password", user.username, account, current, guesser), visitor)
    elif not forced:
        raise PasswordMissing
    await _check_new(desk, account, current, new, visitor)
    new_hash = await hash_in_thread(new)

    def change(connection: Connection) -> bool:
        now = desk.clock.now()
        stored = accounts.by_id(connection, user.id)
        if stored is None or stored.password_hash != account.password_hash:
            return False
        accounts.set_password(connection, user.id, new_hash, now, must_change=False)
        sessions.end_all_of(connection, user.id, but=visitor.session.token_hash if visitor.session else "")
        if current:
            lockout.succeeded(connection, guesser)
        audit.record(connection, _entry("change_password", visitor, now, {"was_forced": forced}, user))
        return True

    if not await desk.writer.write(change, changes=False):
        raise WrongPassword


async def _check_new(desk: Desk, account: Account, current: str | None, new: str, visitor: Visitor) -> None:
    """Raises for a password that will not do, and writes that down. `current` was checked and was right; without it the hash decides
    whether the new password is the old one."""
    complaints = desk.policy.complaints(new)
    unchanged = not complaints and (new == current if current else await fits_in_thread(account.password_hash, new))
    if not complaints and not unchanged:
        return

    def refuse(connection: Connection) -> None:
        reason = "the new password is the current one" if unchanged else "the new password does not meet the policy"
        audit.record(connection, _failure("change_password", visitor, desk.clock.now(), reason, account.user))
        if current:
            lockout.succeeded(connection, lockout.oneself(account.user.id))

    await desk.writer.write(refuse, changes=False)
    if unchanged:
        raise PasswordUnchanged
    raise PasswordRefused(complaints)
