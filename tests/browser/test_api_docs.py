"""The interface for programs as people read it: opened, tried, on a phone, under a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.site import running
from tests.fixtures.accessibility import serious_findings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Visit
    from tests.browser.site import Site


def test_what_reads_can_be_tried_under_a_path_too(visit: Visit, data_dir: Path) -> None:
    with running(data_dir, root_path="/backups") as site:
        page = visit(site, "/api/docs")
        operation = page.locator("#of_server")
        operation.locator("summary").click()
        operation.get_by_role("textbox", name="server").fill("a/b 100%")
        operation.get_by_role("button", name="Try").click()
        expect(operation.locator("[data-answer]")).to_have_text("[]")
        outcome = operation.locator("[data-outcome]").inner_text()
        assert outcome.startswith("200 ")
        assert outcome.endswith("/backups/api/chart-data/server/a%2Fb%20100%25")


def test_an_answer_is_shown_as_text_whatever_it_holds(visit: Visit, recorded: Site) -> None:
    page = visit(recorded, "/api/docs")
    operation = page.locator("#rejected_one")
    operation.locator("summary").click()
    operation.get_by_role("textbox").fill("2")
    operation.get_by_role("button", name="Try").click()
    expect(operation.locator("[data-answer]")).to_contain_text("<script>alert(1)</script><b>no report</b>")
    assert operation.locator("[data-answer] b").count() == 0


def test_what_changes_something_can_only_be_read(visit: Visit, story: Site) -> None:
    page = visit(story, "/api/docs")
    page.locator("#upload summary").click()
    expect(page.locator("#upload table")).to_be_visible()
    assert page.locator("#upload form").count() == 0


def test_a_shape_opens_where_it_is_named(visit: Visit, story: Site) -> None:
    page = visit(story, "/api/docs")
    page.locator("#dashboard summary").click()
    page.locator("#dashboard").get_by_role("link", name="Dashboard").click()
    expect(page.locator("#shape-Dashboard")).to_have_attribute("open", "")
    expect(page.locator("#shape-Dashboard tbody tr")).to_have_count(3)


def test_it_fits_a_phone_and_keeps_nobody_out(visit: Visit, story: Site) -> None:
    for theme in ("dark", "light"):
        page = visit(story, "/api/docs", width=360, theme=theme, touch=True)
        page.locator("#lastbackups summary").click()
        assert serious_findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 360
