"""The side of the dashboard: what needs attention, what comes next, two small lines. In: the fleet, a reader; out: what
`parts/side.html` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.fleet_view import Group, JobView, State, group_of
from duplistatus.i18n.wording import Wording
from duplistatus.store.fleet import ServerRow
from duplistatus.store.fleet_states import JobState
from duplistatus.web.pages.fleet_cache import SPARK_DAYS, Fleet
from duplistatus.web.pages.fleet_lists import Line, line_rank
from duplistatus.web.pages.job_row import KINDS, aging, progress_text, state_word
from duplistatus.web.pages.rendering import Reader
from duplistatus.web.pages.sparkline import Sparkline, sparkline

_ATTENTION = 6
_COMING = 5


@dataclass(frozen=True, slots=True)
class Noted:
    """A line of a list: a job, what is to be said of it, and when."""

    server: ServerRow
    job: JobState
    kind: str
    word: str
    text: str
    when: Markup


@dataclass(frozen=True, slots=True)
class Line28:
    """A small chart: the present figure, the line, what it shows in words, the days below it."""

    title: str
    figure: str
    series: str
    spark: Sparkline
    label: str
    ticks: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """`troubled` is the number of jobs of which `attention` shows the most urgent ones."""

    states: list[tuple[str, str, int, Group]]
    attention: list[Noted]
    troubled: int
    coming: list[Noted]
    lines: list[Line28]


def side(reader: Reader, fleet: Fleet) -> Side:
    lines = [(server.row, job) for server in fleet.view.servers for job in server.jobs]
    troubled = sorted((line for line in lines if group_of(line[1].state) is not Group.FINE), key=line_rank)
    return Side(
        _states(reader.wording, fleet.view.counts),
        [_attention(reader, server, job) for server, job in troubled[:_ATTENTION]],
        len(troubled),
        _coming(reader, lines),
        _lines(reader, fleet),
    )


def _states(wording: Wording, counts: Counter[State]) -> list[tuple[str, str, int, Group]]:
    """The states that occur, with their number."""
    return [(KINDS[state], state_word(wording, state), counts[state], group_of(state)) for state in State if counts[state]]


def _attention(reader: Reader, server: ServerRow, view: JobView[JobState]) -> Noted:
    wording, now, job = reader.wording, reader.now, view.row
    text = job.last_reason or state_word(wording, view.state)
    since = job.last_begun_at
    if view.state is State.OVERDUE and job.expected_at is not None:
        text = wording.gettext("Expected %(moment)s, no report since") % {"moment": wording.moment(job.expected_at, now)}
        since = job.expected_at
    elif view.state is State.STUCK and job.live_reported_at is not None:
        text = wording.gettext("Runs, but says nothing any more")
        since = job.live_reported_at
    when = aging(wording, since, now) if since is not None else Markup("")
    return Noted(server, job, KINDS[view.state], state_word(wording, view.state), text, when)


def _coming(reader: Reader, lines: Iterable[Line]) -> list[Noted]:
    """What runs now, then what is expected next."""
    wording, now = reader.wording, reader.now
    found: list[Noted] = []
    running = [line for line in lines if line[1].row.activity == "running"]
    for server, view in running[:_COMING]:
        text = wording.gettext("running, %(share)s") % {"share": progress_text(wording, view.row)}
        text = text if view.row.live_progress else wording.gettext("running")
        since = Markup("{}").format(wording.gettext("now"))
        found.append(Noted(server, view.row, "run", state_word(wording, State.RUNNING), text, since))
    expected = [(view.row.expected_at, server, view.row) for server, view in lines if (view.row.expected_at or 0) > now]
    expected.sort(key=lambda each: (each[0] or 0, each[1].label, each[2].name))
    for at, server, job in expected[: _COMING - len(found)]:
        assert at is not None  # noqa: S101 - only such were chosen
        text = wording.moment(at, now) if at - now >= DAY else wording.time_of_day(at)
        found.append(Noted(server, job, "", "", text, aging(wording, at, now, "in")))
    return found


def _lines(reader: Reader, fleet: Fleet) -> list[Line28]:
    wording = reader.wording
    mean = sum(fleet.uploaded) // SPARK_DAYS
    first, last = fleet.stored[0], fleet.stored[-1]
    stored_label = wording.gettext("Stored, last four weeks: from %(first)s to %(last)s") % {
        "first": wording.size(first),
        "last": wording.size(last),
    }
    uploaded_label = wording.gettext("Uploaded a day, last four weeks: %(mean)s on average, at most %(most)s") % {
        "mean": wording.size(mean),
        "most": wording.size(max(fleet.uploaded)),
    }
    ticks = _ticks(reader)
    return [
        Line28(wording.gettext("Stored"), wording.size(last), "c1", sparkline(fleet.stored), stored_label, ticks),
        Line28(wording.gettext("Uploaded a day"), wording.size(mean), "c3", sparkline(fleet.uploaded), uploaded_label, ticks),
    ]


def _ticks(reader: Reader) -> tuple[str, str, str]:
    """Names of the first and the middle day; days are UTC days."""
    span = timedelta(days=SPARK_DAYS - 1) // timedelta(milliseconds=1)
    first, middle = Instant(reader.now - span), Instant(reader.now - span // 2)
    wording = reader.wording
    return wording.day(first, reader.now), wording.day(middle, reader.now), wording.gettext("today")
