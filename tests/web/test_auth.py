"""Sessions and signing in, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, MINUTE, iso
from duplistatus.settings import Settings
from tests.web.conftest import ADMIN_PASSWORD, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

NEW = "Another8Horse"
LOGIN = "/api/auth/login"
CHANGE = "/api/auth/change-password"
WRONG = {"username": "admin", "password": "Wrong1234"}
RIGHT = {"username": "admin", "password": ADMIN_PASSWORD}


def test_asking_for_a_token_makes_a_session_and_asking_again_answers_the_same(site: TestClient) -> None:
    first, second = site.get("/api/csrf"), site.get("/api/csrf")
    assert first.json()["token"] == second.json()["token"]
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: TestClient) -> None:
    cookie = site.get("/api/csrf").headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("sessionId=")
    assert {each.lower() for each in attributes} == {"httponly", "max-age=86400", "path=/", "samesite=lax"}


def test_an_invented_session_id_is_never_taken_over(site: TestClient) -> None:
    site.cookies.set("sessionId", "deadbeef")
    answer = site.get("/api/csrf")
    assert answer.status_code == 200
    assert "deadbeef" not in answer.headers["set-cookie"]


def test_signing_in_gives_a_new_session_id_and_keeps_the_token(site: TestClient, browser: Callable[[], TestClient]) -> None:
    token = site.get("/api/csrf").json()["token"]
    before = site.cookies["sessionId"]
    answer = site.post(LOGIN, json=RIGHT, headers={"x-csrf-token": token})
    assert answer.json()["user"]["username"] == "admin"
    assert site.cookies["sessionId"] != before
    assert site.get("/api/csrf").json()["token"] == token
    assert browser().get("/api/auth/me", headers={"cookie": f"sessionId={before}"}).status_code == 401


def test_who_is_signed_in_is_told(site: TestClient) -> None:
    assert site.get("/api/auth/me").status_code == 401
    site.get("/api/csrf")
    assert site.get("/api/auth/me").json() == {"authenticated": False, "user": None}
    user = sign_in(site, "ADMIN", ADMIN_PASSWORD).get("/api/auth/me").json()["user"]
    assert {name: user[name] for name in ("username", "isAdmin", "mustChangePassword")} == {
        "username": "admin",
        "isAdmin": True,
        "mustChangePassword": False,
    }


def test_signing_in_needs_the_session_and_its_token(browser: Callable[[], TestClient]) -> None:
    for headers, error in (({}, "CSRF token required"), ({"x-csrf-token": "anything"}, "Invalid CSRF token")):
        answer = browser().post(LOGIN, json=RIGHT, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (403, error)
    client = browser()
    client.get("/api/csrf")
    for token in (b"wrong", b"", b"wr\xf6ng"):
        answer = client.post(LOGIN, json=RIGHT, headers={b"x-csrf-token": token})
        assert (answer.status_code, answer.json()["error"]) == (403, "Invalid CSRF token")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"username": "admin"}', 400),
        (b"{}", 400),
        (b"{not json", 400),
        (b"", 400),
        (b"[]", 400),
        (b'{"username": 1, "password": {}}', 400),
        (b'{"username": "admin\\ud800", "password": "\\ud800"}', 400),
        (b"[" * 10_000, 400),
        (b'{"username": "' + b"x" * 20_000 + b'"}', 413),
    ],
)
def test_what_is_no_sign_in_is_the_clients_error(site: TestClient, body: bytes, status: int) -> None:
    token = site.get("/api/csrf").json()["token"]
    answer = site.post(LOGIN, content=body, headers={"x-csrf-token": token})
    assert answer.status_code == status
    assert answer.json()["error"]


def test_wrong_passwords_lock_the_account_and_say_for_how_long(site: TestClient, clock: SetClock) -> None:
    token = {"x-csrf-token": site.get("/api/csrf").json()["token"]}
    for _ in range(4):
        answer = site.post(LOGIN, json=WRONG, headers=token)
        assert (answer.status_code, answer.json()["errorCode"]) == (401, "INVALID_CREDENTIALS")
    answer = site.post(LOGIN, json=WRONG, headers=token)
    assert answer.status_code == 403
    assert answer.json() == {
        "error": "Account locked due to too many failed login attempts",
        "code": "account_locked",
        "errorCode": "ACCOUNT_LOCKED",
        "lockedUntil": iso(clock.now() + 15 * MINUTE),  # type: ignore[arg-type]
        "minutesRemaining": 15,
    }
    clock.advance(10 * MINUTE)
    answer = site.post(LOGIN, json=RIGHT, headers=token)
    assert answer.status_code == 403
    assert (answer.json()["error"], answer.json()["minutesRemaining"]) == ("Account is locked due to too many failed login attempts", 5)
    clock.advance(5 * MINUTE)
    assert site.post(LOGIN, json=RIGHT, headers=token).status_code == 200


def test_an_address_that_guesses_is_told_when_to_come_back(site: TestClient) -> None:
    token = {"x-csrf-token": site.get("/api/csrf").json()["token"]}
    for number in range(30):
        assert site.post(LOGIN, json={"username": f"name {number}", "password": "x"}, headers=token).status_code == 401
    answer = site.post(LOGIN, json=RIGHT, headers=token)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "900"


def test_signing_out_ends_the_session(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    cookie = {"cookie": f"sessionId={admin.cookies['sessionId']}"}
    assert browser().get("/api/auth/me", headers=cookie).status_code == 200
    answer = admin.post("/api/auth/logout")
    assert answer.json()["success"] is True
    assert "sessionId" not in admin.cookies
    assert browser().get("/api/auth/me", headers=cookie).status_code == 401
    assert admin.post("/api/auth/logout").json()["error"] == "Invalid or expired session"


def test_signing_out_needs_the_token(admin: TestClient) -> None:
    del admin.headers["x-csrf-token"]
    assert admin.post("/api/auth/logout").status_code == 403
    assert admin.get("/api/auth/me").json()["authenticated"] is True


def test_a_session_in_use_lasts_a_day(admin: TestClient, clock: SetClock) -> None:
    for _ in range(2):
        clock.advance(DAY // 2 - 1)
        assert admin.get("/api/auth/me").status_code == 200
    clock.advance(1)
    assert admin.get("/api/auth/me").status_code == 200
    clock.advance(1)
    assert admin.get("/api/auth/me").status_code == 401


def test_a_session_out_of_use_lasts_half_a_day(admin: TestClient, clock: SetClock) -> None:
    clock.advance(DAY // 2)
    assert admin.get("/api/auth/me").status_code == 401


def test_use_of_a_session_is_written_down_at_most_once_a_minute(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    writer = application.state.context.writer

    def seen() -> list[int]:
        writer.submit(lambda _: None, changes=False).result()  # what was queued before is stored
        with application.state.context.database.read() as connection:
            return [row[0] for row in connection.raw.execute("SELECT last_seen_at FROM session").fetchall()]

    begin = clock.now()
    clock.advance(MINUTE - 1)
    admin.get("/api/auth/me")
    assert seen() == [begin]
    clock.advance(1)
    version = writer.version
    admin.get("/api/auth/me")
    assert seen() == [begin + MINUTE]
    assert writer.version == version, "which pages were looked at changes no data"


def test_a_changed_password_ends_other_sessions_and_keeps_this_one(browser: Callable[[], TestClient]) -> None:
    here, elsewhere = (sign_in(browser(), "admin", ADMIN_PASSWORD) for _ in range(2))
    answer = here.post(CHANGE, json={"currentPassword": ADMIN_PASSWORD, "newPassword": NEW})
    assert answer.json()["successCode"] == "PASSWORD_CHANGED"
    assert here.get("/api/auth/me").json()["authenticated"] is True
    assert elsewhere.get("/api/auth/me").status_code == 401
    sign_in(browser(), "admin", NEW)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "NEW_PASSWORD_REQUIRED"),
        ({"newPassword": NEW}, 400, "CURRENT_PASSWORD_REQUIRED"),
        ({"currentPassword": "Wrong1234", "newPassword": NEW}, 401, "CURRENT_PASSWORD_INCORRECT"),
        ({"currentPassword": ADMIN_PASSWORD, "newPassword": ADMIN_PASSWORD}, 400, "NEW_PASSWORD_SAME_AS_CURRENT"),
        ({"currentPassword": ADMIN_PASSWORD, "newPassword": "Abcdefghij"}, 400, "POLICY_NOT_MET"),
    ],
)
def test_a_change_of_password_that_cannot_be_says_why(admin: TestClient, body: dict[str, str], status: int, code: str) -> None:
    answer = admin.post(CHANGE, json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)


def test_the_complaints_about_a_password_are_listed(admin: TestClient) -> None:
    answer = admin.post(CHANGE, json={"currentPassword": ADMIN_PASSWORD, "newPassword": "abc"})
    assert len(answer.json()["validationErrors"]) == 3


class TestWithTheDocumentedPassword:
    """Until it is changed, nothing else is reachable."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return Settings(data_dir=data_dir)

    @pytest.fixture
    def admin(self, site: TestClient) -> TestClient:
        return sign_in(site, "admin", "Duplistatus09")

    def test_the_duty_to_change_is_told(self, admin: TestClient) -> None:
        assert admin.get("/api/auth/me").json()["user"]["mustChangePassword"] is True
        assert admin.get("/api/auth/admin-must-change-password").json() == {"mustChangePassword": True}

    def test_the_api_is_closed_and_pages_lead_to_the_change(self, admin: TestClient) -> None:
        answer = admin.get("/api/dashboard")
        assert (answer.status_code, answer.json()["code"]) == (403, "password_change_required")
        assert admin.post("/api/users", json={"username": "viewer"}).status_code == 403

    def test_the_change_opens_everything_without_a_new_sign_in(self, admin: TestClient) -> None:
        assert admin.post(CHANGE, json={"newPassword": NEW}).status_code == 200
        assert admin.get("/api/dashboard").status_code == 200
        assert admin.get("/api/auth/admin-must-change-password").json() == {"mustChangePassword": False}

    def test_the_documented_password_cannot_be_kept(self, admin: TestClient) -> None:
        answer = admin.post(CHANGE, json={"newPassword": "Duplistatus09"})
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "POLICY_NOT_MET")


def test_the_policy_follows_the_settings(admin: TestClient) -> None:
    assert admin.get("/api/auth/password-policy").json() == {
        "minLength": 8,
        "requireUppercase": True,
        "requireLowercase": True,
        "requireNumbers": True,
        "requireSpecialChars": False,
    }


def test_the_older_session_endpoints_never_tell_the_cookies_value(site: TestClient) -> None:
    assert site.get("/api/session").status_code == 401
    made = site.post("/api/session")
    assert made.json()["sessionId"] != site.cookies["session"]
    assert site.get("/api/session").json() == {"valid": True, "sessionId": made.json()["sessionId"]}
    cookie = site.cookies["session"]
    assert site.delete("/api/session").status_code == 200
    assert site.get("/api/session", headers={"cookie": f"session={cookie}"}).json() == {"valid": False, "sessionId": None}
    site.cookies.clear()
    assert site.delete("/api/session").json() == {"message": "No session to delete"}


@pytest.mark.parametrize("root_path", ["/backups"])
def test_under_a_path_the_cookie_is_for_that_path(data_dir: Path, clock: SetClock, root_path: str) -> None:
    from starlette.testclient import TestClient

    from duplistatus.app import build

    with TestClient(build(Settings(data_dir=data_dir, root_path=root_path), clock)) as client:
        assert "Path=/backups" in client.get("/api/csrf").headers["set-cookie"]
