"""Refused documents, as administrators look into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_a_refused_document_is_listed_with_its_reason_and_kept_as_it_came(admin: TestClient) -> None:
    body = b'{"test":"connection\xff"}'
    first = admin.post("/api/upload", content=body, headers={"content-type": "application/json"})
    admin.post("/api/upload", content=b"second", headers={"content-type": "text/plain"})
    listed = admin.get("/api/rejected").json()
    assert listed["next_cursor"] is None
    assert [item["size"] for item in listed["items"]] == [6, len(body)], "newest first"
    item = listed["items"][1]
    assert item["reason"] == first.json()["error"]
    assert (item["sender"], item["content_type"], item["arrived_at"]) == ("192.0.2.1", "application/json", "2026-07-10T12:00:00.000Z")
    assert admin.get(f"/api/rejected/{item['id']}").json() == {**item, "head": '{"test":"connection\N{REPLACEMENT CHARACTER}"}'}
    document = admin.get(f"/api/rejected/{item['id']}/document")
    assert document.content == body
    assert document.headers["content-disposition"].startswith("attachment; ")


def test_a_document_is_never_shown_as_a_page_of_this_site(admin: TestClient) -> None:
    admin.post("/api/upload", content=b"<script>alert(1)</script>", headers={"content-type": "text/html"})
    (item,) = admin.get("/api/rejected").json()["items"]
    answer = admin.get(f"/api/rejected/{item['id']}/document")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_document_that_is_no_longer_kept_is_answered_404(admin: TestClient) -> None:
    for path in ("/api/rejected/1", "/api/rejected/1/document"):
        answer = admin.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "rejected_not_found")
    assert admin.get("/api/rejected/x").status_code == 400
