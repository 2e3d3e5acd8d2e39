"""How fast messages go out. In: the data folder of a filled database whose product does not run; out: messages a second that a channel gets
while another one hangs. Both are ntfy channels to servers of this process: one takes everything at once, one never answers."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from types import TracebackType

from bench.product import Product
from duplistatus.clock import Instant, SystemClock
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.routing import Filter
from duplistatus.store import fleet
from duplistatus.store.channels import ChannelValues, add_channel
from duplistatus.store.database import Connection, Database
from duplistatus.store.outbox import add_deliveries
from duplistatus.store.schema import migrate
from duplistatus.store.telling import add_notice
from duplistatus.store.writer import Writer

_LONGEST = 300.0
"""Seconds after which it is given up."""
_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 37\r\n\r\n{"id":"xE73Iyuabi","event":"message"}'


class Taker:
    """An HTTP server that takes messages, or takes them and never answers. `arrived`: the moments of the first, and of the one that was
    awaited."""

    def __init__(self, *, hangs: bool, awaited: int = 0) -> None:
        self.hangs = hangs
        self.count = 0
        self.first = self.last = 0.0
        self.port = 0
        self._awaited = awaited
        self.done = threading.Event()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Taker:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
                await reader.readexactly(length)
                self._note()
                if self.hangs:
                    await self._stop.wait()
                    return
                writer.write(_ANSWER)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _note(self) -> None:
        self.count += 1
        self.last = time.perf_counter()
        if self.count == 1:
            self.first = self.last
        if self.count == self._awaited:
            self.done.set()


def drain_rate(folder: Path, count: int) -> float:
    """Messages a second, from the first that arrives to the last, of `count` for each of the two channels. They tell of warnings of the
    jobs that are there."""
    with Taker(hangs=False, awaited=count) as fast, Taker(hangs=True) as hanging:
        _write(folder, {"fast": fast.port, "hanging": hanging.port}, count)
        with Product(folder):
            if not fast.done.wait(_LONGEST):
                raise TimeoutError(f"of {count} messages {fast.count} came within {_LONGEST:.0f} s")
        if hanging.count == 0:
            raise RuntimeError("nothing was sent to the channel that hangs")
        return (count - 1) / (fast.last - fast.first)


def _write(folder: Path, ports: dict[str, int], count: int) -> None:
    database = Database(folder / "duplistatus.db")
    migrate(database)
    writer = Writer(database)
    writer.start()
    try:
        writer.submit(lambda connection: _outbox(connection, ports, count, SystemClock().now())).result()
    finally:
        writer.close()
        database.close()


def _outbox(connection: Connection, ports: dict[str, int], count: int, now: Instant) -> None:
    places = []
    for name, port in ports.items():
        config = {"url": f"http://127.0.0.1:{port}/", "topic": name, "markdown": False}
        places.append((add_channel(connection, "ntfy", ChannelValues(name, True, config, "", Filter()), "bench", now), ""))
    jobs = fleet.jobs(connection)
    for number in range(count):
        job = jobs[number % len(jobs)]
        details = {
            "status": "Warning",
            "begun_at": job.last_begun_at,
            "ended_at": job.last_begun_at,
            "duration_ticks": 6_000_000_000,
            "warnings": 1,
            "errors": 0,
            "messages": 12,
            "uploaded": job.last_uploaded,
            "files": job.files,
            "source_size": job.source_size,
            "stored_size": job.stored_size,
            "versions": job.versions_count,
            "reason": "",
        }
        notice_id = add_notice(connection, f"bench:{number}", Event.WARNING, details, now, job_id=job.id, server_id=job.server_id)
        assert notice_id is not None
        add_deliveries(connection, notice_id, places, now)
