"""What browsers are told about our answers."""

from __future__ import annotations

import asyncio
import http.client
import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.testclient import TestClient

from duplistatus.web import measures
from duplistatus.web.assets import assets
from duplistatus.web.security_headers import HEADERS, SecurityHeaders
from tests.fixtures.serving import serving
from tests.web.asking import Beginning, ask
from tests.web.people import Kind, enter

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


def test_the_headers_are_these() -> None:
    said = {name.decode(): value.decode() for name, value in HEADERS}
    assert said.pop("content-security-policy").startswith("default-src 'none'; ")
    assert said.pop("permissions-policy")
    assert said == {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }


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


OWN_POLICY = {"/settings/templates/preview", "/settings/summaries/{period}/preview"}
"""Mails as they will look, in a frame of ours: styles within, no scripts at all."""


def wrong(answer: Beginning, path: str) -> list[str]:
    """What an answer lacks, or says too much."""
    headers = answer.headers
    found = [name.decode() for name, _ in HEADERS if name.decode() not in headers]
    policy = headers.get("content-security-policy", "")
    if path in OWN_POLICY and answer.status == 200:
        found += [] if "sandbox" in policy and "script" not in policy and "frame-ancestors 'self'" in policy else [policy]
    elif "unsafe" in policy or "*" in policy or "frame-ancestors 'none'" not in policy:
        found.append(policy)
    if headers.get("x-content-type-options") != "nosniff":
        found.append("nosniff")
    caching = headers.get("cache-control", "")
    is_file = path in {"/static/{version}/{name:path}", "/favicon.ico"}
    if not is_file and ("public" in caching or not re.search("no-store|private", caching)):
        found.append(f"cache-control: {caching}")
    found += [name for name in ("server", "x-powered-by", "access-control-allow-origin", "strict-transport-security") if name in headers]
    return found


def _filled(known: dict[str, str], place: re.Match[str]) -> str:
    """What stands in a place of a path."""
    return known.get(place[1], "1")


def test_every_route_answers_everybody_with_the_headers_in_any_way_it_is_asked(application: FastAPI) -> None:
    async def walk() -> list[str]:
        found = []
        async with application.router.lifespan_context(application):
            people = [enter(application, kind).headers for kind in (Kind.NOBODY, Kind.USER, Kind.ADMIN, Kind.KEY_ADMIN)]
            for route in iter_route_contexts(application.routes):
                path = route.path or ""
                known = {"language": "de", "name": "style.css", "version": assets().version, "period": "weekly"}
                target = re.sub(r"\{(\w+)(?::\w+)?\}", partial(_filled, known), path)
                for method in {*(route.methods or ()), "HEAD", "OPTIONS", "TRACE", "PROPFIND"}:
                    for headers in people:
                        answer = await ask(application, method, target, headers)
                        found += [f"{method} {path} {answer.status}: {what}" for what in wrong(answer, path)]
        return found

    assert asyncio.run(walk()) == []


@pytest.mark.parametrize(
    "target", ["/nope", "/api/nope", "/static/x/nope.js", "/detail/a%00b", "/api/jobs/x", "/%ff", "//", "/de/nope", "/API/upload"]
)
def test_an_error_of_any_kind_carries_them_too(application: FastAPI, target: str) -> None:
    async def walk() -> list[str]:
        async with application.router.lifespan_context(application):
            person = enter(application, Kind.ADMIN).headers
            return wrong(await ask(application, "GET", target, person), target)

    assert asyncio.run(walk()) == []


def test_a_defect_on_the_short_way_is_answered_alike(application: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr(measures.Measures, "upload", property(broken))
    with TestClient(application, raise_server_exceptions=False) as client:
        answer = client.post("/api/upload", content=b"{}")
    assert answer.status_code == 500
    assert answer.json() == {"error": "Internal server error", "code": "internal_error"}
    assert wrong(Beginning(500, dict(answer.headers)), "/api/upload") == []


def test_what_is_no_request_is_refused_without_a_word_of_the_server(application: FastAPI) -> None:
    with serving(application) as address:
        place = urlsplit(address)
        assert place.hostname
        client = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
        client.putrequest("GET", "/api/ping", skip_host=True)
        client.putheader("x", "a\x01b")
        client.endheaders()
        answer = client.getresponse()
        text = answer.read()
        client.close()
        assert answer.status == 400
        assert answer.getheader("server") is None
        assert b"uvicorn" not in text
        client.request("GET", "/api/ping")
        answer = client.getresponse()
        answer.read()
        client.close()
        assert (answer.status, answer.getheader("server")) == (200, None)
