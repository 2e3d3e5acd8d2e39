"""The rows and sections that every summary has. In: how jobs stand, and how things are told; out: sections in words, what needs attention
first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duplistatus.clock import Instant
from duplistatus.evaluate.fleet_view import State
from duplistatus.evaluate.summary import Bucket, JobFact, Present
from duplistatus.notify.mail_html import Kind
from duplistatus.notify.summary_forms import Figure, Figures, Paragraph, Row, Rows, Section
from duplistatus.notify.summary_words import Voice
from duplistatus.store.own_address import run_address, server_address

MOST_PROBLEMS = 300
"""Jobs with trouble that are listed: more nobody reads in a mail."""
MOST_FINE = 60
"""Jobs without trouble that are listed; mailboxes cut a mail of more than 100 KB."""
_ALWAYS = (Bucket.SUCCESS, Bucket.WARNING, Bucket.ERROR)
KINDS: Mapping[State, Kind] = {
    State.STUCK: "late",
    State.OVERDUE: "late",
    State.FAILING: "error",
    State.FATAL: "error",
    State.ERROR: "error",
    State.WARNING: "warn",
    State.UNKNOWN: "warn",
    State.OK: "ok",
}
_BUCKET_KINDS: Mapping[Bucket, Kind] = {
    Bucket.SUCCESS: "ok",
    Bucket.WARNING: "warn",
    Bucket.ERROR: "error",
    Bucket.FATAL: "error",
    Bucket.UNKNOWN: "warn",
}
_UNTROUBLED = frozenset({State.LATE, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Telling:
    """How things are told: in which voice, at which moment, with links below which address (empty: without)."""

    say: Voice
    now: Instant
    base: str = ""

    def job_link(self, job: JobFact) -> str:
        if job.is_overdue or job.run_uid is None:
            return server_address(self.base, job.server_key)
        return run_address(self.base, job.server_key, job.run_uid)


def fleet(present: Present, tell: Telling) -> list[Section]:
    """How large everything is, in a sentence."""
    say = tell.say
    if not present.jobs:
        return []
    sizes = {"jobs": say.count("jobs", len(present.jobs)), "servers": say.count("servers", present.servers)}
    return [Paragraph(say("fleet", **sizes, stored=say.size(present.stored_size)))]


def states(present: Present, tell: Telling) -> Section:
    """How many jobs there are of each result, and how many are overdue."""
    say, counts = tell.say, present.counts
    shown = [bucket for bucket in Bucket if counts[bucket] or bucket in _ALWAYS]
    figures = [
        Figure(say.word("bucket", bucket), say.number(counts[bucket]), _BUCKET_KINDS.get(bucket) if counts[bucket] else None)
        for bucket in shown
    ]
    figures.append(Figure(say.word("state", "overdue"), say.number(present.overdue), "late" if present.overdue else None))
    return Figures(say("states"), figures, say("overdue_apart") if present.overdue else "")


def attention(present: Present, tell: Telling, times: Mapping[int, int]) -> list[Section]:
    """Whoever has to be looked at, in full. `times`: how often each did not go well in the time that is told of, where that is known."""
    problems = present.problems
    if not problems:
        return []
    rows = [_job_row(job, tell, times.get(job.id, 1)) for job in problems[:MOST_PROBLEMS]]
    return [Rows(tell.say("attention"), rows, more(len(problems) - len(rows), tell), tell.base)]


def others(present: Present, tell: Telling) -> list[Section]:
    """All other jobs, in short."""
    fine = present.fine
    if not fine:
        return []
    rows = [_job_row(job, tell) for job in fine[:MOST_FINE]]
    title = tell.say("others" if present.problems else "all_jobs")
    return [Rows(title, rows, more(len(fine) - len(rows), tell), tell.base, brief=True)]


def more(count: int, tell: Telling) -> str:
    """What is said of those that are not listed."""
    return tell.say.count("more", count) if count > 0 else ""


def _job_row(job: JobFact, tell: Telling, times: int = 1) -> Row:
    say = tell.say
    state = job.state if job.is_problem or job.state is State.NEVER else State.OK
    aside = say.ago(job.begun_at, tell.now) if job.begun_at is not None else ""
    sub: list[str] = []
    if job.is_problem:
        if job.is_overdue:
            last = say("last", when=aside) if aside else ""
            aside = say("expected", when=say.ago(job.expected_at, tell.now)) if job.expected_at is not None else ""
            result = "" if job.bucket in {Bucket.SUCCESS, Bucket.NONE} else say.word("bucket", job.bucket)
            sub.append(parts(last, result))
        sub += [job.reason, parts(counted("errors", job.errors, say), counted("warnings", job.warnings, say), repeated(times, say))]
    sub += [parts(_marks(job, say), _sizes(job, say))]
    kind = KINDS.get(state, "quiet")
    return Row(job.name, job.server, say.word("state", state), aside, tuple(filter(None, sub)), kind, tell.job_link(job))


def counted(name: str, number: int, say: Voice) -> str:
    """`3 warnings`; nothing where there are none."""
    return say.count(name, number) if number else ""


def repeated(times: int, say: Voice) -> str:
    """`3 times`; nothing for once."""
    return say.count("times", times) if times > 1 else ""


def _marks(job: JobFact, say: Voice) -> str:
    """What is particular about a job that is no trouble."""
    state = say.word("state", job.state) if job.state in _UNTROUBLED else ""
    unwatched = "" if job.watched else say.word("silence", "unwatched")
    return parts(state, unwatched, say.word("silence", job.silence) if job.silence else "")


def _sizes(job: JobFact, say: Voice) -> str:
    known = job.source_size is not None or job.stored_size is not None
    sizes = say("sizes", source=say.size(job.source_size), stored=say.size(job.stored_size)) if known else ""
    return parts(sizes, say.count("versions", job.versions) if job.versions else "")


def parts(*parts: str) -> str:
    """Those that are not empty, with dots between them."""
    return " · ".join(filter(None, parts))
