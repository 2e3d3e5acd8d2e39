"""The page of what runs by time: what ran and how that went, to be run now, stopped and started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from duplistatus.clock import MINUTE, Instant, moment
from duplistatus.store import tasks
from tests.browser.layout import hindrances

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site

CHECK = "Check for overdue jobs"
NAME = "overdue-backup-check"


def row(page: Page, title: str) -> Locator:
    return page.get_by_role("row").filter(has_text=title)


def fail(site: Site) -> None:
    """The newest check failed."""
    at = site.clock.now()

    def work(connection: Connection) -> None:
        tasks.begin(connection, NAME, "tests", at, Instant(at + 5 * MINUTE))
        tasks.finish(connection, NAME, "tests", at, None, "OSError: " + "the-disk-is-gone-" * 8)

    site.context.writer.submit(work, changes=False).result()


def test_the_menu_leads_to_the_page_and_a_task_runs_now(visit: Visit, fresh: Site) -> None:
    page = visit(fresh)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Tasks").click()
    check = row(page, CHECK)
    expect(check).to_contain_text("every 5 minutes")
    expect(check).to_contain_text("Not run yet")
    check.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("status").filter(has_text="ran.")).to_contain_text(f"“{CHECK}” ran. 0 jobs checked, 0 overdue.")
    expect(check).to_contain_text("Fine")
    expect(check).to_contain_text("0 jobs checked, 0 overdue.")
    expect(page.get_by_text("This process runs them:")).to_be_visible()


def test_a_task_is_stopped_and_started(visit: Visit, fresh: Site) -> None:
    page = visit(fresh, "/settings/tasks")
    cleanup = row(page, "Clean up sessions")
    cleanup.get_by_role("button", name="Stop").click()
    expect(cleanup).to_contain_text("Stopped")
    expect(cleanup).to_contain_text("never")
    expect(page.get_by_text("“Clean up sessions” no longer runs by time.")).to_be_visible()
    cleanup.get_by_role("button", name="Start").click()
    expect(page.get_by_text("“Clean up sessions” runs by time again.")).to_be_visible()
    expect(cleanup).to_contain_text("Not run yet")


def test_an_error_is_said_plainly_within_a_minute(visit: Visit, fresh: Site) -> None:
    page = visit(fresh, "/settings/tasks")
    page.clock.install(time=moment(fresh.clock.now()))
    page.reload()
    expect(row(page, CHECK)).to_contain_text("Not run yet")
    fail(fresh)
    page.clock.run_for("01:01")
    expect(row(page, CHECK)).to_contain_text("Failed")
    expect(row(page, CHECK)).to_contain_text("OSError: the-disk-is-gone")


def test_the_page_is_readable_by_everybody_at_any_width(visit: Visit, fresh: Site) -> None:
    fail(fresh)
    page = visit(fresh, "/settings/tasks?ran=overdue-backup-check")
    expect(row(page, CHECK)).to_contain_text("Failed")
    assert hindrances(page, (360, 1280)) == {}
