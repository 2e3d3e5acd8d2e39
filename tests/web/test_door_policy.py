"""The policy of the doors: from when it holds, and what holds while the database cannot be read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.clock import SECOND
from duplistatus.security.access_policy import AccessPolicy, as_text
from duplistatus.settings import Settings
from duplistatus.store import api_keys
from duplistatus.store.access_setting import save_access
from duplistatus.store.api_keys import Scope
from duplistatus.store.database import StoreUnavailable
from duplistatus.web.door_book import door_book
from duplistatus.web.doors import FRESH_FOR, TRIED_AGAIN_AFTER, doors
from duplistatus.web.keys import key_uses
from tests.web.doors import SUMMARY, UPLOAD, change, let
from tests.web.people import make_key

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock


def test_what_another_process_entered_holds_two_seconds_later(application: FastAPI, site: TestClient, clock: SetClock) -> None:
    assert site.get(SUMMARY).status_code == 200
    change(application, lambda connection: save_access(connection, as_text(AccessPolicy(key_for_reading=True))))
    clock.advance(FRESH_FOR - 1)
    assert site.get(SUMMARY).status_code == 200
    clock.advance(1)
    assert site.get(SUMMARY).status_code == 401


def test_while_the_database_cannot_be_read_doors_stay_as_they_were(
    application: FastAPI, site: TestClient, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transient trouble opens nothing, and does not hold up each request."""
    let(application, AccessPolicy(key_for_reading=True))
    assert site.get(SUMMARY).status_code == 401
    own = application.state.doors
    tried = []

    def fail() -> None:
        tried.append(clock.now())
        raise StoreUnavailable("gone")

    monkeypatch.setattr(own, "read", fail)
    for _ in range(20):
        clock.advance(SECOND)
        assert site.get(SUMMARY).status_code == 401
    assert len(tried) == 20 * SECOND // TRIED_AGAIN_AFTER
    monkeypatch.undo()
    let(application, AccessPolicy())
    assert site.get(SUMMARY).status_code == 200


def test_the_product_does_not_start_before_it_knows_its_policy(data_dir: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreUnavailable("gone")

    application = build(Settings(data_dir=data_dir), clock)
    monkeypatch.setattr(application.state.doors, "read", fail)

    async def start() -> None:
        async with application.router.lifespan_context(application):
            raise AssertionError("it started")

    with pytest.raises(StoreUnavailable):
        asyncio.run(start())


def test_a_report_is_told_to_come_again_while_its_key_cannot_be_looked_up(
    application: FastAPI, site: TestClient, report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(application, Scope.UPLOAD)

    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(api_keys, "find", fail)
    assert site.post(UPLOAD, json=report, headers={"x-api-key": key}).status_code == 503
    assert application.state.measures.uploads == {"unavailable": 1}


def test_the_parts_are_those_of_the_application(application: FastAPI, site: TestClient) -> None:
    from starlette.requests import HTTPConnection

    connection = HTTPConnection({"type": "http", "app": application, "headers": []})
    assert doors(connection) is application.state.doors
    assert key_uses(connection) is application.state.key_uses
    assert door_book(connection) is door_book(connection)
