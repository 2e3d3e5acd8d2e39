"""What cannot be shown, and addresses with a language in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.pages.html import tree

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_a_page_that_is_not_there_says_so_in_the_look(site: TestClient) -> None:
    answer = site.get("/nope")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    page = tree(answer.text)
    assert page.one("h1").text == "There is nothing here"
    assert page.one("main").all("a")[0].attributes["href"] == "/"


def test_a_program_gets_json(site: TestClient) -> None:
    answer = site.get("/api/nope")
    assert (answer.status_code, answer.json()["error"]) == (404, "Not found")


def test_other_methods_are_still_told_apart(admin: TestClient) -> None:
    assert admin.get("/api/upload").status_code == 405
    assert admin.post("/start").status_code == 405


@pytest.mark.parametrize(
    ("path", "location", "language"),
    [
        ("/de/settings?tab=x", "/settings?tab=x", "de"),
        ("/pt-BR/detail/a%2Fb?x=1&y=2", "/detail/a/b?x=1&y=2", "pt-BR"),
        ("/zh-CN/", "/", "zh-Hans"),
        ("/en-GB", "/", "en"),
        ("/hi/login", "/login", "hi-Latn"),
    ],
)
def test_a_language_in_front_leads_to_the_page_and_is_kept(site: TestClient, path: str, location: str, language: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.headers["location"]) == (308, location)
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"next_locale={language.lower()};")
    assert "max-age=31536000" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize("path", ["/de//evil.example", "/de/%2F%2Fevil.example", "/de/\\evil.example", "/de/%5Cevil.example"])
def test_a_language_in_front_never_leads_elsewhere(site: TestClient, path: str) -> None:
    answer = site.get(path)
    location = answer.headers.get("location", "/")
    assert not location.startswith(("//", "/\\", "/%5C")), location


def test_other_first_parts_are_no_languages(site: TestClient) -> None:
    assert site.get("/sv/settings").status_code == 404
    assert site.get("/development/x").status_code == 404


def test_what_somebody_may_not_see_is_said_plainly(admin: TestClient) -> None:
    answer = admin.get("/detail/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
