"""What servers do now, in words. In: a `LiveServer` and the reader's wording; out: sentences and the few words that fit beside a name. What
is not known says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from duplistatus.clock import Instant
from duplistatus.evaluate.explanation import Explanation
from duplistatus.evaluate.overdue import Activity, Schedule
from duplistatus.i18n.wording import Wording
from duplistatus.ingest.duplicati.controls import Why
from duplistatus.store.live_servers import LiveServer, State, Waiting
from duplistatus.web.trouble_words import TroubleWords, trouble_words

_NAMED = 20
"""Jobs that a sentence names at most."""
_EXPECTED = frozenset({Schedule.LATE, Schedule.OVERDUE})


@dataclass(frozen=True, slots=True)
class ServerMark:
    """What stands beside a server's name: `sign` is an icon's name."""

    sign: str
    text: str


def server_mark(wording: Wording, live: LiveServer | None, now: Instant) -> ServerMark | None:
    """That a server is paused, or away; None for what needs no mark."""
    if live is None:
        return None
    if live.state is State.GONE:
        return ServerMark("alert", wording.gettext("Does not answer"))
    if not live.is_paused:
        return None
    if live.pause_ends is None:
        return ServerMark("pause", wording.gettext("Paused"))
    return ServerMark("pause", wording.gettext("Paused until %(moment)s") % {"moment": _moment(wording, live.pause_ends, now)})


def place_text(wording: Wording, place: int) -> str:
    """A job that waits until its server has time."""
    if place == 1:
        return wording.gettext("Waiting, next in the queue")
    return wording.gettext("Waiting, number %(num)s in the queue") % {"num": wording.number(place)}


def server_sentence(wording: Wording, live: LiveServer, now: Instant) -> str:
    """What the server does; a job at work is told apart from this."""
    if live.state is State.PAUSED and live.pause_ends is not None:
        text = wording.gettext("The server is paused until %(moment)s: it starts nothing before that.")
        return text % {"moment": _moment(wording, live.pause_ends, now)}
    sentences = {
        State.PAUSED: wording.gettext("The server is paused: it starts nothing until somebody resumes it."),
        State.GONE: wording.gettext("The server does not answer."),
        State.RUNNING: wording.gettext("The server is at work."),
        State.IDLE: wording.gettext("The server is there; nothing runs."),
    }
    if live.state in sentences:
        return sentences[live.state]
    return wording.gettext("What the server does now is not known.") if live.is_watched else ""


def pause_sentence(wording: Wording, live: LiveServer | None, found: Explanation) -> str:
    """What a pause means for a job that is expected; empty where it explains nothing."""
    if live is None or not live.is_paused or found.schedule not in _EXPECTED or found.activity == Activity.RUNNING:
        return ""
    if live.pause_ends is None:
        text = wording.gettext("Its server is paused until somebody resumes it, and starts no job meanwhile: that is why no run comes.")
    else:
        text = wording.gettext("Its server is paused until %(moment)s, and starts no job before that: that is why no run comes.")
        text %= {"moment": _moment(wording, live.pause_ends, found.at)}
    return f"{text} {wording.gettext('It stays overdue all the same.')}" if found.schedule is Schedule.OVERDUE else text


def unlisted_sentence(wording: Wording, listed: bool | None, found: Explanation) -> str:
    """What to make of a job that its server does not list any more; empty where it does, or nobody knows."""
    if listed is not False:
        return ""
    text = wording.gettext("Duplicati did not list this job when it was asked last.")
    if found.schedule is Schedule.OFF:
        return text
    todo = wording.gettext("If it was deleted there, switch its monitoring off here, as no run of it will come. Its history stays.")
    return f"{text} {todo}"


def never_ran_sentence(wording: Wording, names: Sequence[str]) -> str:
    """Jobs that the server lists and of which no run is known; empty where there are none."""
    if not names:
        return ""
    text = wording.gettext("Duplicati lists further jobs, of which no run is known: %(jobs)s.") % {"jobs": ", ".join(names[:_NAMED])}
    more = len(names) - _NAMED
    if more <= 0:
        return text
    rest = wording.ngettext("%(num)s more is not named here.", "%(num)s more are not named here.", more)
    return f"{text} {rest % {'num': wording.number(more)}}"


def live_trouble(wording: Wording, live: LiveServer, url: str) -> TroubleWords | None:
    """Why it cannot be watched."""
    if not live.trouble:
        return None
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        return trouble_words(live.trouble, {}, wording)
    place = f"{address.host}:{address.port}" if address.port else address.host
    return trouble_words(live.trouble, {"place": place, "host": address.host}, wording)


def waiting_name(wording: Wording, each: Waiting) -> str:
    """A job, also one of which nothing is known but its number there."""
    return each.name or wording.gettext("job %(id)s of its list") % {"id": each.api_id}


def declined_sentence(wording: Wording, why: Why) -> str:
    """Why nothing was done."""
    return {
        Why.NO_JOB: wording.gettext("Duplicati lists no such job, or more than one of that name. Collect from the server, then try again."),
        Why.NOTHING_RUNS: wording.gettext("Nothing runs there now."),
        Why.OTHER_TASK: wording.gettext("That has ended meanwhile; something else runs now."),
    }[why]


def _moment(wording: Wording, at: Instant, now: Instant) -> str:
    same_day = wording.local(at).date() == wording.local(now).date()
    return wording.time_of_day(at) if same_day else wording.moment(at, now)
