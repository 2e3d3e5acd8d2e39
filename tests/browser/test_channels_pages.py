"""Setting up ntfy, e-mail and channels in the browser, with the keyboard, at any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import HOUR, Instant
from duplistatus.store.channels import NTFY, note_failed, own_channel
from tests.browser.layout import hindrances
from tests.browser.site import NOW
from tests.fixtures.accessibility import serious_findings
from tests.notify.stand_ins import HttpStandIn, NtfyStandIn
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch


@pytest.fixture
def hook() -> Iterator[HttpStandIn]:
    with HttpStandIn() as server:
        yield server


@pytest.fixture
def fleet(fresh: Site) -> Site:
    fresh.report(Made(Instant(NOW - 3 * HOUR), "mill", job="Mail"), Made(Instant(NOW - 2 * HOUR), "harbour", job="Files"))
    return fresh


def fail(site: Site) -> None:
    """ntfy was set up, and has failed since three hours."""

    def work(connection: Connection) -> None:
        note_failed(connection, own_channel(connection, NTFY).id, "403 " + "forbidden-" * 12, Instant(NOW - 3 * HOUR))

    site.context.writer.submit(work).result()


def test_ntfy_is_set_up_and_tested_with_the_keyboard(visit: Visit, fresh: Site) -> None:
    with NtfyStandIn() as phone:
        page = visit(fresh, "/settings/ntfy")
        expect(page.get_by_role("img", name="Code that opens the topic")).to_be_visible()
        page.get_by_role("switch", name="Send messages by ntfy").press("Space")
        page.get_by_label("Server", exact=True).fill(phone.url)
        page.get_by_label("Topic", exact=True).fill("my-topic")
        page.get_by_label("Access token").fill("tk_1")
        page.get_by_role("button", name="Save and send a test").press("Enter")
        expect(page.get_by_role("status").filter(has_text="was delivered to")).to_be_visible()
        assert phone.received[0].headers["authorization"] == "Bearer tk_1"
        expect(page.get_by_role("switch", name="Send messages by ntfy")).to_be_checked()
        expect(page.get_by_label("Access token")).to_have_value("")
        assert page.get_by_role("img", name="Code that opens the topic my-topic").evaluate("image => image.naturalWidth") > 0


def test_a_webhook_is_added_for_one_server_edited_and_removed(visit: Visit, fleet: Site, hook: HttpStandIn) -> None:
    page = visit(fleet, "/settings/channels")
    page.get_by_role("link", name="Add a channel").click()
    page.get_by_role("link", name="Webhook").click()
    page.get_by_label("Name", exact=True).fill("Home")
    page.get_by_label("Address").fill(f"{hook.url}in?token=geheim")
    page.get_by_label("Success").check()
    page.get_by_label("mill", exact=True).check()
    page.get_by_role("button", name="Save and send a test").click()
    expect(page.get_by_role("status").filter(has_text="was delivered to")).to_be_visible()
    assert "geheim" not in page.content()
    page.get_by_role("link", name="Channels").first.click()
    row = page.get_by_role("row").filter(has_text="Home")
    expect(row).to_contain_text("Success, Warnings, Errors, Fatal errors, Overdue, Back to normal")
    expect(row).to_contain_text("of mill")
    expect(row).to_contain_text("Works")
    row.get_by_role("button", name="Turn off").click()
    expect(row).to_contain_text("Off")
    row.get_by_role("link", name="Edit").click()
    page.get_by_text("Single jobs").click()
    page.get_by_label("Files on harbour").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="“Home” is saved.")).to_be_visible()
    expect(row).to_contain_text("of mill, Files on harbour")
    row.get_by_role("link", name="Edit").click()
    page.get_by_text("Remove this channel …").click()
    expect(page.get_by_text("all its messages with it")).to_be_visible()
    page.get_by_role("button", name="Remove “Home”").click()
    expect(page.get_by_role("status").filter(has_text="“Home” was removed.")).to_be_visible()
    expect(row).to_have_count(0)


def test_a_mistake_is_read_out_with_its_field(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("400 .*/settings/email")
    page = visit(fresh, "/settings/email")
    page.get_by_label("SMTP server").fill("smtp.example.org")
    page.get_by_label("Port").fill("99999")
    page.get_by_label("User name").fill("me@example.org")
    page.get_by_label("Recipients").fill("ops@example.org")
    page.get_by_role("button", name="Save", exact=True).click()
    port = page.get_by_label("Port")
    expect(port).to_have_attribute("aria-invalid", "true")
    expect(port).to_have_accessible_description("A port is a number from 1 to 65535.")
    expect(port).to_have_value("99999")
    expect(page.get_by_label("Recipients")).to_have_value("ops@example.org")
    assert serious_findings(page) == []


def _channel(page: Page, site: Site) -> None:
    """Adds a channel and opens it."""
    page.goto(f"{site.address}/settings/channels/new?kind=email")
    page.get_by_label("Name", exact=True).fill("The people of the night shift")
    page.get_by_label("SMTP server").fill("smtp.example.org")
    page.get_by_label("User name").fill("me@example.org")
    page.get_by_label("Password", exact=True).fill("geheim")
    page.get_by_label("Recipients").fill("a-very-long-address-of-somebody@departments.of-a-large-company.example.org")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="The people of the night shift").click()
    page.get_by_text("Remove this channel …").click()


def test_the_pages_are_readable_by_everybody_at_any_width(visit: Visit, fleet: Site) -> None:
    fail(fleet)
    page = visit(fleet, "/settings/channels")
    _channel(page, fleet)
    for path in ("", "/settings/channels", "/settings/ntfy", "/settings/channels/new"):
        if path:
            page.goto(f"{fleet.address}{path}")
        assert hindrances(page, (360, 768, 1280)) == {}, path
