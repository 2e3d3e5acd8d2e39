"""A summary in words. In: its facts, a voice, the address of this product; out: the block for the variable `{summary}` of its template in
all forms, the words and numbers beside it, and pictures for mails. What is wrong comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from duplistatus.clock import Instant
from duplistatus.evaluate.fleet_view import Group, group_of
from duplistatus.evaluate.summary import Bucket, DailyFacts, Facts, Present, Totals
from duplistatus.notify.filling import Block
from duplistatus.notify.mail_html import Kind
from duplistatus.notify.message import Image
from duplistatus.notify.summary_daily import daily_sections
from duplistatus.notify.summary_forms import block_of
from duplistatus.notify.summary_period import period_sections
from duplistatus.notify.summary_rows import Telling
from duplistatus.notify.summary_words import Voice

_GROUPS: Mapping[Group, tuple[str, Kind]] = {
    Group.STUCK: ("stuck", "late"),
    Group.OVERDUE: ("overdue", "late"),
    Group.FAILED: ("failed", "error"),
    Group.WARNING: ("warning", "warn"),
}
_WORDS: Mapping[Kind, str] = {"error": "attention", "late": "attention", "warn": "attention", "ok": "fine", "quiet": "nothing_yet"}
_WORST: tuple[Kind, ...] = ("error", "late", "warn")


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


def summary_of(facts: Facts, voice: Voice, now: Instant, base: str = "") -> Summary:
    """The summary of facts."""
    tell = Telling(voice, now, base)
    present = facts.present
    headline, kind = headline_of(present, voice)
    images: list[Image] = []
    if isinstance(facts, DailyFacts):
        sections, period = daily_sections(facts, tell), voice.date_of(facts.until)
    else:
        sections, images = period_sections(facts, tell)
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
