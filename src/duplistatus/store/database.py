"""One database, SQLite or PostgreSQL, behind the same few calls. In: prepared statements and their values; out: plain tuples.
`Connection` runs statements; `Database` opens connections and lends readers, which are opened anew after trouble, so that a database
that was unusable for a while is used again without a restart."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duplistatus.store.statement import Params, Statement

Row = tuple[Any, ...]
_NO_VALUES: Params = {}


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

    def run(self, statement: Statement, params: Params = _NO_VALUES) -> Any:  # noqa: ANN401 - as the driver answers
        """Runs a statement; the driver's cursor."""
        text, arguments = statement.prepared(self.dialect)
        return self.raw.execute(text, arguments(params))

    def rows(self, statement: Statement, params: Params = _NO_VALUES) -> list[Row]:
        found: list[Row] = self.run(statement, params).fetchall()
        return found

    def row(self, statement: Statement, params: Params = _NO_VALUES) -> Row | None:
        found: Row | None = self.run(statement, params).fetchone()
        return found

    def value(self, statement: Statement, params: Params = _NO_VALUES) -> Any:  # noqa: ANN401 - as the driver answers
        """The first column of the first row, None without a row."""
        found = self.row(statement, params)
        return found[0] if found else None

    def run_many(self, statement: Statement, params: Iterable[Params]) -> None:
        """Runs a statement once for each set of values."""
        text, arguments = statement.prepared(self.dialect)
        sets = [arguments(each) for each in params]
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
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
    # 2 MB each: there are as many readers as threads that read at once, and the system caches the file anyway.
    "PRAGMA cache_size=-2048",
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA temp_store=MEMORY",
)


# The result codes of SQLite that speak of the database; the others speak of the statement or its values.
_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOTADB,
    }
)

_SWITCH_WITHIN = 10.0
"""Seconds to wait until a new file can be switched to its write-ahead log while others do the same."""
_SWITCH_AGAIN = 0.02
_MOST_IDLE = 16
"""Readers kept for the next use."""
_TRUSTED_FOR = 5.0
"""Seconds after its last use during which a connection to PostgreSQL is not tried first."""
_POSTGRESQL_DEFAULTS = {"connect_timeout": "3", "keepalives_idle": "10", "keepalives_interval": "3", "tcp_user_timeout": "10000"}
"""A server that is gone without a word is noticed within seconds; what the URL itself says goes first."""


def driver_errors() -> tuple[type[Exception], ...]:
    """What the drivers in use raise."""
    if "psycopg" in sys.modules:
        import psycopg

        return (sqlite3.Error, psycopg.Error)
    return (sqlite3.Error,)


def is_unavailable(error: BaseException) -> bool:
    """True when the database itself, not the statement or its values, is the trouble."""
    if isinstance(error, sqlite3.Error):
        # The lowest byte is the primary code; errors of the Python module itself have none.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _UNAVAILABLE
    if "psycopg" in sys.modules:
        import psycopg

        return isinstance(error, (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction))
    return False


def _write_ahead(raw: sqlite3.Connection) -> None:
    """Sees to it that the file has its write-ahead log, which is a property of the file. SQLite waits for nobody in the middle of the
    switch, whatever its busy timeout says: of two connections that both read the file and want to switch it, one is refused at once."""
    refused_from = time.monotonic() + _SWITCH_WITHIN
    while raw.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            raw.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > refused_from:
                raise
        time.sleep(_SWITCH_AGAIN)


class Database:
    """Where the data is. `url` None: SQLite in `file`, which must be there (`schema.migrate` makes it); otherwise a PostgreSQL URL."""

    def __init__(self, file: Path, url: str | None = None) -> None:
        self.file = file
        self.url = url.replace("postgres://", "postgresql://", 1) if url else None
        self.dialect = "postgresql" if url else "sqlite"
        self._idle: list[tuple[Connection, float]] = []
        self._lock = threading.Lock()

    def connect(self) -> Connection:
        """A new connection without an open transaction. Raises StoreUnavailable."""
        try:
            return self._connect_postgresql(self.url) if self.url else self._connect_sqlite()
        except driver_errors() as error:
            raise StoreUnavailable(f"the database cannot be opened: {' '.join(str(error).split())}") from error

    def _connect_sqlite(self) -> Connection:
        # Never makes a file: one that has vanished is trouble, not an empty database.
        location = f"{self.file.absolute().as_uri()}?mode=rw"
        raw = sqlite3.connect(location, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512)
        try:
            for pragma in _SQLITE_PRAGMAS:
                raw.execute(pragma)
            _write_ahead(raw)
        except sqlite3.Error:
            raw.close()
            raise
        return Connection(raw, "sqlite")

    @staticmethod
    def _connect_postgresql(url: str) -> Connection:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        options = {**_POSTGRESQL_DEFAULTS, **conninfo_to_dict(url)}
        return Connection(psycopg.connect(**options, autocommit=True), "postgresql")  # type: ignore[arg-type]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reader, lent to this block alone. Trouble with the database comes out as StoreUnavailable; after any error of the driver
        the reader is closed, after trouble with the database all idle ones too."""
        connection = self._reader()
        try:
            yield connection
        except driver_errors() as error:
            _close(connection)
            if is_unavailable(error):
                self.close()
                raise StoreUnavailable(f"the database cannot be read: {error}") from error
            raise
        except BaseException:
            self._give_back(connection)
            raise
        self._give_back(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A reader in one transaction: several statements see the same state."""
        with self.read() as connection:
            connection.script("BEGIN" if self.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            broken = False
            try:
                yield connection
            except driver_errors():
                # The reader is closed, which ends its transaction; SQLite may have ended it already.
                broken = True
                raise
            finally:
                if not broken:
                    connection.script("ROLLBACK")

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """A connection of its own in one transaction that may write: for commands beside a running product, whose own writes go through
        its Writer. Raises StoreUnavailable; whether a commit came about that failed so is not known on PostgreSQL."""
        connection = self.connect()
        try:
            connection.script("BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN")
            yield connection
            connection.script("COMMIT")
        except driver_errors() as error:
            if is_unavailable(error):
                raise StoreUnavailable(f"the database cannot be written: {error}") from error
            raise
        finally:
            # Closing undoes what was not committed.
            _close(connection)

    def _reader(self) -> Connection:
        """An idle reader, the last used first, or a new one."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection, used = self._idle.pop()
            if self.dialect == "sqlite" or time.monotonic() - used < _TRUSTED_FOR:
                return connection
            # PostgreSQL may have been restarted meanwhile; that is no reason to refuse the request that finds out.
            try:
                connection.script("SELECT 1")
            except driver_errors():
                _close(connection)
            else:
                return connection
        return self.connect()

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append((connection, time.monotonic()))
                return
        _close(connection)

    def close(self) -> None:
        """Closes the readers that are not lent."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            _close(connection)


def _close(connection: Connection) -> None:
    """Closes a connection whatever state it is in."""
    with suppress(*driver_errors()):
        connection.close()
