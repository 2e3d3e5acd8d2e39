"""Whether the key file is the one that secrets were stored under. In: the database and the key; out: what can be read and what cannot, and
a sentence for whoever runs the product. Nothing is ever wiped: the right file put back makes every secret readable again, and what is
entered anew is stored under the key that is there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from duplistatus.security.key_rotation import settle
from duplistatus.security.secret_holders import CHANNEL, HEARTBEAT, Held, held
from duplistatus.security.secrets import KeyTrouble, Secrets
from duplistatus.store.database import Connection
from duplistatus.store.key_mark import keep_fingerprint, kept_fingerprint

__all__ = ["CHANNEL", "HEARTBEAT", "Cause", "KeyState", "check_key", "key_state", "sealed"]

_MOST_NAMED = 5


class Cause(Enum):
    """What is the matter with the key."""

    NOTHING = "ok"
    GONE = "gone"
    UNUSABLE = "unusable"
    """It is there and cannot be read, or is no key."""
    REPLACED = "replaced"
    DAMAGED = "damaged"
    """The key is the right one, what is stored is not what was stored under it."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """`mark`: the fingerprint of the key that is there, empty for none; `kept`: that of the key that was used last; `lost`: those of the
    secrets that cannot be read; `trouble`: why the file cannot be used."""

    file: Path
    cause: Cause
    mark: str
    kept: str
    secrets: tuple[Held, ...]
    lost: tuple[Held, ...]
    trouble: str = ""

    @property
    def is_lost(self) -> bool:
        """Whether something that is stored cannot be read."""
        return bool(self.lost)

    @property
    def sentence(self) -> str:
        """For the log; empty where nothing is the matter."""
        names = [each.name for each in self.lost]
        match self.cause:
            case Cause.GONE:
                return f"the key file {self.file} is gone, {_remedy(names)}"
            case Cause.REPLACED:
                return f"the key file {self.file} is not the one that secrets were stored under, {_remedy(names)}"
            case Cause.DAMAGED:
                return f"what is stored in the database is damaged: enter the secrets of {_list(names)} anew"
            case _:
                return self.trouble


def key_state(connection: Connection, secrets: Secrets) -> KeyState:
    """How it is. Changes nothing."""
    everything = tuple(held(connection))
    kept = kept_fingerprint(connection)
    if not secrets.is_made:
        cause = Cause.GONE if everything else Cause.NOTHING
        return KeyState(secrets.file, cause, "", kept, everything, everything)
    try:
        # A rotation that was broken off after its commit left the key beside the file.
        mark = kept if secrets.has(kept) else secrets.fingerprint
        lost = tuple(each for each in everything if not secrets.reads(each.sealed.text, each.holder.use))
    except KeyTrouble as trouble:
        return KeyState(secrets.file, Cause.UNUSABLE, "", kept, everything, everything, str(trouble))
    cause = Cause.NOTHING if not lost else Cause.DAMAGED if mark == kept else Cause.REPLACED
    return KeyState(secrets.file, cause, mark, kept, everything, lost)


def check_key(connection: Connection, secrets: Secrets) -> str:
    """What is wrong with the key; empty when nothing is. Ends a rotation that was broken off, and keeps the fingerprint of a key that
    reads everything. The connection may write."""
    settle(connection, secrets.file)
    state = key_state(connection, secrets)
    if state.cause is Cause.NOTHING and state.mark and state.mark != state.kept:
        keep_fingerprint(connection, state.mark)
    return state.sentence


def sealed(connection: Connection, secrets: Secrets, text: str, use: str) -> str:
    """The text, encrypted for that use under the key that the database names, to be stored in this same transaction: until it has ended
    nobody changes the key. Raises KeyTrouble."""
    return secrets.encrypt(text, use, kept_fingerprint(connection))


def _remedy(names: list[str]) -> str:
    return f"so that the secrets of {_list(names)} cannot be read: put the file back, or enter them anew"


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
