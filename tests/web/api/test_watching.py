"""Settings of watching over HTTP: as clients of 1.4.2 know them, and in our own words. What makes no sense is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema_rs import Draft202012Validator

from duplistatus.clock import DAY, HOUR, Instant, iso
from duplistatus.web.api.openapi import document
from tests.web.api.reports import Made, send
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.web.context import Context

FILES, MAIL = "id-alpha:Files", "id-alpha:Mail:Archive"
CONFIGURATION = "/api/configuration"


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> TestClient:
    """Alpha with Files, which announces its next run, and Mail:Archive, which does not."""
    now = clock.now()
    send(admin, Made(Instant(now - 30 * HOUR), next_run=Instant(now + 5 * HOUR)), Made(Instant(now - 30 * HOUR), job="Mail:Archive"))
    return admin


def unified(client: TestClient) -> Any:
    return client.get(f"{CONFIGURATION}/unified").json()


def entry(client: TestClient, key: str) -> Any:
    return unified(client)["backup_settings"][key]


def post(client: TestClient, settings: object) -> Any:
    return client.post(f"{CONFIGURATION}/backup-settings", json={"backupSettings": settings})


def audited(application: FastAPI) -> list[tuple[str, str]]:
    parts: Context = application.state.context
    with parts.database.read() as connection:
        return [
            tuple(row)
            for row in connection.raw.execute("SELECT action, username FROM audit WHERE category = 'config' ORDER BY id").fetchall()
        ]


def test_all_settings_come_in_one_answer_of_the_shape_that_is_described(fleet: TestClient, application: FastAPI, clock: SetClock) -> None:
    body = unified(fleet)
    described = document(application)
    schema = {"$ref": "#/components/schemas/Configuration", "components": described["components"]}
    assert list(Draft202012Validator(schema).iter_errors(body)) == []
    assert entry(fleet, FILES) == {
        "notificationEvent": "warnings",
        "overdueBackupCheckEnabled": True,
        "expectedInterval": "1D",
        "allowedWeekDays": [0, 1, 2, 3, 4, 5, 6],
        "time": iso(Instant(clock.now() + 5 * HOUR)),
        "ntfyEnabled": True,
        "emailEnabled": True,
        "lastBackupDate": iso(Instant(clock.now() - 30 * HOUR)),
        "useMine": False,
        "timeOfDay": None,
        "tolerance": None,
    }
    assert entry(fleet, MAIL)["time"] == iso(Instant(clock.now() - 30 * HOUR + DAY)), "as 1.4.2 counts where nobody set anything"
    assert (body["overdue_tolerance"], body["notificationFrequency"]) == ("2h", "every_day")
    assert body["cronConfig"] == {"cronExpression": "*/5 * * * *", "enabled": True}
    assert [(each["name"], each["backupName"]) for each in body["serversWithBackups"]] == [("alpha", "Files"), ("alpha", "Mail:Archive")]


def test_sending_back_everything_that_was_read_changes_nothing(fleet: TestClient, application: FastAPI) -> None:
    before = unified(fleet)
    assert post(fleet, before["backup_settings"]).json() == {"message": "Backup settings updated successfully"}
    assert unified(fleet) == before
    assert fleet.get("/api/jobs/2/watch").json()["schedule"] == "unscheduled", "a day's interval that nobody set is no setting"
    assert audited(application) == []


def test_one_job_is_changed_and_the_others_keep_theirs(fleet: TestClient, application: FastAPI, clock: SetClock) -> None:
    post(
        fleet, {FILES: {"expectedInterval": "12h", "useMine": True, "timeOfDay": "02:30", "tolerance": "1d", "notificationEvent": "errors"}}
    )
    other = entry(fleet, MAIL)
    assert post(fleet, {MAIL: {"overdueBackupCheckEnabled": False}}).status_code == 200
    files = entry(fleet, FILES)
    assert (files["expectedInterval"], files["useMine"], files["timeOfDay"], files["tolerance"]) == ("12h", True, "02:30", "1d")
    assert files["notificationEvent"] == "errors"
    assert entry(fleet, MAIL) == {**other, "overdueBackupCheckEnabled": False}
    listed = {job["name"]: job for job in fleet.get("/api/dashboard").json()["serversSummary"][0]["backupInfo"]}
    assert {name: job["notificationEvent"] for name, job in listed.items()} == {"Files": "errors", "Mail:Archive": "warnings"}
    assert audited(application) == [("backup_notification_updated", "admin")] * 2


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({FILES: {"notificationEvent": "off"}, MAIL: {"expectedInterval": "1d"}}, MAIL),
        ({FILES: {"notificationEvent": "off"}, MAIL: {"allowedWeekDays": [8]}}, MAIL),
        ({FILES: {"notificationEvent": "off"}, MAIL: 7}, MAIL),
        ("x", "JSON object"),
        (["x"], "JSON object"),
        ({}, "required"),
        (None, "required"),
    ],
)
def test_bad_settings_of_one_job_store_nothing_of_any(fleet: TestClient, sent: object, sentence: str) -> None:
    before = unified(fleet)
    answer = post(fleet, sent)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert unified(fleet) == before


def test_a_large_fleets_settings_are_taken(fleet: TestClient) -> None:
    one = {**entry(fleet, FILES), "additionalEmails": "somebody@example.org, " * 20}
    settings = {f"{'0' * 32}:job {number}": one for number in range(3_000)} | {FILES: {"notificationEvent": "off"}}
    assert len(orjson.dumps(settings)) > 2 * 1024 * 1024
    assert post(fleet, settings).status_code == 200
    assert entry(fleet, FILES)["notificationEvent"] == "off"


def test_the_tolerance_is_read_changed_and_checked(fleet: TestClient) -> None:
    path = f"{CONFIGURATION}/overdue-tolerance"
    assert fleet.get(path).json() == {"overdue_tolerance": "2h"}
    assert fleet.post(path, json={"overdue_tolerance": "15min"}).json() == {"message": "Overdue tolerance updated successfully"}
    for bad in ({}, {"overdue_tolerance": "banana"}, {"overdue_tolerance": 7}, {"overdue_tolerance": {"a": 1}}, {"overdue_tolerance": ""}):
        assert fleet.post(path, json=bad).status_code == 400
    assert fleet.get(path).json() == {"overdue_tolerance": "15min"}


def test_the_frequency_of_reminders_is_read_changed_and_checked(fleet: TestClient) -> None:
    path = f"{CONFIGURATION}/notifications"
    assert fleet.get(path).json() == {"value": "every_day"}
    assert fleet.post(path, json={"value": "every_week"}).json() == {"value": "every_week"}
    for bad in ({}, {"value": "hourly"}, {"value": 7}, {"value": ["every_day"]}, {"ntfy": "http://127.0.0.1/"}):
        assert fleet.post(path, json=bad).status_code == 400
    assert fleet.get(path).json() == {"value": "every_week"}


def test_settings_for_all_jobs_are_changed_in_our_words(fleet: TestClient, application: FastAPI) -> None:
    wanted = {"tolerance": "no_tolerance", "check_interval": "disabled", "notification_frequency": "onetime", "failing_after": 10}
    assert fleet.patch("/api/watching", json=wanted).json() == wanted
    assert fleet.patch("/api/watching", json={"failing_after": 2}).json() == {**wanted, "failing_after": 2}
    for bad in (
        {"tolerance": "x"},
        {"check_interval": "3min"},
        {"notification_frequency": "x"},
        {"failing_after": 0},
        {"failing_after": 11},
    ):
        assert fleet.patch("/api/watching", json={"tolerance": "1h"} | bad).status_code == 400
    for untyped in ({"failing_after": True}, {"failing_after": "3"}, {"tolerance": 1}):
        assert fleet.patch("/api/watching", json=untyped).status_code == 400
    assert fleet.get("/api/watching").json() == {**wanted, "failing_after": 2}
    actions = [action for action, _ in audited(application)]
    assert sorted(actions) == [
        "failing_after_updated",
        "failing_after_updated",
        "notification_frequency_updated",
        "overdue_monitoring_interval_updated",
        "overdue_tolerance_updated",
    ]


def test_one_job_is_changed_in_our_words_and_the_verdict_follows(fleet: TestClient, clock: SetClock) -> None:
    source = fleet.get("/api/jobs/2/watch").json()["zone_source"]
    answer = fleet.patch("/api/jobs/2/watch", json={"interval": "1D", "days": [1, 2, 3, 4, 5], "tolerance": "12h"})
    assert answer.json() == {
        "job": 2,
        "watched": True,
        "use_mine": False,
        "interval": "1D",
        "days": [1, 2, 3, 4, 5],
        "time_of_day": None,
        "tolerance": "12h",
        "schedule": "late",
        "expected_at": iso(Instant(clock.now() - 6 * HOUR)),
        "overdue_at": iso(Instant(clock.now() + 6 * HOUR)),
        "expected_source": "setting",
        "zone": "UTC",
        "zone_source": source,
    }
    assert fleet.patch("/api/jobs/2/watch", json={"time_of_day": "02:00"}).json()["time_of_day"] == "02:00"
    back = fleet.patch("/api/jobs/2/watch", json={"interval": None}).json()
    assert (back["interval"], back["time_of_day"], back["schedule"]) == (None, None, "unscheduled")
    assert fleet.patch("/api/jobs/9/watch", json={}).status_code == 404
    assert fleet.get("/api/jobs/9/watch").status_code == 404


def test_a_bad_change_of_a_job_names_its_field(fleet: TestClient) -> None:
    answer = fleet.patch("/api/jobs/2/watch", json={"tolerance": "1h", "interval": "1d"})
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["details"]) == ("bad_setting", {"field": "interval"})
    assert fleet.get("/api/jobs/2/watch").json()["tolerance"] is None


def test_several_jobs_are_changed_at_once_or_none(fleet: TestClient) -> None:
    path = "/api/watching/jobs"
    assert fleet.post(path, json={"jobs": [1, 2, 77], "change": {"interval": "6h"}}).json() == {"changed": [1, 2]}
    assert fleet.post(path, json={"jobs": [1, 2], "change": {"interval": "6h"}}).json() == {"changed": []}
    fleet.patch("/api/jobs/2/watch", json={"interval": None})
    assert fleet.post(path, json={"jobs": [1, 2], "change": {"days": [1]}}).status_code == 400, "the second has no interval"
    assert fleet.get("/api/jobs/1/watch").json()["days"] == [0, 1, 2, 3, 4, 5, 6]
    for bad in (
        {},
        {"jobs": 1, "change": {}},
        {"jobs": ["1"], "change": {}},
        {"jobs": [True], "change": {}},
        {"jobs": [1], "change": "6h"},
    ):
        assert fleet.post(path, json=bad).status_code == 400


def test_a_server_gets_a_zone_by_name_or_none(fleet: TestClient) -> None:
    path = "/api/servers/id-alpha/zone"
    before = fleet.get("/api/jobs/1/watch").json()
    assert fleet.patch(path, json={"zone": "Europe/Oslo"}).json() == {"server": "id-alpha", "zone": "Europe/Oslo", "source": "set"}
    for bad in ({}, {"zone": ""}, {"zone": "Mars/Base"}, {"zone": "../../etc/passwd"}, {"zone": 2}):
        assert fleet.patch(path, json=bad).status_code == 400
    assert fleet.get("/api/jobs/1/watch").json()["zone"] == "Europe/Oslo"
    found_out = {"server": "id-alpha", "zone": before["zone"], "source": before["zone_source"]}
    assert fleet.patch(path, json={"zone": None}).json() == found_out
    assert before["zone_source"] != "set"
    assert fleet.patch("/api/servers/nobody/zone", json={"zone": None}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/configuration/unified", "/api/configuration/overdue-tolerance", "/api/watching", "/api/jobs/1/watch"]
)
def test_users_read_settings(fleet: TestClient, application: FastAPI, path: str) -> None:
    person = enter(application, Kind.USER)
    fleet.cookies.clear()
    assert fleet.get(path, headers=person.headers).status_code == 200


def test_users_change_none(fleet: TestClient, application: FastAPI) -> None:
    person = enter(application, Kind.USER)
    before = unified(fleet)
    cookies = dict(fleet.cookies)
    fleet.cookies.clear()
    for method, path in (
        ("POST", "/api/configuration/backup-settings"),
        ("POST", "/api/configuration/overdue-tolerance"),
        ("POST", "/api/configuration/notifications"),
        ("PATCH", "/api/watching"),
        ("POST", "/api/watching/jobs"),
        ("PATCH", "/api/jobs/1/watch"),
        ("PATCH", "/api/servers/id-alpha/zone"),
    ):
        assert fleet.request(method, path, json={}, headers=person.headers).json()["error"] == "Administrator access required"
    fleet.cookies.update(cookies)
    assert unified(fleet) == before
