"""A job as lists show it. In: a job's view, its server, a reader; out: the words, marks and bars of its row, and the row as HTML. The HTML
of a row is kept and used again until the job, its state, the reader or an age in it changes: a page of hundreds of jobs costs as
much as its changes."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from duplistatus.clock import HOUR, Instant, iso
from duplistatus.evaluate.fleet_view import JobView, State, bars_of
from duplistatus.evaluate.live import live_of
from duplistatus.evaluate.overdue import Activity
from duplistatus.i18n.wording import Wording
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.live_servers import LiveServer
from duplistatus.web.live_words import ServerMark, place_text, server_mark
from duplistatus.web.pages.live import LiveView, live_view
from duplistatus.web.pages.rendering import DASH, Reader, environment, reading
from duplistatus.web.pages.strip import BARS, strip_paths
from duplistatus.web.release_words import Badge

_MOST_KEPT = 12_000

KINDS = {
    State.STUCK: "stuck",
    State.OVERDUE: "late",
    State.FAILING: "error",
    State.FATAL: "error",
    State.ERROR: "error",
    State.WARNING: "warn",
    State.UNKNOWN: "quiet",
    State.LATE: "due",
    State.RUNNING: "run",
    State.NEVER: "quiet",
    State.UNSCHEDULED: "quiet",
    State.OFF: "quiet",
    State.OK: "ok",
}
"""The mark of each state; `due` is the clock of a job that may still come in time."""


@dataclass(frozen=True, slots=True)
class JobRowView:
    """What `job_row` and `job_line` of `parts/jobs.html` show. `when` is what stands at the end of the row, `live` what the job is
    doing, whichever state is shown first; `badge`: the server's version, where the row shows it; `waits`: its place
    in the queue of its server; `mark`: what the server does that matters."""

    job: JobRow
    server: ServerRow
    kind: str
    word: str
    strip: list[tuple[str, str]]
    strip_label: str
    when: Markup
    due: Markup
    live: LiveView | None
    badge: Badge | None = None
    waits: str = ""
    mark: ServerMark | None = None


def state_word(wording: Wording, state: State) -> str:
    """A state in one or two words."""
    words = {
        State.STUCK: wording.gettext("Stuck"),
        State.OVERDUE: wording.gettext("Overdue"),
        State.FAILING: wording.gettext("Failing"),
        State.FATAL: wording.gettext("Fatal"),
        State.ERROR: wording.gettext("Error"),
        State.WARNING: wording.gettext("Warning"),
        State.UNKNOWN: wording.gettext("Unknown"),
        State.LATE: wording.gettext("Late"),
        State.RUNNING: wording.gettext("Running"),
        State.NEVER: wording.gettext("No run yet"),
        State.UNSCHEDULED: wording.gettext("Unscheduled"),
        State.OFF: wording.gettext("Not watched"),
        State.OK: wording.gettext("Success"),
    }
    return words[state]


def aging(wording: Wording, at: Instant, now: Instant, kind: str = "", classes: str = "") -> Markup:
    """An age as an element that `ages.js` keeps fresh: `3 h`, with `kind` `late` `3 h late`, with `in` `in 3 h`."""
    text = wording.age(at - now if kind == "in" else now - at)
    if kind and text != wording.age_patterns()["now"]:
        text = (wording.gettext("in {}") if kind == "in" else wording.gettext("{} late")).replace("{}", text)
    return Markup('<time class="{}" datetime="{}" data-age="{}">{}</time>').format(classes, iso(at), kind, text)


def when_of(wording: Wording, view: JobView[JobRow], live: LiveView | None, now: Instant) -> Markup:
    """The end of a row: how late, how far, or how long ago."""
    job = view.row
    if view.state is State.OVERDUE and job.expected_at is not None:
        return aging(wording, job.expected_at, now, "late", "age late")
    if view.state is State.STUCK:
        return Markup('<span class="age stuck">{}</span>').format(wording.gettext("stuck"))
    if live is not None and live.percent:
        return Markup('<span class="age run">{}</span>').format(live.percent)
    if live is not None and live.started_at is not None:
        return aging(wording, live.started_at, now, "", "age run")
    if job.last_begun_at is None:
        return Markup('<span class="age">{}</span>').format(DASH)
    return aging(wording, job.last_begun_at, now, "", "age")


def due_of(wording: Wording, view: JobView[JobRow], now: Instant) -> Markup:
    """The column of the next run: `in 5 h`, how long late or overdue."""
    job = view.row
    if job.expected_at is None:
        return Markup('<span class="faint">{}</span>').format(DASH)
    if view.schedule == "overdue":
        return aging(wording, job.expected_at, now, "late", "pill late")
    if view.schedule == "late":
        return aging(wording, job.expected_at, now, "late", "pill")
    return aging(wording, job.expected_at, now, "in", "muted")


def strip_words(wording: Wording, bars: Sequence[str]) -> str:
    """What the bars of a strip show, for those who hear it: `Last 20 runs: 18 Success, 2 Warning; 1 missed`."""
    counts = Counter(bars)
    missed, runs = counts.pop("missed", 0), sum(counts.values())
    if not bars:
        return wording.gettext("No runs")
    names = {
        "ok": wording.gettext("Success"),
        "warn": wording.gettext("Warning"),
        "error": wording.gettext("Error"),
        "quiet": wording.gettext("Unknown"),
        "run": wording.gettext("Running"),
    }
    text = wording.ngettext("Last run", "Last %(num)s runs", runs) % {"num": runs}
    results = ", ".join(f"{counts[kind]} {name}" for kind, name in names.items() if counts[kind])
    gaps = wording.ngettext("%(num)s missed", "%(num)s missed", missed) % {"num": missed}
    return f"{text}: {results}" + (f"; {gaps}" if missed else "")


def live_view_of(reader: Reader, job: JobRow) -> LiveView | None:
    """What the job is doing; None where it rests."""
    live = live_of(job, reader.now)
    return live_view(reader.wording, live, reader.now) if live is not None else None


def row_view(
    reader: Reader, server: ServerRow, view: JobView[JobRow], badge: Badge | None = None, there: LiveServer | None = None
) -> JobRowView:
    """Everything that a row shows."""
    wording = reader.wording
    live = live_view_of(reader, view.row)
    mark, waits = _there(reader, view, there)
    bars = bars_of(view, reader.now)
    return JobRowView(
        view.row,
        server,
        KINDS[view.state],
        state_word(wording, view.state),
        strip_paths(bars),
        strip_words(wording, bars[-BARS:]),
        when_of(wording, view, live, reader.now),
        due_of(wording, view, reader.now),
        live,
        badge,
        waits,
        mark,
    )


def _there(reader: Reader, view: JobView[JobRow], there: LiveServer | None) -> tuple[ServerMark | None, str]:
    """What the server does that matters, and the job's place in its queue."""
    if there is None:
        return None, ""
    place = there.place_of(view.row.id) if view.activity == Activity.IDLE else None
    return server_mark(reader.wording, there, reader.now), place_text(reader.wording, place) if place is not None else ""


class Rows:
    """The rows as HTML, kept per job, form of the row and reader."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], tuple[tuple[object, ...], Markup]] = OrderedDict()

    def html(
        self,
        reader: Reader,
        form: str,
        server: ServerRow,
        view: JobView[JobRow],
        badge: Badge | None = None,
        there: LiveServer | None = None,
    ) -> Markup:
        """A row in one of the forms of `parts/jobs.html`: `job_row` (an item of a card) or `job_line` (a row of the table)."""
        wording = reader.wording
        live = live_view_of(reader, view.row)
        when = when_of(wording, view, live, reader.now)
        due = due_of(wording, view, reader.now) if form == "job_line" else Markup("")
        key = (view.row.id, form, wording.language.code, wording.locale, wording.zone.key, reader.root)
        # The hollow bars of an overdue job grow with time.
        ages = wording.age(reader.now - view.row.last_begun_at) if form == "job_line" and view.row.last_begun_at is not None else ""
        state = (
            view,
            server,
            badge,
            _there(reader, view, there),
            when,
            due,
            live,
            ages,
            reader.now // HOUR if view.state is State.OVERDUE else 0,
        )
        kept = self._kept.get(key)
        if kept is not None and kept[0] == state:
            return kept[1]
        made = self._made(reader, form, row_view(reader, server, view, badge, there))
        self._kept[key] = (state, made)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return made

    @staticmethod
    def _made(reader: Reader, form: str, row: JobRowView) -> Markup:
        with reading(reader):
            macro = getattr(environment.get_template("parts/jobs.html").module, form)
            return Markup(str(macro(row)).strip())  # noqa: S704 - the template has escaped what it shows
