"""The pages of collecting, by their plain forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.store import links
from duplistatus.store.ids import ServerId
from tests.ingest.duplicati.stand_in import Duplicati
from tests.web.api.collecting import begin, collected, settled
from tests.web.api.reports import Made, document
from tests.web.pages.html import read, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from httpx2 import Response
    from starlette.testclient import TestClient

PASSWORD = "secret123"


@pytest.fixture
def nas() -> Iterator[Duplicati]:
    with Duplicati("2.3.0.4", password=PASSWORD) as server:
        yield server


def sent(admin: TestClient, path: str = "/collect", **fields: Any) -> Response:
    """A form, as a browser sends it."""
    return admin.post(path, data={"csrf_token": admin.headers["x-csrf-token"], **fields})


def collection_of(answer: Response) -> str:
    assert answer.status_code == 303, answer.text
    uid: str = answer.headers["location"].removeprefix("/collect/")
    return uid


def names(found: dict[str, Any]) -> list[str]:
    return [part["server"] for part in found["parts"]]


@pytest.fixture
def two(admin: TestClient, application: FastAPI) -> list[str]:
    """The ids of two servers with addresses at which nobody is."""
    parts = application.state.context
    for name in ("alpha", "beta"):
        admin.post("/api/upload", json=document(Made(parts.clock.now(), name)))
    for number in (1, 2):
        parts.writer.submit(lambda c, of=number: links.set_url(c, ServerId(of), f"http://127.0.0.1:{of}")).result()
    return ["id-alpha", "id-beta"]


def test_all_servers_or_those_that_are_chosen(admin: TestClient, two: list[str]) -> None:
    every = settled(admin, collection_of(sent(admin, which="all")))
    assert names(every) == two
    chosen = settled(admin, collection_of(sent(admin, which="chosen", servers=["id-beta"])))
    assert names(chosen) == ["id-beta"]
    assert [part["state"] for part in chosen["parts"]] == ["failed"]


def test_all_servers_are_offered_first_and_one_where_it_is_named(admin: TestClient, two: list[str]) -> None:
    def offered(path: str) -> list[str]:
        return [each.attributes["value"] for each in read(admin.get(path)).all("input", name="which") if "checked" in each.attributes]

    assert offered("/collect") == ["all"]
    assert offered("/collect?server=id-beta") == ["chosen"]
    assert offered("/collect?addresses=nas") == ["chosen"]


def test_without_a_choice_nothing_is_collected(admin: TestClient, two: list[str]) -> None:
    answer = sent(admin)
    assert answer.status_code == 400
    assert "Choose at least one server" in tree(answer.text).one("p", role="alert").text
    assert admin.get("/api/collections").json()["items"] == []


def test_those_that_failed_are_collected_again_by_a_button(admin: TestClient, two: list[str], nas: Duplicati) -> None:
    uid = begin(admin, servers="all", addresses=nas.url, password=PASSWORD, schedules_only=True)["id"]
    settled(admin, uid)
    page = read(admin.get(f"/collect/{uid}"))
    form = next(each for each in page.all("form") if "Again for 2 servers" in each.text)
    fields = [(each.attributes["name"], each.attributes["value"]) for each in form.all("input", type="hidden")]
    again: dict[str, Any] = {"which": "chosen", "servers": [value for name, value in fields if name == "servers"]}
    assert again["servers"] == two
    assert ("schedules_only", "1") in fields
    assert names(settled(admin, collection_of(sent(admin, **again)))) == two


def test_the_menu_offers_the_server_whose_page_is_open_where_it_has_an_address(admin: TestClient, two: list[str]) -> None:
    assert "From this server" in admin.get("/detail/id-alpha").text
    admin.patch("/api/servers/id-alpha/server-url", json={"server_url": ""})
    assert "From this server" not in admin.get("/detail/id-alpha").text
    assert "From all servers" in admin.get("/detail/id-alpha").text


def test_the_page_names_what_went_wrong_and_shows_no_password(admin: TestClient, nas: Duplicati) -> None:
    found = collected(admin, addresses=nas.url, password="m4rker")
    answer = admin.get(f"/collect/{found['id']}")
    (row,) = read(answer).rows
    assert "does not accept the password" in row[-1]
    assert "m4rker" not in answer.text
    assert "data-collection" not in answer.text


def test_an_answer_that_comes_too_late_is_said(admin: TestClient, nas: Duplicati) -> None:
    found = collected(admin, addresses=f"127.0.0.1:{nas.port}", password=PASSWORD)
    path = f"/collect/{found['id']}/parts/{found['parts'][0]['id']}"
    assert sent(admin, path, agree="perhaps").status_code == 400
    assert sent(admin, path, agree="no").status_code == 303
    late = sent(admin, path, agree="yes")
    assert (late.status_code, "Somebody has answered meanwhile." in late.text) == (409, True)
    assert nas.asked("/api/v1/auth/login") == []


def test_a_collection_that_is_not_there_is_not_found(admin: TestClient) -> None:
    assert admin.get("/collect/nope").status_code == 404
    assert sent(admin, "/collect/nope/cancel").status_code == 404
    assert sent(admin, "/collect/nope/parts/1").status_code == 404
