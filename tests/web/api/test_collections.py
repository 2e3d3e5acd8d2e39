"""Collections over the API: begun, followed, answered, cancelled; what comes of it is stored, and passwords are nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from duplistatus.clock import HOUR
from duplistatus.store import links
from duplistatus.web.api import collection_schemas
from tests.ingest.duplicati.stand_in import HANGS, Duplicati
from tests.notify.certificates import self_signed
from tests.web.api.collecting import address_of, begin, collected, look, reply, settled
from tests.web.api.messaging import awaited

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

PASSWORD = "secret123"
LOGIN = "/api/v1/auth/login"


@pytest.fixture
def nas() -> Iterator[Duplicati]:
    with Duplicati("2.3.0.4", password=PASSWORD) as server:
        yield server


def entries(client: TestClient, action: str) -> list[dict[str, Any]]:
    logs = client.get(f"/api/audit-log?action={action}").json()["logs"]
    return list(reversed(logs))


def sessions_of(application: FastAPI) -> list[str]:
    """The hashes of the sessions of people."""
    with application.state.context.database.read() as connection:
        rows = connection.raw.execute("SELECT token_hash FROM session WHERE user_id IS NOT NULL").fetchall()
    return [row[0] for row in rows]


def test_a_server_by_its_address_is_asked_about_before_anything_goes_in_the_clear(admin: TestClient, nas: Duplicati) -> None:
    found = collected(admin, addresses=address_of(nas), password=PASSWORD)
    TypeAdapter(collection_schemas.Collection).validate_python(found)
    (part,) = found["parts"]
    assert (part["state"], part["trouble"]["code"], part["question"]["kind"], found["ended_at"]) == ("asks", "plain", "plain", None)
    assert nas.asked(LOGIN) == []
    assert admin.get("/api/servers").json() == []
    found = reply(admin, found, agree=True)
    (part,) = found["parts"]
    assert (part["state"], part["address"], part["trouble"], part["question"]) == ("done", nas.url, None, None)
    assert part["found"] > 0
    assert found["ended_at"] is not None
    assert len(nas.asked(LOGIN)) == 1
    (server,) = admin.get("/api/servers").json()
    assert admin.get(f"/api/servers/{server['id']}").json()["server_url"] == nas.url


def test_a_typed_scheme_needs_no_answer_and_the_next_time_the_stored_password_does(admin: TestClient, nas: Duplicati) -> None:
    first = collected(admin, addresses=nas.url, password=PASSWORD)
    key = first["parts"][0]["server"]
    again = collected(admin, servers=[key])
    assert (again["parts"][0]["state"], again["parts"][0]["found"]) == ("done", 0)
    assert again["parts"][0]["known"] > 0
    assert collected(admin, servers="all")["parts"][0]["server"] == key


def test_several_addresses_each_have_an_outcome(admin: TestClient, nas: Duplicati) -> None:
    found = collected(admin, addresses=f"{nas.url}, http://127.0.0.1:9", password=PASSWORD, schedules_only=True)
    assert [(part["state"], (part["trouble"] or {}).get("code")) for part in found["parts"]] == [("done", None), ("failed", "refused")]
    assert "refused" in found["parts"][1]["trouble"]["reason"]
    assert found["schedules_only"] is True
    (line,) = admin.get("/api/collections").json()["items"]
    assert (line["id"], line["servers"], line["done"], line["failed"]) == (found["id"], 2, 1, 1)
    TypeAdapter(collection_schemas.CollectionList).validate_python(admin.get("/api/collections").json())


def test_a_certificate_is_accepted_by_the_fingerprint_that_was_shown(admin: TestClient, tmp_path: Path) -> None:
    with Duplicati("2.3.0.4", password=PASSWORD, context=self_signed(tmp_path).context) as nas:
        found = collected(admin, addresses=address_of(nas), password=PASSWORD)
        question = found["parts"][0]["question"]
        assert (question["kind"], len(question["sha256"])) == ("certificate", 64)
        path = f"/api/collections/{found['id']}/parts/{found['parts'][0]['id']}/answer"
        for wrong in ({"agree": True}, {"agree": True, "sha256": "ab" * 32}, {}, {"server": "new"}):
            assert admin.post(path, json=wrong).json()["code"] == "no_answer"
        assert nas.asked(LOGIN) == []
        found = reply(admin, found, agree=True, sha256=question["sha256"])
        assert found["parts"][0]["state"] == "done"
        key = found["parts"][0]["server"]
        assert collected(admin, servers=[key])["parts"][0]["state"] == "done"
        answered = entries(admin, "collection_answered")[0]["details"]
        assert answered["answer"] == {"certificate": question["sha256"]}


def test_without_consent_nothing_is_stored(admin: TestClient, nas: Duplicati) -> None:
    found = collected(admin, addresses=address_of(nas), password=PASSWORD)
    found = reply(admin, found, agree=False)
    assert (found["parts"][0]["state"], found["parts"][0]["trouble"]["code"]) == ("failed", "plain")
    path = f"/api/collections/{found['id']}/parts/{found['parts'][0]['id']}/answer"
    assert (admin.post(path, json={"agree": True}).status_code, nas.asked(LOGIN)) == (409, [])
    assert admin.get("/api/servers").json() == []


def test_it_is_cancelled_while_a_server_hangs(admin: TestClient, nas: Duplicati) -> None:
    nas.instead["*"] = HANGS
    uid = begin(admin, addresses=nas.url, password=PASSWORD)["id"]
    awaited(lambda: nas.received)
    found = admin.post(f"/api/collections/{uid}/cancel").json()
    assert (found["parts"][0]["state"], found["cancelled"]) == ("cancelled", True)
    assert found["ended_at"] is not None
    assert admin.post(f"/api/collections/{uid}/cancel").json()["code"] == "ended"


def test_what_was_collected_is_downloaded_and_holds_no_secret(admin: TestClient, nas: Duplicati) -> None:
    nas.jobs[0]["Backup"]["TargetURL"] = "s3://bucket/x?auth-username=KEY&auth-password=m4rker"
    found = collected(admin, addresses=nas.url, password=PASSWORD, keep_document=True)
    (part,) = found["parts"]
    assert part["document"] is True
    answer = admin.get(f"/api/collections/{found['id']}/parts/{part['id']}/document")
    assert json.loads(answer.content)
    assert "m4rker" not in answer.text
    assert PASSWORD not in answer.text
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.endswith('_collected_2026-07-10T12-00-00.json"')
    without = collected(admin, servers=[part["server"]])
    assert without["parts"][0]["document"] is False
    missing = admin.get(f"/api/collections/{without['id']}/parts/{without['parts'][0]['id']}/document")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_document")


def test_a_timer_is_chosen_with_it(admin: TestClient, application: FastAPI, nas: Duplicati, clock: SetClock) -> None:
    found = collected(admin, addresses=nas.url, password=PASSWORD, timer=60)
    parts = application.state.context
    with parts.database.read() as connection:
        (link,) = links.links(connection)
    assert link.timer == 60
    assert link.next_at is not None
    assert 0.9 * HOUR <= link.next_at - clock.now() <= 1.1 * HOUR
    collected(admin, servers=[found["parts"][0]["server"]], timer=0)
    with parts.database.read() as connection:
        (link,) = links.links(connection)
    assert (link.timer, link.next_at) == (None, None)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({}, "nothing_chosen"),
        ({"addresses": "  "}, "nothing_chosen"),
        ({"servers": "all"}, "nothing_chosen"),
        ({"servers": ["nope"]}, "no_address"),
        ({"servers": "nope"}, "bad_request"),
        ({"servers": [1]}, "bad_request"),
        ({"addresses": "ftp://nas"}, "bad_address"),
        ({"addresses": "nas:99999"}, "bad_address"),
        ({"addresses": 7}, "bad_request"),
        ({"addresses": "nas", "port": 0}, "bad_request"),
        ({"addresses": "nas", "port": "x"}, "bad_request"),
        ({"addresses": "nas", "timer": 7}, "bad_request"),
        ({"addresses": "nas", "password": 7}, "bad_request"),
        ({"addresses": "nas", "schedules_only": "yes"}, "bad_request"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_begins(admin: TestClient, wish: dict[str, Any], code: str) -> None:
    answer = admin.post("/api/collections", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert admin.get("/api/collections").json()["items"] == []


def test_what_is_not_there_is_not_found(admin: TestClient, nas: Duplicati) -> None:
    for path in ("/api/collections/nope", "/api/collections/nope/events", "/api/collections/nope/parts/1/document"):
        assert admin.get(path).status_code == 404
    assert admin.post("/api/collections/nope/cancel").status_code == 404
    uid = collected(admin, addresses=nas.url, password=PASSWORD)["id"]
    assert admin.post(f"/api/collections/{uid}/parts/999/answer", json={"agree": True}).status_code == 404


def test_who_began_answered_and_cancelled_is_in_the_audit_log_and_no_password(admin: TestClient, nas: Duplicati) -> None:
    found = collected(admin, addresses=address_of(nas), password=PASSWORD)
    reply(admin, found, agree=True)
    (started,) = entries(admin, "collection_started")
    assert (started["username"], started["targetId"]) == ("admin", found["id"])
    assert started["details"]["addresses"] == [address_of(nas)]
    (answered,) = entries(admin, "collection_answered")
    assert answered["details"]["answer"] == {"plain": True}
    (connected,) = entries(admin, "server_connection_updated")
    assert (connected["username"], connected["details"]["after"]) == ("admin", {"url": nas.url})
    assert connected["details"]["serverName"] == nas.system["MachineName"]
    assert PASSWORD not in admin.get("/api/audit-log?limit=1000").text


def test_the_stream_tells_how_far_it_has_come_and_the_end(admin: TestClient, nas: Duplicati) -> None:
    uid = begin(admin, addresses=nas.url, password=PASSWORD)["id"]
    text = admin.get(f"/api/collections/{uid}/events").text
    settled(admin, uid)
    events = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("event")]
    assert set(events[:-1]) == {"progress"}
    assert events[-1] == "ended"
    last = [json.loads(line.partition(": ")[2]) for line in text.splitlines() if line.startswith("data")][-2]
    assert last == look(admin, uid)


def test_a_stream_counts_its_listeners_and_lets_go_of_them(admin: TestClient, application: FastAPI, nas: Duplicati) -> None:
    uid = collected(admin, addresses=nas.url, password=PASSWORD)["id"]
    for _ in range(7):
        assert admin.get(f"/api/collections/{uid}/events").status_code == 200
    assert application.state.collection_listeners.total() == 0


def test_a_session_has_so_many_streams_and_no_more(admin: TestClient, application: FastAPI, nas: Duplicati) -> None:
    uid = collected(admin, addresses=nas.url, password=PASSWORD)["id"]
    path = f"/api/collections/{uid}/events"
    assert admin.get(path).status_code == 200
    listeners = application.state.collection_listeners
    listeners["others"] = 49
    assert admin.get(path).status_code == 200
    listeners["others"] = 50
    assert admin.get(path).json()["code"] == "busy"
    listeners.clear()
    session = next(iter(sessions_of(application)))
    listeners[session] = 5
    assert admin.get(path).json()["code"] == "busy"
