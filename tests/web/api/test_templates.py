"""Templates over the API, as clients of 1.4.2 read and change them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

URL = "/api/configuration/templates"
OWN = {"title": "OK {backup_name}", "message": "st={status} unk={unknown}", "priority": "low", "tags": "a, b"}
NAMES = ["success", "warning", "overdueBackup", "backToNormal", "dailySummary", "weeklySummary", "monthlySummary"]


def templates(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/configuration/unified").json()["templates"]
    return found


def changes(application: FastAPI) -> list[dict[str, Any]]:
    with application.state.context.database.read() as connection:
        rows = connection.raw.execute("SELECT details FROM audit WHERE action = 'notification_template_updated' ORDER BY id").fetchall()
    return [json.loads(row[0]) for row in rows]


def test_what_was_changed_is_answered_and_the_rest_is_as_delivered(admin: TestClient, application: FastAPI) -> None:
    before = templates(admin)
    assert list(before) == ["language", *NAMES]
    assert before["language"] == "en-GB"
    answer = admin.post(URL, json={"templates": {"language": "en-GB", "success": OWN}})
    assert (answer.status_code, answer.json()) == (200, {"message": "Notification templates updated successfully"})
    assert templates(admin) == before | {"success": OWN}
    (change,) = changes(application)
    assert change["templates"] == ["success"]
    assert change["after"] == {f"success.{field}": value for field, value in OWN.items()} | {"success.tags": ["a", "b"]}
    assert [change["before"][f"success.{field}"] for field in ("title", "message")] == [before["success"][f] for f in ("title", "message")]


def test_saving_the_same_again_is_no_change(admin: TestClient, application: FastAPI) -> None:
    for _ in range(2):
        assert admin.post(URL, json={"templates": templates(admin)}).status_code == 200
    assert changes(application) == []


def test_another_language_changes_the_templates_that_nobody_changed(admin: TestClient, application: FastAPI) -> None:
    admin.post(URL, json={"templates": {"warning": OWN}})
    admin.post(URL, json={"templates": {"language": "de"}})
    found = templates(admin)
    assert (found["language"], found["warning"]) == ("de", OWN)
    assert found["success"] == admin.get(f"{URL}/defaults?language=de").json()["success"]
    assert changes(application)[-1]["before"] == {"language": "en"}
    assert changes(application)[-1]["after"] == {"language": "de"}


def test_a_client_that_sends_everything_back_in_another_language_keeps_texts_of_the_first(admin: TestClient) -> None:
    english = templates(admin)
    admin.post(URL, json={"templates": english | {"language": "fr"}})
    assert templates(admin)["success"] == english["success"]


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({}, None, "templates are required"),
        ({"templates": []}, None, "templates are required"),
        ({"templates": "x"}, None, "templates must be a JSON object"),
        ({"templates": {"language": "xx"}}, "language", "Invalid language"),
        ({"templates": {"succes": OWN}}, "succes", "there is no template 'succes'"),
        ({"templates": {"success": "x"}}, "success", "success: a template is a JSON object"),
        ({"templates": {"success": OWN, "warning": OWN | {"priority": "loud"}}}, "warning.priority", "warning: the priority is one of"),
        ({"templates": {"success": OWN | {"title": ""}}}, "success.title", "success: the title must not be empty"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_of_it_stored(
    admin: TestClient, sent: dict[str, Any], field: str | None, says: str
) -> None:
    before = templates(admin)
    answer = admin.post(URL, json=sent)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(says)
    assert answer.json().get("details", {}).get("field") == field
    assert templates(admin) == before


def test_the_texts_of_a_language_are_open_to_all(site: TestClient) -> None:
    english = site.get(f"{URL}/defaults")
    assert english.status_code == 200
    assert list(english.json()) == NAMES
    for code in ("en-GB", "de", "fr", "es", "pt-BR", "hi-Latn", "zh-Hans", "hi", "zh-CN"):
        found = site.get(f"{URL}/defaults", params={"language": code}).json()
        assert set(found["success"]) == {"title", "message", "priority", "tags"}
        assert (found == english.json()) is (code == "en-GB")
    refused = site.get(f"{URL}/defaults?language=xx")
    assert (refused.status_code, refused.json()["error"]) == (400, "Invalid language")


@pytest.mark.parametrize("kind", [Kind.NOBODY, Kind.ANONYMOUS, Kind.MUST_CHANGE, Kind.USER])
def test_administrators_alone_change_them(browser: Callable[[], TestClient], application: FastAPI, kind: Kind) -> None:
    client = browser()
    client.headers.update(enter(application, kind).headers)
    assert client.post(URL, json={"templates": {"success": OWN}}).status_code in {401, 403}
    assert changes(application) == []
