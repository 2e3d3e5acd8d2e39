"""Health as container engines and monitors ask for it: it turns bad with the disk or the database, and good again with them."""

from __future__ import annotations

import random
import resource
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import SECOND
from tests.web.api.reports import Made, document, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.settings import Settings


@contextmanager
def full_disk(size: int = 1024) -> Iterator[None]:
    """While it lasts no file of this process can grow beyond its first kilobyte, or `size` bytes, as on a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_usable_database_is_healthy(site: TestClient, clock: SetClock) -> None:
    answer = site.get("/api/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "healthy", "database": "connected", "timestamp": "2026-07-10T12:00:00.000Z"}
    assert answer.headers["cache-control"] == "no-store, no-cache, must-revalidate"


def test_head_tells_the_same_without_a_body(site: TestClient) -> None:
    for path in ("/api/health", "/api/ping"):
        answer = site.head(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), path


@pytest.mark.usefixtures("nothing_by_time")
def test_a_full_disk_is_noticed_and_so_is_its_end(site: TestClient, clock: SetClock) -> None:
    assert site.get("/api/health").status_code == 200
    clock.advance(10 * SECOND)
    with full_disk():
        answer = site.get("/api/health")
        assert (answer.status_code, answer.json()["status"], answer.json()["database"]) == (503, "unhealthy", "not writable")
        assert site.get("/api/health").status_code == 503, "at once, not only after the next ten seconds"
        assert site.get("/api/summary").status_code == 200, "what can be read is still read"
    assert site.get("/api/health").status_code == 200
    send(site, Made(clock.now()))


@pytest.mark.usefixtures("nothing_by_time")
def test_a_confirmed_write_is_trusted_for_ten_seconds(site: TestClient, clock: SetClock) -> None:
    assert site.get("/api/health").status_code == 200
    with full_disk():
        clock.advance(10 * SECOND - 1)
        assert site.get("/api/health").status_code == 200
        clock.advance(1)
        assert site.get("/api/health").status_code == 503


def test_a_failed_upload_makes_the_next_answer_look_closer(site: TestClient, clock: SetClock) -> None:
    assert site.get("/api/health").status_code == 200
    with full_disk():
        assert site.post("/api/upload", json={"Data": {}}).status_code == 400
        assert site.get("/api/health").status_code == 503


def test_room_for_a_word_is_no_room_for_reports(site: TestClient, settings: Settings, clock: SetClock) -> None:
    assert site.get("/api/health").status_code == 200
    log = settings.database_file.with_name("duplistatus.db-wal")
    with full_disk(log.stat().st_size + 50_000):
        large = Made(clock.now(), lines=tuple(random.Random(0).randbytes(200).hex() for _ in range(1_000)))
        assert site.post("/api/upload", json=document(large)).status_code == 503
        assert site.get("/api/health").status_code == 503
        assert site.get("/api/health").status_code == 503
    assert site.get("/api/health").status_code == 200
    send(site, large)


def test_a_write_that_does_not_come_back_is_not_waited_for(site: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplistatus.web.api.health.PATIENCE", 0.05)
    other = sqlite3.connect(settings.database_file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert site.get("/api/health").json()["database"] == "not writable"
    other.execute("ROLLBACK")
    other.close()
    monkeypatch.setattr("duplistatus.web.api.health.PATIENCE", 5.0)
    assert site.get("/api/health").status_code == 200, "and the writer goes on"


@pytest.mark.usefixtures("nothing_by_time")
def test_a_database_that_cannot_be_read_is_not_healthy(site: TestClient, application: FastAPI, settings: Settings) -> None:
    application.state.context.database.close()
    settings.database_file.rename(settings.database_file.with_suffix(".away"))
    settings.database_file.mkdir()
    answer = site.get("/api/health")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreadable")
    assert site.get("/api/ping").json() == {"ok": True}
    settings.database_file.rmdir()
    settings.database_file.with_suffix(".away").rename(settings.database_file)
    assert site.get("/api/health").status_code == 200
