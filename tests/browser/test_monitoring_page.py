"""The page of monitoring: what it tells, what people change on it, and who may."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.layout import outside
from tests.browser.site import running, tell_story
from tests.fixtures.accessibility import serious_findings
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page, Route

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

PATH = "/settings/monitoring"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The fleet of the story, for these tests alone: each changes a job of its own."""
    with running(tmp_path_factory.mktemp("monitoring")) as site:
        tell_story(site)
        yield site


def row(page: Page, server: str, job: str) -> Locator:
    return page.locator("tr[id^=job-]").filter(has_text=server).filter(has=page.locator(".lead .sub", has_text=job))


def saved(page: Page) -> None:
    expect(page.locator("#toast")).to_have_text("Saved")


def test_it_tells_when_each_job_is_expected_and_how_that_is_known(visit: Visit, told: Site) -> None:
    page = visit(told)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Settings").click()
    expect(page.locator("tr[id^=job-]")).to_have_count(5)
    photos = row(page, "harbour", "Photos")
    expect(photos).to_contain_text("announced by report")
    expect(photos.locator(".next.late")).to_contain_text("overdue")
    expect(row(page, "mill", "Scans").locator(".next.ok")).to_contain_text("in time")
    expect(row(page, "quay", "Notes")).to_contain_text("unscheduled")
    row(page, "mill", "Mail").locator(".next").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#details")).to_contain_text("Mail")


def test_the_filter_leaves_what_matches_and_its_csv(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    box = page.locator("#jobs").get_by_role("searchbox")
    box.fill("mill mail")
    expect(page.locator("tr[id^=job-]")).to_have_count(1)
    expect(page).to_have_url(f"{told.address}{PATH}?q=mill+mail")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [(line["server"], line["job"], line["schedule"], line["last_run"][:10]) for line in lines] == [
        ("mill", "Mail", "ok", "2026-11-21")
    ]
    assert download.value.suggested_filename == "duplistatus-monitoring-2026-11-21.csv"
    box.fill("nothing of this")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_an_interval_is_saved_as_it_is_typed_and_the_verdict_follows(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    notes = row(page, "quay", "Notes")
    every = notes.get_by_role("textbox", name="Interval of quay, Notes")
    expect(notes.get_by_label("Time of day of quay, Notes")).to_be_disabled()
    every.fill("2")
    page.keyboard.press("Tab")
    saved(page)
    expect(notes).to_contain_text("set here")
    # 10:30 on Saturday and two days.
    expect(notes.locator(".next.ok")).to_contain_text("23 Nov, 10:30")
    expect(notes.get_by_label("Unit of the interval of quay, Notes")).to_be_focused()
    notes.get_by_label("Sunday").uncheck(force=True)
    expect(notes.get_by_label("Sunday")).not_to_be_checked()
    notes.get_by_label("Time of day of quay, Notes").fill("04:15")
    notes.get_by_label("Watch quay, Notes").focus()
    expect(notes.locator(".next")).to_contain_text("04:15")
    page.reload()
    expect(every).to_have_value("2")
    expect(notes.get_by_label("Sunday")).not_to_be_checked()
    expect(notes.get_by_label("Monday")).to_be_checked()
    every.fill("")
    page.keyboard.press("Tab")
    expect(notes).to_contain_text("unscheduled")


def test_what_is_typed_while_a_change_is_saved_stays_and_is_saved_too(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/settings/monitoring/jobs/*", hold)
    scans = row(page, "mill", "Scans")
    every = scans.get_by_role("textbox", name="Interval of mill, Scans")
    scans.get_by_label("Tolerance of mill, Scans").select_option("6h")
    expect(scans).to_have_attribute("aria-busy", "true")
    every.focus()
    page.keyboard.type("25")
    held[0].continue_()
    expect(scans).not_to_have_attribute("aria-busy", "true")
    expect(every).to_be_focused()
    expect(every).to_have_value("25")
    page.unroute("**/settings/monitoring/jobs/*")
    page.keyboard.press("Enter")
    expect(scans).to_contain_text("counts with “use mine” only")
    expect(every).to_be_focused()
    page.reload()
    expect(every).to_have_value("25")
    expect(scans.get_by_label("Tolerance of mill, Scans")).to_have_value("6h")
    every.fill("")
    page.keyboard.press("Enter")
    expect(scans).not_to_contain_text("counts with “use mine” only")


def test_a_wrong_value_is_told_beside_its_field_and_changes_nothing(visit: Visit, told: Site, watch: Watch) -> None:
    watch.expect("400 .*/settings/monitoring/jobs/")
    page = visit(told, PATH)
    scans = row(page, "mill", "Scans")
    every = scans.get_by_role("textbox", name="Interval of mill, Scans")
    every.fill("often")
    page.keyboard.press("Tab")
    expect(every).to_have_attribute("aria-invalid", "true")
    expect(every).to_have_accessible_description("A number, or Duplicati’s text such as 1W12h; longer than 5 minutes.")
    expect(every).to_have_value("often")
    assert serious_findings(page) == []
    page.reload()
    expect(every).to_have_value("")


def test_mine_goes_before_what_the_server_says_where_that_is_chosen(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    files = row(page, "harbour", "Files")
    files.get_by_role("textbox", name="Interval of harbour, Files").fill("1W12h")
    page.keyboard.press("Tab")
    expect(files).to_contain_text("counts with “use mine” only")
    expect(files).to_contain_text("announced by report")
    expect(files.get_by_label("Unit of the interval of harbour, Files")).to_have_value("text")
    files.get_by_role("switch", name="Use mine for harbour, Files").check()
    expect(files).to_contain_text("set here")
    expect(files.locator(".next")).to_contain_text("28 Nov, 15:00")


def test_several_jobs_are_changed_at_once_with_the_keyboard(visit: Visit, told: Site) -> None:
    page = visit(told, f"{PATH}?q=mill")
    page.get_by_label("Select mill, Mail").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.get_by_label("Select all on this page").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_label("Tolerance of the selected jobs").select_option("12h")
    expect(page.get_by_role("checkbox", name="Tolerance", exact=True)).to_be_checked()
    page.get_by_role("button", name="Change the selected jobs").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="2 jobs were changed.")).to_be_visible()
    for job in ("Mail", "Scans"):
        expect(row(page, "mill", job).get_by_label(f"Tolerance of mill, {job}")).to_have_value("12h")
    page.get_by_label("Select mill, Mail").check()
    page.get_by_role("textbox", name="Interval of the selected jobs").fill("3")
    page.get_by_role("button", name="Change the selected jobs").click()
    expect(row(page, "mill", "Mail").get_by_role("textbox", name="Interval of mill, Mail")).to_have_value("3")
    page.get_by_label("Select mill, Mail").check()
    page.get_by_role("button", name="Back to what the server says").click()
    expect(row(page, "mill", "Mail").get_by_role("textbox", name="Interval of mill, Mail")).to_have_value("")


def test_settings_for_all_jobs_are_saved_as_they_are_chosen(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    photos = row(page, "harbour", "Photos")
    page.locator("#all").get_by_label("Tolerance").select_option("1d")
    saved(page)
    page.reload()
    expect(page.locator("#all").get_by_label("Tolerance")).to_have_value("1d")
    expect(photos.locator(".next.late")).to_contain_text("overdue")
    page.locator("#all").get_by_label("Tolerance").select_option("2h")
    saved(page)


def test_a_server_gets_a_zone_and_loses_it(visit: Visit, told: Site) -> None:
    page = visit(told, f"{PATH}?q=Photos")
    page.get_by_role("link", name="Time zone of harbour").click()
    page.get_by_role("combobox", name="Zone").select_option("Europe/Oslo")
    page.get_by_role("button", name="Save").click()
    expect(row(page, "harbour", "Photos")).to_contain_text("Europe/Oslo, set here")
    page.get_by_role("link", name="Time zone of harbour").first.click()
    page.get_by_role("combobox", name="Zone").select_option("automatic: by its settings and runs")
    page.get_by_role("button", name="Save").click()
    expect(row(page, "harbour", "Photos")).not_to_contain_text("set here")


def test_buttons_check_now_and_begin_reminders_anew(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("status").filter(has_text="All jobs were checked.")).to_be_visible()
    page.get_by_role("button", name="Reset reminders").click()
    expect(page.get_by_role("status").filter(has_text="Reminders begin anew.")).to_be_visible()


def test_users_read_it_and_change_nothing(visit: Visit, told: Site) -> None:
    page = visit(told, "/login", width=360, signed_in=False)
    cookie = enter(told.application, Kind.USER).headers["cookie"].partition("=")[2]
    page.context.add_cookies([{"name": "sessionId", "value": cookie, "url": told.address}])
    page.goto(f"{told.address}{PATH}")
    scans = row(page, "mill", "Scans")
    expect(scans).to_contain_text("as the server says")
    expect(page.locator("main").locator("input:not([type=search]), select, button")).to_have_count(0)
    assert serious_findings(page) == []
    assert outside(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert serious_findings(page) == []
