"""The page of templates: forms that keep, reset and try one, and a preview that can do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, Instant
from tests.notify.stand_ins import NtfyStandIn, ntfy_error
from tests.web.api.channels import deeds, row_of
from tests.web.api.reports import Made, send, warning
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

URL = "/settings/templates"
FIELDS = {
    "name": "warning",
    "title": "{status} {backup_name}",
    "message": "**{server_name}** {log_text}",
    "priority": "max",
    "tags": "a, b",
}


def press(client: TestClient, do: str, **changes: str) -> Any:
    return client.post(URL, data={**FIELDS, **changes, "do": do, "csrf_token": client.headers["x-csrf-token"]})


def preview(client: TestClient, **changes: str) -> Any:
    return client.post(f"{URL}/preview", data={**FIELDS, **changes, "csrf_token": client.headers["x-csrf-token"]})


def trouble(client: TestClient, clock: SetClock) -> None:
    send(client, Made(clock.now(), server="al<pha>", job="Fi*les*", result="Warning", warnings=(warning("<b>locked</b>"),)))


def test_a_template_is_kept_and_reset_by_form(admin: TestClient) -> None:
    saved = press(admin, "save")
    assert (saved.status_code, saved.headers["location"]) == (303, f"{URL}?name=warning&done=saved")
    assert "{status} {backup_name}" in admin.get(f"{URL}?name=warning").text
    assert press(admin, "reset").status_code == 303
    assert "{status}: {backup_name} on {server_alias}" in admin.get(f"{URL}?name=warning").text


def test_what_makes_no_sense_is_said_and_what_was_written_stays(admin: TestClient) -> None:
    answer = press(admin, "save", title=" ", message="kept & <b>")
    assert answer.status_code == 400
    assert "The title must not be empty." in answer.text
    assert "kept &amp; &lt;b&gt;" in answer.text
    assert press(admin, "language", language="xx").status_code == 400
    assert press(admin, "save", name="nothing").status_code == 404
    assert press(admin, "explode").status_code == 400


def test_the_preview_shows_what_is_newest_and_may_do_nothing(admin: TestClient, clock: SetClock) -> None:
    trouble(admin, clock)
    answer = preview(admin)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert "Warning Fi*les*" in answer.text
    assert "al&lt;pha&gt;" in answer.text
    assert "<b>locked" not in answer.text
    text = preview(admin, form="text")
    assert "<pre>al&lt;pha&gt; Warning: &lt;b&gt;locked&lt;/b&gt;</pre>" in text.text
    assert admin.get(f"{URL}/preview?name=overdueBackup").status_code == 200


def test_the_page_itself_frames_nothing_but_the_preview(admin: TestClient) -> None:
    policy = admin.get(URL).headers["content-security-policy"]
    assert "frame-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "style-src 'self';" in policy


def test_a_summary_is_previewed_with_its_pictures_in_it(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - 3 * DAY)))
    html = admin.get(f"{URL}/preview?name=weeklySummary").text
    assert "cid:" not in html
    assert "data:image/png;base64," in html


def test_a_test_goes_to_the_chosen_channel_and_its_outcome_is_said(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    trouble(admin, clock)
    with NtfyStandIn() as server:
        admin.post("/api/configuration/notifications", json={"ntfy": {"url": server.url, "topic": "backups"}})
        channel = str(row_of(application, "ntfy").id)
        answer = press(admin, "test", channel=channel)
        assert answer.status_code == 200, answer.text
        assert "The test was delivered to “ntfy”." in answer.text
        assert "{status} {backup_name}" in answer.text, "what was written stays in the form"
        (asked,) = server.wait_for(1)
    assert "al<pha>" in asked.text
    assert deeds(application)[-1] == ("test_notification_sent", "success", {"channel": "ntfy", "kind": "ntfy", "template": "warning"})
    assert "{status}: {backup_name}" in admin.get(f"{URL}?name=warning").text, "a test keeps nothing"


def test_a_test_that_fails_says_why(admin: TestClient, application: FastAPI) -> None:
    with NtfyStandIn({"backups": ntfy_error(403, "forbidden")}) as server:
        admin.post("/api/configuration/notifications", json={"ntfy": {"url": server.url, "topic": "backups"}})
        answer = press(admin, "test", channel=str(row_of(application, "ntfy").id))
    assert answer.status_code == 502
    assert "did not arrive" in answer.text
    assert deeds(application)[-1][:2] == ("test_notification_sent", "failure")
    assert press(admin, "test", channel="999").status_code == 400
    assert press(admin, "test", channel="x").status_code == 400


@pytest.mark.parametrize("kind", [Kind.NOBODY, Kind.ANONYMOUS, Kind.MUST_CHANGE, Kind.USER])
def test_administrators_alone_see_and_change_templates(browser: Callable[[], TestClient], application: FastAPI, kind: Kind) -> None:
    client = browser()
    client.headers.update(enter(application, kind).headers)
    for answer in (
        client.get(URL),
        client.get(f"{URL}/preview"),
        client.post(URL, data=FIELDS),
        client.post(f"{URL}/preview", data=FIELDS),
    ):
        assert answer.status_code in {303, 401, 403}
        assert "{backup_name}" not in answer.text
