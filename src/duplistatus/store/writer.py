"""The single writer: one thread that owns the only writing connection. In: pieces of work, each a function of the connection; out:
what they return, told only after the commit that holds them. Work that waits together commits together (one flush of the disk for
all), each piece in its own savepoint so that an error in one never touches another. A full queue refuses at once."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from duplistatus.store.database import Connection, Database, StoreBusy, StoreUnavailable, driver_errors, is_unavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

_BATCH = 64
_QUEUE = 512


@dataclass(slots=True)
class _Piece:
    work: Work[Any]
    future: Future[Any]
    changed: bool


class Writer:
    """Runs work in the order of its arrival. `version` counts commits that changed data; it never goes back while the process runs."""

    def __init__(self, database: Database, capacity: int = _QUEUE) -> None:
        self._database = database
        self._queue: queue.Queue[_Piece | None] = queue.Queue(capacity)
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._listeners: list[Callable[[int], None]] = []
        self._closed = False
        self.version = 1
        self.failing: str | None = None
        """Why the newest batch could not be stored; None when it was."""

    @property
    def waiting(self) -> int:
        """Pieces of work that wait."""
        return self._queue.qsize()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
        self._thread.start()

    def on_commit(self, listener: Callable[[int], None]) -> None:
        """Calls `listener(version)` on the writer's thread after each commit that changed data; it must be quick and not raise."""
        self._listeners.append(listener)

    def submit(self, work: Work[T], *, changes: bool = True) -> Future[T]:
        """Queues work. The future holds its result after the commit, its own exception (nothing of it is stored), or
        StoreUnavailable. Raises StoreBusy when the queue is full, StoreUnavailable after close. `changes` False: bookkeeping
        that no page or answer shows."""
        future: Future[T] = Future()
        if self._closed:
            raise StoreUnavailable("the product is stopping")
        try:
            self._queue.put_nowait(_Piece(work, future, changes))
        except queue.Full:
            raise StoreBusy("too many writes are waiting") from None
        return future

    async def write(self, work: Work[T], *, changes: bool = True) -> T:
        """As `submit`, awaited."""
        return await asyncio.wrap_future(self.submit(work, changes=changes))

    def close(self, timeout: float = 8.0) -> None:
        """Stores what waits, then ends the thread."""
        self._closed = True
        if self._thread and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(timeout)

    def _loop(self) -> None:
        ended = False
        while not ended:
            pieces: list[_Piece] = []
            first = self._queue.get()
            while True:
                if first is None:
                    ended = True
                elif first.future.set_running_or_notify_cancel():
                    # From here on nobody who waits can withdraw it; withdrawn before, it is left out.
                    pieces.append(first)
                if ended or len(pieces) >= _BATCH:
                    break
                try:
                    first = self._queue.get_nowait()
                except queue.Empty:
                    break
            if pieces:
                self._batch(pieces)
        self._disconnect()

    def _batch(self, pieces: list[_Piece]) -> None:
        """1. begin; 2. each piece in its savepoint; 3. commit; 4. tell the results. Trouble with the database itself undoes all."""
        try:
            connection = self._connection = self._connection or self._database.connect()
            connection.script("BEGIN IMMEDIATE" if connection.dialect == "sqlite" else "BEGIN")
            outcomes = [self._piece(connection, piece) for piece in pieces]
            connection.script("COMMIT")
        except Exception as error:
            if not isinstance(error, (StoreUnavailable, *driver_errors())):
                raise
            self._disconnect()
            self.failing = str(error)
            refusal = StoreUnavailable(f"the database cannot be written: {error}")
            for piece in pieces:
                piece.future.set_exception(refusal)
            return
        self.failing = None
        if any(piece.changed and error is None for piece, _, error in outcomes):
            self.version += 1
            for listener in self._listeners:
                listener(self.version)
        for piece, result, problem in outcomes:
            if problem is None:
                piece.future.set_result(result)
            else:
                piece.future.set_exception(problem)

    @staticmethod
    def _piece(connection: Connection, piece: _Piece) -> tuple[_Piece, Any, BaseException | None]:
        connection.script("SAVEPOINT piece")
        try:
            result = piece.work(connection)
        except Exception as error:
            if is_unavailable(error):
                raise
            connection.script("ROLLBACK TO SAVEPOINT piece")
            connection.script("RELEASE SAVEPOINT piece")
            return piece, None, error
        connection.script("RELEASE SAVEPOINT piece")
        return piece, result, None

    def _disconnect(self) -> None:
        if self._connection is not None:
            try:
                self._connection.close()
            except driver_errors():
                pass
            self._connection = None
