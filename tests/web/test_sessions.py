"""One's own sessions, and what becomes of a session when something changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, MINUTE, Instant, iso
from duplistatus.security.tokens import token_hash
from duplistatus.web.api import account_schemas
from tests.web.conftest import ADMIN_PASSWORD, sign_in
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

SESSIONS = "/api/sessions"
PAGE = "/settings/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
RIGHT = {"username": "admin", "password": ADMIN_PASSWORD}


@pytest.fixture
def other(browser: Callable[[], TestClient], admin: TestClient) -> TestClient:
    """Another session of the same user, begun later and in another browser."""
    made = browser()
    made.headers["user-agent"] = FIREFOX
    return sign_in(made, "admin", ADMIN_PASSWORD)


def ids(client: TestClient) -> list[str]:
    return [each["id"] for each in client.get(SESSIONS).json()["items"]]


def is_in(client: TestClient) -> bool:
    answer = client.get("/api/auth/me")
    return answer.status_code == 200 and answer.json()["authenticated"] is True


def test_sessions_are_listed_with_device_address_and_times(
    application: FastAPI, admin: TestClient, other: TestClient, clock: SetClock
) -> None:
    begun = clock.now()
    clock.advance(10 * MINUTE)
    other.get("/api/auth/me")
    application.state.context.writer.submit(lambda _: None, changes=False).result()  # what was queued before is stored
    answer = admin.get(SESSIONS)
    account_schemas.OwnSessionList.model_validate_json(answer.content)
    # Both were used at the same moment, so that either may stand first.
    first, second = sorted(answer.json()["items"], key=lambda each: each["current"])
    assert first == {
        "id": first["id"],
        "current": False,
        "device": "Firefox on Linux",
        "user_agent": FIREFOX,
        "address": "192.0.2.1",
        "created_at": iso(begun),
        "last_seen_at": iso(clock.now()),
        "expires_at": iso(Instant(begun + 24 * HOUR)),
    }
    assert (second["current"], second["device"]) == (True, "testclient")
    for client in (admin, other):
        assert client.cookies["sessionId"] not in answer.text
        assert token_hash(client.cookies["sessionId"]) not in answer.text


def test_one_session_ends_and_the_others_stay(admin: TestClient, other: TestClient) -> None:
    theirs = next(each["id"] for each in other.get(SESSIONS).json()["items"] if each["current"])
    assert admin.delete(f"{SESSIONS}/{theirs}").json() == {"ended": 1}
    assert (is_in(admin), is_in(other)) == (True, False)
    assert admin.delete(f"{SESSIONS}/{theirs}").status_code == 404


def test_all_others_end_and_this_one_stays(admin: TestClient, other: TestClient) -> None:
    assert admin.delete(SESSIONS).json() == {"ended": 1}
    assert (is_in(admin), is_in(other)) == (True, False)
    assert admin.delete(SESSIONS).json() == {"ended": 0}


def test_to_end_this_session_is_to_sign_out(admin: TestClient) -> None:
    assert admin.delete(f"{SESSIONS}/{ids(admin)[0]}").status_code == 200
    assert "sessionId" not in admin.cookies
    assert not is_in(admin)


def test_nobody_sees_or_ends_the_sessions_of_others(admin: TestClient, application: FastAPI, browser: Callable[[], TestClient]) -> None:
    user = browser()
    user.headers.update(enter(application, Kind.USER).headers)
    own = ids(admin)[0]
    assert own not in ids(user)
    assert len(ids(user)) == 1
    assert user.delete(f"{SESSIONS}/{own}").status_code == 404
    assert user.delete(SESSIONS).json() == {"ended": 0}
    assert (
        user.post(PAGE, data={"do": "end", "id": own, "csrf_token": user.headers["x-csrf-token"]}).headers["location"] == f"{PAGE}?ended=0"
    )
    assert is_in(admin)


def test_what_was_ended_is_written_down(admin: TestClient, other: TestClient, application: FastAPI) -> None:
    admin.delete(SESSIONS)
    with application.state.context.database.read() as connection:
        rows = connection.raw.execute("SELECT username, details FROM audit WHERE action = 'sessions_ended'").fetchall()
    assert [tuple(row) for row in rows] == [("admin", '{"sessions": 1}')]


def test_the_page_shows_and_ends_them(admin: TestClient, other: TestClient) -> None:
    text = admin.get(PAGE).text
    assert "Firefox on Linux" in text
    assert text.index("This one") < text.index("Firefox on Linux"), "the present one is first"
    answer = admin.post(PAGE, data={"do": "others", "csrf_token": admin.headers["x-csrf-token"]})
    assert answer.headers["location"] == f"{PAGE}?ended=1"
    assert "1 session has ended." in admin.get(answer.headers["location"]).text
    assert not is_in(other)
    leaving = admin.post(PAGE, data={"do": "end", "id": ids(admin)[0], "csrf_token": admin.headers["x-csrf-token"]})
    assert leaving.headers["location"] == "/login"
    assert not is_in(admin)


def test_the_menu_of_the_account_leads_there(admin: TestClient) -> None:
    assert re.search(rf'<a href="{PAGE}">', admin.get("/").text)
    assert '<a class="button" href="/change-password">' in admin.get(PAGE).text


# --- fixation ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/auth/login", "/login"])
def test_a_session_that_an_attacker_placed_in_the_browser_is_worth_nothing_after_signing_in(
    browser: Callable[[], TestClient], path: str
) -> None:
    attacker, victim = browser(), browser()
    token = attacker.get("/api/csrf").json()["token"]
    planted = attacker.cookies["sessionId"]
    victim.cookies.set("sessionId", planted)
    if path == "/login":
        answer = victim.post(path, data=RIGHT | {"csrf_token": token})
    else:
        answer = victim.post(path, json=RIGHT, headers={"x-csrf-token": token})
    assert answer.status_code in {200, 303}
    given = re.search(r"sessionId=(\w+)", answer.headers["set-cookie"])
    assert given is not None
    assert given[1] != planted
    assert attacker.get("/api/auth/me").status_code == 401
    assert attacker.get("/settings/users").headers["location"].startswith("/login")
    assert browser().get("/api/auth/me", headers={"cookie": f"sessionId={given[1]}"}).json()["authenticated"] is True


def test_an_invented_id_is_not_taken_over_by_signing_in(browser: Callable[[], TestClient]) -> None:
    victim = browser()
    victim.cookies.set("sessionId", "a" * 64)
    token = victim.get("/api/csrf").json()["token"]
    assert victim.post("/api/auth/login", json=RIGHT, headers={"x-csrf-token": token}).status_code == 200
    assert browser().get("/api/auth/me", headers={"cookie": f"sessionId={'a' * 64}"}).status_code == 401


def test_the_older_cookie_opens_nothing(browser: Callable[[], TestClient]) -> None:
    """`session`, of `POST /api/session`: nobody ever signs in to it."""
    attacker, victim = browser(), browser()
    attacker.post("/api/session")
    planted = attacker.cookies["session"]
    victim.cookies.set("session", planted)
    sign_in(victim, "admin", ADMIN_PASSWORD)
    for name in ("session", "sessionId"):
        answer = browser().get("/api/auth/me", headers={"cookie": f"{name}={planted}"})
        assert answer.status_code == 401 or answer.json()["authenticated"] is False


# --- what a change of the user does ------------------------------------------------------------------------------------------------


@pytest.fixture
def second(admin: TestClient, browser: Callable[[], TestClient]) -> TestClient:
    """Another administrator."""
    admin.post("/api/users", json={"username": "second", "password": "Second2026x", "isAdmin": True, "requirePasswordChange": False})
    return sign_in(browser(), "second", "Second2026x")


def me(client: TestClient) -> str:
    return str(client.get("/api/auth/me").json()["user"]["id"])


def test_a_demotion_holds_in_an_open_session_at_once(admin: TestClient, second: TestClient) -> None:
    path = f"/api/users/{me(second)}"
    assert second.get("/settings/users").status_code == 200
    admin.patch(path, json={"isAdmin": False})
    assert second.get("/settings/users").status_code == 403
    assert second.patch(path, json={"isAdmin": True}).status_code == 403
    assert second.get("/").status_code == 200
    admin.patch(path, json={"isAdmin": True})
    assert second.get("/settings/users").status_code == 200


def test_the_duty_to_change_the_password_holds_in_an_open_session_at_once(admin: TestClient, second: TestClient) -> None:
    admin.patch(f"/api/users/{me(second)}", json={"requirePasswordChange": True})
    assert second.get("/api/dashboard").json()["code"] == "password_change_required"


@pytest.mark.parametrize("deed", ["reset", "delete", "end"])
def test_a_reset_a_deletion_and_an_end_of_all_sessions_hold_at_once(admin: TestClient, second: TestClient, deed: str) -> None:
    path = f"/api/users/{me(second)}"
    if deed == "reset":
        assert admin.patch(path, json={"resetPassword": True}).status_code == 200
    elif deed == "delete":
        assert admin.delete(path).status_code == 200
    else:
        assert admin.delete(f"{path}/sessions").json() == {"ended": 1}
    assert second.get("/api/auth/me").status_code == 401
    assert is_in(admin)
