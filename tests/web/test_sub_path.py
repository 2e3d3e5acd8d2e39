"""Hosting under a path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.settings import Settings
from tests.web.api.reports import Made, send
from tests.web.conftest import ADMIN_PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

ROOT = "/backups"
_ADDRESS = re.compile(r'\s(?:href|src|action|hx-get|data-charts)="(/[^"]*)"')


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, admin_password=ADMIN_PASSWORD, root_path=ROOT)


@pytest.fixture
def admin(site: TestClient) -> TestClient:
    """Signed in under the path; the cookie goes along whatever of the path the proxy leaves."""
    site.headers["x-csrf-token"] = site.get(f"{ROOT}/api/csrf").json()["token"]
    assert site.post(f"{ROOT}/api/auth/login", json={"username": "admin", "password": ADMIN_PASSWORD}).status_code == 200
    site.headers["cookie"] = f"sessionId={site.cookies['sessionId']}"
    site.cookies.clear()
    return site


def test_every_address_on_every_page_carries_the_path(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - HOUR)))
    pages = ["/", "/?view=table", "/?view=charts", "/start", "/change-password", "/rejected", "/detail/id-alpha"]
    for path in pages:
        for front in ("", ROOT):
            answer = admin.get(front + path)
            assert answer.status_code == 200, path
            addresses = _ADDRESS.findall(answer.text)
            assert addresses
            assert [each for each in addresses if not each.startswith(ROOT + "/")] == [], path


def test_files_and_answers_are_found_with_the_path_and_without_it(admin: TestClient) -> None:
    for path in ("/api/ping", "/favicon.ico", "/api/summary", "/login"):
        assert admin.get(path).status_code == admin.get(ROOT + path).status_code < 400


def test_redirects_stay_under_the_path(site: TestClient) -> None:
    assert site.get(ROOT).headers["location"] == "/backups/"
    assert site.get(f"{ROOT}/?view=table").headers["location"] == "/backups/login?next=%2F%3Fview%3Dtable"
    assert site.get(f"{ROOT}/de/start?x=1").headers["location"] == "/backups/start?x=1"


def test_cookies_belong_to_the_path(site: TestClient) -> None:
    assert "path=/backups" in site.get(f"{ROOT}/login").headers["set-cookie"].lower()


def test_duplicati_is_told_the_whole_address(admin: TestClient) -> None:
    assert "--send-http-json-urls=http://dashboard.test/backups/api/upload" in admin.get("/start").text


def test_a_neighbour_with_a_longer_name_is_not_ours(site: TestClient) -> None:
    assert site.get("/backups2/api/ping").status_code == 404
