"""A watched Duplicati server, from the button that starts a job to its end, as open pages show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.watched_server import Seen, Work
from duplistatus.store import live_servers
from tests.browser.layout import hindrances
from tests.browser.site import NOW
from tests.ingest.duplicati.stand_in import Duplicati
from tests.store.linking import linked, lists
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site


def link(site: Site, url: str, password: str = "") -> None:
    """`harbour` has two jobs and an address, and may be told what to do; `mill` beside it has none."""
    for job in ("Files", "Photos"):
        site.report(Made(Instant(NOW - 2 * DAY), "harbour", job=job, next_run=Instant(NOW - 20 * HOUR)))
    site.report(Made(Instant(NOW - HOUR), "mill", job="Mail", next_run=Instant(NOW + HOUR)))
    site.judge()

    def work(connection: Connection) -> None:
        server = linked(connection, "id-harbour", url, secrets=site.context.secrets, password=password)
        lists(connection, server, a1="Files", a2="Photos")
        connection.raw.execute("UPDATE server_link SET controls = 1")

    site.context.writer.submit(work).result()


@pytest.fixture
def duplicati() -> Iterator[Duplicati]:
    with Duplicati() as server:
        server.jobs[0]["Backup"]["Name"] = "Files"
        yield server


def test_a_job_is_started_watched_and_stopped(visit: Visit, watching: None, fresh: Site, duplicati: Duplicati) -> None:
    link(fresh, duplicati.url, duplicati.password)
    board = visit(fresh, "/?view=cards", width=1440)
    page = visit(fresh, "/detail/id-harbour?backup=Files")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("status").filter(has_text="Started.")).to_be_visible()
    assert duplicati.active == (51, "1")
    duplicati.tell("legacystatus", duplicati.state())
    duplicati.tell("progress", duplicati.progress_state())
    row = board.locator(".job").filter(has_text="Files")
    expect(row).to_contain_text("Running · Processing files")
    expect(row).to_contain_text("25%")
    page.goto(f"{fresh.address}/detail/id-harbour")
    page.get_by_role("link", name="Stop …").click()
    expect(page.get_by_text("Files is at work: Processing files.")).to_be_visible()
    page.get_by_role("button", name="Stop after the current file").click()
    expect(page.get_by_text("It stops after the file that it works at.")).to_be_visible()
    assert duplicati.active is None
    duplicati.tell("legacystatus", duplicati.state())
    expect(row).not_to_contain_text("Running")


def test_a_pause_appears_on_open_pages_and_ends_there(visit: Visit, watching: None, fresh: Site, duplicati: Duplicati) -> None:
    link(fresh, duplicati.url, duplicati.password)
    board = visit(fresh, "/?view=table", width=1440)
    page = visit(fresh, "/control?server=id-harbour#pause")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("The server pauses.")).to_be_visible()
    duplicati.pause_ends = "2026-11-21T13:30:00Z"
    duplicati.tell("legacystatus", duplicati.state())
    expect(board.locator("tbody tr").filter(has_text="Files")).to_contain_text("Paused until 13:30")
    expect(board.locator("tbody tr").filter(has_text="Mail")).not_to_contain_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("The server goes on.")).to_be_visible()
    duplicati.tell("legacystatus", duplicati.state())
    expect(board.locator("tbody tr").filter(has_text="Files")).not_to_contain_text("Paused")


def says(site: Site, seen: Seen) -> None:
    def work(connection: Connection) -> None:
        row: Any = connection.raw.execute("SELECT server_id FROM server_link").fetchone()
        live_servers.keep(connection, row[0], seen, site.clock.now())

    site.context.writer.submit(work).result()


@pytest.mark.parametrize("path", ["/", "/?view=table", "/detail/id-harbour", "/control?server=id-harbour&job=1", "/jobs/1/explain"])
def test_nothing_keeps_people_from_what_servers_do(visit: Visit, fresh: Site, path: str) -> None:
    link(fresh, "https://duplicati.test")
    says(fresh, Seen(True, Instant(NOW + 26 * HOUR), Work(7, "9", NOW, phase="Backup_Begin"), ("1", "2")))
    page = visit(fresh, path, width=360, still=True)
    expect(page.get_by_text("aused until").first).to_be_visible()
    assert hindrances(page) == {}
