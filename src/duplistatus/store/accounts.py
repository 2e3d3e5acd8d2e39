"""User accounts. In: a connection and values; out: frozen accounts. Names are unique without regard to case: `username_key` decides,
`username` is what people see."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, select, update

from duplistatus.clock import Instant
from duplistatus.store.account_tables import login_failure, user
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import UserId
from duplistatus.store.statement import Statement


@dataclass(frozen=True, slots=True)
class User:
    """Who somebody is and what they may do. `is_limited`: sees only the servers that were chosen; nothing limits an administrator."""

    id: UserId
    username: str
    is_admin: bool
    must_change_password: bool
    is_limited: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A user with the hash of the password; it stays between the store and `security`."""

    user: User
    password_hash: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A user as the administration lists it. `failures` counts wrong passwords since the last right one."""

    user: User
    created_at: Instant
    updated_at: Instant
    last_login_at: Instant | None
    last_login_ip: str | None
    failures: int
    locked_until: Instant | None


def username_key(username: str) -> str:
    """The form of a name that decides whether two are the same."""
    return username.strip().casefold()


def failure_subject(key: str) -> str:
    """The name under which wrong passwords of an account are counted."""
    return f"user:{key}"


_USER = (user.c.id, user.c.username, user.c.is_admin, user.c.must_change_password, user.c.is_limited)
_LISTED = (
    *_USER,
    user.c.created_at,
    user.c.updated_at,
    user.c.last_login_at,
    user.c.last_login_ip,
    func.coalesce(login_failure.c.failures, 0),
    login_failure.c.locked_until,
)
_FOUND = user.c.username_key.like(bindparam("pattern"), escape="\\")

_BY_KEY = Statement(select(*_USER, user.c.password_hash).where(user.c.username_key == bindparam("key")))
_BY_ID = Statement(select(*_USER, user.c.password_hash).where(user.c.id == bindparam("id")))
_LIST = Statement(
    select(*_LISTED)
    .outerjoin_from(user, login_failure, login_failure.c.subject == "user:" + user.c.username_key)
    .where(_FOUND)
    .order_by(user.c.username_key)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_COUNT_FOUND = Statement(select(func.count()).select_from(user).where(_FOUND))
_COUNT = Statement(select(func.count()).select_from(user))
_ROW = Statement(
    select(*_LISTED)
    .outerjoin_from(user, login_failure, login_failure.c.subject == "user:" + user.c.username_key)
    .where(user.c.id == bindparam("id"))
)
_OLDER_HASH = Statement(select(user.c.password_hash).where(user.c.password_hash.like("$2%")).limit(1))
# Rows that another process is about to change are waited for, so that two processes never take away the last two administrators.
_LOCK_ADMINS = Statement(select(user.c.id).where(user.c.is_admin == 1).order_by(user.c.id).with_for_update())
_COUNT_ADMINS = Statement(select(func.count()).select_from(user).where(user.c.is_admin == 1))
_ADMINS = Statement(select(*_USER, user.c.password_hash).where(user.c.is_admin == 1).order_by(user.c.username_key))
_MUST_CHANGE = Statement(select(user.c.must_change_password).where(user.c.username_key == bindparam("key")))
_INSERT = Statement(insert(user))
_LOGGED_IN = Statement(
    update(user).where(user.c.id == bindparam("of")).values(last_login_at=bindparam("at"), last_login_ip=bindparam("ip"))
)
_REHASH = Statement(update(user).where(user.c.id == bindparam("of")).values(password_hash=bindparam("hash")))
_PASSWORD = Statement(
    update(user)
    .where(user.c.id == bindparam("of"))
    .values(password_hash=bindparam("hash"), must_change_password=bindparam("must"), updated_at=bindparam("at"))
)
_EDIT = Statement(
    update(user)
    .where(user.c.id == bindparam("of"))
    .values(
        username=bindparam("name"),
        username_key=bindparam("key"),
        is_admin=bindparam("admin"),
        must_change_password=bindparam("must"),
        is_limited=bindparam("limited"),
        updated_at=bindparam("at"),
    )
)
_DELETE = Statement(delete(user).where(user.c.id == bindparam("of")))


def _user(row: Row) -> User:
    return User(UserId(row[0]), row[1], bool(row[2]), bool(row[3]), bool(row[4]))


def _account(row: Row | None) -> Account | None:
    return Account(_user(row), row[5]) if row else None


def by_name(connection: Connection, username: str) -> Account | None:
    """The account of a name, upper and lower case alike."""
    return _account(connection.row(_BY_KEY, {"key": username_key(username)}))


def by_id(connection: Connection, user_id: UserId) -> Account | None:
    return _account(connection.row(_BY_ID, {"id": user_id}))


def count(connection: Connection) -> int:
    return int(connection.value(_COUNT))


def count_admins(connection: Connection) -> int:
    return int(connection.value(_COUNT_ADMINS))


def hold_admins(connection: Connection) -> None:
    """Until the end of this transaction no other one makes an administrator less. What is read afterwards is what then holds."""
    connection.rows(_LOCK_ADMINS)


def older_hash(connection: Connection) -> str | None:
    """A hash of bcrypt, where an account still has one."""
    found: str | None = connection.value(_OLDER_HASH)
    return found


def row(connection: Connection, user_id: UserId) -> AccountRow | None:
    """One user as the list has it."""
    found = connection.row(_ROW, {"id": user_id})
    return AccountRow(_user(found), *found[5:]) if found else None


def admins(connection: Connection) -> list[Account]:
    """The administrators, by name."""
    return [found for found in map(_account, connection.rows(_ADMINS)) if found is not None]


def must_change_password(connection: Connection, username: str) -> bool:
    """Whether that account exists and must change its password."""
    return bool(connection.value(_MUST_CHANGE, {"key": username_key(username)}))


def listed(connection: Connection, search: str, limit: int, offset: int) -> tuple[list[AccountRow], int]:
    """A page of the accounts whose name contains `search`, by name, and how many there are in all."""
    literal = re.sub(r"([\\%_])", r"\\\1", username_key(search))
    wanted = {"pattern": f"%{literal}%"}
    rows = connection.rows(_LIST, {**wanted, "limit": limit, "offset": offset})
    return [AccountRow(_user(row), *row[5:]) for row in rows], int(connection.value(_COUNT_FOUND, wanted))


def add(connection: Connection, account: Account, now: Instant) -> None:
    """Stores a new account. The name must be free."""
    new = account.user
    connection.run(
        _INSERT,
        {
            "id": new.id,
            "username": new.username,
            "username_key": username_key(new.username),
            "password_hash": account.password_hash,
            "is_admin": int(new.is_admin),
            "must_change_password": int(new.must_change_password),
            "created_at": now,
            "updated_at": now,
            "last_login_at": None,
            "last_login_ip": None,
            "display": "{}",
            "is_limited": int(new.is_limited),
        },
    )


def logged_in(connection: Connection, user_id: UserId, address: str, now: Instant) -> None:
    """Keeps when and from where the user signed in last."""
    connection.run(_LOGGED_IN, {"of": user_id, "at": now, "ip": address})


def rehash(connection: Connection, user_id: UserId, password_hash: str) -> None:
    """The same password under a newer hash."""
    connection.run(_REHASH, {"of": user_id, "hash": password_hash})


def set_password(connection: Connection, user_id: UserId, password_hash: str, now: Instant, *, must_change: bool) -> None:
    connection.run(_PASSWORD, {"of": user_id, "hash": password_hash, "must": int(must_change), "at": now})


def edit(connection: Connection, changed: User, now: Instant) -> None:
    """Stores name, role, duty to change the password and limitation of an existing user. The name must be free."""
    connection.run(
        _EDIT,
        {
            "of": changed.id,
            "name": changed.username,
            "key": username_key(changed.username),
            "admin": int(changed.is_admin),
            "must": int(changed.must_change_password),
            "limited": int(changed.is_limited),
            "at": now,
        },
    )


def remove(connection: Connection, user_id: UserId) -> None:
    """Deletes the account; its sessions go with it."""
    connection.run(_DELETE, {"of": user_id})
