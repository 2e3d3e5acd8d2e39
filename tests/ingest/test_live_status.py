"""What is known of an operation at work: from its first live status to its report, or to its silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, iso
from duplistatus.store.facts import apply_due
from tests.web.api.live import status_document
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from tests.ingest.conftest import Door

# The clock of a door stands at noon; the operation of most tests begins then.


def tell(door: Door, state: str, started: Instant | None, reported: Instant | None, **more: Any) -> None:
    answer = door.post_json(status_document(state, started, reported, **more))
    assert (answer.status_code, answer.json()) == (200, {"success": True})


def progress(door: Door, started: Instant, **more: Any) -> None:
    """Written and delivered now."""
    tell(door, "Progress", started, door.clock.now(), **more)


def report(door: Door, begun: Instant, **more: Any) -> None:
    assert door.post_json(document(Made(begun, **more))).status_code == 200


def judge(door: Door) -> None:
    """What time alone has changed by now."""
    door.parts.writer.submit(lambda connection: apply_due(connection, door.clock.now())).result()


def activity(door: Door) -> str:
    judge(door)
    return str(door.value("SELECT activity FROM job"))


def schedule(door: Door) -> str:
    judge(door)
    return str(door.value("SELECT schedule FROM job"))


def changes(door: Door) -> list[tuple[str, str]]:
    """How the activity went on."""
    return [(before, after) for before, after in door.rows("SELECT from_value, to_value FROM change WHERE fact = 'activity' ORDER BY id")]


def test_a_run_is_followed_from_its_start_to_its_report(door: Door) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    assert activity(door) == "running"
    door.clock.advance(30 * SECOND)
    progress(door, begun, phase="Backup_ProcessingFiles", progress=0, filesProcessed=18, fileCount=60, fileSizeProcessed=9, fileSize=26)
    assert door.rows("SELECT live_phase, live_files_done, live_files_total, live_bytes_done, live_bytes_total FROM job") == [
        ("Backup_ProcessingFiles", 18, 60, 9, 26)
    ]
    report(door, Instant(begun - 2), duration="00:00:40")
    assert activity(door) == "idle"
    assert door.value("SELECT run_count FROM job") == 1
    assert changes(door) == [("idle", "running"), ("running", "idle")]


def test_a_run_that_ends_without_a_report_runs_no_longer_and_becomes_overdue(door: Door) -> None:
    """Completed says nothing of a result: only a report is a run."""
    report(door, Instant(door.clock.now() - DAY), next_run=door.clock.now())
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    door.clock.advance(MINUTE)
    tell(door, "Completed", begun, door.clock.now())
    assert (activity(door), schedule(door), door.value("SELECT run_count FROM job")) == ("idle", "late", 1)
    door.clock.advance(3 * HOUR)
    assert schedule(door) == "overdue"


@pytest.mark.parametrize(("every", "silence"), [(30 * SECOND, 10 * MINUTE), (MINUTE, 10 * MINUTE), (2 * MINUTE, 20 * MINUTE)])
def test_silence_makes_it_stuck_to_the_millisecond(door: Door, every: int, silence: int) -> None:
    """Ten intervals, at least ten minutes."""
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    for _ in range(3):
        door.clock.advance(every)
        progress(door, begun)
    door.clock.advance(silence)
    assert activity(door) == "running"
    door.clock.advance(1)
    assert activity(door) == "stuck"
    assert changes(door) == [("idle", "running"), ("running", "stuck")]


def test_a_computer_that_slept_in_a_run_is_missed_as_soon_as_before(door: Door) -> None:
    """Eight hours without a word are no interval of its documents."""
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    for pause in (30 * SECOND, 30 * SECOND, 8 * HOUR, 30 * SECOND):
        door.clock.advance(pause)
        progress(door, begun)
    assert activity(door) == "running"
    door.clock.advance(10 * MINUTE + 1)
    assert activity(door) == "stuck"


def test_an_operation_that_only_ever_said_that_it_starts_is_stuck_after_ten_minutes(door: Door) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    door.clock.advance(10 * MINUTE)
    assert activity(door) == "running"
    door.clock.advance(1)
    assert activity(door) == "stuck"


@pytest.mark.parametrize("ahead", [-3 * HOUR, -20 * MINUTE, 20 * MINUTE, 3 * HOUR, 400 * DAY])
def test_silence_counts_from_the_arrival_whatever_the_clock_of_the_server_says(door: Door, ahead: int) -> None:
    begun = Instant(door.clock.now() + ahead)
    tell(door, "Started", begun, begun)
    door.clock.advance(30 * SECOND)
    tell(door, "Progress", begun, Instant(door.clock.now() + ahead))
    door.clock.advance(10 * MINUTE)
    assert activity(door) == "running"
    door.clock.advance(1)
    assert activity(door) == "stuck"


def test_a_clock_that_was_ahead_and_is_set_right_does_not_silence_the_job(door: Door) -> None:
    wrong = Instant(door.clock.now() + 400 * DAY)
    tell(door, "Started", wrong, wrong)
    door.clock.advance(HOUR)
    assert activity(door) == "stuck"
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    assert activity(door) == "running"
    assert door.value("SELECT live_started_at FROM job") == begun


def test_a_job_that_runs_is_not_overdue_until_it_is_stuck(door: Door) -> None:
    report(door, Instant(door.clock.now() - DAY), next_run=door.clock.now())
    door.clock.advance(3 * HOUR)
    assert schedule(door) == "overdue"
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    assert (activity(door), schedule(door)) == ("running", "late")
    for _ in range(20):
        door.clock.advance(9 * MINUTE)
        progress(door, begun)
        assert (activity(door), schedule(door)) == ("running", "late")
    door.clock.advance(90 * MINUTE + 1)
    assert (activity(door), schedule(door)) == ("stuck", "overdue")
    progress(door, begun)
    assert (activity(door), schedule(door)) == ("running", "late")


@pytest.mark.parametrize("last", ["Progress", "Completed", "Failed"])
def test_a_stuck_operation_is_woken_by_its_next_document(door: Door, last: str) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    door.clock.advance(HOUR)
    assert activity(door) == "stuck"
    tell(door, last, begun, door.clock.now())
    now = "running" if last == "Progress" else "idle"
    assert activity(door) == now
    assert changes(door)[-1] == ("stuck", now)


def test_a_stuck_run_is_ended_by_its_report(door: Door) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    door.clock.advance(HOUR)
    assert activity(door) == "stuck"
    report(door, begun)
    assert activity(door) == "idle"
    assert door.value("SELECT stuck_at FROM job") is None


def test_a_document_that_comes_after_its_report_changes_nothing(door: Door) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    door.clock.advance(10 * MINUTE)
    report(door, begun, duration="00:09:00")
    before = changes(door)
    for reported in (Instant(begun + 4 * MINUTE), Instant(begun + 9 * MINUTE)):
        tell(door, "Progress", begun, reported)
        assert activity(door) == "idle"
    assert changes(door) == before


def test_the_next_operation_runs_though_the_last_one_was_reported(door: Door) -> None:
    begun = door.clock.now()
    report(door, begun, duration="00:00:04")
    started = Instant(begun + 6 * SECOND)
    door.clock.advance(10 * SECOND)
    tell(door, "Started", started, started)
    assert activity(door) == "running"


def test_documents_in_any_order_end_at_the_newest(door: Door) -> None:
    begun = door.clock.now()
    door.clock.advance(2 * MINUTE)
    told = [Instant(begun + seconds * SECOND) for seconds in (90, 30, 60, 0)]
    for share, reported in enumerate(told):
        tell(door, "Progress" if reported > begun else "Started", begun, reported, phase=f"Phase_{share}", progress=0.9 - share / 10)
    assert door.rows("SELECT live_phase, live_progress, live_reported_at FROM job") == [("Phase_0", 0.9, told[0])]


def test_a_late_document_does_not_put_off_the_silence(door: Door) -> None:
    begun = door.clock.now()
    door.clock.advance(MINUTE)
    progress(door, begun)
    door.clock.advance(9 * MINUTE)
    tell(door, "Progress", begun, Instant(begun + 30 * SECOND))
    door.clock.advance(MINUTE + 1)
    assert activity(door) == "stuck"


def test_documents_that_do_not_say_when_it_began_are_one_operation(door: Door) -> None:
    tell(door, "Started", None, door.clock.now())
    begun = door.value("SELECT live_started_at FROM job")
    for _ in range(3):
        door.clock.advance(30 * SECOND)
        tell(door, "Progress", None, door.clock.now())
    assert (activity(door), door.value("SELECT live_started_at FROM job")) == ("running", begun)
    report(door, begun, duration="00:01:40")
    assert activity(door) == "idle"
    tell(door, "Progress", None, Instant(begun + 90 * SECOND))
    assert activity(door) == "idle", "it was written before that run ended"


def test_documents_without_any_time_count_from_their_arrival(door: Door) -> None:
    first = door.clock.now()
    tell(door, "Started", None, None)
    door.clock.advance(MINUTE)
    tell(door, "Progress", None, None, progress=0.5)
    assert door.rows("SELECT activity, live_started_at, live_heard_at, live_progress FROM job") == [("running", first, first + MINUTE, 0.5)]


def other_report(begun: Instant, operation: str) -> dict[str, Any]:
    made = document(Made(begun, duration="00:05:00"))
    made["Data"]["MainOperation"] = made["Extra"]["OperationName"] = operation
    return made


def test_a_restore_is_followed_to_its_report_too(door: Door) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun, operation="Restore")
    door.clock.advance(5 * MINUTE)
    assert door.post_json(other_report(begun, "Restore")).status_code == 200
    assert (activity(door), door.value("SELECT count(*) FROM activity")) == ("idle", 1)
    tell(door, "Progress", begun, Instant(begun + 4 * MINUTE), operation="Restore")
    assert activity(door) == "idle"


def test_looking_through_versions_does_not_end_a_backup_that_runs(door: Door) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    door.clock.advance(6 * MINUTE)
    assert door.post_json(other_report(Instant(begun + MINUTE), "List")).status_code == 200
    assert activity(door) == "running"


def test_a_job_that_never_reported_is_there_as_soon_as_it_runs(door: Door) -> None:
    tell(door, "Started", door.clock.now(), door.clock.now(), job="New")
    assert door.rows("SELECT name, run_count, last_status FROM job") == [("New", 0, None)]


def test_what_is_still_counted_has_no_total(door: Door) -> None:
    counting = {"countingFiles": True, "filesProcessed": 7, "fileCount": 9, "fileSizeProcessed": 70, "fileSize": 90}
    progress(door, door.clock.now(), phase="Backup_ProcessingFiles", progress=0, **counting)
    assert door.rows("SELECT live_files_done, live_files_total, live_bytes_done, live_bytes_total FROM job") == [(7, None, 70, None)]


def test_neither_file_names_nor_lines_of_the_log_are_kept(door: Door) -> None:
    made = status_document("Progress", door.clock.now(), door.clock.now(), currentFilename="/home/ann/diary.txt")
    made["recentLogLines"] = ["line of ann"]
    assert door.post_json(made).status_code == 200
    assert door.value("SELECT count(*) FROM raw_report") == 0
    assert "ann" not in json.dumps(door.rows("SELECT * FROM job"))


def test_the_recorded_operations_of_a_server_end_as_they_did(door: Door) -> None:
    """One aborted by hand, one aborted again, one that succeeded; their reports came between."""
    for name in ("status-started", "status-progress", "backup-large-warning", "status-completed", "status-started-2"):
        assert door.post_recorded(f"2.3.0.109/{name}").status_code == 200
    assert door.value("SELECT activity FROM job WHERE name = 'Large'") == "running"
    for name in ("status-completed-2", "status-started-3"):
        door.post_recorded(f"2.3.0.109/{name}")
    assert door.value("SELECT activity FROM job WHERE name = 'Large'") == "running"
    door.post_recorded("2.3.0.109/backup-large-success")
    door.post_recorded("2.3.0.109/status-completed-3")
    assert door.value("SELECT activity FROM job WHERE name = 'Large'") == "idle"


# What other programs are told


def test_other_programs_are_told_what_runs(door: Door) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    door.clock.advance(30 * SECOND)
    figures = {"filesProcessed": 18, "fileCount": 60, "fileSizeProcessed": 25, "fileSize": 100}
    progress(door, begun, phase="Backup_ProcessingFiles", progress=0, **figures)
    door.clock.advance(5 * SECOND)
    assert live_of_job(door) == (
        "running",
        {
            "operation": "Backup",
            "state": "Progress",
            "phase": "Backup_ProcessingFiles",
            "progress": 0.25,
            "started_at": iso(begun),
            "reported_at": iso(Instant(begun + 30 * SECOND)),
            "heard_at": iso(Instant(begun + 30 * SECOND)),
            "silent_after_seconds": 600.0,
            "files_done": 18,
            "files_total": 60,
            "bytes_done": 25,
            "bytes_total": 100,
        },
    )
    door.clock.advance(10 * MINUTE)
    state, live = live_of_job(door)
    assert (state, live and live["phase"]) == ("stuck", "Backup_ProcessingFiles")
    report(door, begun)
    assert live_of_job(door) == ("idle", None)


def live_of_job(door: Door) -> tuple[str, dict[str, Any] | None]:
    client = door.client
    if "x-csrf-token" not in client.headers:
        client.headers["x-csrf-token"] = client.get("/api/csrf").json()["token"]
        assert client.post("/api/auth/login", json={"username": "admin", "password": "Correct7Horse"}).status_code == 200
    body = client.get(f"/api/jobs/{door.value('SELECT id FROM job')}").json()
    return body["activity"], body["live"]
