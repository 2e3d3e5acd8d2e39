"""Refused documents are kept newest first and never grow beyond their limits, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import Instant
from duplistatus.store import rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    yield opened
    opened.close()


def keep(connection: Connection, at: int, body: bytes, reason: str = "the body is no report") -> None:
    rejected.keep(connection, Instant(at), "192.0.2.7", "application/json", "no_report", reason, body)


def test_a_refused_document_is_kept_as_it_came(connection: Connection) -> None:
    body = bytes(range(256)) * 3
    keep(connection, 1_000, body, "line 1: “quoted”")
    (row,) = rejected.newest_rejected(connection)
    assert (row.arrived_at, row.sender, row.content_type, row.code) == (1_000, "192.0.2.7", "application/json", "no_report")
    assert row.reason == "line 1: “quoted”"
    assert row.size == row.kept_size == len(body)
    assert rejected.rejected_by_id(connection, row.id) == row
    assert rejected.body_of(connection, row.id) == body


def test_the_newest_is_listed_first(connection: Connection) -> None:
    for at in (1, 2, 3):
        keep(connection, at, b"x")
    assert [row.arrived_at for row in rejected.newest_rejected(connection)] == [3, 2, 1]
    assert [row.arrived_at for row in rejected.newest_rejected(connection, 2)] == [3, 2]


def test_an_id_that_is_not_kept_has_neither_row_nor_body(connection: Connection) -> None:
    assert rejected.rejected_by_id(connection, 7) is None
    assert rejected.body_of(connection, 7) is None


def test_only_the_newest_hundred_stay(connection: Connection) -> None:
    for at in range(130):
        keep(connection, at, b"x")
    kept = rejected.newest_rejected(connection, 1_000)
    assert [row.arrived_at for row in kept] == list(range(129, 29, -1))


def test_old_documents_leave_when_new_ones_need_their_place(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejected, "MOST_BYTES", 1_000)
    for at, size in enumerate((400, 400, 200, 1, 500)):
        keep(connection, at, b"x" * size)
    assert [row.arrived_at for row in rejected.newest_rejected(connection)] == [4, 3, 2]
    keep(connection, 5, b"x" * 1_000)
    assert [row.arrived_at for row in rejected.newest_rejected(connection)] == [5]


def test_of_a_document_beyond_the_limit_the_head_is_kept_and_the_size_told(connection: Connection) -> None:
    keep(connection, 1, b"[" * (rejected.MOST_BYTES + 1))
    keep(connection, 2, b"y")
    huge = rejected.newest_rejected(connection)[1]
    assert (huge.size, huge.kept_size) == (rejected.MOST_BYTES + 1, rejected.HEAD_BYTES)
    assert rejected.body_of(connection, huge.id) == b"[" * rejected.HEAD_BYTES


def test_texts_that_no_database_holds_are_kept_readable(connection: Connection) -> None:
    keep(connection, 1, b"x", "job a\0b\ud800c")
    assert rejected.newest_rejected(connection)[0].reason == "job a�b?c"
