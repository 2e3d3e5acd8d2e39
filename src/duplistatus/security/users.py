"""Administration of users. In: what an administrator asks for; out: the stored change with its audit entry in one transaction, or an
exception that says why not. One administrator always remains, and nobody removes or demotes themselves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from duplistatus.security import lockout
from duplistatus.security.new_session import Visitor
from duplistatus.security.passwords import hash_in_thread
from duplistatus.security.sign_in import Desk
from duplistatus.store import accounts, audit, sessions
from duplistatus.store.accounts import Account, User
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.ids import UserId

SHORTEST_NAME = 3
LONGEST_NAME = 50


class UserError(Exception):
    """Base of the reasons for which a user stays as they are. The text is a sentence."""


class BadUser(UserError):
    """What was asked for cannot be."""


class NameTaken(UserError):
    """There is a user of that name."""


class NoSuchUser(UserError):
    """There is no such user."""


class PasswordTooWeak(UserError):
    """The password does not meet the policy; `complaints` are sentences."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("Password does not meet policy requirements")
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be made. Without a password a temporary one is made, which the user must change."""

    username: str
    password: str | None
    is_admin: bool
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change of a user; None leaves it as it is."""

    username: str | None = None
    is_admin: bool | None = None
    must_change_password: bool | None = None
    reset_password: bool = False


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
    return name


def _entry(desk: Desk, action: str, target: User, by: User, visitor: Visitor, **details: object) -> Entry:
    return Entry(
        desk.clock.now(),
        action,
        "user",
        by,
        target_type="user",
        target_id=target.id,
        details={**details, "targetUsername": target.username},
        address=visitor.address,
        user_agent=visitor.user_agent,
    )


async def create_user(desk: Desk, new: NewUser, by: User, visitor: Visitor) -> Outcome:
    """Makes a user. Raises BadUser, PasswordTooWeak, NameTaken."""
    name = checked_name(new.username)
    if new.password and (complaints := desk.policy.complaints(new.password)):
        raise PasswordTooWeak(complaints)
    temporary = None if new.password else desk.policy.temporary()
    must_change = new.must_change_password or temporary is not None
    made = User(UserId(str(uuid.uuid4())), name, new.is_admin, must_change)
    password_hash = await hash_in_thread(temporary or new.password or "")

    def create(connection: Connection) -> Outcome:
        _refuse_taken(connection, name)
        accounts.add(connection, Account(made, password_hash), desk.clock.now())
        details = {"is_admin": made.is_admin, "must_change_password": made.must_change_password, "created_by": by.username}
        audit.record(connection, _entry(desk, "user_created", made, by, visitor, **details))
        return Outcome(made, temporary)

    return await desk.writer.write(create)


def _refuse_taken(connection: Connection, name: str) -> None:
    if accounts.by_name(connection, name) is not None:
        raise NameTaken("Username already exists")


def _find(connection: Connection, user_id: UserId) -> User:
    account = accounts.by_id(connection, user_id)
    if account is None:
        raise NoSuchUser("User not found")
    return account.user


async def edit_user(desk: Desk, user_id: UserId, wanted: Edit, by: User, visitor: Visitor) -> Outcome:
    """Changes a user. A reset makes a temporary password, ends all of the user's sessions and any lock. Raises as `create_user`, and
    NoSuchUser."""
    name = checked_name(wanted.username) if wanted.username is not None else None
    with desk.database.read() as connection:
        _find(connection, user_id)
    temporary = desk.policy.temporary() if wanted.reset_password else None
    password_hash = await hash_in_thread(temporary) if temporary else None

    def change(connection: Connection) -> Outcome:
        before = _find(connection, user_id)
        after = _edited(before, wanted, name)
        if accounts.username_key(after.username) != accounts.username_key(before.username):
            _refuse_taken(connection, after.username)
        if before.is_admin and not after.is_admin:
            _refuse_last_admin(connection)
            if before.id == by.id:
                raise BadUser("You cannot take away your own administrator role")
        if wanted.reset_password and before.id == by.id:
            raise BadUser("Change your own password instead of resetting it")
        if after != before:
            accounts.edit(connection, after, desk.clock.now())
            audit.record(connection, _entry(desk, "user_updated", after, by, visitor, **_differences(before, after)))
        if password_hash is not None:
            accounts.set_password(connection, user_id, password_hash, desk.clock.now(), must_change=True)
            sessions.end_all_of(connection, user_id)
            lockout.forgive(connection, before.username)
            audit.record(connection, _entry(desk, "password_reset", after, by, visitor))
        return Outcome(after, temporary)

    return await desk.writer.write(change)


def _edited(before: User, wanted: Edit, name: str | None) -> User:
    must_change = before.must_change_password if wanted.must_change_password is None else wanted.must_change_password
    return replace(
        before,
        username=name or before.username,
        is_admin=before.is_admin if wanted.is_admin is None else wanted.is_admin,
        must_change_password=must_change or wanted.reset_password,
    )


def _differences(before: User, after: User) -> dict[str, object]:
    names = ("username", "is_admin", "must_change_password")
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


def _refuse_last_admin(connection: Connection) -> None:
    if accounts.count_admins(connection) <= 1:
        raise BadUser("One administrator must remain")


async def remove_user(desk: Desk, user_id: UserId, by: User, visitor: Visitor) -> None:
    """Removes a user and all of their sessions. Raises NoSuchUser, BadUser."""

    def remove(connection: Connection) -> None:
        found = _find(connection, user_id)
        if found.id == by.id:
            raise BadUser("You cannot delete your own account")
        if found.is_admin:
            _refuse_last_admin(connection)
        sessions.end_all_of(connection, user_id)
        accounts.remove(connection, user_id)
        lockout.forgive(connection, found.username)
        audit.record(connection, _entry(desk, "user_deleted", found, by, visitor))

    await desk.writer.write(remove)
