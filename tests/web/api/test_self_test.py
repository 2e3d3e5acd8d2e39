"""The self-test and the heartbeat for programs. Stand-ins take the place of ntfy and of the watcher elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from duplistatus.clock import DAY, Instant, SetClock, iso
from duplistatus.web.api import message_schemas
from tests.notify.stand_ins import HttpStandIn, NtfyStandIn, ntfy_error
from tests.web.api.messaging import add_channel, alerts, awaited, items
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient


# --- the self-test -----------------------------------------------------------------------------------------------------------------


def steps(answer: Any) -> list[tuple[str, bool]]:
    assert answer.status_code == 200, answer.text
    TypeAdapter(message_schemas.SelfTest).validate_python(answer.json())
    return [(step["name"], step["ok"]) for step in answer.json()["steps"]]


def test_the_self_test_delivers_a_message_and_leaves_nothing_else(
    admin: TestClient, application: FastAPI, channel: int, ntfy: NtfyStandIn, clock: SetClock
) -> None:
    send(admin, Made(Instant(clock.now() - DAY), "nas", job="Photos"))
    tables = ("server", "job", "run", "run_log", "day", "fleet_day", "origin", "change", "raw_report", "activity")

    def counts() -> dict[str, int]:
        with application.state.context.database.read() as connection:
            return {table: connection.raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}

    before = counts()
    answer = admin.post("/api/messages/self-test", json={"channel": channel})
    assert steps(answer) == [("report_understood", True), ("report_stored", True), ("message_written", True), ("message_delivered", True)]
    assert answer.json()["ok"] is True
    texts = [step["text"] for step in answer.json()["steps"]]
    assert texts[0] == "Result Error, 1 error."
    assert texts[1] == "It was stored and taken out again. Of such a report these channels would be told: Family."
    assert counts() == before
    (asked,) = ntfy.wait_for(1)
    assert "elf-test" in f"{asked.query} {asked.text}"
    (message,) = items(admin)
    assert (message["event"], message["state"], message["job"]) == ("test", "sent", None)


def test_the_self_test_says_what_the_other_side_refused(admin: TestClient, channel: int, ntfy: NtfyStandIn) -> None:
    ntfy.refusals["family"] = ntfy_error(401, "unauthorized")
    answer = admin.post("/api/messages/self-test", json={"channel": channel})
    assert steps(answer)[-1] == ("message_delivered", False)
    assert answer.json()["ok"] is False
    assert "unauthorized" in answer.json()["steps"][-1]["text"]


def test_the_self_test_says_that_a_channel_cannot_be_reached(admin: TestClient) -> None:
    answer = admin.post("/api/messages/self-test", json={"channel": add_channel(admin, "http://127.0.0.1:9/", "nobody")})
    assert steps(answer)[-1] == ("message_delivered", False)
    assert "it is tried again" in answer.json()["steps"][-1]["text"]


def test_the_self_test_says_where_nobody_would_be_told(admin: TestClient, ntfy: NtfyStandIn) -> None:
    number = add_channel(admin, ntfy.url, "overdue-only", filter={"events": ["overdue"]})
    answer = admin.post("/api/messages/self-test", json={"channel": number})
    assert "No channel would be told of such a report" in answer.json()["steps"][1]["text"]
    assert answer.json()["ok"] is True


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"channel": "1"}, 400), ({"channel": True}, 400), ({"channel": 4711}, 404)])
def test_the_self_test_needs_a_channel(admin: TestClient, body: dict[str, Any], status: int) -> None:
    assert admin.post("/api/messages/self-test", json=body).status_code == status


def test_the_self_test_is_not_run_on_a_channel_that_is_switched_off(admin: TestClient, channel: int) -> None:
    admin.patch(f"/api/channels/{channel}", json={"enabled": False})
    answer = admin.post("/api/messages/self-test", json={"channel": channel})
    assert (answer.status_code, answer.json()["code"]) == (409, "channel_off")


# --- the heartbeat -----------------------------------------------------------------------------------------------------------------

TOKEN = "b7c1f0e2-token"


def test_the_heartbeat_is_asked_after_each_check_that_ended_well(admin: TestClient, clock: SetClock, application: FastAPI) -> None:
    with HttpStandIn() as watcher:
        answer = admin.put("/api/heartbeat", json={"url": f"{watcher.url}{TOKEN}"})
        assert answer.json() == {
            "enabled": True,
            "host": f"127.0.0.1:{watcher.port}",
            "failing_since": None,
            "failed_at": None,
            "error": None,
            "delivered_at": None,
        }
        assert admin.post("/api/tasks/overdue-backup-check/run").status_code == 200
        (asked,) = watcher.wait_for(1)
        assert (asked.method, asked.path) == ("GET", f"/{TOKEN}")
        awaited(lambda: [each for each in [admin.get("/api/heartbeat").json()] if each["delivered_at"] == iso(clock.now())])
        assert TOKEN not in admin.get("/settings/messages").text
    with application.state.context.database.read() as connection:
        kept = str(connection.raw.execute("SELECT value FROM setting").fetchall())
    assert TOKEN not in kept


def test_a_heartbeat_that_fails_is_an_alert_without_its_token(admin: TestClient) -> None:
    admin.put("/api/heartbeat", json={"url": f"http://127.0.0.1:9/{TOKEN}"})
    beat = admin.post("/api/heartbeat/send").json()
    assert beat["error"]
    (alert,) = alerts(admin.get("/api/notification-channel-alerts"))
    assert (alert["channel"], alert["settingsTab"], alert["error"]) == ("heartbeat", "messages", beat["error"])
    assert TOKEN not in json.dumps(alert)
    assert alerts(admin.delete("/api/notification-channel-alerts?channel=heartbeat")) == []
    admin.put("/api/heartbeat", json={"url": None})
    assert admin.get("/api/heartbeat").json()["enabled"] is False
    assert admin.post("/api/heartbeat/send").status_code == 409


def test_what_a_watcher_says_is_told_without_the_token(admin: TestClient) -> None:
    from tests.notify.stand_ins import Answer

    with HttpStandIn(lambda asked: Answer(404, f"no check named {asked.path[1:]} here".encode())) as watcher:
        admin.put("/api/heartbeat", json={"url": f"{watcher.url}{TOKEN}"})
        error = admin.post("/api/heartbeat/send").json()["error"]
    assert "no check named" in error
    assert TOKEN not in error


def test_a_heartbeat_works_again(admin: TestClient) -> None:
    from tests.notify.stand_ins import Answer

    with HttpStandIn(Answer(500)) as watcher:
        admin.put("/api/heartbeat", json={"url": watcher.url})
        assert "500" in admin.post("/api/heartbeat/send").json()["error"]
        watcher.answer = Answer(200)
        assert admin.post("/api/heartbeat/send").json()["error"] is None
    assert alerts(admin.get("/api/notification-channel-alerts")) == []


@pytest.mark.parametrize(
    "body", [{}, {"url": 1}, {"url": ""}, {"url": "ftp://x/"}, {"url": "https://"}, {"url": "https://x/" + "y" * 2_000}]
)
def test_an_address_that_is_none_is_refused(admin: TestClient, body: dict[str, Any]) -> None:
    answer = admin.put("/api/heartbeat", json=body)
    assert answer.status_code == 400, answer.text
    assert admin.get("/api/heartbeat").json()["enabled"] is False
