"""One database, SQLite or PostgreSQL, behind the same few calls. In: prepared statements and their values; out: plain tuples.
`Connection` runs statements; `Database` opens connections and keeps one reader per thread, opened anew after an error, so that a
database that was unusable for a while is used again without a restart."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duplistatus.store.statement import Params, Statement

Row = tuple[Any, ...]


class StoreError(Exception):
    """Base of what the store raises."""


class StoreUnavailable(StoreError):
    """The database cannot be used at the moment: disk full, read-only, locked, unreachable. Trying again later may help."""


class StoreBusy(StoreError):
    """More writes wait than the queue holds. Trying again in a moment helps."""


class Connection:
    """A connection of either driver. `dialect` is `sqlite` or `postgresql`."""

    __slots__ = ("dialect", "raw")

    def __init__(self, raw: Any, dialect: str) -> None:  # noqa: ANN401 - the two drivers have no type in common
        self.raw = raw
        self.dialect = dialect

    def run(self, statement: Statement, params: Params | None = None) -> Any:  # noqa: ANN401 - as the driver answers
        """Runs a statement; the driver's cursor."""
        text, literals = statement.text(self.dialect)
        return self.raw.execute(text, {**literals, **params} if params and literals else params or literals)

    def rows(self, statement: Statement, params: Params | None = None) -> list[Row]:
        found: list[Row] = self.run(statement, params).fetchall()
        return found

    def row(self, statement: Statement, params: Params | None = None) -> Row | None:
        found: Row | None = self.run(statement, params).fetchone()
        return found

    def value(self, statement: Statement, params: Params | None = None) -> Any:  # noqa: ANN401 - as the driver answers
        """The first column of the first row, None without a row."""
        found = self.row(statement, params)
        return found[0] if found else None

    def run_many(self, statement: Statement, params: Iterable[Params]) -> None:
        """Runs a statement once for each set of values."""
        text, literals = statement.text(self.dialect)
        sets: Sequence[dict[str, Any]] = [{**literals, **each} for each in params]
        if not sets:
            return
        if self.dialect == "sqlite":
            self.raw.executemany(text, sets)
        else:
            with self.raw.cursor() as cursor:
                cursor.executemany(text, sets)

    def script(self, text: str) -> None:
        """Runs a fixed command without values, e.g. BEGIN."""
        self.raw.execute(text)

    def close(self) -> None:
        self.raw.close()


_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32768",
    "PRAGMA temp_store=MEMORY",
)


def driver_errors() -> tuple[type[Exception], ...]:
    """What the drivers in use raise."""
    import sys

    if "psycopg" in sys.modules:
        import psycopg

        return (sqlite3.Error, psycopg.Error)
    return (sqlite3.Error,)


def is_unavailable(error: BaseException) -> bool:
    """True when the database itself, not the statement or its values, is the trouble."""
    import sys

    if isinstance(error, sqlite3.DatabaseError):
        return not isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError))
    if "psycopg" in sys.modules:
        import psycopg

        return isinstance(error, (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction))
    return False


class Database:
    """Where the data is. `url` None: SQLite in `file`; otherwise a PostgreSQL URL."""

    def __init__(self, file: Path, url: str | None = None) -> None:
        self.file = file
        self.url = url.replace("postgres://", "postgresql://", 1) if url else None
        self.dialect = "postgresql" if url else "sqlite"
        self._local = threading.local()
        self._readers: list[Connection] = []
        self._lock = threading.Lock()

    def connect(self) -> Connection:
        """A new connection without an open transaction. Raises StoreUnavailable."""
        try:
            if self.url:
                import psycopg

                return Connection(psycopg.connect(self.url, autocommit=True), "postgresql")
            raw = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False, cached_statements=512)
            try:
                for pragma in _SQLITE_PRAGMAS:
                    raw.execute(pragma)
            except sqlite3.Error:
                raw.close()
                raise
            return Connection(raw, "sqlite")
        except driver_errors() as error:
            raise StoreUnavailable(f"the database cannot be opened: {error}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """This thread's reader. Trouble with the database comes out as StoreUnavailable; after any error of the driver the reader is
        opened anew at the next use."""
        connection: Connection | None = getattr(self._local, "reader", None)
        if connection is None:
            connection = self._local.reader = self.connect()
            with self._lock:
                self._readers.append(connection)
        try:
            yield connection
        except driver_errors() as error:
            self._drop(connection)
            if is_unavailable(error):
                raise StoreUnavailable(f"the database cannot be read: {error}") from error
            raise

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """This thread's reader in one transaction: several statements see the same state."""
        with self.read() as connection:
            connection.script("BEGIN" if self.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield connection
            finally:
                connection.script("ROLLBACK")

    def _drop(self, connection: Connection) -> None:
        self._local.reader = None
        with self._lock:
            self._readers = [reader for reader in self._readers if reader is not connection]
        connection.close()

    def close(self) -> None:
        """Closes all readers."""
        with self._lock:
            readers, self._readers = self._readers, []
        for reader in readers:
            reader.close()
        self._local = threading.local()
