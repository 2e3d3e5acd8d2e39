"""The page of API keys: one is made, shown once, used, changed and deleted, with plain forms."""

from __future__ import annotations

import re
import urllib.request
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from duplistatus.clock import DAY, Instant
from duplistatus.security.tokens import token_hash
from duplistatus.store import api_keys
from duplistatus.store.api_keys import Scope
from tests.browser.layout import hindrances

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

PATH = "/settings/keys"


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def form(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("Make a key|Edit"))


def make(page: Page, name: str, *scopes: str, until: str = "") -> Locator:
    """Fills the form of a new key; what is shown of it then."""
    form(page).get_by_label("Name").fill(name)
    for each in ("Send reports", "Read", "Metrics", "Administer"):
        form(page).get_by_role("checkbox", name=re.compile(f"^{each}")).set_checked(each in scopes)
    form(page).get_by_label("Valid until the end of").fill(until)
    form(page).get_by_role("button", name="Make the key").click()
    return page.get_by_role("region", name=f"The new key “{name}”")


def fill_with_keys(site: Site) -> None:
    """One of each state."""
    now = site.clock.now()

    def work(connection: Connection) -> None:
        def add(name: str, expires_in: int | None = None, *scopes: Scope) -> None:
            expires_at = None if expires_in is None else Instant(now + expires_in)
            api_keys.add(
                connection, name, token_hash(name), frozenset(scopes or (Scope.UPLOAD,)), expires_at, "admin", Instant(now - 40 * DAY)
            )

        add("harbour")
        add("Homepage on the kitchen tablet with a rather long name that somebody thought of", 5 * DAY, Scope.READ, Scope.METRICS)
        add("old", -DAY)
        add("nas.example.org", None, *Scope)
        for each in api_keys.listed(connection)[:2]:
            api_keys.used(connection, each.id, "2001:db8:1234:5678::9abc", 12_345, Instant(now - DAY))

    site.context.writer.submit(work).result()


def test_a_key_is_made_shown_once_and_used(visit: Visit, fresh: Site) -> None:
    page = visit(fresh)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="API keys").click()
    expect(page.get_by_text("No keys yet")).to_be_visible()
    new = make(page, "kitchen <b>", "Send reports", "Read")
    key = new.locator("code").first.inner_text()
    assert re.fullmatch(r"duplistatus_\w{40}", key)
    expect(new).to_contain_text(f"--send-http-json-urls={fresh.address}/api/upload?api_key={key}")
    expect(new).to_contain_text(f'curl -H "X-Api-Key: {key}" {fresh.address}/api/summary')
    expect(new.get_by_role("button", name="Copy the key")).to_be_visible()
    expect(row(page, "kitchen <b>")).to_contain_text("Active")
    expect(row(page, "kitchen <b>")).to_contain_text(token_hash(key)[:12])
    request = urllib.request.Request(f"{fresh.address}/api/summary", headers={"X-Api-Key": key})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    page.goto(f"{fresh.address}{PATH}")
    assert key not in page.content()
    expect(row(page, "kitchen <b>")).to_contain_text("127.0.0.1")


def test_a_key_is_copied_by_its_button(visit: Visit, fresh: Site) -> None:
    page = visit(fresh, PATH)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    new = make(page, "widget", "Read")
    key = new.locator("code").first.inner_text()
    new.get_by_role("button", name="Copy the key").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key


def test_a_key_is_disabled_enabled_changed_and_deleted(visit: Visit, fresh: Site) -> None:
    page = visit(fresh, PATH, zone="Pacific/Auckland")
    make(page, "widget", "Read", until="2026-11-30")
    expect(row(page, "widget")).to_contain_text("Expires soon")
    row(page, "widget").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("status").filter(has_text="disabled")).to_be_visible()
    expect(row(page, "widget")).to_contain_text("Disabled")
    row(page, "widget").get_by_role("button", name="Enable").click()
    row(page, "widget").get_by_role("link", name="Edit").click()
    # The day stays what the reader chose.
    expect(form(page).get_by_label("Valid until the end of")).to_have_value("2026-11-30")
    expect(form(page).get_by_role("checkbox", name=re.compile("^Read"))).to_be_checked()
    form(page).get_by_label("Name").fill("tablet")
    form(page).get_by_label("Valid until the end of").fill("")
    form(page).get_by_role("checkbox", name=re.compile("^Metrics")).check()
    form(page).get_by_role("button", name="Save").click()
    expect(page.get_by_text("The key is saved.")).to_be_visible()
    expect(row(page, "tablet")).to_contain_text("Read, Metrics")
    expect(row(page, "tablet")).to_contain_text("Active")
    row(page, "tablet").get_by_role("link", name="Edit").click()
    page.get_by_text("Delete this key …").click()
    page.get_by_role("button", name="Delete “tablet”").click()
    expect(page.get_by_text("The key is deleted.")).to_be_visible()
    expect(page.get_by_text("No keys yet")).to_be_visible()


def test_what_makes_no_sense_is_said_and_what_was_filled_in_stays(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("400 .*/settings/keys")
    page = visit(fresh, PATH)
    form(page).get_by_label("Name").fill("widget")
    form(page).get_by_role("checkbox", name=re.compile("^Send reports")).uncheck()
    form(page).get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose what the key opens.")
    expect(form(page).get_by_label("Name")).to_have_value("widget")


def test_the_page_is_readable_by_everybody_at_any_width(visit: Visit, fresh: Site) -> None:
    fill_with_keys(fresh)
    page = visit(fresh, PATH)
    make(page, "everything", "Send reports", "Read", "Metrics", until="2027-01-01")
    for state in ("Active", "Expires soon", "Expired"):
        expect(page.locator("td .state").filter(has_text=state).first).to_be_visible()
    assert hindrances(page, (360, 1280)) == {}
