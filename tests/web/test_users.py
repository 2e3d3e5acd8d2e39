"""Administration of users and jobs, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, Instant
from duplistatus.store.api_keys import Scope
from duplistatus.web.api import account_schemas
from tests.store.telling import recordings
from tests.web.api.reports import Made, send
from tests.web.conftest import sign_in
from tests.web.people import make_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

USERS = "/api/users"
DELETE_JOB = "/api/backups/delete-job"


def create(admin: TestClient, **body: object) -> dict[str, str]:
    answer = admin.post(USERS, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()["user"]
    return made


def test_a_user_is_made_and_can_sign_in(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    made = create(admin, username="Viewer", password="Viewer2026x", isAdmin=False, requirePasswordChange=False)
    assert {name: made[name] for name in ("username", "isAdmin", "mustChangePassword")} == {
        "username": "viewer",
        "isAdmin": False,
        "mustChangePassword": False,
    }
    viewer = sign_in(browser(), "viewer", "Viewer2026x")
    assert viewer.get("/api/dashboard").status_code == 200
    assert viewer.get(USERS).json()["error"] == "Administrator access required"


def test_without_a_password_a_temporary_one_is_told_once(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    answer = admin.post(USERS, json={"username": "viewer"}).json()
    assert answer["user"]["mustChangePassword"] is True
    sign_in(browser(), "viewer", answer["temporaryPassword"])
    assert answer["temporaryPassword"] not in admin.get(USERS).text


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, "Username is required"),
        ({"username": "ab"}, 400, "Username must be between 3 and 50 characters"),
        ({"username": "x" * 51}, 400, "Username must be between 3 and 50 characters"),
        ({"username": "ADMIN"}, 409, "Username already exists"),
        ({"username": "weakling", "password": "weak"}, 400, "Password does not meet policy requirements"),
        ({"username": 5}, 400, "username must be text"),
        ({"username": "viewer", "isAdmin": "yes"}, 400, "isAdmin must be true or false"),
    ],
)
def test_a_user_that_cannot_be_made_says_why(admin: TestClient, body: dict[str, object], status: int, error: str) -> None:
    answer = admin.post(USERS, json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert admin.get(USERS).json()["pagination"]["total"] == 1


def test_users_are_listed_in_pages_with_search(admin: TestClient) -> None:
    for name in ("viewer", "second"):
        create(admin, username=name)
    page = admin.get(f"{USERS}?page=2&limit=2").json()
    assert [user["username"] for user in page["users"]] == ["viewer"]
    assert page["pagination"] == {"page": 2, "limit": 2, "total": 3, "totalPages": 2}
    assert [user["username"] for user in admin.get(f"{USERS}?search=VIEW").json()["users"]] == ["viewer"]
    for odd in ("limit=abc", "limit=0", "limit=-1", "page=0", "page=99999999999999999999", "limit=9²"):
        assert admin.get(f"{USERS}?{odd}").status_code == 200


def test_a_reset_ends_the_users_sessions_at_once(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    made = create(admin, username="viewer", password="Viewer2026x", requirePasswordChange=False)
    viewer = sign_in(browser(), "viewer", "Viewer2026x")
    answer = admin.patch(f"{USERS}/{made['id']}", json={"resetPassword": True}).json()
    assert viewer.get("/api/auth/me").status_code == 401
    sign_in(browser(), "viewer", answer["temporaryPassword"])


def test_a_removed_users_sessions_end_at_once(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    made = create(admin, username="viewer", password="Viewer2026x", requirePasswordChange=False)
    viewer = sign_in(browser(), "viewer", "Viewer2026x")
    assert admin.delete(f"{USERS}/{made['id']}").json() == {"success": True, "message": "User deleted successfully"}
    assert viewer.get("/api/auth/me").status_code == 401
    assert admin.delete(f"{USERS}/{made['id']}").status_code == 404


def test_an_edit_names_what_it_changes(admin: TestClient) -> None:
    made = create(admin, username="viewer")
    path = f"{USERS}/{made['id']}"
    assert admin.patch(path, json={"username": "Viewer2"}).json()["user"]["username"] == "viewer2"
    assert admin.patch(path, json={"isAdmin": True}).json()["user"] == made | {"username": "viewer2", "isAdmin": True}
    assert admin.patch(path, json={}).status_code == 200
    assert admin.patch(path, json={"username": "admin"}).status_code == 409
    assert admin.patch(path, json={"username": ""}).status_code == 400
    assert admin.patch(path, content=b"{").status_code == 400
    assert admin.patch(f"{USERS}/nope", json={"isAdmin": True}).status_code == 404


def test_one_user_is_shown_as_in_the_list(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    made = create(admin, username="viewer", password="Viewer2026x", requirePasswordChange=False)
    sign_in(browser(), "viewer", "Viewer2026x")
    answer = admin.get(f"{USERS}/{made['id']}")
    account_schemas.ListedUser.model_validate_json(answer.content)
    assert answer.json() == admin.get(f"{USERS}?search=viewer").json()["users"][0]
    assert (answer.json()["sessions"], answer.json()["lastLoginIp"]) == (1, "192.0.2.1")
    assert admin.get(f"{USERS}/nope").status_code == 404
    account_schemas.UserList.model_validate_json(admin.get(USERS).content)


def test_a_user_is_limited_to_servers_by_their_ids(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - DAY), server="alpha"), Made(Instant(clock.now() - DAY), server="beta"))
    answer = admin.post(USERS, json={"username": "viewer", "password": "Viewer2026x", "isLimited": True, "serverIds": ["id-beta"]})
    account_schemas.UserStored.model_validate_json(answer.content)
    made = answer.json()["user"]
    assert (made["isLimited"], made["serverIds"]) == (True, ["id-beta"])
    path = f"{USERS}/{made['id']}"
    assert admin.patch(path, json={"serverIds": ["id-alpha", "id-beta"]}).json()["user"]["serverIds"] == ["id-alpha", "id-beta"]
    assert admin.patch(path, json={"username": "viewer2"}).json()["user"]["serverIds"] == ["id-alpha", "id-beta"]
    assert admin.patch(path, json={"isAdmin": True}).json()["user"] == made | {
        "username": "viewer2",
        "isAdmin": True,
        "isLimited": False,
        "serverIds": [],
    }


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"isAdmin": True, "isLimited": True}, "Administrators see all servers: they cannot be limited"),
        ({"serverIds": ["x"]}, "Servers are chosen for limited users only"),
        ({"isLimited": True, "serverIds": ["x"]}, "There is no server 'x'"),
        ({"isLimited": True, "serverIds": "x"}, "serverIds must be a list of ids of servers"),
        ({"isLimited": True, "serverIds": [1]}, "serverIds must be a list of ids of servers"),
        ({"isLimited": True, "serverIds": ["x\0"]}, "serverIds must be a list of ids of servers"),
        ({"isLimited": True, "serverIds": ["x"] * 2001}, "serverIds may name 2000 servers"),
        ({"isLimited": 1}, "isLimited must be true or false"),
        ({"username": "key:viewer"}, "Username must not begin with key:, as keys of programs are called"),
    ],
)
def test_a_limitation_that_cannot_be_says_why(admin: TestClient, body: dict[str, object], error: str) -> None:
    answer = admin.post(USERS, json={"username": "viewer", **body})
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert admin.get(USERS).json()["pagination"]["total"] == 1


def test_a_locked_user_is_unlocked(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    made = create(admin, username="viewer", password="Viewer2026x", requirePasswordChange=False)
    stranger = browser()
    token = {"x-csrf-token": stranger.get("/api/csrf").json()["token"]}
    for _ in range(5):
        stranger.post("/api/auth/login", json={"username": "viewer", "password": "Wrong1234"}, headers=token)
    path = f"{USERS}/{made['id']}"
    assert admin.get(path).json()["isLocked"] is True
    answer = admin.post(f"{path}/unlock")
    assert (answer.json()["isLocked"], answer.json()["lockedUntil"], answer.json()["failedLoginAttempts"]) == (False, None, 0)
    sign_in(stranger, "viewer", "Viewer2026x")
    assert admin.post(f"{USERS}/nope/unlock").status_code == 404


def test_a_key_of_a_program_administers_but_leaves_one_administrator(admin: TestClient, application: FastAPI, site: TestClient) -> None:
    me = admin.get("/api/auth/me").json()["user"]
    made = create(admin, username="viewer")
    key = {"x-api-key": make_key(application, Scope.ADMIN)}
    site.cookies.clear()
    del site.headers["x-csrf-token"]
    assert site.patch(f"{USERS}/{made['id']}", json={"isAdmin": True}, headers=key).status_code == 200
    assert site.delete(f"{USERS}/{made['id']}", headers=key).status_code == 200
    for answer in (
        site.delete(f"{USERS}/{me['id']}", headers=key),
        site.patch(f"{USERS}/{me['id']}", json={"isAdmin": False}, headers=key),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "One administrator must remain")


def test_the_last_administrator_stays(admin: TestClient) -> None:
    me = admin.get("/api/auth/me").json()["user"]
    assert admin.patch(f"{USERS}/{me['id']}", json={"isAdmin": False}).status_code == 400
    assert admin.delete(f"{USERS}/{me['id']}").status_code == 400


def test_a_removed_job_is_gone_and_written_down(admin: TestClient, application: FastAPI) -> None:
    for each in recordings("2.3.0.4"):
        admin.post("/api/upload", content=each.body, headers={"content-type": each.content_type or "application/json"})
    wanted = {"serverId": "9bd9525546194675812189f0a20f5592", "backupName": "Damaged volume"}
    assert "Damaged volume" in admin.get("/api/dashboard").text
    answer = admin.request("DELETE", DELETE_JOB, json=wanted)
    assert answer.json() == {
        "message": 'Successfully deleted 2 backup record(s) for "Damaged volume" from server "fileserver"',
        "status": 200,
        "deletedCount": 2,
        "serverName": "fileserver",
        "backupName": "Damaged volume",
    }
    assert "Damaged volume" not in admin.get("/api/dashboard").text
    assert admin.request("DELETE", DELETE_JOB, json=wanted).status_code == 404
    with application.state.context.database.read() as connection:
        rows = connection.raw.execute("SELECT username, details FROM audit WHERE action = 'backup_job_deleted'").fetchall()
    assert [(row[0], json.loads(row[1])["deletedCount"]) for row in rows] == [("admin", 2)]


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"serverId": "x"}', b'{"serverId": 1, "backupName": "x"}'])
def test_a_removal_that_names_no_job_is_the_clients_error(admin: TestClient, body: bytes) -> None:
    assert admin.request("DELETE", DELETE_JOB, content=body).status_code == 400
