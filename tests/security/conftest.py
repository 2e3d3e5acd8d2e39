"""A store with the parts that signing in works with, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import pytest

from duplistatus.security.first_account import ensure_first_account
from duplistatus.security.new_session import NewSession, Visitor, new_session
from duplistatus.security.passwords import Policy
from duplistatus.security.sign_in import Desk
from duplistatus.settings import Settings
from duplistatus.store import accounts, sessions
from duplistatus.store.accounts import Account, User
from duplistatus.store.ids import UserId
from duplistatus.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection, Database
    from duplistatus.store.sessions import Session

T = TypeVar("T")

ADMIN_PASSWORD = "Correct7Horse"


@dataclass(frozen=True)
class Office:
    """A desk with what tests do around it."""

    desk: Desk
    clock: SetClock

    def write(self, work: Callable[[Connection], T]) -> T:
        return self.desk.writer.submit(work).result()

    def read(self, work: Callable[[Connection], T]) -> T:
        with self.desk.database.read() as connection:
            return work(connection)

    def account(self, username: str) -> Account:
        found = self.read(lambda connection: accounts.by_name(connection, username))
        assert found is not None
        return found

    def hire(self, username: str, password_hash: str, *, is_admin: bool = False, must_change: bool = False) -> User:
        """A user with a hash of the test's choice."""
        user = User(UserId(f"id-{username}"), username, is_admin, must_change)
        self.write(lambda connection: accounts.add(connection, Account(user, password_hash), self.clock.now()))
        return user

    def open(self, user: User | None) -> NewSession:
        """A session that somebody has."""
        opened = new_session(Visitor("192.0.2.1", "browser"), user, self.clock.now())
        self.write(lambda connection: sessions.add(connection, opened.session))
        return opened

    def session(self, token_hash: str) -> Session | None:
        return self.read(lambda connection: sessions.find(connection, token_hash, self.clock.now()))

    def audit(self) -> list[tuple[str, str, str]]:
        """The audit log: action, name, status; oldest first."""
        rows = self.read(lambda connection: connection.raw.execute("SELECT action, username, status FROM audit ORDER BY id").fetchall())
        return [tuple(row) for row in rows]


@pytest.fixture
def office(database: Database, clock: SetClock) -> Iterator[Office]:
    """An office with the account `admin`, whose password is ADMIN_PASSWORD."""
    writer = Writer(database)
    writer.start()
    settings = Settings(admin_password=ADMIN_PASSWORD)
    made = Office(Desk(database, writer, clock, Policy.of(settings)), clock)
    made.write(lambda connection: ensure_first_account(connection, settings, clock))
    yield made
    writer.close()
