"""A server as it is seen while it is watched. In: what it says, in the order of arrival; out: what is true of it now. Messages that were
overtaken by newer ones change nothing, and progress counts only for the task that the server says it works at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from duplistatus.clock import Instant
from duplistatus.evaluate.live import share_of
from duplistatus.report.live_server import Answered, Event, ProgressTold, StateTold, TasksTold


@dataclass(frozen=True, slots=True)
class Work:
    """What a server works at. `job`: its id in the API; `since`: by the server's clock where `is_told`, else when it was first heard
    of; the rest as `ProgressTold`."""

    task: int
    job: str
    since: Instant
    is_told: bool = False
    phase: str | None = None
    share: float | None = None
    files_done: int | None = None
    files_total: int | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None

    @property
    def done(self) -> float | None:
        """How far it is, from 0 to 1; None while nobody can say."""
        return share_of(self.share, self.phase, (self.bytes_done, self.bytes_total), (self.files_done, self.files_total))


@dataclass(frozen=True, slots=True)
class Seen:
    """What is true of a server. `pause_ends`: None where it is paused until somebody resumes it; `queue`: the ids in the API of the jobs
    that wait, the next one first."""

    is_paused: bool = False
    pause_ends: Instant | None = None
    work: Work | None = None
    queue: tuple[str, ...] = ()

    @property
    def frame(self) -> Seen:
        """The same without how far the work is: what people want to know at once."""
        return replace(self, work=Work(self.work.task, self.work.job, self.work.since, self.work.is_told)) if self.work else self


class WatchedServer:
    """Takes what one server says. `seen` is None until it has said what it does."""

    def __init__(self) -> None:
        self.seen: Seen | None = None
        self._newest: int | None = None
        self._begun: Mapping[int, Instant] = {}

    @property
    def newest(self) -> int | None:
        """The number of the newest change that was told."""
        return self._newest

    def connected(self) -> None:
        """A new connection: what comes from now on is newer than all before, even if the server began to count anew."""
        self._newest = None

    def take(self, event: Event, at: Instant) -> None:
        """What the server said, heard at `at`."""
        match event:
            case StateTold():
                self._take_state(event, at)
            case TasksTold(begun):
                self._begun = {**self._begun, **begun}
                if self.seen is not None and self.seen.work is not None:
                    self.seen = replace(self.seen, work=self._dated(self.seen.work))
            case ProgressTold():
                self._take_progress(event)
            case Answered():
                pass

    def _take_state(self, told: StateTold, at: Instant) -> None:
        if told.event is not None:
            if self._newest is not None and told.event < self._newest:
                return
            self._newest = told.event
        state = told.state
        work = None
        if state.active is not None:
            task, job = state.active
            before = self.seen.work if self.seen is not None else None
            self._begun = {number: begun for number, begun in self._begun.items() if number >= task}
            is_same = before is not None and (before.task, before.job) == (task, job)
            work = before if before is not None and is_same else self._dated(Work(task, job, at))
        self.seen = Seen(state.paused, state.pause_ends if state.paused else None, work, state.queued)

    def _take_progress(self, told: ProgressTold) -> None:
        if self.seen is None or self.seen.work is None or self.seen.work.task != told.task:
            return
        work = replace(
            self.seen.work,
            phase=told.phase,
            share=told.share,
            files_done=told.files_done,
            files_total=told.files_total,
            bytes_done=told.bytes_done,
            bytes_total=told.bytes_total,
        )
        self.seen = replace(self.seen, work=work)

    def _dated(self, work: Work) -> Work:
        """With the moment at which the server says that it began."""
        begun = self._begun.get(work.task)
        return replace(work, since=begun, is_told=True) if begun is not None else work
