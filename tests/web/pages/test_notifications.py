"""The page of notifications without scripts: plain forms, pages of a hundred jobs, inheritance that a form left alone does not end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.store import channels
from duplistatus.store.channels import EMAIL, NTFY, ChannelValues, own_channel
from duplistatus.web.ntfy_place import place_of
from tests.notify.stand_ins import NtfyStandIn, ntfy_error
from tests.web.api.reports import Made, send
from tests.web.pages.html import read, tree
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context
    from tests.web.pages.html import Element

PATH = "/settings/notifications"
SERVER = "/api/servers/id-alpha/telling"


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> TestClient:
    """Alpha with Files (1) and Mail (2), beta with Files (3)."""
    begun = Instant(clock.now() - 30 * HOUR)
    send(admin, Made(begun), Made(begun, job="Mail"), Made(begun, "beta"))
    return admin


def set_up(application: FastAPI, *, ntfy: str = "https://ntfy.example.org/", enabled: bool = True) -> None:
    def work(connection: Connection) -> None:
        for key, config in ((NTFY, {"url": ntfy, "topic": "main", "markdown": False}), (EMAIL, {"host": "127.0.0.1"})):
            row = own_channel(connection, key)
            channels.save_channel(connection, row.id, ChannelValues(row.name, enabled, config, ""), "admin", Instant(1))

    parts: Context = application.state.context
    parts.writer.submit(work).result()


def form(client: TestClient, path: str, values: dict[str, Any], *, by_script: bool = False) -> Any:
    """Sends a plain form, as a browser does."""
    token = read(client.get(PATH)).all("input", name="csrf_token")[0].attributes["value"]
    header = client.headers.pop("x-csrf-token")
    answer = client.post(PATH + path, data={"csrf_token": token, **values}, headers={"HX-Request": "true"} if by_script else {})
    client.headers["x-csrf-token"] = header
    return answer


def telling(client: TestClient, job: int) -> Any:
    return client.get(f"/api/jobs/{job}/telling").json()


def unit(page: Element, id_: str) -> Element:
    return next(each for each in page if each.attributes.get("id") == id_)


def fields(page: Element, job: int) -> dict[str, list[str]]:
    """What a browser would send of the form of a job."""
    sent: dict[str, list[str]] = {}
    for each in page:
        given = each.attributes
        if given.get("form") != f"job-form-{job}" or "name" not in given:
            continue
        if given.get("type") == "checkbox" and "checked" not in given:
            continue
        chosen = [option.attributes["value"] for option in each.all("option") if "selected" in option.attributes]
        value = (chosen or [each.all("option")[0].attributes["value"]])[0] if each.tag == "select" else given.get("value", "")
        sent.setdefault(given["name"], []).append(value)
    return sent


def test_jobs_stand_by_server_with_what_is_told(fleet: TestClient) -> None:
    fleet.patch(SERVER, json={"additional_topic": "ops"})
    fleet.patch("/api/jobs/2/telling", json={"additional_emails": "a@example.org, b@example.org"})
    page = read(fleet.get(PATH))
    assert [each.text for each in page.all("h3") if each.text in {"alpha", "beta"}] == ["alpha", "beta"]
    assert unit(page, "server-1").one("span", has="besides-said").text == "topic ops"
    assert unit(page, "job-1").one("span", has="besides-said").text == "topic ops from the server"
    assert unit(page, "job-2").one("span", has="besides-said").text == "2 addresses, topic ops own"
    assert unit(page, "job-3").one("span", has="besides-said").text == "nobody"


def test_the_form_of_a_job_is_saved_and_leads_back_to_it(fleet: TestClient) -> None:
    answer = form(fleet, "/jobs/2", {"event": "errors", "email": "1", "additional_topic": "mail", "q": "mail", "p": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?q=mail&done=saved#job-2")
    saved = telling(fleet, 2)
    assert (saved["event"], saved["ntfy"], saved["email"]) == ("errors", False, True)
    assert (saved["additional_topic"], saved["additional_emails"]) == ("mail", None)
    assert "Saved" in read(fleet.get(f"{PATH}?done=saved")).text


def test_a_form_that_is_sent_as_it_stands_changes_nothing(fleet: TestClient) -> None:
    fleet.patch(SERVER, json={"additional_event": "errors", "additional_topic": "ops"})
    fleet.patch("/api/jobs/2/telling", json={"additional_emails": "", "additional_topic": "ops"})
    for job in (1, 2):
        before = telling(fleet, job)
        assert form(fleet, f"/jobs/{job}", fields(read(fleet.get(PATH)), job)).status_code == 303
        assert telling(fleet, job) == before


def test_what_stands_in_a_field_from_the_server_becomes_the_jobs_own_when_it_is_changed(fleet: TestClient) -> None:
    fleet.patch(SERVER, json={"additional_emails": "ops@example.org", "additional_topic": "ops"})
    sent = fields(read(fleet.get(PATH)), 1)
    assert (sent["additional_emails"], sent["seen_additional_emails"]) == (["ops@example.org"], ["ops@example.org"])
    form(fleet, "/jobs/1", sent | {"additional_emails": [""]})
    assert telling(fleet, 1)["sources"] == {"event": "none", "emails": "own", "topic": "server"}
    assert telling(fleet, 1)["besides"]["emails"] == []
    sent = fields(read(fleet.get(PATH)), 1)
    assert sent["own"] == ["additional_emails"]
    answer = form(fleet, "/follow", {"follow": "1:additional_emails"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?done=saved#job-1")
    assert telling(fleet, 1)["besides"]["emails"] == ["ops@example.org"]


@pytest.mark.parametrize("wanted", ["", "1", "x:additional_topic", "1:event", "1:", "99999999999999999999:additional_topic"])
def test_to_follow_needs_a_job_and_a_field(fleet: TestClient, wanted: str) -> None:
    assert form(fleet, "/follow", {"follow": wanted}).status_code == 400


@pytest.mark.parametrize(
    ("values", "wrong", "words"),
    [
        ({"additional_emails": "nobody"}, "additional_emails", "Addresses such as"),
        ({"additional_topic": "two words"}, "additional_topic", "Letters, digits"),
        ({"event": "often"}, "event", "One of the list."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(
    fleet: TestClient, values: dict[str, str], wrong: str, words: str
) -> None:
    before = telling(fleet, 2)
    answer = form(fleet, "/jobs/2", {"event": "all", **values})
    assert answer.status_code == 400
    page = tree(answer.text)
    bad = next(each for each in unit(page, "job-2") if each.attributes.get("name") == wrong)
    assert bad.attributes["aria-invalid"] == "true"
    assert words in unit(page, bad.attributes["aria-describedby"]).text
    if bad.tag == "input":
        assert bad.attributes["value"] == values[wrong]
        assert "open" in unit(page, "job-2").one("details", has="besides").attributes
    assert telling(fleet, 2) == before


def test_to_a_script_comes_what_a_change_concerns(fleet: TestClient) -> None:
    page = read(form(fleet, "/jobs/2", {"event": "off"}, by_script=True))
    assert [each.attributes["id"] for each in page if "data-unit" in each.attributes] == ["job-2"]
    bad = form(fleet, "/jobs/2", {"event": "off", "additional_topic": "a b"}, by_script=True)
    assert bad.status_code == 400
    assert "Letters, digits" in tree(bad.text).text
    page = read(form(fleet, "/servers/1", {"additional_topic": "ops"}, by_script=True))
    assert [each.attributes["id"] for each in page if "data-unit" in each.attributes] == ["server-1", "job-1", "job-2"]
    page = read(form(fleet, "/servers/1/clear", {"q": "mail"}, by_script=True))
    assert [each.attributes["id"] for each in page if "data-unit" in each.attributes] == ["server-1", "job-2"], "what the filter leaves"
    bad = form(fleet, "/servers/1", {"additional_emails": "nobody"}, by_script=True)
    assert (bad.status_code, unit(tree(bad.text), "server-1-emails").attributes["value"]) == (400, "nobody")
    assert form(fleet, "/jobs/99", {"event": "off"}, by_script=True).status_code == 404
    assert form(fleet, "/servers/99", {}, by_script=True).status_code == 404


def test_the_form_of_a_server_is_for_all_of_its_jobs(fleet: TestClient) -> None:
    answer = form(fleet, "/servers/1", {"additional_event": "errors", "additional_emails": "ops@example.org", "additional_topic": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?done=saved#server-1")
    assert telling(fleet, 2)["besides"] == {"event": "errors", "emails": ["ops@example.org"], "topic": ""}
    bad = form(fleet, "/servers/1", {"additional_emails": "nobody"})
    assert (bad.status_code, unit(tree(bad.text), "problem").text) == (
        400,
        "alpha: Addresses such as kim@example.org, with commas between them.",
    )
    fleet.patch("/api/jobs/2/telling", json={"additional_topic": "mail"})
    assert form(fleet, "/servers/1/sync", {}).status_code == 303
    assert telling(fleet, 2)["additional_topic"] is None
    assert form(fleet, "/servers/1/clear", {}).status_code == 303
    assert telling(fleet, 2)["besides"]["emails"] == []


def test_several_jobs_are_changed_by_the_fields_that_are_ticked(fleet: TestClient) -> None:
    values = {
        "jobs": ["1", "3"],
        "set": ["event", "additional_topic"],
        "event": "all",
        "additional_topic": "both",
        "additional_emails": "x",
    }
    answer = form(fleet, "/selected", values | {"action": "apply"})
    assert answer.headers["location"] == f"{PATH}?changed=2"
    assert "2 jobs were changed." in read(fleet.get(f"{PATH}?changed=2")).text
    assert [(telling(fleet, job)["event"], telling(fleet, job)["additional_topic"]) for job in (1, 2, 3)] == [
        ("all", "both"),
        ("warnings", None),
        ("all", "both"),
    ]
    form(fleet, "/selected", {"jobs": ["1"], "action": "follow"})
    form(fleet, "/selected", {"jobs": ["3"], "action": "clear"})
    assert [telling(fleet, job)["additional_topic"] for job in (1, 3)] == [None, ""]
    form(fleet, "/selected", {"matching": "1", "q": "alpha", "set": "event", "event": "off", "action": "apply"})
    assert [telling(fleet, job)["event"] for job in (1, 2, 3)] == ["off", "off", "all"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"action": "apply", "set": "event", "event": "off"}, "Tick the jobs that are meant"),
        ({"action": "apply", "jobs": "1"}, "Say what is to become another"),
        ({"action": "apply", "jobs": "1", "set": "additional_emails", "additional_emails": "nobody"}, "Addresses such as"),
    ],
)
def test_several_jobs_need_jobs_and_values(fleet: TestClient, values: dict[str, str], sentence: str) -> None:
    answer = form(fleet, "/selected", values)
    assert answer.status_code == 400
    page = tree(answer.text)
    assert sentence in unit(page, "bulk-problem").text
    ticked = [each for each in page.all("input", name="jobs") if "checked" in each.attributes]
    assert [each.attributes["value"] for each in ticked] == ([values["jobs"]] if "jobs" in values else [])
    assert [telling(fleet, job)["event"] for job in (1, 2, 3)] == ["warnings"] * 3


def test_what_is_stored_can_be_tested(fleet: TestClient, application: FastAPI) -> None:
    with NtfyStandIn({"closed": ntfy_error(403, "forbidden")}) as ntfy:
        set_up(application, ntfy=ntfy.url)
        fleet.patch(SERVER, json={"additional_topic": "ops"})
        fleet.patch("/api/jobs/2/telling", json={"additional_topic": "closed"})
        assert "Delivered to ops." in read(form(fleet, "/test", {"test": "ntfy:job:1"})).text
        assert "Delivered to ops." in read(form(fleet, "/test", {"test": "ntfy:server:1"})).text
        assert "Not delivered to closed" in read(form(fleet, "/test", {"test": "ntfy:job:2"})).text
        assert [asked.path for asked in ntfy.wait_for(3)] == ["/ops", "/ops", "/closed"]
    nothing = form(fleet, "/test", {"test": "email:job:1"})
    assert (nothing.status_code, unit(tree(nothing.text), "problem").text) == (400, "There is no address to test.")
    for wrong in ("", "ntfy", "ntfy:fleet:1", "ntfy:job:x"):
        assert form(fleet, "/test", {"test": wrong}).status_code == 400
    assert form(fleet, "/test", {"test": "ntfy:job:99"}).status_code == 404


def test_what_is_not_in_use_says_so_and_leads_to_its_page(fleet: TestClient, application: FastAPI) -> None:
    page = read(fleet.get(PATH))
    assert [each.text for each in page.all("p", has="hint")] == [
        "ntfy is not in use: nothing goes out by it. Set it up",
        "E-mail is not in use: nothing goes out by it. Set it up",
    ]
    assert {each.all("a")[0].attributes["href"] for each in page.all("p", has="hint")} == {"/settings/ntfy", "/settings/email"}
    fleet.patch(SERVER, json={"additional_topic": "ops"})
    assert not [each for each in read(fleet.get(PATH)) if "data-test" in each.attributes], "nothing to test through"
    set_up(application)
    page = read(fleet.get(PATH))
    assert page.all("p", has="hint") == []
    assert len([each for each in page if each.attributes.get("data-test") == "ntfy" and "hidden" not in each.attributes]) == 3


def test_users_read_and_find_no_form(fleet: TestClient, application: FastAPI) -> None:
    fleet.patch(SERVER, json={"additional_topic": "ops"})
    fleet.patch("/api/jobs/2/telling", json={"event": "errors", "ntfy": False})
    person = enter(application, Kind.USER).headers
    fleet.cookies.clear()
    page = read(fleet.get(PATH, headers={"cookie": person["cookie"]}))
    mail = unit(page, "job-2").text
    for words in ("Runs Errors", "ntfy off", "E-mail on", "topic ops from the server"):
        assert words in mail
    assert page.all("form", method="post") == []
    assert [each for each in page.all("input") if each.attributes.get("name") != "q"] == []
    assert "Administrators change it." in page.text
    hints = [each.text for each in page.all("p", has="hint")]
    assert hints[0] == "ntfy is not in use: nothing goes out by it."


def test_a_hundred_jobs_are_on_a_page(admin: TestClient, clock: SetClock) -> None:
    begun = Instant(clock.now() - HOUR)
    send(admin, *(Made(begun, f"server-{number:02}", job=job) for number in range(52) for job in ("Files", "Mail")))
    first, second = read(admin.get(PATH)), read(admin.get(f"{PATH}?p=2"))
    for page, count in ((first, 100), (second, 4)):
        assert len([each for each in page if each.attributes.get("id", "").startswith("job-form-")]) == count
    assert "Page 2 of 2" in second.text
    assert read(admin.get(f"{PATH}?p=7")).text.count("Page 2 of 2") == 1, "beyond the end is the last page"
    assert math.ceil(len(admin.get(PATH).content) / 1024) < 1024
    assert "Nothing matches" in read(admin.get(f"{PATH}?q=nobody")).text


def test_a_server_that_spans_two_pages_says_how_much_of_it_is_here(admin: TestClient, clock: SetClock) -> None:
    begun = Instant(clock.now() - HOUR)
    send(admin, *(Made(begun, "alpha", job=f"Job {number:03}") for number in range(103)))
    heads = [read(admin.get(f"{PATH}?p={number}")).one("details", has="telling-group").all("summary")[0].text for number in (1, 2)]
    assert heads == ["alpha100 of 103 jobs", "alpha3 of 103 jobs"]


def test_a_topic_has_a_page_with_a_code_and_links(fleet: TestClient, application: FastAPI) -> None:
    set_up(application)
    page = read(fleet.get(f"{PATH}/subscribe?topic=ops"))
    addresses = {each.attributes.get("href") for each in page.all("a")}
    assert {"https://ntfy.example.org/ops", "ntfy://ntfy.example.org/ops"} <= addresses
    picture = page.one("img", has="code-picture")
    code = fleet.get(picture.attributes["src"])
    assert (code.status_code, code.headers["content-type"]) == (200, "image/svg+xml")
    drawn = tree(code.text).one("svg")
    assert (drawn.attributes["viewbox"], len(drawn.all("path"))) == ("0 0 37 37", 2), "29 modules, and 4 of white on each side"
    assert "style=" not in code.text
    assert "main" in read(fleet.get(f"{PATH}/subscribe")).one("h1").text, "without a topic that of the channel for all"
    assert fleet.get(f"{PATH}/subscribe?topic=a%2Fb").status_code == 400


@pytest.mark.parametrize(
    ("url", "web", "app"),
    [
        ("https://ntfy.sh/", "https://ntfy.sh/ops", "ntfy://ntfy.sh/ops"),
        ("http://ntfy.lan:8080", "http://ntfy.lan:8080/ops", "ntfy://ntfy.lan:8080/ops?secure=false"),
        ("https://kim:secret@ntfy.example.org/", "https://ntfy.example.org/ops", "ntfy://ntfy.example.org/ops"),
        ("", "https://ntfy.sh/ops", "ntfy://ntfy.sh/ops"),
    ],
)
def test_a_topic_opens_in_the_browser_and_in_the_app(url: str, web: str, app: str) -> None:
    place = place_of(url, "ops")
    assert place is not None
    assert (place.web, place.app) == (web, app)


def test_what_is_no_address_of_the_web_opens_nowhere() -> None:
    assert place_of("javascript:alert(1)", "ops") is None


def test_the_bar_opens_ntfy_where_it_is_in_use(fleet: TestClient, application: FastAPI) -> None:
    assert [each for each in read(fleet.get("/")) if each.attributes.get("id") == "open-ntfy"] == []
    set_up(application)
    button = unit(read(fleet.get("/")), "open-ntfy")
    assert button.attributes["href"] == "https://ntfy.example.org/main"
    assert button.attributes["data-context"] == f"{PATH}/subscribe"
    menu = unit(read(fleet.get("/")), "account-menu")
    assert {"https://ntfy.example.org/main", f"{PATH}/subscribe"} <= {each.attributes["href"] for each in menu.all("a")}
    set_up(application, enabled=False)
    assert [each for each in read(fleet.get("/")) if each.attributes.get("id") == "open-ntfy"] == []
