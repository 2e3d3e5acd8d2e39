"""API keys by the interface for programs: made, looked at, changed and deleted; the key itself is told once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, Instant, iso
from duplistatus.security.tokens import token_hash
from duplistatus.store.api_keys import Scope
from duplistatus.web.api.access_schemas import ApiKey, ApiKeyList, NewApiKey
from duplistatus.web.key_desk import MOST_KEYS
from tests.web.people import make_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

SUMMARY = "/api/summary"


def add(admin: TestClient, **words: Any) -> dict[str, Any]:
    answer = admin.post("/api/keys", json={"name": "nas", "scopes": ["upload"], **words})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_key_is_told_once_with_the_address_for_duplicati(admin: TestClient, clock: SetClock) -> None:
    made = add(admin, name=" the  NAS ", scopes=["read", "upload"], expires_at=iso(Instant(clock.now() + 400 * DAY)))
    NewApiKey.model_validate(made)
    assert made["key"].startswith("duplistatus_")
    assert made["upload_url"] == f"http://dashboard.test/api/upload?api_key={made['key']}"
    assert made["fingerprint"] == token_hash(made["key"])[:12]
    assert (made["name"], made["scopes"], made["state"], made["created_by"]) == ("the NAS", ["upload", "read"], "active", "admin")
    listed = admin.get("/api/keys")
    ApiKeyList.model_validate(listed.json())
    assert made["key"] not in listed.text
    assert made["key"] not in admin.get(f"/api/keys/{made['id']}").text
    assert listed.json()["items"] == [{name: value for name, value in made.items() if name not in {"key", "upload_url"}}]


def test_the_upload_address_is_the_public_one_where_somebody_said_it(admin: TestClient) -> None:
    admin.put("/api/public-url", json={"url": "https://backups.example.org/dash"})
    assert add(admin)["upload_url"].startswith("https://backups.example.org/dash/api/upload?api_key=duplistatus_")


def test_a_key_works_until_it_is_disabled_expired_or_deleted(admin: TestClient, browser: Callable[[], TestClient], clock: SetClock) -> None:
    made = add(admin, scopes=["read"], expires_at=iso(Instant(clock.now() + HOUR)))
    program = browser()
    program.headers["x-api-key"] = made["key"]
    address = f"/api/keys/{made['id']}"

    def outcome() -> str:
        answer = program.get(SUMMARY)
        return "works" if answer.status_code == 200 else str(answer.json()["code"])

    assert (outcome(), made["state"]) == ("works", "expires_soon")
    assert admin.patch(address, json={"disabled": True}).json()["state"] == "disabled"
    assert outcome() == "key_disabled"
    assert admin.patch(address, json={"disabled": False}).json()["state"] == "expires_soon"
    assert outcome() == "works"
    clock.advance(HOUR)
    assert outcome() == "key_expired"
    assert admin.get(address).json()["state"] == "expired"
    assert admin.patch(address, json={"expires_at": None}).json()["state"] == "active"
    assert outcome() == "works"
    assert admin.patch(address, json={"scopes": ["metrics"]}).json()["scopes"] == ["metrics"]
    assert outcome() == "key_scope"
    assert admin.delete(address).json()["name"] == "nas"
    assert outcome() == "key_unknown"
    assert admin.get(address).status_code == 404


def test_uses_are_told_up_to_now(admin: TestClient, browser: Callable[[], TestClient], clock: SetClock) -> None:
    made = add(admin, scopes=["read"])
    for _ in range(7):
        browser().get(SUMMARY, headers={"x-api-key": made["key"]})
    found = admin.get(f"/api/keys/{made['id']}").json()
    ApiKey.model_validate(found)
    assert (found["uses"], found["last_used_at"], found["last_used_address"]) == (7, iso(clock.now()), "192.0.2.1")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"name": ""}, "a key needs a name"),
        ({"name": None}, "a key needs a name"),
        ({"name": "x" * 101}, "100 characters"),
        ({"name": "a\u202eb"}, "cannot be seen"),
        ({"scopes": []}, "one or several"),
        ({"scopes": "upload"}, "one or several"),
        ({"scopes": ["upload", "root"]}, "'root' is no scope"),
        ({"expires_at": "tomorrow"}, "expires_at must be a time"),
        ({"expires_at": "2026-11-21T22:00:00"}, "expires_at must be a time"),
        ({"expires_at": 5}, "expires_at must be a time"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "in the future"),
        ({"expiry": "2100-01-01T00:00:00Z"}, "'expiry' means nothing here"),
        ({"key": "duplistatus_mine"}, "'key' means nothing here"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(admin: TestClient, words: dict[str, Any], sentence: str) -> None:
    answer = admin.post("/api/keys", json={"name": "nas", "scopes": ["upload"], **words})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_key")
    assert sentence in answer.json()["error"]
    assert admin.get("/api/keys").json()["items"] == []


def test_a_change_that_makes_no_sense_changes_nothing(admin: TestClient) -> None:
    made = add(admin)
    wrong: list[dict[str, Any]] = [{"disabled": "yes"}, {"scopes": []}, {"name": " "}, {"uses": 0}, {"expires_at": "2001-01-01T00:00:00Z"}]
    for words in wrong:
        assert admin.patch(f"/api/keys/{made['id']}", json={"name": "other", **words}).status_code == 400
    assert admin.get(f"/api/keys/{made['id']}").json()["name"] == "nas"


def test_what_is_not_there_is_not_found(admin: TestClient) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        answer = admin.request(method, "/api/keys/77", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "key_not_found")
    assert admin.get("/api/keys/x").status_code == 400


def test_there_is_an_end_to_keys(application: FastAPI, admin: TestClient) -> None:
    for _ in range(MOST_KEYS):
        make_key(application, Scope.READ)
    answer = admin.post("/api/keys", json={"name": "one more", "scopes": ["read"]})
    assert (answer.status_code, answer.json()["error"]) == (400, "there are 200 keys at most; delete some that nobody uses")


def test_each_change_is_in_the_audit_log_without_the_key(application: FastAPI, admin: TestClient, clock: SetClock, audited: Any) -> None:
    expires_at = iso(Instant(clock.now() + DAY))
    made = add(admin)
    address = f"/api/keys/{made['id']}"
    admin.patch(address, json={"scopes": ["read", "upload"], "expires_at": expires_at, "disabled": True, "name": "nas"})
    admin.patch(address, json={"name": "nas"})
    admin.delete(address)
    named = {"name": "nas", "fingerprint": made["fingerprint"]}
    first = {"name": "nas", "scopes": ["upload"], "expires_at": None, "disabled": False}
    last = {"scopes": ["upload", "read"], "expires_at": expires_at, "disabled": True}
    assert audited("api_key_created") == [{**named, "after": first}]
    assert audited("api_key_updated") == [{**named, "before": {name: first[name] for name in last}, "after": last}]
    assert audited("api_key_deleted") == [{**named, "before": {"name": "nas", **last}}]
    with application.state.context.database.read() as connection:
        everything = json.dumps([list(map(str, row)) for row in connection.raw.execute("SELECT * FROM audit")])
    assert made["key"] not in everything
    assert made["key"].removeprefix("duplistatus_") not in everything


def test_a_key_may_administer_keys_but_not_itself_and_is_named(
    application: FastAPI, site: TestClient, clock: SetClock, audited: Any
) -> None:
    site.headers["x-api-key"] = make_key(application, Scope.ADMIN, expires_at=Instant(clock.now() + HOUR))
    own = site.get("/api/keys").json()["items"][0]
    for words in ({"expires_at": None}, {"scopes": ["admin", "read"]}, {"name": "x"}, {}):
        answer = site.patch(f"/api/keys/{own['id']}", json=words)
        assert (answer.status_code, answer.json()["code"]) == (403, "own_key")
    made = add(site, scopes=["admin"])
    assert made["created_by"] == "key:some key"
    assert len(audited("api_key_created")) == 1
    with application.state.context.database.read() as connection:
        actors = connection.raw.execute("SELECT user_id, username FROM audit WHERE action = 'api_key_created'").fetchall()
    assert actors == [(f"key:{own['id']}", "key:some key")]
    # Giving oneself up is no gain.
    assert site.delete(f"/api/keys/{own['id']}").status_code == 200
    assert site.get("/api/keys").status_code == 401


@pytest.mark.parametrize("scope", [Scope.UPLOAD, Scope.READ, Scope.METRICS])
def test_no_other_key_reaches_keys(application: FastAPI, site: TestClient, scope: Scope) -> None:
    site.headers["x-api-key"] = make_key(application, scope)
    assert site.get("/api/keys").json()["code"] == "key_scope"
    assert site.post("/api/keys", json={"name": "x", "scopes": ["admin"]}).status_code == 403
    assert site.patch("/api/access", json={"reading_needs_key": False}).status_code == 403
    assert site.get("/settings/keys").status_code == 403
