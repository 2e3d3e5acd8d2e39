"""`GET /api/charts`."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, HOUR, SECOND, Instant, utc_day
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock


@pytest.fixture
def history(admin: TestClient, clock: SetClock) -> None:
    send(
        admin,
        Made(Instant(clock.now() - 3 * DAY), stored=100, uploaded=9, files=3, source=40, versions=1, duration="00:01:30"),
        Made(Instant(clock.now() - HOUR), stored=150, uploaded=5, files=4, source=50, versions=2, duration="00:00:30"),
        Made(Instant(clock.now() - DAY), server="beta", job="Photos & films", stored=1_000, uploaded=70, files=1, source=8, versions=4),
    )


@pytest.mark.usefixtures("history")
def test_the_fleet_has_a_value_a_day(admin: TestClient, clock: SetClock) -> None:
    chart = admin.get("/api/charts?range=7d").json()
    today = utc_day(clock.now())
    assert chart["days"] == [(today - age) * DAY // SECOND for age in range(6, -1, -1)]
    assert chart["uploaded"] == [None, None, None, 9, None, 70, 5]
    assert chart["stored_size"] == [0, 0, 0, 100, 100, 1_100, 1_150]
    assert chart["versions"] == [0, 0, 0, 1, 1, 5, 6]
    assert chart["files"] == [None, None, None, 3, None, 1, 4]
    assert (chart["duration"][3], chart["duration"][6], chart["range"]) == (90.0, 30.0, "7d")


@pytest.mark.usefixtures("history")
def test_a_server_and_a_job_have_their_own(admin: TestClient) -> None:
    server = admin.get("/api/charts", params={"server": "id-beta", "range": "7d"}).json()
    job = admin.get("/api/charts", params={"server": "id-beta", "job": "Photos & films", "range": "7d"}).json()
    assert server == job
    assert server["uploaded"] == [None, None, None, None, None, 70, None]
    assert server["stored_size"][-2:] == [1_000, 1_000]


@pytest.mark.usefixtures("history")
def test_a_new_report_is_in_it_at_once(admin: TestClient, clock: SetClock) -> None:
    admin.get("/api/charts?range=7d")
    send(admin, Made(Instant(clock.now() - 2 * HOUR), server="gamma", uploaded=1_000))
    assert admin.get("/api/charts?range=7d").json()["uploaded"][-1] == 1_005


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("range=9z", 400, "bad_range"),
        ("range=", 400, "bad_range"),
        ("job=x", 400, "server_missing"),
        ("server=nobody", 404, "not_found"),
        ("server=id-beta&job=nothing", 404, "not_found"),
    ],
)
@pytest.mark.usefixtures("history")
def test_what_cannot_be_drawn_is_refused(admin: TestClient, query: str, status: int, code: str) -> None:
    answer = admin.get(f"/api/charts?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_empty_fleet_has_an_empty_week(admin: TestClient) -> None:
    chart = admin.get("/api/charts?range=all").json()
    assert (len(chart["days"]), chart["uploaded"], chart["stored_size"]) == (7, [None] * 7, [0] * 7)


@pytest.mark.usefixtures("history")
def test_a_long_answer_is_compressed(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - 700 * DAY)))
    with admin.stream("GET", "/api/charts?range=2y", headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(raw) < len(gzip.decompress(raw)) / 4
