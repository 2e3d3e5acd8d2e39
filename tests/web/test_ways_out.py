"""Attempts on what is read: requests that change something on the way, paths and redirects that lead elsewhere, names that make headers."""

from __future__ import annotations

import asyncio
import http.client
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from fastapi.routing import iter_route_contexts

from duplistatus.store.all_tables import metadata
from duplistatus.web.access import access_of
from tests.fixtures.serving import serving
from tests.web.asking import ask
from tests.web.conftest import ADMIN_PASSWORD
from tests.web.hidden import SEEN, tell_of
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.web.context import Context

BRIEF = {"session", "api_key", "known_device", "login_failure", "sender", "lease", "task_state"}
"""Tables of what comes and goes with every visit, or by time."""


def dump(application: FastAPI) -> dict[str, list[Any]]:
    """Everything that is stored, but for what comes and goes with every visit."""
    parts: Context = application.state.context
    with parts.database.read() as connection:
        return {
            # The health check writes when it was asked: that shows whether the disk can be written to.
            name: sorted(
                row for row in map(repr, connection.raw.execute(f'SELECT * FROM "{name}"').fetchall()) if "health.checked" not in row
            )
            for name in metadata.tables
            if name not in BRIEF
        }


def test_no_reading_request_changes_anything(application: FastAPI, admin: TestClient) -> None:
    ids = tell_of(application, admin, SEEN)
    known = {"key": ids.key, "server": ids.key, "uid": ids.run, "run_id": ids.run, "job": ids.job, "job_id": str(ids.job_id)}
    known |= {"period": "weekly", "language": "de", "path": "x", "version": "x", "name": "x"}
    routes = [route for route in iter_route_contexts(application.routes) if "GET" in (route.methods or ()) and access_of(route)]
    templates = [route.path or "" for route in routes if route.path != "/api/events"]
    paths = [re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: known.get(match[1], "1"), template) for template in templates]
    assert len(paths) > 80
    before = dump(application)
    assert sum(map(len, before.values())) > 30
    for _ in range(2):
        for path in paths:
            for method in ("GET", "HEAD", "OPTIONS"):
                # A parameter that means a change elsewhere means none here.
                assert admin.request(method, path, params={"do": "delete", "enabled": "0", "delete": "1"}).status_code < 500, path
    assert dump(application) == before


class TestPaths:
    """Requests for what is not served."""

    @pytest.mark.parametrize(
        "path",
        [
            "/static/x/../../app.py",
            "/static/%2e%2e/%2e%2e/app.py",
            "/static/x/..%2f..%2f..%2fapp.py",
            "/static/x/%2e%2e%5c%2e%2e%5capp.py",
            "/static/x/..\\..\\app.py",
            "/static/x//etc/passwd",
            "/static//etc/passwd",
            "/static/x/%252e%252e/app.py",
            "/static/x/....//....//app.py",
            "/static/x/style.css/../../../app.py",
            "/static/x/\u2025/app.py",
            "/static/..;/app.py",
            "/favicon.ico/../../app.py",
            "/api/rejected/..%2f..%2fetc/document",
            "/api/runs/..%2f..%2fetc%2fpasswd/report",
            "/detail/..%2f..%2fetc%2fpasswd",
            "/..%2f..%2f..%2fetc%2fpasswd",
            "/.git/config",
            "/.env",
        ],
    )
    def test_nothing_outside_of_what_is_served_is_reached(self, admin: TestClient, path: str) -> None:
        answer = asyncio.run(ask(admin.app, "GET", path, dict(admin.headers) | {"cookie": f"sessionId={admin.cookies['sessionId']}"}))
        assert answer.status in {400, 404}

    @pytest.mark.parametrize(
        "path", ["/static/x/%00", "/static/x/style.css%00.js", "/detail/a%00b", "/api/detail/%00", "/?q=%00", "/api/servers/a%00"]
    )
    def test_u_0000_is_refused(self, admin: TestClient, path: str) -> None:
        assert admin.get(path).status_code == 400


class TestRedirects:
    """Ways off the site."""

    ELSEWHERE = (
        *("//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "https://evil.test", "https:evil.test", "/\t/evil.test"),
        *(
            "/\n/evil.test",
            "\t//evil.test",
            " //evil.test",
            "javascript:alert(1)",
            "data:text/html,x",
            "/x\r\nSet-Cookie: a=b",
            "evil.test",
            "",
        ),
    )

    @pytest.mark.parametrize("following", ELSEWHERE)
    def test_signing_in_leads_nowhere_else(self, browser: Callable[[], TestClient], following: str) -> None:
        client = browser()
        page = client.get("/login", params={"next": following}).text
        assert re.findall(r'name="next" value="([^"]*)"', page) == ["/"]
        token = client.get("/api/csrf").json()["token"]
        form = {"username": "admin", "password": ADMIN_PASSWORD, "next": following, "csrf_token": token}
        assert client.post("/login", data=form).headers["location"] == "/"
        assert client.get("/login", params={"next": following}).headers["location"] == "/"

    @pytest.mark.parametrize(
        "current",
        ["http://evil.test//evil.test", "//evil.test//x", "http://[", "javascript:alert(1)", "http://x/\\evil.test", "data:,x"],
    )
    @pytest.mark.parametrize("header", [{}, {"hx-request": "true"}])
    def test_the_address_that_a_browser_names_leads_nowhere_else(self, site: TestClient, current: str, header: dict[str, str]) -> None:
        answer = site.get("/", headers={"hx-current-url": current, **header})
        assert answer.status_code in {303, 401}
        target = answer.headers.get("location") or answer.headers["hx-redirect"]
        assert re.fullmatch(r"/login(\?next=%2F(?!%2F|%5C)[\w%.-]*)?", target), target

    @pytest.mark.parametrize(
        "path",
        ["/de//evil.test", "/de/%2fevil.test", "/de/%5cevil.test", "/de/%09/evil.test", "/de/%0a%0d/evil.test", "/en/https://evil.test"],
    )
    def test_a_language_in_front_leads_nowhere_else(self, site: TestClient, path: str) -> None:
        answer = asyncio.run(ask(site.app, "GET", path))
        target = answer.headers.get("location", "/")
        parts = urlsplit(re.sub(r"[\t\r\n]", "", target))
        assert (parts.scheme, parts.netloc) == ("", "")
        assert target.startswith("/")
        assert not target.startswith(("//", "/\\"))

    @pytest.mark.parametrize("name", ["x-forwarded-host", "host", "x-original-url", "x-rewrite-url", "x-forwarded-prefix", "forwarded"])
    def test_no_header_changes_where_a_redirect_leads(self, site: TestClient, name: str) -> None:
        for path in ("/", "/de/settings/tasks", "/settings/tasks?x=1"):
            target = site.get(path, headers={name: "evil.test"}).headers["location"]
            assert target.startswith("/")
            assert "evil" not in target


LINE_BREAKS = (
    "a\r\nSet-Cookie: forged=1",
    "a\nX-Forged: 1",
    "a\r\n\r\n<script>",
    "a\u2028b",
    "a\x85b",
    '"; filename="x.html',
    "é\U0001f4a9" * 50,
)


@pytest.mark.parametrize("name", LINE_BREAKS)
def test_no_name_that_reports_bring_makes_a_header(application: FastAPI, name: str) -> None:
    """Over real connections: the test client would refuse such headers by itself."""
    import orjson

    from duplistatus.clock import HOUR, Instant
    from tests.web.api.reports import Made, document

    with serving(application) as address:
        parts: Context = application.state.context
        made = document(Made(Instant(parts.clock.now() - HOUR), name, job=name))
        made["Extra"]["machine-id"] = name
        place = urlsplit(address)
        assert place.hostname
        client = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
        client.request(
            "POST",
            "/api/upload",
            orjson.dumps(made),
            {"content-type": f"text/plain; {name}".encode("latin-1", "replace").split(b"\r")[0].split(b"\n")[0]},
        )
        assert client.getresponse().read() == b'{"success":true}'
        headers = enter(application, Kind.ADMIN).headers
        with parts.database.read() as connection:
            (uid,) = (row[0] for row in connection.raw.execute("SELECT uid FROM run").fetchall())
        for path in (f"/api/runs/{uid}/report", f"/api/runs/{uid}", f"/detail/x/backup/{uid}", "/settings/monitoring.csv", "/api/rejected"):
            client.request("GET", path, headers=headers)
            answer = client.getresponse()
            answer.read()
            assert answer.status < 500
            assert not {"set-cookie", "x-forged"} & {key.lower() for key, _ in answer.getheaders()}
            assert all(value.isprintable() for _, value in answer.getheaders())
        client.close()
