"""The data folder and the key file. In: settings; out: whether the product can work with them, and whether others get at them."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

from duplistatus.cli.checks.finding import Finding, ok, problem, warning
from duplistatus.security.key_check import Cause, key_state
from duplistatus.security.key_file import SHOWN_DIGITS, key_file
from duplistatus.security.secrets import Secrets
from duplistatus.settings import Settings
from duplistatus.store.database import Connection

FOLDER, KEY = "data folder", "key file"
_MEGABYTE = 1_000_000
_LITTLE = 1_000 * _MEGABYTE
_TOO_LITTLE = 100 * _MEGABYTE


def look_at_folder(settings: Settings) -> Iterator[Finding]:
    """Whether it is there, may be written to, and has room."""
    folder = settings.data_dir
    if not folder.exists():
        yield warning(FOLDER, f"{folder.absolute()} is not there", "the first start makes it; or name another by DUPLISTATUS_DATA_DIR")
        return
    if not folder.is_dir():
        yield problem(FOLDER, f"{folder.absolute()} is no folder", "name another by DUPLISTATUS_DATA_DIR")
        return
    owner = folder.stat().st_uid
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield problem(
            FOLDER,
            f"{folder.absolute()} belongs to {_name(owner)} and cannot be written by {_name(os.geteuid())}, who runs this command",
            f"chown -R {os.geteuid()} {folder.absolute()} where that is the account that serves",
        )
    elif owner != os.geteuid():
        yield warning(
            FOLDER,
            f"{folder.absolute()} belongs to {_name(owner)}, this command runs as {_name(os.geteuid())}",
            "run it as the account that serves: files that it made would belong to another",
        )
    else:
        yield ok(FOLDER, f"{folder.absolute()}, owned by {_name(owner)}")
    yield _room(folder)


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free // _MEGABYTE:,} MB are free".replace(",", " ")
    if free < _TOO_LITTLE:
        return problem(FOLDER, said, "reports are refused once nothing is left: make room, or move the data")
    return warning(FOLDER, said, "make room before it is used up") if free < _LITTLE else ok(FOLDER, said)


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"the account {user}"


def look_at_key(connection: Connection | None, settings: Settings) -> Iterator[Finding]:
    """Whether it is there, closed to others, and the one that secrets were stored under. `connection` None: the database cannot be
    asked."""
    facts = key_file(settings.key_file)
    if facts.mode is not None:
        if facts.is_too_open:
            yield problem(KEY, f"{facts.path} may be read by others (permissions {facts.mode:04o})", facts.mending)
        else:
            yield ok(KEY, f"{facts.path}, permissions {facts.mode:04o}, owned by {facts.owner}")
        if not facts.is_own:
            yield warning(
                KEY, f"it belongs to {facts.owner}, this command runs as {_name(os.geteuid())}", "the account that serves must own it"
            )
    if connection is not None:
        yield from _fit(connection, settings)


def _fit(connection: Connection, settings: Settings) -> Iterator[Finding]:
    state = key_state(connection, Secrets(settings.key_file))
    count = len(state.secrets)
    if state.cause is Cause.NOTHING:
        if not state.mark:
            yield ok(KEY, "there is none, and nothing is stored that needs one")
        else:
            yield ok(KEY, f"fingerprint {state.mark[:SHOWN_DIGITS]}; reads all of {count} stored {'secret' if count == 1 else 'secrets'}")
        return
    wanted = f"; the right one has the fingerprint {state.kept[:SHOWN_DIGITS]}" if state.kept and state.cause is not Cause.DAMAGED else ""
    yield problem(KEY, state.sentence + wanted, "the page Settings, Secrets explains both ways out")
