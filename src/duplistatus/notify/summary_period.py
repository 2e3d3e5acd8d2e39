"""A weekly or monthly summary in words and pictures. In: its facts, and how things are told; out: its sections, and the images that they
name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from duplistatus.evaluate.summary import JobFact, Overdue, PeriodFacts, Ranked, Totals
from duplistatus.notify import summary_charts as charts
from duplistatus.notify.mail_html import Kind
from duplistatus.notify.message import Image
from duplistatus.notify.summary_forms import Paragraph, Picture, Row, Rows, Section, Table
from duplistatus.notify.summary_rows import Telling, attention, fleet, more, parts, repeated
from duplistatus.store.own_address import server_address

MOST_CHANGES = 15
"""Jobs that are listed of each kind of change."""


def period_sections(facts: PeriodFacts, tell: Telling) -> tuple[list[Section], list[Image]]:
    """The sections, and the images."""
    present, say = facts.present, tell.say
    if not present.jobs:
        return [Paragraph(say.word("headline", "none"))], []
    pictures, images = _pictures(facts, tell)
    sections = [
        *fleet(present, tell),
        *attention(present, tell, {}),
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
    note = parts(say("compared", span=say.span(days.before)), say("utc"))
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
    kinds: tuple[tuple[str, Sequence[JobFact], Kind], ...] = (
        ("failing", changes.failing, "error"),
        ("quiet", changes.quiet, "late"),
        ("recovered", changes.recovered, "ok"),
        ("new", changes.new, "quiet"),
    )
    for name, jobs, kind in kinds:
        rows += [_changed_row(job, say(name), kind, tell) for job in jobs[:MOST_CHANGES]]
        rest += max(0, len(jobs) - MOST_CHANGES)
    rows += [_overdue_row(each, tell) for each in changes.overdue[:MOST_CHANGES]]
    rest += max(0, len(changes.overdue) - MOST_CHANGES)
    return [Rows(say("changed"), rows, more(rest, tell), tell.base)]


def _changed_row(job: JobFact, what: str, kind: Kind, tell: Telling) -> Row:
    last = tell.say("last", when=tell.say.ago(job.begun_at, tell.now)) if job.begun_at is not None else ""
    return Row(job.name, job.server, what, "", (last,) if last else (), kind, tell.job_link(job))


def _overdue_row(each: Overdue, tell: Telling) -> Row:
    say = tell.say
    sub = repeated(each.times, say)
    return Row(
        each.job.name,
        each.job.server,
        say.word("state", "overdue") if each.job.is_overdue else say("were_overdue"),
        say("overdue_for", time=say.time(each.milliseconds)),
        (sub,) if sub else (),
        "late",
        server_address(tell.base, each.job.server_key),
    )


def _leaders(title: str, found: Sequence[Ranked], tell: Telling, value: Callable[[int], str]) -> Iterable[Section]:
    if found:
        rows = [Row(each.job.name, each.job.server, value(each.value), link=tell.job_link(each.job)) for each in found]
        yield Rows(tell.say(title), rows, brief=True)
