"""The page of the audit log: found by filters, opened in place, cleaned up, and readable by everybody at any width."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from duplistatus.clock import DAY, MINUTE, Instant
from duplistatus.store import audit
from duplistatus.store.accounts import User
from duplistatus.store.audit import Entry
from duplistatus.store.ids import UserId
from tests.browser.layout import hindrances

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site

ANN = User(UserId("u-ann"), "ann", False, False)
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
LONG = "a-very-long-name-of-a-job-without-any-place-to-break-" * 4


def fill(site: Site, count: int = 120) -> None:
    """What happened lately, and one entry of long ago."""
    now = site.clock.now()
    change = {"before": {"tolerance": None, "days": [1, 2]}, "after": {"tolerance": "4h", "days": [1, 2, 3]}}
    jobs = [{"job": 1, "serverName": "harbour", "backupName": name} | change for name in ("Files", LONG)]
    guess = Entry(
        Instant(now - MINUTE), "login", "auth", None, "root", details={"reason": "unknown name"}, address="203.0.113.9", status="failure"
    )

    def work(connection: Connection) -> None:
        audit.record(connection, Entry(Instant(now - 91 * DAY), "task_run", "system", ANN, "", "task", "session-cleanup"))
        for number in range(count):
            at = Instant(now - (count - number) * 10 * MINUTE)
            audit.record(
                connection, Entry(at, "tag_created", "config", ANN, "", "tag", str(number), {"name": f"Tag {number}"}, "192.0.2.4", AGENT)
            )
        for _ in range(3):
            audit.record(connection, guess)
        details = {"jobs": jobs, "count": 2, "fields": ["tolerance"]}
        audit.record(connection, Entry(now, "overdue_monitoring_updated", "config", ANN, "", None, None, details, "2001:db8::77", AGENT))
        failed = Entry(
            now, "test_email_sent", "system", ANN, "", "channel", "1", {"kind": "email", "place": LONG}, "", "", "error", f"no {LONG}"
        )
        audit.record(connection, failed)

    site.context.writer.submit(work).result()


def row(page: Page, text: str) -> Locator:
    return page.locator("tr[id^=entry-]").filter(has_text=text)


def test_everybody_finds_the_page_and_an_entry_opens_in_place(visit: Visit, fresh: Site) -> None:
    fill(fresh)
    page = visit(fresh, "/settings/tasks")
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")
    change = row(page, "Changed the monitoring of jobs")
    expect(change).to_contain_text("ann")
    expect(change).to_contain_text("2001:db8::77")
    expect(change).to_contain_text("Firefox on Windows")
    expect(row(page, "root")).to_contain_text("3 times")
    change.get_by_role("link", name="Details").click()
    opened = page.locator("tr.document")
    expect(opened.get_by_role("row").filter(has_text="harbour · Files · tolerance")).to_contain_text("4h")
    expect(opened).to_contain_text("Settings")
    page.keyboard.press("Enter")
    expect(opened).to_have_count(0)


def test_the_list_is_filtered_while_one_types_and_goes_on_in_pages(visit: Visit, fresh: Site) -> None:
    fill(fresh)
    page = visit(fresh, "/settings/audit")
    page.locator("select[name=action]").select_option("Made a tag")
    expect(row(page, "Made a tag")).to_have_count(50)
    expect(row(page, "Signed in")).to_have_count(0)
    page.get_by_role("link", name="Older").click()
    expect(row(page, "Tag 69")).to_be_visible()
    page.get_by_role("link", name="Newer").click()
    expect(row(page, "Tag 119")).to_be_visible()
    page.get_by_label("Concerns").fill("tag 11")
    expect(row(page, "Made a tag")).to_have_count(11)
    page.get_by_label("Concerns").fill("")
    page.locator("select[name=action]").select_option("Any action")
    page.get_by_label("User", exact=True).fill("root")
    expect(page.locator("tr[id^=entry-]")).to_have_count(1)
    assert page.url.endswith("/settings/audit?username=root")
    page.get_by_label("User", exact=True).fill("nobody")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_what_is_found_is_downloaded(visit: Visit, fresh: Site) -> None:
    fill(fresh)
    page = visit(fresh, "/settings/audit?action=tag_created")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download what is found as JSON").click()
    assert begun.value.suggested_filename == "audit-log-2026-11-21.json"
    assert len(json.loads(Path(begun.value.path()).read_text(encoding="utf-8"))) == 120
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download what is found as CSV").click()
    assert len(Path(begun.value.path()).read_text(encoding="utf-8").splitlines()) == 121


def test_a_clean_up_says_how_many_before_it_removes_them(visit: Visit, fresh: Site) -> None:
    fill(fresh)
    page = visit(fresh, "/settings/audit")
    keeping = page.locator("#keeping")
    keeping.get_by_role("button", name="Clean up now").click()
    expect(keeping.get_by_role("status")).to_contain_text("1 entry is older than 23 Aug.")
    keeping.get_by_role("button", name="Remove 1 entry").click()
    expect(keeping.get_by_role("status")).to_contain_text("1 entry was removed.")
    expect(row(page, "Cleaned up the audit log")).to_be_visible()
    keeping.get_by_label("Days that entries are kept").fill("45")
    keeping.get_by_role("button", name="Save").click()
    expect(keeping.get_by_role("status")).to_contain_text("Entries are kept for 45 days.")
    expect(row(page, "Changed how long the audit log is kept")).to_be_visible()


def test_the_page_is_readable_by_everybody_at_any_width(visit: Visit, fresh: Site) -> None:
    fill(fresh)
    page = visit(fresh, "/settings/audit")
    for name in ("Changed the monitoring of jobs", "Sent a test e-mail"):
        row(page, name).get_by_role("link", name=re.compile("Details")).click()
        expect(page.locator("tr.document")).to_contain_text("Category")
        page.mouse.move(0, 0)
        assert hindrances(page, keyboard=name.startswith("Sent")) == {}, name
