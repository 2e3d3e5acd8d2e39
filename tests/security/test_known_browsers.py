"""Browsers from which somebody has signed in: strangers cannot lock them out, and gain nothing by them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import argon2
import pytest

from duplistatus.clock import DAY, MINUTE
from duplistatus.security import lockout, passwords
from duplistatus.security.lockout import ACCOUNT_FAILURES, oneself, stranger
from duplistatus.security.new_session import Visitor
from duplistatus.security.passwords import hash_password
from duplistatus.security.sign_in import AccountLocked, AddressBlocked, SignInError, WrongPassword, change_password, sign_in
from duplistatus.security.tokens import new_token, token_hash
from duplistatus.store import accounts, devices
from tests.security.conftest import ADMIN_PASSWORD

if TYPE_CHECKING:
    from duplistatus.security.new_session import NewSession
    from duplistatus.store.database import Connection
    from tests.security.conftest import Office


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many passwords are tried here; what each costs is the subject of other tests."""
    monkeypatch.setattr(passwords, "_ARGON2", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


HOME, ELSEWHERE = "192.0.2.1", "198.51.100.9"
WRONG = "Wrong1234"


class Browser:
    """A browser at an address, with the cookie by which it is known; none at first."""

    def __init__(self, office: Office, address: str = HOME, token: str = "") -> None:
        self.office = office
        self.address = address
        self.token = token

    def come(self, name: str = "admin", password: str = ADMIN_PASSWORD) -> NewSession:
        """Signs in by the page."""
        visitor = Visitor(self.address, "browser", device_hash=token_hash(self.token) if self.token else "")
        given = new_token()
        opened = asyncio.run(sign_in(self.office.desk, name, password, visitor, given))
        self.token = given
        return opened

    def fail(self, name: str = "admin") -> SignInError:
        """Gives a wrong password; what came of it."""
        with pytest.raises(SignInError) as refused:
            self.come(name, WRONG)
        return refused.value

    def tries(self, name: str = "admin") -> int:
        """How many wrong passwords are looked at before there is a lock."""
        count = 0
        while True:
            failure = self.fail(name)
            if isinstance(failure, AccountLocked):
                return count + int(failure.just_now)
            assert isinstance(failure, WrongPassword), failure
            count += 1


def hire(office: Office, name: str, password: str = "Viewer2026x") -> None:
    office.hire(name, hash_password(password))


def test_the_owner_gets_in_from_a_known_browser_while_strangers_keep_the_name_locked(office: Office) -> None:
    owner, strange = Browser(office), Browser(office, ELSEWHERE)
    owner.come()
    for _ in range(8):  # a lock follows on the other, for more than a day
        assert strange.tries() == ACCOUNT_FAILURES
        assert owner.come().session.user is not None
        failure = strange.fail()
        assert isinstance(failure, AccountLocked)
        office.clock.at = failure.until
    strange.tries()
    with pytest.raises(AccountLocked):
        strange.come()


def test_the_owners_sign_ins_give_strangers_no_further_tries(office: Office) -> None:
    owner, strange = Browser(office), Browser(office, ELSEWHERE)
    owner.come()
    looked_at = 0
    for _ in range(6 * 60 // 3):
        owner.come()
        failure = strange.fail()
        looked_at += isinstance(failure, WrongPassword) or (isinstance(failure, AccountLocked) and failure.just_now)
        office.clock.advance(3 * MINUTE)
    # In six hours: five tries, and five more after the locks of 15, 30, 60 and 120 minutes each.
    assert looked_at == 5 * ACCOUNT_FAILURES


def test_a_browser_at_an_address_that_is_stopped_gets_in_when_it_is_known(office: Office) -> None:
    owner, strange = Browser(office), Browser(office)
    owner.come()
    for number in range(30):
        strange.fail(f"name {number}")
    assert isinstance(strange.fail(), AddressBlocked)
    assert owner.come().session.user is not None


def test_a_known_browser_has_five_tries_of_its_own_and_locks_nobody_else(office: Office) -> None:
    owner, at_work, thief = Browser(office), Browser(office), Browser(office, ELSEWHERE)
    owner.come()
    at_work.come()
    thief.token = owner.token
    assert thief.tries() == ACCOUNT_FAILURES
    with pytest.raises(AccountLocked):
        thief.come()
    assert at_work.come().session.user is not None
    assert Browser(office, "203.0.113.5").come().session.user is not None


def test_the_cookie_of_another_account_helps_nobody(office: Office) -> None:
    hire(office, "viewer")
    thief = Browser(office, ELSEWHERE)
    thief.come("viewer", "Viewer2026x")
    assert thief.tries() == ACCOUNT_FAILURES
    thief.come("viewer", "Viewer2026x")
    assert isinstance(thief.fail(), AccountLocked), "signing in as somebody else gives no new tries"
    assert isinstance(Browser(office).fail(), AccountLocked), "they were those of all strangers"


def test_tries_of_a_stolen_cookie_are_not_renewed_by_signing_in_as_somebody_else(office: Office) -> None:
    hire(office, "viewer")
    owner = Browser(office)
    owner.come()
    thief = Browser(office, ELSEWHERE, owner.token)
    for _ in range(4):
        assert isinstance(thief.fail(), WrongPassword)
    thief.come("viewer", "Viewer2026x")
    failure = thief.fail()
    assert isinstance(failure, AccountLocked)
    assert failure.just_now


def test_a_planted_cookie_is_worth_nothing_once_somebody_has_signed_in(office: Office) -> None:
    hire(office, "viewer")
    attacker = Browser(office, ELSEWHERE)
    attacker.come("viewer", "Viewer2026x")
    victim = Browser(office, HOME, attacker.token)
    victim.come()
    assert attacker.tries() == ACCOUNT_FAILURES
    assert isinstance(Browser(office, "203.0.113.5").fail(), AccountLocked), "the attacker was a stranger"
    assert victim.come().session.user is not None


def test_people_who_share_a_browser_are_all_known_there(office: Office) -> None:
    hire(office, "viewer")
    shared = Browser(office)
    shared.come()
    shared.come("viewer", "Viewer2026x")
    Browser(office, ELSEWHERE).tries("admin")
    Browser(office, "203.0.113.5").tries("viewer")
    assert shared.come().session.user == office.account("admin").user
    assert shared.come("viewer", "Viewer2026x").session.user == office.account("viewer").user


def test_the_right_password_forgets_the_wrong_ones_of_that_browser(office: Office) -> None:
    owner = Browser(office)
    owner.come()
    for _ in range(3):
        for _ in range(4):
            assert isinstance(owner.fail(), WrongPassword)
        owner.come()


def test_a_browser_is_forgotten_after_half_a_year_or_with_its_user(office: Office) -> None:
    hire(office, "viewer")
    browser = Browser(office)
    browser.come("viewer", "Viewer2026x")
    user = office.account("viewer").user
    known = token_hash(browser.token)
    office.clock.advance(180 * DAY - 1)
    assert office.read(lambda connection: devices.find(connection, known, user.id, office.clock.now()))
    office.clock.advance(1)
    assert office.read(lambda connection: devices.find(connection, known, user.id, office.clock.now())) is None
    assert not office.read(lambda connection: devices.is_known(connection, known, office.clock.now()))
    office.write(lambda connection: accounts.remove(connection, user.id))
    assert office.read(lambda connection: devices.of_user(connection, user.id)) == []


def test_fifty_browsers_of_a_user_are_kept_those_seen_last(office: Office) -> None:
    user = office.account("admin").user

    def remember(connection: Connection) -> None:
        for number in range(60):
            office.clock.advance(1)
            devices.remember(connection, user.id, "", f"hash {number}", office.clock.now())

    office.write(remember)

    def known(number: int) -> bool:
        return office.read(lambda connection: devices.is_known(connection, f"hash {number}", office.clock.now()))

    assert [known(number) for number in (9, 10, 59)] == [False, True, True]


def test_the_database_does_not_hold_the_value_of_the_cookie(office: Office) -> None:
    browser = Browser(office)
    browser.come()
    rows = office.read(lambda connection: connection.raw.execute("SELECT * FROM known_device").fetchall())
    assert token_hash(browser.token) in str(rows)
    assert browser.token not in str(rows)


def test_a_stranger_cannot_lock_a_user_out_of_changing_the_password(office: Office) -> None:
    opened = Browser(office).come()
    Browser(office, ELSEWHERE).tries()
    assert opened.session.user is not None
    visitor = Visitor(HOME, "browser", opened.session)
    asyncio.run(change_password(office.desk, opened.session.user, ADMIN_PASSWORD, "Another8Horse", visitor))


def test_forgiving_a_name_ends_every_lock_of_the_account(office: Office) -> None:
    owner = Browser(office)
    owner.come()
    user = office.account("admin").user
    owner.tries()
    Browser(office, ELSEWHERE).tries()
    for _ in range(ACCOUNT_FAILURES + 1):
        office.write(lambda connection: lockout.begin(connection, oneself(user.id), office.clock.now()))
    office.write(lambda connection: lockout.forgive(connection, "ADMIN"))
    assert owner.come().session.user is not None
    now = office.clock.now()
    assert office.write(lambda connection: lockout.begin(connection, oneself(user.id), now)) is None
    assert office.write(lambda connection: lockout.begin(connection, stranger("admin", "203.0.113.5"), now)) is None
