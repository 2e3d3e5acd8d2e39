"""Messages for programs: what became of each, sending one again, what fails, the self-test, the heartbeat. A stand-in takes the place of
ntfy and of the watcher elsewhere."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from duplistatus.clock import DAY, HOUR, SECOND, Instant, SetClock, iso
from duplistatus.store.channels import note_delivered, note_failed
from duplistatus.web.api import message_schemas
from tests.notify.stand_ins import HttpStandIn, NtfyStandIn, ntfy_error
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context

SOON = 20.0


@pytest.fixture
def ntfy() -> Iterator[NtfyStandIn]:
    with NtfyStandIn() as server:
        yield server


@pytest.fixture
def channel(admin: TestClient, ntfy: NtfyStandIn) -> int:
    """A channel of errors to the stand-in."""
    return add_channel(admin, ntfy.url, "family")


def add_channel(admin: TestClient, url: str, topic: str, **more: Any) -> int:
    config = {"url": url, "topic": topic}
    body = {"kind": "ntfy", "name": topic.capitalize(), "config": config, "filter": {"events": ["error", "fatal"]}} | more
    answer = admin.post("/api/channels", json=body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def failed(site: TestClient, clock: SetClock, server: str = "nas", job: str = "Photos") -> None:
    """A run that ended with an error."""
    error = "2026-07-10 03:00:12 +02 - [Error-Duplicati.Library.Main]: No space left"
    send(site, Made(Instant(clock.now() - HOUR), server, job=job, result="Error", errors=(error,)))


def items(admin: TestClient, query: str = "") -> list[dict[str, Any]]:
    answer = admin.get(f"/api/messages{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    TypeAdapter(message_schemas.MessageList).validate_python(body)
    found: list[dict[str, Any]] = body["items"]
    return found


def ended(admin: TestClient, count: int = 1) -> list[dict[str, Any]]:
    """The messages, as soon as so many of them wait no longer for their first try."""
    return awaited(lambda: [each for each in items(admin) if each["state"] not in {"waiting", "sending"} or each["tries"]], count)


def awaited(look: Callable[[], list[Any]], count: int = 1) -> list[Any]:
    end = time.monotonic() + SOON
    while len(found := look()) < count:
        assert time.monotonic() < end, f"{len(found)} came, not {count}"
        time.sleep(0.02)
    return found


@pytest.fixture
def audited(application: FastAPI) -> Callable[[str], list[dict[str, Any]]]:
    """The details of the entries of an action."""
    parts: Context = application.state.context

    def read(action: str) -> list[dict[str, Any]]:
        with parts.database.read() as connection:
            rows = connection.raw.execute("SELECT action, details FROM audit ORDER BY id").fetchall()
        return [json.loads(details or "{}") for name, details in rows if name == action]

    return read


def test_a_run_that_fails_is_told_and_its_message_is_listed(admin: TestClient, clock: SetClock, channel: int, ntfy: NtfyStandIn) -> None:
    failed(admin, clock)
    (asked,) = ntfy.wait_for(1)
    assert asked.path == "/family"
    (message,) = ended(admin)
    assert message["took"] >= 0
    run_id = message.pop("run_id")
    assert run_id in admin.get(f"/api/detail/{message['server']['id']}").text
    assert {name: message[name] for name in ("state", "event", "tries", "error", "jobs", "additional", "created_at")} == {
        "state": "sent",
        "event": "error",
        "tries": 1,
        "error": None,
        "jobs": 1,
        "additional": False,
        "created_at": iso(clock.now()),
    }
    assert message["channel"] == {"id": channel, "kind": "ntfy", "name": "Family"}
    assert message["place"] == f"127.0.0.1:{ntfy.port}/family"
    assert (message["job"]["name"], message["server"]["name"]) == ("Photos", "nas")
    assert admin.get(f"/api/messages/{message['id']}").json() == message | {"run_id": run_id}


def test_the_list_is_paged_and_filtered(admin: TestClient, clock: SetClock, channel: int, ntfy: NtfyStandIn) -> None:
    for number in range(3):
        clock.advance(HOUR)
        failed(admin, clock, job=f"Job {number}")
    ended(admin, 3)
    first = admin.get("/api/messages?limit=2").json()
    assert [each["job"]["name"] for each in first["items"]] == ["Job 2", "Job 1"]
    rest = admin.get(f"/api/messages?limit=2&cursor={first['next_cursor']}").json()
    assert [each["job"]["name"] for each in rest["items"]] == ["Job 0"]
    assert rest["next_cursor"] is None
    assert [each["job"]["name"] for each in items(admin, "?q=job+1")] == ["Job 1"]
    assert len(items(admin, f"?state=sent&channel={channel}&event=error&q=NAS")) == 3
    assert items(admin, "?state=failed") == items(admin, "?event=daily") == items(admin, "?channel=4711") == []


@pytest.mark.parametrize("query", ["state=lost", "event=party", "cursor=0", "limit=501", "channel=x"])
def test_what_makes_no_sense_is_refused(admin: TestClient, query: str) -> None:
    answer = admin.get(f"/api/messages?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_message_that_was_refused_is_sent_again_as_another(
    admin: TestClient, clock: SetClock, channel: int, ntfy: NtfyStandIn, audited: Callable[[str], list[dict[str, Any]]]
) -> None:
    ntfy.refusals["family"] = ntfy_error(403, "forbidden")
    failed(admin, clock)
    (message,) = ended(admin)
    assert (message["state"], message["tries"]) == ("failed", 1)
    assert "forbidden" in message["error"]
    assert [each["count"] for each in audited("notification_failed")] == [1]
    ntfy.refusals.clear()
    again = admin.post(f"/api/messages/{message['id']}/resend")
    assert again.status_code == 200
    assert again.json()["uid"] != message["uid"]
    ntfy.wait_for(2)
    awaited(lambda: items(admin, "?state=sent"))
    assert audited("message_resent") == [{"channel": "Family", "event": "error", "was": "failed"}]


def test_what_is_on_its_way_or_unknown_or_switched_off_is_not_sent_again(
    admin: TestClient, clock: SetClock, channel: int, ntfy: NtfyStandIn
) -> None:
    ntfy.refusals["family"] = ntfy_error(503, "busy")
    failed(admin, clock)
    (message,) = ended(admin)
    assert (message["state"], message["next_try_at"] > iso(clock.now())) == ("waiting", True)
    assert admin.post(f"/api/messages/{message['id']}/resend").json()["code"] == "message_under_way"
    assert admin.post("/api/messages/4711/resend").status_code == 404
    assert admin.patch(f"/api/channels/{channel}", json={"enabled": False}).status_code == 200
    (held,) = awaited(lambda: items(admin, "?state=held"))
    assert (held["held_by"], held["error"]) == ("off", None)
    answer = admin.post(f"/api/messages/{message['id']}/resend")
    assert (answer.status_code, answer.json()["code"]) == (409, "channel_off")


# --- what fails --------------------------------------------------------------------------------------------------------------------


def alerts(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    TypeAdapter(message_schemas.ChannelAlerts).validate_python(answer.json())
    found: list[dict[str, Any]] = answer.json()["alerts"]
    return found


def test_a_channel_that_fails_is_told_until_it_works(admin: TestClient, clock: SetClock, channel: int, ntfy: NtfyStandIn) -> None:
    ntfy.refusals["family"] = ntfy_error(403, "forbidden")
    failed(admin, clock)
    ended(admin)
    (alert,) = alerts(admin.get("/api/notification-channel-alerts"))
    assert "forbidden" in alert.pop("error")
    at = iso(clock.now())
    assert alert == {
        "channel": str(channel),
        "latestTimestamp": at,
        "failureCount": 1,
        "settingsTab": "channels",
        "id": channel,
        "name": "Family",
        "kind": "ntfy",
        "failingSince": at,
    }
    ntfy.refusals.clear()
    clock.advance(HOUR)
    failed(admin, clock)
    awaited(lambda: items(admin, "?state=sent"))
    assert alerts(admin.get("/api/notification-channel-alerts")) == []


def test_an_alert_is_cleared_until_the_next_failure(
    admin: TestClient, application: FastAPI, clock: SetClock, channel: int, audited: Callable[[str], list[dict[str, Any]]]
) -> None:
    parts: Context = application.state.context
    other = add_channel(admin, "http://127.0.0.1:9/", "ops")

    def fail(*channels: int) -> None:
        def work(connection: Connection) -> None:
            for each in channels:
                note_failed(connection, each, "no answer", clock.now())

        parts.writer.submit(work).result()

    fail(channel, other)
    path = "/api/notification-channel-alerts"
    assert {each["name"] for each in alerts(admin.get(path))} == {"Family", "Ops"}
    assert [each["name"] for each in alerts(admin.delete(f"{path}?channel={other}"))] == ["Family"]
    assert alerts(admin.post(path, json={"channels": [str(channel), "4711"]})) == []
    assert [each["name"] for each in audited("notification_alert_cleared")] == ["Ops", "Family"]
    clock.advance(SECOND)
    fail(channel, other)
    assert len(alerts(admin.get(path))) == 2
    assert alerts(admin.delete(path)) == []
    senseless: list[dict[str, Any]] = [{}, {"channels": []}, {"channels": [1]}, {"channels": "ntfy"}]
    assert {admin.post(path, json=body).status_code for body in senseless} == {400}


def test_the_two_for_all_are_named_as_newer_versions_of_the_reference_do(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    parts: Context = application.state.context

    def fail(connection: Any) -> None:
        connection.raw.execute("UPDATE channel SET enabled = 1 WHERE key IN ('ntfy', 'email')")
        for (channel_id,) in connection.raw.execute("SELECT id FROM channel WHERE key IN ('ntfy', 'email')").fetchall():
            note_failed(connection, channel_id, "no answer", clock.now())

    parts.writer.submit(fail).result()
    found = alerts(admin.get("/api/notification-channel-alerts"))
    assert {(each["channel"], each["settingsTab"]) for each in found} == {("ntfy", "ntfy"), ("email", "email")}
    (left,) = alerts(admin.post("/api/notification-channel-alerts", json={"channels": ["ntfy"]}))
    assert left["channel"] == "email"


def test_pages_of_administrators_show_what_fails_and_no_longer_when_it_works(
    admin: TestClient, application: FastAPI, clock: SetClock, channel: int
) -> None:
    parts: Context = application.state.context
    send(admin, Made(Instant(clock.now() - DAY)))
    before = admin.get("/")
    assert "The pigeon is ill" not in before.text
    parts.writer.submit(lambda connection: note_failed(connection, channel, "The pigeon is <ill>", clock.now())).result()
    shown = admin.get("/", headers={"if-none-match": before.headers["etag"]})
    assert shown.status_code == 200
    assert "The pigeon is &lt;ill&gt;" in shown.text
    assert "The pigeon is" in admin.get("/alerts").text
    parts.writer.submit(lambda connection: note_delivered(connection, channel, clock.now())).result()
    assert "The pigeon is" not in admin.get("/").text


def test_others_than_administrators_see_no_alert(
    admin: TestClient, browser: Callable[[], TestClient], application: FastAPI, clock: SetClock
) -> None:
    from tests.web.conftest import sign_in

    number = add_channel(admin, "http://127.0.0.1:9/", "ops")
    parts: Context = application.state.context
    parts.writer.submit(lambda connection: note_failed(connection, number, "The pigeon is ill", clock.now())).result()
    admin.post("/api/users", json={"username": "eve", "password": "Correct8Horse", "requirePasswordChange": False})
    eve = sign_in(browser(), "eve", "Correct8Horse")
    assert "The pigeon is ill" not in eve.get("/").text
    assert eve.get("/api/notification-channel-alerts").status_code == 403


def test_prometheus_sees_what_waits_and_what_fails(admin: TestClient, clock: SetClock, channel: int, ntfy: NtfyStandIn) -> None:
    failed(admin, clock)
    ended(admin)
    labels = f'{{channel="Family",channel_id="{channel}",kind="ntfy"}}'
    awaited(lambda: [each for each in [admin.get("/metrics").text] if 'duplistatus_messages_total{kind="ntfy",outcome="sent"} 1.0' in each])
    assert f"duplistatus_channel_failing{labels} 0.0" in admin.get("/metrics").text
    ntfy.refusals["family"] = ntfy_error(503, "busy")
    clock.advance(HOUR)
    failed(admin, clock)
    awaited(lambda: [each for each in [admin.get("/metrics").text] if f"duplistatus_messages_waiting{labels} 1.0" in each])
    awaited(
        lambda: [each for each in [admin.get("/metrics").text] if 'duplistatus_messages_total{kind="ntfy",outcome="retried"} 1.0' in each]
    )
    assert f"duplistatus_channel_failing{labels} 1.0" in admin.get("/metrics").text


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
