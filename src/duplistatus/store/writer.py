"""The single writer: one thread that owns the only writing connection. In: pieces of work, each a function of the connection; out:
what they return, told only after the commit that holds them. Work that waits together commits together (one flush of the disk for
all), each piece in its own savepoint so that an error in one never touches another. A full queue refuses at once."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from duplistatus.store.database import Connection, Database, StoreBusy, StoreUnavailable, driver_errors, is_unavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

_BATCH = 64
_QUEUE = 512
_log = structlog.get_logger()


@dataclass(slots=True)
class _Piece:
    """Work that waits. `loop`: the event loop that awaits the future; None: a thread does."""

    work: Work[Any]
    future: Future[Any] | asyncio.Future[Any]
    changes: bool
    loop: asyncio.AbstractEventLoop | None = None
    result: Any = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Does the work; its own error stays with it, and nothing of it is stored. Raises when the database is the trouble."""
        self.result = self.error = None
        connection.script("SAVEPOINT piece")
        try:
            self.result = self.work(connection)
            connection.script("RELEASE SAVEPOINT piece")
        except Exception as error:
            if is_unavailable(error):
                raise
            connection.script("ROLLBACK TO SAVEPOINT piece")
            connection.script("RELEASE SAVEPOINT piece")
            self.error = error

    def tell(self) -> None:
        """Gives the outcome to who waits for it, unless nobody does any more."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)

    def is_withdrawn(self) -> bool:
        """Whether nobody waits any more. Otherwise a thread that waits can no longer withdraw it from here on."""
        return not self.future.set_running_or_notify_cancel() if isinstance(self.future, Future) else self.future.cancelled()


class Writer:
    """Runs work in the order of its arrival. `version` counts commits that changed data; it never goes back while the process runs."""

    def __init__(self, database: Database, capacity: int = _QUEUE) -> None:
        self._database = database
        self._capacity = capacity
        self._pieces: deque[_Piece] = deque()
        self._arrived = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._listeners: list[Callable[[int], None]] = []
        self.version = 1
        self.failing: str | None = None
        """Why the newest batch could not be stored; None when it was."""

    @property
    def waiting(self) -> int:
        """Pieces of work that wait."""
        return len(self._pieces)

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
        self._queue(_Piece(work, future, changes))
        return future

    async def write(self, work: Work[T], *, changes: bool = True) -> T:
        """As `submit`, awaited."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue(_Piece(work, future, changes, loop))
        return await future

    def _queue(self, piece: _Piece) -> None:
        with self._arrived:
            if self._closed:
                raise StoreUnavailable("the product is stopping")
            if len(self._pieces) >= self._capacity:
                raise StoreBusy("too many writes are waiting")
            self._pieces.append(piece)
            self._arrived.notify()

    def close(self, timeout: float = 4.0) -> None:
        """Stores what waits, then ends the thread. What is not stored after `timeout` seconds is refused."""
        with self._arrived:
            self._closed = True
            self._arrived.notify()
        if self._thread is not None:
            self._thread.join(timeout)
        with self._arrived:
            left = list(self._pieces)
            self._pieces.clear()
        for piece in left:
            piece.error = StoreUnavailable("the product is stopping")
        _tell(piece for piece in left if not piece.is_withdrawn())

    def _loop(self) -> None:
        while pieces := self._next():
            try:
                self._batch(pieces)
            except BaseException as error:
                _log.error("writing failed", error=type(error).__name__, exc_info=True)
                self._disconnect()
                for piece in pieces:
                    piece.error = piece.error or error
                _tell(pieces)
        self._disconnect()

    def _next(self) -> list[_Piece]:
        """The pieces that wait, at most a batch of them, waiting for the first; none when the writer is closed and all is done."""
        while True:
            with self._arrived:
                while not self._pieces and not self._closed:
                    self._arrived.wait()
                taken = [self._pieces.popleft() for _ in range(min(_BATCH, len(self._pieces)))]
            pieces = [piece for piece in taken if not piece.is_withdrawn()]
            if pieces or not taken:
                return pieces

    def _batch(self, pieces: list[_Piece]) -> None:
        """Stores pieces together. Where the database fails on one of several, each is tried alone, so that a damaged page or a report
        too large for the disk refuses nobody else. A database that begins no transaction is not asked again for each of them."""
        groups = deque([pieces])
        while groups:
            connection = self._begin()
            if connection is None:
                self._refuse([piece for group in groups for piece in group])
                return
            group = groups.popleft()
            if self._commit(connection, group):
                continue
            if len(group) > 1:
                groups.extend([piece] for piece in group)
            else:
                self._refuse(group)

    def _begin(self) -> Connection | None:
        """The connection, in a new transaction; None when there is none to be had. One to PostgreSQL that was lost while it was idle
        is replaced: nothing has been tried on it yet."""
        try:
            if self._connection is not None:
                try:
                    return _begun(self._connection)
                except driver_errors():
                    if self._database.dialect == "sqlite":
                        raise
                    self._disconnect()
            self._connection = self._database.connect()
            return _begun(self._connection)
        except Exception as error:
            self._fail(error)
            return None

    def _commit(self, connection: Connection, pieces: list[_Piece]) -> bool:
        """Each piece in its savepoint, then the commit, then the results. False when the database failed: nothing is stored, and nobody
        has been told."""
        try:
            for piece in pieces:
                piece.run(connection)
            connection.script("COMMIT")
        except Exception as error:
            self._fail(error)
            return False
        self.failing = None
        if any(piece.changes and piece.error is None for piece in pieces):
            self.version += 1
            self._announce()
        _tell(pieces)
        return True

    def _fail(self, error: Exception) -> None:
        """Takes note of trouble with the database; anything else is a defect and raised."""
        # Closing the connection undoes what it had not committed.
        self._disconnect()
        if not isinstance(error, (StoreUnavailable, *driver_errors())):
            raise error
        self.failing = str(error)

    def _announce(self) -> None:
        for listener in self._listeners:
            try:
                listener(self.version)
            except Exception:
                _log.exception("listener of commits failed")

    def _refuse(self, pieces: list[_Piece]) -> None:
        for piece in pieces:
            piece.error = StoreUnavailable(f"the database cannot be written: {self.failing}")
        _tell(pieces)

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(*driver_errors()):
                self._connection.close()
            self._connection = None


def _begun(connection: Connection) -> Connection:
    connection.script("BEGIN IMMEDIATE" if connection.dialect == "sqlite" else "BEGIN")
    return connection


def _tell(pieces: Iterable[_Piece]) -> None:
    """Tells the outcomes: each event loop is woken once for all of its pieces."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        if piece.loop is None:
            piece.tell()
        else:
            by_loop[piece.loop].append(piece)
    for loop, its in by_loop.items():
        # A loop that has ended has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell_all, its)


def _tell_all(pieces: list[_Piece]) -> None:
    for piece in pieces:
        piece.tell()
