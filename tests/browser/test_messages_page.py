"""The page of messages in a browser: fates that change by themselves, filters, sending again, the self-test; and the alert in the bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from duplistatus.clock import HOUR, MINUTE, Instant
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.routing import Filter
from duplistatus.store import outbox
from duplistatus.store.channels import ChannelValues, add_channel, note_delivered, note_failed
from duplistatus.store.telling import add_notice
from tests.browser.layout import hindrances
from tests.fixtures.accessibility import serious_findings
from tests.notify.stand_ins import NtfyStandIn, ntfy_error
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site

PATH = "/settings/messages"
LONG = "535 authentication-failed:" + "the-server-refuses-the-password-" * 6


@pytest.fixture
def ntfy() -> Iterator[NtfyStandIn]:
    with NtfyStandIn() as server:
        yield server


def write(site: Site, work: Callable[[Connection], Any]) -> Any:
    return site.context.writer.submit(work).result()


def channel(site: Site, name: str, url: str, *events: Event) -> int:
    values = ChannelValues(name, True, {"url": url, "topic": "family"}, "", Filter(events=frozenset(events)))
    number: int = write(site, lambda connection: add_channel(connection, "ntfy", values, "tests", site.clock.now()))
    return number


def fail(site: Site, job: str = "Photos") -> None:
    """A run that ended with an error."""
    error = "2026-11-21 06:00:02 +00 - [Error-Duplicati.Library.Main.Controller-Failed]: No answer"
    site.report(Made(Instant(site.clock.now() - HOUR), "nas", job=job, result="Error", errors=(error,)))


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def fill(site: Site) -> int:
    """Messages in every state, with long words."""
    number = channel(site, "A channel with a long name for everybody", "https://ntfy.example/")
    now = site.clock.now()

    def post(connection: Connection, key: str, event: Event, held: str = "", **more: Any) -> None:
        notice_id = add_notice(connection, key, event, more, now)
        assert notice_id is not None
        outbox.add_deliveries(connection, notice_id, [(number, "")], now, held=held)

    def work(connection: Connection) -> None:
        post(connection, "sent", Event.DAILY)
        (sent,) = outbox.claim(connection, number, "me", now, 9)
        outbox.mark_sent(connection, sent.id, "me", now, 420)
        post(connection, "failed", Event.TEST)
        (failed,) = outbox.claim(connection, number, "me", now, 9)
        outbox.mark_failed(connection, failed.id, "me", now, LONG)
        post(connection, "later", Event.OVERDUE, jobs=[{"job_id": 1}] * 12)
        (later,) = outbox.claim(connection, number, "me", now, 9)
        outbox.mark_later(connection, later.id, "me", Instant(now + 4 * MINUTE), "timed out")
        post(connection, "held", Event.TEST, held="snoozed")
        note_failed(connection, number, LONG, now)

    write(site, work)
    return number


def test_a_message_appears_and_its_fate_changes_without_a_reload(
    visit: Visit, fresh: Site, ntfy: NtfyStandIn, marked: Callable[[Page], Callable[[], bool]]
) -> None:
    channel(fresh, "Phone", ntfy.url, Event.ERROR)
    ntfy.refusals["family"] = ntfy_error(403, "forbidden")
    page = visit(fresh, PATH)
    expect(page.get_by_text("No messages yet")).to_be_visible()
    same = marked(page)
    fail(fresh)
    expect(row(page, "Photos has errors")).to_contain_text("Gave up")
    expect(row(page, "Photos has errors")).to_contain_text("forbidden")
    ntfy.refusals.clear()
    fail(fresh, "Mail")
    expect(row(page, "Mail has errors")).to_contain_text("Delivered")
    assert same()


def test_the_list_is_filtered_in_place(visit: Visit, fresh: Site, marked: Callable[[Page], Callable[[], bool]]) -> None:
    fill(fresh)
    page = visit(fresh, PATH)
    same = marked(page)
    expect(page.locator("#messages tbody tr")).to_have_count(4)
    page.get_by_label("Fate").select_option("Gave up")
    expect(page.locator("#messages tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{fresh.address}{PATH}?state=failed")
    page.get_by_label("Fate").select_option("All fates")
    page.get_by_label("About").select_option("Daily summary")
    expect(page.locator("#messages tbody tr")).to_have_count(1)
    page.locator("#messages").get_by_label("Server or job").fill("nothing-like-this")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    assert same()
    page.go_back()


def test_a_message_is_sent_again(visit: Visit, fresh: Site, ntfy: NtfyStandIn) -> None:
    channel(fresh, "Phone", ntfy.url, Event.ERROR)
    ntfy.refusals["family"] = ntfy_error(403, "forbidden")
    fail(fresh)
    ntfy.wait_for(1)
    page = visit(fresh, f"{PATH}?state=failed")
    expect(row(page, "Photos has errors")).to_contain_text("Gave up")
    ntfy.refusals.clear()
    row(page, "Photos has errors").get_by_role("button", name="Send again").click()
    expect(page.get_by_text("It is in the outbox again.")).to_be_visible()
    page.get_by_label("Fate").select_option("All fates")
    expect(row(page, "Photos has errors")).to_contain_text("Delivered")


def test_the_self_test_shows_each_step(visit: Visit, fresh: Site, ntfy: NtfyStandIn) -> None:
    channel(fresh, "Phone", ntfy.url, Event.ERROR)
    page = visit(fresh, PATH)
    page.get_by_role("link", name="Self-test").click()
    page.get_by_role("button", name="Run the self-test").click()
    steps = page.locator("#self-test li")
    expect(steps).to_have_count(4)
    expect(steps.nth(1)).to_contain_text("these channels would be told: Phone.")
    expect(steps.nth(3)).to_contain_text("Message delivered")
    expect(steps.nth(3)).to_contain_text("The other side took it within")
    assert serious_findings(page) == []
    ntfy.wait_for(1)


def test_a_channel_that_fails_shows_in_the_bar_until_it_works(
    visit: Visit, fresh: Site, marked: Callable[[Page], Callable[[], bool]]
) -> None:
    number = channel(fresh, "Phone", "https://ntfy.example/")
    page = visit(fresh, "/settings/tags")
    same = marked(page)
    sign = page.locator("#alerts summary")
    expect(page.locator("#alerts")).to_be_attached()
    expect(sign).to_have_count(0)
    write(fresh, lambda connection: note_failed(connection, number, "The pigeon is ill", fresh.clock.now()))
    expect(sign).to_be_visible()
    sign.click()
    alert = page.get_by_role("group", name="What fails")
    expect(alert).to_contain_text("Phone")
    expect(alert).to_contain_text("The pigeon is ill")
    assert serious_findings(page) == []
    page.keyboard.press("Escape")
    expect(alert).to_be_hidden()
    write(fresh, lambda connection: note_delivered(connection, number, fresh.clock.now()))
    expect(sign).to_have_count(0)
    assert same()


def test_an_alert_is_cleared(visit: Visit, fresh: Site) -> None:
    number = channel(fresh, "Phone", "https://ntfy.example/")
    write(fresh, lambda connection: note_failed(connection, number, "The pigeon is ill", fresh.clock.now()))
    page = visit(fresh, "/settings/tags", width=360)
    page.locator("#alerts summary").click()
    page.get_by_role("button", name="Clear the alert of Phone").click()
    page.wait_for_url(f"**/settings/channels/{number}")
    expect(page.locator("#alerts summary")).to_have_count(0)


def test_the_page_is_readable_by_everybody_at_any_width(visit: Visit, fresh: Site) -> None:
    fill(fresh)
    page = visit(fresh, PATH)
    expect(page.locator("#messages tbody tr")).to_have_count(4)
    assert hindrances(page) == {}
    page.locator("#alerts summary").click()
    assert hindrances(page, covered=False, keyboard=False) == {}


def test_on_a_phone_the_list_of_settings_shows_where_one_is(visit: Visit, fresh: Site) -> None:
    page = visit(fresh, PATH, width=360)
    expect(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Messages")).to_be_in_viewport(ratio=1)
