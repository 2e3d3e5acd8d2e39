"""Passwords: what is asked of them, how they are hashed and checked. In: a password; out: complaints, an Argon2id hash, or whether it
fits a stored hash. Hashes of bcrypt, which older databases hold, are checked too and named as out of date. Hashing is dear on
purpose, so it happens in few threads with a short queue: many sign-ins at once wait or are sent away, others notice nothing."""

from __future__ import annotations

import asyncio
import base64
import secrets
import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import argon2
import bcrypt

from duplistatus.settings import Settings

T = TypeVar("T")

DEFAULT_PASSWORD = "Duplistatus09"  # noqa: S105 - documented; it must be changed before anything else
LONGEST = 512

# OWASP asks for at least 19 MiB and two passes; this takes some 60 ms on a small machine, and two at once stay small in memory.
_ARGON2 = argon2.PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_BCRYPT = ("$2a$", "$2b$", "$2y$")
_BCRYPT_BYTES = 72
"""bcrypt looks at no more of a password."""

_AT_ONCE = 2
_MOST_WAITING = 64
_TEMPORARY_LENGTH = 12


def _no_password() -> str:
    """A well-formed hash that fits nothing: checking it takes as long as checking a real one."""
    salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={_ARGON2.memory_cost},t={_ARGON2.time_cost},p={_ARGON2.parallelism}${salt}${digest}"


NO_PASSWORD = _no_password()


def _no_older_password(password_hash: str) -> str:
    """A well-formed hash of bcrypt that fits nothing, as dear as the one given. Their form is `$2b$12$` and 53 characters."""
    return password_hash[:7] + "." * 53


class TooManySignIns(Exception):
    """More passwords wait to be checked than is reasonable."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is asked of a new password. `enforced` False: only its length."""

    min_length: int
    enforced: bool

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        return cls(settings.password_min_length, settings.password_policy)

    def complaints(self, password: str) -> tuple[str, ...]:
        """What is wrong with a new password, as sentences; nothing when it will do."""
        if password == DEFAULT_PASSWORD:
            return ("Cannot use the default password. Please choose a different password",)
        found = []
        if len(password) < self.min_length:
            found.append(f"Password must be at least {self.min_length} characters long")
        if len(password) > LONGEST:
            found.append(f"Password must be at most {LONGEST} characters long")
        if self.enforced:
            if not any(character.isupper() for character in password):
                found.append("Password must contain at least one uppercase letter (A-Z)")
            if not any(character.islower() for character in password):
                found.append("Password must contain at least one lowercase letter (a-z)")
            if not any(character.isdigit() for character in password):
                found.append("Password must contain at least one number (0-9)")
        return tuple(found)

    def temporary(self) -> str:
        """A new password for somebody else to change: letters and digits that meet every policy."""
        length = max(_TEMPORARY_LENGTH, self.min_length)
        kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
        drawn = [secrets.choice(kind) for kind in kinds]
        drawn += [secrets.choice("".join(kinds)) for _ in range(length - len(drawn))]
        secrets.SystemRandom().shuffle(drawn)
        return "".join(drawn)


def hash_password(password: str) -> str:
    """The Argon2id hash to store. Takes some 60 ms."""
    return _ARGON2.hash(password)


def fits(password_hash: str, password: str) -> bool:
    """Whether the password is the one of the hash, which may be of Argon2 or of bcrypt. Takes some 60 ms or, for bcrypt, more."""
    if password_hash.startswith(_BCRYPT):
        try:
            return bcrypt.checkpw(password.encode("utf-8", "surrogatepass")[:_BCRYPT_BYTES], password_hash.encode())
        except ValueError:
            return False
    try:
        return _ARGON2.verify(password_hash, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, UnicodeEncodeError):
        return False


def is_out_of_date(password_hash: str) -> bool:
    """Whether the hash should be made anew with the parameters in use, which needs the password."""
    return password_hash.startswith(_BCRYPT) or _ARGON2.check_needs_rehash(password_hash)


class _Queue:
    """The threads in which passwords are hashed, and how many calls wait for them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._waiting = 0

    def refuse_crowd(self) -> None:
        if self._waiting >= _MOST_WAITING:
            raise TooManySignIns

    async def run(self, work: Callable[[], T]) -> T:
        self.refuse_crowd()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


_QUEUE = _Queue()


def refuse_crowd() -> None:
    """Raises TooManySignIns when too many wait already."""
    _QUEUE.refuse_crowd()


async def hash_in_thread(password: str) -> str:
    """As `hash_password`; raises TooManySignIns when too many wait."""
    return await _QUEUE.run(lambda: hash_password(password))


def fits_at_equal_cost(password_hash: str | None, password: str, older: str | None) -> bool:
    """As `fits`; None, for an account that does not exist, never fits. What is computed is the same for every name: a hash of Argon2,
    and as long as any account has one of bcrypt (`older`), one of those besides."""
    if older is None:
        return fits(password_hash or NO_PASSWORD, password) and password_hash is not None
    if password_hash is not None and password_hash.startswith(_BCRYPT):
        fits(NO_PASSWORD, password)
        return fits(password_hash, password)
    fits(_no_older_password(older), password)
    return fits(password_hash or NO_PASSWORD, password) and password_hash is not None


async def fits_in_thread(password_hash: str | None, password: str, older: str | None = None) -> bool:
    """As `fits_at_equal_cost`. Raises TooManySignIns when too many wait."""
    return await _QUEUE.run(lambda: fits_at_equal_cost(password_hash, password, older))
