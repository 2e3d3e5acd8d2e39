"""What signed-in users' programs ask of the fleet: dashboard, servers, a server in detail, last times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, iso
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock


def ago(clock: SetClock, milliseconds: int) -> Instant:
    return Instant(clock.now() - milliseconds)


def test_the_dashboard_lists_servers_and_jobs_by_name(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR), server="beta", job="Z"), Made(ago(clock, 2 * HOUR), server="beta", job="A"))
    send(admin, Made(ago(clock, DAY), server="Alpha"))
    servers = admin.get("/api/dashboard").json()["serversSummary"]
    assert [server["name"] for server in servers] == ["Alpha", "beta"]
    assert servers[1]["backupNames"] == ["A", "Z"] == [job["name"] for job in servers[1]["backupInfo"]]
    assert servers[1]["lastBackupName"] == "Z"
    assert servers[1]["lastBackupDate"] == iso(ago(clock, HOUR))
    assert servers[1]["totalBackupCount"] == 2
    assert servers[1]["totalStorageSize"] == 6_000


def test_the_dashboard_repeats_summary_and_chart(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR)))
    body = admin.get("/api/dashboard").json()
    assert list(body) == ["serversSummary", "overallSummary", "chartData"]
    assert body["overallSummary"] == admin.get("/api/summary").json()
    assert body["chartData"] == admin.get("/api/chart-data/aggregated").json()


def test_a_job_on_the_dashboard(admin: TestClient, clock: SetClock) -> None:
    first = Made(ago(clock, 12 * DAY))
    send(admin, *(replace(first, begun=ago(clock, day * DAY), result="Warning" if day == 1 else "Success") for day in range(12, 0, -1)))
    job = admin.get("/api/dashboard").json()["serversSummary"][0]["backupInfo"][0]
    assert job["statusHistory"] == ["Success"] * 9 + ["Warning"], "the newest ten, oldest first"
    assert job["backupCount"] == 12
    assert (job["lastBackupStatus"], job["lastBackupDuration"], job["lastBackupListCount"]) == ("Warning", "00:21:52", 3)
    assert job["availableBackups"] == [iso(ago(clock, 2 * DAY)), iso(ago(clock, 3 * DAY))]
    # Its rhythm is learned: daily at noon, and five minutes of grace.
    expected = iso(Instant(clock.now() + 5 * MINUTE))
    assert (job["isBackupOverdue"], job["expectedBackupDate"], job["expectedBackupElapsed"]) == (False, expected, "in the future")
    assert (job["notificationEvent"], job["lastNotificationSent"]) == ("warnings", "N/A")


def test_the_dashboard_tells_overdue_at_the_second_in_which_it_becomes_so(admin: TestClient, clock: SetClock) -> None:
    begun = iso(ago(clock, DAY))
    send(admin, Made(ago(clock, DAY), next_run=Instant(clock.now() + MINUTE)), Made(ago(clock, DAY), server="beta"))

    def verdict() -> tuple[object, ...]:
        server = admin.get("/api/dashboard").json()["serversSummary"][0]
        job = server["backupInfo"][0]
        return server["haveOverdueBackups"], job["isBackupOverdue"], job["expectedBackupElapsed"]

    expected = iso(Instant(clock.now() + MINUTE))
    assert verdict() == (False, False, "in the future")
    clock.advance(MINUTE + 2 * HOUR)
    assert verdict() == (False, False, "2 hours")
    clock.advance(SECOND)
    assert verdict() == (True, True, "2 hours")
    for _ in range(2):  # a session that is not used for half a day ends
        clock.advance(10 * HOUR)
        assert verdict()[:2] == (True, True)
    assert verdict() == (True, True, "22 hours")
    overdue = admin.get("/api/detail/id-alpha").json()["overdueBackups"]
    assert overdue == [
        {
            "serverName": "alpha",
            "backupName": "Files",
            "lastBackupDate": begun,
            "lastNotificationSent": "N/A",
            "notificationEvent": "warnings",
            "expectedBackupDate": expected,
            "expectedBackupElapsed": "22 hours",
        }
    ]
    assert admin.get("/api/detail/id-beta").json()["overdueBackups"] == []


def test_servers_are_listed_once_or_once_a_job(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR), job="A"), Made(ago(clock, HOUR), job="B"))
    assert admin.get("/api/servers").json() == [{"id": "id-alpha", "name": "alpha", "alias": "", "note": ""}]
    by_job = admin.get("/api/servers?includeBackups=true").json()
    same = {"id": "id-alpha", "name": "alpha", "server_url": "", "alias": "", "note": "", "hasPassword": False}
    assert by_job == [same | {"backupName": "A"}, same | {"backupName": "B"}]


def test_one_server_is_brief_unless_more_is_asked_for(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR)))
    assert admin.get("/api/servers/id-alpha").json() == {"id": "id-alpha", "name": "alpha", "alias": "", "note": "", "server_url": ""}
    for more in ("includeBackups", "includeChartData"):
        full = admin.get(f"/api/servers/id-alpha?{more}=true").json()
        assert full.pop("next_cursor") is None
        assert full == admin.get("/api/detail/id-alpha").json()["server"]
    assert admin.get("/api/servers/id-alpha/server-url").json() == {"serverId": "id-alpha", "server_url": ""}


def test_a_server_whose_id_ends_like_a_route_is_still_a_server(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR), server_id="x/server-url"))
    assert admin.get("/api/servers/x%2Fserver-url/server-url").json()["serverId"] == "x/server-url"
    assert admin.get("/api/detail/x%2Fserver-url").json()["server"]["id"] == "x/server-url"


def test_unknown_servers_are_answered_404(admin: TestClient) -> None:
    for path in ("/api/servers/nope", "/api/servers/nope/server-url", "/api/detail/nope"):
        answer = admin.get(path)
        assert (answer.status_code, answer.json()["error"]) == (404, "Server not found"), path


def test_the_runs_of_a_server_have_whole_minutes_and_no_texts(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR)))
    (run,) = admin.get("/api/detail/id-alpha").json()["server"]["backups"]
    assert run["durationInMinutes"] == 21
    assert isinstance(run["durationInMinutes"], int)
    assert [run[name] for name in ("messages_array", "warnings_array", "errors_array")] == [None] * 3


def test_pages_of_runs_hold_each_run_once_the_newest_first(admin: TestClient, clock: SetClock) -> None:
    begins = [ago(clock, number * HOUR) for number in range(1, 111)]
    # Two jobs at the same moments: the border between two pages falls between runs that began together.
    send(admin, *(Made(begun, job=job) for begun in begins for job in ("A", "B")))
    send(admin, Made(ago(clock, HOUR), server="beta"))
    first = admin.get("/api/detail/id-alpha").json()
    assert len(first["server"]["backups"]) == 200
    rest = admin.get("/api/detail/id-alpha", params={"cursor": first["next_cursor"]}).json()
    assert rest["next_cursor"] is None
    runs = first["server"]["backups"] + rest["server"]["backups"]
    assert len({run["id"] for run in runs}) == len(runs) == 220
    assert [run["date"] for run in runs] == sorted((run["date"] for run in runs), reverse=True)


def test_a_cursor_that_nobody_gave_is_answered_400(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR)))
    for cursor in ("x", "1-x", "", "1-" + "9" * 40, "9" * 40 + "-1", "1-2-3"):
        answer = admin.get("/api/detail/id-alpha", params={"cursor": cursor})
        assert answer.status_code == 400, cursor
        assert "cursor" in answer.json()["error"]


def test_last_timestamps_name_each_job_by_server_and_name(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR), job="Mail:Archive"), Made(ago(clock, DAY), server="beta"))
    assert admin.get("/api/backups/last-timestamps").json() == {
        "timestamps": {"id-alpha:Mail:Archive": iso(ago(clock, HOUR)), "id-beta:Files": iso(ago(clock, DAY))},
        "raw": [
            {"server_name": "alpha", "server_id": "id-alpha", "backup_name": "Mail:Archive", "date": iso(ago(clock, HOUR))},
            {"server_name": "beta", "server_id": "id-beta", "backup_name": "Files", "date": iso(ago(clock, DAY))},
        ],
    }


def test_answers_that_change_by_time_are_kept_by_nobody_else(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(ago(clock, HOUR)))
    for path in ("dashboard", "detail/id-alpha", "backups/last-timestamps", "summary", "servers", "chart-data/aggregated"):
        assert "no-store" in admin.get(f"/api/{path}").headers["cache-control"], path
