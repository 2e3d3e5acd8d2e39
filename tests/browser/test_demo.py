"""The demo's fleet, six weeks of it, as a visitor sees it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.app import build
from duplistatus.clock import SetClock
from duplistatus.ingest.demo.seeding import seed
from duplistatus.settings import Settings
from duplistatus.store.database import Database
from duplistatus.store.schema import migrate
from duplistatus.store.writer import Writer
from tests.browser.layout import covering, outside
from tests.browser.site import ADMIN_PASSWORD, NOW, Site
from tests.fixtures.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Visit

SIX_WEEKS = 42 / 365.25


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("demo")
    settings, clock = Settings(data_dir=folder, admin_password=ADMIN_PASSWORD), SetClock(NOW)
    database = Database(settings.database_file)
    migrate(database)
    writer = Writer(database)
    writer.start()
    seed(writer, clock, years=SIX_WEEKS)
    writer.close()
    database.close()
    application = build(settings, clock)
    with serving(application) as address:
        yield Site(address, application, clock, ADMIN_PASSWORD)


def test_the_dashboard_shows_servers_their_troubles_and_what_comes_next(visit: Visit, demo: Site) -> None:
    page = visit(demo, width=1440, height=900)
    expect(page.get_by_role("heading", level=1)).to_contain_text("job is overdue")
    expect(page.locator(".card")).to_have_count(9)
    expect(page.get_by_role("region", name="Needs attention").get_by_role("listitem").first).to_contain_text("anna-laptop")
    assert outside(page) == []
    assert covering(page) == []


def test_a_machine_with_a_long_story_fits_a_phone(visit: Visit, demo: Site) -> None:
    page = visit(demo, width=360)
    page.get_by_role("link", name="homelab", exact=True).click()
    expect(page.locator(".plot canvas")).to_have_count(6)
    assert outside(page) == []
    assert covering(page) == []
    page.get_by_role("region", name="Jobs").get_by_role("link", name="Failing").click()
    expect(page.locator("section.reason")).to_contain_text("missing from the remote storage")
    assert outside(page) == []
    assert covering(page) == []
