"""Charts as other programs draw them: run by run for a short time, day by day for a long one, any range."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, iso
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


def test_the_fleet_without_a_range_is_its_runs_of_thirty_days(admin: TestClient, clock: SetClock) -> None:
    first = at("2026-06-11T00:00")
    send(admin, Made(first), Made(Instant(first - 1)), Made(at("2026-07-10T01:02"), server="beta", duration="00:01:59"))
    points = admin.get("/api/chart-data/aggregated").json()
    assert [point["isoDate"] for point in points] == ["2026-06-11T00:00:00.000Z", "2026-07-10T01:02:00.000Z"]
    assert points[1] == {
        "date": "10/07/2026",
        "isoDate": "2026-07-10T01:02:00.000Z",
        "uploadedSize": 700,
        "duration": 1,
        "fileCount": 100,
        "fileSize": 5_000,
        "storageSize": 3_000,
        "backupVersions": 3,
    }


def test_more_runs_than_fit_are_shown_a_day_each(admin: TestClient, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplistatus.store.chart_rows.MOST_POINTS", 3)
    send(admin, *(Made(Instant(clock.now() - hours * HOUR), server="beta" if hours > 12 else "alpha") for hours in (1, 2, 3, 25)))
    points = admin.get("/api/chart-data/aggregated").json()
    assert [(point["date"], point["uploadedSize"]) for point in points] == [("09/07/2026", 700), ("10/07/2026", 2_100)]
    assert points[1]["isoDate"] == iso(Instant(clock.now() - HOUR)), "the newest run of the day"
    assert [(point["storageSize"], point["backupVersions"]) for point in points] == [(3_000, 3), (3_000, 3)], "not three times the same"
    assert admin.get("/api/detail/id-beta").json()["server"]["chartData"][0]["uploadedSize"] == 700


def test_a_server_is_shown_by_day_from_its_first_run(admin: TestClient) -> None:
    send(admin, Made(at("2019-01-01T05:00"), duration="00:00:00.1000001"), Made(at("2019-01-01T06:00"), duration="00:00:00.2000001"))
    send(admin, Made(at("2019-01-01T04:00"), job="Mail"), Made(at("2026-07-09T04:00")), Made(at("2026-07-09T05:00"), server="beta"))
    points = admin.get("/api/chart-data/server/id-alpha").json()
    assert [point["date"] for point in points] == ["2019-01-01", "2026-07-09"]
    assert points[0]["isoDate"] == "2019-01-01T06:00:00.000Z"
    assert points[0]["duration"] == pytest.approx(0.3000002 + 1312.928159, abs=1e-9)
    assert (points[0]["uploadedSize"], points[0]["storageSize"], points[0]["backupVersions"]) == (2_100, 6_000, 6)


def test_a_range_counts_what_lies_in_it_to_the_millisecond(admin: TestClient) -> None:
    send(admin, *(Made(at(f"2026-07-0{day}T{hour}:00")) for day in range(1, 8) for hour in ("02", "20")))

    def days(start: str, end: str) -> dict[str, int]:
        answer = admin.get("/api/chart-data/server/id-alpha/backup/Files", params={"startDate": start, "endDate": end})
        return {point["date"]: point["uploadedSize"] for point in answer.json()}

    assert days("2026-07-02T02:00:00.001Z", "2026-07-04T02:00:00.000Z") == {"2026-07-02": 700, "2026-07-03": 1_400, "2026-07-04": 700}
    assert days("2026-07-02", "2026-07-03") == {"2026-07-02": 1_400}
    assert days("2026-07-02T00:00:00+02:00", "2026-07-02T04:00:00+02:00") == {"2026-07-02": 700}
    assert days("2026-07-02T03:00:00Z", "2026-07-02T19:00:00Z") == {}
    assert days("2026-07-04", "2026-07-02") == {}
    for path in ("server/id-alpha", "aggregated"):
        body = admin.get(f"/api/chart-data/{path}?startDate=2026-07-02T03:00:00Z&endDate=2026-07-03T03:00:00Z").json()
        assert [(point["date"], point["uploadedSize"]) for point in body] == [("2026-07-02", 700), ("2026-07-03", 700)], path


def test_a_single_end_of_a_range_is_no_range(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - DAY)))
    for path in ("aggregated", "server/id-alpha", "server/id-alpha/backup/Files"):
        assert len(admin.get(f"/api/chart-data/{path}?startDate={iso(clock.now())}").json()) == 1, path


def test_dates_that_cannot_be_read_are_answered_400(admin: TestClient) -> None:
    for path in ("aggregated", "server/x", "server/x/backup/y"):
        for start in ("x", "2026-13-01", "99999-01-01T00:00:00Z"):
            answer = admin.get(f"/api/chart-data/{path}", params={"startDate": start, "endDate": "2026-07-01"})
            assert (answer.status_code, answer.json()["error"]) == (400, "Invalid date parameters"), (path, start)


def test_names_of_jobs_are_opaque(admin: TestClient, clock: SetClock) -> None:
    names = ["Reports/2026", "100%", "a/backup/b", "été & ?#", "%2F", ".."]
    send(admin, *(Made(Instant(clock.now() - number * MINUTE), job=name, uploaded=number) for number, name in enumerate(names, 1)))
    encoded = ["Reports%2F2026", "100%25", "a%2Fbackup%2Fb", "%C3%A9t%C3%A9%20%26%20%3F%23", "%252F", "%2E%2E"]
    for number, name in enumerate(encoded, 1):
        (point,) = admin.get(f"/api/chart-data/server/id-alpha/backup/{name}").json()
        assert point["uploadedSize"] == number, name
    assert admin.get("/api/chart-data/server/id-alpha/backup/Reports/2026").json()[0]["uploadedSize"] == 1, "decoded by a proxy"


def test_what_does_not_exist_has_no_points(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(clock.now()))
    assert admin.get("/api/chart-data/server/nope").json() == []
    assert admin.get("/api/chart-data/server/id-alpha/backup/nope").json() == []
