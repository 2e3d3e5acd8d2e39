"""What a Duplicati server says of itself while it is watched: one message of its web socket `/notifications`, or one answer of
`/progressstate`, in; one event out, None for what says nothing of this. Services and phases that are new to this product are texts like
any other; whatever is of another kind than known counts as unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from duplistatus.clock import Instant
from duplistatus.report.fields import Section
from duplistatus.report.server_answers import NotTheApi, ServerState, read_state
from duplistatus.report.timestamps import read_date_time

LONGEST_MESSAGE = 1024 * 1024
"""Bytes; a list of a thousand jobs is shorter."""
_LONGEST_NAME = 100
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class StateTold:
    """What the server does, as `read_state` understands it. `event`: a number that grows with each change, as messages can overtake each
    other; it begins anew when the server does."""

    state: ServerState
    event: int | None


@dataclass(frozen=True, slots=True)
class ProgressTold:
    """How far a task is. `job`: its id in the API; `share` from 0 to 1. Figures are None until something has been counted; totals are
    None while the server still counts."""

    task: int
    job: str | None
    phase: str | None
    share: float | None
    files_done: int | None
    files_total: int | None
    bytes_done: int | None
    bytes_total: int | None


@dataclass(frozen=True, slots=True)
class TasksTold:
    """When tasks began, by their numbers. One that waits is said to be running too, but has not begun."""

    begun: Mapping[int, Instant]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to something that was sent. `what`: `auth` or `reply`; `service`: of a subscription."""

    what: str
    well: bool
    service: str | None
    words: str


Event = StateTold | ProgressTold | TasksTold | Answered


def read_message(message: str | bytes) -> Event | None:
    """A message of the web socket. Up to 2.1 each is the state without a `Type`."""
    try:
        document = orjson.loads(message)
    except ValueError:
        return None
    return _event(document) if isinstance(document, dict) else None


def _event(document: Section) -> Event | None:
    kind = document.get("Type")
    if kind in {"auth", "reply"}:
        return Answered(str(kind), document.get("Success") is True, _name(document, "Service"), _name(document, "Message") or "")
    if kind == "progress":
        return read_progress(document.get("Data"))
    if kind == "taskqueue":
        return read_tasks(document.get("Data"))
    if kind == "legacystatus" or (kind is None and "ProgramState" in document):
        return state_told(document)
    return None


def state_told(answer: object) -> StateTold | None:
    """`GET /serverstate`, or a message that says the same."""
    try:
        state = read_state(answer)
    except NotTheApi:
        return None
    return StateTold(state, _number(answer, "LastEventID") if isinstance(answer, dict) else None)


def read_progress(answer: object) -> ProgressTold | None:
    """`GET /progressstate`, or the `Data` of a message that says the same."""
    if not isinstance(answer, dict) or (task := _number(answer, "TaskID")) is None:
        return None
    counting = answer.get("StillCounting") is True
    share = answer.get("OverallProgress")
    known = isinstance(share, int | float) and not isinstance(share, bool)
    return ProgressTold(
        task=task,
        job=_name(answer, "BackupID"),
        phase=_name(answer, "Phase"),
        share=min(1.0, max(0.0, float(share))) if known and share is not None else None,
        files_done=_figure(answer, "ProcessedFileCount", "TotalFileCount"),
        files_total=None if counting else _figure(answer, "TotalFileCount", "ProcessedFileCount"),
        bytes_done=_figure(answer, "ProcessedFileSize", "TotalFileSize"),
        bytes_total=None if counting else _figure(answer, "TotalFileSize", "ProcessedFileSize"),
    )


def read_tasks(answer: object) -> TasksTold | None:
    """The `Data` of a message about the queue of tasks, or `GET /tasks` of 2.2 and later."""
    if not isinstance(answer, list):
        return None
    begun = {}
    for task in answer:
        if isinstance(task, dict) and (number := _number(task, "ID")) is not None and (at := _moment(task, "TaskStarted")) is not None:
            begun[number] = at
    return TasksTold(begun)


def operation_of(phase: str | None) -> str | None:
    """The operation that a phase belongs to (`Backup_ProcessingFiles`), by the names that reports have for it; None where the phase does
    not tell."""
    if phase is None or "_" not in phase or phase == "Starting_Operation":
        return None
    first = phase.partition("_")[0]
    return {"Verify": "Test", "BugReport": "CreateLogDb"}.get(first, first)


def _figure(section: Section, key: str, other: str) -> int | None:
    """A count; zero of zero is written before anything is counted."""
    figure = _number(section, key)
    return None if figure == 0 and not _number(section, other) else figure


def _number(section: Section, key: str) -> int | None:
    value = section.get(key)
    return value if type(value) is int and 0 <= value <= _LARGEST else None


def _name(section: Section, key: str) -> str | None:
    value = section.get(key)
    if type(value) is int:
        value = str(value)
    return value.strip()[:_LONGEST_NAME] or None if isinstance(value, str) else None


def _moment(section: Section, key: str) -> Instant | None:
    value = section.get(key)
    try:
        found = read_date_time(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
    return found.at if found is not None else None
