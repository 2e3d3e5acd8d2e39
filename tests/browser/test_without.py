"""When something is missing: scripts, the session, the server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from duplistatus.clock import HOUR, Instant
from tests.browser.conftest import sign_in
from tests.browser.site import NOW
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch


def test_pages_can_be_read_without_scripts(chromium: Browser, story: Site) -> None:
    with chromium.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{story.address}/?view=table")
        sign_in(page, story)
        expect(page).to_have_url(f"{story.address}/?view=table")
        page.get_by_role("searchbox").fill("harbour")
        page.get_by_role("searchbox").press("Enter")
        expect(page.locator("tbody tr[data-row]")).to_have_count(2)
        page.get_by_role("link", name="harbour").first.click()
        page.get_by_role("link", name="Older").click()
        expect(page.get_by_role("navigation", name="Pages of the history")).to_contain_text("26–50 of 76")
        page.get_by_label("Result", exact=True).select_option("Error")
        page.locator("form[data-part=history]").get_by_role("button", name="Show").click()
        expect(page.locator("#history tbody tr")).to_have_count(1)
        page.locator("#history").get_by_role("link", name="Error", exact=True).click()
        page.get_by_role("searchbox", name="Search in log").fill("step 7")
        page.get_by_role("searchbox", name="Search in log").press("Enter")
        expect(page.locator("#log mark")).to_have_count(1)


def test_an_open_page_whose_session_ended_asks_to_sign_in_and_comes_back(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("401")
    fresh.report(Made(Instant(NOW - HOUR), "quay", job="Notes"))
    page = visit(fresh, "/?view=table", signed_in=False)
    sign_in(page, fresh)
    other = page.context.new_page()
    other.goto(f"{fresh.address}/start")
    other.get_by_label("Account of admin").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other).to_have_url(re.compile("/login"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    sign_in(page, fresh)
    expect(page).to_have_url(f"{fresh.address}/?view=table")
