"""The page of rejected reports: for administrators, with the reason and the document as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from duplistatus.clock import HOUR, Instant
from tests.web.api.reports import Made, send
from tests.web.conftest import sign_in
from tests.web.pages.html import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock


def test_without_any_the_page_says_what_will_appear(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - HOUR)))
    assert "Nothing was rejected" in read(admin.get("/rejected")).one("section", id="rejected").text


def test_each_is_listed_with_time_sender_reason_and_size_newest_first(admin: TestClient) -> None:
    admin.post("/api/upload", content=b'{"test":"connection"}', headers={"content-type": "application/json"})
    admin.post("/api/upload", content=b"{", headers={"content-type": "application/json"})
    rows = read(admin.get("/rejected")).one("section", id="rejected").rows
    assert [row[4] for row in rows] == ["1 B", "21 B"]
    assert rows[1][:4] == [
        "10 Jul, 12:00 now",
        "192.0.2.1",
        "The connection works, but this is a test document and no report",
        "application/json",
    ]


def test_a_document_is_shown_as_text_and_offered_as_it_came(admin: TestClient) -> None:
    body = b"<script>alert(1)</script>\x00\x1b[31m" + "ü".encode() + b"x" * 5_000
    admin.post("/api/upload", content=body, headers={"content-type": "text/html"})
    page = read(admin.get("/rejected"))
    (row,) = page.one("section", id="rejected").one("tbody").all("tr")
    shown = admin.get(row.one("a", aria_expanded="false").attributes["href"])
    assert "<script>alert" not in shown.text
    head = read(shown).one("pre").raw_text
    assert head.startswith("<script>alert(1)</script>��[31mü")
    assert len(head) == 4_000
    assert "the download holds all of it" in read(shown).text
    assert admin.get(row.one("a", download="").attributes["href"]).content == body


def test_a_document_that_is_no_longer_kept_is_not_found(admin: TestClient) -> None:
    assert admin.get("/rejected?show=7").status_code == 404


def test_only_administrators_see_it(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    made = admin.post(
        "/api/users", json={"username": "reader", "isAdmin": False, "password": "Reader7Horse", "requirePasswordChange": False}
    )
    assert made.status_code < 300, made.text
    reader = sign_in(browser(), "reader", "Reader7Horse")
    assert reader.get("/").status_code == 200
    assert reader.get("/rejected").status_code == 403
    assert browser().get("/rejected").status_code == 303
