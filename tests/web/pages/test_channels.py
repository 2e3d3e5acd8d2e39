"""The pages of ntfy, e-mail and channels by their plain forms: what is kept, what is shown, and that no secret ever comes back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.store.channels import note_failed
from tests.notify.stand_ins import HttpStandIn, NtfyStandIn, SmtpSetting, SmtpStandIn, ntfy_error
from tests.web.api.channels import HOOK, row_of, secret_of
from tests.web.api.reports import Made, send
from tests.web.pages.html import Element, read, tree
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from httpx2 import Response
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.settings import Settings

NTFY, EMAIL, CHANNELS = "/settings/ntfy", "/settings/email", "/settings/channels"
MAIL = {
    "enabled": "1",
    "host": "smtp.example.org",
    "port": "587",
    "mode": "starttls",
    "auth": "1",
    "verify": "1",
    "username": "account",
    "password": "geheim",
    "sender_name": "Backups",
    "from": "backups@example.org",
    "to": "ops@example.org",
}


def fields_of(form: Element) -> dict[str, list[str]]:
    """What a browser would send of a form as it stands."""
    found: dict[str, list[str]] = {}
    for each in form.all("input"):
        if each.attributes.get("type") == "checkbox" and "checked" not in each.attributes:
            continue
        found.setdefault(each.attributes["name"], []).append(each.attributes.get("value", "on"))
    for each in form.all("select"):
        chosen = [option for option in each.all("option") if "selected" in option.attributes]
        found[each.attributes["name"]] = [option.attributes["value"] for option in chosen or each.all("option")[:1]]
    for each in form.all("textarea"):
        found[each.attributes["name"]] = [each.raw_text]
    return found


def form_on(client: TestClient, path: str, do: str = "save") -> Element:
    """The form with that button."""
    (found,) = [form for form in read(client.get(path)).all("form") if form.all("button", value=do)]
    return found


def press(client: TestClient, path: str, do: str = "save", **changed: Any) -> Response:
    """Sends the form with that button as a browser does; None takes a field away."""
    form = form_on(client, path, do)
    sent = {name: value for name, value in (fields_of(form) | changed | {"do": do}).items() if value is not None}
    token = client.headers.pop("x-csrf-token", None)
    try:
        return client.post(form.attributes["action"], data=sent)
    finally:
        if token:
            client.headers["x-csrf-token"] = token


def told(answer: Response) -> str:
    """What the page says came of a button."""
    page = tree(answer.text)
    return " ".join(each.text for each in page.all("p", role="status") + page.all("p", role="alert"))


def problem(answer: Response, field: str) -> str:
    assert answer.status_code == 400
    page = tree(answer.text)
    assert page.one(id=f"f-{field}").attributes["aria-invalid"] == "true"
    return page.one("span", id=f"{field}-problem").text


def value(page: Element, field: str) -> str:
    return page.one(id=f"f-{field}").attributes["value"]


# --- ntfy --------------------------------------------------------------------------------------------------------------------------


def test_the_page_of_ntfy_proposes_a_topic_with_a_code_to_subscribe(admin: TestClient) -> None:
    page = read(admin.get(NTFY))
    topic = value(page, "topic")
    assert topic.startswith("duplistatus-")
    assert page.one("img", has="code-picture").attributes["alt"] == f"Code that opens the topic {topic} in the app ntfy"
    assert [each.attributes["href"] for each in page.one("main").all("a", has="button")] == [
        f"ntfy://ntfy.sh/{topic}",
        f"https://ntfy.sh/{topic}",
    ]
    assert "it is like a password" in page.text
    assert "checked" not in page.one("input", name="enabled").attributes


def test_ntfy_is_set_and_the_token_never_shown(admin: TestClient, application: FastAPI) -> None:
    answer = press(admin, NTFY, url="https://ntfy.example/", topic="mine", token="tk_geheim", markdown="1", enabled="1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{NTFY}?saved=1")
    assert "Saved." in told(admin.get(f"{NTFY}?saved=1"))
    row = row_of(application, "ntfy")
    assert (row.enabled, dict(row.config)) == (True, {"url": "https://ntfy.example/", "topic": "mine", "markdown": True})
    shown = admin.get(NTFY)
    assert "tk_geheim" not in shown.text
    assert "One is stored" in read(shown).one("span", id="token-note").text


def test_an_untouched_form_keeps_everything_and_a_tick_removes_the_token(admin: TestClient, application: FastAPI) -> None:
    press(admin, NTFY, topic="mine", token="tk_1", enabled="1")
    before = row_of(application, "ntfy")
    press(admin, NTFY)
    after = row_of(application, "ntfy")
    assert (after.config, after.secret, after.enabled) == (before.config, before.secret, True)
    press(admin, NTFY, remove_token="1")
    assert row_of(application, "ntfy").secret == ""


def test_a_mistake_is_said_at_its_field_and_what_was_typed_stays_but_for_the_token(admin: TestClient) -> None:
    answer = press(admin, NTFY, topic="no blanks", url="https://mine.example/", token="tk_geheim", enabled="1")
    assert "topic" in problem(answer, "topic")
    page = tree(answer.text)
    assert (value(page, "topic"), value(page, "url")) == ("no blanks", "https://mine.example/")
    assert "checked" in page.one("input", name="enabled").attributes
    assert "tk_geheim" not in answer.text


def test_a_test_from_the_page_saves_sends_and_says_so(admin: TestClient) -> None:
    with NtfyStandIn({"denied": ntfy_error(403, "forbidden")}) as phone:
        answer = press(admin, NTFY, "test", url=phone.url, topic="mine", token="tk_1")
        assert f"was delivered to 127.0.0.1:{phone.port}/mine in" in told(answer)
        assert phone.received[0].headers["authorization"] == "Bearer tk_1"
        refused = press(admin, NTFY, "test", topic="denied")
        assert "Not delivered:" in told(refused)
        assert "forbidden" in told(refused)
        assert value(tree(refused.text), "topic") == "denied"


# --- e-mail ------------------------------------------------------------------------------------------------------------------------


def test_e_mail_is_set_and_the_password_never_shown(admin: TestClient, application: FastAPI) -> None:
    assert press(admin, EMAIL, **MAIL).status_code == 303
    assert row_of(application, "E-mail").enabled
    assert secret_of(application, "E-mail") == {"username": "account", "password": "geheim"}
    shown = admin.get(EMAIL)
    assert "geheim" not in shown.text
    page = read(shown)
    assert (value(page, "username"), value(page, "password"), value(page, "to")) == ("account", "", "ops@example.org")


@pytest.mark.parametrize(("field", "wrong"), [("port", "99999"), ("to", "nobody"), ("from", "x y@z"), ("host", "a b"), ("username", "")])
def test_a_mistake_in_the_settings_of_e_mail_is_said_at_its_field(admin: TestClient, application: FastAPI, field: str, wrong: str) -> None:
    answer = press(admin, EMAIL, **MAIL | {field: wrong})
    assert problem(answer, field)
    assert value(tree(answer.text), field) == wrong
    assert "geheim" not in answer.text
    assert not row_of(application, "E-mail").config


def test_a_test_mail_names_the_way_that_it_took(admin: TestClient) -> None:
    with SmtpStandIn() as post:
        words = MAIL | {"host": "127.0.0.1", "port": str(post.port), "mode": "plain", "auth": None}
        answer = press(admin, EMAIL, "test", **words, test_to="me@example.org")
        assert "was delivered to me@example.org" in told(answer)
        assert f"By 127.0.0.1, port {post.port}, unencrypted." in told(answer)
        (mail,) = post.mails
        assert mail.recipients == ("me@example.org",)
        assert f"127.0.0.1:{post.port}" in mail.part("text/plain")
        assert f"127.0.0.1:{post.port}" in mail.part("text/html")


def test_a_test_mail_that_fails_names_the_cause_and_the_way(admin: TestClient) -> None:
    with SmtpStandIn(SmtpSetting(to_data="554 5.7.1 Looks like spam")) as post:
        answer = press(admin, EMAIL, "test", **MAIL | {"host": "127.0.0.1", "port": str(post.port), "mode": "plain", "auth": None})
        assert "Looks like spam" in told(answer)
        assert f"port {post.port}, unencrypted" in told(answer)


def test_the_settings_of_e_mail_are_removed(admin: TestClient, application: FastAPI) -> None:
    assert not [form for form in read(admin.get(EMAIL)).all("form") if form.all("button", value="remove")]
    press(admin, EMAIL, **MAIL)
    assert press(admin, EMAIL, "remove").headers["location"] == f"{EMAIL}?removed=1"
    assert (dict(row_of(application, "E-mail").config), row_of(application, "E-mail").secret) == ({}, "")


# --- channels ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> TestClient:
    begun = Instant(clock.now() - HOUR)
    send(admin, Made(begun), Made(begun, server="beta", server_id="beta/2"))
    admin.put("/api/servers/beta%2F2/tags", json={"tags": ["prod"]})
    return admin


def lines(client: TestClient) -> dict[str, list[str]]:
    """The rows of the list by the name of the channel, without its buttons."""
    rows = read(client.get(CHANNELS)).one("tbody").all("tr")
    return {row.all("a", has="link")[0].text: [cell.text for cell in row.all("td")[1:4]] for row in rows}


def test_the_list_says_of_each_channel_where_it_goes_and_what_it_tells(fleet: TestClient) -> None:
    fleet.post(
        "/api/channels", json=HOOK | {"filter": {"events": ["error", "overdue"], "servers": ["id-alpha"], "tags": ["prod"], "jobs": [2]}}
    )
    found = lines(fleet)
    assert found["Hook"] == ["https://hooks.example/…", "Errors, Overdue of alpha, tag prod, Files on beta", "On Nothing delivered yet"]
    assert found["E-mail"][1:] == ["What each job says of all jobs", "Off Nothing delivered yet"]


def test_a_channel_that_fails_says_since_when_and_why(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    made = admin.post("/api/channels", json=HOOK).json()
    failed_at = Instant(clock.now() - 3 * HOUR)
    application.state.context.writer.submit(lambda connection: note_failed(connection, made["id"], "403 <gone>", failed_at)).result()
    assert lines(admin)["Hook"][2] == "On Failing 3 h 403 <gone>"


def test_a_channel_is_added_in_two_steps(fleet: TestClient, application: FastAPI) -> None:
    kinds = [each.attributes["href"] for each in read(fleet.get(f"{CHANNELS}/new")).all("a", has="kind")]
    assert kinds == [f"{CHANNELS}/new?kind={kind}" for kind in ("ntfy", "email", "webhook", "apprise")]
    answer = press(
        fleet,
        f"{CHANNELS}/new?kind=webhook",
        name="Home",
        url="https://home.example/x",
        key="k",
        headers="Authorization: Bearer geheim\nX-Room: attic\n",
        events=["error", "daily"],
        servers=["beta/2"],
        jobs=["1"],
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{CHANNELS}?saved=Home")
    assert "“Home” is saved." in told(fleet.get(answer.headers["location"]))
    made = next(each for each in fleet.get("/api/channels").json()["items"] if each["name"] == "Home")
    assert made["filter"] == {"events": ["error", "daily"], "servers": ["beta/2"], "tags": [], "jobs": [1]}
    assert made["config"]["headers"] == ["Authorization", "X-Room"]
    shown = fleet.get(f"{CHANNELS}/{made['id']}")
    assert "geheim" not in shown.text
    assert read(shown).one("textarea").raw_text.split() == ["Authorization:", "X-Room:"]
    before = row_of(application, "Home")
    assert press(fleet, f"{CHANNELS}/{made['id']}").status_code == 303
    after = row_of(application, "Home")
    assert (after.config, after.secret, after.filter, after.enabled) == (before.config, before.secret, before.filter, True)


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"name": ""}, "name", "a channel needs a name"),
        ({"url": ""}, "url", "missing"),
        ({"headers": "Host: x"}, "headers", "duplistatus itself"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_the_rest_stays_but_for_secrets(
    fleet: TestClient, changed: dict[str, str], field: str, words: str
) -> None:
    sent = {"name": "Home", "url": "https://home.example/geheim", "key": "geheim", "headers": "A: geheim"} | changed
    answer = press(fleet, f"{CHANNELS}/new?kind=webhook", **sent, events=["success"], tags=["prod"])
    assert words in problem(answer, field)
    page = tree(answer.text)
    assert value(page, "name") == sent["name"]
    assert [each.attributes["value"] for each in page.all("input", name="events") if "checked" in each.attributes] == ["success"]
    assert [each.attributes["value"] for each in page.all("input", name="tags") if "checked" in each.attributes] == ["prod"]
    assert "geheim" not in answer.text
    assert len(fleet.get("/api/channels").json()["items"]) == 2


def test_a_filter_without_events_is_refused(fleet: TestClient) -> None:
    answer = press(fleet, f"{CHANNELS}/new?kind=webhook", name="Home", url="https://home.example/x", events=None)
    assert answer.status_code == 400
    assert "at least one event" in tree(answer.text).one("span", id="filter-problem").text


def test_buttons_of_the_list_switch_and_test(admin: TestClient, application: FastAPI) -> None:
    with HttpStandIn() as server:
        made = admin.post("/api/channels", json=HOOK | {"config": {"url": server.url}}).json()
        token = admin.headers.pop("x-csrf-token")
        sent = {"csrf_token": token, "id": str(made["id"])}
        assert admin.post(CHANNELS, data=sent | {"do": "off"}).status_code == 303
        assert not row_of(application, "Hook").enabled
        assert "Hook: The test message was delivered" in told(admin.post(CHANNELS, data=sent | {"do": "test"}))
        assert admin.post(CHANNELS, data=sent | {"do": "on"}).status_code == 303
        assert row_of(application, "Hook").enabled
        assert len(server.received) == 1
        assert admin.post(CHANNELS, data=sent | {"do": "on", "id": "99"}).status_code == 404


def test_a_channel_is_removed_after_it_was_said_what_goes_with_it(admin: TestClient) -> None:
    made = admin.post("/api/channels", json=HOOK).json()
    page = read(admin.get(f"{CHANNELS}/{made['id']}"))
    assert "all its messages with it" in page.one("details", has="confirm").text
    answer = press(admin, f"{CHANNELS}/{made['id']}", "remove")
    assert "“Hook” was removed." in told(admin.get(answer.headers["location"]))
    assert admin.get(f"{CHANNELS}/{made['id']}").status_code == 404


def test_those_for_all_jobs_lead_to_their_own_pages(admin: TestClient) -> None:
    for each in admin.get("/api/channels").json()["items"]:
        answer = admin.get(f"{CHANNELS}/{each['id']}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/settings/{each['key']}")


@pytest.mark.parametrize("kind", ["pigeon", "", "ntfy%00"])
def test_an_unknown_kind_leads_to_the_choice(admin: TestClient, kind: str) -> None:
    answer = admin.get(f"{CHANNELS}/new?kind={kind}")
    assert answer.status_code == (400 if "%00" in kind else 200)
    assert kind == "ntfy%00" or len(read(answer).all("a", has="kind")) == 4


# --- the key, and who may ----------------------------------------------------------------------------------------------------------


def test_pages_say_that_secrets_cannot_be_read_and_take_others(admin: TestClient, application: FastAPI, settings: Settings) -> None:
    press(admin, EMAIL, **MAIL)
    press(admin, NTFY, topic="mine", token="tk_1")
    settings.key_file.write_bytes(os.urandom(32))
    application.state.context.secrets._key = None
    for path in (NTFY, EMAIL):
        assert "cannot be read" in told(admin.get(path))
    assert lines(admin)["E-mail"][2].startswith("Unreadable")
    assert "It cannot be read: enter it anew." in read(admin.get(EMAIL)).one("span", id="password-note").text
    assert problem(press(admin, EMAIL, username="account"), "password").startswith("What is stored cannot be read")
    assert press(admin, EMAIL, username="account", password="neu").status_code == 303
    assert told(admin.get(EMAIL)) == ""
    assert secret_of(application, "E-mail") == {"username": "account", "password": "neu"}


@pytest.mark.parametrize("path", [NTFY, EMAIL, CHANNELS, f"{CHANNELS}/new", f"{CHANNELS}/1"])
def test_only_administrators_see_these_pages(application: FastAPI, browser: Callable[[], TestClient], path: str) -> None:
    assert browser().get(path, headers=enter(application, Kind.USER).headers).status_code == 403
    assert browser().get(path).headers["location"].startswith("/login")
