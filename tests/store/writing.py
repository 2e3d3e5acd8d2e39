"""Work for a writer in tests, and what it left in the database."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from duplistatus.store.database import Connection, Database
from duplistatus.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Work = Callable[[Connection], Any]

SOON = 10.0
"""Seconds within which a test's writer must have answered."""


def put(key: str, value: str = "") -> Work:
    def work(connection: Connection) -> str:
        connection.raw.execute(f"INSERT INTO setting (key, value) VALUES ('{key}', '{value}')")
        return key

    return work


def fail(_: Connection) -> None:
    raise KeyError("no such job")


def keys(database: Database) -> list[str]:
    with database.read() as connection:
        return [row[0] for row in connection.raw.execute("SELECT key FROM setting ORDER BY key").fetchall()]


@contextmanager
def held(writer: Writer) -> Iterator[None]:
    """Keeps the writer busy, so that what is submitted meanwhile waits together."""
    begun, go = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        begun.set()
        assert go.wait(SOON)

    future = writer.submit(wait, changes=False)
    assert begun.wait(SOON)
    try:
        yield
    finally:
        go.set()
        future.result(SOON)


def flush(writer: Writer) -> None:
    """Until everything submitted so far is told."""
    writer.submit(lambda _: None, changes=False).result(SOON)
