"""The account that a new installation begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.security.first_account import FirstAccount, ensure_first_account
from duplistatus.security.passwords import DEFAULT_PASSWORD, fits
from duplistatus.settings import Settings, SettingsError
from duplistatus.store import accounts

if TYPE_CHECKING:
    from duplistatus.clock import SetClock
    from duplistatus.store.database import Database


def test_without_a_given_password_it_is_the_documented_one_and_must_be_changed(database: Database, clock: SetClock) -> None:
    with database.read() as connection:
        assert ensure_first_account(connection, Settings(), clock) == FirstAccount("admin", DEFAULT_PASSWORD)
        account = accounts.by_name(connection, "admin")
    assert account is not None
    assert account.user.is_admin
    assert account.user.must_change_password
    assert fits(account.password_hash, DEFAULT_PASSWORD)


def test_a_given_password_needs_no_change_and_is_not_repeated(database: Database, clock: SetClock) -> None:
    with database.read() as connection:
        assert ensure_first_account(connection, Settings(admin_password="Correct7Horse"), clock) == FirstAccount("admin", None)
        account = accounts.by_name(connection, "admin")
    assert account is not None
    assert not account.user.must_change_password
    assert fits(account.password_hash, "Correct7Horse")


@pytest.mark.parametrize("weak", ["weak", DEFAULT_PASSWORD])
def test_a_given_password_that_is_too_weak_is_named_and_makes_no_account(database: Database, clock: SetClock, weak: str) -> None:
    with database.read() as connection:
        with pytest.raises(SettingsError, match="DUPLISTATUS_ADMIN_PASSWORD"):
            ensure_first_account(connection, Settings(admin_password=weak), clock)
        assert accounts.count(connection) == 0


def test_where_there_is_an_account_nothing_is_made_or_changed(database: Database, clock: SetClock) -> None:
    with database.read() as connection:
        ensure_first_account(connection, Settings(), clock)
        assert ensure_first_account(connection, Settings(admin_password="Another7Horse"), clock) is None
        account = accounts.by_name(connection, "admin")
        assert account is not None
        assert fits(account.password_hash, DEFAULT_PASSWORD)
        assert accounts.count(connection) == 1
