"""What servers say while they are watched, as recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import iso
from duplistatus.report.live_server import (
    Answered,
    ProgressTold,
    StateTold,
    TasksTold,
    operation_of,
    read_message,
    read_progress,
    read_tasks,
    state_told,
)
from tests.ingest.duplicati.recorded import answered, recording


def spoken() -> list[Any]:
    """The messages of a recorded web socket, read."""
    return [read_message(json.dumps(data)) for _, message in spoken_raw() if isinstance(data := message.get("data"), dict)]


def spoken_raw() -> list[tuple[str, dict[str, Any]]]:
    found: Any = recording("2.3.0.109", "websocket")
    return [(kind, message) for kind, message in found if isinstance(message, dict)]


def test_the_recorded_socket_is_understood_message_by_message() -> None:
    found = [type(event).__name__ for event in spoken()]
    assert found.count("Answered") == 8
    assert found.count("StateTold") == 5
    assert found.count("TasksTold") == 3
    assert found.count("ProgressTold") == 8
    assert found.count("NoneType") == 3, "jobs and notifications say nothing of this"


def test_the_token_is_accepted_and_an_unknown_service_is_not() -> None:
    answers = [event for event in spoken() if isinstance(event, Answered)]
    assert answers[0] == Answered("auth", True, None, "Authenticated successfully")
    assert answers[-1] == Answered("reply", False, "nosuch", "Unknown subscription service")


def test_a_task_that_is_said_to_run_but_has_not_begun_has_no_begin() -> None:
    assert [event.begun for event in spoken() if isinstance(event, TasksTold)] == [{}, {}, {}]


def test_progress_is_unknown_until_something_has_been_counted() -> None:
    told = [event for event in spoken() if isinstance(event, ProgressTold)]
    assert told[0] == ProgressTold(2, "1", "Starting_Operation", 0.0, None, None, None, None)
    assert told[-1] == ProgressTold(2, "1", "Backup_ProcessingFiles", 0.0, 45, 60, 21003660, 26303212)


@pytest.mark.parametrize("version", ["2.1.0.5", "2.3.0.109"])
def test_a_paused_server_tells_until_when_and_what_waits(version: str) -> None:
    told = state_told(answered(version, "serverstate-paused"))
    assert told is not None
    ends = {"2.1.0.5": "2026-11-21T08:22:38.901Z", "2.3.0.109": "2026-11-21T07:50:23.589Z"}[version]
    assert told.state.paused
    assert iso(told.state.pause_ends) == ends if told.state.pause_ends else False
    assert told.state.queued == ("1",)
    assert told.event in {477, 335}


def test_a_message_without_a_type_is_the_state_as_up_to_2_1() -> None:
    event = read_message(json.dumps(answered("2.1.0.5", "serverstate-queued")))
    assert isinstance(event, StateTold)
    assert event.state.active == (54, "31")


def test_a_task_of_2_3_tells_when_it_began_and_one_of_2_1_does_not() -> None:
    told = read_tasks([answered("2.3.0.109", "task-running")])
    assert told is not None
    assert [iso(at) for at in told.begun.values()] == ["2026-11-21T07:49:57.535Z"]
    assert read_tasks([answered("2.1.0.5", "task-running")]) == TasksTold({})


def test_totals_are_unknown_while_the_server_still_counts() -> None:
    told = read_progress(answered("2.3.0.109", "progressstate-active") | {"StillCounting": True})
    assert told is not None
    assert (told.files_done, told.files_total, told.bytes_total) == (18, None, None)


def test_an_answer_that_nothing_runs_is_no_progress() -> None:
    assert read_progress(answered("2.3.0.109", "progressstate-idle")) is None


@pytest.mark.parametrize(
    ("phase", "operation"),
    [
        ("Backup_ProcessingFiles", "Backup"),
        ("Restore_Begin", "Restore"),
        ("Verify_Running", "Test"),
        ("Starting_Operation", None),
        ("Error", None),
        (None, None),
        ("NewThing_Running", "NewThing"),
    ],
)
def test_a_phase_names_its_operation(phase: str | None, operation: str | None) -> None:
    assert operation_of(phase) == operation


@pytest.mark.parametrize("message", ["", "{", "[]", "7", '{"Type":"nosuch","Data":{}}', '{"Type":"progress","Data":null}', b"\xff"])
def test_what_is_not_known_says_nothing(message: str | bytes) -> None:
    assert read_message(message) is None


_ITEMS = ["Item1", "Item2", "ID", "TaskStarted"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Item1", "Item2", "ID", "TaskStarted"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_KEYS = [
    *("Type", "Data", "TaskID", "BackupID", "Phase", "OverallProgress", "ProcessedFileCount", "TotalFileCount", "StillCounting"),
    *("ActiveTask", "ProgramState", "SchedulerQueueIds", "ProposedSchedule", "EstimatedPauseEnd", "LastEventID", "Success", "Service"),
]


@given(st.sampled_from(["progress", "taskqueue", "legacystatus", "auth", "reply", "new"]), st.dictionaries(st.sampled_from(_KEYS), _VALUES))
def test_no_message_breaks_the_reading(kind: str, more: dict[str, Any]) -> None:
    for document in ({**more, "Type": kind}, {"Type": kind, "Data": more}, {"Type": kind, "Data": [more]}):
        event = read_message(json.dumps(document))
        assert event is None or isinstance(event, Answered | ProgressTold | StateTold | TasksTold)
