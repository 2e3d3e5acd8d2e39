"""`/api/tasks`: what runs by time, when, and how that went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from duplistatus.clock import SetClock, iso
from duplistatus.store import tasks
from duplistatus.web.api import task_schemas

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

CHECK = "overdue-backup-check"
SUMMARIES = ["daily-summary", "weekly-summary", "monthly-summary"]
NAMES = [CHECK, "server-collection", *SUMMARIES, "duplicati-releases", "audit-log-cleanup", "session-cleanup", "message-cleanup"]


def item(client: TestClient, name: str = CHECK) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in client.get("/api/tasks").json()["items"] if each["name"] == name)
    return found


def test_all_tasks_are_listed_with_the_process_that_runs_them(admin: TestClient) -> None:
    answer = admin.get("/api/tasks")
    TypeAdapter(task_schemas.TaskList).validate_json(answer.content)
    body = answer.json()
    assert [each["name"] for each in body["items"]] == NAMES
    assert body["leader"]["this_process"] is True
    assert body["leader"]["process"].isdecimal()
    assert item(admin)["rhythm"] == "every 5 minutes"
    assert item(admin, "audit-log-cleanup")["rhythm"] == "daily at 02:00 (UTC)"


def test_a_task_that_has_not_run_says_nothing_of_a_run(admin: TestClient) -> None:
    found = item(admin)
    assert [found[name] for name in ("last_started_at", "last_finished_at", "duration_seconds", "result", "error", "runs")] == [
        None
    ] * 5 + [0]


def test_a_run_by_hand_is_answered_when_it_has_ended(admin: TestClient, clock: SetClock) -> None:
    answer = admin.post(f"/api/tasks/{CHECK}/run")
    TypeAdapter(task_schemas.Task).validate_json(answer.content)
    found = answer.json()
    assert (found["last_finished_at"], found["duration_seconds"], found["runs"]) == (iso(clock.now()), 0.0, 1)
    assert (found["running"], found["error"], found["result"]) == (False, None, "0 jobs checked, 0 overdue.")
    assert found["statistics"] == {"jobs": 0, "checked": 0, "overdue": 0, "sent": 0, "changed": 0}
    assert item(admin) == found


def test_what_another_process_runs_now_is_not_run_a_second_time(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    parts = application.state.context
    parts.writer.submit(lambda connection: tasks.begin(connection, CHECK, "elsewhere", clock.now(), None)).result()
    answer = admin.post(f"/api/tasks/{CHECK}/run")
    assert (answer.status_code, answer.json()) == (409, {"error": "The task is already running", "code": "already_running"})
    assert item(admin)["running"] is True


def test_a_task_is_switched_off_and_on(admin: TestClient) -> None:
    off = admin.patch("/api/tasks/session-cleanup", json={"enabled": False}).json()
    assert (off["enabled"], off["next_run_at"]) == (False, None)
    assert admin.patch("/api/tasks/session-cleanup", json={"enabled": False}).status_code == 200
    assert admin.patch("/api/tasks/session-cleanup", json={"enabled": True}).json()["enabled"] is True


@pytest.mark.parametrize("body", [{}, {"enabled": None}, {"enabled": "no"}, {"enabled": 1}])
def test_a_switch_is_true_or_false(admin: TestClient, body: dict[str, Any]) -> None:
    answer = admin.patch(f"/api/tasks/{CHECK}", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "enabled must be true or false")
    assert item(admin)["enabled"] is True


def test_there_is_no_task_of_another_name(admin: TestClient) -> None:
    assert admin.post("/api/tasks/nope/run").status_code == 404
    assert admin.patch("/api/tasks/nope", json={"enabled": True}).status_code == 404
