"""What goes wrong is answered as JSON to programs, and to people by leading them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.settings import Settings
from duplistatus.store.database import StoreBusy, StoreUnavailable
from duplistatus.web.access import Access, guarded
from duplistatus.web.errors import local_path

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock


@pytest.fixture
def application(application: FastAPI) -> FastAPI:
    """With a page for users at a path of its own."""
    application.add_api_route("/probe/{name}", lambda name: name, dependencies=[guarded(Access.READ)])
    return application


def test_an_unknown_path_of_the_api_is_json(site: TestClient) -> None:
    answer = site.get("/api/does-not-exist")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not found", "code": "not_found"})


def test_a_wrong_method_says_which_are_right_and_has_no_body(site: TestClient) -> None:
    answer = site.post("/api/auth/me")
    assert (answer.status_code, answer.text, answer.headers["allow"]) == (405, "", "GET")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/probe/x", "/login?next=%2Fprobe%2Fx"),
        ("/probe/a%20b?tab=users&x=1", "/login?next=%2Fprobe%2Fa%2520b%3Ftab%3Dusers%26x%3D1"),
    ],
)
def test_a_page_leads_to_the_sign_in_and_back(site: TestClient, path: str, location: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, location)


def test_under_a_path_the_way_back_is_without_it(data_dir: Path, clock: SetClock) -> None:
    application = build(Settings(data_dir=data_dir, root_path="/backups"), clock)
    application.add_api_route("/probe", lambda: None, dependencies=[guarded(Access.READ)])
    with TestClient(application, follow_redirects=False) as client:
        assert client.get("/probe").headers["location"] == "/backups/login?next=%2Fprobe"


def test_a_part_of_a_page_sends_the_whole_page_to_the_sign_in(site: TestClient) -> None:
    headers = {"hx-request": "true", "hx-current-url": "http://dashboard.test/detail/abc?page=2"}
    answer = site.get("/probe/x", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login?next=%2Fdetail%2Fabc%3Fpage%3D2"


@pytest.mark.parametrize("current", ["http://dashboard.test//evil.test/x", "javascript:alert(1)", "//evil.test", "nonsense\\x"])
def test_the_way_back_never_leads_elsewhere(site: TestClient, current: str) -> None:
    answer = site.get("/probe/x", headers={"hx-request": "true", "hx-current-url": current})
    assert answer.headers["hx-redirect"] in {"/login?next=%2F", "/login"}


@given(st.text(max_size=30))
def test_a_local_path_begins_with_one_slash_and_holds_nothing_that_browsers_bend(text: str) -> None:
    path = local_path(text)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert not any(character < " " for character in path)


@pytest.mark.parametrize(
    "outside", [None, "", "https://evil.test", "//evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "evil"]
)
def test_what_is_no_local_path_becomes_the_dashboard(outside: str | None) -> None:
    assert local_path(outside) == "/"


@pytest.mark.parametrize("inside", ["/", "/detail/a?b=c#d", "/detail/name:x/backup/1"])
def test_a_local_path_stays(inside: str) -> None:
    assert local_path(inside) == inside


@pytest.mark.parametrize(("error", "code"), [(StoreBusy("full"), "busy"), (StoreUnavailable("disk full"), "unavailable")])
def test_an_unusable_store_is_503_with_the_time_to_wait(application: FastAPI, error: Exception, code: str) -> None:
    @application.get("/api/broken")
    async def broken() -> None:
        raise error

    with TestClient(application) as client:
        answer = client.get("/api/broken")
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert int(answer.headers["retry-after"]) >= 1
    assert "disk full" not in answer.text


def test_a_parameter_that_cannot_be_read_is_the_clients_error(application: FastAPI) -> None:
    @application.get("/api/number/{number}")
    async def number(number: int) -> int:
        return number

    with TestClient(application) as client:
        answer = client.get("/api/number/x")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("number: ")


def test_the_character_zero_is_refused_before_any_database_sees_it(admin: TestClient) -> None:
    assert admin.get("/api/detail/a%00b").status_code == 400
    assert admin.get("/api/users?search=%00").status_code == 400
    assert admin.post("/api/users", json={"username": "a\0bc"}).status_code == 400
