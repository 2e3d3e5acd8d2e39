"""`/api/backups/collect` and `/api/backups/sync-schedule`, as clients of 1.4.2 ask and are answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from duplistatus.store import links
from duplistatus.web.api import collection_schemas
from tests.ingest.duplicati.stand_in import Duplicati
from tests.notify.certificates import self_signed
from tests.web.api.collecting import reply
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.testclient import TestClient

PASSWORD = "secret123"
COLLECT, SYNC = "/api/backups/collect", "/api/backups/sync-schedule"
LOGIN = "/api/v1/auth/login"
BOTH = pytest.mark.parametrize("path", [COLLECT, SYNC])


@pytest.fixture
def nas() -> Iterator[Duplicati]:
    with Duplicati("2.1.0.5", password=PASSWORD) as server:
        yield server


def host(server: Duplicati, **more: Any) -> dict[str, Any]:
    return {"hostname": "127.0.0.1", "port": server.port, "password": PASSWORD, **more}


def test_what_was_found_is_answered_as_1_4_2_did(admin: TestClient, nas: Duplicati) -> None:
    answer = admin.post(COLLECT, json=host(nas))
    body = answer.json()
    assert answer.status_code == 200
    TypeAdapter(collection_schemas.Collected).validate_json(answer.content)
    assert (body["success"], body["serverAlias"], body["stats"]["errors"]) == (True, "", 0)
    assert body["serverName"]
    assert body["stats"]["processed"] > 0
    assert body["backupSettings"] == {"message": "Backup settings completion handled automatically"}
    assert "jsonData" not in body
    assert len(nas.asked(LOGIN)) == 1
    again = admin.post(COLLECT, json=host(nas)).json()
    assert (again["stats"]["processed"], again["stats"]["skipped"] > 0) == (0, True)


def test_a_host_never_reached_by_https_is_asked_in_the_clear_and_the_answer_says_so(admin: TestClient, nas: Duplicati) -> None:
    assert admin.post(COLLECT, json=host(nas)).json()["protocol"] == "http"


def test_a_certificate_that_nobody_vouches_for_is_a_question_and_never_leads_to_http(admin: TestClient, tmp_path: Path) -> None:
    with Duplicati("2.1.0.5", password=PASSWORD, context=self_signed(tmp_path).context) as nas:
        answer = admin.post(COLLECT, json=host(nas))
        body = answer.json()
        assert (answer.status_code, body["code"], body["question"]["kind"]) == (409, "certificate", "certificate")
        assert "certificate" in body["error"]
        assert nas.asked(LOGIN) == []
        found = admin.get(f"/api/collections/{body['collection']}").json()
        found = reply(admin, found, agree=True, sha256=body["question"]["sha256"])
        assert found["parts"][0]["state"] == "done"
        again = admin.post(COLLECT, json={"serverId": found["parts"][0]["server"]}).json()
        assert (again["success"], again["protocol"]) == (True, "https")


def test_schedules_alone_are_counted(admin: TestClient, nas: Duplicati) -> None:
    admin.post(COLLECT, json=host(nas))
    answer = admin.post(SYNC, json=host(nas))
    TypeAdapter(collection_schemas.ScheduleSynced).validate_json(answer.content)
    # The other jobs of the recording have not run: there is nothing here to expect them by.
    assert answer.json()["stats"] == {"processed": 1, "errors": 0}
    assert "backupSettings" not in answer.json()


def test_the_document_comes_as_text_for_people(admin: TestClient, nas: Duplicati) -> None:
    body = admin.post(COLLECT, json=host(nas, downloadJson=True)).json()
    assert isinstance(json.loads(body["jsonData"]), dict)
    assert "\n  " in body["jsonData"]
    assert PASSWORD not in body["jsonData"]


@BOTH
def test_a_server_is_collected_by_what_is_stored(admin: TestClient, nas: Duplicati, path: str) -> None:
    admin.post(COLLECT, json=host(nas))
    (server,) = admin.get("/api/servers").json()
    answer = admin.post(path, json={"serverId": server["id"]})
    assert (answer.status_code, answer.json()["serverName"]) == (200, server["name"])


def test_new_credentials_of_a_server_are_stored_once_they_worked(admin: TestClient, application: FastAPI, nas: Duplicati) -> None:
    admin.post(COLLECT, json=host(nas))
    (server,) = admin.get("/api/servers").json()
    nas.password = "another"
    assert admin.post(COLLECT, json={"serverId": server["id"]}).status_code == 502
    assert admin.post(COLLECT, json=host(nas, serverId=server["id"], password="wrong")).status_code == 502
    assert admin.post(COLLECT, json={"serverId": server["id"]}).json()["code"] == "password"
    assert admin.post(COLLECT, json=host(nas, serverId=server["id"], password="another")).status_code == 200
    assert admin.post(COLLECT, json={"serverId": server["id"]}).status_code == 200


def test_what_another_server_answers_is_its_own_and_so_are_address_and_password(
    admin: TestClient, application: FastAPI, nas: Duplicati
) -> None:
    admin.post("/api/upload", json=document(Made(application.state.context.clock.now(), "other")))
    admin.post(COLLECT, json=host(nas))
    name = next(each["name"] for each in admin.get("/api/servers").json() if each["id"] != "id-other")
    body = admin.post(COLLECT, json=host(nas, serverId="id-other")).json()
    assert body["serverName"] == name
    with application.state.context.database.read() as connection:
        assert [link.name for link in links.links(connection)] == [name]


def test_of_several_hosts_each_is_told(admin: TestClient, nas: Duplicati) -> None:
    with Duplicati("2.3.0.4", password=PASSWORD) as other:
        hosts = f"127.0.0.1:{nas.port}, http://127.0.0.1:{other.port}, 127.0.0.1:9"
        body = admin.post(COLLECT, json={"hostname": hosts, "password": PASSWORD}).json()
    assert [(each["success"], each.get("code")) for each in body["results"]] == [(True, None), (True, None), (False, "refused")]
    assert body["success"] is False
    assert body["stats"]["processed"] == sum(each["stats"]["processed"] for each in body["results"] if each["success"])


@BOTH
@pytest.mark.parametrize(
    ("port", "password", "code", "words"), [(None, "bad", "password", "password"), (1, PASSWORD, "refused", "refused")]
)
def test_the_other_servers_failure_is_said_plainly(
    admin: TestClient, nas: Duplicati, path: str, port: int | None, password: str, code: str, words: str
) -> None:
    answer = admin.post(path, json=host(nas, password=password) | ({"port": port} if port else {}))
    assert (answer.status_code, answer.json()["code"]) == (502, code)
    assert words in answer.json()["error"]
    assert password not in answer.text.replace("password", "")
    assert admin.get("/api/servers").json() == []


def test_what_is_missing_is_said_in_the_words_of_1_4_2(admin: TestClient) -> None:
    hostname = {"hostname": "127.0.0.1"}
    assert admin.post(COLLECT, json=hostname).json()["error"] == "Password is required when providedServerId is not provided"
    assert admin.post(SYNC, json=hostname).json()["error"] == "Password is required when serverId is not provided"
    assert admin.post(COLLECT, json={"password": "x"}).status_code == 400
    assert admin.post(COLLECT, json=hostname | {"password": "x", "port": "0"}).status_code == 400
    assert admin.post(COLLECT, json={"hostname": "ftp://x", "password": "x"}).json()["code"] == "bad_address"
    for path in (COLLECT, SYNC):
        unknown = admin.post(path, json={"serverId": "nope"})
        assert (unknown.status_code, unknown.json()["error"]) == (404, "Server not found")
        assert admin.post(path, content=b"{").status_code == 400


@BOTH
def test_a_server_without_an_address_is_told_with_what_is_known_of_it(admin: TestClient, application: FastAPI, path: str) -> None:
    admin.post("/api/upload", json=document(Made(application.state.context.clock.now(), "alpha")))
    answer = admin.post(path, json={"serverId": "id-alpha"})
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("No password stored for this server.")
    assert answer.json()["serverInfo"] == {
        "id": "id-alpha",
        "name": "alpha",
        "server_url": "",
        "alias": "",
        "note": "",
        "created_at": "2026-07-10 12:00:00",
        "has_password": 0,
        "hasPassword": False,
    }
