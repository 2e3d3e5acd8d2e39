"""Signing in and out, and changing one's own password."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import bcrypt
import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.security import lockout
from duplistatus.security.lockout import stranger
from duplistatus.security.new_session import Visitor
from duplistatus.security.passwords import DEFAULT_PASSWORD, fits, is_out_of_date
from duplistatus.security.sign_in import (
    AccountLocked,
    AddressBlocked,
    PasswordMissing,
    PasswordRefused,
    PasswordUnchanged,
    WrongPassword,
    change_password,
    sign_in,
    sign_out,
)
from duplistatus.store import accounts, sessions
from tests.security.conftest import ADMIN_PASSWORD

if TYPE_CHECKING:
    from duplistatus.security.new_session import NewSession
    from duplistatus.store.database import Connection
    from tests.security.conftest import Office

NEW = "Another8Horse"


def come(office: Office, name: str = "admin", password: str = ADMIN_PASSWORD, visitor: Visitor | None = None) -> NewSession:
    return asyncio.run(sign_in(office.desk, name, password, visitor or Visitor("192.0.2.1", "browser")))


def change(office: Office, opened: NewSession, current: str | None, new: str) -> None:
    user = opened.session.user
    assert user is not None
    asyncio.run(change_password(office.desk, user, current, new, Visitor("192.0.2.1", "browser", opened.session)))


def test_the_right_password_opens_a_session_with_a_new_id_that_keeps_the_csrf_token(office: Office) -> None:
    before = office.open(None)
    opened = come(office, visitor=Visitor("192.0.2.1", "browser", before.session))
    assert opened.token != before.token
    assert opened.session.csrf_token == before.session.csrf_token
    assert office.session(before.session.token_hash) is None, "the old id is worth nothing"
    found = office.session(opened.session.token_hash)
    assert found is not None
    assert found.user == office.account("admin").user


def test_a_session_ends_after_a_day_though_it_is_in_use(office: Office) -> None:
    opened = come(office)
    for _ in range(23):
        office.clock.advance(HOUR)
        office.write(lambda connection: sessions.touch(connection, opened.session.token_hash, office.clock.now()))
    office.clock.advance(HOUR - 1)
    assert office.session(opened.session.token_hash) is not None
    office.clock.advance(1)
    assert office.session(opened.session.token_hash) is None


def test_a_session_that_nobody_uses_ends_after_half_a_day(office: Office) -> None:
    opened = come(office)
    office.clock.advance(12 * HOUR - 1)
    assert office.session(opened.session.token_hash) is not None
    office.clock.advance(1)
    assert office.session(opened.session.token_hash) is None
    assert office.read(lambda connection: sessions.of_user(connection, office.account("admin").user.id, office.clock.now())) == []
    assert office.read(lambda connection: sessions.counts(connection, office.clock.now())) == {}
    assert office.write(lambda connection: sessions.prune(connection, office.clock.now())) == 1


def test_the_database_holds_no_cookie_and_no_password(office: Office) -> None:
    opened = come(office)
    rows = office.read(lambda connection: connection.raw.execute("SELECT * FROM session").fetchall())
    rows += office.read(lambda connection: connection.raw.execute('SELECT * FROM "user"').fetchall())
    text = str(rows)
    assert opened.session.token_hash in text
    assert opened.token not in text
    assert ADMIN_PASSWORD not in text


@pytest.mark.parametrize("name", ["Admin", "ADMIN", " admin"])
def test_names_are_the_same_in_upper_and_lower_case(office: Office, name: str) -> None:
    assert come(office, name).session.user == office.account("admin").user


@pytest.mark.parametrize("name", ["admin", "ghost"])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(office: Office, name: str) -> None:
    for _ in range(4):
        with pytest.raises(WrongPassword):
            come(office, name, "Wrong1234")
    with pytest.raises(AccountLocked) as lock:
        come(office, name, "Wrong1234")
    assert lock.value.just_now
    assert lock.value.until == office.clock.now() + 15 * MINUTE


def test_a_locked_account_refuses_the_right_password_too_until_the_lock_ends(office: Office) -> None:
    for _ in range(5):
        with pytest.raises((WrongPassword, AccountLocked)):
            come(office, password="Wrong1234")
    with pytest.raises(AccountLocked) as lock:
        come(office)
    assert not lock.value.just_now
    office.clock.at = lock.value.until
    assert come(office).session.user is not None


def test_many_guesses_at_once_get_five_tries(office: Office) -> None:
    async def storm() -> list[object]:
        visitor = Visitor("192.0.2.1", "browser")
        tries = (sign_in(office.desk, "admin", f"Wrong{number}", visitor) for number in range(12))
        return await asyncio.gather(*tries, return_exceptions=True)

    outcomes = asyncio.run(storm())
    assert all(isinstance(each, (WrongPassword, AccountLocked)) for each in outcomes)
    rows = office.read(
        lambda connection: connection.raw.execute("SELECT details, times FROM audit WHERE status = 'failure' ORDER BY times").fetchall()
    )
    assert [tuple(row) for row in rows] == [('{"reason": "wrong password"}', 5), ('{"reason": "account locked"}', 7)]


def test_an_address_that_guesses_names_is_stopped(office: Office) -> None:
    def guess_names(connection: Connection) -> None:
        for number in range(30):
            lockout.begin(connection, stranger(f"name {number}", "192.0.2.1"), office.clock.now())

    office.write(guess_names)
    with pytest.raises(AddressBlocked):
        come(office)
    assert come(office, visitor=Visitor("192.0.2.2", "browser")).session.user == office.account("admin").user


def test_a_bcrypt_hash_becomes_argon2_at_the_first_sign_in(office: Office) -> None:
    office.hire("older", bcrypt.hashpw(b"Older1234", bcrypt.gensalt(4)).decode())
    come(office, "older", "Older1234")
    stored = office.account("older").password_hash
    assert stored.startswith("$argon2id$")
    assert not is_out_of_date(stored)
    assert fits(stored, "Older1234")
    come(office, "older", "Older1234")


def test_when_and_from_where_is_kept(office: Office) -> None:
    come(office, visitor=Visitor("2001:db8::7", "browser"))
    rows, _ = office.read(lambda connection: accounts.listed(connection, "", 10, 0))
    assert (rows[0].last_login_at, rows[0].last_login_ip) == (office.clock.now(), "2001:db8::7")


def test_the_audit_log_tells_of_every_outcome(office: Office) -> None:
    opened = come(office)
    with pytest.raises(WrongPassword):
        come(office, "ghost", "Wrong1234")
    asyncio.run(sign_out(office.desk, Visitor("192.0.2.1", "browser", opened.session)))
    assert office.audit()[1:] == [("login", "admin", "success"), ("login", "ghost", "failure"), ("logout", "admin", "success")]


def test_signing_out_ends_this_session_only(office: Office) -> None:
    here, elsewhere = come(office), come(office)
    asyncio.run(sign_out(office.desk, Visitor("192.0.2.1", "browser", here.session)))
    assert office.session(here.session.token_hash) is None
    assert office.session(elsewhere.session.token_hash) is not None


def test_a_changed_password_ends_the_users_other_sessions_and_nobody_elses(office: Office) -> None:
    viewer = office.open(office.hire("viewer", "no password"))
    here, elsewhere = come(office), come(office)
    change(office, here, ADMIN_PASSWORD, NEW)
    assert office.session(here.session.token_hash) is not None
    assert office.session(elsewhere.session.token_hash) is None
    assert office.session(viewer.session.token_hash) is not None
    with pytest.raises(WrongPassword):
        come(office)
    assert come(office, password=NEW).session.user is not None


def test_the_current_password_is_needed(office: Office) -> None:
    opened = come(office)
    with pytest.raises(PasswordMissing):
        change(office, opened, None, NEW)
    with pytest.raises(PasswordMissing):
        change(office, opened, "", NEW)
    with pytest.raises(WrongPassword):
        change(office, opened, "Wrong1234", NEW)
    assert fits(office.account("admin").password_hash, ADMIN_PASSWORD)


def test_the_current_password_cannot_be_guessed_in_a_stolen_session(office: Office) -> None:
    opened = come(office)
    for _ in range(4):
        with pytest.raises(WrongPassword):
            change(office, opened, "Wrong1234", NEW)
    with pytest.raises(AccountLocked):
        change(office, opened, "Wrong1234", NEW)
    with pytest.raises(AccountLocked):
        change(office, opened, ADMIN_PASSWORD, NEW)


def test_a_forced_change_needs_no_current_password_and_is_done_then(office: Office) -> None:
    user = office.hire("fresh", "no password", must_change=True)
    opened = office.open(user)
    change(office, opened, None, NEW)
    found = office.session(opened.session.token_hash)
    assert found is not None
    assert found.user is not None
    assert not found.user.must_change_password
    assert come(office, "fresh", NEW).session.user is not None


@pytest.mark.parametrize("weak", ["short1A", DEFAULT_PASSWORD])
def test_a_new_password_meets_the_policy(office: Office, weak: str) -> None:
    opened = come(office)
    with pytest.raises(PasswordRefused) as refused:
        change(office, opened, ADMIN_PASSWORD, weak)
    assert refused.value.complaints
    assert fits(office.account("admin").password_hash, ADMIN_PASSWORD)


def test_a_new_password_is_another_one(office: Office) -> None:
    opened = come(office)
    with pytest.raises(PasswordUnchanged):
        change(office, opened, ADMIN_PASSWORD, ADMIN_PASSWORD)


def test_a_forced_change_is_to_another_password_too(office: Office) -> None:
    user = office.hire("fresh", bcrypt.hashpw(NEW.encode(), bcrypt.gensalt(4)).decode(), must_change=True)
    with pytest.raises(PasswordUnchanged):
        change(office, office.open(user), None, NEW)


def test_refused_new_passwords_lock_nobody_out(office: Office) -> None:
    opened = come(office)
    for _ in range(12):
        with pytest.raises(PasswordRefused):
            change(office, opened, ADMIN_PASSWORD, "weak")
    change(office, opened, ADMIN_PASSWORD, NEW)


def test_expired_sessions_and_too_many_that_nobody_signed_in_to_are_cleared_away(office: Office) -> None:
    opened = []
    for _ in range(7):
        office.clock.advance(1)
        opened.append(office.open(None))
    kept = office.open(office.account("admin").user)
    office.write(lambda connection: sessions.prune(connection, office.clock.now(), kept=3))
    count = office.read(lambda connection: connection.raw.execute("SELECT count(*) FROM session").fetchone()[0])
    assert count == 4
    assert office.session(opened[-1].session.token_hash) is not None
    assert office.session(kept.session.token_hash) is not None
    office.write(lambda connection: sessions.prune(connection, Instant(office.clock.now() + DAY)))
    assert office.read(lambda connection: connection.raw.execute("SELECT count(*) FROM session").fetchone()[0]) == 0
