"""A summary in words. In: its facts, a voice, the address of this product; out: the block for the variable `{summary}` of its template in
all forms, the words and numbers beside it, and pictures for mails. What is wrong comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from duplistatus.clock import Instant
from duplistatus.evaluate.fleet_view import Group, State, group_of
from duplistatus.evaluate.summary import Bucket, DailyFacts, Facts, Failed, JobFact, Overdue, PeriodFacts, Present, Ranked, Totals
from duplistatus.notify import summary_charts as charts
from duplistatus.notify.filling import Block
from duplistatus.notify.mail_html import Kind
from duplistatus.notify.message import Image
from duplistatus.notify.summary_forms import Figure, Figures, Paragraph, Picture, Row, Rows, Section, Table, block_of
from duplistatus.notify.summary_words import Voice
from duplistatus.store.own_address import run_address, server_address

MOST_PROBLEMS = 300
MOST_FINE = 60
"""Jobs without trouble that are listed; mailboxes cut a mail of more than 100 KB."""
MOST_CHANGES = 15
_ALWAYS = (Bucket.SUCCESS, Bucket.WARNING, Bucket.ERROR)
_KINDS: Mapping[State, Kind] = {
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
_GROUPS: Mapping[Group, tuple[str, Kind]] = {
    Group.STUCK: ("stuck", "late"),
    Group.OVERDUE: ("overdue", "late"),
    Group.FAILED: ("failed", "error"),
    Group.WARNING: ("warning", "warn"),
}
_WORDS: Mapping[Kind, str] = {"error": "attention", "late": "attention", "warn": "attention", "ok": "fine", "quiet": "nothing_yet"}
_WORST: tuple[Kind, ...] = ("error", "late", "warn")
_UNTROUBLED = frozenset({State.LATE, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Summary:
    """`headline`: the state in a sentence, `word` in short, `kind` its colour; `period`: the days or the day that it is about; `facts`: for
    programs."""

    headline: str
    word: str
    kind: Kind
    period: str
    jobs: int
    problems: int
    overdue: int
    block: Block
    images: tuple[Image, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


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


def summary_of(facts: Facts, voice: Voice, now: Instant, base: str = "") -> Summary:
    """The summary of facts."""
    tell = Telling(voice, now, base)
    present = facts.present
    headline, kind = headline_of(present, voice)
    images: list[Image] = []
    if isinstance(facts, DailyFacts):
        sections, period = _daily(facts, tell), voice.date_of(facts.until)
    else:
        sections, images = _period(facts, tell)
        period = voice.span(facts.stretch.days)
    return Summary(
        headline,
        voice(_WORDS[kind]),
        kind,
        period,
        len(present.jobs),
        len(present.problems),
        present.overdue,
        block_of(sections),
        tuple(images),
        numbers_of(facts),
    )


def headline_of(present: Present, voice: Voice) -> tuple[str, Kind]:
    """The state of the fleet in a sentence without a full stop, and its colour."""
    if not present.jobs:
        return voice.word("headline", "none"), "quiet"
    groups = Counter(group_of(job.state) for job in present.jobs)
    parts = [voice.count(name, groups[group], "headline") for group, (name, _) in _GROUPS.items() if groups[group]]
    if not parts:
        return voice.count("fine", len(present.jobs), "headline"), "ok"
    kinds = {kind for group, (_, kind) in _GROUPS.items() if groups[group]}
    return voice.listing(parts), next(kind for kind in _WORST if kind in kinds)


def numbers_of(facts: Facts) -> dict[str, object]:
    """The numbers for programs."""
    present = facts.present
    found: dict[str, object] = {
        "servers": present.servers,
        "jobs": len(present.jobs),
        "results": {bucket.value: present.counts[bucket] for bucket in Bucket},
        "overdue": present.overdue,
        "problems": len(present.problems),
        "stored_size": present.stored_size,
    }
    if isinstance(facts, DailyFacts):
        runs = {bucket.value: facts.runs.get(bucket, 0) for bucket in Bucket if bucket is not Bucket.NONE}
        return found | {"runs": runs, "uploaded": facts.uploaded}
    return found | {"totals": _total_numbers(facts.totals), "before": _total_numbers(facts.before)}


def _total_numbers(totals: Totals) -> dict[str, int]:
    names = ("runs", "successes", "failures", "uploaded", "stored", "growth")
    return {name: getattr(totals, name) for name in names}


# --- every summary -----------------------------------------------------------------------------------------------------------------


def _fleet(present: Present, tell: Telling) -> list[Section]:
    say = tell.say
    if not present.jobs:
        return []
    sizes = {"jobs": say.count("jobs", len(present.jobs)), "servers": say.count("servers", present.servers)}
    return [Paragraph(say("fleet", **sizes, stored=say.size(present.stored_size)))]


def _states(present: Present, tell: Telling) -> Section:
    say, counts = tell.say, present.counts
    shown = [bucket for bucket in Bucket if counts[bucket] or bucket in _ALWAYS]
    figures = [
        Figure(say.word("bucket", bucket), say.number(counts[bucket]), _BUCKET_KINDS.get(bucket) if counts[bucket] else None)
        for bucket in shown
    ]
    figures.append(Figure(say.word("state", "overdue"), say.number(present.overdue), "late" if present.overdue else None))
    return Figures(say("states"), figures, say("overdue_apart") if present.overdue else "")


def _attention(present: Present, tell: Telling, times: Mapping[int, int]) -> list[Section]:
    problems = present.problems
    if not problems:
        return []
    rows = [_job_row(job, tell, times.get(job.id, 1)) for job in problems[:MOST_PROBLEMS]]
    return [Rows(tell.say("attention"), rows, _more(len(problems) - len(rows), tell), tell.base)]


def _others(present: Present, tell: Telling) -> list[Section]:
    fine = present.fine
    if not fine:
        return []
    rows = [_job_row(job, tell) for job in fine[:MOST_FINE]]
    title = tell.say("others" if present.problems else "all_jobs")
    return [Rows(title, rows, _more(len(fine) - len(rows), tell), tell.base, brief=True)]


def _more(count: int, tell: Telling) -> str:
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
            sub.append(_parts(last, result))
        sub += [job.reason, _parts(_counted("errors", job.errors, say), _counted("warnings", job.warnings, say), _repeated(times, say))]
    sub += [_parts(_marks(job, say), _sizes(job, say))]
    kind = _KINDS.get(state, "quiet")
    return Row(job.name, job.server, say.word("state", state), aside, tuple(filter(None, sub)), kind, tell.job_link(job))


def _counted(name: str, number: int, say: Voice) -> str:
    return say.count(name, number) if number else ""


def _repeated(times: int, say: Voice) -> str:
    return say.count("times", times) if times > 1 else ""


def _marks(job: JobFact, say: Voice) -> str:
    """What is particular about a job that is no trouble."""
    state = say.word("state", job.state) if job.state in _UNTROUBLED else ""
    unwatched = "" if job.watched else say.word("silence", "unwatched")
    return _parts(state, unwatched, say.word("silence", job.silence) if job.silence else "")


def _sizes(job: JobFact, say: Voice) -> str:
    known = job.source_size is not None or job.stored_size is not None
    sizes = say("sizes", source=say.size(job.source_size), stored=say.size(job.stored_size)) if known else ""
    return _parts(sizes, say.count("versions", job.versions) if job.versions else "")


def _parts(*parts: str) -> str:
    return " · ".join(filter(None, parts))


# --- daily -------------------------------------------------------------------------------------------------------------------------


def _daily(facts: DailyFacts, tell: Telling) -> list[Section]:
    say, present = tell.say, facts.present
    if not present.jobs:
        return [Paragraph(say.word("headline", "none"))]
    runs = sum(facts.runs.values())
    did = say("day_runs", runs=say.count("runs", runs), uploaded=say.size(facts.uploaded)) if runs else say("no_day_runs")
    times = {each.job.id: each.times for each in facts.failed}
    return [
        *_fleet(present, tell),
        Paragraph(did),
        _states(present, tell),
        *_attention(present, tell, times),
        *_wrong(facts, tell),
        *_others(present, tell),
    ]


def _wrong(facts: DailyFacts, tell: Telling) -> list[Section]:
    """What went wrong and is not told by the state of the job: a later run was fine, or another trouble is worse."""
    if not facts.failed:
        return [Paragraph(tell.say("nothing_wrong"))]
    told = {job.run_uid for job in facts.present.problems}
    left = [each for each in facts.failed if each.run_uid not in told]
    if not left:
        return []
    title = "wrong" if len(left) == len(facts.failed) else "wrong_besides"
    rows = [_failed_row(each, tell) for each in left[:MOST_FINE]]
    return [Rows(tell.say(title), rows, _more(len(left) - len(rows), tell), tell.base)]


def _failed_row(failed: Failed, tell: Telling) -> Row:
    say = tell.say
    counts = _parts(_counted("errors", failed.errors, say), _counted("warnings", failed.warnings, say), _repeated(failed.times, say))
    state = State(failed.status.lower()) if failed.status.lower() in {"fatal", "error", "warning"} else State.UNKNOWN
    link = run_address(tell.base, failed.job.server_key, failed.run_uid)
    aside = say.ago(failed.begun_at, tell.now)
    sub = tuple(filter(None, (failed.reason, counts)))
    return Row(failed.job.name, failed.job.server, say.word("state", state), aside, sub, _KINDS[state], link)


# --- weekly and monthly ------------------------------------------------------------------------------------------------------------


def _period(facts: PeriodFacts, tell: Telling) -> tuple[list[Section], list[Image]]:
    present, say = facts.present, tell.say
    if not present.jobs:
        return [Paragraph(say.word("headline", "none"))], []
    pictures, images = _pictures(facts, tell)
    sections = [
        *_fleet(present, tell),
        *_attention(present, tell, {}),
        *_changed(facts, tell),
        _totals(facts, tell),
        *pictures,
        *_leaders("top_failures", facts.failures, tell, say.number),
        *_leaders("top_uploads", facts.uploads, tell, say.size),
        *_leaders("top_growth", facts.growths, tell, say.change),
    ]
    return sections, images


def _totals(facts: PeriodFacts, tell: Telling) -> Section:
    say, now, before = tell.say, facts.totals, facts.before
    counts: list[tuple[str, Callable[[Totals], str]]] = [
        ("runs", lambda each: say.number(each.runs)),
        ("successes", lambda each: say.number(each.successes)),
        ("failures", lambda each: say.number(each.failures)),
        ("uploaded", lambda each: say.size(each.uploaded)),
        ("stored", lambda each: say.size(each.stored)),
        ("growth", lambda each: say.change(each.growth)),
    ]
    rows = [(say(name), value(now), value(before)) for name, value in counts]
    days = facts.stretch
    note = _parts(say("compared", span=say.span(days.before)), say("utc"))
    return Table(say("totals"), ("", say.span(days.days), say("before")), rows, note)


def _pictures(facts: PeriodFacts, tell: Telling) -> tuple[list[Section], list[Image]]:
    say, days, totals = tell.say, facts.days, facts.totals
    if not any(day.runs or day.stored for day in days):
        return [], []
    span = say.span(facts.stretch.days)
    busiest, fullest = max(days, key=lambda day: day.runs), max(days, key=lambda day: day.uploaded)
    results = say(
        "alt_results",
        span=span,
        runs=say.count("runs", totals.runs),
        failures=say.count("failures", totals.failures),
        day=say.day(busiest.date),
    )
    uploaded = say("alt_uploaded", span=span, size=say.size(totals.uploaded), day=say.day(fullest.date), most=say.size(fullest.uploaded))
    stored = say("alt_stored", span=span, first=say.size(days[0].stored), last=say.size(days[-1].stored))
    legend = ((charts.FINISHED, say("legend_finished")), (charts.FAILED, say("legend_failed")))
    images = [
        Image("results", charts.results_chart(days, say), results),
        Image("uploaded", charts.uploaded_chart(days, say), uploaded),
        Image("stored", charts.stored_chart(days, say), stored),
    ]
    sections: list[Section] = [
        Picture(say("chart_results"), "results", results, legend),
        Picture(say("chart_uploaded"), "uploaded", uploaded),
        Picture(say("chart_stored"), "stored", stored),
    ]
    return sections, images


def _changed(facts: PeriodFacts, tell: Telling) -> list[Section]:
    say, changes = tell.say, facts.changes
    if not changes.any:
        return [Paragraph(say("nothing_changed"))]
    rows: list[Row] = []
    rest = 0
    for name, jobs, kind in (
        ("failing", changes.failing, "error"),
        ("quiet", changes.quiet, "late"),
        ("recovered", changes.recovered, "ok"),
        ("new", changes.new, "quiet"),
    ):
        found: Kind = kind  # type: ignore[assignment]
        rows += [_changed_row(job, say(name), found, tell) for job in jobs[:MOST_CHANGES]]
        rest += max(0, len(jobs) - MOST_CHANGES)
    rows += [_overdue_row(each, tell) for each in changes.overdue[:MOST_CHANGES]]
    rest += max(0, len(changes.overdue) - MOST_CHANGES)
    return [Rows(say("changed"), rows, _more(rest, tell), tell.base)]


def _changed_row(job: JobFact, what: str, kind: Kind, tell: Telling) -> Row:
    last = tell.say("last", when=tell.say.ago(job.begun_at, tell.now)) if job.begun_at is not None else ""
    return Row(job.name, job.server, what, "", (last,) if last else (), kind, tell.job_link(job))


def _overdue_row(each: Overdue, tell: Telling) -> Row:
    say = tell.say
    sub = _parts(_repeated(each.times, say), say("still_overdue") if each.job.is_overdue else "")
    return Row(
        each.job.name,
        each.job.server,
        say("were_overdue"),
        say("overdue_for", time=say.time(each.milliseconds)),
        (sub,) if sub else (),
        "late",
        server_address(tell.base, each.job.server_key),
    )


def _leaders(title: str, found: Sequence[Ranked], tell: Telling, value: Callable[[int], str]) -> Iterable[Section]:
    if found:
        rows = [Row(each.job.name, each.job.server, value(each.value), link=tell.job_link(each.job)) for each in found]
        yield Rows(tell.say(title), rows, brief=True)
