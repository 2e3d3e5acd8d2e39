"""The audit log over the API: as 1.4.2 answers it, each user what they may see, and files that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.store import audit, audit_log
from duplistatus.store.accounts import User
from duplistatus.store.audit import Entry
from duplistatus.store.audit_log import Sought
from duplistatus.store.ids import UserId
from duplistatus.web import audit_export
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context

URL = "/api/audit-log"
FIELDS = [
    "id",
    "timestamp",
    "userId",
    "username",
    "action",
    "category",
    "targetType",
    "targetId",
    "details",
    "ipAddress",
    "userAgent",
    "status",
    "errorMessage",
]
HEAD = "ID,Timestamp,User ID,Username,Action,Category,Target Type,Target ID,Status,IP Address,User Agent,Details,Error Message"


def write(application: FastAPI, *entries: Entry) -> None:
    parts: Context = application.state.context

    def work(connection: Connection) -> None:
        for entry in entries:
            audit.record(connection, entry)

    parts.writer.submit(work).result()


def tags(application: FastAPI, clock: SetClock, count: int, by: str = "ann") -> None:
    """So many entries, the newest last."""
    user = User(UserId(f"id-{by}"), by, False, False)
    write(application, *(Entry(Instant(clock.now() - n * HOUR), "tag_created", "config", user, "", "tag", f"T{n}") for n in range(count)))


def actions(client: TestClient, query: str) -> list[str]:
    return [entry["action"] for entry in client.get(f"{URL}?{query}").json()["logs"]]


def test_an_entry_is_answered_as_1_4_2_does(admin: TestClient) -> None:
    answer = admin.get(URL)
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    entry = body["logs"][0]
    assert list(entry) == FIELDS
    assert entry | {"id": 0, "userId": ""} == {
        "id": 0,
        "timestamp": "2026-07-10 12:00:00",
        "userId": "",
        "username": "admin",
        "action": "login",
        "category": "auth",
        "targetType": None,
        "targetId": None,
        "details": {"is_admin": True, "must_change_password": False},
        "ipAddress": "192.0.2.1",
        "userAgent": "testclient",
        "status": "success",
        "errorMessage": None,
    }
    total = len(body["logs"])
    assert body["pagination"] == {"page": 1, "limit": 50, "total": total, "totalPages": 1}


@pytest.mark.parametrize(
    ("query", "first", "count", "pagination"),
    [
        ("limit=5", 0, 5, {"page": 1, "limit": 5, "totalPages": 25}),
        ("page=1&limit=3", 0, 3, {"page": 1, "limit": 3, "totalPages": 41}),
        ("page=2&limit=3", 3, 3, {"page": 2, "limit": 3, "totalPages": 41}),
        ("offset=2&limit=3", 2, 3, {"page": 1, "limit": 3, "totalPages": 41}),
        ("page=0&limit=2", 0, 2, {"page": 0, "limit": 2, "totalPages": 61}),
        ("page=-7&limit=2", 0, 2, {"page": -7, "limit": 2, "totalPages": 61}),
        ("limit=0", 0, 50, {"page": 1, "limit": 0, "totalPages": None}),
        ("limit=-1", 0, 50, {"page": 1, "limit": -1, "totalPages": None}),
        ("limit=abc", 0, 50, {"page": 1, "limit": None, "totalPages": None}),
        ("limit=3x&page=x", 0, 3, {"page": None, "limit": 3, "totalPages": 41}),
        ("limit=99999999", 0, 122, {"page": 1, "limit": 1000, "totalPages": 1}),
        ("offset=120", 120, 2, {"page": 1, "limit": 50, "totalPages": 3}),
        ("offset=122", 122, 0, {"page": 1, "limit": 50, "totalPages": 3}),
        ("offset=9999999999999999", 0, 0, {"page": 1, "limit": 50, "totalPages": 3}),
    ],
)
def test_pages_are_those_of_1_4_2_also_for_odd_numbers(
    admin: TestClient, application: FastAPI, clock: SetClock, query: str, first: int, count: int, pagination: dict[str, Any]
) -> None:
    tags(application, clock, 122)
    body = admin.get(f"{URL}?action=tag_created&{query}").json()
    assert [entry["targetId"] for entry in body["logs"]] == [f"T{number}" for number in range(first, first + count)]
    assert body["pagination"] == pagination | {"total": 122}


def test_a_cursor_leads_through_all_of_it_without_counting(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    tags(application, clock, 25)
    seen = []
    assert "pagination" not in admin.get(f"{URL}?q=T").json(), "words are not counted"
    body = admin.get(f"{URL}?limit=10&q=T&action=tag_created").json()
    while True:
        seen += [entry["targetId"] for entry in body["logs"] if entry["targetId"]]
        if body["next_cursor"] is None:
            break
        body = admin.get(f"{URL}?limit=10&q=T&action=tag_created&cursor={body['next_cursor']}").json()
        assert "pagination" not in body
    assert seen == [f"T{number}" for number in range(25)]
    assert admin.get(f"{URL}?cursor=x").status_code == 400


def test_filters_find_what_they_name(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    tags(application, clock, 3)
    write(application, Entry(clock.now(), "task_run", "system", username="system", status="error", error="no disk"))
    assert set(actions(admin, "category=auth")) == {"login"}
    assert set(actions(admin, "username=ann")) == {"tag_created"}
    assert actions(admin, "status=error") == ["task_run"]
    assert actions(admin, "action=tag_created&username=ann&category=config&status=success") == ["tag_created"] * 3
    assert actions(admin, "category=nope") == []
    assert actions(admin, "q=t1") == ["tag_created"]
    assert actions(admin, "startDate=2999-01-01T00:00:00Z") == []
    assert actions(admin, "startDate=2026-07-10T11:00:00Z&endDate=2026-07-10T13:00:00%2B01:00&action=tag_created") == ["tag_created"] * 2
    assert len(actions(admin, "startDate=2026-07-10&endDate=2026-07-10&username=ann")) == 3
    assert actions(admin, "endDate=2026-07-09&username=ann") == []
    assert admin.get(f"{URL}/filters").json() == {
        "actions": ["login", "tag_created", "task_run", "user_created"],
        "categories": ["auth", "config", "system", "user"],
        "statuses": ["error", "success"],
    }


@pytest.mark.parametrize("query", ["startDate=yesterday", "endDate=2026-02-30"])
def test_a_date_that_is_none_is_refused(admin: TestClient, query: str) -> None:
    for path in (URL, f"{URL}/download"):
        answer = admin.get(f"{path}?{query}")
        assert (answer.status_code, "must be a date" in answer.json()["error"]) == (400, True)


def test_the_csv_is_that_of_1_4_2(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    user = User(UserId("u1"), "ann", False, False)
    write(
        application, Entry(clock.now(), "change_password", "auth", user, details={"was_forced": False}, address="::1", user_agent="curl/8")
    )
    answer = admin.get(f"{URL}/download?format=xml&action=change_password")
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-log-2026-07-10.csv"'
    number = admin.get(f"{URL}?action=change_password").json()["logs"][0]["id"]
    line = f'{number},2026-07-10 12:00:00,u1,ann,change_password,auth,,,success,::1,curl/8,"{{""was_forced"":false}}",'
    assert answer.text == f"{HEAD}\n{line}"


def test_the_json_is_a_list_of_the_same_entries(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    tags(application, clock, 3)
    answer = admin.get(f"{URL}/download?format=json&username=ann")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-log-2026-07-10.json"'
    assert answer.json() == admin.get(f"{URL}?username=ann").json()["logs"]


def test_nothing_found_is_an_empty_list_and_no_csv(admin: TestClient) -> None:
    refused = admin.get(f"{URL}/download?action=nothing")
    assert (refused.status_code, refused.json()["error"]) == (400, "No logs to export")
    assert admin.get(f"{URL}/download?format=json&action=nothing").json() == []


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "＝"])
def test_no_text_in_the_csv_is_a_formula(admin: TestClient, application: FastAPI, clock: SetClock, begin: str) -> None:
    evil = f"{begin}cmd|' /C calc'!A0,\"\n{begin}1"
    entry = Entry(clock.now(), "tag_created", "config", None, evil, "tag", evil, {evil: evil}, evil, evil, "error", evil)
    write(application, entry)
    (row,) = csv.DictReader(io.StringIO(admin.get(f"{URL}/download?action=tag_created").text))
    shown = evil.replace("\n", "�")
    for name in ("Username", "Target ID", "IP Address", "User Agent", "Error Message"):
        assert row[name] == f"'{shown}"
    assert json.loads(row["Details"]) == {shown: shown}


def test_a_download_is_made_in_pieces(admin: TestClient, application: FastAPI, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    tags(application, clock, 120)
    whole = admin.get(f"{URL}/download?username=ann").text
    few = admin.get(f"{URL}/download?q=T1").text
    monkeypatch.setattr(audit_export, "PIECE", 7)
    monkeypatch.setattr(audit_log, "REACH", 5)
    assert admin.get(f"{URL}/download?q=T1").text == few, "also where what is found lies far apart"
    assert admin.get(f"{URL}/download?username=ann").text == whole
    assert len(whole.split("\n")) == 121
    assert len(admin.get(f"{URL}/download?username=ann&format=json").json()) == 120


def test_a_long_log_takes_little_memory_to_write(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    parts: Context = application.state.context
    entry = Entry(clock.now(), "tag_created", "config", details={"text": "x" * 400})

    def work(connection: Connection) -> None:
        connection.run_many(audit._INSERT, [audit._row(entry)] * 20_000)

    parts.writer.submit(work).result()
    found = audit_export.csv_text(audit_export.pieces(parts.database, Sought(action="tag_created")))
    tracemalloc.start()
    size = sum(len(piece) for piece in found)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 9_000_000
    assert peak < 3_000_000


def test_a_failure_that_was_counted_says_how_often(site: TestClient, admin: TestClient, browser: Callable[[], TestClient]) -> None:
    guest = browser()
    guest.headers["x-csrf-token"] = guest.get("/api/csrf").json()["token"]
    for _ in range(4):
        guest.post("/api/auth/login", json={"username": "ghost", "password": "wrong"})
    (entry,) = admin.get(f"{URL}?status=failure").json()["logs"]
    assert (entry["username"], entry["userId"], entry["ipAddress"]) == ("ghost", None, "192.0.2.1")
    assert entry["details"] == {"reason": "unknown name", "count": 4, "lastAt": "2026-07-10T12:00:00.000Z"}


def test_a_limited_user_sees_their_own_deeds_alone(application: FastAPI, browser: Callable[[], TestClient], clock: SetClock) -> None:
    client = browser()
    limited = enter(application, Kind.LIMITED).headers
    own = User(UserId("id-LIMITED"), "some-limited", False, False, True)
    write(application, Entry(clock.now(), "server_zone_updated", "server", username="ann", target_id="hidden"))
    write(application, Entry(clock.now(), "login", "auth", own))
    body = client.get(URL, headers=limited).json()
    assert [(entry["action"], entry["userId"]) for entry in body["logs"]] == [("login", "id-LIMITED")]
    assert body["pagination"]["total"] == 1
    for query in ("?q=hidden", "?username=ann", "?category=server", "?offset=1", "?cursor=9999999999999-1&username=ann"):
        assert client.get(f"{URL}{query}", headers=limited).json()["logs"] == []
    assert client.get(f"{URL}/filters", headers=limited).json() == {"actions": ["login"], "categories": ["auth"], "statuses": ["success"]}
    for kind in ("csv", "json"):
        text = client.get(f"{URL}/download?format={kind}", headers=limited).text
        assert "hidden" not in text
        assert "login" in text
    page = client.get("/settings/audit?q=hidden", headers={**limited, "x-csrf-token": ""}).text
    assert "entry-" not in page
    assert "server_zone_updated" not in client.get("/settings/audit", headers=limited).text
    everything = client.get(URL, headers=enter(application, Kind.USER).headers).json()["logs"]
    assert "hidden" in [entry["targetId"] for entry in everything], "other users see all"


def test_the_retention_is_changed_by_administrators_and_audited(admin: TestClient, audited: Callable[[str], list[Any]]) -> None:
    assert admin.get(f"{URL}/retention").json() == {"retentionDays": 90}
    for days in (60, 60, 30):
        answer = admin.patch(f"{URL}/retention", json={"retentionDays": days})
        assert (answer.status_code, answer.json()) == (200, {"success": True, "retentionDays": days})
    assert admin.get(f"{URL}/retention").json() == {"retentionDays": 30}
    assert [(entry["before"], entry["after"]) for entry in audited("audit_retention_updated")] == [
        ({"retentionDays": 90}, {"retentionDays": 60}),
        ({"retentionDays": 60}, {"retentionDays": 30}),
    ]


RANGE = "Retention days must be between 30 and 365"
NUMBER = "retentionDays must be a number"


@pytest.mark.parametrize(
    ("value", "error"),
    [(29, RANGE), (366, RANGE), (-30, RANGE), ("60", NUMBER), (0, NUMBER), (True, NUMBER), (None, NUMBER), (60.5, NUMBER), ([60], NUMBER)],
)
def test_a_retention_that_makes_no_sense_is_refused(admin: TestClient, value: object, error: str) -> None:
    answer = admin.patch(f"{URL}/retention", json={"retentionDays": value})
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    if value is not None:
        assert admin.post(f"{URL}/cleanup", json={"retentionDays": value}).json()["error"] == error
    assert admin.get(f"{URL}/retention").json() == {"retentionDays": 90}


def test_a_clean_up_is_first_counted_and_then_done(
    admin: TestClient, application: FastAPI, clock: SetClock, audited: Callable[[str], list[Any]]
) -> None:
    write(application, *(Entry(Instant(clock.now() - days * DAY), "tag_created", "config") for days in (29, 31, 89, 91, 200)))
    would = {
        "dryRun": True,
        "wouldDeleteCount": 2,
        "oldestRemaining": "2026-04-12 12:00:00",
        "retentionDays": 90,
        "cutoffDate": "2026-04-11",
    }
    assert admin.post(f"{URL}/cleanup", json={"dryRun": True}).json() == would
    other = admin.post(f"{URL}/cleanup", json={"dryRun": True, "retentionDays": 30}).json()
    assert (other["wouldDeleteCount"], other["cutoffDate"]) == (4, "2026-06-10")
    assert (len(actions(admin, "action=tag_created")), audited("audit_cleanup")) == (5, [])
    done = {"success": True, "deletedCount": 2, "oldestRemaining": "2026-04-12 12:00:00", "retentionDays": 90}
    assert admin.post(f"{URL}/cleanup").json() == done
    assert admin.post(f"{URL}/cleanup", json={"retentionDays": 30}).json()["deletedCount"] == 2
    assert audited("audit_cleanup") == [{"deletedCount": 2, "retentionDays": 90}, {"deletedCount": 2, "retentionDays": 30}]
    assert admin.post(f"{URL}/cleanup", content=b"{").status_code == 400


def test_a_clean_up_removes_a_thousand_at_a_time_and_is_one_entry(
    admin: TestClient, application: FastAPI, clock: SetClock, audited: Callable[[str], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duplistatus.security.audit_cleanup.PIECE", 10)
    write(application, *(Entry(Instant(clock.now() - 100 * DAY), "tag_created", "config") for _ in range(35)))
    sizes = []
    prune = audit.prune

    def watched(*args: Any) -> int:
        sizes.append(prune(*args))
        return sizes[-1]

    monkeypatch.setattr(audit, "prune", watched)
    assert admin.post("/api/cron/trigger/audit-log-cleanup").json()["message"] == "Cleaned up 35 audit log entries older than 90 days"
    assert sizes == [10, 10, 10, 5]
    assert audited("audit_cleanup") == [{"deletedCount": 35, "retentionDays": 90}]
    assert len(audited("audit_cleanup_manual")) == 1


def test_users_read_and_change_nothing(application: FastAPI, browser: Callable[[], TestClient]) -> None:
    client = browser()
    user = enter(application, Kind.USER).headers
    for path in (URL, f"{URL}/filters", f"{URL}/retention", f"{URL}/download?format=json"):
        assert client.get(path, headers=user).status_code == 200
    refused = [client.patch(f"{URL}/retention", json={"retentionDays": 60}, headers=user), client.post(f"{URL}/cleanup", headers=user)]
    assert [(answer.status_code, answer.json()["error"]) for answer in refused] == [(403, "Administrator access required")] * 2
    anonymous = enter(application, Kind.ANONYMOUS).headers
    assert client.get(URL, headers=anonymous).json()["error"] == "Authentication required"
    assert client.get(URL).json()["error"] == "Invalid or expired session"
