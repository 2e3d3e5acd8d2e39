"""A connection of a client. In: bytes; out: what uvicorn makes of them, as long as the head of a request (its line and headers) is not
larger than `LARGEST_HEAD` and comes within `PATIENCE`, and what is left of a body after the answer is not larger than `MOST_AFTER`:
uvicorn itself would keep headers without end, wait for ever, and read on."""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 96 * 1024
"""Bytes: an address and all cookies that a browser keeps for one site, with room to spare."""
PATIENCE = 30.0
"""Seconds from the connection, or from the end of an answer, to the last header of the next request."""
MOST_AFTER = 4 * 1024 * 1024
"""Bytes of a body that are thrown away after the answer: a client that is still sending would not see an answer before it has sent all."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """The protocol that uvicorn makes for each connection."""

    _is_in_head = True
    _head_bytes = 0
    _bytes_after = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
        elif self.cycle.response_complete:
            self._bytes_after += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        if self._bytes_after > MOST_AFTER:
            self._close()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_head = True
        self._head_bytes = self._bytes_after = 0

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last:
            self._wait()

    def _wait(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(PATIENCE, self._close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
