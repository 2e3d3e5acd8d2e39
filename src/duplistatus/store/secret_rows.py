"""The encrypted texts of the database, wherever they are. In: a connection; out: each with what it belongs to, and another text in its
place. What they hold is nowhere known here."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select, update

from duplistatus.store.channels import EMAIL, NTFY
from duplistatus.store.database import Connection, StoreBusy
from duplistatus.store.heartbeat import heartbeat, replace_address
from duplistatus.store.link_tables import collection_part
from duplistatus.store.statement import Statement
from duplistatus.store.tables import server
from duplistatus.store.tell_tables import channel

HEARTBEAT_ROW = 0
_LOCK = 0x6475706B  # any number that no other program locks in this database
_OF_CHANNELS = Statement(
    select(channel.c.id, channel.c.key, channel.c.name, channel.c.secret).where(channel.c.secret != "").order_by(channel.c.id)
)
_SET = Statement(update(channel).where(channel.c.id == bindparam("of")).values(secret=bindparam("text")))
_OF_SERVERS = Statement(
    select(server.c.id, func.coalesce(func.nullif(server.c.alias, ""), server.c.name), server.c.secret)
    .where(server.c.secret != "")
    .order_by(server.c.id)
)
_SET_OF_SERVER = Statement(update(server).where(server.c.id == bindparam("of")).values(secret=bindparam("text")))
_OF_PARTS = Statement(
    select(collection_part.c.id, collection_part.c.url, collection_part.c.secret)
    .where(collection_part.c.secret != "")
    .order_by(collection_part.c.id)
)
_SET_OF_PART = Statement(update(collection_part).where(collection_part.c.id == bindparam("of")).values(secret=bindparam("text")))
_ALONE = Statement(select(func.pg_try_advisory_xact_lock(_LOCK)))


@dataclass(frozen=True, slots=True)
class Sealed:
    """One encrypted text. `row`: its number among those of its kind; `name`: what people call what it belongs to; `tab`: the page of the
    settings on which it is entered."""

    row: int
    name: str
    tab: str
    text: str = field(repr=False)


def of_channels(connection: Connection) -> list[Sealed]:
    """Those of channels."""
    return [Sealed(row[0], row[2], _tab(row[0], row[1]), row[3]) for row in connection.rows(_OF_CHANNELS)]


def _tab(number: int, key: str | None) -> str:
    return key if key in (NTFY, EMAIL) else f"channels/{number}"


def set_of_channel(connection: Connection, number: int, text: str) -> None:
    """Another text for a channel, of which nothing else changes."""
    connection.run(_SET, {"of": number, "text": text})


def of_heartbeat(connection: Connection) -> list[Sealed]:
    """The address of the heartbeat, where one is set."""
    text = heartbeat(connection).secret
    return [Sealed(HEARTBEAT_ROW, "", "messages", text)] if text else []


def set_of_heartbeat(connection: Connection, _: int, text: str) -> None:
    """Another text for its address; an empty one takes it away."""
    replace_address(connection, text)


def of_servers(connection: Connection) -> list[Sealed]:
    """The passwords of servers."""
    return [Sealed(row[0], row[1], f"servers/{row[0]}", row[2]) for row in connection.rows(_OF_SERVERS)]


def set_of_server(connection: Connection, number: int, text: str) -> None:
    """Another text for the password of a server."""
    connection.run(_SET_OF_SERVER, {"of": number, "text": text})


def of_parts(connection: Connection) -> list[Sealed]:
    """The passwords of servers that are being added."""
    return [Sealed(row[0], row[1], "servers", row[2]) for row in connection.rows(_OF_PARTS)]


def set_of_part(connection: Connection, number: int, text: str) -> None:
    """Another text for the password of a server that is being added."""
    connection.run(_SET_OF_PART, {"of": number, "text": text})


def is_alone(connection: Connection) -> bool:
    """Whether no other process changes the key, until the end of this transaction, which may write."""
    # Whoever may write to SQLite is alone.
    return connection.dialect == "sqlite" or bool(connection.value(_ALONE))


def shut_out(connection: Connection, tables: tuple[str, ...]) -> None:
    """Nobody else reads or writes the tables of secrets until the end of this transaction. Raises StoreBusy where somebody does at the
    moment: whoever waited here could stand in the way of those who hold one of them."""
    if connection.dialect == "sqlite":
        return
    from psycopg.errors import LockNotAvailable

    names = ", ".join(f'"{name}"' for name in tables)
    try:
        connection.script(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE NOWAIT")
    except LockNotAvailable as error:
        raise StoreBusy("the tables of secrets are in use") from error
