"""A daily summary in words. In: its facts, and how things are told; out: its sections."""

from __future__ import annotations

from duplistatus.evaluate.fleet_view import State
from duplistatus.evaluate.summary import DailyFacts, Failed
from duplistatus.notify.summary_forms import Paragraph, Row, Rows, Section
from duplistatus.notify.summary_rows import KINDS, MOST_FINE, Telling, attention, counted, fleet, more, others, parts, repeated, states
from duplistatus.store.own_address import run_address


def daily_sections(facts: DailyFacts, tell: Telling) -> list[Section]:
    """The sections; problems before what is fine."""
    say, present = tell.say, facts.present
    if not present.jobs:
        return [Paragraph(say.word("headline", "none"))]
    runs = sum(facts.runs.values())
    did = say("day_runs", runs=say.count("runs", runs), uploaded=say.size(facts.uploaded)) if runs else say("no_day_runs")
    times = {each.job.id: each.times for each in facts.failed}
    return [
        *fleet(present, tell),
        Paragraph(did),
        states(present, tell),
        *attention(present, tell, times),
        *_wrong(facts, tell),
        *others(present, tell),
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
    return [Rows(tell.say(title), rows, more(len(left) - len(rows), tell), tell.base)]


def _failed_row(failed: Failed, tell: Telling) -> Row:
    say = tell.say
    counts = parts(counted("errors", failed.errors, say), counted("warnings", failed.warnings, say), repeated(failed.times, say))
    state = State(failed.status.lower()) if failed.status.lower() in {"fatal", "error", "warning"} else State.UNKNOWN
    link = run_address(tell.base, failed.job.server_key, failed.run_uid)
    aside = say.ago(failed.begun_at, tell.now)
    sub = tuple(filter(None, (failed.reason, counts)))
    return Row(failed.job.name, failed.job.server, say.word("state", state), aside, sub, KINDS[state], link)
