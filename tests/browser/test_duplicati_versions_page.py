"""The page of Duplicati's versions: what is out, fetched by the button, on a network without a way out as well."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
from playwright.sync_api import expect

from duplistatus.clock import HOUR, Instant
from tests.browser.layout import hindrances
from tests.browser.site import running
from tests.ingest.test_releases import LISTS, update_server
from tests.notify.stand_ins import Answer, HttpStandIn
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import Visit
    from tests.browser.site import Site

PATH = "/settings/duplicati-versions"


@contextmanager
def site_with_lists(folder: Path) -> Iterator[tuple[Site, HttpStandIn]]:
    """A product with three servers, and the server that it fetches lists from."""
    with HttpStandIn(update_server) as lists, running(folder, releases_url=lists.url + LISTS) as site:
        begun = Instant(site.clock.now() - HOUR)
        names = {"harbour": "2.3.0.4 (2.3.0.4_stable_2026-07-09)", "mill": "2.4.0.1 (2.4.0.1_stable_2026-10-07)", "quarry": ""}
        for name, version in names.items():
            made: Any = document(Made(begun, name))
            made["Data"]["Version"] = version
            assert site.deliver(orjson.dumps(made)) == 200
        yield site, lists


def test_the_button_fetches_and_without_a_network_nothing_is_wrong(visit: Visit, data_dir: Path) -> None:
    with site_with_lists(data_dir) as (site, lists):
        page = visit(site, "/settings/tags")
        page.get_by_role("link", name="Duplicati versions").click()
        expect(page.get_by_text("No list was fetched yet.")).to_be_visible()
        lists.answer = Answer(200, b'[{"tag_name": "v2.5.0.0_stable_2026-12-01"}]')
        page.get_by_role("button", name="Update now").click()
        expect(page.locator(".told")).to_contain_text("The list is up to date.")
        expect(page.get_by_role("row").filter(has_text="mill")).to_contain_text("Outdated 2.5.0.0 is out")
        lists.answer = Answer(hangs_up=True)
        page.get_by_role("button", name="Update now").click()
        expect(page.locator(".told")).to_contain_text("Without internet that is as it should be.")
        expect(page.get_by_role("row").filter(has_text="Experimental")).to_contain_text("2.5.0.0 Stable")
        page.get_by_label("How often").select_option("6h")
        page.get_by_label("At", exact=False).and_(page.locator("input")).fill("02:45")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".told")).to_contain_text("Saved")
        expect(page.get_by_label("How often")).to_have_value("6h")
        assert hindrances(page) == {}


def test_an_outdated_server_says_so_on_the_dashboard(visit: Visit, data_dir: Path) -> None:
    with site_with_lists(data_dir) as (site, _):
        page = visit(site)
        card = page.locator(".card").filter(has_text="harbour")
        expect(card).to_contain_text("outdated: 2.4.0.1 is out")
        expect(page.locator(".card").filter(has_text="mill")).not_to_contain_text("outdated")
        assert hindrances(page) == {}
        page.goto(f"{site.address}/?view=table")
        expect(page.get_by_role("row").filter(has_text="harbour").get_by_role("img", name="outdated: 2.4.0.1 is out")).to_be_attached()
        assert hindrances(page) == {}
