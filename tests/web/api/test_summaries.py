"""`/api/summaries`: set, looked at, sent; and the address of this product."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from duplistatus.clock import DAY, HOUR, Instant, SetClock, iso
from duplistatus.settings import Settings
from duplistatus.store.channels import EMAIL, ChannelValues, own_channel, save_channel
from duplistatus.web.api import summary_schemas
from tests.notify.stand_ins import SmtpStandIn
from tests.web.api.reports import Made, send
from tests.web.conftest import ADMIN_PASSWORD
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.store.database import Connection

DAILY = "/api/summaries/daily"
NOT_SET = {
    "period": "daily",
    "enabled": False,
    "at": "08:00",
    "zone": "UTC",
    "weekday": 1,
    "day": 1,
    "recipients": [],
    "next_at": None,
    "places": 0,
}


def rows(application: FastAPI, text: str) -> list[tuple[Any, ...]]:
    with application.state.context.database.read() as connection:
        return [tuple(row) for row in connection.raw.execute(text).fetchall()]


def switch_email_on(application: FastAPI, *, to: str = "kim@example.org") -> None:
    parts = application.state.context

    def work(connection: Connection) -> None:
        row = own_channel(connection, EMAIL)
        config = {"host": "127.0.0.1", "port": 9, "mode": "plain", "sender": to, "recipient": to}
        save_channel(connection, row.id, ChannelValues(row.name, True, config, ""), "tests", parts.clock.now())

    parts.writer.submit(work).result()


def test_nothing_is_set_at_first(admin: TestClient) -> None:
    answer = admin.get("/api/summaries")
    TypeAdapter(summary_schemas.SummaryPlans).validate_json(answer.content)
    found = answer.json()
    assert [each["period"] for each in found["items"]] == ["daily", "weekly", "monthly"]
    assert found["items"][0] == NOT_SET
    assert admin.get(DAILY).json() == NOT_SET


def test_what_is_named_becomes_another_and_the_rest_stays(admin: TestClient, application: FastAPI) -> None:
    answer = admin.patch(DAILY, json={"enabled": True, "at": "14:30", "zone": "Europe/Oslo"})
    TypeAdapter(summary_schemas.SummaryPlan).validate_json(answer.content)
    assert answer.json() == NOT_SET | {"enabled": True, "at": "14:30", "zone": "Europe/Oslo", "next_at": "2026-07-10T12:30:00.000Z"}
    admin.patch("/api/summaries/monthly", json={"enabled": True, "day": "last"})
    assert admin.get("/api/summaries/monthly").json()["next_at"] == "2026-07-31T08:00:00.000Z"
    admin.patch("/api/summaries/weekly", json={"enabled": True, "weekday": 5, "at": "12:00"})
    # It is noon of a Friday: that moment is over.
    assert admin.get("/api/summaries/weekly").json()["next_at"] == "2026-07-17T12:00:00.000Z"
    admin.patch(DAILY, json={"recipients": ["a@example.org", "b@example.org"]})
    switch_email_on(application)
    found = admin.get(DAILY).json()
    assert (found["at"], found["recipients"], found["places"]) == ("14:30", ["a@example.org", "b@example.org"], 2)


def test_changes_are_in_the_audit_log_and_what_is_as_before_is_none(admin: TestClient, application: FastAPI) -> None:
    admin.patch(DAILY, json={"enabled": True, "at": "08:00"})
    admin.patch(DAILY, json={"enabled": True})
    admin.patch("/api/summaries/weekly", json={"weekday": 0})
    found = rows(application, "SELECT action, username, details FROM audit WHERE action LIKE '%summary%' ORDER BY id")
    assert [(action, by, json.loads(details)) for action, by, details in found] == [
        ("daily_summary_updated", "admin", {"before": {"enabled": False}, "after": {"enabled": True}}),
        ("weekly_summary_updated", "admin", {"before": {"weekday": 1}, "after": {"weekday": 0}}),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"at": "25:00"}, "at"),
        ({"zone": "Nowhere"}, "zone"),
        ({"recipients": ["x"]}, "recipients"),
        ({"enabled": "yes"}, "enabled"),
        ({"x": 1}, "x"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_stored(admin: TestClient, body: dict[str, Any], field: str) -> None:
    answer = admin.patch(DAILY, json=body | {"weekday": 3})
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]) == (400, "bad_summary", {"field": field})
    assert admin.get(DAILY).json() == NOT_SET


def test_there_is_no_summary_of_another_name(admin: TestClient) -> None:
    assert admin.get("/api/summaries/yearly").status_code == 400
    assert admin.patch("/api/summaries/yearly", json={}).status_code == 400


def test_a_task_that_is_stopped_sends_none(admin: TestClient) -> None:
    admin.patch(DAILY, json={"enabled": True})
    assert admin.get(DAILY).json()["next_at"] == "2026-07-11T08:00:00.000Z"
    admin.post("/api/tasks/daily-summary/run")
    admin.patch("/api/tasks/daily-summary", json={"enabled": False})
    assert admin.get(DAILY).json()["next_at"] is None


def test_one_is_sent_now_also_while_it_is_off(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    answer = admin.post(f"{DAILY}/send")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_recipient")
    switch_email_on(application)
    admin.patch(DAILY, json={"recipients": ["a@example.org", "b@example.org"]})
    answer = admin.post(f"{DAILY}/send")
    TypeAdapter(summary_schemas.SummarySent).validate_json(answer.content)
    assert answer.json() == {"messages": 2}
    assert rows(application, "SELECT destination FROM outbox ORDER BY id") == [("a@example.org",), ("b@example.org",)]
    clock.advance(1)
    admin.post(f"{DAILY}/send")
    assert len(rows(application, "SELECT id FROM outbox")) == 4
    (entry, *_) = rows(application, "SELECT username, details FROM audit WHERE action = 'daily_summary_sent'")
    assert (entry[0], json.loads(entry[1])) == ("admin", {"messages": 2, "by_time": False})


def tell_of_two_jobs(client: TestClient, clock: SetClock) -> None:
    now = clock.now()
    warned = ("2026-07-10 11:00:00 +00 - [Warning-Duplicati.Library.Main.Trouble]: <b>3 files</b> are locked",)
    send(client, *(Made(Instant(now - days * DAY), job="Files", uploaded=5_000_000) for days in range(20, 0, -1)))
    send(client, Made(Instant(now - 3 * HOUR), server="beta", job="Mail & more", result="Warning", warnings=warned))


def test_the_preview_is_the_mail_of_the_present_with_its_pictures_inside(admin: TestClient, clock: SetClock) -> None:
    tell_of_two_jobs(admin, clock)
    answer = admin.get("/api/summaries/weekly/preview")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox" in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    html = answer.text
    assert html.count('src="data:image/png;base64,') == 3
    assert "cid:" not in html
    assert "Mail &amp; more" in html
    assert "&lt;b&gt;3 files&lt;/b&gt; are locked" in html
    assert "<b>3 files" not in html


def test_the_preview_as_text_says_the_same(admin: TestClient, clock: SetClock) -> None:
    tell_of_two_jobs(admin, clock)
    answer = admin.get(f"{DAILY}/preview?format=text")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Mail & more · beta: Warning, 3 hours ago" in answer.text
    assert "Warnings: 1" in answer.text
    assert admin.get(f"{DAILY}/preview?format=pdf").status_code == 400


def test_a_preview_sends_and_stores_nothing(admin: TestClient, application: FastAPI) -> None:
    switch_email_on(application)
    for period in ("daily", "weekly", "monthly"):
        assert admin.get(f"/api/summaries/{period}/preview").status_code == 200
    assert rows(application, "SELECT * FROM notice") == []


def test_each_recipient_gets_a_mail_of_its_own_with_the_pictures_that_it_names(admin: TestClient, clock: SetClock) -> None:
    tell_of_two_jobs(admin, clock)
    with SmtpStandIn() as server:
        words = {"host": "127.0.0.1", "port": server.port, "connectionType": "plain", "requireAuth": False, "mailto": "ops@example.org"}
        assert admin.post("/api/configuration/email", json=words | {"fromAddress": "dup@example.org"}).status_code == 200
        admin.patch("/api/summaries/weekly", json={"recipients": ["a@example.org", "b@example.org"]})
        assert admin.post("/api/summaries/weekly/send").json() == {"messages": 2}
        mails = server.wait_for(2)
    assert sorted(mail.recipients for mail in mails) == [("a@example.org",), ("b@example.org",)]
    (mail, _) = mails
    named = set(re.findall(r'src="cid:(\w+)"', mail.part("text/html")))
    carried = {str(part["Content-ID"]).strip("<>") for part in mail.message.walk() if part.get_content_type() == "image/png"}
    assert named == carried == {"results", "uploaded", "stored"}
    assert "Mail & more · beta: Warning, 3 hours ago" in mail.part("text/plain")
    assert "1 job has warnings" in mail.subject


def test_summaries_are_for_administrators(browser: Any, application: FastAPI) -> None:
    client = browser()
    user = enter(application, Kind.USER).headers
    for path in ("/api/summaries", DAILY, f"{DAILY}/preview", "/api/public-url"):
        assert client.get(path, headers=user).status_code == 403
    assert client.patch(DAILY, json={"enabled": True}, headers=user).status_code == 403
    assert client.post(f"{DAILY}/send", headers=user).status_code == 403
    assert client.put("/api/public-url", json={"url": "https://x.example.org"}, headers=user).status_code == 403


def test_the_address_is_kept_without_a_slash_and_links_begin_with_it(admin: TestClient, clock: SetClock) -> None:
    assert admin.get("/api/public-url").json() == {"url": "", "source": "setting"}
    tell_of_two_jobs(admin, clock)
    assert "https://backups.example.org" not in admin.get(f"{DAILY}/preview").text
    answer = admin.put("/api/public-url", json={"url": "https://backups.example.org/"})
    TypeAdapter(summary_schemas.PublicAddress).validate_json(answer.content)
    assert answer.json() == {"url": "https://backups.example.org", "source": "setting"}
    assert 'href="https://backups.example.org/detail/id-beta/backup/' in admin.get(f"{DAILY}/preview").text
    assert admin.put("/api/public-url", json={"url": ""}).json()["url"] == ""
    for wrong in ("ftp://x.example.org", "backups", "https://u:p@x.example.org", 7, None):
        assert admin.put("/api/public-url", json={"url": wrong}).status_code == 400


class TestWithTheEnvironment:
    """`DUPLISTATUS_PUBLIC_URL` goes first."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return Settings(data_dir=data_dir, admin_password=ADMIN_PASSWORD, public_url="https://fixed.example.org")

    def test_the_address_cannot_be_changed(self, admin: TestClient) -> None:
        assert admin.get("/api/public-url").json() == {"url": "https://fixed.example.org", "source": "environment"}
        answer = admin.put("/api/public-url", json={"url": "https://other.example.org"})
        assert (answer.status_code, answer.json()["code"]) == (409, "set_by_environment")
        page = admin.get("/settings/summaries").text
        assert "Set by DUPLISTATUS_PUBLIC_URL" in page


def test_times_are_those_of_the_api(admin: TestClient, clock: SetClock) -> None:
    admin.patch(DAILY, json={"enabled": True, "at": "12:01"})
    assert admin.get(DAILY).json()["next_at"] == iso(Instant(clock.now() + 60_000))
