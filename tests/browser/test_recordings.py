"""What real Duplicati servers sent, as pages: names that look like HTML are text, and every job, run and log can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.layout import covering, outside
from tests.fixtures.accessibility import serious_findings

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site

NAME = 'Ärger & <b>Warnungen</b> ✓ "x"'


def _is_text(page: Page) -> bool:
    """Nowhere on the page has the name become an element."""
    return bool(page.evaluate("![...document.querySelectorAll('b')].some(element => element.textContent.trim() === 'Warnungen')"))


def test_a_name_that_looks_like_html_is_text_on_every_page(visit: Visit, recorded: Site) -> None:
    page = visit(recorded, "/?q=Warnungen", width=1440)
    row = page.locator(".job:visible")
    expect(row.locator("b")).to_contain_text(NAME)
    assert _is_text(page)
    row.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(NAME)
    assert _is_text(page)
    page.goto(f"{recorded.address}/?view=table&q=Warnungen")
    page.get_by_role("link", name=NAME, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page).to_have_title(f"{NAME}, fileserver · duplistatus")
    assert _is_text(page)
    page.get_by_role("link", name="Last run").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    assert _is_text(page)
    page.get_by_role("link", name=NAME).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)


def test_servers_of_one_name_stay_apart(visit: Visit, recorded: Site) -> None:
    page = visit(recorded)
    cards = page.locator(".card").filter(has=page.locator("h2", has_text="fileserver"))
    expect(cards).to_have_count(2)
    addresses = {link.get_attribute("href") for link in cards.locator("h2 a").all()}
    assert len(addresses) == 2


@pytest.mark.parametrize("view", ["cards", "table"])
def test_real_names_and_numbers_fit(visit: Visit, recorded: Site, view: str) -> None:
    page = visit(recorded, f"/?view={view}", width=360)
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert outside(page) == []
        assert covering(page) == []
    assert serious_findings(page) == []


def test_every_job_and_its_newest_run_can_be_opened(visit: Visit, recorded: Site) -> None:
    page = visit(recorded, "/?view=table")
    rows = page.locator("tbody tr[data-row]")
    addresses = [link.get_attribute("href") for link in rows.locator("td:first-child a, td:nth-child(3) a").all()]
    assert rows.count() > 50
    for address in addresses:
        answer = page.context.request.get(f"{recorded.address}{address}")
        assert answer.status == 200, address
        assert "<h1>" in answer.text()
