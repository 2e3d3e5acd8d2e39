"""The pages on which messages are held back and servers are tagged, by their plain forms; and the marks that this leaves elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, Instant
from tests.web.api.reports import Made, send
from tests.web.pages.html import Element, read, tree
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from httpx2 import Response
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

WINDOWS, TAGS = "/settings/maintenance", "/settings/tags"


@pytest.fixture
def told(admin: TestClient, clock: SetClock) -> TestClient:
    """An administrator in Oslo, with Files on alpha, which failed, and Files on `beta/2`, which is fine."""
    begun = Instant(clock.now() - HOUR)
    send(admin, Made(begun, result="Error"), Made(begun, server="beta", server_id="beta/2"))
    admin.headers["accept-language"] = "en-GB"
    admin.cookies.set("zone", "Europe/Oslo")
    return admin


def fields_of(form: Element) -> dict[str, Any]:
    """What a browser would send of a form as it stands; the value of no button."""
    found: dict[str, Any] = {}
    for each in form.all("input"):
        kind, name = each.attributes.get("type", ""), each.attributes.get("name", "")
        if kind in {"radio", "checkbox"} and "checked" not in each.attributes:
            continue
        value = each.attributes.get("value", "on")
        found[name] = [*found[name], value] if name in found else [value]
    for each in form.all("select"):
        options = each.all("option")
        chosen = [option for option in options if "selected" in option.attributes] or options[:1]
        found[each.attributes["name"]] = [option.attributes["value"] for option in chosen]
    return found


def submit(client: TestClient, path: str, form: str, **changed: Any) -> Response:
    """Sends the form in the section of that id, or the one with that button, with some of its fields changed."""
    page = read(client.get(path))
    found = page.one("section", id=form).one("form") if page.all("section", id=form) else form_with(page, form)
    token = client.headers.pop("x-csrf-token", None)
    try:
        action = found.attributes["action"].partition("#")[0]
        return client.post(action, data=fields_of(found) | changed)
    finally:
        if token is not None:
            client.headers["x-csrf-token"] = token


def form_with(page: Element, label: str) -> Element:
    """The form whose button has this label."""
    (found,) = [
        form
        for form in page.all("form")
        if any(label in {button.attributes.get("aria-label"), button.text} for button in form.all("button"))
    ]
    return found


def problem(answer: Response) -> str:
    return " ".join(each.text for each in tree(answer.text).all(role="alert") if "hidden" not in each.attributes)


def silence(client: TestClient, job: int = 1) -> str:
    return str(client.get(f"/api/jobs/{job}").json()["silence"])


def rows(client: TestClient, section: str) -> list[list[str]]:
    page = read(client.get(WINDOWS))
    found = page.one("section", id=section)
    return found.rows if found.all("tbody") else []


def test_a_window_that_comes_once_is_added_in_the_readers_zone(told: TestClient) -> None:
    answer = submit(told, WINDOWS, "form", name="Move", starts_at="2026-07-10T13:00", ends_at="2026-07-10T16:00", comment="new rack")
    assert (answer.status_code, answer.headers["location"]) == (303, WINDOWS)
    (window,) = told.get("/api/maintenance").json()["items"]
    assert (window["starts_at"], window["ends_at"]) == ("2026-07-10T11:00:00.000Z", "2026-07-10T14:00:00.000Z")
    ((name, state, when, of, comment, _),) = rows(told, "windows")
    assert (name, state, when, of, comment) == (
        "Move",
        "Open closes in 2 h",
        "10 Jul, 13:00 – 10 Jul, 16:00",
        "All servers",
        "new rack",
    )
    assert silence(told) == "maintenance"


def test_a_window_that_comes_every_week_is_added_edited_turned_off_and_removed(told: TestClient) -> None:
    told.post("/api/tags", json={"name": "site two", "servers": ["id-alpha"]})
    answer = submit(
        told, WINDOWS, "form", name="Nights", of="tag:site two", kind="again", days=["6", "0"], start_time="22:00", hours="8", minutes="30"
    )
    assert answer.status_code == 303, problem(answer)
    ((name, state, when, of, *_),) = rows(told, "windows")
    assert (name, state, when, of) == ("Nights", "Closed opens in 1 d", "Sa, Su at 22:00 for 8 h 30 min, Europe/Oslo", "site two")
    (window,) = told.get("/api/maintenance").json()["items"]
    edit = f"{WINDOWS}?edit={window['id']}"
    assert read(told.get(edit)).one(id="form-title").text == "Edit “Nights”"
    submit(told, edit, "form", of="server:beta/2", first_date="2026-08-01")
    (edited,) = told.get("/api/maintenance").json()["items"]
    expected = {"scope": "server", "server_id": "beta/2", "tag": None, "first_date": "2026-08-01"}
    assert edited == {**window, **expected, "server": edited["server"], "next_change": edited["next_change"]}
    submit(told, WINDOWS, "Turn off Nights", do="disable")
    assert rows(told, "windows")[0][1] == "Off"
    submit(told, WINDOWS, "Turn on Nights", do="enable")
    assert rows(told, "windows")[0][1].startswith("Closed")
    submit(told, WINDOWS, "Remove Nights", do="remove")
    assert rows(told, "windows") == []


def test_what_is_wrong_with_a_window_is_said_and_the_form_stays_filled_in(told: TestClient) -> None:
    for changed, said in (
        ({"name": " "}, "A window needs a name."),
        ({"name": "x", "ends_at": "2026-07-10T10:00", "starts_at": "2026-07-10T11:00"}, "The window must end after its start."),
        ({"name": "x", "starts_at": ""}, "A window needs a start and an end."),
        ({"name": "x", "kind": "again", "days": []}, "Choose at least one weekday."),
        ({"name": "x", "kind": "again", "hours": "200"}, "the length lies between 1 minute and 7 days"),
        ({"name": "x", "kind": "again", "hours": "9" * 5000}, "the length lies between 1 minute and 7 days"),
        ({"name": "x", "kind": "again", "zone": "Nowhere"}, "zone must be the name of a time zone such as Europe/Oslo"),
        ({"name": "x", "starts_at": "soon"}, "The window must end after its start."),
    ):
        answer = submit(told, WINDOWS, "form", comment="kept & shown", **changed)
        assert (answer.status_code, problem(answer)) == (400, said)
        inputs = {
            each.attributes.get("name"): each.attributes.get("value") for each in tree(answer.text).one("section", id="form").all("input")
        }
        assert inputs["comment"] == "kept & shown"
    assert submit(told, WINDOWS, "form", name="x", of="server:nobody").status_code == 404
    assert told.get("/api/maintenance").json()["items"] == []


def test_snoozes_and_acknowledgements_are_listed_and_ended(told: TestClient) -> None:
    told.post("/api/snoozes", json={"server_id": "beta/2", "for": "4h", "comment": "moving"})
    told.post("/api/jobs/1/acknowledgement", json={"comment": "disk ordered"})
    ((server, job, until, comment, *_),) = rows(told, "snoozes")
    assert (server, job, until, comment) == ("beta", "All jobs", "10 Jul, 18:00 in 4 h", "moving")
    ((server, job, trouble, comment, *_),) = rows(told, "acknowledgements")
    assert (server, job, trouble, comment) == ("alpha", "Files", "Failed", "disk ordered")
    submit(told, WINDOWS, "End the snooze of beta", do="wake")
    submit(told, WINDOWS, "Take back the acknowledgement of Files", do="withdraw")
    assert (rows(told, "snoozes"), rows(told, "acknowledgements")) == ([], [])
    assert (silence(told, 1), silence(told, 2)) == ("none", "none")


def test_a_job_is_snoozed_until_a_local_time_and_acknowledged_on_its_page(told: TestClient) -> None:
    answer = submit(told, "/silence?job=1", "Snooze", do="snooze", **{"for": "until"}, until="2026-07-11T08:00", comment="moving")
    assert (answer.status_code, answer.headers["location"]) == (303, "/detail/id-alpha")
    (snooze,) = told.get("/api/snoozes").json()["items"]
    assert (snooze["until"], snooze["comment"], snooze["job"]["id"]) == ("2026-07-11T06:00:00.000Z", "moving", 1)
    page = read(told.get("/silence?job=1"))
    assert "Files is snoozed until 11 Jul, 08:00" in page.one("main").text
    assert "Known: Failed." in page.one("main").text
    submit(told, "/silence?job=1", "End", do="wake")
    assert silence(told) == "none"
    submit(told, "/silence?job=1", "Acknowledge", do="acknowledge", comment="disk ordered")
    assert silence(told) == "acknowledged"
    submit(told, "/silence?job=1", "Take back", do="withdraw")
    assert silence(told) == "none"
    assert "Nothing is wrong with this job." in read(told.get("/silence?job=2")).one("main").text


def test_a_whole_server_is_snoozed_on_its_page(told: TestClient) -> None:
    link = next(each for each in read(told.get("/detail/beta%2F2")).all("a") if each.text == "Snooze all").attributes["href"]
    answer = submit(told, link, "Snooze", do="snooze", **{"for": "1W"})
    assert answer.headers["location"] == "/detail/beta%2F2"
    assert (silence(told, 1), silence(told, 2)) == ("none", "snoozed")


def test_a_snooze_that_makes_no_sense_is_refused_on_the_page(told: TestClient) -> None:
    for changed, status, said in (
        ({"for": "until"}, 400, "Until when?"),
        ({"for": "until", "until": "2026-07-10T13:00"}, 400, "a snooze ends in the future, within a year"),
        ({"for": "4x"}, 400, "'4x' is no time span"),
        ({"do": "else"}, 400, "nothing is known by that name"),
        ({"do": "wake", "id": "7"}, 404, "This snooze is over."),
        ({"do": "withdraw"}, 404, "Nobody has acknowledged anything of this job"),
    ):
        answer = submit(told, "/silence?job=1", "Snooze", **{"do": "snooze", **changed})
        assert answer.status_code == status
        assert said in problem(answer)
    for path in ("/silence", "/silence?job=99", "/silence?server=nobody"):
        assert told.get(path).status_code == 404
    assert told.get("/api/snoozes").json()["items"] == []


def test_tags_are_made_given_to_servers_renamed_and_removed(told: TestClient) -> None:
    submit(told, TAGS, "form", do="save", name="Site Oslo", color="green")
    submit(told, f"{TAGS}?server=beta%2F2", "of-server", do="assign", tags=["Site Oslo"], new="prod, north")
    (north, prod, oslo) = told.get("/api/tags").json()["items"]
    assert [(tag["name"], tag["color"], [each["id"] for each in tag["servers"]]) for tag in (oslo, prod, north)] == [
        ("Site Oslo", "green", ["beta/2"]),
        ("prod", "", ["beta/2"]),
        ("north", "", ["beta/2"]),
    ]
    edit = f"{TAGS}?edit={prod['id']}"
    submit(told, edit, "form", do="save", name="production", servers=["id-alpha"])
    submit(told, TAGS, "Remove north", do="remove")
    page = read(told.get(TAGS))
    assert [row[:2] for row in page.rows] == [["production", "alpha"], ["Site Oslo", "beta"]]
    for path, form, changed, status, said in (
        (TAGS, "form", {"name": ""}, 400, "A tag needs a name."),
        (TAGS, "form", {"name": "PRODUCTION"}, 409, "There is already a tag “production”"),
        (f"{TAGS}?server=id-alpha", "of-server", {"do": "assign", "new": "x" * 41}, 400, "the name of a tag has 40 characters at most"),
    ):
        answer = submit(told, path, form, **{"do": "save", **changed})
        assert (answer.status_code, problem(answer)) == (status, said)
    assert told.get(f"{TAGS}?edit=99").status_code == 404


def test_the_server_page_says_why_a_job_is_silent_and_shows_the_tags(told: TestClient) -> None:
    told.put("/api/servers/id-alpha/tags", json={"tags": ["Site Oslo"]})
    told.post("/api/snoozes", json={"job_id": 1, "for": "4h", "comment": "moving <disks>"})
    page = read(told.get("/detail/id-alpha"))
    assert page.one(has="held").text == "Snoozed until 10 Jul, 18:00 · moving <disks>"
    assert page.one("a", has="tag").attributes["href"] == "/?q=tag%3A%22Site%20Oslo%22"
    told.post("/api/maintenance", json={"name": "Patches", "starts_at": "2026-07-10T11:00:00Z", "ends_at": "2026-07-10T18:00:00Z"})
    assert read(told.get("/detail/id-alpha")).one(has="held").text == "In maintenance until 10 Jul, 20:00 · Patches"


def test_the_dashboard_marks_silent_jobs_in_every_form_of_their_row(told: TestClient) -> None:
    assert read(told.get("/")).all(has="silent") == []
    told.post("/api/jobs/1/acknowledgement", json={"comment": "disk ordered"})
    for path in ("/", "/?view=table"):
        assert [each.attributes["aria-label"] for each in read(told.get(path)).all(has="silent")] == ["Acknowledged"]
    assert "Acknowledged by admin · disk ordered" in tree(told.get("/jobs/1/details").text).text


def test_the_dashboard_finds_servers_by_their_tags(told: TestClient) -> None:
    told.put("/api/servers/id-alpha/tags", json={"tags": ["Site Oslo", "prod"]})
    told.put("/api/servers/beta%2F2/tags", json={"tags": ["prod"]})

    def found(query: str) -> list[str]:
        page = read(told.get("/", params={"q": query}))
        return [card.one("h2").text for card in page.all("section", has="card")]

    assert (found("tag:prod"), found('tag:"SITE oslo"'), found("tag:prod bet"), found("tag:other")) == (
        ["alpha", "beta"],
        ["alpha"],
        ["beta"],
        [],
    )
    table = read(told.get("/", params={"q": "tag:prod", "view": "table"}))
    assert [row.attributes["data-tags"] for row in table.one("tbody").all("tr")] == ["prod\nsite oslo", "prod"]
    told.put("/api/servers/id-alpha/tags", json={"tags": []})
    assert found("tag:prod") == ["beta"], "a change of tags is seen at once"


def test_users_see_the_pages_without_forms(told: TestClient, application: FastAPI, browser: Callable[[], TestClient]) -> None:
    told.post("/api/maintenance", json={"name": "Patches", "starts_at": "2026-07-10T11:00:00Z", "ends_at": "2026-07-10T18:00:00Z"})
    told.post("/api/tags", json={"name": "prod"})
    told.post("/api/snoozes", json={"job_id": 1, "for": "4h"})
    user, headers = browser(), enter(application, Kind.USER).headers
    for path in (WINDOWS, TAGS, f"{TAGS}?edit=1", "/silence?job=1", "/detail/id-alpha"):
        page = read(user.get(path, headers=headers))
        assert [form for form in page.all("form") if form.attributes.get("method") == "post"] == []
        assert [link for link in page.one("main").all("a", has="quieten") if "/silence" in link.attributes["href"]] == []
        assert user.post(path.partition("?")[0], headers=headers, data={"do": "save", "name": "x"}).status_code in {403, 405}
    assert len(told.get("/api/maintenance").json()["items"]) == 1
