"""The page of stored secrets: that something is lost is seen from every page, and both ways out lead somewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from duplistatus.evaluate.routing import Filter
from duplistatus.security.key_check import CHANNEL, HEARTBEAT, check_key, sealed
from duplistatus.store.channels import ChannelValues, add_channel
from duplistatus.store.heartbeat import save_heartbeat
from tests.browser.layout import hindrances

if TYPE_CHECKING:
    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site


def store(site: Site) -> None:
    """A channel with a secret and a long name, and a heartbeat."""
    secrets = site.context.secrets

    def work(connection: Connection) -> None:
        text = sealed(connection, secrets, '{"url": "https://hooks.example.org/token"}', CHANNEL)
        config = {"url": "https://hooks.example.org/…", "headers": []}
        name = "Pager of the night shift in the second building"
        add_channel(connection, "webhook", ChannelValues(name, True, config, text, Filter()), "tests", site.clock.now())
        save_heartbeat(connection, sealed(connection, secrets, "https://watch.example.org/1", HEARTBEAT), "watch.example.org")
        check_key(connection, secrets)

    site.context.writer.submit(work).result()


def lose(site: Site) -> bytes:
    """Another key in the place of the right one, which others may read, too."""
    file = site.context.secrets.file
    right = file.read_bytes()
    file.write_bytes(os.urandom(32))
    file.chmod(0o644)
    return right


def test_a_lost_key_is_seen_from_every_page_and_leads_to_the_way_out(visit: Visit, fresh: Site) -> None:
    store(fresh)
    right = lose(fresh)
    page = visit(fresh)
    page.get_by_label("1 alert").click()
    expect(page.get_by_text("2 stored secrets cannot be read")).to_be_visible()
    page.get_by_role("link", name="What to do").click()
    expect(page.get_by_role("heading", name="Secrets", exact=True)).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("Put the old file back")
    page.locator("#lost").get_by_role("link", name="Pager of the night shift").click()
    expect(page.get_by_role("heading", name="Pager of the night shift")).to_be_visible()
    page.go_back()
    page.locator("#lost").get_by_role("link", name="Heartbeat").click()
    expect(page.locator("#heartbeat")).to_be_visible()
    page.go_back()
    fresh.context.secrets.file.write_bytes(right)
    page.reload()
    expect(page.locator("#lost")).to_have_count(0)
    expect(page.get_by_label("1 alert")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="Pager")).to_contain_text("Readable")


def test_what_is_lost_for_good_is_forgotten(visit: Visit, fresh: Site) -> None:
    store(fresh)
    lose(fresh)
    page = visit(fresh, "/settings/secrets")
    page.get_by_text("Forget what cannot be read …").click()
    page.get_by_label("I am sure").check()
    page.get_by_role("button", name="Forget them").click()
    expect(page.get_by_role("status").filter(has_text="2 secrets were forgotten.")).to_be_visible()
    expect(page.get_by_text("No secrets yet")).to_be_visible()


def test_the_page_is_readable_by_everybody_at_any_width(visit: Visit, fresh: Site) -> None:
    store(fresh)
    lose(fresh)
    page = visit(fresh, "/settings/secrets")
    # Opened without a click, which would scroll the page below its bar.
    page.locator("details.confirm").evaluate("each => { each.open = true }")
    expect(page.get_by_role("button", name="Forget them")).to_be_visible()
    assert hindrances(page, (360, 1280)) == {}
