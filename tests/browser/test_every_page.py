"""What holds for every page: it can be read at any width, in both themes, by everybody, and with the keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.layout import covering, missed_by_tab, outside, small
from tests.fixtures.accessibility import serious_findings

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

PAGES = {
    "cards": "/",
    "table": "/?view=table",
    "charts": "/?view=charts",
    "one group": "/?state=failed",
    "nothing found": "/?q=nothing-like-this",
    "server": "/detail/id-harbour",
    "job": "/detail/id-harbour?backup=Photos",
    "run": "newest of /detail/id-harbour?backup=Files",
    "failed run": "newest of /detail/id-mill?backup=Mail",
    "rejected": "/rejected",
    "keys": "/settings/keys",
    "access": "/settings/access",
    "tasks": "/settings/tasks",
    "versions": "/settings/duplicati-versions",
    "audit log": "/settings/audit",
    "entry of the audit log": "/settings/audit?show=1",
    "messages": "/settings/messages",
    "summaries": "/settings/summaries",
    "ntfy": "/settings/ntfy",
    "e-mail": "/settings/email",
    "channels": "/settings/channels",
    "kinds of channels": "/settings/channels/new",
    "new channel": "/settings/channels/new?kind=webhook",
    "maintenance": "/settings/maintenance",
    "tags": "/settings/tags",
    "messages of a job": "/silence?job=1",
    "monitoring": "/settings/monitoring",
    "notifications": "/settings/notifications",
    "subscribe": "/settings/notifications/subscribe",
    "explain": "/jobs/1/explain",
    "zone": "/settings/monitoring/zone?server=id-harbour",
    "start": "/start",
    "change password": "/change-password",
    "interface": "/api/docs",
    "login": "/login",
    "missing": "/detail/nobody",
}
WIDTHS = (360, 768, 1312, 1920, 2560)
LOOKED_AT_CLOSELY = (360, 1920)
THEMES = ("dark", "light")
EVERY = pytest.mark.parametrize("name", PAGES)


def _open(visit: Visit, site: Site, name: str, *, width: int = 1280) -> Page:
    """The page, complete with its charts."""
    path = PAGES[name]
    page = visit(site, path.removeprefix("newest of "), width=width, signed_in=name != "login")
    if path.startswith("newest of "):
        page.get_by_role("link", name="Last run").first.click()
        page.wait_for_url("**/backup/*")
    expect(page.locator("main")).to_be_visible()
    if page.locator("[data-charts]").count():
        expect(page.locator(".plot canvas, .plot .none")).to_have_count(6)
    return page


@pytest.fixture(autouse=True)
def _missing_page(request: pytest.FixtureRequest, watch: Watch) -> None:
    if request.node.callspec.params.get("name") == "missing":
        watch.expect("404 .*/detail/nobody")


@EVERY
def test_it_can_be_read_at_every_width_and_in_both_themes(visit: Visit, story: Site, name: str) -> None:
    page = _open(visit, story, name, width=WIDTHS[0])
    found: dict[str, list[str]] = {"small": small(page, 24)}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found[f"outside at {width}"] = outside(page)
        found[f"covered at {width}"] = covering(page)
        for theme in THEMES if width in LOOKED_AT_CLOSELY else ():
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            found[f"kept out at {width}, {theme}"] = serious_findings(page)
    assert {where: what for where, what in found.items() if what} == {}


@EVERY
def test_tab_reaches_everything_and_shows_where_it_is(visit: Visit, story: Site, name: str) -> None:
    page = _open(visit, story, name)
    assert missed_by_tab(page) == []


@pytest.mark.parametrize("name", ["cards", "server", "run", "interface"])
def test_the_first_tab_offers_to_skip_to_the_content(visit: Visit, story: Site, name: str) -> None:
    page = _open(visit, story, name)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("menu", ["Theme", "Account of admin"])
def test_a_menu_opens_and_closes_by_keyboard_and_fits_the_window(visit: Visit, story: Site, menu: str, width: int) -> None:
    page = visit(story, width=width)
    opener = page.locator("summary").and_(page.get_by_label(menu))
    opener.focus()
    page.keyboard.press("Enter")
    items = page.locator("details[open] .menu-list")
    expect(items).to_be_visible()
    box = items.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert serious_findings(page, "details[open]") == []
    page.keyboard.press("Tab")
    expect(items.locator("a, button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(items).to_be_hidden()
    expect(opener).to_be_focused()
