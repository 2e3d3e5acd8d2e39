"""The page of rejected reports: what was refused, why, and what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from duplistatus.clock import moment
from tests.browser.site import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site


def test_what_was_refused_is_listed_with_its_reason_and_shown_as_text(
    visit: Visit, recorded: Site, marked: Callable[[Page], Callable[[], bool]]
) -> None:
    page = visit(recorded)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Rejected reports").click()
    row = page.get_by_role("row").filter(has_text="text/html")
    expect(page.get_by_role("row").filter(has_text="connection works")).to_have_count(1)
    same = marked(page)
    row.get_by_role("link", name="Look into").click()
    document = page.get_by_label("Beginning of the document")
    expect(document).to_have_text("<script>alert(1)</script><b>no report</b>")
    assert same()
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == b"<script>alert(1)</script><b>no report</b>"
    row.get_by_role("link", name="Hide").click()
    expect(document).to_have_count(0)


def test_a_refusal_appears_on_the_open_page_within_a_minute(visit: Visit, fresh: Site) -> None:
    page = visit(fresh, "/rejected")
    page.clock.install(time=moment(NOW))
    page.reload()
    expect(page.get_by_text("Nothing was rejected")).to_be_visible()
    assert fresh.deliver(b"no report at all") == 400
    page.clock.run_for("01:01")
    expect(page.get_by_role("row")).to_have_count(2)
