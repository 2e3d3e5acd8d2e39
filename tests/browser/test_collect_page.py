"""Collecting in a browser: chosen, followed as it goes on, asked and answered, cancelled, downloaded; also without a script."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.layout import hindrances
from tests.ingest.duplicati.stand_in import HANGS, Duplicati
from tests.notify.certificates import self_signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

PATH = "/collect"
PASSWORD = "secret123"


@pytest.fixture
def nas() -> Iterator[Duplicati]:
    with Duplicati("2.3.0.4", password=PASSWORD) as server:
        yield server


def collect(page: Page, addresses: str, *, document: bool = False) -> None:
    """Fills the form that is open, and sends it."""
    page.get_by_label("Hosts or addresses").fill(addresses)
    page.get_by_label("Password of Duplicati").fill(PASSWORD)
    page.get_by_label("Keep what was collected as JSON").set_checked(document)
    page.get_by_role("main").get_by_role("button", name="Collect").click()
    page.wait_for_url(re.compile(r"/collect/[0-9a-f-]+"))


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def until(page: Page, there: Locator) -> None:
    """Loads the page again until it has what is looked for."""
    for _ in range(200):
        if there.count():
            return
        page.reload()
    raise AssertionError(page.content())


def test_a_server_is_added_asked_about_and_collected_and_its_json_downloaded(visit: Visit, fresh: Site, nas: Duplicati) -> None:
    page = visit(fresh)
    page.get_by_label("Collect", exact=True).first.click()
    page.get_by_role("link", name="Choose servers").click()
    collect(page, f"127.0.0.1:{nas.port}", document=True)
    question = page.get_by_role("region", name=f"127.0.0.1:{nas.port}")
    expect(question).to_contain_text("does not speak HTTPS")
    assert nas.asked("/api/v1/auth/login") == []
    question.get_by_role("button", name="Continue without encryption").click()
    expect(page.get_by_role("status").filter(has_text="collected")).to_contain_text("1 of 1 server collected.")
    expect(row(page, nas.url)).to_contain_text("Done")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("JSON of")).click()
    assert re.fullmatch(r".+_collected_[\dT-]+\.json", download.value.suggested_filename)
    assert json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    page.get_by_role("link", name="Another collection").click()
    expect(row(page, "admin")).to_contain_text("Done")
    expect(page.get_by_label("All (1)")).to_be_checked()
    page.get_by_text("Other addresses", exact=True).click()
    page.get_by_label("Hosts or addresses").fill("nas")
    expect(page.get_by_label("Those that are chosen below, and new addresses")).to_be_checked()
    page.get_by_label("Collect", exact=True).first.click()
    page.get_by_role("button", name="From all servers").click()
    expect(page.get_by_role("status").filter(has_text="collected")).to_contain_text("1 of 1 server collected.")


def test_how_far_it_has_come_shows_by_itself_and_it_is_cancelled(visit: Visit, fresh: Site, nas: Duplicati) -> None:
    with Duplicati("2.3.0.4", password=PASSWORD) as hangs:
        hangs.instead["*"] = HANGS
        page = visit(fresh, PATH)
        collect(page, f"{nas.url}, {hangs.url}")
        expect(row(page, nas.url)).to_contain_text("Done")
        expect(row(page, hangs.url)).to_contain_text("Running")
        expect(row(page, hangs.url).get_by_role("progressbar")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        expect(row(page, hangs.url)).to_contain_text("Cancelled")
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        page.get_by_role("link", name="Enter the addresses again").click()
        expect(page.get_by_label("Hosts or addresses")).to_have_value(hangs.url)


def test_a_certificate_is_shown_and_accepted_without_a_script(chromium: Browser, fresh: Site, tmp_path: Path) -> None:
    with (
        Duplicati("2.3.0.4", password=PASSWORD, context=self_signed(tmp_path).context) as nas,
        chromium.new_context(java_script_enabled=False, locale="en-GB") as context,
    ):
        page = context.new_page()
        page.goto(f"{fresh.address}{PATH}")
        sign_in(page, fresh)
        collect(page, nas.url)
        question = page.get_by_role("region", name=nas.url)
        until(page, question)
        expect(question).to_contain_text(re.compile(r"([0-9A-F]{2}:){31}[0-9A-F]{2}"))
        question.get_by_role("button", name="Accept this certificate").click()
        until(page, page.get_by_text("1 of 1 server collected."))
        expect(row(page, nas.url)).to_contain_text("Done")


def test_what_makes_no_sense_is_said_and_what_was_filled_in_stays(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("400 .*/collect")
    page = visit(fresh, PATH)
    page.get_by_label("Hosts or addresses").fill("ftp://nas")
    page.get_by_role("main").get_by_role("button", name="Collect").click()
    expect(page.get_by_role("alert")).to_contain_text("begins neither with http://")
    expect(page.get_by_label("Hosts or addresses")).to_have_value("ftp://nas")


def test_the_pages_are_readable_by_everybody_at_any_width(visit: Visit, fresh: Site, nas: Duplicati, tmp_path: Path) -> None:
    with Duplicati("2.3.0.4", password=PASSWORD, context=self_signed(tmp_path).context) as secret:
        page = visit(fresh, PATH)
        collect(page, f"{nas.url}, {secret.url}, http://127.0.0.1:9, 127.0.0.1:{nas.port}")
        expect(page.get_by_role("status").filter(has_text="collected")).to_contain_text("2 need a decision")
        expect(row(page, "127.0.0.1:9").first).to_contain_text("Failed")
        assert hindrances(page, (360, 1280)) == {}
        page.goto(f"{fresh.address}{PATH}")
        page.get_by_text("Choose servers", exact=True).first.click()
        assert hindrances(page, (360, 1280)) == {}
