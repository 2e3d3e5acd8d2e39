"""What browsers are told about our answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from duplistatus.web.security_headers import HEADERS, SecurityHeaders
from tests.web.asking import ask

if TYPE_CHECKING:
    from fastapi import FastAPI


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/health", "/api/summary", "/api/nope", "/nope", "/"])
def test_every_answer_carries_the_headers(site: TestClient, path: str) -> None:
    answer = site.get(path)
    for name, value in HEADERS:
        assert name.decode() in answer.headers
        if name != b"cache-control":
            assert answer.headers[name.decode()] == value.decode()
    assert "no-store" in answer.headers["cache-control"]


def test_no_script_style_or_frame_of_elsewhere_is_allowed(site: TestClient) -> None:
    policy = dict(part.split(" ", 1) for part in site.get("/api/health").headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in str(policy)


def test_an_answer_keeps_a_header_that_it_names_itself() -> None:
    application = SecurityHeaders(Response("x", headers={"Cache-Control": "public, max-age=31536000"}))
    answer = asyncio.run(ask(application, "GET", "/static/x"))
    assert answer.headers["cache-control"] == "public, max-age=31536000"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_defect_is_answered_without_its_cause_and_with_the_headers(application: FastAPI) -> None:
    @application.get("/api/defect")
    async def defect() -> None:
        raise RuntimeError("the inside")

    with TestClient(application, raise_server_exceptions=False) as client:
        answer = client.get("/api/defect")
    assert answer.status_code == 500
    assert answer.json() == {"error": "Internal server error", "code": "internal_error"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
