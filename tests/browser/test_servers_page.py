"""The pages of servers, as administrators use them in the browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.store import links, server_edit, timers
from duplistatus.store.ids import ServerId
from duplistatus.store.timers import Tried
from tests.browser.layout import hindrances
from tests.browser.site import NOW
from tests.ingest.duplicati.stand_in import Duplicati, Reply
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site

SERVERS = "/settings/servers"
LONG = "a-server-with-a-name-of-fifty-characters-and-some-more"


@pytest.fixture
def duplicati() -> Iterator[Duplicati]:
    with Duplicati() as server:
        server.settings["--send-http-json-urls"] = "https://hooks.example/a-path-that-is-long-enough-to-be-wrapped-on-a-phone?token=x"
        yield server


@pytest.fixture
def fleet(fresh: Site, duplicati: Duplicati) -> Site:
    """Three servers: one that is reached, one that is not, and one known by reports alone."""
    for number, name in enumerate(("harbour", LONG, "quay")):
        fresh.report(Made(Instant(NOW - (number + 2) * HOUR), name, next_run=Instant(NOW + DAY)))
    fresh.clock.at = NOW

    def work(connection: Connection) -> None:
        server_edit.name_server(connection, ServerId(1), "Harbour office", "In the cellar, beside the pumps")
        links.set_url(connection, ServerId(1), duplicati.url)
        links.set_url(connection, ServerId(2), "https://nas.some-rather-long-domain.example.org:8200/with/a/path")
        links.agree(connection, ServerId(2), "ab" * 32)
        timers.set_timer(connection, ServerId(2), 360, NOW, lambda: 0.5)
        timers.tried(connection, ServerId(2), Tried("host_name", {"place": "nas:8200", "host": "nas"}, stuck=True), NOW, lambda: 0.5)

    fresh.context.writer.submit(work).result()
    return fresh


def test_a_server_is_opened_tested_and_told_to_report_here(visit: Visit, fleet: Site, duplicati: Duplicati) -> None:
    page = visit(fleet)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Servers", exact=True).click()
    page.get_by_role("link", name="Harbour office").first.click()
    page.get_by_label("New password").fill("wrong")
    page.get_by_role("button", name="Store").click()
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_text("does not accept the password")).to_be_visible()
    page.get_by_label("New password").fill(duplicati.password)
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_text("The password is stored.")).to_be_visible()
    page.get_by_role("link", name="Write the options").click()
    expect(page.get_by_role("row").filter(has_text="--send-http-log-level")).to_contain_text("Information")
    page.get_by_role("button", name="Write this change").click()
    expect(page.get_by_text("the server has them")).to_be_visible()
    assert duplicati.settings["--send-http-log-level"] == "Information"
    page.get_by_role("button", name="Undo …").click()
    page.get_by_role("button", name="Write this change").click()
    expect(page.get_by_text("the server has them")).to_be_visible()
    assert "--send-http-log-level" not in duplicati.settings


def test_the_bar_opens_servers_and_a_right_click_their_old_pages(visit: Visit, fleet: Site, duplicati: Duplicati) -> None:
    for path in ("/ngax/", "/favicon.ico"):
        duplicati.instead[path] = Reply(b"<!doctype html><title>Old</title>", headers=(("Content-Type", "text/html"),))
    page = visit(fleet)
    page.get_by_label("Open a Duplicati server").first.click()
    menu = page.get_by_role("group", name="Open a Duplicati server")
    new, old = menu.get_by_role("link", name="Harbour office", exact=True), menu.get_by_role("link", name="Old pages of Harbour office")
    assert (new.get_attribute("href"), old.get_attribute("href")) == (f"{duplicati.url}/ngclient/", f"{duplicati.url}/ngax/")
    with page.context.expect_page() as opened:
        new.click(button="right")
    assert opened.value.url == f"{duplicati.url}/ngax/"
    opened.value.close()


def test_a_server_goes_after_its_name_was_typed(visit: Visit, fleet: Site) -> None:
    page = visit(fleet, f"{SERVERS}/3")
    page.get_by_text("Delete this server …").click()
    page.get_by_label("To confirm, type “quay”").fill("quay")
    page.get_by_role("button", name="Delete the server with its history").click()
    expect(page.get_by_text("“quay” was deleted.")).to_be_visible()
    expect(page.get_by_role("link", name="quay", exact=True)).to_have_count(0)


@pytest.mark.parametrize("path", ["", "/1", "/2", "/3", "/1/options"])
def test_nothing_keeps_people_from_the_pages(visit: Visit, fleet: Site, duplicati: Duplicati, path: str) -> None:
    if path.endswith("options"):
        page = visit(fleet, f"{SERVERS}/1")
        page.get_by_label("New password").fill(duplicati.password)
        page.get_by_role("button", name="Store").click()
        page.goto(fleet.address + SERVERS + path)
    else:
        page = visit(fleet, SERVERS + path)
    if path in {"/1", "/2"}:
        page.get_by_text("Delete this server …").click()
    if path == "":
        page.get_by_role("button", name="Test all connections").click()
        expect(page.get_by_role("heading", name="Connections")).to_be_visible()
    expect(page).to_have_title(re.compile("duplistatus"))
    assert hindrances(page, keyboard=path in {"", "/2"}) == {}
