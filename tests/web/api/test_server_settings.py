"""How servers are called, reached, opened and removed by programs, with the answers that clients of 1.4.2 know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.security.secret_holders import SERVER
from duplistatus.store import links, timers
from duplistatus.store.ids import ServerId
from duplistatus.store.timers import Tried
from duplistatus.web.context import Context
from tests.ingest.duplicati.stand_in import Duplicati
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection
    from duplistatus.store.links import Link

ALPHA = "/api/servers/id-alpha"
FINGERPRINT = "ab" * 32


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> TestClient:
    """Alpha with two runs of Files and one of Mail, and beta."""
    begun = Instant(clock.now() - 3 * HOUR)
    send(admin, Made(begun), Made(Instant(begun + HOUR)), Made(begun, job="Mail"), Made(begun, "beta"))
    return admin


@pytest.fixture
def duplicati() -> Iterator[Duplicati]:
    with Duplicati() as server:
        yield server


def parts(application: FastAPI) -> Context:
    found: Context = application.state.context
    return found


def link_of(application: FastAPI, number: int = 1) -> Link:
    with parts(application).database.read() as connection:
        found = links.link(connection, ServerId(number))
    assert found is not None
    return found


def write(application: FastAPI, work: Callable[[Connection], object]) -> None:
    parts(application).writer.submit(work).result()


def audited(client: TestClient, action: str) -> list[dict[str, Any]]:
    return [entry["details"] for entry in client.get(f"/api/audit-log?action={action}").json()["logs"]]


# --- alias, note, address ----------------------------------------------------------------------------------------------------------


def test_a_change_keeps_what_is_not_named(fleet: TestClient) -> None:
    whole = {"server_url": "http://127.0.0.1:18200", "alias": "Production DB", "note": "Primary database"}
    answer = fleet.patch(ALPHA, json=whole)
    assert answer.json() == {"message": "Server updated successfully", "serverId": "id-alpha", **whole, "password_stored": False}
    fleet.patch(ALPHA, json={"alias": "  Only \n alias "})
    assert fleet.get(ALPHA).json() == {"id": "id-alpha", "name": "alpha", **whole, "alias": "Only alias"}
    assert audited(fleet, "server_updated")[0] == {
        "serverId": "id-alpha",
        "serverName": "alpha",
        "before": {"alias": "Production DB"},
        "after": {"alias": "Only alias"},
    }
    fleet.patch(ALPHA, json={"note": "Another"})
    assert fleet.get(ALPHA).json()["alias"] == "Only alias"
    fleet.patch(ALPHA, json={"note": "Primary database"})
    fleet.patch(ALPHA, json={"alias": "Only alias"})
    assert len(audited(fleet, "server_updated")) == 4, "what changes nothing is no entry"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("http://127.0.0.1:18200/ngax", "http://127.0.0.1:18200"),
        ("HTTPS://NAS.example:443/ngclient/index.html", "https://nas.example"),
        ("https://proxy.example/duplicati/", "https://proxy.example/duplicati"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_addresses_are_kept_in_one_form(fleet: TestClient, sent: str, kept: str) -> None:
    fleet.patch(ALPHA, json={"server_url": "http://old.example:8200"})
    assert fleet.patch(f"{ALPHA}/server-url", json={"server_url": sent}).json()["server_url"] == kept
    assert fleet.get(f"{ALPHA}/server-url").json() == {"serverId": "id-alpha", "server_url": kept}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("javascript:alert(1)", "URL must use HTTP or HTTPS protocol"),
        ("ftp://127.0.0.1", "URL must use HTTP or HTTPS protocol"),
        ("file:///etc/passwd", "URL must use HTTP or HTTPS protocol"),
        ("not a url", "Invalid URL format"),
        ("::", "Invalid URL format"),
        ("nas.example:8200", "Invalid URL format"),
        ("http://user:secret@nas.example", "Invalid URL format"),
        ("http://", "Invalid URL format"),
    ],
)
def test_a_bad_address_is_refused_and_nothing_is_stored(fleet: TestClient, sent: str, said: str) -> None:
    for answer in (
        fleet.patch(ALPHA, json={"server_url": sent, "alias": "Other"}),
        fleet.patch(f"{ALPHA}/server-url", json={"server_url": sent}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, said)
        assert "secret" not in answer.text
    assert fleet.get(ALPHA).json() == {"id": "id-alpha", "name": "alpha", "alias": "", "note": "", "server_url": ""}


@pytest.mark.parametrize("body", [{"alias": 5}, {"server_url": 5}, {"note": "x" * 2001}, {"alias": "x" * 201}, {"note": "\0"}])
def test_what_makes_no_sense_is_refused(fleet: TestClient, body: dict[str, object]) -> None:
    assert fleet.patch(ALPHA, json=body).status_code == 400


def test_unknown_servers_are_not_found(fleet: TestClient) -> None:
    answers = [
        fleet.patch("/api/servers/nope", json={"alias": "x"}),
        fleet.patch("/api/servers/nope/password", json={"password": "x"}),
        fleet.get("/api/servers/nope/password"),
        fleet.patch("/api/servers/nope/server-url", json={"server_url": "http://127.0.0.1"}),
        fleet.get("/api/servers/nope/link"),
        fleet.patch("/api/servers/nope/link", json={"watch": False}),
        fleet.delete("/api/servers/nope"),
        fleet.post("/api/servers/test-connection", json={"server_id": "nope"}),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(404, "Server not found")] * len(answers)


# --- the password ------------------------------------------------------------------------------------------------------------------


def test_a_password_is_stored_encrypted_and_never_told(fleet: TestClient, application: FastAPI) -> None:
    fleet.patch(ALPHA, json={"server_url": "http://127.0.0.1:8200"})
    answer = fleet.patch(f"{ALPHA}/password", json={"password": "duplicati-secret ß"})
    assert answer.json() == {"message": "Password updated successfully", "serverId": "id-alpha"}
    stored = link_of(application).secret
    assert parts(application).secrets.decrypt(stored, SERVER) == "duplicati-secret ß"
    state = fleet.get(f"{ALPHA}/password").json()
    assert state == {"csrfToken": fleet.headers["x-csrf-token"], "serverId": "id-alpha", "password_stored": True}
    told = [fleet.get(path).text for path in ("/api/audit-log", ALPHA, f"{ALPHA}/link", "/api/servers?includeBackups=true")]
    assert not any("duplicati-secret" in text or stored in text for text in told)
    assert fleet.patch(f"{ALPHA}/password", json={"password": ""}).status_code == 200
    assert fleet.get(f"{ALPHA}/password").json()["password_stored"] is False
    assert audited(fleet, "server_password_updated")[0] | {"secretChanged": True} == {
        "serverId": "id-alpha",
        "serverName": "alpha",
        "secretChanged": True,
        "before": {"stored": True},
        "after": {"stored": False},
    }
    assert [fleet.patch(f"{ALPHA}/password", json=body).status_code for body in ({}, {"password": 1}, {"password": "x" * 1001})] == [
        400
    ] * 3


def test_a_new_password_lets_what_went_wrong_be_forgotten(fleet: TestClient, application: FastAPI, clock: SetClock) -> None:
    fleet.patch(ALPHA, json={"server_url": "http://127.0.0.1:8200"})
    fleet.patch(f"{ALPHA}/link", json={"timer_minutes": 60})
    stuck = Tried("password", {"place": "127.0.0.1:8200"}, stuck=True)
    write(application, lambda connection: timers.tried(connection, ServerId(1), stuck, clock.now(), lambda: 0.5))
    before = link_of(application)
    assert (before.trouble, before.next_at) == ("password", None)
    assert fleet.get(f"{ALPHA}/link").json()["trouble"]["code"] == "password"
    fleet.patch(f"{ALPHA}/password", json={"password": "right"})
    after = link_of(application)
    assert (after.trouble, after.trouble_facts, after.failures, after.timer) == ("", {}, 0, 60)
    write(application, lambda connection: timers.plan(connection, clock.now(), lambda: 0.0, frozenset({"password"})))
    assert link_of(application).next_at == clock.now(), "its timer goes on"


@pytest.mark.parametrize(
    ("url", "is_left_behind"),
    [
        ("https://nas.example:8200", False),
        ("http://nas.example:8200/base", False),
        ("http://nas.example:8300", True),
        ("http://other.example:8200", True),
        ("", True),
    ],
)
def test_a_password_stays_behind_with_its_host(fleet: TestClient, url: str, is_left_behind: bool) -> None:
    fleet.patch(ALPHA, json={"server_url": "http://nas.example:8200"})
    fleet.patch(f"{ALPHA}/password", json={"password": "secret"})
    answer = fleet.patch(ALPHA, json={"server_url": url}).json()
    assert answer["password_stored"] is not is_left_behind
    assert (audited(fleet, "server_updated")[0].get("secretChanged") is True) is is_left_behind


def test_a_password_does_not_go_from_https_to_http(fleet: TestClient) -> None:
    fleet.patch(ALPHA, json={"server_url": "https://nas.example:8200"})
    fleet.patch(f"{ALPHA}/password", json={"password": "secret"})
    assert fleet.patch(ALPHA, json={"server_url": "http://nas.example:8200"}).json()["password_stored"] is False


def test_a_password_that_came_before_the_address_stays(fleet: TestClient) -> None:
    fleet.patch(f"{ALPHA}/password", json={"password": "secret"})
    assert fleet.patch(ALPHA, json={"server_url": "http://nas.example:8200"}).json()["password_stored"] is True


# --- timer, rights, certificate ----------------------------------------------------------------------------------------------------


def test_how_a_server_is_reached_is_told_and_changed(fleet: TestClient, application: FastAPI, clock: SetClock) -> None:
    fleet.patch(ALPHA, json={"server_url": "https://nas.example:8200"})
    write(application, lambda connection: links.agree(connection, ServerId(1), FINGERPRINT))
    told = fleet.get(f"{ALPHA}/link").json()
    assert told == {
        "server_id": "id-alpha",
        "server_url": "https://nas.example:8200",
        "password_stored": False,
        "timer_minutes": None,
        "next_at": None,
        "controls": False,
        "watch": True,
        "certificate": FINGERPRINT,
        "tried_at": None,
        "collected_at": None,
        "trouble": None,
        "version": "",
        "channel": "",
        "live": "unknown",
    }
    changed = fleet.patch(f"{ALPHA}/link", json={"timer_minutes": 360, "controls": True, "watch": False}).json()
    assert (changed["timer_minutes"], changed["controls"], changed["watch"], changed["certificate"]) == (360, True, False, FINGERPRINT)
    following = link_of(application).next_at
    assert following is not None
    assert clock.now() <= following <= clock.now() + HOUR, "soon, but not all servers at once"
    assert audited(fleet, "server_connection_updated")[0]["after"] == {"timer_minutes": 360, "controls": True, "watch": False}
    assert fleet.patch(f"{ALPHA}/link", json={"certificate": None}).json()["certificate"] is None
    assert fleet.patch(f"{ALPHA}/link", json={"timer_minutes": None}).json()["next_at"] is None
    assert len(audited(fleet, "server_connection_updated")) == 3
    fleet.patch(f"{ALPHA}/link", json={})
    assert len(audited(fleet, "server_connection_updated")) == 3, "what changes nothing is no entry"


@pytest.mark.parametrize(
    "body",
    [{"timer_minutes": 7}, {"timer_minutes": True}, {"timer_minutes": "60"}, {"controls": 1}, {"certificate": FINGERPRINT}, {"tiemr": 60}],
)
def test_a_change_of_the_way_that_makes_no_sense_is_refused(fleet: TestClient, body: dict[str, object]) -> None:
    fleet.patch(ALPHA, json={"server_url": "https://nas.example:8200"})
    before = fleet.get(f"{ALPHA}/link").json()
    assert fleet.patch(f"{ALPHA}/link", json={"watch": False, **body}).status_code == 400
    assert fleet.get(f"{ALPHA}/link").json() == before


def test_without_an_address_there_is_no_way(fleet: TestClient) -> None:
    answers = [
        fleet.get(f"{ALPHA}/link"),
        fleet.patch(f"{ALPHA}/link", json={"watch": False}),
        fleet.post("/api/servers/test-connection", json={"server_id": "id-alpha"}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "no_address")] * 3


# --- removal -----------------------------------------------------------------------------------------------------------------------


def test_a_server_goes_with_its_jobs_and_runs(fleet: TestClient) -> None:
    answer = fleet.delete(ALPHA)
    assert answer.json() == {
        "message": "Successfully deleted server and 3 backups",
        "status": 200,
        "changes": {"backupChanges": 3, "serverChanges": 1, "job_changes": 2},
    }
    assert [each["id"] for each in fleet.get("/api/servers").json()] == ["id-beta"]
    assert fleet.get("/api/summary").json()["totalBackupsRuns"] == 1
    assert (fleet.delete(ALPHA).status_code, fleet.get(ALPHA).status_code) == (404, 404)
    (told,) = audited(fleet, "server_deleted")
    assert (told["serverName"], told["deletedJobs"], told["deletedCount"]) == ("alpha", 2, 3)


def test_a_later_report_makes_it_anew(fleet: TestClient, clock: SetClock) -> None:
    fleet.patch(ALPHA, json={"alias": "Old", "server_url": "http://nas.example:8200"})
    fleet.patch(f"{ALPHA}/password", json={"password": "secret"})
    fleet.delete(ALPHA)
    send(fleet, Made(clock.now()))
    assert fleet.get(ALPHA).json() == {"id": "id-alpha", "name": "alpha", "alias": "", "note": "", "server_url": ""}
    assert fleet.get(f"{ALPHA}/password").json()["password_stored"] is False


def test_what_was_said_of_a_removed_server_goes_and_channels_do_not_tell_more(fleet: TestClient) -> None:
    fleet.put(f"{ALPHA}/tags", json={"tags": ["home"]})
    window = {"name": "Move", "server_id": "id-alpha", "starts_at": "2026-07-10T11:00:00Z", "ends_at": "2026-07-10T16:00:00Z"}
    assert fleet.post("/api/maintenance", json=window).status_code == 200
    hook = {
        "kind": "webhook",
        "name": "One",
        "config": {"url": "http://127.0.0.1:9/x"},
        "filter": {"events": ["error"], "servers": ["id-alpha"]},
    }
    number = fleet.post("/api/channels", json=hook).json()["id"]
    fleet.delete(ALPHA)
    assert fleet.get("/api/tags").json()["items"][0]["servers"] == []
    assert fleet.get("/api/maintenance").json()["items"] == []
    kept = fleet.get(f"/api/channels/{number}").json()
    assert (kept["enabled"], kept["filter"]["servers"]) == (False, []), "without a choice it would tell of all jobs"


# --- tests of the connection -------------------------------------------------------------------------------------------------------


def outcome_of(client: TestClient, **body: object) -> Any:
    answer = client.post("/api/servers/test-connection", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_address_is_tested_without_any_password(fleet: TestClient, duplicati: Duplicati) -> None:
    found = outcome_of(fleet, server_url=f"{duplicati.url}/ngax")
    assert (found["success"], found["message"], found["code"]) == (True, "Connection successful", None)
    assert [(step["step"], step["state"]) for step in found["steps"]] == [("connection", "ok"), ("encryption", "warn"), ("duplicati", "ok")]
    assert duplicati.logins == 0, "a made-up password would be a failed login in its log"


def test_a_server_is_tested_with_what_is_stored_of_it(fleet: TestClient, duplicati: Duplicati) -> None:
    fleet.patch(ALPHA, json={"server_url": duplicati.url})
    wants = outcome_of(fleet, server_id="id-alpha")
    assert (wants["success"], wants["code"]) == (False, "no_password")
    fleet.patch(f"{ALPHA}/password", json={"password": "wrong"})
    wrong = outcome_of(fleet, server_id="id-alpha")
    assert (wrong["success"], wrong["code"], wrong["steps"][-1]["step"], wrong["steps"][-1]["state"]) == (
        False,
        "password",
        "password",
        "error",
    )
    assert "does not accept the password" in wrong["message"]
    fleet.patch(f"{ALPHA}/password", json={"password": duplicati.password})
    right = outcome_of(fleet, server_id="id-alpha")
    assert (right["success"], right["message"]) == (True, "Connection successful")
    assert right["steps"][-1] == {"step": "identity", "state": "ok", "message": "It is fileserver with Duplicati 2.3.0.109 (canary)."}
    assert duplicati.families == {}, "the test logs out"


def test_all_servers_are_tested_and_one_that_fails_stops_no_other(fleet: TestClient, duplicati: Duplicati) -> None:
    fleet.patch(ALPHA, json={"server_url": "http://127.0.0.1:1"})
    fleet.patch("/api/servers/id-beta", json={"server_url": duplicati.url})
    fleet.patch("/api/servers/id-beta/password", json={"password": duplicati.password})
    found = outcome_of(fleet, all=True)
    assert (found["success"], found["message"]) == (False, "1 of 2 servers cannot be asked")
    assert [(each["server_id"], each["success"], each["code"]) for each in found["items"]] == [
        ("id-alpha", False, "refused"),
        ("id-beta", True, None),
    ]
    entry = audited(fleet, "server_connection_tested")[0]
    assert entry["failed"] == ["127.0.0.1:1: refused"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "Server URL is required"),
        ({"server_url": ""}, "Server URL is required"),
        ({"server_url": "::"}, "Invalid URL format"),
        ({"server_url": "file:///etc/passwd"}, "URL must use HTTP or HTTPS protocol"),
    ],
)
def test_what_is_no_address_is_not_tested(fleet: TestClient, body: dict[str, str], said: str) -> None:
    answer = fleet.post("/api/servers/test-connection", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, said)


def test_a_lost_password_is_said_and_nothing_is_asked(fleet: TestClient, application: FastAPI, duplicati: Duplicati) -> None:
    fleet.patch(ALPHA, json={"server_url": duplicati.url})
    write(application, lambda connection: links.set_secret(connection, ServerId(1), "v1:AAAA"))
    assert outcome_of(fleet, server_id="id-alpha")["code"] == "lost_password"
    assert duplicati.received == []
