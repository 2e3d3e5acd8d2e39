"""The first minutes: the first account, a password of one's own, the options for Duplicati, the first report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import HOUR, Instant
from tests.browser.conftest import sign_in
from tests.browser.site import NOW, running
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch


@pytest.fixture
def untouched(data_dir: Path) -> Iterator[Site]:
    """A product as it is after its very first start."""
    with running(data_dir, password=None) as site:
        yield site


def _choose_password(page: Page, password: str, again: str | None = None) -> None:
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password again").fill(again or password)
    page.get_by_role("button", name="Change password").click()


def test_the_first_account_chooses_a_password_before_anything_else(visit: Visit, untouched: Site, watch: Watch) -> None:
    watch.expect("400 .*/change-password")
    page = visit(untouched, "/", signed_in=False)
    expect(page.get_by_text("The first account is “admin”")).to_be_visible()
    sign_in(page, untouched)
    expect(page).to_have_url(f"{untouched.address}/change-password")
    for path in ("/", "/start", "/rejected", "/api/docs", "/detail/nothing"):
        page.goto(f"{untouched.address}{path}")
        expect(page).to_have_url(f"{untouched.address}/change-password")

    problem = page.get_by_role("alert")
    _choose_password(page, "onlysmallletters")
    expect(problem).to_contain_text("Password must contain at least one uppercase letter (A-Z)")
    expect(problem).to_contain_text("Password must contain at least one number (0-9)")
    _choose_password(page, "Correct7Horse", "Correct7House")
    expect(problem).to_have_text("The new password and its repetition differ.")
    _choose_password(page, "Duplistatus09")
    expect(problem).to_contain_text("Cannot use the default password")
    _choose_password(page, "Correct7Horse")
    expect(page).to_have_url(f"{untouched.address}/")
    expect(page.get_by_role("heading", name="Let Duplicati report here")).to_be_visible()


def test_a_password_that_is_too_short_is_not_even_sent(visit: Visit, untouched: Site) -> None:
    page = visit(untouched, "/", signed_in=False)
    sign_in(page, untouched)
    field = page.get_by_label("New password", exact=True)
    field.press_sequentially("Sh0rt")
    page.get_by_label("New password again").fill("Sh0rt")
    page.get_by_role("button", name="Change password").click()
    assert field.evaluate("field => field.validity.tooShort")
    expect(page).to_have_url(f"{untouched.address}/change-password")
    expect(page.get_by_text("At least 8 characters, with upper and lower case letters and a digit.")).to_be_visible()


def test_the_page_without_reports_shows_the_options_for_this_address_ready_to_copy(visit: Visit, fresh: Site) -> None:
    page = visit(fresh)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    upload = f"{fresh.address}/api/upload"
    newest = [f"--send-http-json-urls={upload}", "--send-http-log-level=Information", "--send-http-max-log-lines=0"]

    def copied() -> str:
        return str(page.evaluate("() => navigator.clipboard.readText()"))

    page.get_by_role("button", name="Copy all").click()
    expect(page.locator("#toast")).to_have_text("Copied")
    assert copied().splitlines() == newest

    page.get_by_text("Field by field").locator("visible=true").click()
    page.get_by_role("button", name="Copy send-http-json-urls").click()
    page.wait_for_function("address => navigator.clipboard.readText().then(text => text === address)", arg=upload)

    versions = page.get_by_role("group", name="Version of Duplicati").get_by_role("button")
    expect(versions).to_have_count(3)
    versions.last.click()
    expect(versions.last).to_have_attribute("aria-pressed", "true")
    expect(versions.first).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("button", name="Copy all")).to_have_count(1)
    page.get_by_role("button", name="Copy all").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('--send-http-url='))")
    assert copied().splitlines() == [f"--send-http-url={upload}", "--send-http-result-output-format=Json", *newest[1:]]


def test_the_page_notices_the_first_report_by_itself(visit: Visit, fresh: Site, marked: Callable[[Page], Callable[[], bool]]) -> None:
    page = visit(fresh)
    expect(page.get_by_role("heading", name="Waiting for the first report …")).to_be_visible()
    same = marked(page)
    fresh.report(Made(Instant(NOW - HOUR), "harbour", job="Files"))
    expect(page.get_by_role("heading", name="Reports arrive")).to_be_visible()
    assert same()
    expect(page.get_by_role("link", name="harbour · Files")).to_be_visible()
    page.get_by_role("link", name="Go to the dashboard").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The only job is fine")
    expect(page.get_by_role("link", name=re.compile("^Files"))).to_be_visible()


def test_what_is_no_report_leaves_the_page_waiting_and_says_where_to_look(visit: Visit, fresh: Site) -> None:
    page = visit(fresh)
    assert fresh.deliver(b'{"test":"connection"}') == 400
    page.get_by_role("link", name="Look at what was rejected").click()
    expect(page.get_by_role("table")).to_contain_text("connection works")
    page.go_back()
    expect(page.get_by_role("heading", name="Waiting for the first report …")).to_be_visible()
