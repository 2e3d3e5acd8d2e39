"""Secrets of channels when their key is lost, and who may see channels at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from starlette.testclient import TestClient
from structlog.testing import capture_logs

from duplistatus.app import build
from tests.web.api.channels import HOOK, URL, add, deeds, row_of, secret_of
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from duplistatus.clock import SetClock
    from duplistatus.settings import Settings


def lose_key(application: FastAPI, settings: Settings) -> None:
    settings.key_file.write_bytes(os.urandom(32))
    application.state.context.secrets._key = None


def test_a_lost_key_is_said_wipes_nothing_and_secrets_are_entered_anew(admin: TestClient, application: FastAPI, settings: Settings) -> None:
    made = add(admin)
    address = f"{URL}/{made['id']}"
    right, stored = settings.key_file.read_bytes(), row_of(application, "Hook").secret
    lose_key(application, settings)
    lost = admin.get(address).json()
    assert "another key file" in lost["trouble"]
    assert (lost["place"], lost["config"]["has_key"]) == ("https://hooks.example/…", False)
    answer = admin.post(f"{address}/test")
    assert (answer.status_code, answer.json()["code"]) == (502, "secret_lost")
    admin.patch(address, json={"enabled": False, "name": "Renamed"})
    assert row_of(application, "Renamed").secret == stored
    half = admin.patch(address, json={"config": {"url": "https://hooks.example/new"}})
    assert (half.status_code, half.json()["details"]["field"]) == (400, "key")
    assert row_of(application, "Renamed").secret == stored
    whole = admin.patch(address, json={"config": {"url": "https://hooks.example/new", "key": None}})
    assert (whole.status_code, whole.json()["trouble"]) == (200, "")
    assert secret_of(application, "Renamed") == {"url": "https://hooks.example/new"}
    assert right not in settings.key_file.read_bytes()


def test_the_start_says_that_secrets_cannot_be_read(admin: TestClient, settings: Settings, clock: SetClock, application: FastAPI) -> None:
    add(admin)
    settings.key_file.write_bytes(os.urandom(32))
    with capture_logs() as said, TestClient(build(settings, clock)):
        pass
    (line,) = [each for each in said if each["log_level"] == "error"]
    assert line["event"] == "stored secrets cannot be read"
    assert str(settings.key_file) in line["reason"]
    assert "Hook" in line["reason"]
    assert "s3cret" not in repr(said)


def test_the_right_key_put_back_reads_everything_again(admin: TestClient, application: FastAPI, settings: Settings) -> None:
    made = add(admin)
    right = settings.key_file.read_bytes()
    lose_key(application, settings)
    assert admin.get(f"{URL}/{made['id']}").json()["trouble"]
    settings.key_file.write_bytes(right)
    application.state.context.secrets._key = None
    assert admin.get(f"{URL}/{made['id']}").json() == made


def test_a_key_that_cannot_be_used_stores_nothing(admin: TestClient, settings: Settings) -> None:
    settings.key_file.write_bytes(b"short")
    answer = admin.post(URL, json=HOOK)
    assert (answer.status_code, answer.json()["code"]) == (500, "key_trouble")
    assert "holds no key" in answer.json()["error"]
    assert len(admin.get(URL).json()["items"]) == 2


def test_changes_are_in_the_audit_log_without_secrets(admin: TestClient, application: FastAPI) -> None:
    made = add(admin)
    admin.patch(f"{URL}/{made['id']}", json={"config": {"key": "other"}, "enabled": False})
    admin.delete(f"{URL}/{made['id']}")
    found = deeds(application)
    states = [(details.pop("before", {}), details.pop("after", {})) for _, _, details in found]
    assert found == [
        ("channel_created", "success", {"name": "Hook", "kind": "webhook", "enabled": True}),
        (
            "channel_updated",
            "success",
            {"name": "Hook", "kind": "webhook", "enabled": False, "fields": ["config", "enabled"], "secretChanged": True},
        ),
        ("channel_deleted", "success", {"name": "Hook", "kind": "webhook"}),
    ]
    assert [(before.get("enabled"), after.get("enabled")) for before, after in states] == [(None, True), (True, False), (False, None)]


def test_only_administrators_see_channels(application: FastAPI, browser: Callable[[], TestClient]) -> None:
    client, user = browser(), enter(application, Kind.USER).headers
    for method, path in (
        ("GET", URL),
        ("GET", f"{URL}/1"),
        ("POST", URL),
        ("PATCH", f"{URL}/1"),
        ("DELETE", f"{URL}/1"),
        ("POST", f"{URL}/1/test"),
    ):
        assert client.request(method, path, json={}, headers=user).status_code == 403
