"""The doors for programs with keys, address lists and trusted proxies: what is let in, what is refused, what is known of it afterwards."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from duplistatus.app import build
from duplistatus.clock import HOUR, MINUTE, SECOND, Instant
from duplistatus.security.access_policy import AccessPolicy, AddressList, as_text
from duplistatus.security.tokens import token_hash
from duplistatus.settings import Settings
from duplistatus.store import api_keys
from duplistatus.store.access_setting import save_access
from duplistatus.store.api_keys import Scope
from duplistatus.store.database import StoreUnavailable
from duplistatus.web.door_book import MOST_ADDRESSES, REFUSED_A_MINUTE, DoorBook, door_book
from duplistatus.web.doors import FRESH_FOR, TRIED_AGAIN_AFTER, doors
from duplistatus.web.keys import key_uses
from duplistatus.web.measures import Measures
from tests.web.api.reports import Made, document
from tests.web.people import make_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock
    from duplistatus.store.api_keys import ApiKey
    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context

STRANGER = "duplistatus_" + "x" * 40
WAYS = ("header", "bearer", "query")
KEYS = ("none", "wrong", "disabled", "expired", "other scope", "right")
UPLOAD, SUMMARY = "/api/upload", "/api/summary"
REFUSALS = {"report refused", "question refused"}
TAKEN = {"success": True}


def sent_by(way: str, key: str | None) -> dict[str, Any]:
    """What a request with the key adds."""
    if key is None:
        return {}
    return {
        "header": {"headers": {"x-api-key": key}},
        "bearer": {"headers": {"authorization": f"Bearer {key}"}},
        "query": {"params": {"api_key": key}},
    }[way]


def stored(application: FastAPI, key: str) -> ApiKey:
    parts: Context = application.state.context
    with parts.database.read() as connection:
        found = api_keys.find(connection, token_hash(key))
    assert found is not None
    return found


def change(application: FastAPI, work: Callable[[Connection], None]) -> None:
    application.state.context.writer.submit(work).result()


def let(application: FastAPI, policy: AccessPolicy) -> None:
    """The policy holds from now on."""
    change(application, lambda connection: save_access(connection, as_text(policy)))
    application.state.doors.changed()


def make(application: FastAPI, which: str, scope: Scope) -> str | None:
    """A key of that kind for the scope."""
    if which in {"none", "wrong"}:
        return None if which == "none" else STRANGER
    now = application.state.context.clock.now()
    other = Scope.METRICS
    key = make_key(application, other if which == "other scope" else scope, expires_at=Instant(now + HOUR))
    if which == "disabled":
        found = stored(application, key)
        change(application, lambda connection: api_keys.change(connection, replace(found, is_disabled=True)))
    if which == "expired":
        application.state.context.clock.advance(HOUR)
    return key


@pytest.fixture
def report(clock: SetClock) -> dict[str, Any]:
    return document(Made(Instant(clock.now() - HOUR)))


def ask(site: TestClient, path: str, report: dict[str, Any], **more: Any) -> Any:
    return site.post(path, json=report, **more) if path == UPLOAD else site.get(path, **more)


EXPECTED: dict[tuple[str, bool], dict[str, tuple[int, str | None]]] = {
    # of the door and whether a key is required: by kind of key the status and the code
    (UPLOAD, False): {"none": (200, None), "other scope": (200, None)},
    (UPLOAD, True): {"none": (401, "key_required"), "other scope": (403, "key_scope")},
    (SUMMARY, False): {"none": (200, None), "other scope": (403, "key_scope")},
    (SUMMARY, True): {"none": (401, "key_required"), "other scope": (403, "key_scope")},
}
ALWAYS = {"wrong": (401, "key_unknown"), "disabled": (401, "key_disabled"), "expired": (401, "key_expired"), "right": (200, None)}


@pytest.mark.parametrize("which", KEYS)
@pytest.mark.parametrize("required", [False, True], ids=["optional", "required"])
@pytest.mark.parametrize(("path", "scope"), [(UPLOAD, Scope.UPLOAD), (SUMMARY, Scope.READ)])
def test_a_door_opens_to_the_right_key_and_says_why_not_to_others(
    application: FastAPI, site: TestClient, clock: SetClock, path: str, scope: Scope, required: bool, which: str
) -> None:
    let(application, AccessPolicy(key_for_uploads=required, key_for_reading=required))
    status, code = (ALWAYS | EXPECTED[path, required])[which]
    for way in WAYS:
        key = make(application, which, scope)
        report = document(Made(Instant(clock.now() - HOUR)))
        with capture_logs() as logs:
            answer = ask(site, path, report, **sent_by(way, key))
        clock.advance(SECOND)
        body = answer.json()
        assert (answer.status_code, body.get("code")) == (status, code), way
        assert key is None or key not in answer.text + str(logs) + str(answer.headers)
        said = [(each["sender"], each["code"], each["reason"]) for each in logs if each["event"] in REFUSALS]
        if status == 200:
            assert said == []
            continue
        assert said == [("192.0.2.1", code, body["error"])]
        known = which not in {"none", "wrong"}
        assert not known or stored(application, str(key)).fingerprint in body["error"]
        assert answer.headers.get("www-authenticate") == ('Bearer realm="duplistatus"' if status == 401 else None)


@pytest.mark.parametrize("path", ["/api/upload", "/api/upload/"])
def test_refused_reports_are_counted(application: FastAPI, site: TestClient, report: dict[str, Any], path: str) -> None:
    let(application, AccessPolicy(key_for_uploads=True))
    site.post(path, json=report)
    site.post(path, json=report, headers={"x-api-key": STRANGER})
    site.post(path, json=report, headers={"x-api-key": make_key(application, Scope.UPLOAD)})
    counts: Measures = application.state.measures
    assert counts.uploads == {"key_required": 1, "key_unknown": 1, "stored": 1}


def test_the_usual_way_through_the_router_refuses_alike(data_dir: Path, clock: SetClock, report: dict[str, Any]) -> None:
    """Behind a path in front the address is not known to the fast way."""
    application = build(Settings(data_dir=data_dir, root_path="/backups"), clock)
    with TestClient(application, client=("192.0.2.1", 1)) as site:
        let(application, AccessPolicy(key_for_uploads=True))
        refused = site.post("/backups/api/upload", json=report, params={"api_key": STRANGER})
        taken = site.post("/backups/api/upload", json=report, params={"api_key": make_key(application, Scope.UPLOAD)})
        assert (refused.status_code, refused.json()["code"]) == (401, "key_unknown")
        assert taken.json() == TAKEN
        assert application.state.measures.uploads["key_unknown"] == 1


def test_a_refused_report_is_not_kept(application: FastAPI, site: TestClient, report: dict[str, Any]) -> None:
    let(application, AccessPolicy(key_for_uploads=True))
    site.post(UPLOAD, json=report)
    site.post(UPLOAD, content=b"no report at all")
    with application.state.context.database.read() as connection:
        for table in ("run", "raw_report", "rejected_report"):
            assert connection.raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0


@pytest.mark.parametrize(
    "query",
    [
        "api_key={key}",
        "API_KEY={key}",
        "Api_Key={key}",
        "%61pi_key={key}",
        "api%5Fkey={key}",
        "x=1&api_key={key}&y=2",
        "api_key=&api_key={key}",
        "api_key={key}&api_key=another",
        "api_key=%20{key}%20",
        "api_key=+{key}",
        "+api_key={key}",
    ],
)
def test_a_key_in_the_address_is_found_however_it_is_written(
    application: FastAPI, site: TestClient, report: dict[str, Any], query: str
) -> None:
    let(application, AccessPolicy(key_for_uploads=True))
    answer = site.post(f"{UPLOAD}?{query.format(key=make_key(application, Scope.UPLOAD))}", json=report)
    assert answer.json() == TAKEN


@pytest.mark.parametrize("query", ["api_key", "api_key=", "api_key=%20", "xapi_key={key}", "api_key[]={key}", "apikey={key}", "key={key}"])
def test_what_is_no_key_in_the_address_is_none(application: FastAPI, site: TestClient, report: dict[str, Any], query: str) -> None:
    let(application, AccessPolicy(key_for_uploads=True))
    answer = site.post(f"{UPLOAD}?{query.format(key=make_key(application, Scope.UPLOAD))}", json=report)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_required")


@pytest.mark.parametrize(
    "key", ["x" * 300, "x" * 60_000, "%00" * 5, "é", "%7f", "'; DROP TABLE api_key; --", "' OR 1=1", "%", "%zz", "%ff%fe"]
)
def test_nonsense_instead_of_a_key_is_refused_and_does_no_harm(site: TestClient, report: dict[str, Any], key: str) -> None:
    by_header = site.post(UPLOAD, json=report, headers=[(b"x-api-key", key.encode("latin-1"))])
    answers = [site.post(f"{UPLOAD}?api_key={key}", json=report), by_header]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert site.post(UPLOAD, json=report).json() == TAKEN


def test_the_header_goes_before_the_bearer_token_and_that_before_the_address(application: FastAPI, site: TestClient) -> None:
    good = make_key(application, Scope.READ)

    def status(header: str | None, bearer: str | None, query: str | None) -> int:
        headers = {"x-api-key": header, "authorization": f"Bearer {bearer}" if bearer else None}
        given = {name: value for name, value in headers.items() if value}
        return site.get(SUMMARY, headers=given, params={"api_key": query} if query else {}).status_code

    assert status(good, STRANGER, STRANGER) == 200
    assert status(STRANGER, good, good) == 401
    assert status(None, good, STRANGER) == 200
    assert status(None, STRANGER, good) == 401
    assert status(" ", None, good) == 200


def test_of_several_headers_the_first_counts(application: FastAPI, site: TestClient) -> None:
    good = make_key(application, Scope.READ)
    assert site.get(SUMMARY, headers=[("x-api-key", good), ("x-api-key", STRANGER)]).status_code == 200
    assert site.get(SUMMARY, headers=[("x-api-key", STRANGER), ("x-api-key", good)]).status_code == 401


@pytest.mark.parametrize("token", ["eyJhbGciOi.J9.x-y_z", "short", "has blanks in it and is long", "", "a" * 129])
def test_a_bearer_token_that_cannot_be_a_key_is_passed_over(site: TestClient, token: str) -> None:
    assert site.get(SUMMARY, headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert site.get(SUMMARY, headers={"authorization": f"Basic {'a' * 40}"}).status_code == 200


def test_the_token_that_a_proxy_adds_for_somebody_who_signed_in_is_passed_over(
    application: FastAPI, admin: TestClient, site: TestClient
) -> None:
    """It has the shape of a key, but is none of ours, and the cookie says who asks."""
    theirs = {"authorization": "Bearer gho_16C7e42F292c6912E7710c838347Ae178B4a"}
    assert admin.get("/api/jobs", headers=theirs).status_code == 200
    assert admin.get("/", headers=theirs).status_code == 200
    # What looks like one of ours must be good, whoever sends it.
    assert admin.get("/api/jobs", headers={"authorization": f"Bearer {STRANGER}"}).status_code == 401
    assert admin.get("/api/jobs", headers={"x-api-key": theirs["authorization"].removeprefix("Bearer ")}).status_code == 401


def test_the_token_of_a_proxy_leads_a_person_to_the_sign_in_and_refuses_a_program(browser: Callable[[], TestClient]) -> None:
    theirs = {"authorization": "Bearer gho_16C7e42F292c6912E7710c838347Ae178B4a"}
    assert browser().get("/", headers=theirs).headers["location"] == "/login"
    assert browser().get("/api/jobs", headers=theirs).json()["code"] == "key_unknown"


def test_a_key_in_the_address_opens_no_page(application: FastAPI, site: TestClient) -> None:
    """The address of a page is kept in histories, and passed on when a link is followed."""
    key = make_key(application, Scope.READ)
    assert site.get(f"/?api_key={key}").headers["location"] == "/login"
    assert site.get("/", headers={"x-api-key": key}).status_code == 200
    assert site.get(f"/api/jobs?api_key={key}").status_code == 200
    assert site.get(f"/metrics?api_key={make_key(application, Scope.METRICS)}").status_code == 200


@pytest.mark.parametrize("name", ["api_key", "%61pi%5Fkey", "Api_Key"])
def test_the_way_back_after_signing_in_holds_no_key(site: TestClient, name: str) -> None:
    answer = site.get(f"/detail/x?{name}={STRANGER}&tab=1")
    assert answer.headers["location"] == "/login?next=%2Fdetail%2Fx%3Ftab%3D1"
    current = f"http://dashboard.test/detail/x?{name}={STRANGER}&tab=1"
    answer = site.get("/detail/x", headers={"hx-request": "true", "hx-current-url": current})
    assert answer.headers["hx-redirect"] == "/login?next=%2Fdetail%2Fx%3Ftab%3D1"


def test_the_address_with_a_language_leads_on_without_the_key(site: TestClient) -> None:
    assert STRANGER not in site.get(f"/de/settings?api_key={STRANGER}&tab=x").headers["location"]


def test_metrics_open_to_their_key_alone(application: FastAPI, site: TestClient) -> None:
    for scope in Scope:
        status = site.get("/metrics", headers={"authorization": f"Bearer {make_key(application, scope)}"}).status_code
        assert status == (200 if scope in {Scope.METRICS, Scope.ADMIN} else 403)
    assert site.get("/metrics").status_code == 401
    assert site.get("/metrics", headers={"x-api-key": STRANGER}).status_code == 401


def test_open_metrics_need_no_key(data_dir: Path, clock: SetClock) -> None:
    with TestClient(build(Settings(data_dir=data_dir, metrics_open=True), clock)) as site:
        assert site.get("/metrics").status_code == 200


def test_a_user_who_signed_in_reads_the_summary_where_keys_are_required(application: FastAPI, admin: TestClient, browser: Any) -> None:
    let(application, AccessPolicy(key_for_reading=True, key_for_uploads=True))
    assert admin.get(SUMMARY).status_code == 200
    assert admin.get("/api/lastbackups/nobody").status_code == 404
    assert admin.post(UPLOAD, json={}).status_code == 401
    assert browser().get(SUMMARY).status_code == 401


# Uses


def test_uses_are_counted_and_written_down_once_a_minute(application: FastAPI, site: TestClient, clock: SetClock) -> None:
    key = make_key(application, Scope.READ)
    begun = clock.now()

    def use(times: int) -> None:
        for _ in range(times):
            assert site.get(SUMMARY, headers={"x-api-key": key}).status_code == 200

    def kept() -> tuple[int, int | None, str]:
        change(application, lambda _: None)
        found = stored(application, key)
        return found.uses, found.last_used_at, found.last_used_address

    assert kept() == (0, None, "")
    use(3)
    assert kept() == (1, begun, "192.0.2.1")
    clock.advance(MINUTE)
    use(1)
    assert kept() == (4, begun + MINUTE, "192.0.2.1")
    clock.advance(SECOND)
    use(2)
    application.state.key_uses.write_down()
    assert kept() == (6, begun + MINUTE + SECOND, "192.0.2.1")


def test_uses_survive_the_end_of_the_product(data_dir: Path, clock: SetClock) -> None:
    application = build(Settings(data_dir=data_dir), clock)
    with TestClient(application) as site:
        key = make_key(application, Scope.READ)
        for _ in range(5):
            site.get(SUMMARY, headers={"x-api-key": key})
    again = build(Settings(data_dir=data_dir), clock)
    with TestClient(again):
        assert stored(again, key).uses == 5


def test_a_refused_key_is_not_used(application: FastAPI, site: TestClient) -> None:
    key = make(application, "disabled", Scope.READ)
    assert key is not None
    site.get(SUMMARY, headers={"x-api-key": key})
    application.state.key_uses.write_down()
    change(application, lambda _: None)
    assert stored(application, key).uses == 0


# Addresses


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
    policy = {"admin": AddressList(), "external": AddressList()} | {side: AddressList(True, NETWORK)}
    let(application, AccessPolicy(**policy))  # type: ignore[arg-type]
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


# The policy


def test_what_another_process_entered_holds_two_seconds_later(application: FastAPI, site: TestClient, clock: SetClock) -> None:
    assert site.get(SUMMARY).status_code == 200
    change(application, lambda connection: save_access(connection, as_text(AccessPolicy(key_for_reading=True))))
    clock.advance(FRESH_FOR - 1)
    assert site.get(SUMMARY).status_code == 200
    clock.advance(1)
    assert site.get(SUMMARY).status_code == 401


def test_while_the_database_cannot_be_read_doors_stay_as_they_were(
    application: FastAPI, site: TestClient, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transient trouble opens nothing, and does not hold up each request."""
    let(application, AccessPolicy(key_for_reading=True))
    assert site.get(SUMMARY).status_code == 401
    own = application.state.doors
    tried = []

    def fail() -> None:
        tried.append(clock.now())
        raise StoreUnavailable("gone")

    monkeypatch.setattr(own, "read", fail)
    for _ in range(20):
        clock.advance(SECOND)
        assert site.get(SUMMARY).status_code == 401
    assert len(tried) == 20 * SECOND // TRIED_AGAIN_AFTER
    monkeypatch.undo()
    let(application, AccessPolicy())
    assert site.get(SUMMARY).status_code == 200


def test_the_product_does_not_start_before_it_knows_its_policy(data_dir: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreUnavailable("gone")

    application = build(Settings(data_dir=data_dir), clock)
    monkeypatch.setattr(application.state.doors, "read", fail)

    async def start() -> None:
        async with application.router.lifespan_context(application):
            raise AssertionError("it started")

    with pytest.raises(StoreUnavailable):
        asyncio.run(start())


def test_a_report_is_told_to_come_again_while_its_key_cannot_be_looked_up(
    application: FastAPI, site: TestClient, report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(application, Scope.UPLOAD)

    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(api_keys, "find", fail)
    assert site.post(UPLOAD, json=report, headers={"x-api-key": key}).status_code == 503
    assert application.state.measures.uploads == {"unavailable": 1}


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


def test_the_parts_are_those_of_the_application(application: FastAPI, site: TestClient) -> None:
    from starlette.requests import HTTPConnection

    connection = HTTPConnection({"type": "http", "app": application, "headers": []})
    assert doors(connection) is application.state.doors
    assert key_uses(connection) is application.state.key_uses
    assert door_book(connection) is door_book(connection)
