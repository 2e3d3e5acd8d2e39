"""Secrets at rest: passwords and tokens of other services, encrypted by AES-256-GCM under a key of the data folder. In: a text and what
it is for; out: a text that only the same key, for the same use, reads again. A key that is another than before is said, never
papered over."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = "v1:"
"""Base64 of nonce, ciphertext and tag."""


class KeyTrouble(Exception):
    """The key file cannot be used; the sentence names it and says why."""


class SecretLost(Exception):
    """A secret was encrypted under another key, or is damaged: it must be entered again."""


class Secrets:
    """Encrypts and decrypts under the key in `file`, which is made at its first use, readable for the product's account alone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._key: bytes | None = None

    @property
    def file(self) -> Path:
        return self._file

    @property
    def is_made(self) -> bool:
        """Whether there is a key; to ask makes none."""
        return self._key is not None or os.path.lexists(self._file)

    @property
    def fingerprint(self) -> str:
        """By which a key is recognised that says nothing of it. Raises KeyTrouble."""
        return hashlib.sha256(self._loaded()).hexdigest()

    def encrypt(self, text: str, use: str) -> str:
        """The text, encrypted for that use; an empty text stays empty. Raises KeyTrouble."""
        if not text:
            return ""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._loaded()).encrypt(nonce, text.encode(), use.encode())
        return _FORM + base64.b64encode(nonce + sealed).decode()

    def decrypt(self, stored: str, use: str) -> str:
        """What was encrypted for that use. Raises SecretLost, KeyTrouble."""
        if not stored:
            return ""
        try:
            sealed = base64.b64decode(stored.removeprefix(_FORM), validate=True)
            return AESGCM(self._loaded()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], use.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SecretLost("it was stored under another key file and must be entered again") from error

    def _loaded(self) -> bytes:
        if self._key is None:
            self._key = _read(self._file) or _make(self._file)
        return self._key


def _read(file: Path) -> bytes | None:
    """The key, None where there is no file."""
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyTrouble(f"the key file {file} cannot be read: {error.strerror}") from error
    if len(key) != _KEY_BYTES:
        raise KeyTrouble(f"the key file {file} holds no key of {_KEY_BYTES} bytes")
    return key


def _make(file: Path) -> bytes:
    """A new key in a new file; that of another process that made it at the same time, where one did."""
    key = os.urandom(_KEY_BYTES)
    # Not named after the process: in a container each has the number of the one before, which may have died here.
    part = file.with_name(f"{file.name}.{os.urandom(4).hex()}")
    try:
        _write(part, key)
        try:
            # A link is there in full or not at all, and never takes the place of another's key.
            os.link(part, file)
        except FileExistsError:
            raise
        except OSError:
            # Some file systems of shares know no links.
            _write(file, key)
        finally:
            part.unlink()
    except FileExistsError:
        found = _read(file)
        if found is None:
            raise KeyTrouble(f"the key file {file} could not be made: something else is in its place") from None
        return found
    except OSError as error:
        raise KeyTrouble(f"the key file {file} could not be made: {error.strerror}") from error
    return key


def _write(file: Path, key: bytes) -> None:
    """The key in a file that was not there, for the product's account alone."""
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(key)
        target.flush()
        os.fsync(target.fileno())
