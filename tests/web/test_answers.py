"""Kept answers: the same bytes until the data changes, never longer, and never more than the room for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from duplistatus.clock import MINUTE, Instant
from duplistatus.web.answers import ENTRY_BYTES, Answers, answers
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

NOW = Instant(1_000_000)


def test_a_body_is_kept_for_its_version_and_a_minute() -> None:
    kept = Answers()
    kept.keep("a", 7, NOW, b"body")
    assert kept.get("a", 7, Instant(NOW + MINUTE - 1)) == b"body"
    assert kept.get("a", 7, Instant(NOW + MINUTE)) is None
    assert kept.get("a", 8, NOW) is None
    assert kept.get("b", 7, NOW) is None


def test_a_clock_that_was_set_back_makes_bodies_anew() -> None:
    kept = Answers()
    kept.keep("a", 7, NOW, b"body")
    assert kept.get("a", 7, Instant(NOW - 1)) is None


def test_what_can_no_longer_be_answered_takes_no_room() -> None:
    kept = Answers()
    kept.keep("a", 7, NOW, b"x" * 5_000)
    kept.keep("b", 8, NOW, b"x")
    held = kept.held_bytes
    assert held < 2 * ENTRY_BYTES
    kept.keep("c", 8, Instant(NOW + MINUTE), b"x")
    assert kept.held_bytes == held
    assert kept.get("c", 8, Instant(NOW + MINUTE)) == b"x"


def test_what_nobody_asked_for_longest_is_dropped_first() -> None:
    kept = Answers(most_bytes=4 * ENTRY_BYTES)
    for key in ("a", "b", "c"):
        kept.keep(key, 1, NOW, b"x")
    assert kept.get("a", 1, NOW)
    kept.keep("d", 1, NOW, b"x")
    assert [key for key in ("a", "b", "c", "d") if kept.get(key, 1, NOW)] == ["a", "c", "d"]


@given(st.lists(st.tuples(st.text(max_size=30), st.integers(0, 5_000))))
def test_the_room_is_never_exceeded(bodies: list[tuple[str, int]]) -> None:
    kept = Answers(most_bytes=10_000)
    for key, size in bodies:
        kept.keep(key, 1, NOW, b"x" * size)
        assert 0 <= kept.held_bytes <= 10_000


def test_the_same_question_reads_the_database_once(site: TestClient, application: FastAPI, clock: SetClock) -> None:
    send(site, Made(clock.now()))
    first = site.get("/api/lastbackup/alpha").content
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("duplistatus.store.history.last_lines", None)
        assert site.get("/api/lastbackup/alpha").content == first
    assert answers(site_request(application)).held_bytes > len(first)


def site_request(application: FastAPI) -> Request:
    """What `answers` needs of a request."""
    return Request({"type": "http", "app": application})
