"""Hosted under a path of another site (`ROOT_PATH`): the whole story, and never a step outside."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from tests.browser.conftest import sign_in
from tests.browser.site import NOW, running
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Request

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch


@pytest.fixture
def below(data_dir: Path) -> Iterator[Site]:
    with running(data_dir, root_path="/backups") as site:
        yield site


def test_the_whole_story_stays_below_the_path(visit: Visit, below: Site) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(urlsplit(request.url).path)

    page = visit(below, "/", signed_in=False)
    page.context.on("request", note)
    expect(page).to_have_url(f"{below.address}/login")
    sign_in(page, below)
    expect(page).to_have_url(f"{below.address}/")
    expect(page.locator("pre").locator("visible=true")).to_contain_text(f"--send-http-json-urls={below.address}/api/upload")

    below.report(Made(Instant(NOW - DAY), "harbour", job="Files", next_run=NOW), Made(Instant(NOW - HOUR), "mill", job="Mail"))
    page.get_by_role("link", name="Go to the dashboard").click()
    expect(page.locator(".card h2")).to_have_text(["mill", "harbour"])
    page.locator(".job").first.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    below.report(Made(Instant(NOW - MINUTE), "quay", job="Notes"))
    expect(page.locator(".card h2")).to_have_text(["mill", "quay", "harbour"])
    page.get_by_role("searchbox").fill("harbour")
    expect(page).to_have_url(f"{below.address}/?q=harbour")

    page.locator(".card:visible h2 a").click()
    expect(page).to_have_url(f"{below.address}/detail/id-harbour")
    expect(page.locator(".plot canvas")).to_have_count(6)
    page.get_by_role("link", name="Three months").click()
    expect(page).to_have_url(f"{below.address}/detail/id-harbour?range=90d#charts")
    page.locator("td[data-label='Result'] a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Files")
    page.get_by_role("searchbox", name="Search in log").fill("line")
    expect(page.locator("#log mark").first).to_be_visible()

    page.locator("#theme-menu summary").click()
    page.get_by_role("button", name="Light").click()
    page.goto(f"{below.address}/api/docs")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Rejected reports").click()
    expect(page).to_have_url(f"{below.address}/rejected")
    page.get_by_label("Account of admin").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{below.address}/login")
    assert [path for path in asked if not path.startswith("/backups/")] == []
    assert {cookie.get("path") for cookie in page.context.cookies()} == {"/backups"}


def test_a_missing_page_leads_back_below_the_path(visit: Visit, below: Site, watch: Watch) -> None:
    watch.expect("404 .*/backups/nothing")
    page = visit(below, "/nothing")
    page.get_by_role("link", name="Go to the dashboard").click()
    expect(page).to_have_url(f"{below.address}/")
