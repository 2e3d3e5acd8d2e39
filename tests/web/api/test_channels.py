"""Channels of one's own, as programs read, add, change, test and remove them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from duplistatus.clock import HOUR, MINUTE, Instant
from duplistatus.evaluate.notice import Event
from duplistatus.store import outbox
from duplistatus.store.channels import note_failed
from tests.notify.stand_ins import HttpStandIn, NtfyStandIn, SilentStandIn, ntfy_error
from tests.web.api.channels import HOOK, URL, add, deeds, everything, row_of, secret_of
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from fastapi import FastAPI

    from duplistatus.clock import SetClock


def refusal(admin: TestClient, **change: Any) -> tuple[str, str]:
    """Field and sentence of the answer to a channel that is not added."""
    answer = admin.post(URL, json=HOOK | change)
    assert answer.status_code == 400, answer.text
    assert len(admin.get(URL).json()["items"]) == 2
    return answer.json()["details"]["field"], answer.json()["error"]


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> TestClient:
    """Files on alpha, and Files on `beta/2`, which has the tag prod."""
    begun = Instant(clock.now() - HOUR)
    send(admin, Made(begun), Made(begun, server="beta", server_id="beta/2"))
    admin.put("/api/servers/beta%2F2/tags", json={"tags": ["prod"]})
    return admin


# --- reading and adding ------------------------------------------------------------------------------------------------------------


def test_those_for_all_jobs_are_always_there_and_off_at_first(admin: TestClient) -> None:
    items = admin.get(URL).json()["items"]
    assert [(each["key"], each["kind"], each["enabled"], each["filter"]) for each in items] == [
        ("email", "email", False, None),
        ("ntfy", "ntfy", False, None),
    ]


def test_a_channel_is_added_and_read_without_its_secrets(admin: TestClient, application: FastAPI) -> None:
    made = add(admin)
    assert made["config"] == {"url": "https://hooks.example/…", "headers": [], "has_url": True, "has_key": True}
    assert made["place"] == "https://hooks.example/…"
    assert made["filter"] == {"events": ["warning", "error", "fatal", "overdue", "back"], "servers": [], "tags": [], "jobs": []}
    assert (made["enabled"], made["created_by"], made["trouble"]) == (True, "admin", "")
    assert made["health"] == {"failing_since": None, "failed_at": None, "error": "", "alerts": False, "delivered_at": None}
    assert admin.get(f"{URL}/{made['id']}").json() == made
    assert made in admin.get(URL).json()["items"]
    assert secret_of(application, "Hook") == {"url": "https://hooks.example/in/s3cret", "key": "k3y"}
    for answer in (admin.get(URL).text, everything(application)):
        assert "s3cret" not in answer
        assert "k3y" not in answer


@pytest.mark.parametrize(
    ("kind", "config", "shown"),
    [
        (
            "ntfy",
            {"url": "https://ntfy.example", "topic": "second", "token": "tk_1"},
            {"url": "https://ntfy.example/", "topic": "second", "markdown": False, "has_token": True},
        ),
        (
            "email",
            {"host": "smtp.example.org", "to": "a@example.org", "from": "b@example.org", "auth": True, "username": "u", "password": "p"},
            {
                "host": "smtp.example.org",
                "port": 587,
                "mode": "starttls",
                "auth": True,
                "username": "u",
                "verify": True,
                "sender_name": "",
                "from": "b@example.org",
                "to": "a@example.org",
                "has_password": True,
            },
        ),
        ("apprise", {"url": "json://user:pw@hooks.example/x"}, {"service": "JSON", "url": "json://…", "has_url": True}),
    ],
)
def test_each_kind_has_settings_of_its_own(admin: TestClient, kind: str, config: dict[str, Any], shown: dict[str, Any]) -> None:
    assert add(admin, kind=kind, config=config)["config"] == shown


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"kind": "pigeon"}, "kind", "ntfy, email, webhook, apprise"),
        ({"kind": None}, "kind", "must be one of"),
        ({"kind": ["ntfy"]}, "kind", "must be one of"),
        ({"name": " "}, "name", "needs a name"),
        ({"name": "x" * 61}, "name", "60 characters"),
        ({"name": "NTFY"}, "name", "another channel"),
        ({"name": "a\0b"}, "name", "needs a name"),
        ({"enabled": "yes"}, "enabled", "true or false"),
        ({"config": []}, "config", "JSON object"),
        ({"config": {}}, "url", "missing"),
        ({"config": {"url": "nonsense"}}, "url", "address"),
        ({"config": HOOK["config"] | {"adress": "x"}}, "adress", "no setting of webhook"),
        ({"colour": "red"}, "colour", "means nothing here"),
        ({"filter": []}, "filter", "JSON object"),
        ({"filter": {"events": []}}, "filter", "at least one event"),
        ({"filter": {"events": ["sneeze"]}}, "filter", "success, warning"),
        ({"filter": {"events": "error"}}, "filter", "must be a list"),
        ({"filter": {"servers": ["nowhere"]}}, "filter", "no server 'nowhere'"),
        ({"filter": {"servers": ["a\0"]}}, "filter", "no server"),
        ({"filter": {"tags": ["none"]}}, "filter", "no tag 'none'"),
        ({"filter": {"jobs": [77]}}, "filter", "no job '77'"),
        ({"filter": {"jobs": [True]}}, "filter", "no job"),
        ({"filter": {"jobs": [2**80]}}, "filter", "no job"),
        ({"filter": {"server": []}}, "filter", "means nothing in a filter"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field_and_nothing_is_stored(
    admin: TestClient, change: dict[str, Any], field: str, words: str
) -> None:
    found = refusal(admin, **change)
    assert found[0] == field
    assert words in found[1]


def test_a_filter_names_servers_tags_and_jobs(fleet: TestClient) -> None:
    chosen = {"events": ["fatal", "success"], "servers": ["id-alpha"], "tags": ["prod"], "jobs": [2]}
    made = add(fleet, filter=chosen)
    assert made["filter"] == chosen | {"events": ["success", "fatal"]}


def test_a_run_is_told_through_the_channels_whose_filter_lets_it_through(fleet: TestClient, application: FastAPI, clock: SetClock) -> None:
    add(fleet, name="Alpha", filter={"events": ["success"], "servers": ["id-alpha"]})
    add(fleet, name="Prod", filter={"events": ["success"], "tags": ["prod"]})
    add(fleet, name="Errors", filter={"events": ["error"]})
    add(fleet, name="Off", filter={"events": ["success"]}, enabled=False)
    send(fleet, Made(Instant(clock.now() - 5 * MINUTE), server="beta", server_id="beta/2"))
    with application.state.context.database.read() as connection:
        told = connection.raw.execute("SELECT channel.name FROM outbox JOIN channel ON channel.id = outbox.channel_id").fetchall()
    assert [row[0] for row in told] == ["Prod"]


def test_a_tag_that_a_channel_tells_of_stays(fleet: TestClient) -> None:
    made = add(fleet, filter={"events": ["error"], "tags": ["prod"]})
    tag = fleet.get("/api/tags").json()["items"][0]["id"]
    answer = fleet.delete(f"/api/tags/{tag}")
    assert (answer.status_code, answer.json()["error"]) == (409, "The channel “Hook” tells of the servers with this tag")
    fleet.delete(f"{URL}/{made['id']}")
    assert fleet.delete(f"/api/tags/{tag}").status_code == 200


def test_a_filter_forgets_a_job_that_is_deleted_and_never_tells_of_more_for_it(fleet: TestClient) -> None:
    alone = add(fleet, name="Alone", filter={"jobs": [1]})
    both = add(fleet, name="Both", filter={"jobs": [1, 2]})
    assert fleet.request("DELETE", "/api/backups/delete-job", json={"serverId": "id-alpha", "backupName": "Files"}).status_code == 200
    found = {each["name"]: (each["filter"]["jobs"], each["enabled"]) for each in fleet.get(URL).json()["items"] if each["key"] is None}
    assert found == {alone["name"]: ([], False), both["name"]: ([2], True)}


# --- changing ----------------------------------------------------------------------------------------------------------------------


def test_what_is_not_named_stays(fleet: TestClient, application: FastAPI) -> None:
    made = add(fleet, filter={"events": ["error"], "servers": ["id-alpha"]})
    address = f"{URL}/{made['id']}"
    changed = fleet.patch(address, json={"enabled": False}).json()
    assert changed == made | {"enabled": False, "changed_at": changed["changed_at"], "changed_by": "admin"}
    changed = fleet.patch(address, json={"filter": {"tags": ["prod"]}}).json()
    assert changed["filter"] == {"events": ["error"], "servers": ["id-alpha"], "tags": ["prod"], "jobs": []}
    fleet.patch(address, json={"config": {"key": "other"}})
    assert secret_of(application, "Hook") == {"url": "https://hooks.example/in/s3cret", "key": "other"}
    assert fleet.patch(address, json={"name": "Renamed"}).json()["name"] == "Renamed"


def test_an_empty_secret_stays_and_null_removes_it(admin: TestClient, application: FastAPI) -> None:
    address = f"{URL}/{add(admin)['id']}"
    stored = row_of(application, "Hook").secret
    admin.patch(address, json={"config": {"url": "", "key": ""}})
    assert row_of(application, "Hook").secret == stored
    assert admin.patch(address, json={"config": {"key": None}}).json()["config"]["has_key"] is False
    assert secret_of(application, "Hook") == {"url": "https://hooks.example/in/s3cret"}


def test_what_was_read_can_be_sent_back(admin: TestClient, application: FastAPI) -> None:
    made = add(admin, config=HOOK["config"] | {"headers": {"Authorization": "Bearer t"}})
    stored = row_of(application, "Hook").secret
    again = admin.patch(f"{URL}/{made['id']}", json={"config": made["config"], "filter": made["filter"], "name": made["name"]})
    assert again.status_code == 200, again.text
    assert again.json()["config"] == made["config"]
    assert row_of(application, "Hook").secret == stored


@pytest.mark.parametrize(
    ("url", "headers", "kept"),
    [
        ("https://hooks.example/other", {"Authorization": ""}, {"Authorization": "Bearer t"}),
        ("https://elsewhere.example/x", {"Authorization": ""}, {}),
        ("https://elsewhere.example/x", None, {}),
        ("https://elsewhere.example/x", {"Authorization": "Bearer new"}, {"Authorization": "Bearer new"}),
    ],
)
def test_headers_stay_behind_when_a_webhook_moves_to_another_server(
    admin: TestClient, application: FastAPI, url: str, headers: dict[str, str] | None, kept: dict[str, str]
) -> None:
    made = add(admin, config=HOOK["config"] | {"headers": {"Authorization": "Bearer t"}})
    config = {"url": url} if headers is None else {"url": url, "headers": headers}
    assert admin.patch(f"{URL}/{made['id']}", json={"config": config}).status_code == 200
    assert secret_of(application, "Hook").get("headers", "{}").replace(" ", "") == repr(kept).replace("'", '"').replace(" ", "")


def test_two_channels_have_two_names(admin: TestClient) -> None:
    add(admin)
    assert admin.post(URL, json=HOOK | {"name": " hook "}).status_code == 400
    other = add(admin, name="Other")
    assert admin.patch(f"{URL}/{other['id']}", json={"name": "HOOK"}).status_code == 400
    assert admin.patch(f"{URL}/{other['id']}", json={"name": "other"}).status_code == 200


def test_the_kind_stays_and_those_for_all_have_neither_filter_nor_another_name(admin: TestClient) -> None:
    made = add(admin)
    assert admin.patch(f"{URL}/{made['id']}", json={"kind": "ntfy"}).status_code == 400
    own = next(each for each in admin.get(URL).json()["items"] if each["key"] == "ntfy")
    for words in ({"name": "x"}, {"filter": {"events": ["error"]}}):
        assert admin.patch(f"{URL}/{own['id']}", json=words).status_code == 400
    changed = admin.patch(f"{URL}/{own['id']}", json={"enabled": True, "config": {"topic": "mine"}}).json()
    assert (changed["enabled"], changed["config"]["topic"]) == (True, "mine")
    assert admin.get("/api/configuration/ntfy").json()["ntfy"]["topic"] == "mine"


# --- removing ----------------------------------------------------------------------------------------------------------------------


def test_a_removed_channel_takes_its_messages_along(fleet: TestClient, application: FastAPI, clock: SetClock) -> None:
    made = add(fleet, filter={"events": ["success"]})
    other = add(fleet, name="Other", filter={"events": ["success"]})
    send(fleet, Made(Instant(clock.now() - 5 * MINUTE)))
    assert fleet.delete(f"{URL}/{made['id']}").json()["name"] == "Hook"
    assert fleet.get(f"{URL}/{made['id']}").status_code == 404
    with application.state.context.database.read() as connection:
        assert [row[0] for row in connection.raw.execute("SELECT channel_id FROM outbox").fetchall()] == [other["id"]]


def test_those_for_all_stay(admin: TestClient) -> None:
    for each in admin.get(URL).json()["items"]:
        assert admin.delete(f"{URL}/{each['id']}").status_code == 409
    assert len(admin.get(URL).json()["items"]) == 2


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_channel_that_is_not_there_is_said(admin: TestClient, method: str) -> None:
    assert admin.request(method, f"{URL}/99", json={}).status_code == 404
    assert admin.post(f"{URL}/99/test").status_code == 404


# --- testing -----------------------------------------------------------------------------------------------------------------------


def test_a_test_arrives_past_the_outbox_and_ends_the_alert(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    with HttpStandIn() as server:
        made = add(admin, config={"url": f"{server.url}in", "key": "k"}, enabled=False)
        parts = application.state.context
        parts.writer.submit(lambda connection: note_failed(connection, made["id"], "gone", clock.now())).result()
        assert admin.get(f"{URL}/{made['id']}").json()["health"]["alerts"] is True
        answer = admin.post(f"{URL}/{made['id']}/test")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["delivered"], answer.json()["remark"]) == (True, "")
        (asked,) = server.received
        assert asked.json["event"] == Event.TEST
        health = admin.get(f"{URL}/{made['id']}").json()["health"]
        assert (health["alerts"], health["failing_since"]) == (False, None)
        assert health["delivered_at"] is not None
    with parts.database.read() as connection:
        assert outbox.due_channels(connection) == {}


def test_the_reason_of_a_refusal_is_passed_on_and_makes_no_alert(admin: TestClient, application: FastAPI) -> None:
    with NtfyStandIn({"denied": ntfy_error(403, "forbidden")}) as server:
        made = add(admin, kind="ntfy", config={"url": server.url, "topic": "denied", "token": "tk_1"})
        answer = admin.post(f"{URL}/{made['id']}/test")
        assert (answer.status_code, answer.json()["code"]) == (502, "not_delivered")
        assert "forbidden" in answer.json()["error"]
    assert admin.get(f"{URL}/{made['id']}").json()["health"]["failing_since"] is None
    assert deeds(application)[-1][:2] == ("test_notification_sent", "failure")
    assert "tk_1" not in answer.text + repr(deeds(application))


def test_a_server_that_says_nothing_is_given_up(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplistatus.notify.testing.send_test.__defaults__", ("", 0.2))
    with SilentStandIn() as server:
        made = add(admin, config={"url": server.url})
        answer = admin.post(f"{URL}/{made['id']}/test")
        assert (answer.status_code, answer.json()["error"]) == (502, "no answer within 0.2 seconds")


def test_those_for_all_are_tested_once_they_are_set_up(admin: TestClient) -> None:
    own = next(each for each in admin.get(URL).json()["items"] if each["key"] == "email")
    answer = admin.post(f"{URL}/{own['id']}/test")
    assert answer.status_code == 502
    assert "missing" in answer.json()["error"]


@pytest.mark.parametrize(
    ("config", "near", "address", "words"),
    [
        (
            {"kind": "ntfy", "config": {"url": "http://192.168.1.5:8080/", "topic": "t"}},
            "private",
            "192.168.1.5",
            "private address 192.168.1.5",
        ),
        ({"kind": "ntfy", "config": {"url": "http://127.1/", "topic": "t"}}, "this_machine", "127.0.0.1", "this machine"),
        ({"kind": "webhook", "config": {"url": "http://localhost:3000/token"}}, "this_machine", None, "this machine"),
        ({"kind": "webhook", "config": {"url": "https://nas.local/token"}}, "private", None, "a name of the local network"),
        (
            {"kind": "webhook", "config": {"url": "http://169.254.169.254/"}},
            "forbidden",
            "169.254.169.254",
            "nothing is sent to this address",
        ),
        ({"kind": "webhook", "config": {"url": "https://far.example.org/"}}, "unknown", None, ""),
        ({"kind": "apprise", "config": {"url": "json://10.1.2.3/token"}}, "private", "10.1.2.3", "private address 10.1.2.3"),
        ({"kind": "apprise", "config": {"url": "tgram://123456789:abcdefg_hijklmnop/12315544"}}, "unknown", None, ""),
    ],
)
def test_where_the_server_of_a_channel_is_can_be_seen_without_a_question_to_anybody(
    admin: TestClient, config: dict[str, Any], near: str, address: str | None, words: str
) -> None:
    made = admin.post("/api/channels", json={"name": "Mine", **config})
    assert made.status_code == 200, made.text
    assert made.json()["server"] == {"near": near, "address": address}
    for path in ("/settings/channels", f"/settings/channels/{made.json()['id']}"):
        page = admin.get(path).text
        if words:
            assert words in page
        else:
            assert "private address" not in page
            assert "this machine" not in page


def test_where_the_mail_server_is_stands_on_its_page(admin: TestClient) -> None:
    config = {"host": "10.9.8.7", "mode": "plain", "to": "a@example.org", "from": "b@example.org"}
    own = next(each for each in admin.get("/api/channels").json()["items"] if each["key"] == "email")
    assert admin.patch(f"/api/channels/{own['id']}", json={"config": config}).json()["server"]["near"] == "private"
    assert "private address 10.9.8.7" in admin.get("/settings/email").text
