"""An outbox with what waits in it, and the processes that send it: each a dispatcher with a database and writer of its own. Their senders
hand messages to a `Town`, which notes what arrives and answers as a test wants it to; the clock is moved by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.routing import Filter
from duplistatus.notify.dispatcher import Dispatcher
from duplistatus.notify.message import Message
from duplistatus.security.secrets import Secrets
from duplistatus.store import outbox
from duplistatus.store.channels import ChannelRow, ChannelValues, add_channel, channel_by_id, save_channel
from duplistatus.store.database import Connection, Database
from duplistatus.store.telling import add_notice
from duplistatus.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duplistatus.clock import SetClock
    from duplistatus.store.outbox import Delivery

    Answer = Callable[[str, str], Any]


@dataclass
class Town:
    """Where messages go. `answers`: by name of the channel, what a sender does with a message: an exception is raised, an awaitable
    awaited. `arrived`: name of the channel, uid and destination of each that was taken; `tried`: of each that was offered."""

    answers: dict[str, Any] = field(default_factory=dict)
    arrived: list[tuple[str, str, str]] = field(default_factory=list)
    tried: list[tuple[str, str]] = field(default_factory=list)
    parallel: int = 4
    opened: int = 0
    closed: int = 0

    def of(self, channel: str) -> list[str]:
        """The uids that arrived at a channel."""
        return [uid for name, uid, _ in self.arrived if name == channel]


class TownSender:
    """Hands messages of one channel over."""

    def __init__(self, town: Town, row: ChannelRow) -> None:
        self.parallel = town.parallel
        self._town = town
        self._row = row
        town.opened += 1

    async def send(self, message: Message, destination: str) -> str:
        self._town.tried.append((self._row.name, message.uid))
        answer = self._town.answers.get(self._row.name)
        if callable(answer):
            answer = answer(message)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        self._town.arrived.append((self._row.name, message.uid, destination))
        return str(answer or "")

    async def close(self) -> None:
        self._town.closed += 1


class PlainRenderer:
    """Messages of few words; `fails`: notices, by their key's number, of which none can be made."""

    def __init__(self) -> None:
        self.fails: set[int] = set()

    def message(self, connection: Connection, delivery: Delivery) -> Message:
        del connection
        if delivery.details["number"] in self.fails:
            raise ValueError("there is no such word")
        text = f"number {delivery.details['number']}"
        return Message(delivery.uid, delivery.event, text, text, text, "", delivery.at)


class PostOffice:
    """Writes messages, and opens processes that send them."""

    def __init__(self, database: Database, clock: SetClock, folder: Path) -> None:
        self.database, self.clock, self.town = database, clock, Town()
        self.renderer = PlainRenderer()
        self.secrets = Secrets(folder / "key")
        self._numbers = 0
        self._writers: list[tuple[Writer, Database]] = []
        self.writer = self._writer()

    def _writer(self) -> Writer:
        opened = Database(self.database.file, self.database.url)
        writer = Writer(opened)
        writer.start()
        self._writers.append((writer, opened))
        return writer

    def process(self) -> Dispatcher:
        """A further process, whose pauses have no chance in them."""
        writer = self._writer()
        opened = self._writers[-1][1]
        renderer: Any = self.renderer
        return Dispatcher(
            opened, writer, self.clock, self.secrets, renderer, sender_of=lambda row, _: TownSender(self.town, row), chance=lambda: 0.5
        )

    def write(self, work: Callable[[Connection], Any]) -> Any:
        return self.writer.submit(work).result()

    def channel(self, name: str, *, enabled: bool = True) -> int:
        values = ChannelValues(name, enabled, {}, "", Filter())
        number: int = self.write(lambda connection: add_channel(connection, "webhook", values, "tests", self.clock.now()))
        return number

    def set_up(self, channel_id: int, *, enabled: bool = True) -> None:
        """Somebody changes the channel."""
        row = self.row(channel_id)
        values = ChannelValues(row.name, enabled, row.config, row.secret, row.filter)
        self.write(lambda connection: save_channel(connection, channel_id, values, "tests", self.clock.now()))

    def post(self, *channel_ids: int, count: int = 1, destination: str = "") -> None:
        """Writes so many messages to each of the channels."""

        def work(connection: Connection) -> None:
            now = self.clock.now()
            for _ in range(count):
                self._numbers += 1
                notice_id = add_notice(connection, f"test:{self._numbers}", Event.TEST, {"number": self._numbers}, now)
                assert notice_id is not None
                outbox.add_deliveries(connection, notice_id, [(each, destination) for each in channel_ids], now)

        self.write(work)

    def row(self, channel_id: int) -> ChannelRow:
        with self.database.read() as connection:
            found = channel_by_id(connection, channel_id)
        assert found is not None
        return found

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            found: list[tuple[Any, ...]] = connection.raw.execute(text).fetchall()
        return found

    def states(self) -> dict[str, int]:
        """How many messages are in each state."""
        return dict(self.rows("SELECT state, count(*) FROM outbox GROUP BY state"))

    def close(self) -> None:
        for writer, opened in self._writers:
            writer.close()
            opened.close()


async def drain(process: Dispatcher) -> float:
    """One look, and the end of what it began; the seconds until the process would look again."""
    await process.look()
    await process.finished()
    return await process.look()
