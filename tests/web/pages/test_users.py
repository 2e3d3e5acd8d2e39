"""The pages of users, by their plain forms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, MINUTE, Instant
from duplistatus.settings import Settings
from tests.web.api.reports import Made, send
from tests.web.conftest import ADMIN_PASSWORD, sign_in
from tests.web.pages.html import Element, read, tree
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI
    from httpx2 import Response
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

USERS = "/settings/users"


def post(client: TestClient, path: str, **words: object) -> Response:
    """Sends a form without the header that scripts send."""
    token = client.headers["x-csrf-token"]
    return client.post(path, data={"csrf_token": token, **words})


def add(admin: TestClient, username: str = "viewer", **words: object) -> Response:
    return post(admin, f"{USERS}/new", username=username, role="user", password="Viewer2026x", **words)


def found(admin: TestClient, username: str) -> dict[str, object]:
    users: list[dict[str, object]] = admin.get(f"/api/users?search={username}").json()["users"]
    return users[0]


def address_of(admin: TestClient, username: str) -> str:
    return f"{USERS}/{found(admin, username)['id']}"


def rows(admin: TestClient, query: str = "") -> list[Element]:
    return read(admin.get(USERS + query)).one("tbody").all("tr")


def password_in(answer: Response) -> str:
    shown = re.search(r'data-copy="([^"]+)"', answer.text)
    assert shown is not None
    return shown[1]


def test_a_user_is_added_and_stands_in_the_list(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    answer = add(admin, "Viewer")
    assert answer.headers["location"] == f"{USERS}?saved=viewer"
    assert "“viewer” is saved." in admin.get(answer.headers["location"]).text
    sign_in(browser(), "viewer", "Viewer2026x")
    texts = [row.text for row in rows(admin)]
    assert "admin" in texts[0]
    assert "You" in texts[0]
    assert "Administrator" in texts[0]
    assert "viewer" in texts[1]
    assert "192.0.2.1" in texts[1]
    assert "Active" in texts[1]


def test_without_a_password_one_is_shown_once(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    answer = post(admin, f"{USERS}/new", username="viewer", role="user", password="")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    password = password_in(answer)
    assert sign_in(browser(), "viewer", password).get("/api/auth/me").json()["user"]["mustChangePassword"] is True
    assert password not in admin.get(address_of(admin, "viewer")).text
    assert "Must change the password" in rows(admin)[1].text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"username": "ab"}, "Username must be between 3 and 50 characters"),
        ({"username": "admin"}, "Username already exists"),
        ({"username": "key:x1"}, "Username must not begin with key:"),
        ({"password": "weak"}, "Password must be at least 8 characters long"),
        ({"role": "limited", "servers": ["nope"]}, "There is no server"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(admin: TestClient, words: dict[str, str], sentence: str) -> None:
    answer = post(admin, f"{USERS}/new", **({"username": "viewer", "password": "Viewer2026x", "role": "user"} | words))
    assert answer.status_code == 400
    page = tree(answer.text)
    assert sentence in page.one("p", role="alert").text
    assert page.one("input", name="username").attributes["value"] == words.get("username", "viewer")
    assert "Viewer2026x" not in answer.text
    assert admin.get("/api/users").json()["pagination"]["total"] == 1


def test_users_are_searched_and_paged(admin: TestClient) -> None:
    for number in range(26):
        admin.post("/api/users", json={"username": f"user{number:02d}", "password": "Viewer2026x"})
    assert len(rows(admin)) == 25
    assert "Page 1 of 2" in admin.get(USERS).text
    assert [re.sub(r"\s.*", "", row.text.strip()) for row in rows(admin, "?p=2")] == ["user24", "user25"]
    assert len(rows(admin, "?q=USER0")) == 10
    assert f"{USERS}?q=user&amp;p=2" in admin.get(f"{USERS}?q=user").text
    assert "Nobody of that name" in admin.get(f"{USERS}?q=%25").text


def test_a_user_is_limited_to_servers_and_made_free_again(admin: TestClient, clock: SetClock) -> None:
    begun = Instant(clock.now() - DAY)
    send(admin, Made(begun, server="alpha"), Made(begun, server="beta"))
    add(admin)
    address = address_of(admin, "viewer")
    assert post(admin, address, username="viewer", role="limited", servers=["id-beta"]).status_code == 303
    assert found(admin, "viewer")["serverIds"] == ["id-beta"]
    page = read(admin.get(address))
    boxes = {box.attributes["value"]: "checked" in box.attributes for box in page.all("input", name="servers")}
    assert boxes == {"id-alpha": False, "id-beta": True}
    assert "1 server" in rows(admin)[1].text
    post(admin, address, username="viewer", role="user", servers=["id-beta"])
    assert (found(admin, "viewer")["isLimited"], found(admin, "viewer")["serverIds"]) == (False, [])
    post(admin, address, username="viewer", role="admin", servers=["id-beta"])
    assert (found(admin, "viewer")["isAdmin"], found(admin, "viewer")["isLimited"]) == (True, False)


def test_a_reset_shows_a_new_password_once_and_ends_sessions(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    add(admin)
    viewer = sign_in(browser(), "viewer", "Viewer2026x")
    password = password_in(post(admin, address_of(admin, "viewer"), do="reset"))
    assert viewer.get("/api/auth/me").status_code == 401
    sign_in(browser(), "viewer", password)


def test_a_lock_is_shown_and_ended(admin: TestClient, browser: Callable[[], TestClient], clock: SetClock) -> None:
    add(admin)
    address = address_of(admin, "viewer")
    assert not re.search('value="unlock"', admin.get(address).text)
    stranger = browser()
    token = {"x-csrf-token": stranger.get("/api/csrf").json()["token"]}
    for _ in range(5):
        stranger.post("/api/auth/login", json={"username": "viewer", "password": "x"}, headers=token)
    clock.advance(MINUTE)
    assert "Locked until 10 Jul, 12:15" in rows(admin)[1].text
    assert 'value="unlock"' in admin.get(address).text
    assert "The lock is ended" in post(admin, address, do="unlock").text
    assert "Active" in rows(admin)[1].text


def test_sessions_of_a_user_end_from_the_list(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    add(admin)
    viewer = sign_in(browser(), "viewer", "Viewer2026x")
    assert "End all sessions" in rows(admin)[1].text
    assert "End all sessions" not in rows(admin)[0].text
    assert "1 session has ended." in post(admin, address_of(admin, "viewer"), do="end").text
    assert viewer.get("/api/auth/me").status_code == 401


def test_a_user_is_deleted(admin: TestClient) -> None:
    add(admin)
    address = address_of(admin, "viewer")
    answer = post(admin, address, do="delete")
    assert answer.headers["location"] == f"{USERS}?removed=viewer"
    assert "“viewer” was deleted." in admin.get(answer.headers["location"]).text
    assert admin.get(address).status_code == 404
    for what in ("save", "reset", "unlock", "end", "delete"):
        assert post(admin, address, do=what, username="viewer").status_code == 404


def test_ones_own_page_offers_neither_role_nor_deletion_and_refuses_both(admin: TestClient) -> None:
    address = address_of(admin, "admin")
    page = read(admin.get(address))
    assert page.all("input", name="role") == []
    assert page.all("button", value="delete") == page.all("button", value="reset") == []
    assert post(admin, address, username="admin", role="user").status_code == 303
    assert found(admin, "admin")["isAdmin"] is True
    assert "You cannot delete your own account" in post(admin, address, do="delete").text
    assert "Change your own password instead of resetting it" in post(admin, address, do="reset").text


def test_a_change_that_nobody_knows_is_refused(admin: TestClient) -> None:
    assert post(admin, address_of(admin, "admin"), do="promote").status_code == 400


@pytest.mark.parametrize("kind", [Kind.USER, Kind.LIMITED])
def test_users_do_not_see_the_page_nor_the_way_to_it(application: FastAPI, site: TestClient, kind: Kind) -> None:
    headers = enter(application, kind).headers
    assert site.get(USERS, headers=headers).status_code == 403
    text = site.get("/settings/sessions", headers=headers).text
    assert "Your sessions" in text
    assert USERS not in text


class TestWithTheDocumentedPassword:
    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return Settings(data_dir=data_dir)

    def test_the_list_says_who_still_has_it(self, application: FastAPI, site: TestClient) -> None:
        site.headers.update(enter(application, Kind.ADMIN).headers)
        texts = {row.one("b").text: row.text for row in rows(site)}
        assert "Still has the default password" in texts["admin"]
        assert "Still has the default password" not in texts["some-admin"]


def test_who_must_change_a_password_of_another_kind_is_not_said_to_have_the_default_one(admin: TestClient) -> None:
    post(admin, f"{USERS}/new", username="second", role="admin", password="Second2026x", must_change="1")
    assert "Must change the password" in rows(admin)[1].text
    assert ADMIN_PASSWORD not in admin.get(USERS).text
