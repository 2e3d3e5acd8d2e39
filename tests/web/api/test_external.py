"""What other programs ask: summary, last runs. Widgets rely on each field and its type."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, iso
from tests.web.api.reports import Made, backup_id, send, warning

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock


def ago(clock: SetClock, milliseconds: int) -> Instant:
    return Instant(clock.now() - milliseconds)


def test_an_empty_fleet_sums_up_to_nothing(site: TestClient) -> None:
    assert site.get("/api/summary").json() == {
        "totalServers": 0,
        "totalBackupsRuns": 0,
        "totalBackups": 0,
        "totalUploadedSize": 0,
        "totalStorageUsed": 0,
        "totalBackupSize": 0,
        "overdueBackupsCount": 0,
        "secondsSinceLastBackup": None,
    }


def test_sizes_are_of_the_latest_runs_and_uploads_of_all(site: TestClient, clock: SetClock) -> None:
    older = Made(ago(clock, 2 * DAY), source=10, stored=20, uploaded=30)
    send(site, older, replace(older, begun=ago(clock, DAY), source=1, stored=2, uploaded=3), Made(ago(clock, 3 * DAY), job="Mail"))
    body = site.get("/api/summary").json()
    assert body["totalServers"] == 1
    assert (body["totalBackups"], body["totalBackupsRuns"]) == (2, 3)
    assert body["totalBackupSize"] == 1 + 5_000
    assert body["totalStorageUsed"] == 2 + 3_000
    assert body["totalUploadedSize"] == 30 + 3 + 700
    assert body["secondsSinceLastBackup"] == DAY // SECOND


def test_seconds_since_the_last_backup_go_on_without_a_new_report(site: TestClient, clock: SetClock) -> None:
    send(site, Made(ago(clock, MINUTE)))
    assert site.get("/api/summary").json()["secondsSinceLastBackup"] == 60
    clock.advance(1_500)
    assert site.get("/api/summary").json()["secondsSinceLastBackup"] == 61


def test_a_report_from_the_future_hides_no_age(site: TestClient, clock: SetClock) -> None:
    send(site, Made(ago(clock, HOUR)), Made(Instant(clock.now() + 2 * DAY)))
    assert site.get("/api/summary").json()["secondsSinceLastBackup"] == 3600


def test_reports_from_the_future_alone_are_no_negative_age(site: TestClient, clock: SetClock) -> None:
    send(site, Made(Instant(clock.now() + 2 * DAY)))
    assert site.get("/api/summary").json()["secondsSinceLastBackup"] == 0


def test_a_job_becomes_overdue_by_time_alone(site: TestClient, clock: SetClock) -> None:
    send(site, Made(ago(clock, DAY), next_run=Instant(clock.now() + MINUTE)), Made(ago(clock, DAY), job="By hand"))
    assert site.get("/api/summary").json()["overdueBackupsCount"] == 0
    clock.advance(MINUTE + 2 * HOUR)
    assert site.get("/api/summary").json()["overdueBackupsCount"] == 0, "still within the tolerance"
    clock.advance(SECOND)
    assert site.get("/api/summary").json()["overdueBackupsCount"] == 1


def test_the_last_run_has_every_field_that_widgets_read(site: TestClient, clock: SetClock) -> None:
    begun = ago(clock, HOUR)
    send(site, Made(begun, warnings=(warning("a file"),), result="Warning"))
    body = site.get("/api/lastbackup/id-alpha").json()
    run = body["latest_backup"]
    assert body == {"server": {"id": "id-alpha", "name": "alpha", "created_at": "2026-07-10 12:00:00"}, "latest_backup": run, "status": 200}
    assert list(run) == [
        "id", "server_id", "name", "date", "status", "warnings", "errors", "messages", "fileCount", "fileSize", "uploadedSize", "duration",
        "duration_seconds", "durationInMinutes", "knownFileSize", "backup_list_count", "messages_array", "warnings_array", "errors_array",
        "available_backups",
    ]  # fmt: skip
    assert run["date"] == "2026-07-10T11:00:00.000Z"
    assert (run["duration"], run["duration_seconds"]) == ("00:21:52", 1312.928159)
    assert run["durationInMinutes"] == 1312.928159 / 60
    assert json.loads(run["messages_array"])[:2] == ["line one", "line «two»"]
    assert "«" in run["messages_array"], "text stays text"
    assert json.loads(run["warnings_array"]) == [warning("a file")]
    assert run["errors_array"] is None
    assert run["available_backups"] == [iso(Instant(begun - DAY)), iso(Instant(begun - 2 * DAY))]


def test_a_duration_over_a_day_counts_hours_on(site: TestClient, clock: SetClock) -> None:
    send(site, Made(ago(clock, 3 * DAY), duration="1.02:03:04.5000000"))
    run = site.get("/api/lastbackup/alpha").json()["latest_backup"]
    assert (run["duration"], run["duration_seconds"]) == ("26:03:04", 93784.5)


def test_figures_that_a_report_does_not_know_are_0_here(site: TestClient, clock: SetClock) -> None:
    minimal = {
        "Data": {"MainOperation": "Backup", "ParsedResult": "Fatal", "BeginTime": iso(clock.now()), "Duration": "00:00:00"},
        "Extra": {"machine-id": "m", "machine-name": "m", "backup-name": "j", "backup-id": "DB-1"},
    }
    assert site.post("/api/upload", json=minimal).status_code == 200
    run = site.get("/api/lastbackup/m").json()["latest_backup"]
    assert [run[name] for name in ("fileCount", "fileSize", "uploadedSize", "knownFileSize", "duration_seconds")] == [0] * 5
    assert (run["duration"], run["backup_list_count"], run["messages_array"], run["available_backups"]) == ("00:00:00", None, None, [])


def test_each_job_has_its_last_run_the_newest_first(site: TestClient, clock: SetClock) -> None:
    send(site, Made(ago(clock, 3 * HOUR), job="B"), Made(ago(clock, HOUR), job="C"), Made(ago(clock, 2 * HOUR), job="A"))
    send(site, Made(ago(clock, 5 * HOUR), job="C"))
    body = site.get("/api/lastbackups/alpha").json()
    assert body["backup_names"] == ["C", "A", "B"] == [run["name"] for run in body["latest_backups"]]
    assert body["backup_jobs_count"] == 3
    assert body["latest_backups"][0]["date"] == iso(ago(clock, HOUR))


def test_a_name_with_slashes_percents_and_angles_is_found(site: TestClient, clock: SetClock) -> None:
    send(site, Made(ago(clock, HOUR), server="<b>a/b 100%</b>", server_id="odd/id"))
    for target in ("%3Cb%3Ea%2Fb%20100%25%3C%2Fb%3E", "odd%2Fid", "odd/id"):
        answer = site.get(f"/api/lastbackups/{target}")
        assert answer.json()["server"]["id"] == "odd/id", target


def test_a_name_that_several_servers_share_is_answered_with_their_ids(site: TestClient, clock: SetClock) -> None:
    send(site, Made(ago(clock, HOUR), server_id="one"), Made(ago(clock, HOUR), server_id="two"))
    for path in ("lastbackup", "lastbackups"):
        answer = site.get(f"/api/{path}/alpha")
        assert answer.status_code == 400
        body = answer.json()
        assert (body["error"], body["status"]) == ("Multiple servers found with the same name", 400)
        assert body["message"].endswith("Available IDs: one, two")
        assert body["duplicate_servers"] == [{"id": "one", "name": "alpha"}, {"id": "two", "name": "alpha"}]
        assert site.get(f"/api/{path}/two").status_code == 200


def test_an_unknown_server_is_answered_404_with_what_was_asked_for(site: TestClient) -> None:
    answer = site.get("/api/lastbackup/nope")
    assert answer.status_code == 404
    assert answer.json() == {"error": "Server not found", "message": "No server found with identifier: nope", "status": 404}
    assert answer.headers["cache-control"] == "no-store, no-cache, must-revalidate"
    assert site.get("/api/lastbackups/%E0%A4%A").status_code == 404


def test_the_id_of_a_server_without_machine_id_leads_on_after_it_was_recognised(site: TestClient, clock: SetClock) -> None:
    without_id = {
        "Data": {"MainOperation": "Backup", "ParsedResult": "Success", "BeginTime": iso(ago(clock, HOUR)), "Duration": "00:01:00"},
        "Extra": {"machine-name": "alpha", "backup-name": "Files", "backup-id": backup_id("Files")},
    }
    assert site.post("/api/upload", json=without_id).status_code == 200
    assert site.get("/api/lastbackup/name:alpha").json()["server"]["id"] == "name:alpha"
    send(site, Made(ago(clock, 2 * HOUR)))
    assert site.get("/api/lastbackup/name:alpha").json()["server"]["id"] == "id-alpha"


def test_a_new_report_shows_at_once(site: TestClient, clock: SetClock) -> None:
    send(site, Made(ago(clock, 2 * HOUR)))
    before = site.get("/api/lastbackup/alpha").json()["latest_backup"]["date"]
    send(site, Made(ago(clock, HOUR)))
    after = site.get("/api/lastbackup/alpha").json()["latest_backup"]["date"]
    assert (before, after) == (iso(ago(clock, 2 * HOUR)), iso(ago(clock, HOUR)))
