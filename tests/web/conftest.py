"""The built application on an empty database, and a client to talk to it with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.clock import HOUR, Instant
from duplistatus.settings import Settings
from tests.fixtures.engines import place
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock

ADMIN_PASSWORD = "Correct7Horse"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Those of the application; a test folder or module may have its own."""
    return Settings(data_dir=data_dir, admin_password=ADMIN_PASSWORD)


@pytest.fixture
def application(settings: Settings, clock: SetClock, quick_passwords: None) -> FastAPI:
    place(settings.database_file)
    return build(settings, clock)


@pytest.fixture
def browser(application: FastAPI) -> Iterator[Callable[[], TestClient]]:
    """Makes clients with cookies of their own; each talks to the same running application and follows no redirects."""
    with TestClient(application, client=("192.0.2.1", 50000)) as running:

        def make() -> TestClient:
            made = TestClient(application, base_url="http://dashboard.test", client=("192.0.2.1", 50000), follow_redirects=False)
            # One event loop for all requests, as in the product: what a request began goes on after its answer.
            made.portal = running.portal
            return made

        yield make


@pytest.fixture
def site(browser: Callable[[], TestClient]) -> TestClient:
    """A client that has no session yet."""
    return browser()


@pytest.fixture
def admin(site: TestClient) -> TestClient:
    """A client signed in as `admin`, which sends its token with each request."""
    return sign_in(site, "admin", ADMIN_PASSWORD)


@pytest.fixture
def report(clock: SetClock) -> dict[str, Any]:
    """What Duplicati sends of a run that began an hour ago."""
    return document(Made(Instant(clock.now() - HOUR)))


def sign_in(client: TestClient, username: str, password: str) -> TestClient:
    """Signs the client in, as the API's clients do."""
    client.headers["x-csrf-token"] = client.get("/api/csrf").json()["token"]
    answer = client.post("/api/auth/login", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    return client
