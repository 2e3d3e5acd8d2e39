"""Messages for programs: what became of each, sending one again, what fails. A stand-in takes the place of ntfy elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, SECOND, Instant, SetClock, iso
from duplistatus.store.channels import note_delivered, note_failed
from tests.notify.stand_ins import NtfyStandIn, ntfy_error
from tests.web.api.messaging import add_channel, alerts, awaited, ended, failed, items
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context


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
