"""Holding messages back, and tagging servers, as an administrator does it in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import DAY, HOUR, Instant
from tests.browser.layout import covering, missed_by_tab, outside, small
from tests.browser.site import NOW
from tests.fixtures.accessibility import serious_findings
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site

WINDOWS = "/settings/maintenance"


@pytest.fixture
def fleet(fresh: Site) -> Site:
    """Mail on mill failed; Files on harbour is fine."""
    fresh.report(
        Made(Instant(NOW - 3 * HOUR), "mill", job="Mail", result="Error", next_run=Instant(NOW + DAY)),
        Made(Instant(NOW - 2 * HOUR), "harbour", job="Files", next_run=Instant(NOW + DAY)),
    )
    return fresh


def _marks(page: Page) -> list[str | None]:
    return [mark.get_attribute("aria-label") for mark in page.locator(".silent").all()]


def test_a_job_is_snoozed_at_one_press_and_woken(visit: Visit, fleet: Site, marked: Callable[[Page], Callable[[], bool]]) -> None:
    page = visit(fleet, "/detail/id-mill")
    same = marked(page)
    page.get_by_role("link", name="Snooze or acknowledge Mail").click()
    dialog = page.get_by_role("dialog", name="Messages of Mail")
    expect(dialog).to_be_visible()
    assert serious_findings(page, "dialog[open]") == []
    dialog.get_by_role("button", name="4 hours").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Snoozed until 21 Nov, 16:00")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Mail is snoozed")).to_be_visible()
    assert same()
    page.goto(f"{fleet.address}/")
    assert _marks(page) == ["Snoozed"]
    page.goto(f"{fleet.address}{WINDOWS}")
    page.get_by_role("button", name="End the snooze of Mail").click()
    expect(page.get_by_role("region", name="Snoozed now")).to_contain_text("Nothing.")


def test_trouble_is_acknowledged_with_a_comment(visit: Visit, fleet: Site) -> None:
    page = visit(fleet, "/detail/id-mill")
    page.get_by_role("link", name="Snooze or acknowledge Mail").click()
    page.get_by_role("dialog").get_by_role("link", name="Acknowledge …").click()
    form = page.get_by_role("region", name="Acknowledge")
    expect(form).to_contain_text("Known: Failed.")
    form.get_by_label("Comment").fill("disk ordered")
    form.get_by_role("button", name="Acknowledge").click()
    page.wait_for_url("**/detail/id-mill")
    expect(page.get_by_text("Acknowledged by admin · disk ordered")).to_be_visible()


def test_a_window_is_added_with_the_keyboard_and_opens_for_the_servers_of_a_tag(visit: Visit, fleet: Site) -> None:
    page = visit(fleet, "/detail/id-mill", zone="Europe/Oslo")
    page.get_by_role("link", name="Add tags").click()
    page.get_by_label("New tags, with commas between them").fill("site two, prod")
    page.get_by_role("region", name="Tags of mill").get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="site two")).to_be_visible()
    page.goto(f"{fleet.address}{WINDOWS}")
    form = page.get_by_role("region", name="Add a window")
    form.get_by_label("Name").fill("Saturdays")
    form.get_by_role("combobox", name="For").select_option("tag:site two")
    expect(form.get_by_label("Time zone")).to_be_hidden()
    form.get_by_label("Once").focus()
    page.keyboard.press("ArrowRight")
    expect(form.get_by_label("From", exact=True)).to_be_hidden()
    expect(form.get_by_label("Time zone")).to_have_value("Europe/Oslo")
    for day in ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        form.get_by_label(day).uncheck()
    form.get_by_label("At", exact=True).fill("12:30")
    form.get_by_label("hours").fill("2")
    form.get_by_role("button", name="Add").click()
    row = page.get_by_role("region", name="Windows").get_by_role("row").filter(has_text="Saturdays")
    expect(row).to_contain_text("Open closes in 1 h")
    expect(row).to_contain_text("Sa at 12:30 for 2 h, Europe/Oslo")
    page.goto(f"{fleet.address}/")
    assert _marks(page) == ["In maintenance"]
    expect(page.locator(".card").filter(has_text="mill").locator(".silent")).to_have_count(1)


def test_the_filter_finds_servers_by_tag_as_one_types_and_by_a_link(visit: Visit, fleet: Site) -> None:
    page = visit(fleet, "/settings/tags?server=id-mill")
    page.get_by_label("New tags, with commas between them").fill("Site Two, prod")
    page.get_by_role("region", name="Tags of mill").get_by_role("button", name="Save").click()
    page.wait_for_url("**/detail/id-mill")
    for view in ("cards", "table"):
        page.goto(f"{fleet.address}/?view={view}")
        box = page.get_by_label("Filter servers and jobs")
        listed = page.locator("main .card:visible, main tr[data-row]:visible")
        expect(listed).to_have_count(2)
        for query, count in (("tag:PROD", 1), ('tag:"site two" mail', 1), ("tag:site", 0), ("tag:prod files", 0), ("", 2)):
            box.fill(query)
            expect(listed).to_have_count(count)
    page.goto(f"{fleet.address}/")
    page.get_by_role("link", name="Site Two").click()
    expect(page.get_by_label("Filter servers and jobs")).to_have_value('tag:"Site Two"')
    expect(page.locator("main .card:visible")).to_have_count(1)


def test_the_pages_can_be_read_and_used_at_every_width_when_they_are_full(visit: Visit, fleet: Site) -> None:
    page = visit(fleet, "/settings/tags?server=id-mill", width=360)
    page.get_by_label("New tags, with commas between them").fill("a tag with forty characters in its name, prod")
    page.get_by_role("region", name="Tags of mill").get_by_role("button", name="Save").click()
    page.wait_for_url("**/detail/id-mill")
    page.goto(f"{fleet.address}/silence?server=id-harbour")
    page.get_by_label("Comment").fill("moving everything to another building, which takes a while " * 3)
    page.get_by_role("button", name="Snooze").click()
    page.goto(f"{fleet.address}/silence?job=1")
    page.get_by_role("button", name="Acknowledge").click()
    page.goto(f"{fleet.address}{WINDOWS}")
    page.get_by_role("textbox", name="Name").fill("A window with a long name that says exactly what is done")
    page.get_by_role("button", name="Add").click()
    found: dict[str, list[str]] = {}
    for path in (
        WINDOWS,
        f"{WINDOWS}?edit=1",
        "/settings/tags?edit=1",
        "/silence?job=1",
        "/silence?job=2",
        "/detail/id-mill",
        "/",
        "/?view=table",
    ):
        page.goto(f"{fleet.address}{path}")
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            found[f"outside: {path} at {width}"] = outside(page)
            found[f"covered: {path} at {width}"] = covering(page)
            for theme in ("dark", "light"):
                page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                found[f"kept out: {path} at {width}, {theme}"] = serious_findings(page)
        found[f"small: {path}"] = small(page, 24)
    for path in (WINDOWS, "/settings/tags?edit=1", "/silence?job=2"):
        page.goto(f"{fleet.address}{path}")
        found[f"keyboard: {path}"] = missed_by_tab(page)
    assert {where: what for where, what in found.items() if what} == {}
