"""The sign-in page: a plain form, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.conftest import ADMIN_PASSWORD
from tests.web.pages.html import Element, read, tree

if TYPE_CHECKING:
    from httpx2 import Response
    from starlette.testclient import TestClient


def form(page: Element) -> dict[str, str]:
    """The fields as the page fills them."""
    fields = page.one("form").all("input")
    return {each.attributes["name"]: each.attributes.get("value", "") for each in fields}


def submit(site: TestClient, password: str, *, following: str = "", username: str = "admin", **more: str) -> Response:
    """Opens the page, fills the form in and sends it, as a browser does."""
    fields = form(read(site.get("/login", params={"next": following} if following else None)))
    return site.post("/login", data=fields | {"username": username, "password": password} | more, headers={"sec-fetch-site": "same-origin"})


def test_the_right_password_leads_to_the_dashboard_with_a_new_session(site: TestClient) -> None:
    site.get("/login")
    before = site.cookies["sessionId"]
    answer = submit(site, ADMIN_PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert site.cookies["sessionId"] != before
    assert site.get("/").status_code == 200


def test_it_leads_back_to_where_somebody_wanted_to_go(site: TestClient) -> None:
    assert site.get("/?view=table&q=a b").headers["location"] == "/login?next=%2F%3Fview%3Dtable%26q%3Da%2520b"
    assert submit(site, ADMIN_PASSWORD, following="/?view=table&q=a b").headers["location"] == "/?view=table&q=a%20b"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\nx"])
def test_it_never_leads_elsewhere(site: TestClient, elsewhere: str) -> None:
    page = read(site.get("/login", params={"next": elsewhere}))
    assert form(page)["next"] == "/"
    assert submit(site, ADMIN_PASSWORD, next=elsewhere).headers["location"] == "/"


def test_who_is_signed_in_goes_on_at_once(admin: TestClient) -> None:
    assert admin.get("/login?next=/start").headers["location"] == "/start"


@pytest.mark.parametrize(("username", "password"), [("admin", "wrong"), ("nobody", ADMIN_PASSWORD)])
def test_what_is_wrong_is_not_told_apart(site: TestClient, username: str, password: str) -> None:
    answer = submit(site, password, username=username)
    page = tree(answer.text)
    assert (answer.status_code, page.one(role="alert").text) == (401, "Name or password is wrong.")
    assert form(page)["username"] == username
    assert "password" not in {name for name, value in form(page).items() if value}


def test_something_must_be_typed(site: TestClient) -> None:
    answer = submit(site, "", username=" ")
    assert (answer.status_code, tree(answer.text).one(role="alert").text) == (400, "Name and password are both needed.")


def test_a_locked_account_says_for_how_long(site: TestClient) -> None:
    answers = [submit(site, f"wrong {number}") for number in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 401, 403]
    assert tree(answers[-1].text).one(role="alert").text == "Too many wrong passwords. Try again in 15 minutes."
    assert submit(site, ADMIN_PASSWORD).status_code == 403


def test_a_form_without_its_token_or_from_another_site_signs_nobody_in(site: TestClient) -> None:
    site.get("/login")
    fields = {"username": "admin", "password": ADMIN_PASSWORD}
    assert site.post("/login", data=fields).status_code == 403
    assert site.post("/login", data=fields | {"csrf_token": "guess"}).status_code == 403
    own = form(read(site.get("/login"))) | fields
    assert site.post("/login", data=own, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert site.get("/").status_code == 303


def test_the_page_is_never_kept(site: TestClient) -> None:
    assert site.get("/login").headers["cache-control"] == "no-store"


def test_names_are_shown_as_they_were_typed(site: TestClient) -> None:
    answer = submit(site, "x", username='"><script>alert(1)</script>')
    assert "<script>alert" not in answer.text
    assert form(tree(answer.text))["username"] == '"><script>alert(1)</script>'
