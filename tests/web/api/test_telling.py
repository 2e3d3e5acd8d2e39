"""What is told of jobs over HTTP: read by all users, changed by administrators, refused in words, and kept in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
import pytest
from jsonschema_rs import Draft202012Validator

from duplistatus.clock import HOUR, MINUTE, Instant, iso
from duplistatus.evaluate.notify_setting import Additional
from duplistatus.store import channels, watching
from duplistatus.store.channels import NTFY, ChannelValues, own_channel
from duplistatus.web.api.openapi import document
from tests.notify.stand_ins import NtfyStandIn, ntfy_error
from tests.web.api.reports import Made, send
from tests.web.parts import parts_of
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection

SERVER = "/api/servers/id-alpha/telling"


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> TestClient:
    """Alpha with Files (1) and Mail (2), beta with Files (3)."""
    now = clock.now()
    begun = Instant(now - 30 * HOUR)
    send(admin, Made(begun), Made(begun, job="Mail"), Made(begun, "beta"))
    return admin


def audited(application: FastAPI) -> list[tuple[str, str | None, dict[str, Any]]]:
    with parts_of(application).database.read() as connection:
        rows = connection.raw.execute(
            "SELECT action, target_id, details FROM audit WHERE category IN ('config', 'system') ORDER BY id"
        ).fetchall()
    return [(action, target, orjson.loads(details)) for action, target, details in rows]


def is_described(application: FastAPI, shape: str, body: object) -> bool:
    described = document(application)
    schema = {"$ref": f"#/components/schemas/{shape}", "components": described["components"]}
    return list(Draft202012Validator(schema).iter_errors(body)) == []


def set_up_ntfy(application: FastAPI, url: str) -> None:
    def work(connection: Connection) -> None:
        row = own_channel(connection, NTFY)
        values = ChannelValues(row.name, True, {"url": url, "topic": "main", "markdown": False}, "")
        channels.save_channel(connection, row.id, values, "admin", Instant(1))

    parts_of(application).writer.submit(work).result()


def test_a_job_of_which_nothing_is_set_says_so(fleet: TestClient, application: FastAPI) -> None:
    body = fleet.get("/api/jobs/2/telling").json()
    assert is_described(application, "JobTelling", body)
    assert body == {
        "job": 2,
        "name": "Mail",
        "server": {"id": "id-alpha", "name": "alpha", "alias": ""},
        "event": "warnings",
        "ntfy": True,
        "email": True,
        "additional_event": None,
        "additional_emails": None,
        "additional_topic": None,
        "besides": {"event": "warnings", "emails": [], "topic": ""},
        "sources": {"event": "none", "emails": "none", "topic": "none"},
    }


def test_what_follows_the_server_and_what_is_own_is_told_apart(fleet: TestClient, application: FastAPI) -> None:
    of_server = {"additional_event": "errors", "additional_emails": ["ops@example.org"], "additional_topic": "ops"}
    body = fleet.patch(SERVER, json=of_server).json()
    assert is_described(application, "ServerTelling", body)
    assert (body["additional_emails"], fleet.get(SERVER).json()) == ("ops@example.org", body)
    changed = fleet.patch(
        "/api/jobs/2/telling", json={"event": "off", "ntfy": False, "additional_emails": "", "additional_topic": "mail"}
    ).json()
    assert (changed["event"], changed["ntfy"], changed["email"]) == ("off", False, True)
    assert changed["besides"] == {"event": "errors", "emails": [], "topic": "mail"}
    assert changed["sources"] == {"event": "server", "emails": "own", "topic": "own"}
    assert fleet.patch("/api/jobs/2/telling", json={"additional_topic": None}).json()["besides"]["topic"] == "ops"
    assert fleet.get("/api/jobs/3/telling").json()["besides"]["topic"] == "", "another server"


def test_a_list_goes_on_where_its_page_ended(fleet: TestClient, application: FastAPI) -> None:
    first = fleet.get("/api/telling", params={"limit": 2}).json()
    assert is_described(application, "JobTellingList", first)
    assert ([each["job"] for each in first["items"]], first["next_cursor"]) == ([1, 2], 2)
    rest = fleet.get("/api/telling", params={"limit": 2, "cursor": 2}).json()
    assert ([each["job"] for each in rest["items"]], rest["next_cursor"]) == ([3], None)
    assert [each["job"] for each in fleet.get("/api/telling", params={"q": "alpha mail"}).json()["items"]] == [2]
    assert fleet.get("/api/telling", params={"limit": 0}).status_code == 400


def test_several_jobs_become_one_or_none_does(fleet: TestClient) -> None:
    answer = fleet.patch("/api/telling", json={"jobs": [1, 3, 3, 999], "change": {"event": "all", "additional_topic": "both"}})
    assert answer.json() == {"changed": [1, 3]}
    assert fleet.patch("/api/telling", json={"jobs": [1, 2], "change": {"event": "all"}}).json() == {"changed": [2]}
    bad = fleet.patch("/api/telling", json={"jobs": [1, 2], "change": {"event": "off", "additional_topic": "two words"}})
    assert (bad.status_code, bad.json()["details"]) == (400, {"field": "additional_topic"})
    assert [each["event"] for each in fleet.get("/api/telling").json()["items"]] == ["all", "all", "all"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"jobs": 1, "change": {}},
        {"jobs": ["1"], "change": {}},
        {"jobs": [True], "change": {}},
        {"jobs": [1], "change": []},
        {"jobs": [-1], "change": {}},
    ],
)
def test_a_bulk_change_that_is_none_is_refused(fleet: TestClient, body: object) -> None:
    answer = fleet.patch("/api/telling", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event": "often"}, "no choice of results; there are all, warnings, errors, off"),
        ({"ntfy": 1}, "ntfy must be true or false"),
        ({"additional_emails": "nobody"}, "'nobody' is no e-mail address"),
        ({"event": "off", "additional_topic": "a/b"}, "is no topic"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_of_it_is_stored(
    fleet: TestClient, application: FastAPI, change: dict[str, object], sentence: str
) -> None:
    before = fleet.get("/api/jobs/1/telling").json()
    answer = fleet.patch("/api/jobs/1/telling", json=change)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_setting")
    assert sentence in answer.json()["error"]
    assert fleet.get("/api/jobs/1/telling").json() == before
    assert audited(application) == []


def test_a_server_has_no_results_of_its_own(fleet: TestClient) -> None:
    answer = fleet.patch(SERVER, json={"event": "all", "additional_topic": "ops"})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "of a server, only additional_event, additional_emails, additional_topic are set",
    )
    assert fleet.get(SERVER).json()["additional_topic"] is None


def test_all_jobs_can_follow_their_server_and_all_can_be_cleared(fleet: TestClient, application: FastAPI) -> None:
    fleet.patch(SERVER, json={"additional_topic": "ops"})
    fleet.patch("/api/telling", json={"jobs": [1, 3], "change": {"additional_topic": "own"}})
    body = fleet.post(f"{SERVER}/sync").json()
    assert is_described(application, "ServerTellingChanged", body)
    assert (body["changed"], body["additional_topic"]) == ([1], "ops")
    assert [each["besides"]["topic"] for each in fleet.get("/api/telling").json()["items"]] == ["ops", "ops", "own"]
    fleet.patch("/api/jobs/2/telling", json={"additional_emails": "a@example.org"})
    assert fleet.post(f"{SERVER}/clear").json() == {
        "server": {"id": "id-alpha", "name": "alpha", "alias": ""},
        "additional_event": None,
        "additional_emails": None,
        "additional_topic": None,
        "changed": [2],
    }
    assert [each["besides"]["topic"] for each in fleet.get("/api/telling").json()["items"]] == ["", "", "own"]


@pytest.mark.parametrize("path", ["", "/sync", "/clear"])
def test_a_server_whose_id_holds_a_slash_has_these_paths_too(admin: TestClient, clock: SetClock, path: str) -> None:
    send(admin, Made(Instant(clock.now() - HOUR), "odd/one"))
    key = quote("id-odd/one", safe="")
    answer = admin.post(f"/api/servers/{key}/telling{path}") if path else admin.get(f"/api/servers/{key}/telling")
    assert answer.json()["server"]["id"] == "id-odd/one"
    assert admin.get(f"/api/servers/{key}").json()["id"] == "id-odd/one"


def test_what_is_not_there_is_not_found(fleet: TestClient) -> None:
    assert fleet.get("/api/jobs/99/telling").status_code == 404
    assert fleet.patch("/api/jobs/99/telling", json={}).status_code == 404
    assert fleet.get("/api/servers/nobody/telling").status_code == 404
    assert fleet.patch("/api/servers/nobody/telling", json={}).status_code == 404
    assert fleet.post("/api/servers/nobody/telling/sync").status_code == 404
    assert fleet.post("/api/servers/nobody/telling/clear").status_code == 404


def test_the_audit_log_holds_what_was_before_and_what_is_now(fleet: TestClient, application: FastAPI) -> None:
    fleet.patch("/api/jobs/2/telling", json={"event": "errors", "additional_topic": "mail", "email": True})
    fleet.patch(SERVER, json={"additional_emails": "ops@example.org"})
    fleet.post(f"{SERVER}/clear")
    fleet.post(f"{SERVER}/clear")
    first, second, third = audited(application)
    job = {"job": 2, "serverName": "alpha", "backupName": "Mail"}
    to = {"event": "errors", "additional_topic": "mail"}
    change = job | {"before": {"event": "warnings", "additional_topic": None}, "after": to}
    assert first == ("backup_notification_updated", None, {"jobs": [change], "count": 1})
    nothing, said = {"additional_emails": None}, {"additional_emails": "ops@example.org"}
    of_server = {"serverId": "id-alpha", "serverName": "alpha"}
    assert second == ("backup_notification_updated", "id-alpha", of_server | {"before": nothing, "after": said})
    back = job | {"before": {"additional_topic": "mail"}, "after": {"additional_topic": None}}
    assert third[2] == of_server | {"before": said, "after": nothing, "jobs": [back], "count": 1}


def test_users_read_and_change_nothing(fleet: TestClient, application: FastAPI) -> None:
    fleet.patch(SERVER, json={"additional_topic": "ops"})
    headers = enter(application, Kind.USER).headers
    fleet.cookies.clear()
    fleet.headers.pop("x-csrf-token")
    assert fleet.get("/api/jobs/1/telling", headers=headers).json()["besides"]["topic"] == "ops"
    for method, path in (
        ("PATCH", "/api/telling"),
        ("PATCH", "/api/jobs/1/telling"),
        ("PATCH", SERVER),
        ("POST", f"{SERVER}/sync"),
        ("POST", f"{SERVER}/clear"),
        ("POST", "/api/telling/test"),
    ):
        assert fleet.request(method, path, headers=headers, json={}).status_code == 403, path


def test_a_topic_is_tested_through_the_channel_for_all(fleet: TestClient, application: FastAPI) -> None:
    with NtfyStandIn({"closed": ntfy_error(403, "forbidden")}) as ntfy:
        set_up_ntfy(application, ntfy.url)
        good = fleet.post("/api/telling/test", json={"channel": "ntfy", "destination": " ops "})
        assert is_described(application, "TellingTested", good.json())
        assert good.json() == {"results": [{"destination": "ops", "delivered": True, "message": "Delivered to ops."}]}
        assert ntfy.wait_for(1)[0].path == "/ops"
        (bad,) = fleet.post("/api/telling/test", json={"channel": "ntfy", "destination": "closed"}).json()["results"]
    assert (bad["destination"], bad["delivered"]) == ("closed", False)
    assert "forbidden" in bad["message"]
    assert [action for action, *_ in audited(application)] == ["test_notification_sent", "test_notification_sent"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"channel": "pigeon", "destination": "x"}, "'pigeon' is no channel for all; there are ntfy, email"),
        ({"channel": "ntfy", "destination": ""}, "There is no topic to test."),
        ({"channel": "ntfy", "destination": "two words"}, "is no topic"),
        ({"channel": "email", "destination": " , "}, "There is no address to test."),
        ({"channel": "email", "destination": "nobody"}, "is no e-mail address"),
        ({"channel": "email", "destination": ",".join(f"a{n}@example.org" for n in range(11))}, "At most 10 addresses"),
        ({"channel": "email", "destination": "kim@example.org"}, "E-mail is not set up yet."),
    ],
)
def test_a_test_that_cannot_be_is_refused_in_words(fleet: TestClient, body: dict[str, str], sentence: str) -> None:
    answer = fleet.post("/api/telling/test", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_destination")
    assert sentence in answer.json()["error"]


def test_clients_of_before_read_back_what_they_set_of_a_server(fleet: TestClient, application: FastAPI) -> None:
    entry = {"additionalNotificationEvent": "all", "additionalNtfyTopic": "ops", "additionalEmails": "a@example.org, b@example.org"}
    answer = fleet.post("/api/configuration/backup-settings", json={"backupSettings": {"id-alpha:__default__": entry}})
    assert answer.status_code == 200
    body = fleet.get("/api/configuration/unified").json()
    assert is_described(application, "Configuration", body)
    assert body["backup_settings"]["id-alpha:__default__"] == entry
    assert "additionalEmails" not in body["backup_settings"]["id-alpha:Mail"], "a job that follows says nothing"
    assert "id-beta:__default__" not in body["backup_settings"]
    assert fleet.get(SERVER).json()["additional_topic"] == "ops"
    again = fleet.post("/api/configuration/backup-settings", json={"backupSettings": body["backup_settings"]})
    assert again.status_code == 200
    assert len(audited(application)) == 1, "what was read and sent back changes nothing"
    bad = fleet.post(
        "/api/configuration/backup-settings", json={"backupSettings": {"id-alpha:__default__": {"additionalEmails": "nobody"}}}
    )
    assert (bad.status_code, bad.json()["error"]) == (400, "id-alpha:__default__: 'nobody' is no e-mail address")


def test_the_dashboard_knows_when_it_was_told_last_that_a_job_is_overdue(fleet: TestClient, application: FastAPI, clock: SetClock) -> None:
    told_at = Instant(clock.now() - MINUTE)

    def work(connection: Connection) -> None:
        channel = own_channel(connection, NTFY).id
        connection.raw.execute(f"INSERT INTO reminder (job_id, channel_id, destination, told_at) VALUES (1, {channel}, '', {told_at})")
        watching.save_additional(connection, fleet_server(connection), Additional(topic="ops"))

    parts_of(application).writer.submit(work).result()
    jobs = {job["jobId"]: job for server in fleet.get("/api/dashboard").json()["serversSummary"] for job in server["backupInfo"]}
    assert (jobs[1]["lastNotificationSent"], jobs[2]["lastNotificationSent"]) == (iso(told_at), "N/A")


def fleet_server(connection: Connection) -> Any:
    return connection.raw.execute("SELECT id FROM server WHERE name = 'alpha'").fetchone()[0]
