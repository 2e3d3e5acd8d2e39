"""The settings of e-mail for all jobs, as clients of 1.4.2 read and change them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.web.api.channels import deeds, everything, row_of, secret_of
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.settings import Settings

URL = "/api/configuration/email"
PASSWORD = f"{URL}/password"
NONE = {"configured": False, "config": None, "message": "Email is not configured. Please configure SMTP settings."}
SENT = {
    "host": "smtp.example.org",
    "port": 587,
    "connectionType": "starttls",
    "username": "account",
    "mailto": "ops@example.org",
    "senderName": "Backups",
    "fromAddress": "backups@example.org",
    "requireAuth": True,
}


def config(client: TestClient) -> dict[str, object]:
    found: dict[str, object] = client.get(URL).json()["config"]
    return found


def test_nothing_is_set_at_first(admin: TestClient) -> None:
    assert admin.get(URL).json() == NONE
    assert admin.delete(URL).status_code == 404
    before = admin.patch(PASSWORD, json={"password": "p"})
    assert before.status_code == 400
    assert "save the basic SMTP settings first" in before.json()["error"]


def test_what_is_saved_is_answered_but_for_the_password(admin: TestClient, application: FastAPI) -> None:
    assert admin.post(URL, json=SENT).json() == {"success": True, "message": "SMTP configuration saved successfully"}
    assert admin.get(URL).json()["configured"] is True
    assert config(admin) == SENT | {"hasPassword": ""}
    assert row_of(application, "E-mail").enabled
    assert admin.patch(PASSWORD, json={"password": "pässwort"}).status_code == 200
    assert config(admin) == SENT | {"hasPassword": True}
    assert secret_of(application, "E-mail") == {"username": "account", "password": "pässwort"}
    assert "pässwort" not in everything(application)


def test_the_password_stays_when_other_settings_change_and_goes_when_it_is_empty(admin: TestClient, application: FastAPI) -> None:
    admin.post(URL, json=SENT)
    admin.patch(PASSWORD, json={"password": "p1"})
    admin.post(URL, json=SENT | {"port": 465, "connectionType": "ssl"})
    assert config(admin)["hasPassword"] is True
    assert secret_of(application, "E-mail")["password"] == "p1"
    admin.patch(PASSWORD, json={"password": ""})
    assert config(admin)["hasPassword"] == ""


def test_the_password_stays_behind_when_the_server_is_another(admin: TestClient) -> None:
    admin.post(URL, json=SENT)
    admin.patch(PASSWORD, json={"password": "p1"})
    admin.post(URL, json=SENT | {"host": "smtp.elsewhere.example"})
    assert config(admin)["hasPassword"] == ""


def test_without_authentication_there_is_no_user_name(admin: TestClient) -> None:
    admin.post(URL, json=SENT)
    assert admin.post(URL, json=SENT | {"requireAuth": False, "username": ""}).status_code == 200
    assert (config(admin)["requireAuth"], config(admin)["username"]) == (False, "")


@pytest.mark.parametrize(("secure", "mode"), [(True, "ssl"), (False, "starttls")])
def test_the_older_flag_says_how_the_connection_is_made(admin: TestClient, secure: bool, mode: str) -> None:
    older = {name: value for name, value in SENT.items() if name != "connectionType"} | {"secure": secure}
    assert admin.post(URL, json=older).status_code == 200
    assert config(admin)["connectionType"] == mode


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"host": ""}, "Missing required fields: host, port, mailto"),
        ({"port": None}, "Missing required fields: host, port, mailto"),
        ({"mailto": ""}, "Missing required fields: host, port, mailto"),
        ({"username": ""}, "Missing required field: username (required when authentication is enabled)"),
        ({"port": "abc"}, "Port must be a valid number between 1 and 65535"),
        ({"port": 70_000}, "Port must be a valid number between 1 and 65535"),
        ({"port": "٥٨٧"}, "Port must be a valid number between 1 and 65535"),
        ({"port": True}, "Port must be a valid number between 1 and 65535"),
        ({"mailto": "nobody"}, 'Recipient email must contain "@" symbol'),
        ({"fromAddress": "nobody"}, 'From address must contain "@" symbol'),
        ({"requireAuth": "yes"}, "requireAuth must be true or false"),
        ({"connectionType": "telnet"}, "'telnet' is no mode; there are plain, starttls, ssl."),
        ({"host": 7}, "host is a text."),
        ({"mailto": "a@example.org\r\nBcc: b@example.org"}, None),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_stored(admin: TestClient, change: dict[str, object], sentence: str | None) -> None:
    answer = admin.post(URL, json=SENT | change)
    assert answer.status_code == 400, answer.text
    assert sentence in {None, answer.json()["error"]}
    assert admin.get(URL).json() == NONE


def test_a_port_in_quotes_is_a_number(admin: TestClient) -> None:
    assert admin.post(URL, json=SENT | {"port": "2525"}).status_code == 200
    assert config(admin)["port"] == 2525


@pytest.mark.parametrize("password", [5, None, ["p"]])
def test_a_password_that_is_no_text_is_refused(admin: TestClient, password: object) -> None:
    admin.post(URL, json=SENT)
    answer = admin.patch(PASSWORD, json={"password": password})
    assert (answer.status_code, answer.json()["error"]) == (400, "Password must be a string")


def test_what_was_set_is_removed_with_the_password(admin: TestClient, application: FastAPI) -> None:
    admin.post(URL, json=SENT)
    admin.patch(PASSWORD, json={"password": "p1"})
    assert admin.delete(URL).json() == {"success": True, "message": "SMTP configuration deleted successfully"}
    assert admin.get(URL).json() == NONE
    row = row_of(application, "E-mail")
    assert (row.secret, dict(row.config), row.enabled) == ("", {}, False)
    assert admin.delete(URL).status_code == 404


def test_the_token_for_a_change_of_the_password_is_that_of_the_session(admin: TestClient) -> None:
    assert admin.get(PASSWORD).json() == {"csrfToken": admin.headers["x-csrf-token"]}


def test_changes_are_in_the_audit_log_without_secrets(admin: TestClient, application: FastAPI) -> None:
    admin.post(URL, json=SENT)
    admin.patch(PASSWORD, json={"password": "p1"})
    admin.delete(URL)
    assert [action for action, _, _ in deeds(application)] == ["email_config_updated", "email_password_updated", "email_config_deleted"]
    assert "p1" not in repr(deeds(application))


def test_users_read_and_do_not_change(application: FastAPI, browser: Callable[[], TestClient]) -> None:
    client, user = browser(), enter(application, Kind.USER).headers
    assert client.get(URL, headers=user).status_code == 200
    assert client.get(PASSWORD, headers=user).json() == {"csrfToken": user["x-csrf-token"]}
    for answer in (
        client.post(URL, json=SENT, headers=user),
        client.delete(URL, headers=user),
        client.patch(PASSWORD, json={"password": "p"}, headers=user),
    ):
        assert (answer.status_code, answer.json()["error"]) == (403, "Administrator access required")


def test_settings_can_be_entered_anew_when_the_key_was_lost(admin: TestClient, application: FastAPI, settings: Settings) -> None:
    admin.post(URL, json=SENT)
    admin.patch(PASSWORD, json={"password": "p1"})
    settings.key_file.write_bytes(os.urandom(32))
    application.state.context.secrets._key = None
    assert config(admin) == SENT | {"username": "", "hasPassword": ""}
    assert admin.post(URL, json=SENT).status_code == 200
    assert admin.patch(PASSWORD, json={"password": "p2"}).status_code == 200
    assert secret_of(application, "E-mail") == {"username": "account", "password": "p2"}
