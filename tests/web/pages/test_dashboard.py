"""The dashboard: sentence, figures, cards, table, side, filter, order, parts of a long fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant
from duplistatus.web.pages import dashboard
from tests.web.api.reports import Made, send, warning
from tests.web.pages.html import Element, read, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

BRITISH = {"accept-language": "en-GB"}


@pytest.fixture(autouse=True)
def british(admin: TestClient) -> None:
    admin.headers.update(BRITISH)


def ago(clock: SetClock, hours: float) -> Instant:
    return Instant(clock.now() - int(hours * HOUR))


def ahead(clock: SetClock, hours: float) -> Instant:
    return Instant(clock.now() + int(hours * HOUR))


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> None:
    """Four servers: overdue, failed, with warnings, fine."""
    expected = ago(clock, 51)
    gone, unread = warning("The folder is gone").replace("Warning-", "Error-"), warning("Cannot read a file")
    send(
        admin,
        *(Made(ago(clock, 24 * days + 3), server="nas", job="Photos", next_run=Instant(expected - (days - 3) * DAY)) for days in (5, 4, 3)),
        Made(ago(clock, 2), server="nas", job="Documents", next_run=ahead(clock, 22)),
        Made(ago(clock, 1), server="mail", job="Mailboxes", result="Error", errors=(gone,), next_run=ahead(clock, 5)),
        Made(ago(clock, 5), server="office", job="Desktop", result="Warning", warnings=(unread,), next_run=ahead(clock, 1)),
        Made(ago(clock, 9), server="wiki", job="Pages", stored=9_000),
    )


def cards(page: Element) -> dict[str, list[str]]:
    """The jobs by server, as the cards show them."""
    return {
        card.one("h2").text: [job.one("b").text for job in card.one("ul", has="jobs").all("li")] for card in page.all("section", has="card")
    }


def marks(page: Element, job: str) -> list[str]:
    row = next(each for each in page.all("a", has="job") if each.one("b").text.startswith(job))
    return row.all("svg", has="mark")[0].attributes["class"].split()


@pytest.mark.usefixtures("fleet")
def test_the_first_line_says_how_the_fleet_is_and_links_to_what_is_wrong(admin: TestClient) -> None:
    heading = read(admin.get("/")).one("h1")
    assert heading.text == "1 job is overdue, 1 failed and 1 has warnings. The other 2 are fine; the last report came 38 minutes ago."
    assert [(each.attributes["class"], each.attributes["href"]) for each in heading.all("a")] == [
        ("late", "/?state=overdue"),
        ("error", "/?state=failed"),
        ("warn", "/?state=warning"),
    ]


def test_when_all_is_well_it_says_so(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, 30), next_run=ahead(clock, 1)))
    assert read(admin.get("/")).one("h1").text == "The only job is fine; the last report came 1 day ago."
    send(admin, Made(ago(clock, 2), job="More", next_run=ahead(clock, 1)))
    assert read(admin.get("/")).one("h1").text == "All 2 jobs are fine; the last report came 1 hour ago."


@pytest.mark.usefixtures("fleet")
def test_totals_are_one_line(admin: TestClient) -> None:
    assert read(admin.get("/")).one("dl", id="figures").facts == {
        "servers": "4",
        "jobs": "5",
        "runs": "7",
        "source": "24.4 KiB",
        "stored": "20.5 KiB",
        "uploaded in 30 days": "4.79 KiB",
    }


@pytest.mark.usefixtures("fleet")
def test_problems_come_first_on_the_page_and_on_the_card(admin: TestClient) -> None:
    page = read(admin.get("/"))
    assert cards(page) == {
        "nas": ["Photos, Overdue", "Documents, Success"],
        "mail": ["Mailboxes, Error"],
        "office": ["Desktop, Warning"],
        "wiki": ["Pages, Unscheduled"],
    }
    assert list(cards(page)) == ["nas", "mail", "office", "wiki"]
    kinds = {job: marks(page, job)[1] for job in ("Photos", "Documents", "Mailboxes", "Desktop", "Pages")}
    assert kinds == {"Photos": "late", "Documents": "ok", "Mailboxes": "error", "Desktop": "warn", "Pages": "quiet"}
    assert page.all("section", has="is-late")[0].one("h2").text == "nas"
    assert page.all("section", has="is-error")[0].one("h2").text == "mail"


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("order", "servers"),
    [
        ("name", ["mail", "nas", "office", "wiki"]),
        ("last", ["mail", "nas", "office", "wiki"]),
        ("size", ["wiki", "nas", "mail", "office"]),
        ("nonsense", ["nas", "mail", "office", "wiki"]),
    ],
)
def test_cards_can_be_ordered(admin: TestClient, order: str, servers: list[str]) -> None:
    assert list(cards(read(admin.get(f"/?sort={order}")))) == servers


@pytest.mark.usefixtures("fleet")
def test_a_late_job_becomes_overdue_by_time_alone(admin: TestClient, clock: SetClock) -> None:
    assert marks(read(admin.get("/")), "Desktop")[1] == "warn"
    clock.advance(HOUR + 2 * HOUR + MINUTE)
    page = read(admin.get("/"))
    assert marks(page, "Desktop")[1] == "late"
    assert page.one("h1").text.startswith("2 jobs are overdue and 1 failed. ")


def test_a_job_becomes_late_within_the_minute(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, 2), next_run=Instant(clock.now() + 20 * SECOND)))
    assert marks(read(admin.get("/")), "Files")[1] == "ok"
    clock.advance(30 * SECOND)
    assert marks(read(admin.get("/")), "Files")[1] == "due"


@pytest.mark.usefixtures("fleet")
def test_the_end_of_a_row_says_how_late_or_how_long_ago(admin: TestClient) -> None:
    page = read(admin.get("/"))
    ends = {row.one("b").text.partition(",")[0]: row.all("time")[0] for row in page.all("a", has="job")}
    assert (ends["Photos"].text, ends["Photos"].attributes["data-age"]) == ("2 d late", "late")
    assert (ends["Mailboxes"].text, ends["Mailboxes"].attributes["data-age"]) == ("1 h", "")


@pytest.mark.usefixtures("fleet")
def test_the_strip_shows_results_and_missed_runs(admin: TestClient) -> None:
    row = next(each for each in read(admin.get("/")).all("a", has="job") if each.one("b").text.startswith("Photos"))
    strip = row.one("svg", has="strip")
    assert strip.attributes["aria-label"].startswith("Last ")
    kinds = {path.attributes["class"]: path.attributes["d"].count("M") for path in strip.all("path")}
    assert kinds == {"ok": 3, "missed": 3}


@pytest.mark.usefixtures("fleet")
def test_the_side_names_what_needs_attention_and_what_comes_next(admin: TestClient) -> None:
    side = read(admin.get("/")).one("aside", id="side")
    attention, coming = side.all("ul", has="list")
    assert [each.text for each in attention.all("a")] == [
        "nas · Photos, OverdueExpected 8 Jul, 09:00, no report since",
        "mail · Mailboxes, ErrorThe folder is gone",
        "office · Desktop, WarningCannot read a file",
    ]
    assert [each.text for each in coming.all("a")] == ["office · Desktop13:00", "mail · Mailboxes17:00", "nas · Documents10:00"]
    assert [each.text for each in coming.all("time")] == ["in 1 h", "in 5 h", "in 22 h"]
    counts = side.one("ul", has="counts")
    assert [each.text for each in counts.all("a")] == ["1 Overdue", "1 Error", "1 Warning", "1 Unscheduled", "1 Success"]
    assert [chart.one("h3").text for chart in side.all("figure")] == ["Stored", "Uploaded a day"]


@pytest.mark.usefixtures("fleet")
def test_the_table_has_a_row_a_job_and_can_be_sorted_by_its_heads(admin: TestClient) -> None:
    page = read(admin.get("/?view=table"))
    rows = page.rows
    assert [row[0] for row in rows] == ["Overdue", "Error", "Warning", "Unscheduled", "Success"]
    assert rows[1][1:3] == ["mail", "Mailboxes"]
    assert rows[1][4:] == ["10 Jul, 11:00 1 h", "in 5 h", "21:53", "4.88 KiB", "700 B", "3", "0", "1", "2.3.0.4"]
    heads = {each.text: each for each in page.one("thead").all("th")}
    assert heads["State"].attributes["aria-sort"] == "ascending"
    assert heads["Source"].all("a")[0].attributes["href"] == "/?view=table&sort=source"
    by_job = read(admin.get("/?view=table&sort=job&order=desc"))
    assert [row[2] for row in by_job.rows] == ["Photos", "Pages", "Mailboxes", "Documents", "Desktop"]
    assert [each.attributes.get("aria-sort") for each in by_job.one("thead").all("th")][2] == "descending"


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_what_is_unknown_comes_last_in_both_directions(admin: TestClient, order: str) -> None:
    rows = read(admin.get(f"/?view=table&sort=next&order={order}")).rows
    assert (rows[-1][2], rows[-1][5]) == ("Pages", "–")


@pytest.mark.usefixtures("fleet")
def test_names_and_states_lead_to_their_pages(admin: TestClient) -> None:
    row = read(admin.get("/?view=table&sort=job")).one("tbody").all("tr")[1]
    links = [each.attributes["href"] for each in row.all("a")]
    assert links[0].startswith("/detail/id-nas/backup/")
    assert links[1:] == ["/detail/id-nas", "/detail/id-nas?backup=Documents"]
    for link in links:
        assert admin.get(link).status_code == 200


@pytest.mark.usefixtures("fleet")
def test_a_state_and_words_narrow_the_list(admin: TestClient) -> None:
    assert cards(read(admin.get("/?state=failed"))) == {"mail": ["Mailboxes, Error"]}
    assert cards(read(admin.get("/?q=NAS+doc"))) == {"nas": ["Documents, Success"]}
    nothing = read(admin.get("/?q=nobody"))
    assert cards(nothing) == {}
    assert "Nothing matches" in nothing.one("div", id="fleet").text
    assert nothing.one("input", id="find").attributes["value"] == "nobody"


@pytest.mark.usefixtures("fleet")
def test_only_a_whole_list_is_filtered_in_the_browser(admin: TestClient) -> None:
    assert "data-complete" in read(admin.get("/")).one("div", id="fleet").attributes
    assert "data-complete" not in read(admin.get("/?q=nas")).one("div", id="fleet").attributes


def test_what_people_named_is_shown_as_they_wrote_it(admin: TestClient, clock: SetClock) -> None:
    evil = "<b>&\"'</b><script>alert(1)</script>"
    send(admin, Made(ago(clock, 1), server=evil, server_id="k/ä b", job=evil, result="Error", errors=(f"{evil} failed",)))
    for path in ("/", "/?view=table", "/start", "/?q=<script>alert(1)</script>"):
        text = admin.get(path).text
        assert "<script>alert" not in text, path
        assert '<b>&"' not in text, path
    assert list(cards(read(admin.get("/")))) == [evil]
    assert read(admin.get("/?view=table")).rows[0][1:3] == [evil, evil]
    (link,) = {row.attributes["href"] for row in read(admin.get("/")).all("a", has="job")}
    assert link.startswith("/detail/k%2F%C3%A4%20b?backup=%3Cb%3E")


@pytest.mark.usefixtures("fleet")
def test_details_of_a_job_are_fetched_apart(admin: TestClient) -> None:
    job = next(each for each in read(admin.get("/")).all("a", has="job") if each.one("b").text.startswith("Mail")).attributes["data-job"]
    details = tree(admin.get(f"/jobs/{job}/details").text)
    assert details.facts == {
        "Last run": "Friday, 10 July 2026, 11:00:00 UTC",
        "Result": "Error",
        "Duration": "21:53",
        "Uploaded": "700 B",
        "Warnings, errors": "0, 1",
        "Files": "100 · 4.88 KiB",
        "Stored": "2.93 KiB",
        "Versions": "3",
        "Expected": "Friday, 10 July 2026, 17:00:00 UTC",
        "Messages": "Warnings and errors · ntfy, E-mail",
    }
    assert admin.get("/jobs/999/details").status_code == 404
    assert admin.get("/jobs/nonsense/details").status_code == 400


@pytest.mark.usefixtures("fleet")
def test_a_page_that_did_not_change_is_not_sent_again(admin: TestClient, clock: SetClock) -> None:
    first = admin.get("/")
    again = admin.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    send(admin, Made(ago(clock, 0.5), server="new"))
    assert admin.get("/", headers={"if-none-match": first.headers["etag"]}).status_code == 200


@pytest.mark.usefixtures("fleet")
def test_a_page_is_new_for_another_reader_another_minute_and_another_theme(admin: TestClient, clock: SetClock) -> None:
    tags = [admin.get("/").headers["etag"]]
    other_readers = ({"accept-language": "en-US"}, {"cookie": f"sessionId={admin.cookies['sessionId']}; theme=light"})
    tags += [admin.get("/", headers=headers).headers["etag"] for headers in other_readers]
    clock.advance(MINUTE)
    tags.append(admin.get("/").headers["etag"])
    assert len(set(tags)) == len(tags)
    assert admin.get("/").headers["vary"] == "Accept-Encoding, Accept-Language, Cookie, HX-Request"


@pytest.mark.usefixtures("fleet")
def test_it_is_read_in_the_readers_zone_and_theme(admin: TestClient) -> None:
    cookie = f"sessionId={admin.cookies['sessionId']}; theme=light; zone=Asia%2FTokyo"
    answer = admin.get("/?view=table&sort=server", headers={"cookie": cookie, "accept-language": "de-DE,en-US;q=0.5"})
    page = read(answer)
    assert page.rows[0][4] == "Jul 10, 8:00 PM 1 h"
    assert page.one("html").attributes["data-theme"] == "light"


def long_fleet(admin: TestClient, clock: SetClock, servers: int) -> None:
    send(admin, *(Made(ago(clock, 1), server=f"server-{number:02}", job=f"job {job}") for number in range(servers) for job in (1, 2)))


def test_a_long_fleet_comes_in_parts(admin: TestClient, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "JOBS_A_PART", 4)
    long_fleet(admin, clock, 5)
    page = read(admin.get("/?sort=name"))
    assert list(cards(page)) == ["server-00", "server-01"]
    more = page.one("div", id="more")
    assert "data-complete" not in page.one("div", id="fleet").attributes
    assert more.attributes["hx-get"] == "/?sort=name&part=2"
    part = tree(admin.get(more.attributes["hx-get"]).text)
    assert list(cards(part)) == ["server-02", "server-03"]
    assert part.all("html") == []
    last = tree(admin.get("/?sort=name&part=3").text)
    assert (list(cards(last)), last.all("div", id="more")) == (["server-04"], [])
    assert list(cards(read(admin.get("/?sort=name&n=2")))) == [f"server-0{number}" for number in range(4)]


def test_a_long_table_comes_in_parts(admin: TestClient, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "JOBS_A_PART", 4)
    long_fleet(admin, clock, 5)
    page = read(admin.get("/?view=table&sort=server"))
    rows = page.one("tbody").all("tr")
    assert len([row for row in rows if "data-row" in row.attributes]) == 4
    part = tree(admin.get(page.one("tr", id="more").attributes["hx-get"]).text)
    following = [row.all("td")[1].text for row in part.all("tr") if "data-row" in row.attributes]
    assert following == ["server-02", "server-02", "server-03", "server-03"]


@pytest.mark.parametrize("query", ["n=0", "part=-1", "n=x", "n=100000"])
def test_parts_that_cannot_be_are_refused(admin: TestClient, query: str) -> None:
    assert admin.get(f"/?{query}").status_code == 400


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("query", ["view=x", "sort=x&order=y", "state=nothing", "range=9z", "q=" + "a" * 500, "view=table&sort=problems"])
def test_words_that_nobody_knows_are_no_error(admin: TestClient, query: str) -> None:
    assert admin.get(f"/?{query}").status_code == 200


@pytest.mark.usefixtures("fleet")
def test_the_charts_view_names_where_its_figures_come_from(admin: TestClient) -> None:
    page = read(admin.get("/?view=charts&range=1y"))
    source = page.one("div", has="charts").attributes["data-charts"]
    assert source == "/api/charts?range=1y"
    assert admin.get(source).status_code == 200
    assert page.one("nav", aria_label="Range").all("a", aria_current="true")[0].text == "1 Y"


def test_without_a_server_it_is_the_first_run_page(admin: TestClient) -> None:
    assert read(admin.get("/")).one("h1").text == "Let Duplicati report here"


def test_nobody_reads_it_without_signing_in(browser: Callable[[], TestClient]) -> None:
    answer = browser().get("/?view=table")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F%3Fview%3Dtable")
