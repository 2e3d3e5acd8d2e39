"""Rotations that die. In, on the command line: a data folder, the URL of a database or nothing, a number and a step; out: a line for each
process that was killed before it ran the line of code of that number, until one came to its end."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duplistatus.cli.rotate_key import note
from duplistatus.security import key_file, key_rotation, secret_holders
from duplistatus.security.key_rotation import rotate_key
from duplistatus.security.secrets import Secrets
from duplistatus.store import database as store_database
from duplistatus.store import heartbeat, key_mark, secret_rows
from duplistatus.store.database import Database

if TYPE_CHECKING:
    from types import FrameType

_STEPS = {module.__file__ for module in (key_file, key_rotation, secret_holders, store_database, heartbeat, key_mark, secret_rows)}


class _Fate:
    """Counts the lines of the modules that change the key, and kills the process before the last it may not run."""

    def __init__(self, last: int) -> None:
        self._left = last

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in _STEPS:
            return None
        if event == "line":
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def die_at(database: Database, file: Path, last: int) -> None:
    """Rotates in this process, which ends before the line of that number."""
    secrets = Secrets(file)
    sys.settrace(_Fate(last))
    try:
        rotate_key(database, secrets, note)
    finally:
        sys.settrace(None)


def die_each(folder: Path, url: str | None, first: int, step: int) -> None:
    """One child for each number from `first` on, `step` apart, until one comes to its end. Tells each death, and waits for a line before
    the next."""
    number = first
    while True:
        child = os.fork()
        if child == 0:
            die_at(Database(folder / "duplistatus.db", url), folder / ".duplistatus.key", number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.stdout.write(f"done {os.WEXITSTATUS(status)}\n")
            sys.stdout.flush()
            return
        sys.stdout.write(f"died {number}\n")
        sys.stdout.flush()
        sys.stdin.readline()
        number += step


if __name__ == "__main__":
    die_each(Path(sys.argv[1]), sys.argv[2] or None, int(sys.argv[3]), int(sys.argv[4]))
