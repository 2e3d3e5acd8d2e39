"""The page and interface of stored secrets: what is said while they cannot be read, and both ways out."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.security.key_check import check_key
from duplistatus.store.channels import channels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.web.context import Context

URL, BEAT = "https://hooks.example.org/token-7", "https://watch.example.org/beat-9"


@pytest.fixture
def file(data_dir: Path) -> Path:
    return data_dir / ".duplistatus.key"


@pytest.fixture
def stored(admin: TestClient, application: FastAPI) -> TestClient:
    """A webhook and a heartbeat, whose addresses are secrets."""
    assert admin.post("/api/channels", json={"kind": "webhook", "name": "Pager <b>", "config": {"url": URL}}).status_code == 200
    assert admin.put("/api/heartbeat", json={"url": BEAT}).status_code == 200
    return admin


def state(client: TestClient) -> dict[str, Any]:
    answer = client.get("/api/secrets")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def readable(client: TestClient) -> dict[str, bool]:
    return {each["id"].partition(":")[0]: each["readable"] for each in state(client)["items"]}


def ids(client: TestClient) -> list[str]:
    return [each["id"] for each in state(client)["items"]]


def texts(application: FastAPI) -> dict[str, str]:
    parts: Context = application.state.context
    with parts.database.read() as connection:
        return {row.name: row.secret for row in channels(connection)}


def token_of(client: TestClient) -> str:
    return str(client.headers["x-csrf-token"])


def test_before_the_first_secret_there_is_no_key_and_nothing_to_say(admin: TestClient, file: Path) -> None:
    found = state(admin)
    assert (found["state"], found["items"], found["key_file"]["exists"], found["key_file"]["fingerprint"]) == ("ok", [], False, None)
    page = admin.get("/settings/secrets")
    assert page.status_code == 200
    assert "Not made yet" in page.text
    assert not file.exists()


def test_what_is_stored_is_listed_with_the_page_of_each_and_nothing_of_a_secret(stored: TestClient, file: Path) -> None:
    found = state(stored)
    assert found["state"] == "ok"
    assert {each["name"]: each["page"].rstrip("0123456789") for each in found["items"]} == {
        "Pager <b>": "/settings/channels/",
        "the heartbeat": "/settings/messages#heartbeat",
    }
    facts = found["key_file"]
    assert (facts["path"], facts["permissions"], facts["too_open"], facts["own"]) == (str(file), "0600", False, True)
    assert len(facts["fingerprint"]) == 12
    page = stored.get("/settings/secrets").text
    for text in (json.dumps(found), page):
        assert "token-7" not in text
        assert "beat-9" not in text
        assert file.read_bytes().hex() not in text
    assert "Pager &lt;b&gt;" in page
    assert "Pager <b>" not in page


def test_a_file_that_others_may_read_is_said_with_the_command_that_closes_it(stored: TestClient, file: Path) -> None:
    file.chmod(0o640)
    assert state(stored)["key_file"]["mending"] == f"chmod 600 {file}"
    assert f"chmod 600 {file}" in stored.get("/settings/secrets").text


def test_another_key_is_said_on_every_page_and_the_old_one_put_back_is_noticed_at_once(
    stored: TestClient, application: FastAPI, file: Path
) -> None:
    before, right = texts(application), file.read_bytes()
    expected = state(stored)["key_file"]["fingerprint"]
    file.write_bytes(os.urandom(32))
    found = state(stored)
    assert found["state"] == "replaced"
    assert "is not the one that secrets were stored under" in found["explanation"]
    assert found["key_file"]["expected_fingerprint"] == expected != found["key_file"]["fingerprint"]
    assert readable(stored) == {"channel": False, "heartbeat": False}
    page = stored.get("/settings/secrets").text
    assert expected in page
    assert "without a restart" in page
    assert "2 stored secrets cannot be read" in stored.get("/settings/tasks").text
    file.write_bytes(right)
    assert state(stored)["state"] == "ok"
    assert "cannot be read" not in stored.get("/settings/tasks").text
    assert texts(application) == before


def test_what_is_entered_anew_is_stored_under_the_key_that_is_there(stored: TestClient, file: Path) -> None:
    file.unlink()
    assert state(stored)["state"] == "gone"
    assert not file.exists()
    channel = next(each["id"].partition(":")[2] for each in state(stored)["items"] if each["kind"] == "channel")
    assert stored.patch(f"/api/channels/{channel}", json={"config": {"url": URL, "key": None}}).json()["trouble"] == ""
    assert readable(stored) == {"channel": True, "heartbeat": False}
    assert state(stored)["state"] == "replaced"
    assert stored.put("/api/heartbeat", json={"url": BEAT}).status_code == 200
    found = state(stored)
    assert (found["state"], found["key_file"]["fingerprint"]) == ("ok", found["key_file"]["expected_fingerprint"])


def test_lost_secrets_are_forgotten_when_they_are_named_and_nothing_else_is(
    stored: TestClient, application: FastAPI, file: Path, audited: Callable[[str], list[dict[str, Any]]]
) -> None:
    named = ids(stored)
    before = state(stored)["key_file"]["fingerprint"]
    assert stored.post("/api/secrets/forget", json={"ids": named}).status_code == 409
    file.write_bytes(os.urandom(32))
    assert stored.post("/api/secrets/forget", json={"ids": ["channel:9999"]}).status_code == 409
    assert len(ids(stored)) == 2
    answer = stored.post("/api/secrets/forget", json={"ids": ["heartbeat"]})
    assert answer.status_code == 200
    assert answer.json()["state"] == "replaced"
    assert ids(stored) == [each for each in named if each != "heartbeat"]
    after = stored.post("/api/secrets/forget", json={"ids": named}).json()
    assert (after["state"], after["items"]) == ("ok", [])
    assert after["key_file"]["expected_fingerprint"] == after["key_file"]["fingerprint"] != before
    # The channel itself stays, with what may be shown of it.
    (hook,) = [each for each in stored.get("/api/channels").json()["items"] if each["name"] == "Pager <b>"]
    assert (hook["config"]["url"], hook["config"]["has_url"]) == ("https://hooks.example.org/…", False)
    entries = audited("secrets_forgotten")
    assert [each["names"] for each in entries] == [["the heartbeat"], ["Pager <b>"]]
    assert entries[0]["before"]["fingerprint"] == before


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": "heartbeat"}, {"ids": [1]}, {"ids": ["x"] * 501}])
def test_nothing_is_forgotten_that_nobody_named(stored: TestClient, file: Path, body: dict[str, Any]) -> None:
    file.unlink()
    assert stored.post("/api/secrets/forget", json=body).status_code == 400
    assert len(ids(stored)) == 2


def test_while_the_file_cannot_be_used_nothing_is_forgotten(stored: TestClient, application: FastAPI, file: Path) -> None:
    before = texts(application)
    file.write_bytes(b"short")
    assert state(stored)["state"] == "unusable"
    answer = stored.post("/api/secrets/forget", json={"ids": ids(stored)})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_trouble")
    assert texts(application) == before
    page = stored.get("/settings/secrets").text
    assert "cannot be used" in page
    assert "Forget" not in page


def test_the_form_wants_to_be_sure(stored: TestClient, file: Path) -> None:
    file.unlink()
    sent = {"csrf_token": token_of(stored), "id": ids(stored)}
    refused = stored.post("/settings/secrets", data=sent)
    assert refused.status_code == 400
    assert "Tick that you are sure." in refused.text
    assert len(ids(stored)) == 2
    done = stored.post("/settings/secrets", data={**sent, "sure": "1"})
    assert (done.status_code, done.headers["location"]) == (303, "/settings/secrets?forgotten=2")
    assert "2 secrets were forgotten." in stored.get(done.headers["location"]).text
    assert ids(stored) == []
    assert state(stored)["key_file"]["expected_fingerprint"] is None


def test_a_start_wipes_nothing_and_says_what_is_lost(stored: TestClient, application: FastAPI, file: Path) -> None:
    before = texts(application)
    file.write_bytes(os.urandom(32))
    parts: Context = application.state.context
    said = parts.writer.submit(lambda connection: check_key(connection, parts.secrets)).result()
    assert "Pager <b>, the heartbeat cannot be read" in said
    assert texts(application) == before
