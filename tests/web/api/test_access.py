"""The ways in by the interface for programs: switches, lists, proxies, what the environment decides; nobody shuts themselves out."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.clock import HOUR, Instant, iso
from duplistatus.settings import Settings
from duplistatus.store.api_keys import Scope
from duplistatus.web.api.access_schemas import AccessPolicy
from tests.web.api.reports import Made, send
from tests.web.conftest import ADMIN_PASSWORD, sign_in
from tests.web.people import make_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock

ACCESS = "/api/access"
OWN, PROXY = "192.0.2.1", "10.0.0.1"


def from_elsewhere(application: FastAPI, admin: TestClient, address: str) -> TestClient:
    """The same session from another address."""
    headers = {"x-csrf-token": admin.headers["x-csrf-token"]}
    return TestClient(application, client=(address, 1), headers=headers, cookies=admin.cookies, base_url="http://dashboard.test")


def refused(admin: TestClient, words: dict[str, Any], **more: Any) -> tuple[int, str, str]:
    """Status, code and sentence."""
    before = admin.get(ACCESS).json()
    answer = admin.patch(ACCESS, json=words, **more)
    after = admin.get(ACCESS).json()
    assert {name: after[name] for name in ("admin", "external", "trusted_proxies")} == {
        name: before[name] for name in ("admin", "external", "trusted_proxies")
    }
    body = answer.json()
    return answer.status_code, body.get("code", ""), body.get("error", "")


def test_at_first_everything_is_open(admin: TestClient) -> None:
    found = admin.get(ACCESS).json()
    AccessPolicy.model_validate(found)
    assert found == {
        "uploads_need_key": False,
        "reading_needs_key": False,
        "admin": {"enabled": False, "networks": []},
        "external": {"enabled": False, "networks": []},
        "trusted_proxies": [],
        "set_by": {},
        "keys": {"upload": 0, "read": 0, "metrics": 0, "admin": 0},
        "you": {"address": OWN, "passed_on": False, "untrusted_proxy": None},
        "callers": [],
    }


def test_what_is_named_changes_and_holds_at_once(admin: TestClient, browser: Callable[[], TestClient]) -> None:
    found = admin.patch(ACCESS, json={"reading_needs_key": True}).json()
    assert (found["reading_needs_key"], found["uploads_need_key"]) == (True, False)
    assert browser().get("/api/summary").json()["code"] == "key_required"
    found = admin.patch(ACCESS, json={"external": {"networks": ["198.51.100.7", "198.51.100.0/24"]}}).json()
    assert found["external"] == {"enabled": False, "networks": ["198.51.100.7/32", "198.51.100.0/24"]}
    found = admin.patch(ACCESS, json={"external": {"enabled": True}}).json()
    assert found["external"]["networks"] == ["198.51.100.7/32", "198.51.100.0/24"]
    assert found["reading_needs_key"]
    assert browser().get("/api/summary").json()["code"] == "address_refused"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"external": {"networks": ["10.0.0.1", "10.0.0.300"]}}, "'10.0.0.300' is no address or network"),
        ({"trusted_proxies": ["nginx"]}, "'nginx' is no address or network"),
        ({"trusted_proxies": "10.0.0.1"}, "trusted_proxies must be a list"),
        ({"trusted_proxies": None}, "trusted_proxies must be a list"),
        ({"admin": {"networks": [5]}}, "admin.networks must be a list"),
        ({"admin": {"networks": ["x" * 101]}}, "admin.networks must be a list"),
        ({"admin": ["10.0.0.1"]}, "admin must be an object"),
        ({"admin": {"on": True}}, "'on' means nothing here"),
        ({"external": {"enabled": "yes"}}, "enabled must be true or false"),
        ({"uploads_need_key": 1}, "uploads_need_key must be true or false"),
        ({"allow": []}, "'allow' means nothing here"),
        ({"external": {"networks": [f"10.0.{number}.0/24" for number in range(201)]}}, "201 networks are too many"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(admin: TestClient, words: dict[str, Any], sentence: str) -> None:
    status, code, error = refused(admin, words)
    assert (status, code) == (400, "bad_access")
    assert sentence in error


# Shutting oneself out


def test_a_list_without_the_own_address_is_refused_with_that_address(admin: TestClient) -> None:
    answer = admin.patch(ACCESS, json={"admin": {"enabled": True, "networks": ["198.51.100.0/24"]}})
    assert (answer.status_code, answer.json()["code"]) == (400, "would_lock_out")
    assert answer.json()["details"] == {"address": OWN}
    assert OWN in answer.json()["error"]
    assert admin.patch(ACCESS, json={"admin": {"enabled": True, "networks": ["198.51.100.0/24", OWN]}}).status_code == 200
    assert refused(admin, {"admin": {"networks": ["198.51.100.0/24"]}})[1] == "would_lock_out"
    assert refused(admin, {"admin": {"networks": []}})[1] == "would_lock_out"
    assert admin.patch(ACCESS, json={"admin": {"enabled": False, "networks": []}}).status_code == 200


def test_a_list_that_is_off_may_hold_anything_and_is_looked_at_when_it_is_switched_on(admin: TestClient) -> None:
    assert admin.patch(ACCESS, json={"admin": {"networks": ["198.51.100.0/24"]}}).status_code == 200
    assert refused(admin, {"admin": {"enabled": True}})[1] == "would_lock_out"


def test_this_machine_may_enable_any_list(application: FastAPI, admin: TestClient) -> None:
    here = from_elsewhere(application, admin, "127.0.0.1")
    assert here.patch(ACCESS, json={"admin": {"enabled": True, "networks": []}}).status_code == 200
    assert admin.get(ACCESS).json()["code"] == "address_refused"


def test_the_own_address_is_seen_through_the_proxies_that_will_be_trusted(application: FastAPI, admin: TestClient) -> None:
    """The same request makes both: who is behind the proxy is known from then on."""
    networks = ["203.0.113.9"]
    through = from_elsewhere(application, admin, PROXY)
    through.headers["x-forwarded-for"] = "203.0.113.9"
    assert through.get(ACCESS).json()["you"] == {"address": PROXY, "passed_on": False, "untrusted_proxy": PROXY}
    assert refused(through, {"admin": {"enabled": True, "networks": networks}})[1] == "would_lock_out"
    found = through.patch(ACCESS, json={"admin": {"enabled": True, "networks": networks}, "trusted_proxies": [PROXY]})
    assert found.status_code == 200
    assert found.json()["you"] == {"address": "203.0.113.9", "passed_on": False, "untrusted_proxy": None}
    # Without the proxy the own address would be its.
    status, code, sentence = refused(through, {"trusted_proxies": []})
    assert (status, code) == (400, "would_lock_out")
    assert PROXY in sentence
    # Nor does trusting everybody turn a forged address into a way in or out.
    assert through.get(ACCESS, headers={"x-forwarded-for": "203.0.113.9, 198.51.100.1"}).status_code == 403


def test_behind_a_proxy_on_this_machine_the_proxy_must_be_trusted_first(application: FastAPI, admin: TestClient) -> None:
    through = from_elsewhere(application, admin, "127.0.0.1")
    through.headers["x-forwarded-for"] = "203.0.113.9"
    assert through.get(ACCESS).json()["you"] == {"address": "127.0.0.1", "passed_on": True, "untrusted_proxy": "127.0.0.1"}
    answer = through.patch(ACCESS, json={"admin": {"enabled": True, "networks": ["203.0.113.9"]}})
    assert (answer.json()["code"], answer.json()["details"]) == ("would_lock_out", {"proxy": "127.0.0.1"})
    words = {"admin": {"enabled": True, "networks": ["203.0.113.9"]}, "trusted_proxies": ["127.0.0.1"]}
    assert through.patch(ACCESS, json=words).status_code == 200


def test_other_changes_are_not_held_up_by_a_list(application: FastAPI, admin: TestClient) -> None:
    """Somebody on this machine whose list names nobody."""
    here = from_elsewhere(application, admin, "127.0.0.1")
    here.patch(ACCESS, json={"admin": {"enabled": True}})
    assert here.patch(ACCESS, json={"reading_needs_key": True, "external": {"enabled": True}}).status_code == 200


# The environment


@pytest.fixture
def decided(data_dir: Path, clock: SetClock) -> Settings:
    network = (ipaddress.ip_network("192.0.2.0/24"),)
    return Settings(
        data_dir=data_dir, admin_password=ADMIN_PASSWORD, trusted_proxies=network, admin_allowlist=network, external_allowlist_enabled=False
    )


def test_what_the_environment_decides_is_said_and_stays(decided: Settings, clock: SetClock) -> None:
    application = build(decided, clock)
    with TestClient(application, base_url="http://dashboard.test", client=("127.0.0.1", 1)) as site:
        admin = sign_in(site, "admin", ADMIN_PASSWORD)
        found = admin.get(ACCESS).json()
        assert found["set_by"] == {
            "trusted_proxies": "IP_TRUSTED_PROXIES",
            "admin.networks": "ADMIN_IP_ALLOWLIST",
            "admin.enabled": "ADMIN_IP_ALLOWLIST",
            "external.enabled": "EXTERNAL_API_IP_ALLOWLIST_ENABLED",
        }
        assert found["admin"] == {"enabled": True, "networks": ["192.0.2.0/24"]}
        for words, variable in (
            ({"trusted_proxies": []}, "IP_TRUSTED_PROXIES"),
            ({"admin": {"enabled": False}}, "ADMIN_IP_ALLOWLIST"),
            ({"admin": {"networks": ["10.0.0.1"]}}, "ADMIN_IP_ALLOWLIST"),
            ({"external": {"enabled": True}}, "EXTERNAL_API_IP_ALLOWLIST_ENABLED"),
        ):
            status, code, sentence = refused(admin, words)
            assert (status, code) == (409, "set_by_environment")
            assert variable in sentence
        # What was read may be sent back, with another field changed.
        same = {name: found[name] for name in ("admin", "external", "trusted_proxies", "uploads_need_key")}
        words = {**same, "external": {"enabled": False, "networks": ["10.0.0.1"]}, "reading_needs_key": True}
        answer = admin.patch(ACCESS, json=words)
        assert (answer.status_code, answer.json()["external"]["networks"]) == (200, ["10.0.0.1/32"])


def test_what_the_environment_decides_is_not_stored(decided: Settings, data_dir: Path, clock: SetClock) -> None:
    """Without the variable what was entered before holds again."""
    with TestClient(build(decided, clock), base_url="http://dashboard.test") as site:
        admin = TestClient(site.app, base_url="http://dashboard.test", client=("192.0.2.5", 1))
        sign_in(admin, "admin", ADMIN_PASSWORD).patch(ACCESS, json={"reading_needs_key": True})
    with TestClient(build(Settings(data_dir=data_dir), clock), base_url="http://dashboard.test", client=(OWN, 1)) as site:
        found = sign_in(site, "admin", ADMIN_PASSWORD).get(ACCESS).json()
        assert found["reading_needs_key"]
        assert (found["admin"], found["trusted_proxies"], found["set_by"]) == ({"enabled": False, "networks": []}, [], {})


def test_the_environment_lets_somebody_in_who_is_shut_out(application: FastAPI, admin: TestClient, data_dir: Path, clock: SetClock) -> None:
    admin.patch(ACCESS, json={"admin": {"enabled": True, "networks": [OWN]}})
    again = build(Settings(data_dir=data_dir, admin_allowlist_enabled=False), clock)
    with TestClient(again, client=("203.0.113.5", 1)) as elsewhere:
        assert elsewhere.get("/login").status_code == 200
    other = TestClient(application, client=("203.0.113.5", 1))
    assert other.get("/login").status_code == 403


# What there is to know


def test_callers_are_told_with_their_servers(
    application: FastAPI, admin: TestClient, browser: Callable[[], TestClient], clock: SetClock
) -> None:
    send(browser(), Made(Instant(clock.now() - HOUR), server="nas"), Made(Instant(clock.now() - HOUR), server="mail"))
    elsewhere = TestClient(application, client=("203.0.113.5", 1))
    elsewhere.get("/api/summary", headers={"x-api-key": make_key(application, Scope.READ)})
    elsewhere.post("/api/upload", json={}, headers={"x-api-key": "nonsense"})
    admin.patch(ACCESS, json={"external": {"networks": [OWN]}})
    found = admin.get(ACCESS).json()
    AccessPolicy.model_validate(found)
    callers = {(each["door"], each["address"]): each for each in found["callers"]}
    assert callers["upload", OWN] == {
        "door": "upload",
        "address": OWN,
        "last_at": iso(clock.now()),
        "with_key": 0,
        "without_key": 2,
        "refused": 0,
        "reason": "",
        "servers": ["mail", "nas"],
        "admitted": True,
    }
    assert (callers["external", "203.0.113.5"]["with_key"], callers["external", "203.0.113.5"]["admitted"]) == (1, False)
    assert (callers["upload", "203.0.113.5"]["refused"], callers["upload", "203.0.113.5"]["reason"]) == (1, "This API key is not known")
    assert found["keys"] == {"upload": 0, "read": 1, "metrics": 0, "admin": 0}


def test_after_a_restart_stored_reports_tell_who_called(
    admin: TestClient, browser: Callable[[], TestClient], data_dir: Path, clock: SetClock
) -> None:
    send(browser(), Made(Instant(clock.now() - HOUR), server="nas"))
    browser().post("/api/upload", content=b"no report")
    again = build(Settings(data_dir=data_dir), clock)
    with TestClient(again, client=("203.0.113.5", 1), base_url="http://dashboard.test") as site:
        callers = sign_in(site, "admin", ADMIN_PASSWORD).get(ACCESS).json()["callers"]
    assert [(each["address"], each["with_key"], each["servers"]) for each in callers] == [(OWN, None, ["nas"])]


def test_a_change_is_in_the_audit_log_and_one_that_changes_nothing_is_not(admin: TestClient, audited: Any) -> None:
    admin.patch(ACCESS, json={"uploads_need_key": True, "external": {"enabled": True, "networks": ["10.0.0.1"]}})
    admin.patch(ACCESS, json={"uploads_need_key": True, "external": {"networks": ["10.0.0.1/32"]}})
    before = {"uploads_need_key": False, "external_enabled": False, "external_networks": []}
    after = {"uploads_need_key": True, "external_enabled": True, "external_networks": ["10.0.0.1/32"]}
    assert audited("access_updated") == [{"before": before, "after": after}]
