"""The page of access: keys are required, proxies trusted, lists enabled, with plain forms; nobody shuts themselves out."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from duplistatus.clock import Instant
from duplistatus.security.access_policy import AccessPolicy, AddressList, as_text
from duplistatus.store.access_setting import save_access
from tests.browser.layout import hindrances
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

PATH = "/settings/access"
KEYS, PROXIES, PAGES, DOORS = "Keys", "Trusted proxies", "Pages and their data", "Reports, summary and last backups"


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def save(page: Page, name: str) -> None:
    panel(page, name).get_by_role("button", name="Save").click()


def let(site: Site, policy: AccessPolicy) -> None:
    site.context.writer.submit(lambda connection: save_access(connection, as_text(policy))).result()
    site.application.state.doors.changed()


def through_a_proxy(page: Page, address: str) -> None:
    """From now on the window's requests come through a proxy on this machine."""
    page.context.set_extra_http_headers({"X-Forwarded-For": address})


def test_keys_are_required_after_a_look_at_who_has_none(visit: Visit, fresh: Site, watch: Watch) -> None:
    fresh.report(Made(Instant(fresh.clock.now() - 3_600_000), server="harbour"))
    page = visit(fresh)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Access").click()
    expect(page.get_by_text("Your address as we see it: 127.0.0.1")).to_be_visible()
    keys = panel(page, KEYS)
    expect(keys).to_contain_text("127.0.0.1 (harbour)")
    expect(keys).to_contain_text("0 keys open this now. Without one, everything that comes would be refused.")
    keys.get_by_label("Reports need a key").check()
    save(page, KEYS)
    expect(panel(page, KEYS).get_by_role("status")).to_contain_text("Saved.")
    expect(panel(page, KEYS).get_by_label("Reports need a key")).to_be_checked()
    assert fresh.deliver(b"{}") == 401
    page.reload()
    expect(panel(page, "Who called lately")).to_contain_text("An API key is required")


def test_a_bad_network_is_named_and_what_was_entered_stays(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("400 .*/settings/access")
    page = visit(fresh, PATH)
    doors = panel(page, DOORS)
    doors.get_by_label("Addresses and networks").fill("192.168.1.0/24\n10.0.0.300")
    doors.get_by_label("Open to these addresses alone").check()
    save(page, DOORS)
    doors = panel(page, DOORS)
    expect(doors.get_by_role("alert")).to_contain_text("'10.0.0.300' is no address or network")
    expect(doors.get_by_label("Addresses and networks")).to_have_value("192.168.1.0/24\n10.0.0.300")
    expect(doors.get_by_label("Open to these addresses alone")).to_be_checked()
    doors.get_by_label("Addresses and networks").fill("192.168.1.0/24, 10.0.0.3")
    save(page, DOORS)
    expect(panel(page, DOORS).get_by_label("Addresses and networks")).to_have_value("192.168.1.0/24\n10.0.0.3")


def test_behind_a_proxy_it_is_trusted_first_and_then_the_own_address_added(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("400 .*/settings/access")
    page = visit(fresh, PATH)
    through_a_proxy(page, "203.0.113.9")
    page.reload()
    expect(page.get_by_text("A proxy at 127.0.0.1 passes requests on, but is not trusted")).to_be_visible()
    panel(page, PAGES).get_by_label("Open to these addresses alone").check()
    save(page, PAGES)
    expect(panel(page, PAGES).get_by_role("alert")).to_contain_text("add it to the trusted proxies first")
    page.get_by_role("button", name="Trust the proxy 127.0.0.1").click()
    expect(page.get_by_text("Your address as we see it: 203.0.113.9 (through a trusted proxy)")).to_be_visible()
    expect(panel(page, PROXIES).get_by_label("Addresses of reverse proxies")).to_have_value("127.0.0.1")
    panel(page, PAGES).get_by_label("Open to these addresses alone").check()
    panel(page, PAGES).get_by_label("Addresses and networks").fill("198.51.100.0/24")
    save(page, PAGES)
    pages = panel(page, PAGES)
    expect(pages.get_by_role("alert")).to_contain_text("This would shut you out: your own address 203.0.113.9")
    pages.get_by_role("button", name="Add my address 203.0.113.9").click()
    pages = panel(page, PAGES)
    expect(pages.get_by_role("status")).to_contain_text("Saved.")
    expect(pages.get_by_label("Addresses and networks")).to_have_value("198.51.100.0/24\n203.0.113.9")
    # Without the proxy the own address would be another; the page offers to let it in.
    panel(page, PROXIES).get_by_label("Addresses of reverse proxies").fill("")
    save(page, PROXIES)
    expect(panel(page, PROXIES).get_by_role("alert")).to_contain_text("add it to the trusted proxies first")


def test_a_caller_is_added_by_a_button(visit: Visit, fresh: Site) -> None:
    let(fresh, AccessPolicy(trusted_proxies=(ipaddress.ip_network("127.0.0.1"),)))
    page = visit(fresh, PATH)
    through_a_proxy(page, "203.0.113.9")
    page.request.get(f"{fresh.address}/api/summary", headers={"X-Forwarded-For": "198.51.100.7"})
    page.reload()
    panel(page, DOORS).get_by_role("button", name="198.51.100.7").click()
    doors = panel(page, DOORS)
    expect(doors.get_by_label("Addresses and networks")).to_have_value("198.51.100.7")
    expect(doors.get_by_role("button", name="198.51.100.7")).to_have_count(0)
    expect(panel(page, "Who called lately").get_by_role("row").filter(has_text="198.51.100.7")).to_contain_text("Yes")


def test_the_page_is_readable_by_everybody_at_any_width(visit: Visit, fresh: Site) -> None:
    fresh.report(Made(Instant(fresh.clock.now() - 3_600_000), server="harbour"))
    networks = tuple(ipaddress.ip_network(each) for each in ("192.168.1.0/24", "2001:db8:1234:5678::/64"))
    let(fresh, AccessPolicy(admin=AddressList(False, networks), external=AddressList(True, networks)))
    page = visit(fresh, PATH)
    page.request.get(f"{fresh.address}/api/summary", headers={"X-Forwarded-For": "203.0.113.9"})
    through_a_proxy(page, "203.0.113.9")
    page.reload()
    expect(page.get_by_text("is not trusted").first).to_be_visible()
    assert hindrances(page, (360, 1280)) == {}
