"""The dashboard: its sentence, totals, cards, table, filter, order, side and details."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import HOUR, Instant, moment
from tests.browser.site import NOW
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site

JOBS = {"Files": "Success", "Photos": "Overdue", "Mail": "Fatal", "Scans": "Warning", "Notes": "Unscheduled"}


def test_one_sentence_says_how_the_fleet_is_and_its_parts_lead_to_the_jobs(visit: Visit, story: Site) -> None:
    page = visit(story)
    sentence = page.get_by_role("heading", level=1)
    expect(sentence).to_have_text("1 job is overdue, 1 failed and 1 has warnings. The other 2 are fine; the last report came 1 hour ago.")
    sentence.get_by_role("link", name="1 failed").click()
    expect(page.get_by_text("Only: Failed jobs")).to_be_visible()
    expect(page.locator(".job")).to_have_count(1)
    expect(page.locator(".job")).to_contain_text("Mail")
    page.get_by_role("link", name="show all").click()
    expect(page.locator(".job")).to_have_count(5)


def test_the_totals_are_those_of_the_fleet(visit: Visit, story: Site) -> None:
    page = visit(story)
    figures = [text.replace("\u00a0", " ") for text in page.locator("#figures > div").all_text_contents()]
    assert [figure.strip() for figure in figures] == [
        "servers3",
        "jobs5",
        "runs80",
        "source12.9 GiB",
        "stored2.93 GiB",
        "uploaded in 30 days90.0 MiB",
    ]


def test_each_server_has_a_card_with_its_jobs_the_troubled_first(visit: Visit, story: Site) -> None:
    page = visit(story)
    cards = page.locator(".card")
    expect(cards.locator("h2")).to_have_text(["harbour", "mill", "quay"])
    expect(cards.first.locator(".job b")).to_have_text(["Photos, Overdue", "Files, Success"])
    expect(cards.first.get_by_role("link", name=re.compile("Photos"))).to_contain_text("2 d late")
    expect(cards.first.get_by_role("img", name="Last run: 1 Success; 1 missed")).to_be_visible()
    expect(cards.first.get_by_role("img", name="Last 30 runs: 28 Success, 1 Warning, 1 Error")).to_be_visible()
    cards.first.get_by_role("link", name="harbour").click()
    expect(page).to_have_url(f"{story.address}/detail/id-harbour")


def test_the_table_shows_every_job_in_one_line_and_sorts_by_each_column(visit: Visit, story: Site) -> None:
    page = visit(story)
    page.get_by_role("navigation", name="View").get_by_role("link", name="Table").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(5)
    for job, word in JOBS.items():
        expect(rows.filter(has=page.get_by_role("link", name=job, exact=True))).to_contain_text(word)
    column = page.get_by_role("columnheader", name="Versions")

    def versions() -> list[int]:
        return [int(text) for text in rows.locator("td:nth-child(10)").all_text_contents()]

    column.get_by_role("link").click()
    expect(column).to_have_attribute("aria-sort", "descending")
    assert versions() == sorted(versions(), reverse=True)
    column.get_by_role("link").click()
    expect(column).to_have_attribute("aria-sort", "ascending")
    assert versions() == sorted(versions())
    assert len(set(versions())) > 1


def test_a_state_in_the_table_opens_the_run_that_it_comes_from(visit: Visit, story: Site) -> None:
    page = visit(story, "/?view=table")
    page.get_by_role("link", name="Fatal").click()
    expect(page).to_have_url(re.compile("/detail/id-mill/backup/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Mail")


@pytest.mark.parametrize("view", ["cards", "table"])
def test_the_filter_opens_with_a_slash_and_hides_what_does_not_match(
    visit: Visit, story: Site, view: str, marked: Callable[[Page], Callable[[], bool]]
) -> None:
    page = visit(story, f"/?view={view}")
    lines = page.locator(".job:visible, tbody tr:visible")
    expect(lines).to_have_count(5)
    same = marked(page)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("HARB pho")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("Photos")
    page.keyboard.type("x")
    expect(lines).to_have_count(0)
    expect(page.locator("#no-match")).to_be_visible()
    page.keyboard.press("Escape")
    expect(lines).to_have_count(5)
    assert same()
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).not_to_be_focused()


def test_a_filter_stays_in_the_address_and_works_from_other_pages(visit: Visit, story: Site) -> None:
    page = visit(story)
    page.get_by_role("searchbox").fill("mill")
    expect(page).to_have_url(f"{story.address}/?q=mill")
    page.reload()
    expect(page.locator(".card:visible h2")).to_have_text(["mill"])
    page.goto(f"{story.address}/detail/id-quay")
    page.keyboard.press("/")
    page.keyboard.type("scans")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{story.address}/?q=scans")
    expect(page.locator(".job:visible")).to_have_count(1)


def test_cards_come_in_the_order_that_was_chosen(visit: Visit, story: Site) -> None:
    page = visit(story)
    names = page.locator(".card h2")
    for order, expected in (
        ("Newest run first", ["quay", "mill", "harbour"]),
        ("Largest first", ["harbour", "mill", "quay"]),
        ("By name", ["harbour", "mill", "quay"]),
    ):
        page.get_by_label(re.compile("^Order: ")).click()
        page.get_by_role("link", name=order).click()
        expect(page.get_by_label(f"Order: {order}")).to_be_visible()
        expect(names).to_have_text(expected)


def test_the_side_counts_states_names_troubles_and_says_what_comes_next(visit: Visit, story: Site) -> None:
    page = visit(story, width=1440)
    side = page.get_by_role("complementary", name="Overview")
    for text in ("1 Overdue", "1 Fatal", "1 Warning", "1 Unscheduled", "1 Success"):
        expect(side.get_by_role("list", name="Jobs by state").get_by_role("link", name=text)).to_be_visible()
    attention = side.get_by_role("region", name="Needs attention")
    expect(attention.get_by_role("listitem")).to_have_count(3)
    expect(attention).to_contain_text("mill · Mail")
    expect(attention).to_contain_text("The disk is <gone>")
    expect(attention).to_contain_text("3 files are locked")
    expect(side.get_by_role("region", name="Next")).to_contain_text("harbour · Files")
    expect(side.get_by_role("figure").get_by_role("img")).to_have_count(2)
    attention.get_by_role("link", name=re.compile("mill · Mail")).click()
    expect(page).to_have_url(f"{story.address}/detail/id-mill?backup=Mail")


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_details_of_a_job_stand_beside_it_on_hover_and_on_focus(visit: Visit, story: Site, by: str) -> None:
    page = visit(story)
    row = page.get_by_role("link", name=re.compile("^Mail ?, Fatal"))
    if by == "pointer":
        row.hover()
    else:
        page.get_by_role("link", name="mill", exact=True).focus()
        page.keyboard.press("Tab")
        expect(row).to_be_focused()
    details = page.get_by_role("tooltip")
    expect(details).to_be_visible()
    expect(details).to_contain_text("mill · Mail")
    expect(details).to_contain_text("The disk is <gone>")
    expect(details).to_contain_text("Saturday, 21 November 2026")
    expect(row).to_have_attribute("aria-describedby", "details")
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    expect(row).not_to_have_attribute("aria-describedby", "details")


def test_the_charts_view_draws_the_whole_fleet(visit: Visit, story: Site) -> None:
    page = visit(story)
    page.get_by_role("navigation", name="View").get_by_role("link", name="Charts").click()
    expect(page.locator(".plot canvas")).to_have_count(6)
    page.get_by_role("navigation", name="Range").get_by_role("link", name="3 M").click()
    expect(page).to_have_url(re.compile("range=90d"))
    expect(page.locator(".plot canvas")).to_have_count(6)


def test_times_are_those_of_the_clock_on_the_readers_wall(visit: Visit, story: Site) -> None:
    page = visit(story, "/?view=table", zone="Asia/Tokyo")
    expect(page.locator("tbody tr").filter(has_text="Files").locator("time").first).to_have_text("21 Nov, 12:00")


def test_ages_grow_while_the_page_stands(visit: Visit, fresh: Site) -> None:
    fresh.report(Made(Instant(NOW - HOUR), "quay", job="Notes"))
    page = visit(fresh)
    age = page.get_by_role("link", name=re.compile("^Notes")).locator("time")
    expect(age).to_have_text("1 h")
    fresh.clock.advance(5 * HOUR)
    page.clock.set_fixed_time(moment(fresh.clock.now()))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(age).to_have_text("6 h")
