"""The doors for programs by the addresses of who comes: lists, trusted proxies, how often somebody may try, and the book of callers."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from duplistatus.app import build
from duplistatus.clock import MINUTE, Instant
from duplistatus.security.access_policy import AccessPolicy, AddressList
from duplistatus.settings import Settings
from duplistatus.store.api_keys import Scope
from duplistatus.web.door_book import MOST_ADDRESSES, REFUSED_A_MINUTE, DoorBook
from tests.web.doors import REFUSALS, STRANGER, SUMMARY, TAKEN, UPLOAD, ask, let
from tests.web.people import make_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock

HOME, AWAY = "192.168.1.7", "203.0.113.5"
NETWORK = (ipaddress.ip_network("192.168.1.0/24"),)
PROXY = "10.0.0.1"
TRUSTED = (ipaddress.ip_network(PROXY),)


@pytest.fixture
def from_(application: FastAPI, site: TestClient) -> Callable[..., TestClient]:
    """A client at an address, perhaps with the header of a proxy; the application is running."""

    def make_client(address: str, forwarded: str | None = None) -> TestClient:
        headers = {"x-forwarded-for": forwarded} if forwarded else {}
        return TestClient(application, base_url="http://dashboard.test", client=(address, 1), follow_redirects=False, headers=headers)

    return make_client


ADMIN_SIDE = ("/", "/login", "/api/csrf", "/api/jobs", "/favicon.ico", "/settings/access", "/api/openapi.json")
EXTERNAL_SIDE = (SUMMARY, "/api/lastbackup/nobody", UPLOAD)
EITHER = ("/api/ping", "/api/health", "/metrics")


def refused(client: TestClient, path: str, report: dict[str, Any]) -> bool:
    answer = ask(client, path, report)
    return answer.status_code == 403 and "not open to your address" in answer.text


@pytest.mark.parametrize("side", ["admin", "external"])
def test_each_side_has_its_list_and_probes_are_open_to_either(
    application: FastAPI, from_: Callable[..., TestClient], report: dict[str, Any], side: str
) -> None:
    listed = AddressList(True, NETWORK)
    let(application, AccessPolicy(admin=listed) if side == "admin" else AccessPolicy(external=listed))
    own, other = (ADMIN_SIDE, EXTERNAL_SIDE) if side == "admin" else (EXTERNAL_SIDE, ADMIN_SIDE)
    for path in (*own, *EITHER):
        assert refused(from_(AWAY), path, report), path
        assert not refused(from_(HOME), path, report), path
        assert not refused(from_("127.0.0.1"), path, report), path
    for path in other:
        assert not refused(from_(AWAY), path, report), path


def test_the_right_key_from_the_wrong_address_is_refused_and_the_other_way_round(
    application: FastAPI, from_: Callable[..., TestClient], report: dict[str, Any]
) -> None:
    let(application, AccessPolicy(key_for_uploads=True, external=AddressList(True, NETWORK)))
    key = {"x-api-key": make_key(application, Scope.UPLOAD)}
    assert from_(AWAY).post(UPLOAD, json=report, headers=key).json()["code"] == "address_refused"
    assert from_(HOME).post(UPLOAD, json=report).json()["code"] == "key_required"
    assert from_(HOME).post(UPLOAD, json=report, headers=key).json() == TAKEN
    assert application.state.measures.uploads["address_refused"] == 1


def test_nobody_forges_an_address_of_the_list(application: FastAPI, from_: Callable[..., TestClient], report: dict[str, Any]) -> None:
    let(application, AccessPolicy(external=AddressList(True, NETWORK), trusted_proxies=TRUSTED))
    for forged in (HOME, "127.0.0.1", "::1", f"{HOME}, {PROXY}"):
        assert refused(from_(AWAY, forged), SUMMARY, report), forged
    assert refused(from_(PROXY, f"{HOME}, {AWAY}"), SUMMARY, report)
    assert refused(from_(PROXY, "127.0.0.1"), SUMMARY, report)
    assert refused(from_(PROXY), SUMMARY, report)
    assert not refused(from_(PROXY, HOME), SUMMARY, report)
    assert not refused(from_(PROXY, f"{AWAY}, {HOME}"), SUMMARY, report)


def test_a_proxy_on_this_machine_that_is_not_trusted_opens_nothing(
    application: FastAPI, from_: Callable[..., TestClient], report: dict[str, Any]
) -> None:
    """Otherwise everybody behind it would be this machine."""
    let(application, AccessPolicy(external=AddressList(True, NETWORK)))
    for header in ("x-forwarded-for", "forwarded", "x-real-ip"):
        answer = from_("127.0.0.1").get(SUMMARY, headers={header: HOME})
        assert (answer.status_code, answer.json()["code"]) == (403, "address_refused")
        assert "trusted proxies" in answer.json()["error"]
    assert from_("127.0.0.1").get(SUMMARY).status_code == 200
    let(application, AccessPolicy(external=AddressList(True, NETWORK), trusted_proxies=(ipaddress.ip_network("127.0.0.1"),)))
    assert from_("127.0.0.1", HOME).get(SUMMARY).status_code == 200
    assert from_("127.0.0.1", AWAY).get(SUMMARY).status_code == 403


# How often


def test_who_is_refused_again_and_again_is_told_to_wait_and_the_right_key_goes_on(
    application: FastAPI, site: TestClient, report: dict[str, Any], clock: SetClock
) -> None:
    good = {"x-api-key": make_key(application, Scope.READ)}
    with capture_logs() as logs:
        answers = [site.get(SUMMARY, headers={"x-api-key": STRANGER}) for _ in range(REFUSED_A_MINUTE + 5)]
    assert [answer.status_code for answer in answers] == [401] * REFUSED_A_MINUTE + [429] * 5
    assert answers[-1].headers["retry-after"] == "60"
    assert len([each for each in logs if each["event"] in REFUSALS]) == REFUSED_A_MINUTE
    assert site.get(SUMMARY, headers=good).status_code == 200
    assert site.get(SUMMARY).status_code == 200
    # Guesses at other doors count together with these.
    assert site.get("/api/jobs", headers={"x-api-key": STRANGER}).status_code == 429
    assert site.post(UPLOAD, json=report, headers={"x-api-key": STRANGER}).status_code == 429
    assert application.state.measures.uploads == {"too_many_refused": 1}
    clock.advance(MINUTE)
    assert site.get(SUMMARY, headers={"x-api-key": STRANGER}).status_code == 401


@pytest.mark.parametrize(("path", "limit"), [("/api/ping", 60), ("/api/health", 60), (UPLOAD, 5)])
def test_a_forged_address_buys_no_further_tries(data_dir: Path, clock: SetClock, report: dict[str, Any], path: str, limit: int) -> None:
    """Neither from an untrusted peer, nor from a client of a trusted proxy, which writes the true address at the right."""
    application = build(Settings(data_dir=data_dir, upload_rate=5, trusted_proxies=TRUSTED), clock)
    with TestClient(application):
        for peer, forwarded in ((AWAY, "198.51.100.{n}"), (PROXY, "198.51.100.{n}, 203.0.113.77"), (PROXY, "127.0.0.1, 203.0.113.78")):
            client = TestClient(application, client=(peer, 1))
            found = [
                ask(client, path, report, headers={"x-forwarded-for": forwarded.format(n=number)}).status_code
                for number in range(limit + 3)
            ]
            assert found.count(429) == 3, forwarded
            assert found[-3:] == [429] * 3


def test_a_proxy_elsewhere_makes_nobody_a_program_on_this_machine(data_dir: Path, clock: SetClock) -> None:
    """Whose health checks are not limited."""
    networks = tuple(ipaddress.ip_network(each) for each in ("10.0.0.0/8", "127.0.0.1"))
    application = build(Settings(data_dir=data_dir, trusted_proxies=networks), clock)
    with TestClient(application):
        for peer, forwarded in ((PROXY, "127.0.0.1"), ("127.0.0.1", "127.0.0.1, 10.0.0.7"), ("127.0.0.1", "::1, 10.0.0.8, 10.0.0.9")):
            client = TestClient(application, client=(peer, 1), headers={"x-forwarded-for": forwarded})
            found = [client.get("/api/ping").status_code for _ in range(61)]
            assert found[-1] == 429, forwarded
        here = TestClient(application, client=("127.0.0.1", 1), headers={"x-forwarded-for": "127.0.0.1"})
        assert {here.get("/api/ping").status_code for _ in range(70)} == {200}


def test_a_proxy_on_this_machine_that_is_not_trusted_is_limited_as_one(data_dir: Path, clock: SetClock, report: dict[str, Any]) -> None:
    application = build(Settings(data_dir=data_dir, upload_rate=5), clock)
    with TestClient(application, client=("127.0.0.1", 1)) as client:
        found = [client.post(UPLOAD, json=report, headers={"x-forwarded-for": f"198.51.100.{number}"}).status_code for number in range(8)]
        assert found[-3:] == [429] * 3
        assert client.post(UPLOAD, json=report).status_code == 409


# The book of callers


def test_callers_are_remembered_by_door_and_address(application: FastAPI, from_: Callable[..., TestClient], report: dict[str, Any]) -> None:
    key = {"x-api-key": make_key(application, Scope.UPLOAD)}
    from_(HOME).post(UPLOAD, json=report, headers=key)
    from_(HOME).post(UPLOAD, json=report)
    from_(AWAY).post(UPLOAD, json=report, headers={"x-api-key": STRANGER})
    from_(AWAY).get(SUMMARY)
    book: DoorBook = application.state.door_book
    found = {
        door: {address: (calls.with_key, calls.without_key, calls.refused) for address, calls in book.callers(door).items()}
        for door in ("upload", "external")
    }
    assert found == {"upload": {AWAY: (0, 0, 1), HOME: (1, 1, 0)}, "external": {AWAY: (0, 1, 0)}}
    assert list(book.callers("upload")) == [AWAY, HOME]
    assert book.callers("upload")[AWAY].reason == "This API key is not known"


def test_the_book_has_an_end() -> None:
    book = DoorBook()
    for number in range(MOST_ADDRESSES + 50):
        book.note("upload", f"198.51.{number // 250}.{number % 250}", Instant(number), keyed=False)
        book.note("upload", HOME, Instant(number), keyed=False)
    callers = book.callers("upload")
    assert len(callers) == MOST_ADDRESSES
    assert callers[HOME].without_key == MOST_ADDRESSES + 50
    assert "198.51.0.0" not in callers
