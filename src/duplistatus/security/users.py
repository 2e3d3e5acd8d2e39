"""Administration of users. In: what an administrator asks for; out: the stored change with its audit entry in one transaction, or an
exception that says why not. Whether it may be is asked in that transaction: whoever asks is still an administrator, one administrator
always remains, and nobody removes or demotes themselves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from duplistatus.security import lockout
from duplistatus.security.new_session import Visitor
from duplistatus.security.passwords import hash_in_thread
from duplistatus.security.sign_in import Desk
from duplistatus.store import accounts, audit, fleet, sessions, sight
from duplistatus.store.accounts import Account, User
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId, UserId

SHORTEST_NAME = 3
LONGEST_NAME = 50
KEY_PREFIX = "key:"
"""What keys of programs are called where they have done something: no user's name begins so."""


class UserError(Exception):
    """Base of the reasons for which a user stays as they are. The text is a sentence."""


class BadUser(UserError):
    """What was asked for cannot be."""


class NameTaken(UserError):
    """There is a user of that name."""


class NoSuchUser(UserError):
    """There is no such user."""


class NoLongerAdmin(UserError):
    """Whoever asked was an administrator when the request came, and is none any more."""


class PasswordTooWeak(UserError):
    """The password does not meet the policy; `complaints` are sentences."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("Password does not meet policy requirements")
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be made. Without a password a temporary one is made, which the user must change. `servers` are the keys of those that a
    limited user sees."""

    username: str
    password: str | None
    is_admin: bool
    must_change_password: bool
    is_limited: bool = False
    servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change of a user; None leaves it as it is."""

    username: str | None = None
    is_admin: bool | None = None
    must_change_password: bool | None = None
    reset_password: bool = False
    is_limited: bool | None = None
    servers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A user as stored now, and the temporary password that was made, which is told once."""

    user: User
    temporary_password: str | None = None


def checked_name(username: str) -> str:
    """The name as it is stored. Raises BadUser."""
    if not username.strip():
        raise BadUser("Username is required")
    if not SHORTEST_NAME <= len(username) <= LONGEST_NAME:
        raise BadUser(f"Username must be between {SHORTEST_NAME} and {LONGEST_NAME} characters")
    name = username.strip().lower()
    if not name.isprintable():
        raise BadUser("Username must not contain control characters")
    if name.startswith(KEY_PREFIX):
        raise BadUser(f"Username must not begin with {KEY_PREFIX}, as keys of programs are called")
    return name


@dataclass(frozen=True, slots=True)
class _Deed:
    """What an administrator does to users: who, from where, by which desk."""

    desk: Desk
    by: User
    visitor: Visitor

    def note(self, connection: Connection, action: str, target: User, details: Mapping[str, object]) -> None:
        audit.record(
            connection,
            Entry(
                self.desk.clock.now(),
                action,
                "user",
                self.by,
                target_type="user",
                target_id=target.id,
                details={**details, "targetUsername": target.username},
                address=self.visitor.address,
                user_agent=self.visitor.user_agent,
            ),
        )

    def check(self, connection: Connection) -> None:
        """Raises unless whoever asks may still do so; from here on nobody takes that away before this is done. The guard of the route has
        looked at a key of a program."""
        accounts.hold_admins(connection)
        if self.by.id.startswith(KEY_PREFIX):
            return
        account = accounts.by_id(connection, self.by.id)
        if account is None or not account.user.is_admin:
            raise NoLongerAdmin("Administrator access required")


async def create_user(desk: Desk, new: NewUser, by: User, visitor: Visitor) -> Outcome:
    """Makes a user. Raises BadUser, PasswordTooWeak, NameTaken, NoLongerAdmin."""
    deed = _Deed(desk, by, visitor)
    name = checked_name(new.username)
    if new.password and (complaints := desk.policy.complaints(new.password)):
        raise PasswordTooWeak(complaints)
    temporary = None if new.password else desk.policy.temporary()
    must_change = new.must_change_password or temporary is not None
    made = User(UserId(str(uuid.uuid4())), name, new.is_admin, must_change, new.is_limited)
    _refuse_contradiction(made, new.servers)
    password_hash = await hash_in_thread(temporary or new.password or "")

    def create(connection: Connection) -> Outcome:
        deed.check(connection)
        _refuse_taken(connection, name)
        chosen = _servers(connection, new.servers)
        accounts.add(connection, Account(made, password_hash), desk.clock.now())
        sight.choose_servers(connection, made.id, chosen)
        details = {"is_admin": made.is_admin, "must_change_password": made.must_change_password, "created_by": by.username}
        deed.note(connection, "user_created", made, {**details, "after": _facts(connection, made)})
        return Outcome(made, temporary)

    return await desk.writer.write(create)


def _refuse_taken(connection: Connection, name: str) -> None:
    if accounts.by_name(connection, name) is not None:
        raise NameTaken("Username already exists")


def _refuse_contradiction(user: User, servers: tuple[str, ...] | None) -> None:
    if user.is_admin and (user.is_limited or servers):
        raise BadUser("Administrators see all servers: they cannot be limited")
    if servers and not user.is_limited:
        raise BadUser("Servers are chosen for limited users only")


def _servers(connection: Connection, keys: tuple[str, ...]) -> frozenset[ServerId]:
    """The servers of these keys. Raises BadUser for one that is not there."""
    found = {key: fleet.server_by_key(connection, key) for key in keys}
    unknown = [key for key, server in found.items() if server is None]
    if unknown:
        raise BadUser(f"There is no server {unknown[0][:100]!r}")
    return frozenset(server.id for server in found.values() if server is not None)


def server_keys(connection: Connection, user_id: UserId) -> list[str]:
    """The keys of the servers that were chosen for a user."""
    found = [fleet.server_by_id(connection, each) for each in sight.chosen_servers(connection, user_id)]
    return sorted(server.key for server in found if server is not None)


def _facts(connection: Connection, user: User) -> dict[str, object]:
    """What can be changed of a user, for the audit log."""
    found: dict[str, object] = {name: getattr(user, name) for name in ("username", "is_admin", "must_change_password", "is_limited")}
    if user.is_limited:
        found["servers"] = server_keys(connection, user.id)
    return found


def _find(connection: Connection, user_id: UserId) -> User:
    account = accounts.by_id(connection, user_id)
    if account is None:
        raise NoSuchUser("User not found")
    return account.user


async def edit_user(desk: Desk, user_id: UserId, wanted: Edit, by: User, visitor: Visitor) -> Outcome:
    """Changes a user. A reset makes a temporary password, ends all of the user's sessions and any lock. Who becomes an administrator is
    limited no more. Raises as `create_user`, and NoSuchUser."""
    deed = _Deed(desk, by, visitor)
    name = checked_name(wanted.username) if wanted.username is not None else None
    with desk.database.read() as connection:
        _find(connection, user_id)
    temporary = desk.policy.temporary() if wanted.reset_password else None
    password_hash = await hash_in_thread(temporary) if temporary else None

    def change(connection: Connection) -> Outcome:
        deed.check(connection)
        before = _find(connection, user_id)
        after = _edited(before, wanted, name)
        _refuse_harm(connection, before, after, wanted, by)
        facts = _facts(connection, before)
        if after != before:
            accounts.edit(connection, after, desk.clock.now())
        if not after.is_limited:
            sight.choose_servers(connection, user_id, ())
        elif wanted.servers is not None:
            sight.choose_servers(connection, user_id, _servers(connection, wanted.servers))
        changed = _differences(facts, _facts(connection, after))
        if changed is not None:
            deed.note(connection, "user_updated", after, {**changed["after"], **changed})
        if password_hash is not None:
            accounts.set_password(connection, user_id, password_hash, desk.clock.now(), must_change=True)
            ended = sessions.end_all_of(connection, user_id)
            lockout.forgive(connection, after.username)
            deed.note(connection, "password_reset", after, {"sessions": ended})
        return Outcome(after, temporary)

    return await desk.writer.write(change)


def _edited(before: User, wanted: Edit, name: str | None) -> User:
    must_change = before.must_change_password if wanted.must_change_password is None else wanted.must_change_password
    after = replace(
        before,
        username=name or before.username,
        is_admin=before.is_admin if wanted.is_admin is None else wanted.is_admin,
        must_change_password=must_change or wanted.reset_password,
        is_limited=before.is_limited if wanted.is_limited is None else wanted.is_limited,
    )
    if after.is_admin and wanted.is_limited is None:
        after = replace(after, is_limited=False)
    _refuse_contradiction(after, wanted.servers)
    return after


def _refuse_harm(connection: Connection, before: User, after: User, wanted: Edit, by: User) -> None:
    if accounts.username_key(after.username) != accounts.username_key(before.username):
        _refuse_taken(connection, after.username)
    if before.is_admin and not after.is_admin:
        _refuse_last_admin(connection)
        if before.id == by.id:
            raise BadUser("You cannot take away your own administrator role")
    if wanted.reset_password and before.id == by.id:
        raise BadUser("Change your own password instead of resetting it")


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, dict[str, object]] | None:
    """What changed: as it was and as it is; None where nothing did."""
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    if not names:
        return None
    return {which: {name: facts.get(name) for name in names} for which, facts in (("before", before), ("after", after))}


def _refuse_last_admin(connection: Connection) -> None:
    if accounts.count_admins(connection) <= 1:
        raise BadUser("One administrator must remain")


async def remove_user(desk: Desk, user_id: UserId, by: User, visitor: Visitor) -> None:
    """Removes a user and all of their sessions. Raises NoSuchUser, BadUser, NoLongerAdmin."""
    deed = _Deed(desk, by, visitor)

    def remove(connection: Connection) -> None:
        deed.check(connection)
        found = _find(connection, user_id)
        if found.id == by.id:
            raise BadUser("You cannot delete your own account")
        if found.is_admin:
            _refuse_last_admin(connection)
        before = _facts(connection, found)
        lockout.forgive(connection, found.username)
        sessions.end_all_of(connection, user_id)
        accounts.remove(connection, user_id)
        deed.note(connection, "user_deleted", found, {"before": before})

    await desk.writer.write(remove)


async def unlock_user(desk: Desk, user_id: UserId, by: User, visitor: Visitor) -> User:
    """Ends the locks that wrong passwords led to. Raises NoSuchUser, NoLongerAdmin."""
    deed = _Deed(desk, by, visitor)

    def unlock(connection: Connection) -> User:
        deed.check(connection)
        found = _find(connection, user_id)
        lockout.forgive(connection, found.username)
        deed.note(connection, "user_unlocked", found, {})
        return found

    return await desk.writer.write(unlock, changes=False)


async def end_sessions_of(desk: Desk, user_id: UserId, by: User, visitor: Visitor) -> int:
    """Signs a user out everywhere, but for the session that asks; how many sessions ended. Raises NoSuchUser, NoLongerAdmin."""
    deed = _Deed(desk, by, visitor)
    kept = visitor.session.token_hash if visitor.session else ""

    def end(connection: Connection) -> int:
        deed.check(connection)
        found = _find(connection, user_id)
        ended = sessions.end_all_of(connection, user_id, but=kept)
        deed.note(connection, "sessions_ended", found, {"sessions": ended})
        return ended

    return await desk.writer.write(end, changes=False)
