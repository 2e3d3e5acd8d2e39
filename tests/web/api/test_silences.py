"""Snoozes, acknowledgements, maintenance windows and tags, as programs use them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, Instant, iso
from duplistatus.store.facts import apply_due
from tests.web.api.reports import Made, send
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

ALPHA = {"id": "id-alpha", "name": "alpha", "alias": ""}
ONCE = {"name": "Move", "starts_at": "2026-07-10T11:00:00Z", "ends_at": "2026-07-10T16:00:00+02:00"}
AGAIN = {"name": "Nights", "days": [6, 0], "start_time": "22:00", "length_minutes": 480, "zone": "Europe/Oslo"}


@pytest.fixture
def told(admin: TestClient, clock: SetClock) -> TestClient:
    """An administrator with Files on alpha, which failed, and Files on `beta/2`, which is fine."""
    begun = Instant(clock.now() - HOUR)
    send(admin, Made(begun, result="Error"), Made(begun, server="beta", server_id="beta/2"))
    return admin


def silence(client: TestClient, job: int = 1) -> str:
    return str(client.get(f"/api/jobs/{job}").json()["silence"])


def entries(application: FastAPI) -> list[tuple[str, str, str, dict[str, Any]]]:
    """The audit log: action, what it concerns, details; without sign-ins."""
    with application.state.context.database.read() as connection:
        rows = connection.raw.execute(
            "SELECT action, target_type, target_id, details FROM audit WHERE category = 'config' AND username = 'admin' ORDER BY id"
        ).fetchall()
    return [(action, kind, of, json.loads(details)) for action, kind, of, details in rows]


def test_a_job_is_snoozed_for_a_time_and_awake_again_when_that_is_over(told: TestClient, application: FastAPI, clock: SetClock) -> None:
    made = told.post("/api/snoozes", json={"job_id": 1, "for": "4h", "comment": " moving disks "})
    assert made.status_code == 200, made.text
    until = iso(Instant(clock.now() + 4 * HOUR))
    snooze = {
        "id": made.json()["id"],
        "server": ALPHA,
        "job": {"id": 1, "name": "Files"},
        "until": until,
        "comment": "moving disks",
        "created_at": iso(clock.now()),
        "created_by": "admin",
    }
    assert made.json() == snooze
    assert told.get("/api/snoozes").json() == {"items": [snooze], "next_cursor": None}
    assert (silence(told, 1), silence(told, 2)) == ("snoozed", "none")
    assert entries(application) == [("snooze_created", "backup", "id-alpha:Files", {"after": {"until": until, "comment": "moving disks"}})]
    clock.advance(4 * HOUR)
    assert told.get("/api/snoozes").json()["items"] == []


def test_a_server_is_snoozed_until_a_moment_and_woken_before(told: TestClient, application: FastAPI) -> None:
    made = told.post("/api/snoozes", json={"server_id": "beta/2", "until": "2026-07-11T09:00:00+02:00"}).json()
    assert (made["job"], made["until"]) == (None, "2026-07-11T07:00:00.000Z")
    assert (silence(told, 1), silence(told, 2)) == ("none", "snoozed")
    assert told.delete(f"/api/snoozes/{made['id']}").json() == made
    assert silence(told, 2) == "none"
    assert [entry[:3] for entry in entries(application)] == [("snooze_created", "server", "beta/2"), ("snooze_ended", "server", "beta/2")]
    gone = told.delete(f"/api/snoozes/{made['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "snooze_not_found")


BAD_SNOOZES: list[tuple[dict[str, Any], int, str]] = [
    ({"for": "4h"}, 400, "one of job_id and server_id is needed"),
    ({"job_id": 1, "server_id": "id-alpha", "for": "4h"}, 400, "one of job_id and server_id is needed"),
    ({"job_id": "1", "for": "4h"}, 400, "job_id must be the number of a job"),
    ({"job_id": True, "for": "4h"}, 400, "job_id must be the number of a job"),
    ({"job_id": 99, "for": "4h"}, 404, "Job not found"),
    ({"server_id": "nobody", "for": "4h"}, 404, "Server not found"),
    ({"job_id": 1}, 400, "one of until and for is needed"),
    ({"job_id": 1, "for": "4h", "until": "2026-07-11T09:00:00Z"}, 400, "one of until and for is needed"),
    ({"job_id": 1, "for": "4 hours"}, 400, "is no time span"),
    ({"job_id": 1, "for": "0h"}, 400, "ends in the future, within a year"),
    ({"job_id": 1, "for": "-4h"}, 400, "ends in the future, within a year"),
    ({"job_id": 1, "for": "2Y"}, 400, "ends in the future, within a year"),
    ({"job_id": 1, "until": "2026-07-10T11:59:00Z"}, 400, "ends in the future, within a year"),
    ({"job_id": 1, "until": "2026-07-11T09:00:00"}, 400, "with its offset from UTC"),
    ({"job_id": 1, "until": 5}, 400, "with its offset from UTC"),
    ({"job_id": 1, "for": "4h", "comment": 5}, 400, "comment must be text"),
    ({"job_id": 1, "for": "4h", "comment": "x" * 501}, 400, "comment has 500 characters at most"),
    ({"job_id": 1, "for": "4h", "why": "x"}, 400, "'why' means nothing here"),
]


def test_a_snooze_that_makes_no_sense_is_refused_with_the_reason(told: TestClient, application: FastAPI) -> None:
    for body, status, sentence in BAD_SNOOZES:
        answer = told.post("/api/snoozes", json=body)
        assert (answer.status_code, sentence in answer.json()["error"]) == (status, True), (body, answer.text)
    assert told.get("/api/snoozes").json()["items"] == []
    assert entries(application) == []


def test_trouble_is_acknowledged_until_a_run_succeeds(told: TestClient, application: FastAPI, clock: SetClock) -> None:
    made = told.post("/api/jobs/1/acknowledgement", json={"comment": "disk ordered"}).json()
    assert made == {
        "server": ALPHA,
        "job": {"id": 1, "name": "Files"},
        "trouble": {"result": "failed"},
        "comment": "disk ordered",
        "acknowledged_at": iso(clock.now()),
        "acknowledged_by": "admin",
    }
    assert told.get("/api/acknowledgements").json() == {"items": [made], "next_cursor": None}
    assert silence(told) == "acknowledged"
    assert [entry[0] for entry in entries(application)] == ["alert_acknowledged"]
    send(told, Made(Instant(clock.now() - HOUR // 2)))
    assert silence(told) == "none"
    assert told.get("/api/acknowledgements").json()["items"] == []


def test_an_acknowledgement_can_be_taken_back_and_needs_trouble(told: TestClient, application: FastAPI) -> None:
    made = told.post("/api/jobs/1/acknowledgement", json={}).json()
    assert told.delete("/api/jobs/1/acknowledgement").json() == made
    assert silence(told) == "none"
    assert entries(application)[-1][0] == "acknowledgement_withdrawn"
    for answer, status, code in (
        (told.delete("/api/jobs/1/acknowledgement"), 404, "acknowledgement_not_found"),
        (told.post("/api/jobs/2/acknowledgement", json={}), 409, "no_trouble"),
        (told.post("/api/jobs/99/acknowledgement", json={}), 404, "job_not_found"),
        (told.post("/api/jobs/1/acknowledgement", json={"comment": []}), 400, "bad_acknowledgement"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["error"]


def test_a_window_for_all_silences_every_job_while_it_is_open(told: TestClient, application: FastAPI, clock: SetClock) -> None:
    made = told.post("/api/maintenance", json=ONCE)
    assert made.status_code == 200, made.text
    found = made.json()
    assert found["scope"] == "all"
    assert (found["starts_at"], found["ends_at"]) == ("2026-07-10T11:00:00.000Z", "2026-07-10T14:00:00.000Z")
    assert (found["active"], found["next_change"], found["recurring"], found["enabled"]) == (True, found["ends_at"], False, True)
    assert (silence(told, 1), silence(told, 2)) == ("maintenance", "maintenance")
    clock.advance(3 * HOUR)
    (listed,) = told.get("/api/maintenance").json()["items"]
    assert (listed["active"], listed["next_change"]) == (False, None)
    removed = told.delete(f"/api/maintenance/{found['id']}").json()
    assert removed["name"] == "Move"
    assert told.get("/api/maintenance").json() == {"items": [], "next_cursor": None}
    assert [entry[:3] for entry in entries(application)] == [
        ("maintenance_window_created", "maintenance", str(found["id"])),
        ("maintenance_window_deleted", "maintenance", str(found["id"])),
    ]


def test_a_window_that_comes_again_is_changed_word_by_word(told: TestClient, application: FastAPI) -> None:
    made = told.post("/api/maintenance", json={**AGAIN, "server_id": "beta/2", "first_date": "2026-07-01", "comment": "patches"}).json()
    told_words = {name: made[name] for name in ("days", "start_time", "length_minutes", "zone", "first_date", "last_date", "scope")}
    assert told_words == {
        "days": [0, 6],
        "start_time": "22:00",
        "length_minutes": 480,
        "zone": "Europe/Oslo",
        "first_date": "2026-07-01",
        "last_date": None,
        "scope": "server",
    }
    assert made["server"] == {"id": "beta/2", "name": "beta", "alias": ""}
    assert (made["active"], made["next_change"]) == (False, "2026-07-11T20:00:00.000Z")
    address = f"/api/maintenance/{made['id']}"
    changed = told.patch(address, json={"length_minutes": 60, "first_date": None}).json()
    assert changed == {**made, "length_minutes": 60, "first_date": None}
    assert told.patch(address, json={"enabled": False}).json() == {**changed, "enabled": False, "next_change": None}
    told.post("/api/tags", json={"name": "Oslo"})
    assert told.patch(address, json={"tag": "OSLO"}).json()["scope"] == "tag"
    once = told.patch(address, json={"starts_at": ONCE["starts_at"], "ends_at": ONCE["ends_at"]}).json()
    assert (once["recurring"], once["days"], once["tag"], once["comment"]) == (False, None, "Oslo", "patches")
    assert entries(application)[-1][0] == "maintenance_window_updated"


BAD_WINDOWS: list[tuple[dict[str, Any], int, str]] = [
    ({**ONCE, "name": " "}, 400, "a window needs a name"),
    ({**ONCE, "name": "x" * 101}, 400, "name has 100 characters at most"),
    ({**ONCE, "ends_at": ONCE["starts_at"]}, 400, "must end after its start"),
    ({**ONCE, "ends_at": "tomorrow"}, 400, "ends_at must be a time"),
    ({**ONCE, "starts_at": "0001-01-01T00:00:00+14:00"}, 400, "starts_at must be a time"),
    ({"name": "x"}, 400, "starts_at must be a time"),
    ({**ONCE, "scope": "job"}, 400, "scope must be one of all, server, tag"),
    ({**ONCE, "scope": "server"}, 404, "Server not found"),
    ({**ONCE, "server_id": "nobody"}, 404, "Server not found"),
    ({**ONCE, "tag": "nothing"}, 404, "There is no tag"),
    ({**ONCE, "enabled": "yes"}, 400, "enabled must be true or false"),
    ({**AGAIN, "days": []}, 400, "at least one weekday"),
    ({**AGAIN, "days": [7]}, 400, "at least one weekday"),
    ({**AGAIN, "days": "6"}, 400, "days must be a list"),
    ({**AGAIN, "days": [True]}, 400, "days must be a list"),
    ({**AGAIN, "start_time": "24:00"}, 400, "start_time must be a time of day"),
    ({**AGAIN, "start_time": None}, 400, "start_time must be a time of day"),
    ({**AGAIN, "length_minutes": 0}, 400, "between 1 minute and 7 days"),
    ({**AGAIN, "length_minutes": 7 * 1440 + 1}, 400, "between 1 minute and 7 days"),
    ({**AGAIN, "length_minutes": 1.5}, 400, "length_minutes must be a whole number"),
    ({**AGAIN, "zone": "Europe/Nowhere"}, 400, "zone must be the name of a time zone"),
    ({**AGAIN, "first_date": "2026-02-30"}, 400, "first_date must be a date"),
    ({**AGAIN, "first_date": "2026-07-02", "last_date": "2026-07-01"}, 400, "last day must not be before"),
    ({**AGAIN, "wday": [1]}, 400, "'wday' means nothing here"),
]


def test_a_window_that_makes_no_sense_is_refused_with_the_reason(told: TestClient, application: FastAPI) -> None:
    for body, status, sentence in BAD_WINDOWS:
        answer = told.post("/api/maintenance", json=body)
        assert (answer.status_code, sentence in answer.json()["error"]) == (status, True), (body, answer.text)
    assert told.get("/api/maintenance").json()["items"] == []
    assert entries(application) == []


def test_a_change_that_makes_no_sense_leaves_the_window_as_it_was(told: TestClient) -> None:
    kept = told.post("/api/maintenance", json=AGAIN).json()
    changes: list[dict[str, Any]] = [
        {"name": ""},
        {"days": []},
        {"zone": None},
        {"ends_at": ONCE["ends_at"]},
        {"scope": "tag"},
        {"length": 5},
    ]
    for change in changes:
        assert told.patch(f"/api/maintenance/{kept['id']}", json=change).status_code in {400, 404}, change
    assert told.get("/api/maintenance").json()["items"] == [kept]


def test_a_window_that_is_not_there_is_answered_404(told: TestClient) -> None:
    for answer in (told.patch("/api/maintenance/9", json={"name": "x"}), told.delete("/api/maintenance/9")):
        assert (answer.status_code, answer.json()["code"]) == (404, "window_not_found")


def test_tags_are_made_with_their_servers_and_changed(told: TestClient, application: FastAPI) -> None:
    made = told.post("/api/tags", json={"name": "  Site  Oslo ", "color": "green", "servers": ["beta/2"]}).json()
    assert made == {"id": made["id"], "name": "Site Oslo", "color": "green", "servers": [{"id": "beta/2", "name": "beta", "alias": ""}]}
    assert told.get("/api/tags").json() == {"items": [made], "next_cursor": None}
    renamed = told.patch(f"/api/tags/{made['id']}", json={"name": "SITE oslo", "servers": ["id-alpha"]}).json()
    assert (renamed["name"], renamed["color"], renamed["servers"]) == ("SITE oslo", "green", [ALPHA])
    assert told.delete(f"/api/tags/{made['id']}").json() == renamed
    assert told.get("/api/tags").json()["items"] == []
    assert [entry[0] for entry in entries(application)] == ["tag_created", "tag_updated", "tag_deleted"]


def test_the_tags_of_a_server_are_set_at_once_and_made_where_they_are_new(told: TestClient, application: FastAPI) -> None:
    told.post("/api/tags", json={"name": "prod", "color": "blue"})
    answer = told.put("/api/servers/beta%2F2/tags", json={"tags": ["PROD", "north/a", "prod"]})
    assert answer.json() == {"server": {"id": "beta/2", "name": "beta", "alias": ""}, "tags": ["north/a", "prod"]}
    told_of = {"serverName": "beta", "before": {"tags": []}, "after": {"tags": ["north/a", "prod"]}}
    assert entries(application)[-1] == ("server_tags_updated", "server", "beta/2", told_of)
    assert told.put("/api/servers/beta/2/tags", json={"tags": []}).json()["tags"] == []
    assert [tag["name"] for tag in told.get("/api/tags").json()["items"]] == ["north/a", "prod"]


BAD_TAGS: list[tuple[tuple[str, str, Any], int, str]] = [
    (("POST", "/api/tags", {}), 400, "a tag needs a name"),
    (("POST", "/api/tags", {"name": "x" * 41}), 400, "40 characters at most"),
    (("POST", "/api/tags", {"name": 'a "b"'}), 400, "no quotation marks"),
    (("POST", "/api/tags", {"name": "a\u0007"}), 400, "control characters"),
    (("POST", "/api/tags", {"name": "a", "color": "#fff"}), 400, "is no colour of a tag"),
    (("POST", "/api/tags", {"name": "a", "servers": "x"}), 400, "servers must be a list"),
    (("POST", "/api/tags", {"name": "a", "servers": ["x"]}), 404, "Server not found"),
    (("POST", "/api/tags", {"name": "PROD"}), 409, "already a tag “prod”"),
    (("PATCH", "/api/tags/9", {"name": "a"}), 404, "no such tag"),
    (("DELETE", "/api/tags/9", None), 404, "no such tag"),
    (("PUT", "/api/servers/nobody/tags", {"tags": []}), 404, "Server not found"),
    (("PUT", "/api/servers/id-alpha/tags", {"tags": "prod"}), 400, "tags must be a list"),
    (("PUT", "/api/servers/id-alpha/tags", {"tags": [""]}), 400, "a tag needs a name"),
    (("PUT", "/api/servers/id-alpha/tags", {"tags": list(map(str, range(51)))}), 400, "50 tags at most"),
]


def test_tags_that_make_no_sense_are_refused_with_the_reason(told: TestClient) -> None:
    told.post("/api/tags", json={"name": "prod"})
    for (method, path, body), status, sentence in BAD_TAGS:
        answer = told.request(method, path, json=body)
        assert (answer.status_code, sentence in answer.json()["error"]) == (status, True), (path, body, answer.text)
    assert [tag["name"] for tag in told.get("/api/tags").json()["items"]] == ["prod"]


def test_a_tag_that_a_window_is_for_stays(told: TestClient) -> None:
    tag = told.post("/api/tags", json={"name": "prod", "servers": ["id-alpha"]}).json()
    told.post("/api/maintenance", json={**ONCE, "tag": "prod"})
    assert (silence(told, 1), silence(told, 2)) == ("maintenance", "none")
    answer = told.delete(f"/api/tags/{tag['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "tag_in_use")
    assert "“Move”" in answer.json()["error"]


def test_users_see_everything_and_change_nothing(told: TestClient, application: FastAPI, browser: Callable[[], TestClient]) -> None:
    told.post("/api/snoozes", json={"job_id": 1, "for": "1h"})
    user = browser()
    headers = enter(application, Kind.USER).headers
    for path in ("/api/snoozes", "/api/acknowledgements", "/api/maintenance", "/api/tags"):
        assert user.get(path, headers=headers).status_code == 200
    assert len(user.get("/api/snoozes", headers=headers).json()["items"]) == 1
    assert user.post("/api/snoozes", json={"job_id": 1, "for": "1h"}, headers=headers).status_code == 403
    assert user.put("/api/servers/id-alpha/tags", json={"tags": ["a"]}, headers=headers).status_code == 403
    assert told.get("/api/tags").json()["items"] == []


def test_silence_begins_and_ends_by_time_alone(told: TestClient, application: FastAPI, clock: SetClock) -> None:
    told.post("/api/snoozes", json={"job_id": 2, "for": "1h"})
    told.post("/api/maintenance", json={**ONCE, "starts_at": "2026-07-10T15:00:00Z", "ends_at": "2026-07-10T17:00:00Z"})
    seen = [(silence(told, 1), silence(told, 2))]
    for _ in range(5):
        clock.advance(HOUR)
        application.state.context.writer.submit(lambda connection: apply_due(connection, clock.now())).result()
        seen.append((silence(told, 1), silence(told, 2)))
    both = ("maintenance", "maintenance")
    assert seen == [("none", "snoozed"), ("none", "none"), ("none", "none"), both, both, ("none", "none")]
