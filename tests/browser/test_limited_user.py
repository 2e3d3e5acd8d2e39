"""Somebody who sees only some servers, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import HOUR, Instant
from duplistatus.store.ids import ServerId, UserId
from duplistatus.store.sight import choose_servers
from tests.browser.layout import outside
from tests.fixtures.accessibility import serious_findings
from tests.web.api.reports import Made
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site

NONE = "No server is open to this account"


@pytest.fixture
def two(fresh: Site) -> Site:
    """A product with two servers."""
    for name in ("harbour", "mill"):
        fresh.report(Made(Instant(fresh.clock.now() - HOUR), name))
    return fresh


def choose(site: Site, *keys: str) -> None:
    def work(connection: Connection) -> None:
        rows = connection.raw.execute("SELECT id, key FROM server").fetchall()
        choose_servers(connection, UserId("id-LIMITED"), [ServerId(number) for number, key in rows if key in keys])

    site.context.writer.submit(work).result()


def as_kim(visit: Visit, site: Site, path: str = "/", width: int = 1280) -> Page:
    page = visit(site, "/login", width=width, signed_in=False)
    cookie = enter(site.application, Kind.LIMITED).headers["cookie"].partition("=")[2]
    page.context.add_cookies([{"name": "sessionId", "value": cookie, "url": site.address}])
    page.goto(f"{site.address}{path}")
    return page


PAGES = ("/", "/?view=table", "/?view=charts", "/start", "/settings/monitoring", "/settings/notifications", "/settings/tags")


@pytest.mark.parametrize("path", PAGES)
def test_who_sees_no_server_is_told_so_at_every_width(visit: Visit, two: Site, path: str) -> None:
    page = as_kim(visit, two, path, width=360)
    for width in (360, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        assert outside(page) == []
        assert serious_findings(page) == []
    main = page.locator("main")
    expect(main).to_contain_text("open" if path != "/start" else "An administrator chooses which servers this account sees.")
    expect(main).not_to_contain_text("harbour")
    expect(main).not_to_contain_text("Waiting for the first report")


def test_an_open_page_shows_a_server_as_soon_as_it_is_opened_and_hides_it_again(visit: Visit, two: Site) -> None:
    page = as_kim(visit, two)
    expect(page.get_by_role("heading", name=NONE)).to_be_visible()
    choose(two, "id-mill")
    expect(page.get_by_role("link", name="mill").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("harbour")
    expect(page.locator("#figures")).to_contain_text("1")
    choose(two)
    expect(page.get_by_role("heading", name=NONE)).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("mill")
