"""Whether the key file is the one that secrets were stored under. In: the database and the key; out: a sentence for whoever runs the
product where it is not. Nothing is ever wiped: the right file put back makes every secret readable again, and what is entered anew is
stored under the key that is there."""

from __future__ import annotations

from typing import NamedTuple

from duplistatus.security.secrets import KeyTrouble, SecretLost, Secrets
from duplistatus.store.database import Connection
from duplistatus.store.heartbeat import heartbeat
from duplistatus.store.key_mark import keep_fingerprint, kept_fingerprint, secrets_of_channels

CHANNEL = "channel"
HEARTBEAT = "heartbeat"
"""The uses that secrets are encrypted for."""
_MOST_NAMED = 5


class Stored(NamedTuple):
    """A secret as the database has it, and what it belongs to."""

    name: str
    text: str
    use: str


def check_key(connection: Connection, secrets: Secrets) -> str:
    """What is wrong with the key; empty when nothing is. Keeps the fingerprint of a key that reads everything."""
    stored = [Stored(name, text, CHANNEL) for name, text in secrets_of_channels(connection)]
    if beat := heartbeat(connection).secret:
        stored.append(Stored("the heartbeat", beat, HEARTBEAT))
    if not secrets.is_made:
        return f"the key file {secrets.file} is gone, {_remedy([each.name for each in stored])}" if stored else ""
    try:
        own = secrets.fingerprint
    except KeyTrouble as trouble:
        return str(trouble)
    kept = kept_fingerprint(connection)
    lost = [each.name for each in stored if not _reads(secrets, each)]
    if not lost:
        if own != kept:
            keep_fingerprint(connection, own)
        return ""
    if own == kept:
        return f"what is stored in the database is damaged: enter the secrets of {_list(lost)} anew"
    return f"the key file {secrets.file} is not the one that secrets were stored under, {_remedy(lost)}"


def _reads(secrets: Secrets, stored: Stored) -> bool:
    try:
        secrets.decrypt(stored.text, stored.use)
    except SecretLost:
        return False
    return True


def _remedy(names: list[str]) -> str:
    return f"so that the secrets of {_list(names)} cannot be read: put the file back, or enter them anew"


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
