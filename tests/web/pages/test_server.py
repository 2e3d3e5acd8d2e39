"""The page of a server and of a job: totals, jobs, what is overdue, the history in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from duplistatus.clock import DAY, HOUR, Instant
from tests.web.api.reports import Made, send
from tests.web.pages.html import Element, read

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

ALPHA = "/detail/id-alpha"


def history(page: Element) -> Element:
    return page.one("section", id="history")


def started(page: Element, column: int = 2) -> list[str]:
    return [row[column] for row in history(page).rows]


def days(clock: SetClock, count: int, **more: object) -> list[Made]:
    """A run a day, oldest first; each uploads as many bytes as it is days old."""
    return [Made(Instant(clock.now() - age * DAY), uploaded=age, **more) for age in range(count, 0, -1)]  # type: ignore[arg-type]


def test_the_totals_are_those_of_all_jobs(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 3), Made(Instant(clock.now() - HOUR), job="Photos", files=7, source=1_000, stored=500, versions=4, uploaded=1))
    tiles = read(admin.get(ALPHA)).one("dl", has="tiles").facts
    assert tiles["Jobs"] == "2"
    assert tiles["Runs"] == "4 since 7 Jul"
    assert tiles["Versions"] == "7 of all jobs"
    assert tiles["Average duration"] == "21:53 of all runs"
    assert tiles["Source"] == "5.86 KiB 107 files"
    assert tiles["Stored"] == "3.42 KiB at the destination"
    assert tiles["Uploaded"] == "7 B by all runs"


def test_a_job_has_the_page_narrowed_to_itself(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 3), Made(Instant(clock.now() - HOUR), job="Photos & films"))
    page = read(admin.get(f"{ALPHA}?backup=Photos%20%26%20films"))
    assert page.one("h1").text == "Photos & films"
    assert "Jobs" not in page.one("dl", has="tiles").facts
    assert len(history(page).rows) == 1
    charts = page.one("div", has="charts").attributes["data-charts"]
    assert "job=Photos+%26+films" in charts or "job=Photos%20%26%20films" in charts
    assert [row[0] for row in page.one("dialog", id="versions").rows] == ["0", "1", "2"]


def test_a_server_or_job_that_nobody_reported_is_not_found(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 1))
    for path in ("/detail/nobody", "/detail/", f"{ALPHA}?backup=nothing"):
        answer = admin.get(path)
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (404, "text/html"), path


def test_nobody_reads_it_without_signing_in(site: TestClient) -> None:
    answer = site.get(f"{ALPHA}?sort=files")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fdetail%2Fid-alpha%3Fsort%3Dfiles")


def test_a_key_may_hold_slashes_and_percent_signs(admin: TestClient, clock: SetClock) -> None:
    key = "ab/cd 100%/x"
    send(admin, Made(Instant(clock.now() - HOUR), server_id=key))
    page = read(admin.get(f"/detail/{quote(key, safe='')}"))
    assert page.one("h1").text == "alpha"
    (link,) = {each.attributes["href"] for each in history(page).one("tbody").all("a")}
    assert link.startswith("/detail/ab%2Fcd%20100%25%2Fx/backup/")
    assert read(admin.get(link)).one("h1").text == "Files"


def test_an_overdue_job_tells_when_it_was_expected_and_from_what(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - 3 * DAY), next_run=Instant(clock.now() - 2 * DAY)))
    page = read(admin.get(ALPHA))
    verdict = page.one("section", has="verdict").text
    assert verdict.startswith("Files should have run on 8 Jul, 12:00. That was 2 days ago; its last run began on 7 Jul, 12:00.")
    assert "announced by report" in verdict
    assert "2 hours" in verdict
    assert page.one("section", id="jobs").rows[0][0] == "Overdue"
    assert "1 overdue" in page.one("dl", has="tiles").facts["Jobs"]


def test_a_job_that_runs_in_time_has_no_verdict(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - DAY), next_run=Instant(clock.now() + HOUR)))
    page = read(admin.get(ALPHA))
    assert not page.all("section", has="verdict")
    (row,) = page.one("section", id="jobs").rows
    assert row[0] == "Success"
    assert row[4] == "10 Jul, 13:00 in 1 h"


def test_the_pages_of_the_history_lead_through_all_runs_and_back(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 60))
    first = read(admin.get(ALPHA))
    assert history(first).one("nav", has="pager").text.startswith("1–25 of 60")
    seen = started(first)
    page, pages = first, [first]
    while following := history(page).all("a", rel="next"):
        page = read(admin.get(following[0].attributes["href"]))
        pages.append(page)
        seen += started(page)
    assert len(seen) == len(set(seen)) == 60
    assert history(page).one("nav", has="pager").text.startswith("51–60 of 60")
    for before in reversed(pages[:-1]):
        page = read(admin.get(history(page).one("a", rel="prev").attributes["href"]))
        assert started(page) == started(before)
    assert not history(page).all("a", rel="prev")
    assert history(page).one("nav", has="pager").text.startswith("1–25 of 60")


def test_new_runs_do_not_move_the_page_that_somebody_reads(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 60))
    second = history(read(admin.get(ALPHA))).one("a", rel="next").attributes["href"]
    before = started(read(admin.get(second)))
    send(admin, Made(Instant(clock.now() - HOUR)))
    assert started(read(admin.get(second))) == before


def test_a_click_on_a_title_sorts_and_the_next_one_turns_the_order(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 30))
    page = read(admin.get(ALPHA))
    title = next(each for each in history(page).all("th") if each.text == "Uploaded")
    assert "aria-sort" not in title.attributes
    largest_first = read(admin.get(title.one("a").attributes["href"]))
    assert [row[6] for row in history(largest_first).rows[:3]] == ["30 B", "29 B", "28 B"]
    title = history(largest_first).one("th", aria_sort="descending")
    assert title.text == "Uploaded"
    smallest_first = read(admin.get(title.one("a").attributes["href"]))
    assert [row[6] for row in history(smallest_first).rows[:3]] == ["1 B", "2 B", "3 B"]
    following = read(admin.get(history(smallest_first).one("a", rel="next").attributes["href"]))
    assert [row[6] for row in history(following).rows] == [f"{size} B" for size in range(26, 31)]


def test_the_page_says_when_only_the_newest_runs_were_sorted(admin: TestClient, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    send(admin, *days(clock, 8))
    monkeypatch.setattr("duplistatus.store.history_page.SORTED_RUNS", 5)
    monkeypatch.setattr("duplistatus.web.pages.history.SORTED_RUNS", 5)
    page = history(read(admin.get(f"{ALPHA}?sort=uploaded")))
    assert [row[6] for row in page.rows] == [f"{size} B" for size in range(5, 0, -1)]
    assert "Only the newest 5 runs are sorted" in page.text
    assert "runs are sorted" not in history(read(admin.get(ALPHA))).text


def test_a_result_filters_the_history_and_what_has_none_says_so(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 3), Made(Instant(clock.now() - HOUR), result="Error", errors=("x",)))
    page = history(read(admin.get(f"{ALPHA}?status=Error")))
    assert [row[0] for row in page.rows] == ["Error"]
    assert "1 with this result" in page.text
    nothing = history(read(admin.get(f"{ALPHA}?status=Fatal")))
    assert "No run has this result" in nothing.text
    assert nothing.one("div", has="empty").one("a").attributes["href"] == ALPHA


def test_what_the_address_says_is_chosen_in_the_fields_and_kept_by_the_links(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 60), Made(Instant(clock.now() - HOUR), job="Photos"))
    page = read(admin.get(f"{ALPHA}?backup=Files&status=Success&size=50&range=1y"))
    selects = {each.attributes["name"]: each.one("option", selected="").text for each in history(page).all("select")}
    assert selects == {"backup": "Files", "status": "Success", "size": "50 a page"}
    following = history(page).one("a", rel="next").attributes["href"]
    for part in ("backup=Files", "status=Success", "size=50", "range=1y"):
        assert part in following
    assert page.one("section", id="charts").one("a", aria_current="true").text == "1 Y, One year"
    assert "range=1y" in page.one("div", has="charts").attributes["data-charts"]


@pytest.mark.parametrize(
    "query", ["sort=x", "order=x", "status=x", "size=7", "beyond=x", "until=1.", "skip=-1", "skip=1e9", "range=x", "beyond=999.1"]
)
def test_an_old_or_made_up_address_is_no_error(admin: TestClient, clock: SetClock, query: str) -> None:
    send(admin, *days(clock, 1))
    assert admin.get(f"{ALPHA}?{query}").status_code == 200


def test_names_from_reports_are_shown_as_text(admin: TestClient, clock: SetClock) -> None:
    name = "<script>alert(1)</script>'\"&"
    send(admin, Made(Instant(clock.now() - HOUR), server=name, server_id="x", job=name))
    answer = admin.get("/detail/x")
    assert "<script>alert" not in answer.text
    assert read(answer).one("h1").text == name


def test_the_same_page_is_not_sent_twice(admin: TestClient, clock: SetClock) -> None:
    send(admin, *days(clock, 1))
    first = admin.get(ALPHA)
    again = {"if-none-match": first.headers["etag"]}
    assert admin.get(ALPHA, headers=again).status_code == 304
    assert admin.get(f"{ALPHA}?sort=files", headers=again).status_code == 200
    send(admin, Made(Instant(clock.now() - HOUR)))
    assert admin.get(ALPHA, headers=again).status_code == 200
