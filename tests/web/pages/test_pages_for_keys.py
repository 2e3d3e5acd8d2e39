"""Pages as a program with a key sees them: complete, without what belongs to somebody who signed in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.store.api_keys import Scope
from tests.web.api.reports import Made, send, warning
from tests.web.people import make_key

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

PAGES = (
    *("/", "/?view=table", "/?view=charts", "/?q=nothing", "/detail/id-nas", "/detail/id-nas?backup=Files", "/start", "/api/docs"),
    *(
        "/jobs/1/details",
        "/jobs/1/explain",
        "/silence?job=1",
        "/settings/monitoring",
        "/settings/monitoring.csv",
        "/settings/notifications",
    ),
    *("/settings/notifications/subscribe", "/settings/maintenance", "/settings/tags", "/detail/id-nas?edit=tags"),
)
FOR_ADMINISTRATORS = ("/settings/keys", "/settings/access", "/settings/tasks", "/settings/messages", "/settings/channels", "/rejected")


@pytest.fixture
def fleet(site: TestClient, clock: SetClock) -> TestClient:
    send(site, Made(Instant(clock.now() - HOUR), server="nas", result="Warning", warnings=(warning("a file is locked"),)))
    return site


@pytest.mark.parametrize("scope", [Scope.READ, Scope.ADMIN])
def test_every_page_for_users_opens_to_a_key(application: FastAPI, fleet: TestClient, scope: Scope) -> None:
    fleet.headers["x-api-key"] = make_key(application, scope)
    run = re.search(r"/detail/id-nas/backup/[0-9a-f-]{36}", fleet.get("/detail/id-nas").text)
    assert run is not None
    for path in (*PAGES, run.group()):
        answer = fleet.get(path)
        assert answer.status_code == 200, path
        assert "data-sign-out" not in answer.text, path
        assert "set-cookie" not in answer.headers, path


def test_pages_for_administrators_open_to_their_keys_alone(application: FastAPI, fleet: TestClient) -> None:
    for scope in Scope:
        headers = {"x-api-key": make_key(application, scope)}
        for path in FOR_ADMINISTRATORS:
            assert fleet.get(path, headers=headers).status_code == (200 if scope is Scope.ADMIN else 403), path


def test_a_form_goes_through_with_a_key_and_without_a_token(application: FastAPI, fleet: TestClient) -> None:
    fleet.headers["x-api-key"] = make_key(application, Scope.ADMIN)
    assert fleet.post("/settings/tags", data={"do": "save", "name": "site"}).status_code == 303
    assert "site" in fleet.get("/settings/tags").text
