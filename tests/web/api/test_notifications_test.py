"""Test messages over ntfy and e-mail, as clients of 1.4.2 ask for them, to real servers on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.i18n.languages import ENGLISH
from duplistatus.notify.phrasebook import language_named, texts_of
from duplistatus.store.templates import StoredTemplates, save_templates
from tests.notify.stand_ins import Answer, NtfyStandIn, SmtpSetting, SmtpStandIn, ntfy_error
from tests.web.api.channels import deeds
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI
    from starlette.testclient import TestClient

URL = "/api/notifications/test"
TEMPLATE = {
    "title": "OK {server_alias} {backup_name}",
    "message": "{status} of {server_id}: {duration}\n\n{log_text}",
    "priority": "high",
    "tags": "duplicati, success",
}


@pytest.fixture
def phone() -> Iterator[NtfyStandIn]:
    with NtfyStandIn({"denied": ntfy_error(403, "forbidden"), "moved": Answer(301, headers={"location": "http://127.0.0.1/"})}) as server:
        yield server


@pytest.fixture
def post() -> Iterator[SmtpStandIn]:
    setting = SmtpSetting(refused={"reject@example.org": "550 5.1.1 No such user here"})
    with SmtpStandIn(setting) as server:
        yield server


def set_email(admin: TestClient, post: SmtpStandIn) -> None:
    sent = {
        "host": "127.0.0.1",
        "port": post.port,
        "connectionType": "plain",
        "mailto": "ops@example.org",
        "fromAddress": "dup@example.org",
        "requireAuth": False,
    }
    assert admin.post("/api/configuration/email", json=sent).status_code == 200


def simple(phone: NtfyStandIn, **change: Any) -> dict[str, Any]:
    return {"type": "simple", "ntfyConfig": {"url": phone.url, "topic": "backups", "accessToken": "tk_1"} | change}


def test_a_simple_test_arrives_at_the_topic_with_the_token(admin: TestClient, phone: NtfyStandIn) -> None:
    answer = admin.post(URL, json=simple(phone))
    assert (answer.status_code, answer.json()) == (200, {"message": "Test notification sent successfully"})
    (asked,) = phone.received
    assert asked.path == "/backups"
    assert asked.headers["authorization"] == "Bearer tk_1"
    assert "(test sent at " in asked.text


def test_settings_to_try_are_not_stored(admin: TestClient, phone: NtfyStandIn) -> None:
    before = admin.get("/api/configuration/ntfy").json()
    admin.post(URL, json=simple(phone))
    assert admin.get("/api/configuration/ntfy").json() == before


def test_without_a_token_the_stored_one_goes_to_the_stored_server_and_nowhere_else(admin: TestClient, phone: NtfyStandIn) -> None:
    stored = {"url": phone.url, "topic": "backups", "accessToken": "tk_stored"}
    admin.post("/api/configuration/notifications", json={"ntfy": stored})
    admin.post(URL, json=simple(phone, accessToken=""))
    assert phone.received[-1].headers["authorization"] == "Bearer tk_stored"
    with NtfyStandIn() as other:
        assert admin.post(URL, json=simple(other, accessToken="")).status_code == 200
        assert "authorization" not in other.received[0].headers


@pytest.mark.parametrize("change", [{"topic": ""}, {"url": ""}, {"topic": None}])
def test_address_and_topic_are_needed(admin: TestClient, phone: NtfyStandIn, change: dict[str, Any]) -> None:
    answer = admin.post(URL, json=simple(phone, **change))
    assert (answer.status_code, answer.json()["error"]) == (400, "NTFY URL and topic are required")


@pytest.mark.parametrize("body", [{}, {"type": "pigeon"}, {"type": "simple"}, {"type": "template"}])
def test_without_settings_of_ntfy_there_is_nothing_to_test(admin: TestClient, body: dict[str, Any]) -> None:
    answer = admin.post(URL, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "NTFY configuration is required")


def test_an_unknown_type_is_refused(admin: TestClient, phone: NtfyStandIn) -> None:
    assert admin.post(URL, json=simple(phone) | {"type": "pigeon"}).status_code == 400
    assert phone.received == []


@pytest.mark.parametrize(("topic", "words"), [("denied", "forbidden"), ("moved", "do not follow")])
def test_the_reason_of_a_refusal_is_passed_on(admin: TestClient, phone: NtfyStandIn, topic: str, words: str) -> None:
    answer = admin.post(URL, json=simple(phone, topic=topic))
    assert answer.status_code == 502
    assert answer.json()["error"].startswith("Failed to send test notification: ")
    assert words in answer.json()["error"]
    assert "tk_1" not in answer.text


def test_a_server_that_is_not_there_is_said(admin: TestClient, phone: NtfyStandIn) -> None:
    answer = admin.post(URL, json=simple(phone, url="http://127.0.0.1:1/"))
    assert answer.status_code == 502
    assert "127.0.0.1" in answer.json()["error"]


def test_a_template_arrives_with_the_names_of_its_variables(admin: TestClient, phone: NtfyStandIn) -> None:
    answer = admin.post(URL, json=simple(phone) | {"type": "template", "template": TEMPLATE})
    assert answer.json() == {"success": True, "message": "Test notifications sent successfully via NTFY", "channels": ["NTFY"]}
    (asked,) = phone.received
    assert asked.query["title"] == "OK server_alias backup_name"
    assert asked.query["priority"] == "high"
    assert asked.query["tags"] == "duplicati,success"
    assert asked.text.startswith("status of {server_id}: duration\n")
    assert "Sample error 1" in asked.text
    assert "(test sent at " in asked.text


def test_a_template_goes_by_e_mail_too_where_that_is_set_up(admin: TestClient, phone: NtfyStandIn, post: SmtpStandIn) -> None:
    set_email(admin, post)
    answer = admin.post(URL, json=simple(phone) | {"type": "template", "template": TEMPLATE})
    assert answer.json()["channels"] == ["NTFY", "Email"]
    assert answer.json()["message"] == "Test notifications sent successfully via NTFY and Email"
    (mail,) = post.mails
    assert mail.subject == "OK server_alias backup_name"
    assert "status of {server_id}: duration" in mail.part("text/plain")
    assert "Sample warning 1" in mail.part("text/html")


@pytest.mark.parametrize("change", [{"title": ""}, {"message": ""}, {"priority": "urgent"}, {"tags": 7}])
def test_a_template_that_makes_no_sense_is_refused(admin: TestClient, phone: NtfyStandIn, change: dict[str, Any]) -> None:
    body = simple(phone) | {"type": "template", "template": TEMPLATE | change}
    assert admin.post(URL, json=body).status_code == 400
    assert admin.post(URL, json=body | {"template": None}).status_code == 400
    assert phone.received == []


def test_a_test_mail_goes_to_the_recipient_or_to_another_address(admin: TestClient, post: SmtpStandIn) -> None:
    set_email(admin, post)
    assert admin.post(URL, json={"type": "email"}).json() == {"message": "Test email sent successfully"}
    assert admin.post(URL, json={"type": "email", "toEmail": "other@example.org"}).status_code == 200
    assert [mail.recipients for mail in post.mails] == [("ops@example.org",), ("other@example.org",)]


def test_a_refused_recipient_is_said(admin: TestClient, post: SmtpStandIn) -> None:
    set_email(admin, post)
    answer = admin.post(URL, json={"type": "email", "toEmail": "reject@example.org"})
    assert answer.status_code == 502
    assert "No such user here" in answer.json()["error"]


def test_a_mail_needs_settings(admin: TestClient) -> None:
    answer = admin.post(URL, json={"type": "email"})
    assert (answer.status_code, answer.json()["error"]) == (400, "Email is not configured. Please configure SMTP settings.")


def test_each_test_is_in_the_audit_log_with_its_outcome(
    admin: TestClient, application: FastAPI, phone: NtfyStandIn, post: SmtpStandIn
) -> None:
    set_email(admin, post)
    admin.post(URL, json=simple(phone))
    admin.post(URL, json=simple(phone, topic="denied"))
    admin.post(URL, json={"type": "email"})
    found = [(action, status) for action, status, _ in deeds(application)][1:]
    assert found == [
        ("test_notification_sent", "success"),
        ("test_notification_sent", "failure"),
        ("test_email_sent", "success"),
    ]
    assert "tk_1" not in repr(deeds(application))


def test_a_test_speaks_the_language_of_the_templates(admin: TestClient, application: FastAPI, phone: NtfyStandIn) -> None:
    application.state.context.writer.submit(lambda connection: save_templates(connection, StoredTemplates("de"))).result()
    admin.post(URL, json=simple(phone), headers={"accept-language": "fr"})
    german = language_named("de")
    assert german is not None
    assert phone.received[0].query["title"] == texts_of(german).word("test.title")
    assert "Test" in phone.received[0].query["title"]
    assert phone.received[0].query["title"] != texts_of(ENGLISH).word("test.title")


def test_only_administrators_send(application: FastAPI, browser: Callable[[], TestClient], phone: NtfyStandIn) -> None:
    client = browser()
    answer = client.post(URL, json=simple(phone), headers=enter(application, Kind.USER).headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "Administrator access required")
    assert phone.received == []
