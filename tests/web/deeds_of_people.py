"""Changes by which people and programs come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from duplistatus.clock import DAY, Instant
from tests.web.api.reports import Made, document
from tests.web.doing import MARK, PASSWORD, Step, World, by_form, by_json, found_by

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = "SELECT id FROM api_key ORDER BY id DESC LIMIT 1"
_NEW_USER = "SELECT id FROM \"user\" WHERE username LIKE 'mallory%'"


def doors() -> Iterator[Step]:
    """Keys and lists of addresses."""
    yield by_json("POST", "/api/keys", {"name": "robot", "scopes": ["read"]}, "api_key_created")
    yield Step("PATCH", "/api/keys/{key_id}", found_by(_KEY, "/api/keys/{}"), {"disabled": True}, does=("api_key_updated",))
    yield by_form("/settings/keys", lambda w: {"do": "enable", "id": str(w.one(_KEY))}, "api_key_updated")
    yield Step("DELETE", "/api/keys/{key_id}", found_by(_KEY, "/api/keys/{}"), does=("api_key_deleted",))
    yield by_json("PATCH", "/api/access", {"external": {"enabled": True, "networks": ["192.0.2.0/24"]}}, "access_updated")
    yield by_form("/settings/access", {"part": "external", "networks": "192.0.2.0/24 198.51.100.0/24", "enabled": "1"}, "access_updated")


def people() -> Iterator[Step]:
    """Users, and what goes with them."""
    new_user = {"username": "mallory", "password": PASSWORD, "isAdmin": False, "requirePasswordChange": False}
    yield by_json("POST", "/api/users", new_user, "user_created")
    user = found_by(_NEW_USER, "/api/users/{}")
    yield Step("PATCH", "/api/users/{user_id}", user, {"isAdmin": True}, does=("user_updated",))
    yield Step("POST", "/api/users/{user_id}/unlock", lambda w: user(w) + "/unlock", does=("user_unlocked",), ready=_lock)
    yield Step("DELETE", "/api/users/{user_id}/sessions", lambda w: user(w) + "/sessions", does=("sessions_ended",), ready=_enter_as_new)
    on_user = found_by(_NEW_USER, "/settings/users/{}")
    yield Step("POST", "/settings/users/{user_id}", on_user, {"do": "reset"}, True, ("user_updated", "password_reset"))
    yield Step("DELETE", "/api/users/{user_id}", user, does=("user_deleted",))
    yield by_form("/settings/users/new", {"username": "oscar", "role": "user", "password": PASSWORD}, "user_created")
    yield Step("DELETE", "/api/backups/delete-job", data={"serverId": "id-beta", "backupName": "Files"}, does=("backup_job_deleted",))


def sessions() -> list[Step]:
    """What people do with sessions and passwords of their own; keys have nothing to do with them."""
    report, newer = (document(Made(Instant(1_783_500_000_000 + number * DAY), "gamma")) for number in range(2))
    why = "a report is kept itself, with the moment and the address from which it came"
    old, again = "Correct7Horse", {"newPassword": PASSWORD}
    return [
        Step("POST", "/api/upload", data=report, why_not=why),
        Step("POST", "/api/upload/", data=newer, why_not=why),
        Step("POST", "/api/session", why_not="a session that nobody has signed in to", by_people=True),
        Step("DELETE", "/api/session", why_not="the end of a session that nobody has signed in to", by_people=True),
        Step("DELETE", "/api/sessions", does=("sessions_ended",), by_people=True, ready=_elsewhere),
        Step("DELETE", "/api/sessions/{session_id}", _other_session, does=("sessions_ended",), by_people=True, ready=_elsewhere),
        Step("POST", "/settings/sessions", data={"do": "others"}, form=True, does=("sessions_ended",), by_people=True, ready=_elsewhere),
        Step("POST", "/api/auth/change-password", data={"currentPassword": old, **again}, does=("change_password",), by_people=True),
        by_form(
            "/change-password", {"current": PASSWORD, "new": f"{PASSWORD}2", "again": f"{PASSWORD}2"}, "change_password", by_people=True
        ),
        Step("POST", "/api/auth/logout", does=("logout",), by_people=True),
        Step(
            "POST", "/api/auth/login", data={"username": "admin", "password": f"{PASSWORD}2"}, does=("login",), by_people=True, ready=_token
        ),
        Step(
            "POST",
            "/login",
            data=lambda w: {"username": "admin", "password": f"{PASSWORD}2", "csrf_token": w.client.headers["x-csrf-token"]},
            form=True,
            does=("login",),
            by_people=True,
            ready=_out_and_token,
        ),
    ]


def _lock(world: World) -> None:
    """Wrong passwords for the new user."""
    for _ in range(5):
        world.answers["stranger"].post("/api/auth/login", json={"username": "mallory", "password": f"wrong {MARK}"})


def _enter_as_new(world: World) -> None:
    """The new user has signed in."""
    stranger = world.answers["stranger"]
    assert stranger.post("/api/auth/login", json={"username": "mallory", "password": PASSWORD}).status_code == 200


def _elsewhere(world: World) -> None:
    """The administrator is signed in from another browser, too."""
    other = world.answers["other"]
    other.cookies.clear()
    other.headers["x-csrf-token"] = other.get("/api/csrf").json()["token"]
    assert other.post("/api/auth/login", json={"username": "admin", "password": "Correct7Horse"}).status_code == 200


def _other_session(world: World) -> str:
    listed = world.client.get("/api/sessions").json()["items"]
    return "/api/sessions/" + next(str(each["id"]) for each in listed if not each["current"])


def _token(world: World) -> None:
    world.client.headers["x-csrf-token"] = world.client.get("/api/csrf").json()["token"]


def _out_and_token(world: World) -> None:
    world.client.post("/api/auth/logout")
    _token(world)
