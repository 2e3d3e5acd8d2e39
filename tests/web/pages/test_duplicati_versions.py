"""The page of Duplicati's versions, and the version beside each server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from duplistatus.clock import HOUR, Instant
from duplistatus.settings import Settings
from duplistatus.store.database import Connection
from tests.ingest.test_releases import LISTS, update_server
from tests.notify.stand_ins import Answer, HttpStandIn
from tests.web.api.reports import Made, document, send
from tests.web.conftest import ADMIN_PASSWORD
from tests.web.pages.html import read
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.store.statement import Params, Statement

PATH = "/settings/duplicati-versions"
BEGUN = Instant(1_783_684_800_000 - HOUR)


@pytest.fixture
def lists() -> Iterator[HttpStandIn]:
    with HttpStandIn(update_server) as server:
        yield server


@pytest.fixture
def settings(data_dir: Path, lists: HttpStandIn) -> Settings:
    return Settings(data_dir=data_dir, admin_password=ADMIN_PASSWORD, releases_url=lists.url + LISTS)


def report(client: TestClient, server: str, version: str, channel: str = "") -> None:
    made: Any = document(Made(BEGUN, server))
    made["Data"]["Version"] = version
    made["Extra"]["update-channel"] = channel
    assert client.post("/api/upload", json=made).status_code == 200


def test_the_version_stands_beside_the_server(admin: TestClient) -> None:
    report(admin, "old", "2.3.0.4 (2.3.0.4_stable_2026-07-09)")
    report(admin, "new", "2.4.0.1 (2.4.0.1_stable_2026-10-07)", "Stable")
    report(admin, "odd", "a build of <b>one's</b> own")
    report(admin, "none", "")
    for view in ("/", "/?view=table", "/detail/id-old", "/detail/id-odd"):
        text = admin.get(view).text
        assert "<b>one's</b>" not in text
    cards = read(admin.get("/")).text
    assert "2.3.0.4 Stable outdated: 2.4.0.1 is out" in cards
    assert "2.4.0.1 Stable" in cards
    assert cards.count("outdated") == 1
    assert "Duplicati 2.3.0.4 Stable outdated: 2.4.0.1 is out" in read(admin.get("/detail/id-old")).text
    assert [row[-1] for row in read(admin.get("/?view=table&sort=server")).rows] == ["2.4.0.1", "–", "a", "2.3.0.4"]
    read(admin.get("/?view=table")).one("span", aria_label="outdated: 2.4.0.1 is out")


def test_a_new_list_is_seen_on_the_dashboard_at_once(admin: TestClient, lists: HttpStandIn) -> None:
    report(admin, "new", "2.4.0.1 (2.4.0.1_stable_2026-10-07)", "Stable")
    assert "outdated" not in admin.get("/?view=table").text
    newer = b'[{"tag_name": "v2.5.0.0_stable_2026-12-01"}]'
    lists.answer = Answer(200, newer)
    assert admin.post(PATH + "/update", data={"csrf_token": admin.headers["X-CSRF-Token"]}).status_code in {200, 303}
    read(admin.get("/?view=table")).one("span", aria_label="outdated: 2.5.0.0 is out")


def test_the_page_shows_channels_servers_and_the_schedule(admin: TestClient) -> None:
    report(admin, "old", "2.3.0.4 (2.3.0.4_stable_2026-07-09)")
    page = read(admin.get(PATH))
    assert "1 server runs a version that its channel has replaced." in page.text
    assert "No list was fetched yet." in page.text
    channels, servers = ([[cell.text for cell in row.all("td")] for row in table.all("tr")] for table in page.all("tbody"))
    assert [row[:3] for row in channels] == [
        ["Stable", "2.4.0.1", "2026-10-07"],
        ["Beta", "2.3.1.1", "2026-08-26"],
        ["Experimental", "2.1.1.0", "2025-07-17"],
        ["Canary", "2.4.0.101", "2026-09-11"],
    ]
    assert servers[0] == ["old", "2.3.0.4", "Stable", "Outdated 2.4.0.1 is out"]


def test_the_forms_of_administrators_work_without_a_script(admin: TestClient, lists: HttpStandIn) -> None:
    token = {"csrf_token": admin.headers["X-CSRF-Token"]}
    page = read(admin.post(PATH, data=token | {"often": "12h", "at": "08:15"}, follow_redirects=True))
    assert "Saved" in page.text
    wrong = admin.post(PATH, data=token | {"often": "12h", "at": "31:00"})
    assert wrong.status_code == 400
    assert "The time must be from 00:00 to 23:59." in wrong.text
    assert 'value="31:00"' in wrong.text
    assert "The list is up to date." in read(admin.post(PATH + "/update", data=token, follow_redirects=True)).text
    lists.answer = Answer(hangs_up=True)
    told = read(admin.post(PATH + "/update", data=token, follow_redirects=True)).text
    assert "could not be reached. Without internet that is as it should be. What was known before stays." in told
    assert "Last try:" in read(admin.get(PATH)).text


def test_whoever_may_only_look_finds_no_button(application: FastAPI, admin: TestClient) -> None:
    send(admin, Made(BEGUN, "alpha"))
    user = TestClient(application, headers=enter(application, Kind.USER).headers)
    text = user.get(PATH).text
    assert "Update now" not in text
    assert 'name="often"' not in text
    assert "Update now" in admin.get(PATH).text


def test_the_versions_of_many_servers_cost_no_question_each(
    application: FastAPI, admin: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    run = Connection.run

    def counted(self: Connection, statement: Statement, params: Params | None = None) -> Any:
        asked.append(statement)
        return run(self, statement, params or {})

    def cost(view: str) -> int:
        asked.clear()
        assert "2.3.0.4" in admin.get(view).text
        return len(asked)

    report(admin, "first", "2.3.0.4 (2.3.0.4_stable_2026-07-09)")
    monkeypatch.setattr(Connection, "run", counted)
    one = {view: cost(view) for view in ("/", "/?view=table")}
    for number in range(12):
        report(admin, f"more-{number}", "2.3.0.4 (2.3.0.4_stable_2026-07-09)")
    for view, before in one.items():
        # The row of each job is read by itself until there are many; nothing else grows.
        assert cost(view) <= before + 12
