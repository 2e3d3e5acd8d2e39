"""The page of summaries: set, looked at and sent with plain forms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from duplistatus.store.channels import EMAIL, ChannelValues, own_channel, save_channel
from tests.browser.layout import hindrances

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

PATH = "/settings/summaries"


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def switch_email_on(site: Site) -> None:
    """E-mail for all is set up; nothing answers at that address."""

    def work(connection: Connection) -> None:
        row = own_channel(connection, EMAIL)
        config = {"host": "127.0.0.1", "port": 9, "mode": "plain", "sender": "a@example.org", "recipient": "a@example.org"}
        save_channel(connection, row.id, ChannelValues(row.name, True, config, ""), "tests", site.clock.now())

    site.context.writer.submit(work).result()


def rows(site: Site, text: str) -> list[tuple[Any, ...]]:
    with site.context.database.read() as connection:
        return [tuple(row) for row in connection.raw.execute(text).fetchall()]


def test_a_summary_is_switched_on_and_its_next_moment_is_said(visit: Visit, fresh: Site) -> None:
    page = visit(fresh, PATH, zone="Europe/Oslo")
    expect(page.get_by_text("E-mail is off: summaries go only to other channels that want them.")).to_be_visible()
    weekly = panel(page, "Weekly summary")
    expect(weekly).to_contain_text("Off")
    weekly.get_by_label("Send it").check()
    weekly.get_by_label("Weekday").select_option("Sunday")
    weekly.get_by_label("At", exact=True).fill("07:15")
    weekly.get_by_label("Time zone").fill("Europe/Oslo")
    weekly.get_by_label("Recipients").fill("one@example.org\ntwo@example.org")
    weekly.get_by_role("button", name="Save").click()
    weekly = panel(page, "Weekly summary")
    expect(weekly.get_by_role("status")).to_contain_text("Saved")
    # It is Saturday noon in UTC.
    expect(weekly).to_contain_text("Next:")
    expect(weekly.locator("time")).to_have_attribute("datetime", "2026-11-22T06:15:00.000Z")
    expect(weekly).to_contain_text("It is on, but nobody gets it.")
    expect(weekly.get_by_label("Recipients")).to_have_value("one@example.org\ntwo@example.org")
    expect(panel(page, "Daily summary")).to_contain_text("Off")
    page.goto(f"{fresh.address}/settings/tasks")
    expect(page.get_by_role("row").filter(has_text="Send the weekly summary")).to_contain_text("every Sunday at 07:15 (Europe/Oslo)")


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("400 .*/settings/summaries/daily")
    page = visit(fresh, PATH)
    daily = panel(page, "Daily summary")
    daily.get_by_label("Recipients").fill("nobody")
    daily.get_by_label("Time zone").fill("Europe/Oslo")
    daily.get_by_role("button", name="Save").click()
    daily = panel(page, "Daily summary")
    expect(daily.get_by_role("alert")).to_contain_text("Each recipient must be an e-mail address")
    expect(daily.get_by_label("Recipients")).to_have_value("nobody")
    expect(daily.get_by_label("Time zone")).to_have_value("Europe/Oslo")
    assert rows(fresh, "SELECT value FROM setting WHERE key = 'summary_daily'") == []


def test_one_is_sent_now_where_somebody_gets_it(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("409 .*/settings/summaries/monthly/send")
    page = visit(fresh, PATH)
    panel(page, "Monthly summary").get_by_role("button", name="Send now").click()
    expect(panel(page, "Monthly summary").get_by_role("alert")).to_contain_text("Nobody gets it")
    switch_email_on(fresh)
    page.goto(f"{fresh.address}{PATH}")
    panel(page, "Monthly summary").get_by_role("button", name="Send now").click()
    expect(panel(page, "Monthly summary").get_by_role("status")).to_contain_text("1 message is on its way.")
    assert rows(fresh, "SELECT event FROM notice") == [("monthly",)]


def test_the_preview_shows_the_mail_in_a_frame_with_its_pictures(visit: Visit, story: Site, watch: Watch) -> None:
    # That of the tests; nothing runs in the frame.
    watch.expect("Blocked script execution .*/settings/summaries/weekly/preview")
    page = visit(story, f"{PATH}?preview=weekly")
    frame = page.frame_locator("iframe.summary-preview")
    expect(frame.get_by_role("heading", name="Needs attention")).to_be_visible()
    expect(frame.get_by_text("Photos", exact=True).first).to_be_visible()
    picture = frame.locator("img").first
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    # A picture that was not loaded has no height of its own.
    assert box is not None
    assert box["height"] / box["width"] == pytest.approx(180 / 500, abs=0.01)
    page.get_by_role("link", name="Close").click()
    expect(page.locator("iframe")).to_have_count(0)


def test_the_address_of_the_product_is_set(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("400 .*/settings/summaries/address")
    page = visit(fresh, PATH)
    page.get_by_label("Public URL").fill("https://backups.example.org/")
    panel(page, "Address of this product").get_by_role("button", name="Save").click()
    expect(page.get_by_label("Public URL")).to_have_value("https://backups.example.org")
    page.get_by_label("Public URL").fill("ftp://backups.example.org")
    panel(page, "Address of this product").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("That is no address such as https://backups.example.org.")
    changes = [json.loads(row[0]) for row in rows(fresh, "SELECT details FROM audit WHERE action = 'public_url_updated'")]
    assert changes == [{"before": {"url": ""}, "after": {"url": "https://backups.example.org"}}]


def test_the_page_is_readable_by_everybody_at_any_width(visit: Visit, story: Site) -> None:
    page = visit(story, PATH)
    expect(panel(page, "Monthly summary")).to_be_visible()
    assert hindrances(page) == {}
