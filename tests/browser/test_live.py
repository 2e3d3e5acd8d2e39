"""Pages that are open change by themselves when a report arrives, in place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from tests.browser.site import NOW
from tests.web.api.reports import Made, warning

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

    Marked = Callable[[Page], Callable[[], bool]]


@pytest.fixture
def pair(fresh: Site) -> Site:
    """Two servers with one job each; that of `harbour` has been overdue for 22 hours."""
    fresh.report(
        Made(Instant(NOW - 2 * DAY), "harbour", job="Files", next_run=Instant(NOW - 22 * HOUR)),
        Made(Instant(NOW - HOUR), "mill", job="Mail"),
    )
    fresh.judge()
    return fresh


@pytest.mark.parametrize("view", ["cards", "table"])
def test_a_report_changes_its_row_on_the_open_dashboard(visit: Visit, pair: Site, view: str, marked: Marked) -> None:
    page = visit(pair, f"/?view={view}", width=1440)
    row = page.locator(".job, tbody tr").filter(has_text="Files")
    other = page.locator(".job, tbody tr").filter(has_text="Mail")
    expect(row).to_contain_text("22 h late")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 job is overdue")
    same = marked(page)
    other.evaluate("row => { row.isTheSame = true; }")
    row.get_by_role("link").first.focus() if view == "table" else row.focus()
    pair.report(
        Made(
            Instant(NOW - 5 * MINUTE), "harbour", job="Files", result="Warning", warnings=(warning("locked"),), next_run=Instant(NOW + DAY)
        )
    )
    expect(row).to_contain_text("Warning")
    expect(row).to_contain_text("5 min")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 job has warnings. The other one is fine")
    if view == "cards":
        expect(page.get_by_role("region", name="Needs attention")).to_contain_text("locked")
    assert same()
    assert other.evaluate("row => row.isTheSame === true"), "what did not change was not drawn anew"
    assert row.evaluate("row => row.contains(document.activeElement)"), "the keyboard stays where it was"


def test_a_new_server_appears_on_the_open_dashboard(visit: Visit, pair: Site, marked: Marked) -> None:
    page = visit(pair)
    same = marked(page)
    pair.report(Made(Instant(NOW - MINUTE), "quay", job="Notes"))
    expect(page.locator(".card h2")).to_have_text(["harbour", "mill", "quay"])
    assert same()


def test_a_filter_that_is_being_typed_survives_a_change(visit: Visit, pair: Site) -> None:
    page = visit(pair)
    page.keyboard.press("/")
    page.keyboard.type("mill")
    expect(page.locator(".card:visible")).to_have_count(1)
    pair.report(Made(Instant(NOW - MINUTE), "quay", job="Notes"))
    expect(page.locator("#figures")).to_contain_text("servers3")
    expect(page.get_by_role("searchbox")).to_have_value("mill")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.locator(".card:visible h2")).to_have_text(["mill"])


def test_the_history_and_the_charts_of_an_open_server_page_take_up_a_run(visit: Visit, pair: Site, marked: Marked) -> None:
    page = visit(pair, "/detail/id-harbour")
    history = page.get_by_role("region", name="History")
    expect(history.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_label("Why Files is overdue")).to_be_visible()
    charts = page.locator("figure[data-chart='uploaded'] [data-figure]")
    expect(charts).to_have_text("700\u00a0B")
    same = marked(page)
    pair.report(Made(Instant(NOW - 5 * MINUTE), "harbour", job="Files", uploaded=42 * 1024**2, next_run=Instant(NOW + DAY)))
    expect(history.locator("tbody tr")).to_have_count(2)
    expect(history.locator("tbody tr").first).to_contain_text("42.0\u00a0MiB")
    expect(page.get_by_label("Why Files is overdue")).to_have_count(0)
    expect(charts).to_have_text("42.0\u00a0MiB")
    assert same()


def test_an_open_run_page_offers_the_run_that_came_after_it(visit: Visit, pair: Site) -> None:
    page = visit(pair, "/detail/id-harbour?backup=Files")
    page.get_by_role("link", name="Last run").first.click()
    expect(page).to_have_url(re.compile("/backup/"))
    expect(page.get_by_role("link", name="Next run")).to_have_count(0)
    pair.report(Made(Instant(NOW - 5 * MINUTE), "harbour", job="Files"))
    expect(page.get_by_role("link", name="Next run")).to_be_visible()


def test_time_alone_makes_a_job_overdue_on_the_open_page(visit: Visit, fresh: Site, marked: Marked) -> None:
    fresh.report(Made(Instant(NOW - DAY), "harbour", job="Files", next_run=NOW))
    page = visit(fresh)
    expect(page.get_by_role("heading", level=1)).to_contain_text("The only job is fine")
    same = marked(page)
    fresh.clock.advance(3 * HOUR)
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 job is overdue")
    expect(page.locator(".job")).to_contain_text("3 h late")
    assert same()


def test_a_lost_connection_is_shown_and_healed(visit: Visit, pair: Site, watch: Watch) -> None:
    watch.expect("api/events")
    page = visit(pair)
    page.context.route("**/api/events", lambda route: route.abort("connectionrefused"))
    page.reload()
    sign = page.locator("#live")
    expect(sign).to_have_text("Not connected")
    page.context.unroute("**/api/events")
    page.reload()
    expect(sign).to_have_text("Live")
    expect(sign).not_to_have_class("is-off")
