"""`GET /api/jobs/{id}/explain`: the numbers behind a verdict, now and at any other moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, iso
from duplistatus.web.api import explain_schemas
from tests.web.api.reports import Made, send
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock


@pytest.fixture
def begun(clock: SetClock) -> Instant:
    """The begin of the newest run."""
    return Instant(clock.now() - 30 * HOUR)


@pytest.fixture
def told(admin: TestClient, begun: Instant) -> TestClient:
    """Files on alpha ran twice, and was expected six hours ago."""
    first = Instant(begun - DAY)
    send(admin, Made(first, next_run=Instant(begun - MINUTE)), Made(begun, next_run=Instant(begun + DAY)))
    return admin


def explained(client: TestClient, at: str | None = None, job: int = 1) -> Any:
    answer = client.get(f"/api/jobs/{job}/explain", params={"at": at} if at is not None else None)
    assert answer.status_code == 200, answer.text
    explain_schemas.Explanation.model_validate_json(answer.content)
    return answer.json()


def test_the_verdict_comes_with_its_numbers(told: TestClient, begun: Instant, clock: SetClock) -> None:
    found = explained(told)
    assert found["at"] == iso(clock.now())
    assert (found["schedule"], found["rule"]) == ("overdue", "past_tolerance")
    assert (found["expected_at"], found["overdue_at"]) == (iso(Instant(begun + DAY)), iso(Instant(begun + DAY + 2 * HOUR)))
    assert found["tolerance"] == {"name": "2h", "seconds": 7200, "of": "all"}
    assert found["source"]["name"] == "report"
    assert found["last_run"]["begun_at"] == iso(begun)
    assert found["last_run"]["started"] == "by_schedule"
    assert (found["zone"]["name"], found["zone"]["source"]) == ("UTC", "evidence")
    assert found["timeline"]["missed"] == [iso(Instant(begun + DAY))]
    for text in ("Files is overdue", "2 hours", "6 hours before"):
        assert text in found["sentence"]


def test_a_moment_of_the_past_is_judged_by_what_had_been_reported_then(told: TestClient, begun: Instant) -> None:
    """At that moment the first run had been reported, the second had not."""
    found = explained(told, iso(Instant(begun - HOUR)))
    assert (found["schedule"], found["expected_at"]) == ("ok", iso(Instant(begun - MINUTE)))
    assert [run["begun_at"] for run in found["timeline"]["runs"]] == [iso(Instant(begun - DAY))]
    before_all = explained(told, iso(Instant(begun - 2 * DAY)))
    assert (before_all["schedule"], before_all["rule"], before_all["last_run"]) == ("unscheduled", "no_run", None)


def test_a_run_that_had_not_ended_by_then_is_not_known(told: TestClient, begun: Instant) -> None:
    """It took 21 minutes and 52 seconds; only its report, at its end, tells of it."""
    during, after = explained(told, iso(Instant(begun + 10 * MINUTE))), explained(told, iso(Instant(begun + 22 * MINUTE)))
    assert (during["schedule"], during["expected_at"]) == ("late", iso(Instant(begun - MINUTE)))
    assert during["last_run"]["begun_at"] == iso(Instant(begun - DAY))
    assert (after["schedule"], after["expected_at"]) == ("ok", iso(Instant(begun + DAY)))


def test_a_coming_moment_is_judged_as_if_nothing_were_reported_until_then(told: TestClient, clock: SetClock, begun: Instant) -> None:
    send(told, Made(clock.now(), next_run=Instant(clock.now() + DAY)))
    assert explained(told)["schedule"] == "ok"
    assert explained(told, iso(Instant(clock.now() + DAY + HOUR)))["schedule"] == "late"
    assert explained(told, iso(Instant(clock.now() + DAY + 3 * HOUR)))["schedule"] == "overdue"


def test_the_verdict_changes_when_it_says(told: TestClient, clock: SetClock) -> None:
    send(told, Made(clock.now(), next_run=Instant(clock.now() + DAY)))
    change = explained(told)["changes_at"]
    assert explained(told, change)["schedule"] == "late"
    assert explained(told, explained(told, change)["changes_at"])["schedule"] == "overdue"


@pytest.mark.parametrize("at", ["2026-07-10T01:00:00Z", "2026-07-10T03:00:00+02:00", "2026-07-10T03:00:00 02:00", "2026-07-10T01:00"])
def test_a_moment_can_be_written_in_several_ways(told: TestClient, at: str) -> None:
    """A plus in an address that nobody escaped arrives as a blank."""
    assert explained(told, at)["at"] == "2026-07-10T01:00:00.000Z"


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "99999-01-01T00:00Z", "2026-07-10T25:00", "1e9"])
def test_what_is_no_moment_is_refused_with_a_reason(told: TestClient, at: str) -> None:
    answer = told.get("/api/jobs/1/explain", params={"at": at})
    assert answer.status_code == 400
    assert "moment" in answer.json()["error"]


def test_a_job_that_does_not_exist_is_not_found(told: TestClient) -> None:
    assert told.get("/api/jobs/99/explain").status_code == 404
    assert told.get(f"/api/jobs/{2**63}/explain").status_code in {400, 422}


def test_users_may_ask_and_nobody_else(told: TestClient, application: FastAPI) -> None:
    people = [enter(application, kind) for kind in (Kind.USER, Kind.ANONYMOUS, Kind.NOBODY)]
    told.cookies.clear()
    assert [told.get("/api/jobs/1/explain", headers=each.headers).status_code for each in people] == [200, 401, 401]


def test_an_own_tolerance_and_setting_are_named(told: TestClient) -> None:
    change = {"interval": "2D", "use_mine": True, "tolerance": "no_tolerance"}
    assert told.patch("/api/jobs/1/watch", json=change).status_code == 200
    found = explained(told)
    assert found["source"]["name"] == "setting"
    assert found["source"]["interval"] == "2D"
    assert found["tolerance"] == {"name": "no_tolerance", "seconds": 0, "of": "job"}
    assert "2D" in found["source"]["sentence"]


def test_the_changes_of_its_facts_are_told_with_their_reasons(told: TestClient, begun: Instant, clock: SetClock) -> None:
    send(told, Made(clock.now(), next_run=Instant(clock.now() + DAY)))
    newest = explained(told)["changes"][0]
    assert (newest["fact"], newest["from"], newest["to"], newest["at"]) == ("schedule", "overdue", "ok", iso(clock.now()))
    assert newest["reason"] == {
        "source": "report",
        "expected_at": iso(Instant(clock.now() + DAY)),
        "overdue_at": iso(Instant(clock.now() + DAY + 2 * HOUR)),
    }
    assert [change["to"] for change in explained(told)["changes"]] == ["ok", "overdue"]


def test_a_next_run_at_the_end_of_the_calendar_breaks_nothing(told: TestClient, clock: SetClock) -> None:
    last = instant(datetime(9998, 12, 31, 23, 30, tzinfo=UTC))
    for days in range(6, 0, -1):
        send(told, Made(Instant(clock.now() - days * DAY), job="Strange", next_run=last))
    found = explained(told, job=2)
    assert (found["schedule"], found["expected_at"]) == ("ok", "9998-12-31T23:30:00.000Z")
    assert told.get("/jobs/2/explain", headers={"accept": "text/html"}).status_code == 200
    assert told.get("/", headers={"accept": "text/html"}).status_code == 200
    assert explained(told, "9999-12-31T23:59:59Z", job=2)["schedule"] in {"late", "overdue"}
    assert explained(told, "0001-01-01T00:00:00Z", job=2)["schedule"] == "unscheduled"
