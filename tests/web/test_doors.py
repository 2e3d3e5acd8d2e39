"""The doors for programs with keys: what is let in, what is refused, what is known of it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from duplistatus.app import build
from duplistatus.clock import HOUR, MINUTE, SECOND, Instant
from duplistatus.security.access_policy import AccessPolicy
from duplistatus.settings import Settings
from duplistatus.store.api_keys import Scope
from duplistatus.web.measures import Measures
from tests.web.api.reports import Made, document
from tests.web.doors import REFUSALS, STRANGER, SUMMARY, TAKEN, UPLOAD, ask, change, let, make, sent_by, stored
from tests.web.people import make_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock

WAYS = ("header", "bearer", "query")
KEYS = ("none", "wrong", "disabled", "expired", "other scope", "right")
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
