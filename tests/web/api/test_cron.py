"""The endpoints of 1.4.2 about scheduled work: settings, health, commands, and checks by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, SetClock, iso
from duplistatus.store import tasks
from duplistatus.web.api import task_schemas
from tests.web.api.reports import Made, send
from tests.web.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.web.context import Context

CHECK = "overdue-backup-check"
CLEANUP = "audit-log-cleanup"


@pytest.fixture
def audited(application: FastAPI) -> Callable[[], list[tuple[str, dict[str, Any], str]]]:
    """The entries of the audit log after those of signing in: action, details, status."""
    parts: Context = application.state.context

    def read() -> list[tuple[str, dict[str, Any], str]]:
        with parts.database.read() as connection:
            rows = connection.raw.execute("SELECT action, details, status FROM audit ORDER BY id").fetchall()
        return [(row[0], json.loads(row[1] or "{}"), row[2]) for row in rows if row[0] not in {"login", "user_created"}]

    return read


@pytest.fixture
def user(admin: TestClient, browser: Callable[[], TestClient]) -> TestClient:
    """Somebody who is no administrator."""
    admin.post("/api/users", json={"username": "eve", "password": "Correct8Horse", "requirePasswordChange": False})
    return sign_in(browser(), "eve", "Correct8Horse")


@pytest.mark.parametrize(
    ("interval", "expression", "enabled"),
    [("5min", "*/5 * * * *", True), ("20min", "*/20 * * * *", True), ("disabled", "0      0    1            1     0", False)],
)
def test_the_interval_is_read_as_it_was_set(admin: TestClient, interval: str, expression: str, enabled: bool) -> None:
    assert admin.post("/api/cron-config", json={"interval": interval}).json() == {"success": True}
    assert admin.get("/api/cron-config").json() == {"cronExpression": expression, "enabled": enabled}


def test_a_change_of_the_interval_is_audited(admin: TestClient, audited: Callable[[], list[Any]]) -> None:
    admin.post("/api/cron-config", json={"interval": "20min"})
    admin.post("/api/cron-config", json={"interval": "20min"})
    details = {"before": {"check_interval": "5min"}, "after": {"check_interval": "20min"}}
    assert [entry[:2] for entry in audited()] == [("overdue_monitoring_interval_updated", details)]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "Interval is required"),
        ({"interval": ""}, "Interval is required"),
        ({"interval": None}, "Interval is required"),
        ({"interval": 5}, "interval must be text"),
        ({"interval": "3min"}, "The interval must be one of disabled, 1min, 5min, 10min, 15min, 20min, 30min, 1hour, 2hours"),
    ],
)
def test_what_is_no_interval_is_refused_and_changes_nothing(admin: TestClient, body: dict[str, Any], error: str) -> None:
    answer = admin.post("/api/cron-config", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert admin.get("/api/cron-config").json()["cronExpression"] == "*/5 * * * *"


def test_users_read_and_only_administrators_change(user: TestClient) -> None:
    assert user.get("/api/cron-config").status_code == 200
    assert user.get("/api/cron/health").status_code == 200
    for path in (
        "cron-config",
        "cron/reload-config",
        f"cron/trigger/{CHECK}",
        f"cron/stop/{CHECK}",
        f"cron/start/{CHECK}",
        "notifications/check-overdue",
        "notifications/clear-overdue-timestamps",
    ):
        answer = user.post(f"/api/{path}", json={"interval": "1min"})
        assert (answer.status_code, answer.json()["error"]) == (403, "Administrator access required"), path


def test_health_names_the_tasks_of_1_4_2_their_last_runs_and_errors(admin: TestClient, clock: SetClock) -> None:
    clock.advance(MINUTE)
    admin.post(f"/api/cron/trigger/{CLEANUP}")
    admin.post("/api/cron/trigger/nope")
    found = admin.get("/api/cron/health").json()
    TypeAdapter(task_schemas.CronHealth).validate_python(found)
    assert (found["isRunning"], found["activeTasks"]) == (True, [CHECK, CLEANUP])
    assert found["lastRunTimes"] == {CLEANUP: iso(clock.now())}
    assert found["errors"] == {"nope": "Error: Unknown task: nope"}
    assert admin.post("/api/cron/reload-config").json() == {"message": "Configuration reloaded successfully"}
    assert admin.get("/api/cron/health").json()["errors"] == {}


def test_many_names_that_do_not_exist_are_not_all_remembered(admin: TestClient) -> None:
    for number in range(30):
        admin.post(f"/api/cron/trigger/{number}-{'x' * 300}")
    errors = admin.get("/api/cron/health").json()["errors"]
    assert len(errors) == 20
    assert max(map(len, errors)) == 100


def test_a_stopped_or_disabled_task_is_not_active(admin: TestClient) -> None:
    admin.post(f"/api/cron/stop/{CLEANUP}")
    admin.post("/api/cron-config", json={"interval": "disabled"})
    assert admin.get("/api/cron/health").json()["activeTasks"] == []


def test_a_task_is_stopped_once_and_started_as_often_as_one_likes(admin: TestClient, audited: Callable[[], list[Any]]) -> None:
    stop, start = f"/api/cron/stop/{CLEANUP}", f"/api/cron/start/{CLEANUP}"
    assert admin.post(stop).json() == {"message": f"Task {CLEANUP} stopped"}
    again = admin.post(stop)
    assert (again.status_code, again.json()["error"]) == (404, f"Task {CLEANUP} not found")
    for _ in range(2):
        assert admin.post(start).json() == {"message": f"Task {CLEANUP} started"}
    assert [entry[0] for entry in audited()] == ["task_stopped", "task_started"]


def test_there_is_no_task_of_another_name(admin: TestClient) -> None:
    assert admin.post("/api/cron/start/nope").json()["error"] == "Task nope not found in configuration"
    assert admin.post("/api/cron/stop/nope").status_code == 404
    assert admin.post("/api/cron/trigger/nope").json() == {"taskName": "nope", "success": False, "error": "Error: Unknown task: nope"}
    unknown = admin.get("/api/cron/nope")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/json")


def test_a_check_by_hand_counts_jobs_and_finds_what_is_overdue(
    admin: TestClient, clock: SetClock, audited: Callable[[], list[Any]]
) -> None:
    now = clock.now()
    send(admin, Made(Instant(now - DAY), next_run=now), Made(Instant(now - DAY), server="beta"))
    clock.advance(3 * HOUR)
    statistics = {"totalBackupConfigs": 2, "checkedBackups": 2, "overdueBackupsFound": 1, "notificationsSent": 0}
    answer = admin.post("/api/notifications/check-overdue").json()
    assert answer == {"message": "Overdue backup check completed with next run times recalculated", "statistics": statistics}
    assert admin.get("/api/summary").json()["overdueBackupsCount"] == 1
    triggered = admin.post(f"/api/cron/trigger/{CHECK}").json()
    assert triggered == {"taskName": CHECK, "success": True, "message": "Task executed successfully", "statistics": statistics}
    assert [(action, details["overdue"], status) for action, details, status in audited()] == 2 * [("overdue_check_manual", 1, "success")]


@pytest.mark.usefixtures("nothing_by_time")
def test_a_clean_up_by_hand_says_how_many_entries_it_removed(admin: TestClient, clock: SetClock) -> None:
    clock.advance(100 * DAY)
    assert admin.get("/api/auth/me").status_code == 401
    sign_in(admin, "admin", "Correct7Horse")
    answer = admin.post(f"/api/cron/trigger/{CLEANUP}").json()
    assert answer == {"taskName": CLEANUP, "success": True, "message": "Cleaned up 2 audit log entries older than 90 days"}
    others = admin.post("/api/cron/trigger/session-cleanup").json()
    assert (others["success"], others["message"]) == (True, "1 session removed.")


def test_a_check_that_fails_says_why(admin: TestClient, monkeypatch: pytest.MonkeyPatch, audited: Callable[[], list[Any]]) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr("duplistatus.background.tasks.watched", fail)
    answer = admin.post("/api/notifications/check-overdue")
    assert (answer.status_code, answer.json()["error"]) == (500, "The check failed: KeyError: 'a defect'")
    triggered = admin.post(f"/api/cron/trigger/{CHECK}")
    assert triggered.json() == {"taskName": CHECK, "success": False, "error": "KeyError: 'a defect'"}
    assert admin.get("/api/cron/health").json()["errors"] == {CHECK: "KeyError: 'a defect'"}
    assert [(action, status) for action, _, status in audited()] == 2 * [("overdue_check_manual", "error")]


def test_reminders_are_reset_now(admin: TestClient, application: FastAPI, clock: SetClock, audited: Callable[[], list[Any]]) -> None:
    answer = admin.post("/api/notifications/clear-overdue-timestamps")
    assert answer.json() == {"message": "Overdue backup notification timestamps cleared successfully"}
    with application.state.context.database.read() as connection:
        assert tasks.reminders_reset_at(connection) == clock.now()
    assert [entry[0] for entry in audited()] == ["overdue_notifications_reset"]
