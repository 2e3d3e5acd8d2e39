"""How long a wrong password takes tells nothing: what is computed is the same for every name."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import argon2
import bcrypt
import pytest

from duplistatus.security import passwords
from duplistatus.security.new_session import Visitor
from duplistatus.security.sign_in import SignInError, sign_in
from tests.security.conftest import ADMIN_PASSWORD

if TYPE_CHECKING:
    from tests.security.conftest import Office

COST = 5


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Hashes that were computed, with their parameters."""
    counts: Counter[str] = Counter()
    verify, check = argon2.PasswordHasher.verify, bcrypt.checkpw

    def counting_verify(self: argon2.PasswordHasher, password_hash: str, password: str) -> Any:
        counts[password_hash.rpartition("$")[0].rpartition("$")[0]] += 1
        return verify(self, password_hash, password)

    def counting_check(password: bytes, password_hash: bytes) -> bool:
        counts[password_hash[:7].decode()] += 1
        return check(password, password_hash)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counting_verify)
    monkeypatch.setattr(bcrypt, "checkpw", counting_check)
    return counts


def fail(office: Office, name: str) -> None:
    with pytest.raises(SignInError):
        asyncio.run(sign_in(office.desk, name, "Wrong1234", Visitor("192.0.2.1", "browser")))


def costs(office: Office, computed: Counter[str], name: str) -> dict[str, int]:
    computed.clear()
    fail(office, name)
    return dict(computed)


def older(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(COST)).decode()


@pytest.mark.parametrize("name", ["admin", "ghost", "x" * 5000, "\0"])
def test_known_and_unknown_names_cost_one_hash_of_the_same_parameters(office: Office, computed: Counter[str], name: str) -> None:
    assert costs(office, computed, name) == {"$argon2id$v=19$m=32768,t=3,p=1": 1}


@pytest.mark.parametrize("name", ["admin", "older", "ghost"])
def test_while_one_account_has_an_older_hash_every_name_costs_one_of_both_kinds(office: Office, computed: Counter[str], name: str) -> None:
    office.hire("older", older("Older1234"))
    assert costs(office, computed, name) == {"$argon2id$v=19$m=32768,t=3,p=1": 1, f"$2b$0{COST}$": 1}


def test_when_the_last_older_hash_is_made_anew_it_costs_one_again(office: Office, computed: Counter[str]) -> None:
    office.hire("older", older("Older1234"))
    asyncio.run(sign_in(office.desk, "older", "Older1234", Visitor("192.0.2.1", "browser")))
    assert costs(office, computed, "older") == costs(office, computed, "ghost") == {"$argon2id$v=19$m=32768,t=3,p=1": 1}


@pytest.mark.parametrize("name", ["admin", "ghost"])
def test_a_name_that_is_locked_costs_none(office: Office, computed: Counter[str], name: str) -> None:
    for _ in range(5):
        fail(office, name)
    assert costs(office, computed, name) == {}


def test_what_stands_in_for_a_hash_fits_nothing() -> None:
    hashed = older(ADMIN_PASSWORD)
    for password in ("", ADMIN_PASSWORD, "x"):
        assert not passwords.fits_at_equal_cost(None, password, None)
        assert not passwords.fits_at_equal_cost(None, password, hashed)
    assert passwords.fits_at_equal_cost(hashed, ADMIN_PASSWORD, hashed)
    assert not passwords.fits_at_equal_cost(hashed, "x", hashed)
    assert passwords.fits_at_equal_cost(passwords.hash_password("Aa345678"), "Aa345678", hashed)
