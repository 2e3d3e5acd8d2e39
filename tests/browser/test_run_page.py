"""The page of a run: reason, figures, versions, log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson
import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site


def _newest_run(visit: Visit, site: Site, server: str, job: str) -> Page:
    page = visit(site, f"/detail/{server}?backup={job}")
    page.get_by_role("link", name="Last run").first.click()
    expect(page).to_have_url(re.compile("/backup/"))
    return page


def test_the_figures_are_those_of_the_report(visit: Visit, story: Site) -> None:
    page = _newest_run(visit, story, "id-harbour", "Files")
    expect(page.get_by_role("heading", level=1)).to_have_text("Files")
    expect(page.locator(".head")).to_contain_text("21 Nov, 03:00 – 03:10")
    tiles = {tile.locator("dt").inner_text(): tile.locator("dd").first.inner_text() for tile in page.locator(".tile").all()}
    assert {name: text.replace("\u00a0", " ") for name, text in tiles.items()} == {
        "Duration": "10:30",
        "Files": "1,200",
        "Source": "3.91 GiB",
        "Uploaded": "1.00 MiB",
        "Stored": "2.93 GiB",
        "Versions": "7",
    }
    expect(page.get_by_role("link", name="Next run")).to_have_count(0)
    page.get_by_role("link", name="Previous run").click()
    expect(page.locator(".head")).to_contain_text("20 Nov, 03:00")
    page.get_by_role("link", name="Next run").click()
    expect(page.locator(".head")).to_contain_text("21 Nov, 03:00")


def test_what_duplicati_did_not_report_is_never_a_zero(visit: Visit, story: Site) -> None:
    page = _newest_run(visit, story, "id-mill", "Mail")
    retries = page.locator(".pairs > div", has_text="Retries")
    expect(retries).to_contain_text("not reported")


def test_a_failed_run_says_first_why(visit: Visit, story: Site) -> None:
    page = _newest_run(visit, story, "id-mill", "Mail")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("The disk is <gone>")
    expect(page.locator(".head")).to_contain_text("Fatal")


def test_the_versions_open_in_a_dialog_that_keeps_the_keyboard_and_gives_it_back(visit: Visit, story: Site) -> None:
    page = _newest_run(visit, story, "id-harbour", "Files")
    opener = page.get_by_role("button", name="7 versions: show the list")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Versions after this run")
    expect(dialog).to_be_visible()
    expect(dialog.locator("tbody tr")).to_have_count(7)
    expect(dialog.locator("tbody tr").nth(1)).to_contain_text("20 Nov, 03:00")
    for _ in range(4):
        assert page.evaluate("document.activeElement === document.body || document.activeElement.closest('dialog') !== null")
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    opener.click()
    page.mouse.click(5, 400)
    expect(dialog).to_be_hidden()


def test_the_log_is_searched_and_what_was_found_is_marked(visit: Visit, story: Site, marked: Callable[[Page], Callable[[], bool]]) -> None:
    page = _newest_run(visit, story, "id-harbour", "Files")
    log = page.get_by_role("region", name="Log")
    every = log.locator("ol > li:not(.day)").count()
    assert every >= 40
    same = marked(page)
    search = log.get_by_role("searchbox")
    search.press_sequentially("STEP 1")
    # Step 1, and Step 10 to Step 19.
    expect(log.locator("ol > li:not(.day)")).to_have_count(11)
    assert {text.lower() for text in log.locator("mark").all_text_contents()} == {"step 1"}
    expect(log.get_by_role("status")).to_have_text("11 lines found")
    expect(search).to_be_focused()
    expect(page).to_have_url(re.compile(r"q=STEP(\+|%20)1"))
    search.press_sequentially(" zebra")
    expect(log.get_by_text("No line matches")).to_be_visible()
    log.get_by_role("link", name="Show all lines").click()
    expect(log.locator("ol > li:not(.day)")).to_have_count(every)
    expect(log.locator("mark")).to_have_count(0)
    expect(search).to_have_value("")
    assert same()


def test_the_log_is_filtered_by_level(visit: Visit, story: Site) -> None:
    page = visit(story, "/detail/id-harbour?backup=Files&status=Warning")
    page.get_by_role("region", name="History").get_by_role("link", name="Warning", exact=True).click()
    log = page.get_by_role("region", name="Log")
    log.get_by_role("link", name=re.compile("^Warnings 1")).click()
    expect(log.locator("ol > li:not(.day)")).to_have_count(1)
    expect(log).to_contain_text("1 file is locked")
    log.get_by_role("link", name=re.compile("^Errors 0")).click()
    expect(log.get_by_text("No line matches")).to_be_visible()


def test_a_log_in_another_zone_than_the_readers_says_so(visit: Visit, story: Site) -> None:
    newest = _newest_run(visit, story, "id-harbour", "Files")
    expect(newest.get_by_role("region", name="Log")).not_to_contain_text("Times by the clock of the server")
    page = visit(story, newest.url.removeprefix(story.address), zone="America/St_Johns")
    expect(page.locator(".head")).to_contain_text("20 Nov, 23:30")
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text("Times by the clock of the server: UTC")
    expect(log.locator("ol")).to_contain_text("03:00:00")


def test_a_log_that_duplicati_cut_is_said_to_be_cut(visit: Visit, recorded: Site) -> None:
    page = visit(recorded, "/?q=Ten lines")
    page.locator(".job:visible").first.click()
    page.get_by_role("link", name="Last run").first.click()
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text(re.compile(r"Duplicati cut off \d+ lines? of this log\."))
    expect(log).to_contain_text("send-http-max-log-lines=0")


def test_a_crash_shows_its_message_and_hides_its_trace_until_asked(visit: Visit, recorded: Site) -> None:
    page = visit(recorded, "/?q=All sources gone")
    page.locator(".job:visible").first.click()
    page.get_by_role("link", name="Last run").first.click()
    reason = page.locator("section.reason")
    expect(reason.get_by_role("heading")).not_to_be_empty()
    trace = reason.locator("pre")
    expect(trace).to_be_hidden()
    reason.locator("summary").click()
    expect(trace).to_contain_text("Duplicati.Library")


def test_the_report_and_the_log_can_be_downloaded(visit: Visit, story: Site) -> None:
    page = _newest_run(visit, story, "id-harbour", "Files")
    with page.expect_download() as report:
        page.get_by_role("link", name="Report as sent").click()
    assert orjson.loads(report.value.path().read_bytes())["Extra"]["backup-name"] == "Files"
    with page.expect_download() as log:
        page.get_by_role("region", name="Log").get_by_role("link", name="Download").click()
    assert "Step 40 of the backup" in log.value.path().read_text()


@pytest.mark.parametrize("job", ["Documents", "Large", "Verbose"])
def test_a_recorded_run_of_any_size_of_log_is_shown(visit: Visit, recorded: Site, job: str) -> None:
    page = visit(recorded, f"/?q={job}")
    page.locator(".job:visible").first.click()
    page.get_by_role("link", name="Last run").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(job)
    expect(page.get_by_role("region", name="Log").locator("ol > li").first).to_be_visible()
