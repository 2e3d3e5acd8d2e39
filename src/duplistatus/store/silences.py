"""The silence of jobs: what of windows, snoozes and acknowledgements holds now, and until when. In: a connection, jobs, the present; out:
the fact and the next moment at which time can change it. Judging writes it into the job's row; an acknowledgement that has ended is
removed here, for it is the judging that finds it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select

from duplistatus.clock import Instant
from duplistatus.evaluate.maintenance import Window, is_active
from duplistatus.evaluate.silence import Silence, Trouble, left_of, silence_now, trouble_of
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.snoozes import AcknowledgementRow, SnoozeRow, acknowledgement_of, keep_left, read_trouble, running_snoozes
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job
from duplistatus.store.watch_tables import acknowledgement, server_tag, snooze
from duplistatus.store.windows import WindowRow, enabled_windows

_FACTS = (
    select(job.c.id, job.c.server_id, job.c.schedule, job.c.outcome, job.c.activity, job.c.last_status, acknowledgement.c.trouble)
    .select_from(job)
    .outerjoin(acknowledgement, acknowledgement.c.job_id == job.c.id)
)
_ALL_JOBS = Statement(_FACTS)
_ONE_JOB = Statement(_FACTS.where(job.c.id == bindparam("job_id")))
_SNOOZED = Statement(
    select(snooze.c.job_id, snooze.c.server_id, func.max(snooze.c.until))
    .where(snooze.c.until > bindparam("now"))
    .group_by(snooze.c.job_id, snooze.c.server_id)
)
_TAGGED = Statement(select(server_tag.c.server_id, server_tag.c.tag_id))
_TROUBLE = Statement(select(job.c.schedule, job.c.outcome, job.c.activity, job.c.last_status).where(job.c.id == bindparam("job_id")))


@dataclass(slots=True)
class _Holding:
    """Everything that may silence a job, read once for many of them."""

    windows: list[WindowRow]
    tags: dict[ServerId, set[int]]
    snoozed: dict[tuple[JobId | None, ServerId | None], Instant]
    now: Instant
    _of_server: dict[ServerId, tuple[WindowRow, ...]] = field(default_factory=dict)
    _answers: dict[tuple[tuple[int, ...], Instant | None, bool], tuple[Silence, Instant | None]] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection, now: Instant) -> _Holding:
        found = enabled_windows(connection)
        tags: dict[ServerId, set[int]] = {}
        if any(each.plan.tag_id is not None for each in found):
            for server_id, tag_id in connection.rows(_TAGGED):
                tags.setdefault(server_id, set()).add(tag_id)
        snoozed = {(job_id, server_id): until for job_id, server_id, until in connection.rows(_SNOOZED, {"now": now})}
        return cls(found, tags, snoozed, now)

    def windows_of(self, server_id: ServerId) -> tuple[WindowRow, ...]:
        """The windows that concern a server."""
        known = self._of_server.get(server_id)
        if known is None:
            tags = self.tags.get(server_id, set())
            known = tuple(
                each for each in self.windows if each.plan.scope == "all" or each.plan.server_id == server_id or each.plan.tag_id in tags
            )
            self._of_server[server_id] = known
        return known

    def silence(self, job_id: JobId, server_id: ServerId, *, acknowledged: bool) -> tuple[Silence, Instant | None]:
        windows = self.windows_of(server_id)
        ends = (self.snoozed.get((job_id, None)), self.snoozed.get((None, server_id)))
        until = max((end for end in ends if end is not None), default=None)
        question = (tuple(each.id for each in windows), until, acknowledged)
        known = self._answers.get(question)
        if known is None:
            chosen: tuple[Window, ...] = tuple(each.plan.window for each in windows)
            known = self._answers[question] = silence_now(chosen, until, acknowledged, self.now)
        return known


class Silences:
    """The silence of jobs at one moment, within one transaction. What may silence them is read once, when the first job is asked for."""

    def __init__(self, connection: Connection, now: Instant) -> None:
        self._connection = connection
        self._now = now
        self._holding: _Holding | None = None

    def of(self, job_id: JobId) -> tuple[str, Instant | None]:
        """The silence of one job by its facts as they are in its row, and the next moment at which time can change it; None never."""
        row = self._connection.row(_ONE_JOB, {"job_id": job_id})
        return self._of_row(row) if row else (Silence.NONE.value, None)

    def of_all(self) -> dict[JobId, tuple[str, Instant | None]]:
        """The same of every job, with a few questions to the database."""
        return {row[0]: self._of_row(row) for row in self._connection.rows(_ALL_JOBS)}

    def _of_row(self, row: Row) -> tuple[str, Instant | None]:
        job_id, server_id, *facts, kept = row
        if self._holding is None:
            self._holding = _Holding.read(self._connection, self._now)
        acknowledged = kept is not None and _is_left(self._connection, job_id, read_trouble(kept), trouble_of(*facts))
        silence, until = self._holding.silence(job_id, server_id, acknowledged=acknowledged)
        return silence.value, until


def silence_of(connection: Connection, job_id: JobId, now: Instant) -> tuple[str, Instant | None]:
    """The silence of one job."""
    return Silences(connection, now).of(job_id)


def silences(connection: Connection, job_ids: Iterable[JobId] | None, now: Instant) -> dict[JobId, tuple[str, Instant | None]]:
    """The silence of jobs; None: of all."""
    found = Silences(connection, now)
    return found.of_all() if job_ids is None else {job_id: found.of(job_id) for job_id in job_ids}


def _is_left(connection: Connection, job_id: JobId, kept: Trouble, trouble: Trouble) -> bool:
    """Whether an acknowledgement still holds; what of it is over is forgotten."""
    left = left_of(kept, trouble)
    if left != kept or not left:
        keep_left(connection, job_id, left)
    return bool(left)


# --- for people --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """Why messages of a job are held back now: the windows that are open, or the snooze, or the acknowledgement. `until` None: no end is
    known."""

    silence: Silence
    until: Instant | None
    comment: str
    by: str
    windows: tuple[WindowRow, ...] = ()
    snooze: SnoozeRow | None = None


def held(connection: Connection, jobs: Iterable[tuple[JobId, ServerId]], now: Instant) -> dict[JobId, Held]:
    """Of these jobs those that are silent, with the reason. Reads alone."""
    holding = _Holding.read(connection, now)
    snoozes = running_snoozes(connection, now) if holding.snoozed else []
    found = {}
    for job_id, server_id in jobs:
        windows = tuple(each for each in holding.windows_of(server_id) if is_active(each.plan.window, now))
        if windows:
            _, until = holding.silence(job_id, server_id, acknowledged=False)
            found[job_id] = Held(Silence.MAINTENANCE, until, windows[0].plan.comment, windows[0].created_by, windows)
            continue
        of_job = [each for each in snoozes if each.job_id == job_id or (each.job_id is None and each.server_id == server_id)]
        if of_job:
            last = max(of_job, key=lambda each: each.until)
            found[job_id] = Held(Silence.SNOOZED, last.until, last.comment, last.created_by, snooze=last)
            continue
        known = acknowledgement_of(connection, job_id)
        if known is not None and left_of(known.trouble, job_trouble(connection, job_id)):
            found[job_id] = _acknowledged(known)
    return found


def _acknowledged(known: AcknowledgementRow) -> Held:
    return Held(Silence.ACKNOWLEDGED, None, known.comment, known.by)


def job_trouble(connection: Connection, job_id: JobId) -> Trouble:
    """What is wrong with a job now."""
    row = connection.row(_TROUBLE, {"job_id": job_id})
    return trouble_of(*row) if row else {}
