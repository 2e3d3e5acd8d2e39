"""What one message about many overdue jobs is made of. In: a notice that lists jobs; out: a text that names them, as a template without
variables of its own, and what stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from duplistatus.clock import Instant
from duplistatus.evaluate.template import LINK, Template
from duplistatus.notify.filling import Value
from duplistatus.notify.job_parts import Telling, gone, overdue_data, subject_data
from duplistatus.notify.mail_html import Band
from duplistatus.notify.parts import Parts
from duplistatus.store.outbox import Delivery
from duplistatus.store.subjects import Subject, subject_of

MOST = 50
"""Jobs that are named."""


def group_message(telling: Telling, delivery: Delivery, template: Template) -> Template:
    """Priority and tags are those of the template of one overdue job."""
    texts = telling.texts
    down = delivery.details.get("down_since")
    intro = texts.word("group.down", since="{down_since}") if isinstance(down, int) else texts.word("group.intro")
    jobs = _jobs(delivery)
    lines = [f"- {_line(telling, index)}" for index in range(min(len(jobs), MOST))]
    more = [texts.word("group.more", count="{more_count}")] if len(jobs) > MOST else []
    link = f"[{texts.word('mail.open')}]({{{LINK}}})"
    message = "\n".join([intro, "", *lines, "", *more, "", link])
    return replace(template, title=texts.word("group.title", count="{jobs_count}"), message=message)


def group_parts(telling: Telling, delivery: Delivery) -> Parts:
    """The values of that text."""
    jobs = _jobs(delivery)
    down = delivery.details.get("down_since")
    values: dict[str, Value] = {
        "jobs_count": telling.number(len(jobs)),
        "more_count": telling.number(max(0, len(jobs) - MOST)),
        "down_since": telling.date(Instant(down) if isinstance(down, int) else None),
        LINK: Value(telling.address, is_empty=not telling.address, is_url=True),
    }
    data = []
    for index, details in enumerate(jobs):
        subject = _subject(telling, details)
        data.append(subject_data(subject) | overdue_data(details, delivery.at))
        if index < MOST:
            expected = details.get("expected_at")
            at = Instant(expected) if isinstance(expected, int) else None
            values |= {
                f"job{index}": Value(subject.job_name),
                f"server{index}": Value(subject.label),
                f"expected{index}": telling.date(at),
                f"elapsed{index}": telling.ago(at, delivery.at),
            }
    return Parts(values, Band("late", telling.texts.word("band.overdue")), link=telling.address, data={"overdue": data})


def _line(telling: Telling, index: int) -> str:
    names = {"backup": "job", "server": "server", "expected": "expected", "elapsed": "elapsed"}
    return telling.texts.word("group.line", **{word: f"{{{name}{index}}}" for word, name in names.items()})


def _jobs(delivery: Delivery) -> list[Mapping[str, Any]]:
    return [each for each in delivery.details.get("jobs", ()) if isinstance(each, dict)]


def _subject(telling: Telling, details: Mapping[str, Any]) -> Subject:
    found = subject_of(telling.connection, details.get("job_id"))
    return found or gone(telling.texts)
