"""The page of monitoring without scripts: plain forms, pages of a hundred jobs, and CSV that no spreadsheet computes with."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, Instant
from tests.web.api.reports import Made, send
from tests.web.pages.html import read, tree

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from tests.web.pages.html import Element

PATH = "/settings/monitoring"


@pytest.fixture
def fleet(admin: TestClient, clock: SetClock) -> TestClient:
    now = clock.now()
    send(admin, Made(Instant(now - 30 * HOUR), next_run=Instant(now + 5 * HOUR)), Made(Instant(now - 30 * HOUR), job="Mail"))
    return admin


def token(page: Element) -> str:
    return page.all("input", name="csrf_token")[0].attributes["value"]


def form(client: TestClient, path: str, values: dict[str, Any], *, by_script: bool = False) -> Any:
    values = {"csrf_token": token(read(client.get(PATH))), **values}
    client_token = client.headers.pop("x-csrf-token")
    answer = client.post(path, data=values, headers={"HX-Request": "true"} if by_script else {})
    client.headers["x-csrf-token"] = client_token
    return answer


def watch(client: TestClient, job: int) -> Any:
    return client.get(f"/api/jobs/{job}/watch").json()


def field(page: Element, name: str, job: int) -> Element:
    return next(each for each in page if each.attributes.get("name") == name and each.attributes.get("form") == f"job-form-{job}")


def test_the_form_of_a_job_is_saved_and_leads_back_to_its_row(fleet: TestClient) -> None:
    answer = form(fleet, f"{PATH}/jobs/2", {"watched": "1", "every": "2", "unit": "D", "tolerance": "1h", "q": "mail", "p": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?q=mail&done=saved#job-2")
    assert (watch(fleet, 2)["interval"], watch(fleet, 2)["tolerance"], watch(fleet, 2)["use_mine"]) == ("2D", "1h", False)
    more = {
        "watched": "1",
        "every": "1W12h",
        "unit": "text",
        "more": "1",
        "days": ["1", "3"],
        "time": "04:05",
        "use_mine": "1",
        "tolerance": "",
    }
    assert form(fleet, f"{PATH}/jobs/2", more).status_code == 303
    saved = watch(fleet, 2)
    assert (saved["interval"], saved["days"], saved["time_of_day"], saved["use_mine"]) == ("1W12h", [1, 3], "04:05", True)
    page = read(fleet.get(PATH))
    assert field(page, "every", 2).attributes["value"] == "1W12h"
    assert field(page, "time", 2).attributes["value"] == "04:05"
    assert form(fleet, f"{PATH}/jobs/2", {**more, "every": ""}).status_code == 303
    assert (watch(fleet, 2)["interval"], watch(fleet, 2)["days"]) == (None, [0, 1, 2, 3, 4, 5, 6])
    assert form(fleet, f"{PATH}/jobs/2", {}).status_code == 303
    assert watch(fleet, 2)["schedule"] == "off"


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"every": "often", "unit": "D"}, "every"),
        ({"every": "1", "unit": "D", "more": "1", "days": ["1"], "time": "99:99"}, "time"),
        ({"every": "1", "unit": "D", "tolerance": "17"}, "tolerance"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(fleet: TestClient, values: dict[str, Any], wrong: str) -> None:
    before = watch(fleet, 2)
    answer = form(fleet, f"{PATH}/jobs/2", {"watched": "1", **values})
    assert answer.status_code == 400
    page = tree(answer.text)
    bad = field(page, wrong, 2)
    assert bad.attributes["aria-invalid"] == "true"
    assert page.one("span", id=bad.attributes["aria-describedby"]).text
    if wrong == "every":
        assert bad.attributes["value"] == "often"
    assert watch(fleet, 2) == before


def test_no_weekday_is_refused(fleet: TestClient) -> None:
    answer = form(fleet, f"{PATH}/jobs/2", {"watched": "1", "every": "1", "unit": "D", "more": "1"})
    assert answer.status_code == 400
    assert "At least one weekday" in tree(answer.text).text


def test_to_a_script_comes_the_row_alone(fleet: TestClient) -> None:
    answer = form(fleet, f"{PATH}/jobs/2", {"watched": "1", "every": "6", "unit": "h"}, by_script=True)
    page = read(answer)
    assert answer.status_code == 200
    assert [row.attributes["id"] for row in page.all("tr")] == ["job-2"]
    assert field(page, "every", 2).attributes["value"] == "6"
    assert form(fleet, f"{PATH}/jobs/99", {}, by_script=True).status_code == 404


def test_several_jobs_are_changed_by_the_fields_that_are_ticked(fleet: TestClient) -> None:
    values = {
        "jobs": ["1", "2"],
        "set": ["interval", "tolerance"],
        "every": "3",
        "unit": "h",
        "tolerance": "30min",
        "days": ["1"],
        "action": "apply",
    }
    answer = form(fleet, f"{PATH}/selected", values)
    assert answer.headers["location"] == f"{PATH}?changed=2"
    assert "2 jobs were changed." in read(fleet.get(answer.headers["location"])).text
    assert [(watch(fleet, job)["interval"], watch(fleet, job)["tolerance"], len(watch(fleet, job)["days"])) for job in (1, 2)] == [
        ("3h", "30min", 7)
    ] * 2
    back = form(fleet, f"{PATH}/selected", {"q": "mail", "matching": "1", "action": "back"})
    assert back.headers["location"] == f"{PATH}?q=mail&changed=1"
    assert [watch(fleet, job)["interval"] for job in (1, 2)] == ["3h", None]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"set": ["tolerance"], "tolerance": "1h"}, "Tick the jobs"),
        ({"jobs": ["1"]}, "tick its field"),
        ({"jobs": ["1", "2"], "set": ["days"], "days": ["1"]}, "At least one weekday"),
        ({"jobs": ["1"], "set": ["interval"], "every": "1d", "unit": "text"}, "A number, or"),
    ],
)
def test_what_is_wrong_with_a_change_of_several_is_told(fleet: TestClient, values: dict[str, Any], sentence: str) -> None:
    answer = form(fleet, f"{PATH}/selected", values)
    assert answer.status_code == 400
    assert sentence in tree(answer.text).one("p", id="bulk-problem").text
    assert [watch(fleet, job)["interval"] for job in (1, 2)] == [None, None]


def test_settings_for_all_are_a_form(fleet: TestClient) -> None:
    values = {"tolerance": "1d", "check_interval": "disabled", "frequency": "onetime", "failing_after": "5"}
    assert form(fleet, PATH, values).status_code == 303
    assert form(fleet, PATH, values, by_script=True).status_code == 204
    assert fleet.get("/api/watching").json()["failing_after"] == 5
    for bad in ({"tolerance": "x"}, {"failing_after": "0"}, {"failing_after": "9" * 6_000}, {"check_interval": ""}):
        assert form(fleet, PATH, values | bad).status_code == 400


def test_a_form_without_its_token_is_refused(fleet: TestClient) -> None:
    fleet.headers.pop("x-csrf-token")
    for path in (PATH, f"{PATH}/jobs/1", f"{PATH}/selected", f"{PATH}/check", f"{PATH}/reset", f"{PATH}/zone?server=id-alpha"):
        assert fleet.post(path, data={}).status_code == 403


def test_a_long_fleet_comes_in_pages(admin: TestClient, clock: SetClock) -> None:
    send(admin, *(Made(Instant(clock.now() - HOUR), job=f"job {number:03}") for number in range(130)))
    first = read(admin.get(PATH))
    assert len([row for row in first.all("tr") if row.attributes.get("id", "").startswith("job-")]) == 100
    assert "Page 1 of 2" in first.text
    second = read(admin.get(f"{PATH}?p=2"))
    assert len([row for row in second.all("tr") if row.attributes.get("id", "").startswith("job-")]) == 30
    assert read(admin.get(f"{PATH}?p=99")).text == second.text
    everything = form(admin, f"{PATH}/selected", {"matching": "1", "q": "00", "set": ["tolerance"], "tolerance": "4h"})
    assert everything.headers["location"] == f"{PATH}?q=00&changed=11"


def test_csv_holds_what_is_set_and_no_formula(admin: TestClient, clock: SetClock) -> None:
    now = clock.now()
    send(
        admin,
        Made(Instant(now - HOUR), "=cmd|' /C calc'!A0", server_id="x", job="@SUM(1)"),
        Made(Instant(now - HOUR), "Münze", job='a "b", c'),
    )
    admin.patch(
        "/api/jobs/2/watch", json={"interval": "1D", "days": [1, 5], "time_of_day": "02:00", "use_mine": True, "tolerance": "15min"}
    )
    answer = admin.get(f"{PATH}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    harmless, plain = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert (harmless["server"], harmless["job"]) == ("'=cmd|' /C calc'!A0", "'@SUM(1)")
    assert (plain["server"], plain["job"], plain["interval"], plain["weekdays"], plain["time"]) == (
        "Münze",
        'a "b", c',
        "1D",
        "Mon Fri",
        "02:00",
    )
    assert (plain["use_mine"], plain["tolerance"], plain["source"], plain["zone"]) == ("yes", "15min", "setting", "UTC")
    assert plain["last_run"] == "2026-07-10T11:00:00.000Z"
    assert len(answer.content.splitlines()) == 3
    assert len(admin.get(f"{PATH}.csv?q=münze").content.splitlines()) == 2
