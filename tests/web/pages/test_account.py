"""Changing one's own password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.settings import Settings
from tests.web.conftest import ADMIN_PASSWORD, sign_in
from tests.web.pages.html import read, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from httpx2 import Response
    from starlette.testclient import TestClient

NEW = "Another8Donkey"


def change(client: TestClient, new: str, *, current: str = ADMIN_PASSWORD, again: str | None = None) -> Response:
    inputs = read(client.get("/change-password")).one("main").one("form").all("input")
    fields = {each.attributes["name"]: each.attributes.get("value", "") for each in inputs}
    del client.headers["x-csrf-token"]
    return client.post("/change-password", data=fields | {"current": current, "new": new, "again": new if again is None else again})


def problems(answer: Response) -> list[str]:
    return [each.text for each in tree(answer.text).one(role="alert").all("li")]


def test_a_changed_password_is_the_only_one_from_then_on(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    other = sign_in(browser(), "admin", ADMIN_PASSWORD)
    answer = change(admin, NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert admin.get("/").status_code == 200
    assert other.get("/").status_code == 303
    sign_in(browser(), "admin", NEW)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"new": NEW, "again": "different"}, 400, "The new password and its repetition differ."),
        ({"new": NEW, "current": "wrong"}, 401, "The current password is wrong."),
        ({"new": NEW, "current": ""}, 400, "The current password is needed."),
        ({"new": ADMIN_PASSWORD}, 400, "The new password is the current one."),
        ({"new": "Short7"}, 400, "Password must be at least 8 characters long"),
    ],
)
def test_what_is_wrong_is_said(admin: TestClient, fields: dict[str, str], status: int, said: str) -> None:
    answer = change(admin, **fields)
    assert (answer.status_code, problems(answer)) == (status, [said])


def test_all_complaints_about_a_password_are_shown_together(admin: TestClient) -> None:
    assert len(problems(change(admin, "aaa"))) == 3


def test_a_form_without_token_changes_nothing(admin: TestClient) -> None:
    del admin.headers["x-csrf-token"]
    answer = admin.post("/change-password", data={"current": ADMIN_PASSWORD, "new": NEW, "again": NEW})
    assert answer.status_code == 403
    assert admin.get("/").status_code == 200


def test_nobody_changes_a_password_without_signing_in(site: TestClient) -> None:
    assert site.get("/change-password").headers["location"] == "/login?next=%2Fchange-password"


class TestTheFirstAccount:
    """It has a documented password, which must be changed before anything else."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return Settings(data_dir=data_dir)

    def test_nothing_else_can_be_reached_before_the_change(self, site: TestClient) -> None:
        first = sign_in(site, "admin", "Duplistatus09")
        for path in ("/", "/start", "/rejected"):
            assert first.get(path).headers["location"] == "/change-password"
        page = read(first.get("/change-password"))
        assert [each.attributes["name"] for each in page.one("main").one("form").all("input", type="password")] == ["new", "again"]
        assert page.all("header", has="bar") == []
        assert change(first, NEW, current="").headers["location"] == "/"
        assert first.get("/").status_code == 200

    def test_the_sign_in_page_says_where_to_begin(self, site: TestClient) -> None:
        assert "The first account is “admin”" in read(site.get("/login")).one("form").text
