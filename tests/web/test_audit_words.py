"""The audit log in words: every action, details before and after, who it concerns; and names that try to break the page or the file."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus import web
from duplistatus.clock import Instant
from duplistatus.i18n.wording import DEFAULT
from duplistatus.store.audit_log import AuditLine
from duplistatus.web.audit_details import Change, field_name, target_of, told
from duplistatus.web.audit_words import ACTIONS, action_name, action_names, category_name, outcome
from tests.web.pages.html import read
from tests.web.test_audit_completeness import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

SOURCES = [file for file in Path(web.__file__).parent.parent.rglob("*.py") if file.name != "audit_words.py"]


def line(action: str = "tag_updated", details: dict[str, Any] | None = None, **more: Any) -> AuditLine:
    values: dict[str, Any] = {
        "id": 1,
        "at": Instant(0),
        "user_id": None,
        "username": "ann",
        "action": action,
        "category": "config",
        "target_type": "tag",
        "target_id": "7",
        "details": details,
        "address": "",
        "user_agent": "",
        "status": "success",
        "error": None,
        "times": 1,
        "last_at": None,
    }
    return AuditLine(**values | more)


def test_every_action_that_has_a_name_is_written_somewhere() -> None:
    written = {
        node.value
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    made = {f"{period}_summary_{end}" for period in ("daily", "weekly", "monthly") for end in ("sent", "updated")}
    made |= {f"{key}_config_{end}" for key in ("ntfy", "email") for end in ("updated", "deleted")}
    assert ACTIONS - written - made == set()


def test_actions_have_names_of_their_own() -> None:
    names = list(action_names(DEFAULT).values())
    assert len(set(names)) == len(names)
    assert action_name("sessions_cleared_on_startup", DEFAULT) == "sessions cleared on startup", "of another version"


def test_categories_and_outcomes_have_names() -> None:
    assert [category_name(each, DEFAULT) for each in ("auth", "other")] == ["Signing in", "other"]
    assert [outcome(each, DEFAULT) for each in ("success", "failure", "error", "odd")] == [
        ("ok", "Done"),
        ("warn", "Refused"),
        ("error", "Failed"),
        ("quiet", "odd"),
    ]


def test_what_changed_is_told_field_by_field() -> None:
    details = {
        "name": "prod",
        "before": {"enabled": True, "servers": ["a", "b"], "filter": {"events": [], "jobs": None}, "comment": ""},
        "after": {"enabled": False, "servers": [], "filter": {"events": ["error"]}, "comment": 7},
    }
    found = told(line(details=details), DEFAULT)
    assert found.changes == (
        Change("in use", "yes", "no"),
        Change("servers", "a, b", "–"),
        Change("filter: events", "–", "error"),
        Change("filter: jobs", "–", "–"),
        Change("comment", "–", "7"),
    )
    assert found.facts == (("name", "prod"),)


def test_what_changed_of_several_jobs_names_each() -> None:
    job = {"job": 3, "serverName": "alpha", "backupName": "Files", "before": {"tolerance": None}, "after": {"tolerance": "4h"}}
    other = {"job": 4, "before": {"interval": "1D"}, "after": {"interval": "2D"}}
    found = told(line(details={"jobs": [job, other, 5], "count": 3}), DEFAULT)
    assert found.changes == (Change("alpha · Files · tolerance", "–", "4h"), Change("job 4 · interval", "1D", "2D"))
    assert found.facts == (("number", "3"),)


def test_details_of_1_4_2_are_told_too() -> None:
    found = told(line(details={"from": "5min", "to": "20min", "serverId": "x", "uploaded_size": 5, "backupName": "Files"}), DEFAULT)
    assert found.changes == (Change("", "5min", "20min"),)
    assert found.facts == (("uploaded size", "5"), ("job", "Files"))
    assert told(line(details=None), DEFAULT).facts == ()


@pytest.mark.parametrize(
    ("details", "target"),
    [
        ({"serverName": "alpha", "backupName": "Files"}, "alpha · Files"),
        ({"server_name": "alpha"}, "alpha"),
        ({"targetUsername": "bob", "name": "x"}, "bob"),
        ({"name": "Hook"}, "Hook"),
        ({"name": ["odd"], "place": "ops"}, "ops"),
        (None, ""),
    ],
)
def test_what_an_entry_concerns_is_said_by_its_name(details: dict[str, Any] | None, target: str) -> None:
    assert target_of(line(details=details)) == target
    assert target_of(line(details=None, target_id=None)) == ""
    assert target_of(line(details=None, target_id="id-alpha:Files")) == "id-alpha:Files"


def test_fields_without_words_are_told_as_words() -> None:
    assert [field_name(name, DEFAULT) for name in ("must_change_password", "someNewField", "alpha: Files", "success.title")] == [
        "must change the password",
        "some new field",
        "alpha: Files",
        "success.title",
    ]


EVIL = '<script>alert(1)</script>\r\n=1+1,"x"\u202e\x1b[2J'


def test_a_name_that_somebody_types_breaks_neither_page_nor_file(
    admin: TestClient, browser: Callable[[], TestClient], application: FastAPI, capfd: pytest.CaptureFixture[str]
) -> None:
    guest = browser()
    guest.headers |= {"x-csrf-token": guest.get("/api/csrf").json()["token"], "user-agent": "<b>evil</b>" + "y" * 900}
    assert guest.post("/api/auth/login", json={"username": EVIL, "password": "x"}).status_code == 401
    row = rows(application)[-1]
    assert (row.username, len(row.user_agent)) == ('<script>alert(1)</script>��=1+1,"x"��[2J', 300)
    page = admin.get(f"/settings/audit?show={row.id}").text
    assert "<script>alert" not in page
    assert "<b>evil" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;��=1+1" in page
    lines = admin.get("/api/audit-log/download?status=failure").text.split("\n")
    assert len(lines) == 2
    assert "\x1b" not in lines[1]
    out, err = capfd.readouterr()
    assert "\x1b[2J" not in out + err
    assert "alert(1)" not in re.sub(r".*password.*", "", out + err)


def test_signing_in_and_out_is_told_with_its_reason(admin: TestClient, browser: Callable[[], TestClient], application: FastAPI) -> None:
    guest = browser()
    guest.headers["x-csrf-token"] = guest.get("/api/csrf").json()["token"]

    def try_(name: str) -> int:
        return guest.post("/api/auth/login", json={"username": name, "password": "wrong"}).status_code

    assert [try_("nobody-there"), *(try_("admin") for _ in range(6))][0] == 401
    for number in range(40):
        try_(f"name{number}")
    failures = [row for row in rows(application) if row.status == "failure"]
    told_of = {(row.username, row.details["reason"]) for row in failures}
    assert {("nobody-there", "unknown name"), ("admin", "wrong password"), ("admin", "account locked")} <= told_of
    assert any(reason == "address locked" for _, reason in told_of)
    (admin_id,) = {row.user_id for row in rows(application) if row.action == "login" and row.status == "success"}
    assert {row.user_id for row in failures if row.username == "admin"} == {admin_id}
    assert admin.post("/api/auth/logout").status_code == 200
    assert rows(application)[-1].action == "logout"


def test_the_page_says_who_what_and_from_where(admin: TestClient, clock: SetClock, application: FastAPI) -> None:
    admin.patch(
        "/api/audit-log/retention", json={"retentionDays": 60}, headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}
    )
    number = rows(application)[-1].id
    page = read(admin.get(f"/settings/audit?show={number}"))
    (row,) = [each for each in page.all("tr") if each.attributes.get("id") == f"entry-{number}"]
    for text in ("admin", "Changed how long the audit log is kept", "192.0.2.1", "Firefox on Linux", "Done"):
        assert text in row.text
    (change,) = [each for each in page.all("tr") if "days kept" in each.text and not each.attributes.get("class")]
    assert "90" in change.text
    assert "60" in change.text


def test_the_page_filters_and_its_files_have_the_same_filters(admin: TestClient) -> None:
    admin.cookies.set("zone", "Europe/Oslo")
    query = "startDate=2026-07-10T13:00&endDate=2026-07-10T14:00&username=admin&status=success&q=admin"
    page = read(admin.get(f"/settings/audit?{query}"))
    links = [each.attributes["href"] for each in page.all("a") if "download" in each.attributes]
    assert len(links) == 2
    for link in links:
        assert "startDate=2026-07-10T11%3A00%3A00.000Z" in link
        assert "endDate=2026-07-10T12%3A00%3A59.999Z" in link
        assert "username=admin&status=success&q=admin" in link.replace("&amp;", "&")
        assert admin.get(link).status_code == 200
    assert "One of the dates is none." in admin.get("/settings/audit?startDate=x").text
    assert "Nothing matches" in admin.get("/settings/audit?action=nothing").text
    assert "user_created" not in admin.get("/settings/audit?action=login&show=1").text.split("<tbody>")[1]


def test_old_bookmarks_are_no_error(admin: TestClient) -> None:
    for query in ("before=x", "after=9-9-9", "before=99999999999999999999-1", "show=x", "status=odd", "before=5-1&after=3-1"):
        assert admin.get(f"/settings/audit?{query}").status_code == 200


def test_administrators_clean_up_from_the_page(admin: TestClient, application: FastAPI) -> None:
    admin.post("/settings/audit", data={"do": "save", "days": "30"})
    parts = application.state.context
    parts.writer.submit(lambda connection: connection.raw.execute("UPDATE audit SET at = at - 2592000001 WHERE action = 'login'")).result()
    counted = admin.post("/settings/audit", data={"do": "count"}).text
    assert "1 entry is older than 10 Jun." in counted
    assert "Remove 1 entry" in counted
    assert "1 entry was removed." in admin.post("/settings/audit", data={"do": "clean"}).text
    assert "0 entries are older" in admin.post("/settings/audit", data={"do": "count"}).text
    for days in ("29", "366", "x", ""):
        refused = admin.post("/settings/audit", data={"do": "save", "days": days})
        assert (refused.status_code, "Enter a number of days from 30 to 365." in refused.text) == (400, True)
    assert admin.post("/settings/audit", data={"do": "else"}).status_code == 400
    assert [row.action for row in rows(application)][-2:] == ["audit_retention_updated", "audit_cleanup"]


@pytest.mark.parametrize(
    ("details", "shown"),
    [
        ({"servers": ["nas"], "addresses": ["mill:8200"]}, "nas, mill:8200"),
        ({"servers": ["a", "b", "c", "d"], "addresses": []}, "a, b, c …"),
        ({"address": "mill:8200", "question": "plain"}, "mill:8200"),
        ({"servers": "nas", "addresses": [None, 5]}, ""),
        ({}, ""),
    ],
)
def test_a_collection_is_called_by_what_was_collected(details: dict[str, Any], shown: str) -> None:
    uid = "63524cad-bc8f-462b-a8b8-78b1caa9b33c"
    assert target_of(line("collection_started", details, target_type="collection", target_id=uid)) == shown
