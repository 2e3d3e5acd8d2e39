"""The settings of ntfy for all jobs, as clients of 1.4.2 read and change them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from duplistatus.app import build
from tests.web.api.channels import deeds, everything, row_of, secret_of
from tests.web.conftest import ADMIN_PASSWORD, sign_in
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from duplistatus.clock import SetClock
    from duplistatus.settings import Settings

URL = "/api/configuration/ntfy"
SAVE = "/api/configuration/notifications"
OWN = {"url": "https://ntfy.example/", "topic": "backups", "accessToken": "tk_1"}


def ntfy(client: TestClient) -> dict[str, object]:
    found: dict[str, object] = client.get(URL).json()["ntfy"]
    return found


def test_a_new_product_proposes_a_topic_that_nobody_guesses_and_sends_nothing_yet(admin: TestClient, application: FastAPI) -> None:
    found = ntfy(admin)
    assert (found["url"], found["accessToken"], found["hasAccessToken"]) == ("https://ntfy.sh/", "", False)
    assert re.fullmatch(r"duplistatus-[A-Za-z0-9]{12}", str(found["topic"]))
    assert ntfy(admin) == found
    assert not row_of(application, "ntfy").enabled


def test_the_proposed_topic_outlives_the_process_and_is_another_in_each_product(
    settings: Settings, clock: SetClock, tmp_path: object
) -> None:
    topics = []
    for _ in range(2):
        with TestClient(build(settings, clock), base_url="http://dashboard.test") as client:
            topics.append(ntfy(sign_in(client, "admin", ADMIN_PASSWORD))["topic"])
    assert topics[0] == topics[1]
    settings.database_file.unlink()
    with TestClient(build(settings, clock), base_url="http://dashboard.test") as client:
        assert ntfy(sign_in(client, "admin", ADMIN_PASSWORD))["topic"] != topics[0]


def test_what_is_saved_is_switched_on_and_its_token_never_answered(admin: TestClient, application: FastAPI) -> None:
    answer = admin.post(SAVE, json={"ntfy": OWN})
    shown = {"url": OWN["url"], "topic": "backups", "accessToken": "", "hasAccessToken": True}
    assert answer.json() == {"message": "NTFY config updated successfully", "ntfy": shown}
    assert ntfy(admin) == shown
    assert admin.get("/api/configuration/unified").json()["ntfy"] == shown
    assert row_of(application, "ntfy").enabled
    assert secret_of(application, "ntfy") == {"token": "tk_1"}
    assert "tk_1" not in everything(application)


def test_an_empty_token_keeps_the_stored_one_and_null_removes_it(admin: TestClient, application: FastAPI) -> None:
    admin.post(SAVE, json={"ntfy": OWN})
    stored = row_of(application, "ntfy").secret
    for kept in (OWN | {"accessToken": "", "topic": "others"}, {"url": OWN["url"], "topic": "backups"}):
        assert admin.post(SAVE, json={"ntfy": kept}).json()["ntfy"]["hasAccessToken"] is True
        assert row_of(application, "ntfy").secret == stored
    assert admin.post(SAVE, json={"ntfy": OWN | {"accessToken": None}}).json()["ntfy"]["hasAccessToken"] is False
    assert row_of(application, "ntfy").secret == ""


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://ntfy.example", True),
        ("https://ntfy.example:443/", True),
        ("https://NTFY.example/sub/", True),
        ("http://ntfy.example/", False),
        ("https://ntfy.example:8443/", False),
        ("https://elsewhere.example/", False),
    ],
)
def test_a_token_stays_behind_when_the_address_is_that_of_another_server(
    admin: TestClient, application: FastAPI, url: str, kept: bool
) -> None:
    admin.post(SAVE, json={"ntfy": OWN})
    saved = admin.post(SAVE, json={"ntfy": {"url": url, "topic": "backups", "accessToken": ""}})
    assert saved.json()["ntfy"]["hasAccessToken"] is kept
    assert secret_of(application, "ntfy") == ({"token": "tk_1"} if kept else {})


def test_an_empty_topic_becomes_one_that_nobody_guesses(admin: TestClient) -> None:
    first = admin.post(SAVE, json={"ntfy": OWN | {"topic": ""}}).json()["ntfy"]["topic"]
    second = admin.post(SAVE, json={"ntfy": OWN | {"topic": ""}}).json()["ntfy"]["topic"]
    assert re.fullmatch(r"duplistatus-[A-Za-z0-9]{12}", first)
    assert first != second


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"topic": "no blanks"}, "topic"),
        ({"url": "ftp://x/"}, "url"),
        ({"accessToken": 7}, "token"),
        ({"url": "https://me:pass@ntfy.example/"}, "url"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name_and_nothing_is_stored(admin: TestClient, bad: dict[str, object], field: str) -> None:
    before = ntfy(admin)
    answer = admin.post(SAVE, json={"ntfy": OWN | bad})
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"] == {"field": field}
    assert ntfy(admin) == before


@pytest.mark.parametrize("body", [{}, {"ntfy": None}, {"ntfy": "https://ntfy.sh"}, {"ntfy": []}])
def test_a_request_without_settings_says_what_it_lacks(admin: TestClient, body: dict[str, object]) -> None:
    answer = admin.post(SAVE, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "NTFY configuration is required")


def test_a_change_is_in_the_audit_log_without_the_token(admin: TestClient, application: FastAPI) -> None:
    admin.post(SAVE, json={"ntfy": OWN})
    (action, status, details) = deeds(application)[-1]
    assert (action, status) == ("ntfy_config_updated", "success")
    topic = details["before"].pop("topic")
    assert topic.startswith("duplistatus-")
    assert details == {
        "fields": ["topic", "url"],
        "enabled": True,
        "secretChanged": True,
        "before": {"enabled": False, "url": "https://ntfy.sh/"},
        "after": {"enabled": True, "url": "https://ntfy.example/", "topic": OWN["topic"]},
    }


def test_users_read_and_do_not_change(application: FastAPI, browser: Callable[[], TestClient]) -> None:
    client = browser()
    user = enter(application, Kind.USER).headers
    assert client.get(URL, headers=user).status_code == 200
    assert client.post(SAVE, json={"ntfy": OWN}, headers=user).status_code == 403
    assert client.get(URL, headers=enter(application, Kind.ANONYMOUS).headers).json()["error"] == "Authentication required"
