"""Open pages follow what runs: phase and progress as they are told, and the silence of a job that is told of no more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from playwright.sync_api import expect

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant
from tests.browser.layout import hindrances
from tests.browser.site import NOW
from tests.web.api.live import status_document
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site

    Marked = Callable[[Page], Callable[[], bool]]

TOPS = (
    "rows => rows.map(row => Math.round(row.getBoundingClientRect().top * 10) + ':' + Math.round(row.getBoundingClientRect().height * 10))"
)


def tell(site: Site, state: str, started: Instant, *, job: str = "Files", **progress: Any) -> None:
    """Written and delivered now."""
    assert site.deliver(orjson.dumps(status_document(state, started, site.clock.now(), server="harbour", job=job, **progress))) == 200


@pytest.fixture
def pair(fresh: Site) -> Site:
    """A server with two jobs that ran yesterday."""
    for job in ("Files", "Photos"):
        fresh.report(Made(Instant(NOW - DAY), "harbour", job=job, next_run=Instant(NOW + HOUR)))
    return fresh


def row_of(page: Page, job: str) -> Locator:
    return page.locator(".job, tbody tr[data-row]").filter(has_text=job)


@pytest.mark.parametrize("view", ["cards", "table"])
def test_phase_and_progress_appear_by_themselves_and_nothing_moves(visit: Visit, pair: Site, view: str, marked: Marked) -> None:
    page = visit(pair, f"/?view={view}", width=1440)
    rows = page.locator(".job, tbody tr[data-row]")
    row = row_of(page, "Files")
    expect(row).to_have_count(1)
    expect(page.locator("#live")).to_have_text("Live")
    same, before = marked(page), rows.evaluate_all(TOPS)
    tell(pair, "Started", NOW)
    expect(row).to_contain_text("Running")
    expect(row.get_by_role("progressbar", name="Progress of Files")).not_to_have_attribute("value", re.compile("."))
    assert sorted(rows.evaluate_all(TOPS)) == sorted(before)
    for share in (0.25, 0.5):
        pair.clock.advance(SECOND)
        tell(pair, "Progress", NOW, phase="Backup_ProcessingFiles", progress=share)
        expect(row).to_contain_text(f"{share:.0%}")
        expect(row).to_contain_text("Processing files")
        assert row.get_by_role("progressbar").evaluate("bar => bar.value") == 100 * share
        assert sorted(rows.evaluate_all(TOPS)) == sorted(before)
    pair.clock.advance(SECOND)
    tell(pair, "Progress", NOW, phase="Backup_WaitForUpload", progress=0)
    expect(row).to_contain_text("Waiting for uploads")
    pair.report(Made(NOW, "harbour", job="Files", duration="00:00:03", next_run=Instant(NOW + DAY)))
    expect(row).not_to_contain_text("Running")
    expect(row.get_by_role("progressbar")).to_have_count(0)
    assert sorted(rows.evaluate_all(TOPS)) == sorted(before)
    expect(row_of(page, "Photos")).not_to_contain_text("Running")
    assert same()


def test_a_server_page_follows_what_runs(visit: Visit, pair: Site, marked: Marked) -> None:
    page = visit(pair, "/detail/id-harbour")
    jobs = page.get_by_role("region", name="Jobs")
    expect(page.locator("#live")).to_have_text("Live")
    same = marked(page)
    pair.clock.advance(12 * MINUTE)
    page.context.clock.set_fixed_time((NOW + 12 * MINUTE) / 1000)
    tell(pair, "Progress", NOW, phase="Backup_ProcessingFiles", progress=0, filesProcessed=15, fileCount=60)
    expect(jobs).to_contain_text("15 of 60 files")
    expect(jobs).to_contain_text("25%")
    expect(jobs).to_contain_text(re.compile(r"since 12:00\s+12 min"))
    assert same()


def test_time_alone_makes_a_job_stuck_on_the_open_page(visit: Visit, pair: Site, marked: Marked) -> None:
    page = visit(pair)
    heading, row = page.get_by_role("heading", level=1), row_of(page, "Files")
    tell(pair, "Started", Instant(NOW - 3 * HOUR))
    expect(row).to_contain_text("Running")
    same = marked(page)
    pair.clock.advance(41 * MINUTE)
    expect(heading).to_contain_text("1 job is stuck")
    expect(row).to_contain_text("Silent for 41 min")
    expect(row.locator(".mark.stuck")).to_be_visible()
    expect(page.get_by_role("region", name="Needs attention")).to_contain_text("started 3 h ago, silent for 41 min")
    tell(pair, "Progress", Instant(NOW - 3 * HOUR), phase="Backup_Compact")
    expect(row).to_contain_text("Compacting")
    expect(heading).to_contain_text("jobs are fine")
    assert same()


def test_open_details_follow_what_runs(visit: Visit, pair: Site) -> None:
    page = visit(pair)
    tell(pair, "Started", NOW)
    row = row_of(page, "Files")
    expect(row).to_contain_text("Running")
    row.hover()
    details = page.locator("#details")
    expect(details).to_be_visible()
    pair.clock.advance(SECOND)
    tell(pair, "Progress", NOW, phase="Backup_ProcessingFiles", progress=0.5)
    expect(details).to_contain_text("Processing files")
    expect(details).to_contain_text("50%")


def test_the_ring_stands_still_where_motion_is_unwelcome(visit: Visit, pair: Site) -> None:
    tell(pair, "Started", NOW)
    for still, name in ((False, "turn"), (True, "none")):
        page = visit(pair, still=still)
        ring = page.locator(".job .mark.run").first
        assert ring.evaluate("mark => getComputedStyle(mark).animationName") == name
        bar = page.get_by_role("progressbar").first
        assert (bar.evaluate("bar => getComputedStyle(bar).animationName") == "none") is still


def test_pages_with_running_and_stuck_jobs_fit_and_are_accessible(visit: Visit, fresh: Site) -> None:
    long = "A job with a long name that says all about itself and then some"
    for job in ("Files", "Photos", long):
        result = "Warning" if job == "Photos" else "Success"
        fresh.report(Made(Instant(NOW - DAY), "harbour", job=job, result=result, next_run=Instant(NOW - HOUR)))
    tell(fresh, "Started", Instant(NOW - 3 * HOUR))
    fresh.clock.advance(41 * MINUTE)
    fresh.judge()
    figures = {"filesProcessed": 123_456, "fileCount": 1_234_567, "fileSizeProcessed": 10**13, "fileSize": 10**14}
    tell(fresh, "Progress", NOW, job="Photos", phase="Backup_RemoteSynchronization", progress=1, **figures)
    tell(fresh, "Progress", NOW, job=long, phase="Backup_" + "Unheardof" * 12, progress=0, **figures)
    for path in ("/", "/?view=table", "/detail/id-harbour"):
        page = visit(fresh, path)
        expect(page.get_by_role("progressbar").first).to_be_attached()
        for width in (360, 768, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            tops = page.locator("#main .job").evaluate_all("rows => rows.map(row => row.scrollHeight - row.clientHeight)")
            assert not any(over > 0 for over in tops), f"nothing is cut off: {path} at {width}"
        assert hindrances(page, (360, 768, 1440)) == {}, path
