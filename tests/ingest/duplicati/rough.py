"""Servers that behave as no server should, on free ports of 127.0.0.1: they take a connection, read a request, and do what a test says."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from tests.fixtures.ending import end

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable
    from types import TracebackType

_PATIENCE = 20.0
_LONGEST_HEAD = 65_536
_TLS = b"\x16"


class Rough:
    """`what`: done with each connection after the head of its request; `heads`: those that came; `sent`: bytes that could be sent."""

    def __init__(self, what: Callable[[Rough, asyncio.StreamWriter], Awaitable[None]], context: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.heads: list[bytes] = []
        self.sent = 0
        self._what = what
        self._context = context
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="rough", daemon=True)

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_PATIENCE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)

    async def write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Sends, and counts what went."""
        writer.write(data)
        await writer.drain()
        self.sent += len(data)

    async def stopped(self) -> None:
        """Waits for its end. Something that lives must be waited for: a task that waits for what nobody else knows is garbage once its
        connection has ended."""
        await self._stop.wait()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        await end(server)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            begin = await reader.readexactly(1)
            # A greeting of TLS where none is spoken ends the connection, as most servers do it.
            if begin != _TLS:
                self.heads.append((begin + await reader.readuntil(b"\r\n\r\n"))[:_LONGEST_HEAD])
                await self._what(self, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def saying(data: bytes) -> Callable[[Rough, asyncio.StreamWriter], Awaitable[None]]:
    """Sends these bytes and hangs up."""

    async def say(server: Rough, writer: asyncio.StreamWriter) -> None:
        await server.write(writer, data)

    return say


def silent() -> Callable[[Rough, asyncio.StreamWriter], Awaitable[None]]:
    """Says nothing until it is stopped."""

    async def wait(server: Rough, writer: asyncio.StreamWriter) -> None:
        await server.stopped()

    return wait


def streaming(head: bytes, piece: bytes, count: int, pause: float = 0.0) -> Callable[[Rough, asyncio.StreamWriter], Awaitable[None]]:
    """Sends a head and then pieces, with a pause after each."""

    async def stream(server: Rough, writer: asyncio.StreamWriter) -> None:
        await server.write(writer, head)
        for _ in range(count):
            await server.write(writer, piece)
            if pause:
                await asyncio.sleep(pause)

    return stream
