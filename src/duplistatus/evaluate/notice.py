"""What there is to tell: the kinds of notices, and which of them a choice of results lets through. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from duplistatus.report.report import Status


class Event(StrEnum):
    """What a notice tells of. The first four are results of runs: Unknown is told as a warning, so that it is looked at."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"
    OVERDUE = "overdue"
    BACK = "back"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    TEST = "test"


RESULTS = (Event.SUCCESS, Event.WARNING, Event.ERROR, Event.FATAL)
SUMMARIES = (Event.DAILY, Event.WEEKLY, Event.MONTHLY)
CHOOSABLE = (*RESULTS, Event.OVERDUE, Event.BACK, *SUMMARIES)
"""What the filter of a channel can choose from."""
_OF_STATUS: Mapping[str, Event] = {
    Status.SUCCESS: Event.SUCCESS,
    Status.WARNING: Event.WARNING,
    Status.UNKNOWN: Event.WARNING,
    Status.ERROR: Event.ERROR,
    Status.FATAL: Event.FATAL,
}


def event_of(status: str) -> Event:
    """The event of a run's status."""
    return _OF_STATUS.get(status, Event.WARNING)


def lets_through(choice: str, event: Event, *, errors: int = 0) -> bool:
    """Whether a job's choice of results (`all`, `warnings`, `errors`, `off`) lets a notice through. An overdue job counts as a warning; a
    warning with errors in it counts as an error, as in 1.4.2."""
    if choice == "off":
        return False
    if choice == "all":
        return True
    if event is Event.BACK:
        return True
    if event is Event.SUCCESS:
        return False
    if choice == "errors":
        return event in (Event.ERROR, Event.FATAL) or (event is Event.WARNING and errors > 0)
    return True


@dataclass(frozen=True, slots=True)
class Cause:
    """What a notice is about, as far as it decides who is told: `errors` are those of the run."""

    event: Event
    job_id: int | None = None
    server_id: int | None = None
    tag_ids: frozenset[int] = frozenset()
    errors: int = 0
