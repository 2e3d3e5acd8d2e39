"""What tests of the commands for whoever runs the product do with its database: reading, writing, accounts that come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from duplistatus.clock import SystemClock
from duplistatus.security.passwords import hash_password
from duplistatus.store import accounts
from duplistatus.store.accounts import Account, User
from duplistatus.store.ids import UserId

if TYPE_CHECKING:
    from collections.abc import Callable

    from duplistatus.store.database import Connection, Database

PASSWORD = "Another7Horse"
NOW = SystemClock().now()


def write(database: Database, work: Callable[[Connection], Any]) -> Any:
    with database.change() as connection:
        return work(connection)


def read(database: Database, work: Callable[[Connection], Any]) -> Any:
    with database.read() as connection:
        return work(connection)


def account(database: Database, name: str) -> Account:
    found: Account | None = read(database, lambda connection: accounts.by_name(connection, name))
    assert found is not None
    return found


def hire(database: Database, name: str, password: str = "no password", *, is_admin: bool = False, must_change: bool = False) -> User:
    user = User(UserId(f"id-{name}"), name, is_admin, must_change)
    hashed = hash_password(password)
    write(database, lambda connection: accounts.add(connection, Account(user, hashed), NOW))
    return user


def dismiss(database: Database, name: str) -> None:
    gone = account(database, name).user.id
    write(database, lambda connection: accounts.remove(connection, gone))
