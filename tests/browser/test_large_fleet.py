"""More servers than one page shows at once, and names longer than any line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import HOUR, MINUTE, Instant
from tests.browser.layout import covering, outside
from tests.browser.site import NOW, running
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site

SERVERS = 150


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`SERVERS` servers with one job each."""
    with running(tmp_path_factory.mktemp("large")) as site:
        for number in range(SERVERS):
            site.report(Made(Instant(NOW - HOUR), f"server-{number:03d}", job="Files", next_run=Instant(NOW + HOUR), lines=()))
        yield site


@pytest.mark.parametrize(("view", "line"), [("cards", ".card"), ("table", "tbody tr[data-row]")])
def test_a_long_list_grows_as_it_is_scrolled(visit: Visit, large: Site, view: str, line: str) -> None:
    page = visit(large, f"/?view={view}&sort={'name' if view == 'cards' else 'server'}")
    lines = page.locator(line)
    expect(lines.first).to_contain_text("server-000")
    assert lines.count() < SERVERS
    for _ in range(SERVERS // 10):
        if lines.count() == SERVERS:
            break
        before = lines.count()
        page.locator("#more").scroll_into_view_if_needed()
        expect(lines.nth(before)).to_be_attached()
    expect(lines).to_have_count(SERVERS)
    expect(page.locator("#more")).to_have_count(0)
    expect(lines.last).to_contain_text("server-149")


def test_the_filter_finds_what_is_not_on_the_page_yet(visit: Visit, large: Site, marked: Callable[[Page], Callable[[], bool]]) -> None:
    page = visit(large, "/?sort=name")
    same = marked(page)
    expect(page.get_by_role("link", name="server-149")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("server-149")
    expect(page.locator(".card:visible h2")).to_have_text(["server-149"])
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".card:visible h2").first).to_have_text("server-000")
    assert same()


def test_a_change_keeps_what_was_scrolled_to(visit: Visit, large: Site) -> None:
    page = visit(large, "/?sort=name")
    cards = page.locator(".card")
    first = cards.count()
    page.locator("#more").scroll_into_view_if_needed()
    expect(cards.nth(first)).to_be_attached()
    shown = cards.count()
    seen = cards.nth(first)
    before = seen.bounding_box()
    large.report(Made(Instant(NOW - MINUTE), "server-000", job="Files", result="Warning", next_run=Instant(NOW + HOUR)))
    expect(cards.first.locator("b")).to_contain_text("Warning")
    assert cards.count() >= shown
    assert seen.bounding_box() == before, "what is being read stays where it is"


@pytest.mark.parametrize("name", ["x" * 200, ("long words " * 18).strip(), "名前" * 60])
def test_a_name_of_any_length_fits_every_page(visit: Visit, fresh: Site, name: str) -> None:
    fresh.report(
        Made(
            Instant(NOW - HOUR),
            name,
            server_id="long",
            job=name,
            result="Fatal",
            errors=(f"2026-11-21 11:00:00 +00 - [Error-A-B]: {name}",),
        )
    )
    page = visit(fresh, width=360)
    for path in ("/", "/?view=table", "/detail/long", f"/detail/long?backup={name}", "run", "/start"):
        if path == "run":
            page.get_by_role("link", name="Last run").first.click()
            expect(page).to_have_url(re.compile("/backup/"))
        else:
            page.goto(f"{fresh.address}{path}")
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert outside(page) == [], path
            assert covering(page) == [], path
