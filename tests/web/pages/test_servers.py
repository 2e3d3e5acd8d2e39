"""The pages of servers, by their plain forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.store import links, timers
from duplistatus.store.ids import ServerId
from duplistatus.store.timers import Tried
from duplistatus.web.context import Context
from tests.ingest.duplicati.stand_in import Duplicati
from tests.web.api.reports import Made, send
from tests.web.pages.html import Element, read, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI
    from httpx2 import Response
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection

SERVERS = "/settings/servers"
ALPHA = f"{SERVERS}/1"
FINGERPRINT = "ab" * 32


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> TestClient:
    """Alpha and beta, known by reports alone."""
    begun = Instant(clock.now() - 3 * HOUR)
    send(admin, Made(begun), Made(begun, job="Mail"), Made(begun, "beta"))
    return admin


@pytest.fixture
def duplicati() -> Iterator[Duplicati]:
    with Duplicati() as server:
        yield server


def post(client: TestClient, path: str, **words: object) -> Response:
    """Sends a form without the header that scripts send."""
    return client.post(path, data={"csrf_token": client.headers["x-csrf-token"], **words})


def write(application: FastAPI, work: Callable[[Connection], object]) -> None:
    parts: Context = application.state.context
    parts.writer.submit(work).result()


def line(client: TestClient, name: str) -> Element:
    (found,) = [row for row in read(client.get(SERVERS)).one("section", aria_labelledby="servers-title").all("tr") if name in row.text]
    return found


def test_servers_known_by_reports_alone_are_in_the_list(fleet: TestClient) -> None:
    assert "no address" in line(fleet, "alpha").text
    assert "By reports alone" in line(fleet, "beta").text
    assert [button.text for button in line(fleet, "alpha").all("button")] == [], "nothing can be asked of it"


def test_the_list_says_how_each_is_reached_and_how_that_went(fleet: TestClient, application: FastAPI, clock: SetClock) -> None:
    fleet.patch("/api/servers/id-alpha", json={"server_url": "http://nas.example:8200", "alias": "Files at home", "note": "In the cellar"})
    fleet.patch("/api/servers/id-alpha/password", json={"password": "secret"})
    fleet.put("/api/servers/id-alpha/tags", json={"tags": ["home"]})
    fleet.patch("/api/servers/id-alpha/link", json={"timer_minutes": 360})
    shown = line(fleet, "Files at home").text
    for text in (
        "alpha",
        "In the cellar",
        "home",
        "http://nas.example:8200",
        "password stored",
        "2.3.0.4",
        "Not collected yet",
        "every 6 hours",
    ):
        assert text in shown
    failed = Tried("password", {"place": "nas.example:8200"}, stuck=True)
    write(application, lambda connection: timers.tried(connection, ServerId(1), failed, clock.now(), lambda: 0.5))
    assert "Duplicati at nas.example:8200 does not accept the password." in line(fleet, "Files at home").text
    write(application, lambda connection: timers.tried(connection, ServerId(1), Tried(found=3, known=4), clock.now(), lambda: 0.5))
    assert "Collected" in line(fleet, "Files at home").text
    page = read(fleet.get(ALPHA)).text
    assert "3 new runs, 4 known" in page
    assert "secret" not in page.replace("Secrets", "")


def test_the_list_is_searched_and_comes_in_pages(fleet: TestClient, clock: SetClock) -> None:
    send(fleet, *(Made(clock.now(), f"node-{number:02}") for number in range(60)))
    rows = read(fleet.get(SERVERS)).one("section", aria_labelledby="servers-title").one("tbody").all("tr")
    assert len(rows) == 50
    assert "node-59" in read(fleet.get(f"{SERVERS}?p=2")).text
    found = read(fleet.get(f"{SERVERS}?q=NODE-5")).one("section", aria_labelledby="servers-title")
    assert len(found.one("tbody").all("tr")) == 10
    assert "No server of that name" in fleet.get(f"{SERVERS}?q=nothing").text


def test_a_password_that_cannot_be_read_is_said_in_the_list_and_on_its_page(fleet: TestClient, application: FastAPI) -> None:
    fleet.patch("/api/servers/id-alpha", json={"server_url": "http://nas.example:8200"})
    fleet.patch("/api/servers/id-alpha/password", json={"password": "secret"})
    write(application, lambda connection: links.set_secret(connection, ServerId(1), "v1:AAAA"))
    assert "Password cannot be read" in line(fleet, "alpha").text
    assert "can no longer be read" in fleet.get(ALPHA).text
    secrets = read(fleet.get("/settings/secrets"))
    (lost,) = [row for row in secrets.all("tr") if "alpha" in row.text]
    assert lost.all("td")[1].text == "Server"
    assert lost.one("a").attributes["href"] == ALPHA
    post(fleet, ALPHA, do="password", password="another")
    assert "Password cannot be read" not in line(fleet, "alpha").text


# --- one server --------------------------------------------------------------------------------------------------------------------


def test_names_and_address_are_saved(fleet: TestClient) -> None:
    answer = post(fleet, ALPHA, do="save", alias="Files", note="Cellar", server_url="https://nas.example:8200/ngclient/")
    assert answer.headers["location"] == f"{ALPHA}?done=save"
    page = read(fleet.get(answer.headers["location"]))
    assert "Saved." in page.one("p", has="told").text
    assert page.one("input", name="server_url").attributes["value"] == "https://nas.example:8200"
    assert [link.attributes["href"] for link in page.one("main").all("a", target="_blank")] == [
        "https://nas.example:8200/ngclient/",
        "https://nas.example:8200/ngax/",
    ]
    assert all("noopener" in link.attributes["rel"] for link in page.one("main").all("a", target="_blank"))


def test_a_bad_address_is_shown_again_with_what_is_wrong(fleet: TestClient) -> None:
    answer = post(fleet, ALPHA, do="save", alias="Files", note="", server_url="javascript:alert(1)")
    page = tree(answer.text)
    assert answer.status_code == 400
    assert page.one("p", role="alert").text == "URL must use HTTP or HTTPS protocol"
    assert page.one("input", name="server_url").attributes["value"] == "javascript:alert(1)"
    assert page.one("input", name="alias").attributes["value"] == "Files"
    assert "javascript:" not in "".join(link.attributes.get("href", "") for link in page.all("a"))
    assert fleet.get("/api/servers/id-alpha").json()["alias"] == ""


def test_a_password_that_stayed_behind_is_said(fleet: TestClient) -> None:
    post(fleet, ALPHA, do="save", server_url="http://nas.example:8200")
    post(fleet, ALPHA, do="password", password="secret")
    answer = post(fleet, ALPHA, do="save", server_url="http://evil.example:8200")
    assert "enter it again" in read(fleet.get(answer.headers["location"])).one("p", has="told").text
    assert fleet.get("/api/servers/id-alpha/password").json()["password_stored"] is False


def test_a_password_is_stored_and_removed_by_its_form(fleet: TestClient) -> None:
    assert post(fleet, ALPHA, do="password", password="").status_code == 400
    assert post(fleet, ALPHA, do="password", password="secret ß").status_code == 303
    shown = fleet.get(ALPHA)
    assert "secret ß" not in shown.text
    assert read(shown).one("input", name="password").attributes.get("value", "") == ""
    assert post(fleet, ALPHA, do="forget_password").status_code == 303
    assert fleet.get("/api/servers/id-alpha/password").json()["password_stored"] is False


def test_timer_and_rights_are_saved_together(fleet: TestClient) -> None:
    post(fleet, ALPHA, do="save", server_url="http://nas.example:8200")
    page = read(fleet.get(ALPHA))
    assert ("checked" in page.one("input", name="watch").attributes, "checked" in page.one("input", name="controls").attributes) == (
        True,
        False,
    )
    post(fleet, ALPHA, do="connection", timer="60", controls="1")
    told = fleet.get("/api/servers/id-alpha/link").json()
    assert (told["timer_minutes"], told["controls"], told["watch"]) == (60, True, False)
    post(fleet, ALPHA, do="connection", timer="", watch="1")
    told = fleet.get("/api/servers/id-alpha/link").json()
    assert (told["timer_minutes"], told["controls"], told["watch"]) == (None, False, True)


def test_an_agreed_certificate_is_shown_and_forgotten(fleet: TestClient, application: FastAPI) -> None:
    post(fleet, ALPHA, do="save", server_url="https://nas.example:8200")
    write(application, lambda connection: links.agree(connection, ServerId(1), FINGERPRINT))
    assert ":".join(["AB"] * 32) in fleet.get(ALPHA).text
    post(fleet, ALPHA, do="forget_certificate")
    assert fleet.get("/api/servers/id-alpha/link").json()["certificate"] is None


def test_a_test_is_told_step_by_step(fleet: TestClient, duplicati: Duplicati) -> None:
    post(fleet, ALPHA, do="save", server_url=duplicati.url)
    post(fleet, ALPHA, do="password", password="wrong")
    steps = read(post(fleet, ALPHA, do="test")).one(id="steps").one("ol").all("li")
    place = duplicati.url.removeprefix("http://")
    assert [step.text for step in steps] == [
        f"{place} answers.",
        "The connection is not encrypted: passwords can be read on the way.",
        "It is a Duplicati server.",
        f"Duplicati at {place} does not accept the password. Enter the password of its own pages.",
    ]
    post(fleet, ALPHA, do="password", password=duplicati.password)
    assert "The password is right." in read(post(fleet, ALPHA, do="test")).one(id="steps").text


def test_all_servers_are_tested_by_one_button(fleet: TestClient, duplicati: Duplicati) -> None:
    post(fleet, ALPHA, do="save", server_url=duplicati.url)
    post(fleet, ALPHA, do="password", password=duplicati.password)
    post(fleet, f"{SERVERS}/2", do="save", server_url="http://127.0.0.1:1")
    tests = read(post(fleet, SERVERS, do="test")).one(id="tests")
    assert "1 of 2 work" in tests.text
    assert [row[1].split(" Check")[0] for row in tests.rows] == [
        "It is fileserver with Duplicati 2.3.0.109 (canary).",
        "Nothing listens at 127.0.0.1:1: the connection was refused.",
    ]


def test_a_server_goes_after_its_name_was_typed(fleet: TestClient) -> None:
    for typed in ("", "beta", "ALPHA"):
        answer = post(fleet, ALPHA, do="delete", name=typed)
        assert answer.status_code == 400
        assert "open" in tree(answer.text).one("details", id="delete").attributes
    assert fleet.get("/api/servers/id-alpha").status_code == 200
    answer = post(fleet, ALPHA, do="delete", name=" alpha ")
    assert answer.headers["location"] == f"{SERVERS}?removed=alpha"
    assert "“alpha” was deleted." in fleet.get(answer.headers["location"]).text
    assert fleet.get("/api/servers/id-alpha").status_code == 404
    assert fleet.get(ALPHA).status_code == 404


def test_a_server_is_collected_by_its_button(fleet: TestClient, duplicati: Duplicati) -> None:
    post(fleet, ALPHA, do="save", server_url=duplicati.url)
    answer = post(fleet, ALPHA, do="collect")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/collect/")


def test_servers_are_added_by_address_and_password(fleet: TestClient, duplicati: Duplicati) -> None:
    form = read(fleet.get(SERVERS)).one("section", id="add")
    (proposed,) = [each for each in form.one("select", name="timer").all("option") if "selected" in each.attributes]
    assert proposed.text == "every 6 hours"
    answer = post(fleet, SERVERS, do="add", addresses=duplicati.url, port="", password=duplicati.password, timer="360")
    assert answer.headers["location"].startswith("/collect/")


@pytest.mark.parametrize(("addresses", "port"), [("", ""), ("ftp://nas.example", ""), ("nas.example", "x"), ("nas.example", "70000")])
def test_what_is_no_address_is_shown_again(fleet: TestClient, addresses: str, port: str) -> None:
    answer = post(fleet, SERVERS, do="add", addresses=addresses, port=port, password="their-secret", timer="60")
    page = tree(answer.text)
    assert answer.status_code == 400
    assert page.one("p", role="alert").text
    assert page.one("input", name="addresses").attributes.get("value", "") == addresses
    assert "their-secret" not in answer.text
    (proposed,) = [each for each in page.one("select", name="timer").all("option") if "selected" in each.attributes]
    assert proposed.text == "every hour"


def test_nothing_is_done_by_another_name(fleet: TestClient) -> None:
    assert post(fleet, SERVERS, do="explode").status_code == 400
    assert post(fleet, ALPHA, do="explode").status_code == 400
    assert post(fleet, f"{SERVERS}/99", do="save").status_code == 404
