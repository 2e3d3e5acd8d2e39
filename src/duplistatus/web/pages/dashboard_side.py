"""The side of the dashboard: what needs attention, what comes next, two small lines. In: the fleet, a reader; out: what
`parts/side.html` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.fleet_view import Group, JobView, State, group_of
from duplistatus.evaluate.overdue import Activity
from duplistatus.i18n.wording import Wording
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.fleet_states import JobState
from duplistatus.store.ids import JobId
from duplistatus.web.pages.fleet_cache import SPARK_DAYS, Fleet
from duplistatus.web.pages.fleet_lists import Line, line_rank
from duplistatus.web.pages.job_row import KINDS, aging, live_view_of, state_word
from duplistatus.web.pages.live import LiveView
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
    text: str | Markup
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


def side(reader: Reader, fleet: Fleet, rows_of: Callable[[Sequence[JobId]], Mapping[JobId, JobRow]]) -> Side:
    """`rows_of` reads the full rows of a few jobs."""
    lines = [(server.row, job) for server in fleet.view.servers for job in server.jobs]
    troubled = sorted((line for line in lines if group_of(line[1].state) is not Group.FINE), key=line_rank)
    running = [line for line in lines if line[1].activity == Activity.RUNNING]
    wanted = [line[1].row.id for line in running[:_COMING]]
    wanted += [view.row.id for _, view in troubled[:_ATTENTION] if view.activity == Activity.STUCK]
    rows = rows_of(wanted)
    lives = {each: live for each in wanted if each in rows and (live := live_view_of(reader, rows[each])) is not None}
    return Side(
        _states(reader.wording, fleet.view.counts),
        [_attention(reader, server, job, lives.get(job.row.id)) for server, job in troubled[:_ATTENTION]],
        len(troubled),
        _running(reader, running, lives) + _coming(reader, lines, _COMING - len(running)),
        _lines(reader, fleet),
    )


def _states(wording: Wording, counts: Counter[State]) -> list[tuple[str, str, int, Group]]:
    """The states that occur, with their number."""
    return [(KINDS[state], state_word(wording, state), counts[state], group_of(state)) for state in State if counts[state]]


def _attention(reader: Reader, server: ServerRow, view: JobView[JobState], live: LiveView | None) -> Noted:
    wording, now, job = reader.wording, reader.now, view.row
    text: str | Markup = job.last_reason or state_word(wording, view.state)
    since = job.last_begun_at
    if view.state is State.OVERDUE and job.expected_at is not None:
        text = wording.gettext("Expected %(moment)s, no report since") % {"moment": wording.moment(job.expected_at, now)}
        since = job.expected_at
    elif live is not None and live.silent_since is not None:
        since = live.silent_since
        text = wording.gettext("Runs, but says nothing any more")
        if live.started_at is not None:
            text = Markup(wording.gettext("started %(age)s ago, silent for %(silence)s")) % {  # noqa: S704 - a text of the product
                "age": aging(wording, live.started_at, now),
                "silence": aging(wording, since, now),
            }
    when = aging(wording, since, now) if since is not None else Markup("")
    return Noted(server, job, KINDS[view.state], state_word(wording, view.state), text, when)


def _running(reader: Reader, lines: Sequence[Line], lives: Mapping[JobId, LiveView]) -> list[Noted]:
    """What runs now."""
    wording = reader.wording
    found: list[Noted] = []
    for server, view in lines[:_COMING]:
        live = lives.get(view.row.id)
        told = [part for part in (live.what, live.percent) if part] if live is not None else []
        started = live.started_at if live is not None else None
        since = aging(wording, started, reader.now) if started is not None else Markup("{}").format(wording.gettext("now"))
        found.append(
            Noted(server, view.row, "run", state_word(wording, State.RUNNING), ", ".join(told) or wording.gettext("running"), since)
        )
    return found


def _coming(reader: Reader, lines: Iterable[Line], most: int) -> list[Noted]:
    """What is expected next."""
    wording, now = reader.wording, reader.now
    found: list[Noted] = []
    expected = [(view.row.expected_at, server, view.row) for server, view in lines if (view.row.expected_at or 0) > now]
    expected.sort(key=lambda each: (each[0] or 0, each[1].label, each[2].name))
    for at, server, job in expected[: max(0, most)]:
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
