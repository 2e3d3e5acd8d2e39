"""The page of a run: why it ended so, what it did, its log to search; read from recorded reports of real servers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from duplistatus.clock import DAY, HOUR, Instant, instant
from tests.web.api.reports import Made, document, send, warning
from tests.web.conftest import ADMIN_PASSWORD, sign_in
from tests.web.pages.html import Element, read

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

RECORDED = Path(__file__).parents[2] / "data" / "duplicati" / "reports"


def post(client: TestClient, clock: SetClock, name: str) -> str:
    """Sends a recorded request, byte for byte, on its day; the address of the page of its run."""
    clock.at = instant(datetime(2026, 11, 21, 12, tzinfo=UTC))
    sign_in(client, "admin", ADMIN_PASSWORD)
    request = json.loads((RECORDED / name).read_text(encoding="utf-8"))
    headers = {key: value for key, value in request["headers"] if key.lower() not in {"host", "content-length"}}
    answer = client.post("/api/upload", content=request["body"].encode(), headers=headers)
    assert answer.status_code == 200, answer.text
    dashboard = read(client.get("/?view=table"))
    return next(href for link in dashboard.one("tbody").all("a") if "/backup/" in (href := link.attributes["href"]))


def newest(client: TestClient, path: str = "/detail/id-alpha") -> str:
    """The address of the newest run of a server."""
    return read(client.get(path)).one("section", id="history").one("tbody").all("a")[0].attributes["href"]


def log(page: Element) -> Element:
    return page.one("section", id="log")


def lines(page: Element) -> list[str]:
    """The messages of the log, without what is folded away."""
    return [each.all("pre")[0].raw_text for each in log(page).all("div", has="message")]


def test_a_failed_run_begins_with_its_exception_in_plain_words(admin: TestClient, clock: SetClock) -> None:
    page = read(admin.get(post(admin, clock, "2.3.0.4/backup-locked-destination-fatal.json")))
    reason = page.one("section", has="reason")
    assert "does not exist" in reason.one("h2").text
    assert "Exception" not in reason.one("h2").text
    assert "   at Duplicati.Library" in reason.one("pre").raw_text
    assert page.one("dl", has="tiles").facts["Stored"] == "not reported"
    assert page.one("dl", has="tiles").facts["Versions"] == "not reported"


def test_no_figure_that_is_not_reported_is_shown_as_a_number(admin: TestClient, clock: SetClock) -> None:
    page = read(admin.get(post(admin, clock, "2.3.0.4/backup-locked-destination-fatal.json")))
    figures = page.one("div", has="figure-groups")
    assert "0" not in {value for group in figures.all("dl") for value in group.facts.values()}
    assert "not reported" in figures.text


def test_every_figure_of_a_report_is_on_the_page(admin: TestClient, clock: SetClock) -> None:
    page = read(admin.get(post(admin, clock, "2.3.0.4/backup-large-warning-2.json")))
    facts = page.one("div", has="figure-groups").facts
    assert facts["Examined"] == "60 26.7 MiB"
    assert (facts["New"], facts["Changed"], facts["Gone"]) == ("38 17.9 MiB", "22 8.76 MiB", "0")
    assert (facts["Calls to the destination"], facts["Retries"], facts["Files deleted at the destination"]) == ("41", "0", "4")
    assert facts["Files of this backup"] == "43 37.9 MiB"
    assert (facts["Versions"], facts["Versions, unfinished ones too"]) == ("3", "4")
    assert facts["Space assigned"] == "not reported"
    about = page.one("section", aria_labelledby="host-title").facts
    assert about["Operating system"] == "Debian GNU/Linux 12 (bookworm)"
    assert about["Destination"] == "file"


def test_the_log_is_shown_in_full_with_its_counts(admin: TestClient, clock: SetClock) -> None:
    name = "2.3.0.4/backup-large-warning-2.json"
    page = read(admin.get(post(admin, clock, name)))
    written = json.loads(json.loads((RECORDED / name).read_text(encoding="utf-8"))["body"])["LogLines"]
    assert len(lines(page)) == len(written) == 98
    assert [line.split("]: ", 1)[1].split("\n")[0] for line in written] == [line.split("\n")[0] for line in lines(page)]
    assert [each.text for each in log(page).one("nav", has="segmented").all("a")] == ["All 98", "Errors 0", "Warnings 3", "Information 95"]
    assert "Duplicati counted 95 messages, 3 warnings, 0 errors" in log(page).text


def test_the_page_says_what_duplicati_cut_off_and_how_to_get_it(admin: TestClient, clock: SetClock) -> None:
    page = read(admin.get(post(admin, clock, "2.3.0.4/backup-ten-lines-success.json")))
    hint = log(page).one("p", has="hint").text
    assert "Duplicati cut off 13 lines of this log." in hint
    assert "send-http-max-log-lines=0" in hint
    assert len(lines(page)) == 10
    assert not any("more" in line for line in lines(page))


def test_warnings_that_were_counted_but_not_sent_are_told(admin: TestClient, clock: SetClock) -> None:
    made = document(Made(Instant(clock.now() - HOUR), result="Warning", warnings=(warning("one"),)))
    made["Data"]["WarningsActualLength"] = 5
    admin.post("/api/upload", content=orjson.dumps(made), headers={"content-type": "application/json"})
    assert "4 warnings that Duplicati counted are not in the log that it sent." in log(read(admin.get(newest(admin)))).text


def test_a_run_without_log_lines_says_how_to_get_them(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - HOUR), lines=(), versions=1))
    assert "send-http-log-level=Information" in log(read(admin.get(newest(admin)))).one("div", has="empty").text


def test_a_plain_text_report_says_what_it_cannot_tell(admin: TestClient, clock: SetClock) -> None:
    page = read(admin.get(post(admin, clock, "2.3.0.109/form-plain.json")))
    assert "plain-text report" in page.one("div", id="run").all("p", has="hint")[0].text
    tiles = page.one("dl", has="tiles").facts
    assert (tiles["Files"].split()[0], tiles["Stored"], tiles["Versions"]) == ("5", "not reported", "not reported")


def test_what_is_searched_for_is_marked_and_counted(admin: TestClient, clock: SetClock) -> None:
    address = post(admin, clock, "2.3.0.4/backup-large-warning-2.json")
    page = read(admin.get(f"{address}?q=OPTION"))
    assert len(lines(page)) == 3
    assert {each.text for each in log(page).all("mark")} == {"option", "Option"}
    assert log(page).one("p", id="log-found").text == "3 lines found"
    assert log(page).one("nav", has="segmented").all("a")[2].text == "Warnings 3"
    nothing = read(admin.get(f"{address}?q=OPTION&level=error"))
    assert "No line matches" in log(nothing).text
    assert log(nothing).one("div", has="empty").one("a").attributes["href"] == address


def test_a_query_is_text_and_stays_text(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - HOUR), lines=("a <b>bold</b> (line", "other")))
    answer = admin.get(newest(admin), params={"q": "<b>bold</b> ("})
    assert "<b>bold" not in answer.text
    assert log(read(answer)).one("mark").text == "<b>bold</b> ("
    assert log(read(answer)).one("input", type_="search").attributes["value"] == "<b>bold</b> ("


def test_a_long_log_comes_in_pages_that_lead_to_each_other(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - HOUR), lines=tuple(f"line {number:05}" for number in range(10_000)), versions=1))
    page = read(admin.get(newest(admin)))
    assert lines(page)[0] == "line 00000"
    assert len(lines(page)) == 200
    second = read(admin.get(log(page).one("a", rel="next").attributes["href"]))
    assert lines(second)[0] == "line 00200"
    assert lines(read(admin.get(log(second).one("a", rel="prev").attributes["href"]))) == lines(page)
    found = read(admin.get(newest(admin), params={"q": "line 000", "from": "0"}))
    assert log(found).one("p", id="log-found").text == "100 lines found"
    last = read(admin.get(newest(admin), params={"from": "99999"}))
    assert lines(last)[-1] == "line 09999"


@pytest.mark.parametrize("query", ["from=x", "from=-1", "from=", "level=nothing", "from=99999999999999999999"])
def test_a_made_up_place_in_the_log_is_no_error(admin: TestClient, clock: SetClock, query: str) -> None:
    send(admin, Made(Instant(clock.now() - HOUR)))
    assert admin.get(f"{newest(admin)}?{query}").status_code == 200


def test_a_run_belongs_to_its_own_server_only(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - HOUR)), Made(Instant(clock.now() - HOUR), server="beta"))
    uid = newest(admin).rsplit("/", 1)[1]
    assert admin.get(f"/detail/id-alpha/backup/{uid}").status_code == 200
    for path in (f"/detail/id-beta/backup/{uid}", f"/detail/nobody/backup/{uid}", "/detail/id-alpha/backup/x", "/detail/id-alpha/backup/"):
        assert admin.get(path).status_code == 404, path


def test_previous_and_next_are_runs_of_the_same_job(admin: TestClient, clock: SetClock) -> None:
    now = clock.now()
    send(
        admin,
        Made(Instant(now - 3 * DAY)),
        Made(Instant(now - 2 * DAY)),
        Made(Instant(now - DAY)),
        Made(Instant(now - 2 * DAY + HOUR), job="Photos"),
    )
    last = read(admin.get(newest(admin)))
    assert not last.all("a", rel="next")
    middle = read(admin.get(last.one("a", rel="prev").attributes["href"]))
    assert "8 Jul" in middle.one("p", has="dots").text
    first = read(admin.get(middle.one("a", rel="prev").attributes["href"]))
    assert not first.all("a", rel="prev")
    assert read(admin.get(first.one("a", rel="next").attributes["href"])).one("p", has="dots").text == middle.one("p", has="dots").text


def test_the_versions_are_numbered_from_the_newest_with_date_and_age(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - HOUR), versions=3))
    page = read(admin.get(newest(admin)))
    clock_of_server = "by the clock of the server"
    assert page.one("dialog", id="versions").rows == [
        ["0", "10 Jul, 11:00", "1 h"],
        ["1", f"9 Jul, 11:00 {clock_of_server}", "1 d"],
        ["2", f"8 Jul, 11:00 {clock_of_server}", "2 d"],
    ]
    assert page.one("button", data_dialog="versions").text == "3"


def test_where_only_the_number_of_versions_is_known_the_dialog_says_so(admin: TestClient, clock: SetClock) -> None:
    made = document(Made(Instant(clock.now() - HOUR), versions=5))
    made["LogLines"] = ["line one"]
    admin.post("/api/upload", content=orjson.dumps(made), headers={"content-type": "application/json"})
    page = read(admin.get(newest(admin)))
    dialog = page.one("dialog", id="versions")
    assert "5 versions, of which only their number is known." in dialog.text
    assert not dialog.all("table")
    assert page.one("dl", has="tiles").facts["Versions"] == "5 number only"


def test_last_restore_and_verification_of_the_job_are_told(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - DAY)))
    made = document(Made(Instant(clock.now() - HOUR)))
    made["Data"]["MainOperation"] = made["Extra"]["OperationName"] = "Restore"
    answer = admin.post("/api/upload", content=orjson.dumps(made), headers={"content-type": "application/json"})
    assert answer.status_code == 200
    facts = read(admin.get(newest(admin))).one("section", aria_labelledby="proof-title").facts
    assert facts["Last restore"] == "Success 10 Jul, 11:00 · 1 h"
    assert facts["Last verification"] == "never reported"


def test_the_report_as_sent_is_offered_to_administrators_while_it_is_kept(admin: TestClient, clock: SetClock) -> None:
    send(admin, *(Made(Instant(clock.now() - age * DAY)) for age in range(5, 0, -1)))
    page = read(admin.get(newest(admin)))
    offered = [each for each in page.all("a", download="") if each.text == "Report as sent"]
    assert admin.get(offered[0].attributes["href"]).json()["Data"]["MainOperation"] == "Backup"
    text = next(each for each in page.all("a", download="") if each.text == "Download")
    assert "line «two»" in admin.get(text.attributes["href"]).text
    for _ in range(4):
        page = read(admin.get(page.one("a", rel="prev").attributes["href"]))
    assert "Report as sent" not in page.text


def test_what_is_usual_is_told_once_there_are_enough_runs(admin: TestClient, clock: SetClock) -> None:
    send(admin, *(Made(Instant(clock.now() - age * DAY), duration=f"00:{10 + age}:00") for age in range(9, 0, -1)))
    tiles = read(admin.get(newest(admin))).one("dl", has="tiles").facts
    assert tiles["Duration"].startswith("11:00 usual 13:")
    assert tiles["Uploaded"].endswith("usual 700 B–700 B")
