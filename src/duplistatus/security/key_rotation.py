"""A new key in the place of the present one, with everything that is stored under it. In: a connection in a transaction of its own, and
the key file; out: the new key, first in a file beside, named by the database with the commit that holds every secret under it, then in
the place of the old one. Whenever the process dies, everything stays readable, and the next start goes on or takes it back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from duplistatus.security.key_file import KEY_BYTES, KeyTrouble, fingerprint, keep_folder, next_file, read_key, write_key
from duplistatus.security.secret_holders import held, tables
from duplistatus.security.secrets import SecretLost, Secrets, sealed_under
from duplistatus.store import secret_rows
from duplistatus.store.database import Connection, Database, StoreBusy
from duplistatus.store.key_mark import keep_fingerprint, kept_fingerprint

_PATIENCE = 30.0
_PAUSE = 0.1
"""Seconds between two looks whether the tables are free."""


class CannotRotate(Exception):
    """The key stays what it is; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was done. `before`, `after`: fingerprints; `secrets`: how many are stored anew."""

    before: str
    after: str
    secrets: int


Note = Callable[[Connection, Rotation], None]
"""Writes what else belongs to the change, such as its entry in the audit log."""


def rotate_key(database: Database, secrets: Secrets, note: Note, patience: float = _PATIENCE) -> Rotation:
    """Changes the key, while the product runs or not. Raises CannotRotate, KeyTrouble, StoreError; StoreBusy where others used the tables
    of secrets for so many seconds without a pause."""
    done = _committed_soon(database, secrets, note, time.monotonic() + patience)
    put_in_place(secrets.file)
    return done


def _committed_soon(database: Database, secrets: Secrets, note: Note, end: float) -> Rotation:
    while True:
        try:
            return _committed(database, secrets, note)
        except StoreBusy:
            if time.monotonic() > end:
                raise
            time.sleep(_PAUSE)


def _committed(database: Database, secrets: Secrets, note: Note) -> Rotation:
    with database.change() as connection:
        return _rotate(connection, secrets, note)


def _rotate(connection: Connection, secrets: Secrets, note: Note) -> Rotation:
    """Everything up to the commit. StoreBusy where somebody uses the tables at this moment."""
    if not secret_rows.is_alone(connection):
        raise StoreBusy("another process is changing the key at this moment")
    secret_rows.shut_out(connection, tables())
    settle(connection, secrets.file)
    if not secrets.is_made:
        raise CannotRotate("there is no key yet: nothing is stored that needs one")
    opened = []
    for each in held(connection):
        try:
            opened.append((each, secrets.decrypt(each.sealed.text, each.holder.use)))
        except SecretLost:
            raise CannotRotate(
                f"the secret of {each.name} cannot be read with the present key: put the right key file back, enter it anew, or have it "
                "forgotten on the page Secrets of the settings"
            ) from None
    done, key = Rotation(secrets.fingerprint, "", len(opened)), os.urandom(KEY_BYTES)
    try:
        write_key(next_file(secrets.file), key)
    except OSError as error:
        raise KeyTrouble(f"the new key cannot be written beside {secrets.file}: {error.strerror}") from error
    keep_folder(secrets.file)
    for each, text in opened:
        each.holder.keep(connection, each.sealed.row, sealed_under(key, text, each.holder.use))
    done = Rotation(done.before, fingerprint(key), done.secrets)
    keep_fingerprint(connection, done.after)
    note(connection, done)
    return done


def put_in_place(file: Path) -> None:
    """The next key becomes the key, after the commit. Another process may have done so already. Raises KeyTrouble."""
    try:
        next_file(file).replace(file)
    except FileNotFoundError:
        return
    except OSError as error:
        raise KeyTrouble(
            f"the new key lies in {next_file(file)} and could not be moved to {file}: {error.strerror}. Everything stays readable; "
            "the next start tries again"
        ) from error
    keep_folder(file)


def settle(connection: Connection, file: Path) -> None:
    """Ends a rotation that was broken off: goes on where its commit came about, takes it back where not. Does nothing while one is
    under way. The connection may write."""
    beside = next_file(file)
    if not os.path.lexists(beside) or not secret_rows.is_alone(connection):
        return
    try:
        key = read_key(beside)
    except KeyTrouble:
        key = None
    if key is not None and fingerprint(key) == kept_fingerprint(connection):
        put_in_place(file)
    else:
        with suppress(FileNotFoundError):
            beside.unlink()
