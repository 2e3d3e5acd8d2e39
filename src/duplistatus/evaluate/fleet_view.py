"""The fleet as a dashboard sees it. In: rows of servers and jobs, the present; out: each job with the one state that is shown first, the
servers with their jobs, sorted and filtered, and the counts behind the sentence at the top. Pure, and true until `valid_until`, the
next moment at which time alone changes a state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Generic, Protocol, TypeVar

import orjson

from duplistatus.clock import Instant
from duplistatus.evaluate.overdue import Activity, Deadlines, Schedule, activity_of, due_of, schedule_of
from duplistatus.evaluate.tag import tag_key
from duplistatus.report.report import Status


class ServerFacts(Protocol):
    """What the view needs of a server's row."""

    @property
    def id(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def tag_keys(self) -> frozenset[str]: ...


class JobFacts(Deadlines, Protocol):
    """What the view needs of a job."""

    @property
    def id(self) -> int: ...
    @property
    def server_id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def last_status(self) -> str | None: ...
    @property
    def last_begun_at(self) -> Instant | None: ...
    @property
    def files(self) -> int | None: ...
    @property
    def source_size(self) -> int | None: ...
    @property
    def stored_size(self) -> int | None: ...
    @property
    def outcome(self) -> str: ...


class JobHistory(JobFacts, Protocol):
    """What a strip needs of a job. `recent` is JSON, `[[begun_at, status, …], …]`, oldest first."""

    @property
    def recent(self) -> str: ...


S = TypeVar("S", bound=ServerFacts)
J = TypeVar("J", bound=JobFacts)
H = TypeVar("H", bound=JobHistory)


class State(StrEnum):
    """What is shown of a job, the most urgent first: the order of the members is the order on the page."""

    STUCK = "stuck"
    OVERDUE = "overdue"
    FAILING = "failing"
    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    UNKNOWN = "unknown"
    LATE = "late"
    RUNNING = "running"
    NEVER = "never"
    UNSCHEDULED = "unscheduled"
    OFF = "off"
    OK = "ok"


RANK = {state: index for index, state in enumerate(State)}


class Group(StrEnum):
    """States that belong together in the sentence and in filters."""

    STUCK = "stuck"
    OVERDUE = "overdue"
    FAILED = "failed"
    WARNING = "warning"
    FINE = "fine"


_GROUPS = {
    State.STUCK: Group.STUCK,
    State.OVERDUE: Group.OVERDUE,
    State.FAILING: Group.FAILED,
    State.FATAL: Group.FAILED,
    State.ERROR: Group.FAILED,
    State.WARNING: Group.WARNING,
    State.UNKNOWN: Group.WARNING,
}
_LAST_RESULT: dict[str, State] = {
    Status.FATAL: State.FATAL,
    Status.ERROR: State.ERROR,
    Status.WARNING: State.WARNING,
    Status.UNKNOWN: State.UNKNOWN,
}
BAR: dict[str, str] = {Status.SUCCESS: "ok", Status.WARNING: "warn", Status.ERROR: "error", Status.FATAL: "error"}
"""The kind of a bar by the result of its run; any other is quiet."""
_OF_TAG = re.compile(r'(?:^|(?<=\s))tag:(?:"([^"]+)"|([^\s"]+))(?=\s|$)', re.IGNORECASE)
_MOST_MISSED = 6
"""Hollow bars at most: more would push the history out of the strip."""


def group_of(state: State) -> Group:
    return _GROUPS.get(state, Group.FINE)


@dataclass(frozen=True, slots=True)
class JobView(Generic[J]):
    """A job and the state shown of it; `schedule` and `activity` are those of the moment of the view."""

    row: J
    state: State
    schedule: str
    activity: str


@dataclass(frozen=True, slots=True)
class ServerView(Generic[S, J]):
    """A server with its jobs, the most urgent first. Sums in bytes, None when no job knows the figure."""

    row: S
    jobs: tuple[JobView[J], ...]
    state: State
    files: int | None
    source_size: int | None
    stored_size: int | None
    last_run: Instant | None


@dataclass(frozen=True, slots=True)
class FleetView(Generic[S, J]):
    """All servers, and how many jobs are in each state."""

    servers: tuple[ServerView[S, J], ...]
    counts: Counter[State]
    valid_until: Instant | None

    @property
    def jobs(self) -> int:
        return sum(self.counts.values())

    def in_group(self, group: Group) -> int:
        """How many jobs the group has."""
        return sum(count for state, count in self.counts.items() if group_of(state) is group)


def state_of(job: JobFacts, schedule: str, activity: str) -> State:
    """The state shown first: stuck, overdue, failing, the last result where it is bad, late, running, and what is left."""
    if activity == Activity.STUCK:
        return State.STUCK
    if schedule == Schedule.OVERDUE:
        return State.OVERDUE
    if job.outcome == "failing":
        return State.FAILING
    if job.last_status is not None and job.last_status != Status.SUCCESS:
        return _LAST_RESULT.get(job.last_status, State.UNKNOWN)
    return _untroubled(job, schedule, activity)


def _untroubled(job: JobFacts, schedule: str, activity: str) -> State:
    if schedule == Schedule.LATE:
        return State.LATE
    if activity == Activity.RUNNING:
        return State.RUNNING
    if job.last_status is None:
        return State.NEVER
    if schedule == Schedule.OFF:
        return State.OFF
    return State.UNSCHEDULED if schedule == Schedule.UNSCHEDULED else State.OK


def job_view(job: J, now: Instant) -> JobView[J]:
    """A job at a moment."""
    schedule, activity = schedule_of(job, now).value, activity_of(job, now)
    return JobView(job, state_of(job, schedule, activity), schedule, activity)


def view_fleet(servers: Iterable[S], jobs: Iterable[J], now: Instant) -> FleetView[S, J]:
    """The fleet at a moment, servers in the order given."""
    by_server: dict[int, list[JobView[J]]] = {}
    counts: Counter[State] = Counter()
    valid_until: Instant | None = None
    for job in jobs:
        view = job_view(job, now)
        counts[view.state] += 1
        by_server.setdefault(job.server_id, []).append(view)
        changes_at = due_of(job, now)
        if changes_at is not None and (valid_until is None or changes_at < valid_until):
            valid_until = changes_at
    views = tuple(_server_view(server, by_server[server.id]) for server in servers if server.id in by_server)
    return FleetView(views, counts, valid_until)


def _server_view(server: S, jobs: list[JobView[J]]) -> ServerView[S, J]:
    jobs.sort(key=lambda job: (RANK[job.state], job.row.name.casefold()))
    begun = [job.row.last_begun_at for job in jobs if job.row.last_begun_at is not None]
    return ServerView(
        server,
        tuple(jobs),
        jobs[0].state,
        _sum(job.row.files for job in jobs),
        _sum(job.row.source_size for job in jobs),
        _sum(job.row.stored_size for job in jobs),
        max(begun) if begun else None,
    )


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def read_query(query: str) -> tuple[list[str], frozenset[str]]:
    """The words that somebody looks for, and the tags, both as they are compared."""
    tags = frozenset(tag_key(quoted or bare) for quoted, bare in _OF_TAG.findall(query))
    return _OF_TAG.sub(" ", query).casefold().split(), tags


def filtered(view: FleetView[S, J], query: str, group: Group | None = None) -> tuple[ServerView[S, J], ...]:
    """The servers with those of their jobs that match: every word of `query` is part of the server's names, note or URL or of the
    job's name; `tag:name` and `tag:"two words"` mean servers with that tag; `group`: only jobs in one of its states."""
    words, tags = read_query(query)
    if not words and not tags and group is None:
        return view.servers
    found = []
    for server in view.servers:
        row = server.row
        if not tags <= row.tag_keys:
            continue
        of_server = f"{row.label} {row.name} {row.note} {row.url}".casefold()
        missing = [word for word in words if word not in of_server]
        jobs = [
            job
            for job in server.jobs
            if (group is None or group_of(job.state) is group) and all(word in job.row.name.casefold() for word in missing)
        ]
        if jobs:
            found.append(replace(server, jobs=tuple(jobs), state=jobs[0].state))
    return tuple(found)


def missed_slots(begun: Sequence[int], expected_at: Instant, now: Instant) -> int:
    """How many runs did not come since `expected_at`, judged by the usual gap between the newest runs, which began at `begun`; at least
    one, at most six."""
    gaps = [later - earlier for earlier, later in pairwise(begun[-11:])]
    usual = median(gaps) if gaps else 0
    if usual <= 0:
        return 1
    return max(1, min(_MOST_MISSED, 1 + int((now - expected_at) // usual)))


def bars_of(job: JobView[H], now: Instant) -> list[str]:
    """The strip of a job, oldest first: the kind of each of its newest runs, then what did not come, then what runs now."""
    recent = orjson.loads(job.row.recent)
    bars = [BAR.get(run[1], "quiet") for run in recent]
    if job.state is State.OVERDUE and job.row.expected_at is not None:
        bars += ["missed"] * missed_slots([run[0] for run in recent], job.row.expected_at, now)
    if job.activity == Activity.RUNNING:
        bars.append("run")
    return bars
