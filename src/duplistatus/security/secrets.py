"""Secrets at rest: passwords and tokens of other services, encrypted by AES-256-GCM under a key of the data folder. In: a text and what
it is for; out: a text that only the same key, for the same use, reads again. The file is looked at each time, so that a key that was
put back, or changed by a rotation, counts at once in every process. A key that is another than before is said, never papered over."""

from __future__ import annotations

import base64
import binascii
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from duplistatus.security.key_file import KeyTrouble, fingerprint, make_key, next_file, read_key

__all__ = ["KeyTrouble", "SecretLost", "Secrets"]

_NONCE_BYTES = 12
_FORM = "v1:"
"""Base64 of nonce, ciphertext and tag."""
_REMEMBERED = 60.0
"""Seconds for which a process reads by the key that was in the file before: it may have read a row just before a rotation."""


class SecretLost(Exception):
    """A secret was encrypted under another key, or is damaged: it must be entered again."""


class _Loaded(NamedTuple):
    """The key that is in the file, and by which a change of the file is seen."""

    mark: tuple[int, ...]
    key: bytes


class Secrets:
    """Encrypts and decrypts under the key in `file`, which is made at its first use, readable for the product's account alone. While a
    rotation is under way, or was broken off, the next key lies beside it, and whichever of the two fits is used."""

    def __init__(self, file: Path, seconds: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._next = next_file(file)
        self._seconds = seconds
        self._loaded: _Loaded | None = None
        self._former: tuple[bytes, float] | None = None

    @property
    def file(self) -> Path:
        return self._file

    @property
    def is_made(self) -> bool:
        """Whether there is a key; to ask makes none."""
        return os.path.lexists(self._file) or os.path.lexists(self._next)

    @property
    def fingerprint(self) -> str:
        """By which the key in the file is recognised that says nothing of it. Raises KeyTrouble."""
        key = self._current()
        if key is None:
            raise KeyTrouble(f"the key file {self._file} is gone")
        return fingerprint(key)

    def has(self, mark: str) -> bool:
        """Whether a key of that fingerprint lies in the data folder. Raises KeyTrouble."""
        return self._named(mark) is not None

    def encrypt(self, text: str, use: str, mark: str = "") -> str:
        """The text, encrypted for that use; an empty text stays empty. `mark`: the fingerprint that the database names, whose key is
        taken where it is there. Raises KeyTrouble."""
        if not text:
            return ""
        return sealed_under(self._named(mark) or self._current() or make_key(self._file), text, use)

    def decrypt(self, stored: str, use: str, *, with_former: bool = False) -> str:
        """What was encrypted for that use. `with_former`: for who only sends, also by the key that was in the file a moment ago. Raises
        SecretLost, KeyTrouble."""
        if not stored:
            return ""
        found = _first_that_opens(self._keys(with_former=with_former), stored, use)
        if found is None:
            raise SecretLost("it was stored under another key file and must be entered again")
        return found

    def reads(self, stored: str, use: str) -> bool:
        """Whether the keys that lie in the data folder read it. Raises KeyTrouble."""
        return not stored or _first_that_opens(self._keys(with_former=False), stored, use) is not None

    def _keys(self, *, with_former: bool) -> Iterator[bytes]:
        """The keys to try. Between a look at the one file and at the other a rotation may end: then the first holds what the second
        did."""
        known = self._current()
        if known is not None:
            yield known
        if (following := self._following()) is not None:
            yield following
        again = self._current(anew=True)
        if again is not None and again != known:
            yield again
        if with_former and self._former is not None and self._seconds() - self._former[1] < _REMEMBERED:
            yield self._former[0]

    def _named(self, mark: str) -> bytes | None:
        return next((key for key in self._keys(with_former=False) if fingerprint(key) == mark), None) if mark else None

    def _following(self) -> bytes | None:
        try:
            return read_key(self._next)
        except KeyTrouble:
            # Half written: nothing is stored under it yet.
            return None

    def _current(self, *, anew: bool = False) -> bytes | None:
        """The key in the file; None where there is none. `anew`: whatever the file system says of a change."""
        try:
            found = self._file.stat()
        except OSError:
            mark: tuple[int, ...] = ()
        else:
            mark = (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
        loaded = self._loaded
        if loaded is not None and loaded.mark == mark and not anew:
            return loaded.key
        key = read_key(self._file)
        if loaded is not None and loaded.key != key:
            self._former = (loaded.key, self._seconds())
        self._loaded = None if key is None else _Loaded(mark, key)
        return key


def sealed_under(key: bytes, text: str, use: str) -> str:
    """The text as it is stored, encrypted under a key of one's choice."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORM + base64.b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), use.encode())).decode()


def _first_that_opens(keys: Iterator[bytes], stored: str, use: str) -> str | None:
    try:
        sealed = base64.b64decode(stored.removeprefix(_FORM), validate=True)
    except (binascii.Error, ValueError):
        return None
    for key in keys:
        try:
            return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], use.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    return None
