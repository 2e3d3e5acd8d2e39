"""Changes are taken from our own pages and clients only."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.settings import Settings
from tests.web.conftest import ADMIN_PASSWORD, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duplistatus.clock import SetClock


def logged_out(client: TestClient, headers: dict[str, str]) -> bool:
    """Tries a change with the right token. It goes through, or is refused as coming from elsewhere."""
    answer = client.post("/api/auth/logout", headers=headers)
    if answer.status_code == 403:
        assert answer.json()["code"] == "cross_site"
        assert client.get("/api/auth/me").json()["authenticated"] is True
    return answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://dashboard.test"}, False),
        ({"origin": "http://dashboard.test"}, True),
        ({"origin": "http://DASHBOARD.test"}, True),
        ({"origin": "http://dashboard.test:8080"}, False),
        ({"origin": "http://evil.test"}, False),
        ({"origin": "http://dashboard.test.evil.test"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://evil.test", "x-forwarded-host": "evil.test"}, False),
    ],
)
def test_what_the_browser_says_of_the_origin_decides_with_the_right_token(
    admin: TestClient, headers: dict[str, str], is_ours: bool
) -> None:
    assert logged_out(admin, headers) is is_ours


def test_reading_is_not_bound_to_our_own_pages(admin: TestClient) -> None:
    assert admin.get("/api/auth/me", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_behind_a_trusted_proxy_and_under_the_public_url_the_origin_is_ours(data_dir: Path, clock: SetClock) -> None:
    settings = Settings(
        data_dir=data_dir,
        admin_password=ADMIN_PASSWORD,
        public_url="https://status.example.org",
        trusted_proxies=(ipaddress.ip_network("192.0.2.0/24"),),
    )
    with TestClient(build(settings, clock), base_url="http://inside:9666", client=("192.0.2.1", 50000)) as client:
        for headers in (
            {"origin": "https://status.example.org"},
            {"origin": "https://other.example.org", "x-forwarded-host": "other.example.org"},
        ):
            assert logged_out(sign_in(client, "admin", ADMIN_PASSWORD), headers)


def test_a_cookie_given_over_tls_is_for_tls_only(data_dir: Path, clock: SetClock) -> None:
    settings = Settings(data_dir=data_dir, trusted_proxies=(ipaddress.ip_network("192.0.2.0/24"),))
    with TestClient(build(settings, clock), client=("192.0.2.1", 50000)) as client:
        assert "Secure" in client.get("/api/csrf", headers={"x-forwarded-proto": "https"}).headers["set-cookie"]
    with TestClient(build(settings, clock), client=("198.51.100.1", 50000)) as client:
        assert "Secure" not in client.get("/api/csrf", headers={"x-forwarded-proto": "https"}).headers["set-cookie"]


def test_a_form_may_carry_the_token_in_a_field(admin: TestClient) -> None:
    token = admin.headers.pop("x-csrf-token")
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert admin.post("/api/auth/logout", content="csrf_token=wrong", headers=form).status_code == 403
    assert admin.post("/api/auth/logout", content=f"csrf_token={token}&x={'y' * 70_000}", headers=form).status_code == 403, (
        "too large a form"
    )
    assert admin.post("/api/auth/logout", content=f"csrf_token={token}", headers=form).status_code == 200


def test_the_token_of_another_session_is_refused(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    other = browser().get("/api/csrf").json()["token"]
    assert admin.post("/api/auth/logout", headers={"x-csrf-token": other}).status_code == 403
