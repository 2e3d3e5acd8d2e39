"""What is asked of passwords, and how they are checked."""

from __future__ import annotations

import asyncio

import bcrypt
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.security.passwords import (
    DEFAULT_PASSWORD,
    LONGEST,
    NO_PASSWORD,
    Policy,
    TooManySignIns,
    fits,
    fits_in_thread,
    hash_password,
    is_out_of_date,
)

USUAL = Policy(8, enforced=True)


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("Abc4567", "Password must be at least 8 characters long"),
        ("abcdefg8", "Password must contain at least one uppercase letter (A-Z)"),
        ("ABCDEFG8", "Password must contain at least one lowercase letter (a-z)"),
        ("Abcdefgh", "Password must contain at least one number (0-9)"),
        ("Aa1" + "x" * LONGEST, f"Password must be at most {LONGEST} characters long"),
        (DEFAULT_PASSWORD, "Cannot use the default password. Please choose a different password"),
    ],
)
def test_each_rule_of_the_policy_has_its_sentence(password: str, complaint: str) -> None:
    assert USUAL.complaints(password) == (complaint,)


def test_a_password_that_breaks_several_rules_gets_them_all() -> None:
    assert len(USUAL.complaints("weak")) == 3
    assert len(USUAL.complaints("")) == 4


def test_a_good_password_gets_no_complaint() -> None:
    assert USUAL.complaints("Correct7Horse") == ()


def test_without_enforcement_only_the_length_counts_but_never_the_default() -> None:
    policy = Policy(4, enforced=False)
    assert policy.complaints("weak") == ()
    assert policy.complaints("abc") == ("Password must be at least 4 characters long",)
    assert policy.complaints(DEFAULT_PASSWORD)


@given(st.integers(1, 128))
def test_a_temporary_password_meets_every_policy(shortest: int) -> None:
    policy = Policy(shortest, enforced=True)
    assert policy.complaints(policy.temporary()) == ()


def test_temporary_passwords_differ() -> None:
    assert len({USUAL.temporary() for _ in range(100)}) == 100


@pytest.mark.parametrize("password", ["Correct7Horse", "pässwörd 日本 🐎", "with\x00zero", " spaces "])
def test_a_hash_fits_its_password_and_no_other(password: str) -> None:
    stored = hash_password(password)
    assert fits(stored, password)
    assert not fits(stored, password + "x")
    assert not fits(stored, password.upper())
    assert password not in stored


def test_the_same_password_hashes_differently_each_time() -> None:
    assert hash_password("Correct7Horse") != hash_password("Correct7Horse")


@pytest.mark.parametrize("prefix", [b"2a", b"2b"])
def test_a_bcrypt_hash_of_an_older_database_fits_and_is_out_of_date(prefix: bytes) -> None:
    stored = bcrypt.hashpw(b"Correct7Horse", bcrypt.gensalt(4, prefix)).decode()
    assert fits(stored, "Correct7Horse")
    assert not fits(stored, "Correct7Horsf")
    assert is_out_of_date(stored)


def test_a_password_longer_than_bcrypt_reads_still_fits_its_older_hash() -> None:
    password = "Aa1" + "x" * 90
    stored = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    assert fits(stored, password)


def test_a_hash_of_weaker_parameters_is_out_of_date_and_todays_is_not() -> None:
    assert is_out_of_date(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))
    assert not is_out_of_date(hash_password("x"))


@pytest.mark.parametrize("stored", ["", "nonsense", "$2b$04$short", "$argon2id$v=19$m=65536"])
def test_a_damaged_hash_fits_nothing(stored: str) -> None:
    assert not fits(stored, "Correct7Horse")


def test_the_hash_that_stands_for_no_account_has_the_parameters_in_use_and_fits_nothing() -> None:
    assert not is_out_of_date(NO_PASSWORD)
    assert not asyncio.run(fits_in_thread(None, ""))
    assert not asyncio.run(fits_in_thread(None, "Correct7Horse"))


def test_a_crowd_is_sent_away_instead_of_waiting_without_end() -> None:
    quick = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()

    async def crowd() -> list[bool | BaseException]:
        return await asyncio.gather(*(fits_in_thread(quick, "x") for _ in range(100)), return_exceptions=True)

    outcomes = asyncio.run(crowd())
    assert outcomes.count(True) == 64
    assert sum(isinstance(each, TooManySignIns) for each in outcomes) == 36
    assert asyncio.run(fits_in_thread(quick, "x")), "afterwards there is room again"
