"""Summaries in words: problems first, the rest in short, everything that comes in is text, in every form of a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, Instant, instant, utc_day
from duplistatus.evaluate.fleet_view import State
from duplistatus.evaluate.summary import (
    Bucket,
    Changes,
    DailyFacts,
    DayBar,
    Failed,
    JobFact,
    Overdue,
    PeriodFacts,
    Ranked,
    Totals,
    present_of,
)
from duplistatus.evaluate.summary_setting import Period, stretch_of
from duplistatus.i18n.languages import ENGLISH, LANGUAGES, Language
from duplistatus.notify.markdown import html_of, text_of
from duplistatus.notify.summary_block import Summary, summary_of
from duplistatus.notify.summary_period import MOST_CHANGES
from duplistatus.notify.summary_rows import MOST_FINE
from duplistatus.notify.summary_words import voice

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = instant(datetime(2026, 11, 21, 12, tzinfo=UTC))
SAY = voice(ENGLISH, "UTC")
BASE = "https://backups.example.org"
NASTY = '<img src=x onerror=alert(1)> "quoted" & [link](https://evil.example.org) *bold* `code` {summary}'


def job(number: int = 1, state: State = State.OK, **values: Any) -> JobFact:
    status = {State.OK: "Success", State.WARNING: "Warning", State.ERROR: "Error", State.FATAL: "Fatal", State.NEVER: None}
    found = JobFact(
        number,
        f"id-{number}",
        f"server {number}",
        f"job {number}",
        state,
        None if state is State.NEVER else f"run-{number}",
        status.get(state, "Success"),
        None if state is State.NEVER else Instant(NOW - number * HOUR),
        60_000,
        source_size=5 * 1024**3,
        stored_size=4 * 1024**3,
        versions=7,
        is_overdue=state is State.OVERDUE,
        expected_at=Instant(NOW - DAY) if state is State.OVERDUE else None,
    )
    return replace(found, **values)


def daily(*jobs: JobFact, failed: Iterable[Failed] = (), base: str = BASE) -> Summary:
    facts = DailyFacts(present_of(jobs, NOW), Instant(NOW - DAY), NOW, {Bucket.SUCCESS: 3}, 1_000, tuple(failed))
    return summary_of(facts, SAY, NOW, base)


def weekly(*jobs: JobFact, changes: Changes | None = None, **values: Any) -> Summary:
    stretch = stretch_of(Period.WEEKLY, "UTC", NOW)
    days = tuple(DayBar(date, 10, 1, 1024**3, 5 * 1024**3) for date in range(utc_day(NOW) - 7, utc_day(NOW)))
    totals, before = Totals(70, 7, 7 * 1024**3, 5 * 1024**3, 1024**3), Totals(60, 0, 1024**3, 4 * 1024**3, -(1024**2))
    facts = PeriodFacts(present_of(jobs, NOW), stretch, totals, before, changes or Changes(), (), (), (), days)
    return summary_of(replace(facts, **values), SAY, NOW, BASE)


class Reading(HTMLParser):
    """The texts, tags and addresses of a piece of HTML, whose tags must all be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in {"br", "img"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(summary: Summary) -> str:
    return " ".join(" ".join(Reading(summary.block.html).texts).split())


@pytest.mark.parametrize(
    ("jobs", "headline", "kind"),
    [
        ((), "No job has reported yet", "quiet"),
        ((job(),), "The only job is fine", "ok"),
        ((job(1), job(2)), "All 2 jobs are fine", "ok"),
        ((job(1), job(2, State.WARNING)), "1 job has warnings", "warn"),
        ((job(1, State.OVERDUE), job(2, State.WARNING)), "1 job is overdue and 1 job has warnings", "late"),
        (
            (job(1, State.STUCK), job(2, State.OVERDUE), job(3, State.FAILING), job(4, State.FATAL)),
            "1 job is stuck, 1 job is overdue and 2 jobs failed",
            "error",
        ),
    ],
)
def test_the_headline_says_what_is_wrong_and_its_colour_how_bad_that_is(jobs: tuple[JobFact, ...], headline: str, kind: str) -> None:
    found = daily(*jobs)
    assert (found.headline, found.kind, found.jobs) == (headline, kind, len(jobs))
    assert found.word == {"quiet": "Nothing to tell yet", "ok": "All is well"}.get(kind, "Needs attention")


def test_problems_come_first_with_reason_age_and_counts() -> None:
    found = daily(job(1), job(2, State.ERROR, reason="The disk is gone", errors=2, warnings=1), job(3, State.OVERDUE))
    text = found.block.text
    assert text.index("job 3") < text.index("job 2") < text.index("job 1")
    assert "job 3 · server 3: Overdue, expected 24 hours ago" in text
    assert "✕ job 2 · server 2: Error, 2 hours ago\n    The disk is gone\n    2 errors · 1 warning" in text
    assert "5.00\u00a0GiB backed up, 4.00\u00a0GiB stored · 7 versions" in text
    assert read(found).index("Needs attention") < read(found).index("The disk is gone") < read(found).index("All other jobs")


def test_results_add_up_and_overdue_is_apart() -> None:
    found = daily(job(1), job(2, State.WARNING), job(3, State.FATAL), job(4, State.NEVER), job(5, State.OVERDUE))
    results = found.facts["results"]
    assert isinstance(results, dict)
    assert (sum(results.values()), found.facts["overdue"]) == (5, 1)
    lines = found.block.text.split("\n")
    at = lines.index("Results of the last runs") + 2
    assert lines[at : at + 6] == ["  Success: 2", "  Warnings: 1", "  Errors: 0", "  Fatal: 1", "  No run yet: 1", "  Overdue: 1"]


def test_of_hundreds_of_jobs_problems_are_told_in_full_and_the_rest_is_counted() -> None:
    fine = [job(number) for number in range(1, 501)]
    bad = [job(number, State.ERROR) for number in range(501, 601)]
    found = daily(*fine, *bad)
    assert all(f"job {number} ·" in found.block.text for number in range(501, 601))
    assert sum(f"job {number} ·" in found.block.text for number in range(1, 501)) == MOST_FINE
    assert f"and {500 - MOST_FINE} more: {BASE}" in found.block.text
    assert f'href="{BASE}"' in found.block.html
    # Chats get the problems alone.
    assert "job 501" in found.block.markdown
    assert "job 1 " not in text_of(found.block.markdown)


def test_a_mail_of_a_usual_fleet_is_not_cut_by_mailboxes() -> None:
    found = daily(*(job(number, State.ERROR if number % 10 == 0 else State.OK) for number in range(1, 501)))
    assert len(found.block.html) < 100_000


def test_silent_jobs_are_listed_and_say_so() -> None:
    found = daily(job(1, silence="off"), job(2, watched=False), job(3, State.ERROR, silence="snoozed"), job(4, State.LATE))
    for words in ("messages off", "not watched", "snoozed", "Late"):
        assert words in found.block.text


def test_a_run_that_went_wrong_is_told_once() -> None:
    now_bad = job(1, State.ERROR, reason="Still bad")
    fine_again = job(2)
    failed = [
        Failed(now_bad, "run-1", "Error", Instant(NOW - HOUR), 0, 1, "Still bad", times=3),
        Failed(fine_again, "run-earlier", "Fatal", Instant(NOW - 5 * HOUR), 0, 1, "The disk was away"),
    ]
    found = daily(now_bad, fine_again, failed=failed)
    assert found.block.text.count("Still bad") == 1
    assert "3 times" in found.block.text
    assert "What else went wrong in the last 24 hours" in found.block.text
    assert f"{BASE}/detail/id-2/backup/run-earlier" in Reading(found.block.html).links
    alone = daily(fine_again, failed=failed[1:])
    assert "What went wrong in the last 24 hours" in alone.block.text
    assert "Nothing went wrong in the last 24 hours." in daily(fine_again).block.text


def test_links_lead_to_the_run_or_for_what_did_not_run_to_the_server() -> None:
    found = daily(job(1, State.ERROR), job(2, State.OVERDUE), job(3, State.NEVER))
    links = Reading(found.block.html).links
    assert f"{BASE}/detail/id-1/backup/run-1" in links
    assert {f"{BASE}/detail/id-2", f"{BASE}/detail/id-3"} <= set(links)
    assert Reading(daily(job(1, State.ERROR), base="").block.html).links == []


def test_names_and_reasons_are_text_in_every_form() -> None:
    found = daily(job(1, State.ERROR, name=NASTY, server=NASTY, reason=NASTY), job(2, name=NASTY, server_key=NASTY))
    reading = Reading(found.block.html)
    assert "img" not in reading.tags
    assert NASTY in "".join(reading.texts)
    assert NASTY in found.block.text
    rendered = html_of(found.block.markdown)
    assert "<img" not in rendered
    assert "<a " not in rendered
    assert NASTY.replace("  ", " ") in text_of(found.block.markdown)


def test_a_week_compares_and_has_three_pictures() -> None:
    found = weekly(job(1))
    assert [image.name for image in found.images] == ["results", "uploaded", "stored"]
    assert all(image.png.startswith(b"\x89PNG") and image.description in found.block.text for image in found.images)
    assert all(f'src="cid:{image.name}"' in found.block.html for image in found.images)
    assert found.images[0].description == "Bars for 14–20 Nov 2026: 70 runs, 7 failed runs; most runs on 14 November."
    assert "Runs: 70 (Before: 60)" in found.block.text
    assert "Growth: +1.00\u00a0GiB (Before: −1.00\u00a0MiB)" in found.block.text
    assert found.period == "14–20 Nov 2026"
    assert found.facts["totals"] == {
        "runs": 70,
        "successes": 63,
        "failures": 7,
        "uploaded": 7 * 1024**3,
        "stored": 5 * 1024**3,
        "growth": 1024**3,
    }


def test_a_week_says_what_changed_the_worst_first() -> None:
    overdue = (Overdue(job(5, State.OVERDUE), 30 * HOUR, 2), Overdue(job(6), 3 * HOUR, 1))
    changes = Changes((job(1),), (job(2),), (job(3, State.FAILING),), (job(4),), overdue)
    text = weekly(*(job(number) for number in range(1, 7)), changes=changes).block.text
    told = ("Began to fail", "Gone quiet", "Recovered", "New", "Overdue, for 30 hours", "Was overdue, for 3 hours")
    places = [text.index(words) for words in told]
    assert places == sorted(places)
    assert "2 times" in text
    assert "Nothing changed" in weekly(job(1)).block.text
    many = Changes(new=tuple(job(number) for number in range(40)))
    assert f"and {40 - MOST_CHANGES} more" in weekly(job(1), changes=many).block.text


def test_leaders_are_told_with_their_figure() -> None:
    found = weekly(job(1), uploads=(Ranked(job(1), 2048),), failures=(Ranked(job(1), 3),), growths=(Ranked(job(1), 1024**2),))
    assert "Most uploaded\n-------------\n  job 1 · server 1: 2.00\u00a0KiB" in found.block.text
    assert "Failed most often\n-----------------\n  job 1 · server 1: 3" in found.block.text
    assert "job 1 · server 1: +1.00\u00a0MiB" in found.block.text


def test_an_empty_fleet_needs_no_picture() -> None:
    found = weekly()
    assert (found.images, found.block.text) == ((), "No job has reported yet")


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.code)
def test_every_language_can_tell_every_state(language: Language) -> None:
    say = voice(language, "UTC")
    jobs = [job(number, state, silence="maintenance", reason="Why") for number, state in enumerate(State, start=1)]
    present = present_of(jobs, NOW)
    found = summary_of(DailyFacts(present, Instant(NOW - DAY), NOW, {}, 0, ()), say, NOW, BASE)
    assert all(say.word("state", state) in found.block.text for state in (State.STUCK, State.FAILING, State.LATE, State.NEVER))
    assert "{" not in found.block.text + found.headline


texts = st.text(max_size=60)


@given(texts, texts, texts, st.sampled_from(list(State)))
def test_whatever_a_job_is_called_the_html_is_whole(name: str, server: str, reason: str, state: State) -> None:
    found = daily(job(1, state, name=name, server=server, reason=reason))
    assert set(Reading(found.block.html).tags) <= {"p", "h2", "table", "tr", "td", "span", "b", "br", "a"}
