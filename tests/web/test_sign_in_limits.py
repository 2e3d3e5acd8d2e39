"""How often an address may begin sessions and try passwords, and that headers do not change who it is."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.clock import SECOND
from duplistatus.settings import Settings
from duplistatus.web.sign_in_limits import PASSWORDS_A_MINUTE, SESSIONS_A_MINUTE
from tests.web.conftest import ADMIN_PASSWORD, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI
    from httpx2 import Response

    from duplistatus.clock import SetClock

LOGIN = "/api/auth/login"
CHANGE = "/api/auth/change-password"
PROXY = "192.0.2.80"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, admin_password=ADMIN_PASSWORD, trusted_proxies=(ip_network(PROXY),))


@pytest.fixture
def at(application: FastAPI) -> Iterator[Callable[[str], TestClient]]:
    """Makes clients at an address, without cookies."""
    with TestClient(application):
        yield lambda address: TestClient(application, base_url="http://dashboard.test", client=(address, 50000), follow_redirects=False)


def begin(client: TestClient, headers: dict[str, str] | None = None) -> Response:
    """Asks for a session, as a program that keeps no cookies."""
    client.cookies.clear()
    return client.get("/api/csrf", headers=headers)


def fill(client: TestClient, headers: dict[str, str] | None = None) -> None:
    for _ in range(SESSIONS_A_MINUTE):
        assert begin(client, headers).status_code == 200
    assert begin(client, headers).status_code == 429


def tire(client: TestClient) -> None:
    """Uses up the passwords of the address; none of them is looked at, for lack of a token."""
    for _ in range(PASSWORDS_A_MINUTE):
        assert client.post(LOGIN, json={}).status_code == 403


def test_sessions_without_end_are_refused_until_the_minute_is_over(at: Callable[[str], TestClient], clock: SetClock) -> None:
    client = at("198.51.100.1")
    fill(client)
    clock.advance(20 * SECOND)
    for method, path in (("GET", "/api/csrf"), ("POST", "/api/session")):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "40")
        assert answer.json() == {
            "error": "Too many tries to sign in from this address; try again in 40 seconds",
            "code": "sign_in_rate_limited",
            "errorCode": "RATE_LIMITED",
        }
    assert at("198.51.100.2").get("/api/csrf").status_code == 200
    clock.advance(40 * SECOND)
    assert begin(client).status_code == 200


def test_the_page_says_it_in_plain_words(at: Callable[[str], TestClient]) -> None:
    client = at("198.51.100.1")
    fill(client)
    answer = client.get("/login")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert "try again in 60 seconds" in answer.text
    assert "<html" in answer.text


def test_a_session_that_is_there_is_not_limited(at: Callable[[str], TestClient]) -> None:
    client = at("198.51.100.1")
    client.get("/login")
    cookie = {"cookie": f"sessionId={client.cookies['sessionId']}"}
    for _ in range(SESSIONS_A_MINUTE - 1):
        begin(client)
    assert begin(client).status_code == 429
    assert client.get("/login", headers=cookie).status_code == 200
    assert client.get("/api/csrf", headers=cookie).status_code == 200


def test_passwords_without_end_are_refused_right_ones_too(at: Callable[[str], TestClient], clock: SetClock) -> None:
    client = at("198.51.100.1")
    token = client.get("/api/csrf").json()["token"]
    tire(client)
    right = {"username": "admin", "password": ADMIN_PASSWORD}
    answer = client.post(LOGIN, json=right, headers={"x-csrf-token": token})
    assert (answer.status_code, answer.json()["errorCode"], answer.headers["retry-after"]) == (429, "RATE_LIMITED", "60")
    page = client.post("/login", data=right | {"csrf_token": token})
    assert (page.status_code, page.headers["retry-after"]) == (429, "60")
    assert "Too many tries from this address. Try again in 60 seconds." in page.text
    clock.advance(60 * SECOND)
    assert client.post(LOGIN, json=right, headers={"x-csrf-token": token}).status_code == 200


def test_changing_the_password_is_limited_alike(at: Callable[[str], TestClient]) -> None:
    client = sign_in(at("198.51.100.1"), "admin", ADMIN_PASSWORD)
    token = client.headers.pop("x-csrf-token")
    for _ in range(PASSWORDS_A_MINUTE - 1):
        assert client.post(LOGIN, json={}).status_code == 403
    change = {"currentPassword": ADMIN_PASSWORD, "newPassword": "Another8Horse"}
    assert client.post(CHANGE, json=change, headers={"x-csrf-token": token}).status_code == 429
    words = {"current": ADMIN_PASSWORD, "new": "Another8Horse", "again": "Another8Horse", "csrf_token": token}
    page = client.post("/change-password", data=words)
    assert (page.status_code, page.headers["retry-after"]) == (429, "60")
    assert "Try again in 60 seconds." in page.text


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_is_not_limited(at: Callable[[str], TestClient], address: str) -> None:
    client = at(address)
    for _ in range(SESSIONS_A_MINUTE + 5):
        assert begin(client).status_code == 200
    for _ in range(PASSWORDS_A_MINUTE + 5):
        assert client.post(LOGIN, json={}).status_code == 403


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_an_address_that_a_stranger_writes_counts_for_nothing(at: Callable[[str], TestClient], name: str) -> None:
    client = at("198.51.100.1")
    for number in range(SESSIONS_A_MINUTE):
        assert begin(client, {name: f"203.0.113.{number}"}).status_code == 200
    for claimed in ("203.0.113.200", "127.0.0.1"):
        assert begin(client, {name: claimed}).status_code == 429


def test_behind_a_trusted_proxy_the_address_that_it_saw_counts(at: Callable[[str], TestClient]) -> None:
    proxy = at(PROXY)
    for number in range(SESSIONS_A_MINUTE):
        # What stands left of the proxy's own entry was written by the client.
        assert begin(proxy, {"x-forwarded-for": f"203.0.113.{number}, 198.51.100.1"}).status_code == 200
    for claimed in ("203.0.113.200", "127.0.0.1", PROXY):
        assert begin(proxy, {"x-forwarded-for": f"{claimed}, 198.51.100.1"}).status_code == 429
    assert begin(proxy, {"x-forwarded-for": "198.51.100.2"}).status_code == 200


def test_wrong_passwords_count_for_the_address_that_the_proxy_saw(at: Callable[[str], TestClient]) -> None:
    proxy = at(PROXY)
    token = proxy.get("/api/csrf").json()["token"]

    def guess(number: int, seen: str) -> int:
        headers = {"x-csrf-token": token, "x-forwarded-for": f"203.0.113.{number}, {seen}"}
        answer: Response = proxy.post(LOGIN, json={"username": f"name {number}", "password": "x"}, headers=headers)
        return int(answer.status_code)

    assert [guess(number, "198.51.100.1") for number in range(31)] == [401] * 30 + [429]
    assert guess(50, "198.51.100.2") == 401


def test_a_browser_that_is_known_is_counted_apart_from_others_at_its_address(at: Callable[[str], TestClient], clock: SetClock) -> None:
    owner, stranger = at("198.51.100.1"), at("198.51.100.1")
    token = owner.get("/api/csrf").json()["token"]
    right = {"username": "admin", "password": ADMIN_PASSWORD, "csrf_token": token}
    assert owner.post("/login", data=right).status_code == 303
    clock.advance(60 * SECOND)
    fill(stranger)
    tire(stranger)
    assert stranger.post(LOGIN, json={}).status_code == 429
    device = owner.cookies["device"]
    owner.cookies.clear()
    owner.cookies.set("device", device)
    assert owner.get("/login").status_code == 200, "a new session"
    right["csrf_token"] = owner.get("/api/csrf").json()["token"]
    assert owner.post("/login", data=right).status_code == 303
    invented = at("198.51.100.1")
    invented.cookies.set("device", "f" * 64)
    assert invented.get("/login").status_code == 429


def test_the_limit_holds_for_each_application_by_itself(settings: Settings, clock: SetClock, at: Callable[[str], TestClient]) -> None:
    fill(at("198.51.100.1"))
    with TestClient(build(settings, clock), client=("198.51.100.1", 50000)) as another:
        assert another.get("/api/csrf").status_code == 200
