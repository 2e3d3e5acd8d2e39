"""What administrators are to know of the key and of all that is stored under it, and the one thing they may do: have lost secrets
forgotten. In: a request whose caller was let in; out: names, never a secret. The change is one transaction with its entry in the audit
log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from duplistatus.security.key_check import Cause, KeyState, check_key, key_state
from duplistatus.security.key_file import SHOWN_DIGITS, KeyFile, key_file
from duplistatus.security.secret_holders import HEARTBEAT, Held
from duplistatus.store import audit
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.key_mark import keep_fingerprint
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent

PATH = "/settings/secrets"


@dataclass(frozen=True, slots=True)
class Room:
    """The key file, and what the database knows of its key."""

    file: KeyFile
    state: KeyState

    @property
    def mark(self) -> str:
        """The first digits of the fingerprint of the key that is there."""
        return self.state.mark[:SHOWN_DIGITS]

    @property
    def kept(self) -> str:
        """Of the key that was used last."""
        return self.state.kept[:SHOWN_DIGITS]

    @property
    def is_lost(self) -> bool:
        return self.state.is_lost

    @property
    def may_forget(self) -> bool:
        """Not while the file is there and cannot be read: then nobody knows what is lost."""
        return bool(self.state.lost) and self.state.cause is not Cause.UNUSABLE


def room(request: Request) -> Room:
    """How it is now; the file is looked at anew."""
    parts = context(request)
    with parts.database.read() as connection:
        return Room(key_file(parts.secrets.file), key_state(connection, parts.secrets))


def page_of(each: Held) -> str:
    """The page on which it is entered."""
    return f"/settings/{each.sealed.tab}" + ("#heartbeat" if each.holder.use == HEARTBEAT else "")


async def forget(request: Request, caller: Caller, ids: Collection[str]) -> tuple[str, ...]:
    """Forgets those of the named secrets that are lost, and takes the present key for the right one once nothing is lost any more; their
    names. Raises Refused where none of them is lost, or where nobody can know."""
    parts = context(request)
    chosen = frozenset(ids)
    agent = user_agent(request)

    def work(connection: Connection) -> tuple[str, ...]:
        before = key_state(connection, parts.secrets)
        if before.cause is Cause.UNUSABLE:
            raise Refused(409, f"{before.trouble}: what is lost cannot be known until it can be used, or is moved away", "key_trouble")
        gone = [each for each in before.lost if each.id in chosen]
        if not gone:
            raise Refused(409, "None of these secrets is lost", "nothing_lost")
        for each in gone:
            each.holder.keep(connection, each.sealed.row, "")
        check_key(connection, parts.secrets)
        after = key_state(connection, parts.secrets)
        if not after.lost and not after.mark:
            # There is no key, and nothing that needs one: the next secret makes a new one.
            keep_fingerprint(connection, "")
        details: Mapping[str, object] = {
            "before": {"lost": [each.id for each in before.lost], "fingerprint": before.kept[:SHOWN_DIGITS]},
            "after": {"lost": [each.id for each in after.lost], "fingerprint": after.mark[:SHOWN_DIGITS]},
            "names": [each.name for each in gone],
        }
        entry = Entry(parts.clock.now(), "secrets_forgotten", "config", caller.user, "", "key", None, details, caller.address, agent)
        audit.record(connection, entry)
        return tuple(each.name for each in gone)

    return await parts.writer.write(work)
