"""What a summary tells. In: rows of jobs, of days and of changes; out: frozen facts, the worst first: how every job stands, what went
wrong, and for weeks and months what changed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.fleet_view import RANK, Group, State, group_of
from duplistatus.evaluate.summary_setting import Days, Stretch
from duplistatus.report.report import Status


class Bucket(StrEnum):
    """The result of a job's newest run. Each job is in one, so that they add up to all; which jobs are overdue is counted apart."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"
    UNKNOWN = "unknown"
    NONE = "none"


_OF_STATUS: Mapping[str | None, Bucket] = {
    Status.SUCCESS: Bucket.SUCCESS,
    Status.WARNING: Bucket.WARNING,
    Status.ERROR: Bucket.ERROR,
    Status.FATAL: Bucket.FATAL,
    None: Bucket.NONE,
}


def bucket_of(status: str | None) -> Bucket:
    """The bucket of a result."""
    return _OF_STATUS.get(status, Bucket.UNKNOWN)


@dataclass(frozen=True, slots=True)
class JobFact:
    """One job as it stands. Sizes in bytes, `duration` in milliseconds; None where nothing is known. `watched`: whether it can be late;
    `silence`: why its messages are held back, as in its row, `off` where none are wanted, empty otherwise."""

    id: int
    server_key: str
    server: str
    name: str
    state: State
    run_uid: str | None = None
    status: str | None = None
    begun_at: Instant | None = None
    duration: int | None = None
    warnings: int = 0
    errors: int = 0
    reason: str = ""
    uploaded: int | None = None
    files: int | None = None
    source_size: int | None = None
    stored_size: int | None = None
    versions: int | None = None
    is_overdue: bool = False
    expected_at: Instant | None = None
    created_at: Instant | None = None
    watched: bool = True
    silence: str = ""

    @property
    def bucket(self) -> Bucket:
        return bucket_of(self.status)

    @property
    def is_problem(self) -> bool:
        """Whether somebody has to look at it."""
        return group_of(self.state) is not Group.FINE


@dataclass(frozen=True, slots=True)
class Present:
    """Every job as it stands, the worst first."""

    at: Instant
    jobs: tuple[JobFact, ...]

    @property
    def servers(self) -> int:
        return len({job.server_key for job in self.jobs})

    @property
    def counts(self) -> Counter[Bucket]:
        """How many jobs are in each bucket."""
        return Counter(job.bucket for job in self.jobs)

    @property
    def overdue(self) -> int:
        return sum(job.is_overdue for job in self.jobs)

    @property
    def problems(self) -> tuple[JobFact, ...]:
        return tuple(job for job in self.jobs if job.is_problem)

    @property
    def fine(self) -> tuple[JobFact, ...]:
        return tuple(job for job in self.jobs if not job.is_problem)

    @property
    def source_size(self) -> int:
        return sum(job.source_size or 0 for job in self.jobs)

    @property
    def stored_size(self) -> int:
        return sum(job.stored_size or 0 for job in self.jobs)


def present_of(jobs: Iterable[JobFact], at: Instant) -> Present:
    """The jobs in the order in which they are told."""
    return Present(at, tuple(sorted(jobs, key=lambda job: (RANK[job.state], job.server.casefold(), job.name.casefold(), job.id))))


@dataclass(frozen=True, slots=True)
class Failed:
    """The newest run of a job that did not go well, of `times` within the time that is told of."""

    job: JobFact
    run_uid: str
    status: str
    begun_at: Instant
    warnings: int
    errors: int
    reason: str
    times: int = 1

    def and_one_before(self) -> Failed:
        return replace(self, times=self.times + 1)


@dataclass(frozen=True, slots=True)
class DailyFacts:
    """The present, and what the runs from `since` to `until` did. `runs`: how many by bucket; `failed`: newest first."""

    present: Present
    since: Instant
    until: Instant
    runs: Mapping[Bucket, int]
    uploaded: int
    failed: tuple[Failed, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What the runs of some days did together; `stored`: what lay at the destinations when they ended, `growth`: by how much that had
    become more."""

    runs: int
    failures: int
    uploaded: int
    stored: int
    growth: int

    @property
    def successes(self) -> int:
        return self.runs - self.failures


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day of UTC, by its number: what its runs did, and what was stored in the evening."""

    date: int
    runs: int = 0
    failures: int = 0
    uploaded: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A fact of a job that became another one."""

    job_id: int
    fact: str
    before: str
    after: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Overdue:
    """For how long a job was overdue within the days that are told of: milliseconds, and in how many stretches."""

    job: JobFact
    milliseconds: int
    times: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A job in a list of those with the most of something."""

    job: JobFact
    value: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What became another within the days that are told of."""

    new: tuple[JobFact, ...] = ()
    quiet: tuple[JobFact, ...] = ()
    failing: tuple[JobFact, ...] = ()
    recovered: tuple[JobFact, ...] = ()
    overdue: tuple[Overdue, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.new or self.quiet or self.failing or self.recovered or self.overdue)


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """A week or a month: its totals and those before, what changed, who leads, a bar a day."""

    present: Present
    stretch: Stretch
    totals: Totals
    before: Totals
    changes: Changes
    uploads: tuple[Ranked, ...]
    growths: tuple[Ranked, ...]
    failures: tuple[Ranked, ...]
    days: tuple[DayBar, ...]


Facts = DailyFacts | PeriodFacts


def span_of(days: Days) -> tuple[Instant, Instant]:
    """The first moment of these days, and the first after them."""
    return Instant(days.first * DAY), Instant((days.last + 1) * DAY)


def outcomes(changes: Iterable[Change]) -> tuple[set[int], set[int]]:
    """The jobs that are failing at the end of these changes and were not at their beginning, and those that have recovered. `changes` by
    time."""
    first: dict[int, str] = {}
    last: dict[int, str] = {}
    for change in changes:
        if change.fact == "outcome":
            first.setdefault(change.job_id, change.before)
            last[change.job_id] = change.after
    failing = {job_id for job_id, after in last.items() if after == "failing" and first[job_id] != "failing"}
    recovered = {job_id for job_id, after in last.items() if after == "good"}
    return failing, recovered


def overdue_times(changes: Iterable[Change], since: Mapping[int, Instant], start: Instant, end: Instant) -> dict[int, tuple[int, int]]:
    """For how many milliseconds from `start` to `end` each job was overdue, and in how many stretches. `changes`: those of that time, in
    its order; `since`: from when on those are overdue that still are."""
    open_at: dict[int, Instant] = {}
    found: dict[int, tuple[int, int]] = {}

    def add(job_id: int, begun: Instant, ended: Instant) -> None:
        milliseconds, times = found.get(job_id, (0, 0))
        found[job_id] = (milliseconds + max(0, ended - begun), times + 1)

    seen: set[int] = set()
    for change in changes:
        if change.fact != "schedule":
            continue
        if change.after == "overdue":
            open_at[change.job_id] = change.at
        elif change.before == "overdue" and (change.job_id in open_at or change.job_id not in seen):
            # What began before these days has its first change here.
            add(change.job_id, open_at.pop(change.job_id, start), change.at)
        seen.add(change.job_id)
    for job_id, begun in since.items():
        if job_id not in seen and begun < end:
            open_at[job_id] = Instant(max(start, begun))
    for job_id, begun in open_at.items():
        add(job_id, begun, end)
    return found


def ranked(values: Mapping[int, int], jobs: Mapping[int, JobFact], most: int) -> tuple[Ranked, ...]:
    """The jobs with the most of something, the most first; those with nothing of it are left out."""
    best = sorted(
        ((value, job_id) for job_id, value in values.items() if value > 0 and job_id in jobs), key=lambda each: (-each[0], each[1])
    )
    return tuple(Ranked(jobs[job_id], value) for value, job_id in best[:most])
