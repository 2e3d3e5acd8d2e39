"""What the message of a summary is made of. In: the database as it is, what the notice of a summary holds, the language of the templates;
out: the values of the variables of its template, and what stands around the text. The facts are those of now: a summary that waited
tells the present."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.summary import Facts
from duplistatus.evaluate.summary_setting import Days, Stretch
from duplistatus.i18n.languages import Language
from duplistatus.i18n.wording import known_zone
from duplistatus.notify.filling import Value
from duplistatus.notify.mail_html import Band
from duplistatus.notify.parts import Parts
from duplistatus.notify.summary_block import Summary, summary_of
from duplistatus.notify.summary_words import voice
from duplistatus.store.database import Connection
from duplistatus.store.summary_facts import daily_facts, period_facts


def summary_parts(
    connection: Connection, event: Event, details: Mapping[str, Any], language: Language, base: str, now: Instant, zone: str = "UTC"
) -> Parts:
    """The parts of a summary. `details`: those of its notice; `base`: the address of this product, or empty; `zone`: where the notice names
    none."""
    named = details.get("zone")
    say = voice(language, named if isinstance(named, str) and known_zone(named) else zone)
    return parts_of(summary_of(_facts(connection, event, details, now), say, now, base), base)


def parts_of(summary: Summary, base: str) -> Parts:
    """The parts of a summary that was put into words."""
    values = {
        "summary": Value(summary.block.text, block=summary.block),
        "headline": Value(summary.headline),
        "period": Value(summary.period),
        "jobs_count": Value(str(summary.jobs)),
        "problems_count": Value(str(summary.problems)),
        "overdue_count": Value(str(summary.overdue)),
        "duplistatus_link": Value(base, is_empty=not base, is_url=True),
    }
    band = Band(summary.kind, summary.word)
    return Parts(values, band, link=base, data=summary.facts, images=summary.images, preheader=summary.headline)


def _facts(connection: Connection, event: Event, details: Mapping[str, Any], now: Instant) -> Facts:
    if event is Event.DAILY:
        until = Instant(details.get("until", now))
        return daily_facts(connection, Instant(details.get("since", until - DAY)), until, now)
    return period_facts(connection, Stretch(Days(*details["days"]), Days(*details["before"])), now)
