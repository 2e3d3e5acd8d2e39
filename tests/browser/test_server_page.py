"""The page of a server, and of one of its jobs: totals, verdict, history, charts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

HARBOUR = "/detail/id-harbour"


def _history(page: Page) -> Locator:
    return page.get_by_role("region", name="History").locator("tbody tr")


def _column(page: Page, label: str) -> list[str]:
    return [text.strip() for text in _history(page).locator(f"td[data-label='{label}']").all_text_contents()]


def _seconds(text: str) -> int:
    minutes, seconds = text.split(":")
    return int(minutes) * 60 + int(seconds)


def test_the_totals_are_those_of_the_server(visit: Visit, story: Site) -> None:
    page = visit(story, HARBOUR)
    expect(page.get_by_role("heading", level=1)).to_have_text("harbour")
    tiles = {tile.locator("dt").inner_text(): tile.locator("dd").all_inner_texts() for tile in page.locator(".tile").all()}
    assert tiles["Jobs"] == ["2", "1 overdue"]
    assert tiles["Runs"][0] == "76"
    assert tiles["Versions"][0] == "9"
    assert [text.replace("\u00a0", " ") for text in tiles["Source"]] == ["12.9 GiB", "3,200 files"]
    assert "not reported" not in str(tiles)


def test_an_overdue_job_says_why(visit: Visit, story: Site) -> None:
    page = visit(story, HARBOUR)
    verdict = page.get_by_label("Why Photos is overdue")
    expect(verdict).to_contain_text("Photos should have run on 19 Nov, 12:00. That was 2 days ago; its last run began on 12 Nov, 12:00.")
    expect(verdict).to_contain_text("announced by report")
    expect(verdict).to_contain_text("tolerance of 2 hours")
    page.goto(f"{story.address}{HARBOUR}?backup=Files")
    expect(page.get_by_role("heading", level=1)).to_have_text("Files")
    expect(page.get_by_label(re.compile("^Why"))).to_have_count(0)


def test_the_history_comes_in_pages_without_loading_the_page_anew(
    visit: Visit, story: Site, marked: Callable[[Page], Callable[[], bool]]
) -> None:
    page = visit(story, HARBOUR)
    same = marked(page)
    pages = page.get_by_role("navigation", name="Pages of the history")
    expect(pages).to_contain_text("1–25 of 76")
    expect(_history(page)).to_have_count(25)
    seen = [_column(page, "Started")]
    for shown in ("26–50 of 76", "51–75 of 76", "76–76 of 76"):
        pages.get_by_role("link", name="Older").click()
        expect(pages).to_contain_text(shown)
        seen.append(_column(page, "Started"))
    assert [len(part) for part in seen] == [25, 25, 25, 1]
    assert len({text for part in seen for text in part}) == 76
    expect(pages.get_by_role("link", name="Older")).to_have_count(0)
    pages.get_by_role("link", name="Newer").click()
    expect(pages).to_contain_text("51–75 of 76")
    page.go_back()
    expect(pages).to_contain_text("76–76 of 76")
    assert same()
    page.reload()
    expect(pages).to_contain_text("76–76 of 76")


def test_the_history_is_sorted_by_the_column_that_is_clicked(
    visit: Visit, story: Site, marked: Callable[[Page], Callable[[], bool]]
) -> None:
    page = visit(story, HARBOUR)
    same = marked(page)
    header = page.get_by_role("region", name="History").get_by_role("columnheader", name="Duration")
    header.get_by_role("link").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    longest = [_seconds(text) for text in _column(page, "Duration")]
    assert longest == sorted(longest, reverse=True)
    header.get_by_role("link").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    shortest = [_seconds(text) for text in _column(page, "Duration")]
    assert shortest == sorted(shortest)
    assert shortest[0] < longest[0]
    assert same()


def test_the_history_is_filtered_by_result_and_job(visit: Visit, story: Site) -> None:
    page = visit(story, HARBOUR)
    page.get_by_label("Result", exact=True).select_option("Warning")
    expect(_history(page)).to_have_count(1)
    assert _column(page, "Result") == ["Warning"]
    expect(page).to_have_url(re.compile("status=Warning"))
    page.get_by_label("Result", exact=True).select_option("Unknown")
    expect(page.get_by_text("No run has this result")).to_be_visible()
    page.get_by_role("link", name="Show all runs").click()
    expect(_history(page)).to_have_count(25)
    page.get_by_label("Runs on a page").select_option("100")
    expect(_history(page)).to_have_count(76)
    page.get_by_label("Job", exact=True).select_option("Photos")
    expect(page).to_have_url(re.compile("backup=Photos"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Photos")
    expect(_history(page)).to_have_count(1)


def test_a_line_of_the_history_opens_its_run(visit: Visit, story: Site) -> None:
    page = visit(story, f"{HARBOUR}?backup=Files&status=Error")
    expect(_history(page)).to_have_count(1)
    page.get_by_role("region", name="History").get_by_role("link", name="Error", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Files")
    expect(page.locator("main")).to_contain_text("9 Nov, 03:00")
    expect(page.locator("main")).to_contain_text("No answer")


def _inked(page: Page) -> list[bool]:
    """Whether something is drawn on each chart: canvases of one colour hold nothing."""
    return list(
        page.locator(".plot canvas").evaluate_all(
            """canvases => canvases.map(canvas => {
                const data = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
                return data.some(pixel => pixel !== data[0]);
            })"""
        )
    )


def test_six_charts_are_drawn_and_the_range_changes_them(visit: Visit, story: Site, marked: Callable[[Page], Callable[[], bool]]) -> None:
    page = visit(story, HARBOUR)
    charts = page.get_by_role("region", name="Charts")
    expect(charts.locator(".plot canvas")).to_have_count(6)
    assert _inked(page) == [True] * 6
    stored = charts.get_by_role("img", name=re.compile("^Stored: "))
    expect(stored).to_have_attribute("aria-label", re.compile("Oct 2026 – 21 Nov 2026"))
    same = marked(page)
    charts.get_by_role("link", name="Three months").click()
    expect(stored).to_have_attribute("aria-label", re.compile("(Aug|Sept) 2026 – 21 Nov 2026"))
    expect(page).to_have_url(re.compile("range=90d"))
    assert _inked(page) == [True] * 6
    assert same()
    page.go_back()
    expect(stored).to_have_attribute("aria-label", re.compile("Oct 2026 – 21 Nov 2026"))


def test_a_chart_tells_the_day_under_the_pointer_and_zooms_where_it_is_dragged(visit: Visit, story: Site) -> None:
    page = visit(story, f"{HARBOUR}?backup=Files&range=90d")
    figure = page.locator("figure[data-chart='source_size']")
    plot = figure.locator(".u-over")
    expect(plot).to_be_visible()
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
    expect(figure.locator(".tip")).to_have_text(re.compile(r"^\d+ \w+ 2026: 3\.\d\d\sGiB$"))

    def days() -> float:
        return float(figure.evaluate("figure => (figure.plot.scales.x.max - figure.plot.scales.x.min) / 86400"))

    whole = days()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    page.wait_for_function("figure => figure.plot.scales.x.max - figure.plot.scales.x.min < 40 * 86400", arg=figure.element_handle())
    assert days() < whole / 2
    plot.dblclick()
    assert days() == pytest.approx(whole)


def test_a_server_that_does_not_exist_is_said_to_be_missing(visit: Visit, story: Site, watch: Watch) -> None:
    watch.expect("404 .*/detail/nobody")
    page = visit(story, "/detail/nobody")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    page.get_by_role("link", name="Go to the dashboard").click()
    expect(page).to_have_url(f"{story.address}/")
