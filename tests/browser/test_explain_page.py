"""The page that explains a verdict, reached as people reach it, and asked for other moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.layout import missed_by_tab, outside, small
from tests.fixtures.accessibility import serious_findings

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site


def overdue_job(visit: Visit, story: Site, width: int = 1280) -> Page:
    """The explanation of a job that is overdue, from its server's page."""
    page = visit(story, "/detail/id-harbour", width=width)
    page.get_by_role("link", name="Explain", exact=True).click()
    page.wait_for_url("**/explain")
    return page


def test_an_overdue_job_leads_to_its_reasons(visit: Visit, story: Site) -> None:
    page = overdue_job(visit, story)
    verdict = page.get_by_role("region", name="Overdue")
    expect(verdict).to_contain_text("is overdue: it was expected at")
    expect(verdict).to_contain_text("the tolerance of 2 hours ended at")
    expect(page.get_by_role("img", name="Runs and expected moments")).to_be_visible()
    numbers = page.get_by_role("region", name="The numbers")
    expect(numbers).to_contain_text("announced by report")
    expect(numbers).to_contain_text("UTC")
    expect(page.get_by_role("region", name="Time line").get_by_text("expected, no run")).to_be_visible()


def test_another_moment_has_another_verdict(visit: Visit, story: Site) -> None:
    page = overdue_job(visit, story)
    page.get_by_role("textbox", name="Moment").fill("2026-10-01T12:00")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/explain?at=*")
    expect(page.get_by_text("What it says at")).to_be_visible()
    expect(page.get_by_role("region", name="Overdue")).to_have_count(0)
    page.get_by_role("link", name="now", exact=True).click()
    expect(page.get_by_role("region", name="Overdue")).to_be_visible()


def test_what_is_no_moment_is_said_and_the_verdict_is_that_of_now(visit: Visit, story: Site) -> None:
    page = visit(story, "/jobs/1/explain?at=yesterday")
    expect(page.get_by_role("alert")).to_contain_text("“yesterday” is no moment")
    expect(page.get_by_text("The verdict of now, and")).to_be_visible()


@pytest.mark.parametrize("width", [360, 2560])
def test_the_page_can_be_used_at_every_width_and_by_keyboard(visit: Visit, story: Site, width: int) -> None:
    page = overdue_job(visit, story, width=width)
    assert outside(page) == []
    assert small(page, 24) == []
    assert missed_by_tab(page) == []
    assert serious_findings(page) == []
