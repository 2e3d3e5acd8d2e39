"""Everything that is stored under the key, in one list: what checks the key, shows it and changes it goes by this. In: a connection; out:
the encrypted texts of each kind, and where another text goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from duplistatus.store import secret_rows
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.link_tables import collection_part
from duplistatus.store.secret_rows import Sealed
from duplistatus.store.tables import server
from duplistatus.store.tell_tables import channel

CHANNEL = "channel"
HEARTBEAT = "heartbeat"
SERVER = "server"
NEW_SERVER = "new_server"


@dataclass(frozen=True, slots=True)
class Holder:
    """One kind of secret. `use`: what it is encrypted for, which is also its name; `sealed` lists, `keep` stores another text, an empty
    one: no secret. `tables`: where they are."""

    use: str
    sealed: Callable[[Connection], list[Sealed]]
    keep: Callable[[Connection, int, str], None]
    tables: tuple[str, ...]


HOLDERS: tuple[Holder, ...] = (
    Holder(CHANNEL, secret_rows.of_channels, secret_rows.set_of_channel, (channel.name,)),
    Holder(HEARTBEAT, secret_rows.of_heartbeat, secret_rows.set_of_heartbeat, (setting.name,)),
    Holder(SERVER, secret_rows.of_servers, secret_rows.set_of_server, (server.name,)),
    Holder(NEW_SERVER, secret_rows.of_parts, secret_rows.set_of_part, (collection_part.name,)),
)


@dataclass(frozen=True, slots=True)
class Held:
    """A secret as the database has it."""

    holder: Holder
    sealed: Sealed

    @property
    def id(self) -> str:
        """Its name for programs."""
        return f"{self.holder.use}:{self.sealed.row}" if self.sealed.row else self.holder.use

    @property
    def name(self) -> str:
        """What people call it in the product's log."""
        return self.sealed.name or f"the {self.holder.use}"


def held(connection: Connection) -> list[Held]:
    """All secrets."""
    return [Held(holder, sealed) for holder in HOLDERS for sealed in holder.sealed(connection)]


def tables() -> tuple[str, ...]:
    """The tables that hold secrets or name the key."""
    return tuple(dict.fromkeys([name for holder in HOLDERS for name in holder.tables] + [setting.name]))
