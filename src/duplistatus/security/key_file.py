"""The file that holds the key of all secrets. In: its path; out: the key, a new one where there is none, or what people are to know of the
file. A key is in its file in full or not at all, and only the product's account may read it."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32
SHOWN_DIGITS = 12
"""Of a fingerprint, where people compare two."""
_OTHERS = 0o077


class KeyTrouble(Exception):
    """The key file cannot be used; the sentence names it and says why."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What is known of the file without its content. `mode`: its permissions, None where there is no file; `owner`: the account, a
    number where it has no name."""

    path: Path
    mode: int | None
    owner: str = ""
    is_own: bool = True

    @property
    def is_too_open(self) -> bool:
        """Whether other accounts than its owner get at it."""
        return self.mode is not None and bool(self.mode & _OTHERS)

    @property
    def mending(self) -> str:
        """The command that sets its permissions right; empty where they are."""
        return f"chmod 600 {self.path}" if self.is_too_open else ""


def key_file(path: Path) -> KeyFile:
    """What is known of it."""
    try:
        found = path.stat()
    except OSError:
        return KeyFile(path, None)
    try:
        owner = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        owner = str(found.st_uid)
    return KeyFile(path, stat.S_IMODE(found.st_mode), owner, found.st_uid == os.geteuid())


def fingerprint(key: bytes) -> str:
    """By which a key is recognised that says nothing of it."""
    return hashlib.sha256(key).hexdigest()


def next_file(path: Path) -> Path:
    """Where the key lies that is to take the place of the one in `path`."""
    return path.with_name(f"{path.name}.next")


def read_key(path: Path) -> bytes | None:
    """The key, None where there is no file. Raises KeyTrouble."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyTrouble(f"the key file {path} cannot be read: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise KeyTrouble(f"the key file {path} holds no key of {KEY_BYTES} bytes")
    return key


def make_key(path: Path) -> bytes:
    """A new key in a new file; that of another process that made it at the same time, where one did. Raises KeyTrouble."""
    key = os.urandom(KEY_BYTES)
    # Not named after the process: in a container each has the number of the one before, which may have died here.
    part = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    try:
        write_key(part, key)
        try:
            # A link is there in full or not at all, and never takes the place of another's key.
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:
            # Some file systems of shares know no links.
            write_key(path, key)
        finally:
            part.unlink()
    except FileExistsError:
        found = read_key(path)
        if found is None:
            raise KeyTrouble(f"the key file {path} could not be made: something else is in its place") from None
        return found
    except OSError as error:
        raise KeyTrouble(f"the key file {path} could not be made: {error.strerror}") from error
    keep_folder(path)
    return key


def write_key(path: Path, key: bytes) -> None:
    """The key in a file that was not there, for the product's account alone, on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(key)
        target.flush()
        os.fsync(target.fileno())


def keep_folder(path: Path) -> None:
    """Has the disk know the names in the folder of a file, where its file system can be asked to."""
    with suppress(OSError):
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
