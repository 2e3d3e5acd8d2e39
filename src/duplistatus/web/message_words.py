"""Messages in words. In: a message as it is kept, and the reader's wording; out: its fate as a mark and a word, and what there is to say
of it."""

from __future__ import annotations

from dataclasses import dataclass

from duplistatus.clock import MINUTE, SECOND, Instant
from duplistatus.evaluate.notice import Event
from duplistatus.i18n.wording import Wording
from duplistatus.notify.backoff import MOST_TRIES
from duplistatus.store import outbox
from duplistatus.store.messages import MessageLine


@dataclass(frozen=True, slots=True)
class Shown:
    """A message for a page. `kind` and `word`: its fate; `details`: sentences; `place`: where it goes, apart from the channel's name;
    `is_soon`: its fate may change within a minute; `can_go_again`: it has ended."""

    line: MessageLine
    kind: str
    word: str
    details: tuple[str, ...]
    place: str
    is_soon: bool
    can_go_again: bool


def shown(line: MessageLine, place: str, now: Instant, wording: Wording) -> Shown:
    """A message in the words of the reader."""
    kind, word = _fate(line, wording)
    soon = line.state == outbox.SENDING or (line.state == outbox.WAITING and (line.next_try_at or now) - now < MINUTE)
    return Shown(line, kind, word, tuple(_details(line, wording)), place, soon, not line.is_under_way)


def state_name(state: str, wording: Wording) -> str:
    """What a state is called."""
    names = {
        outbox.WAITING: wording.gettext("Waiting"),
        outbox.SENDING: wording.gettext("Being sent"),
        outbox.SENT: wording.gettext("Delivered"),
        outbox.FAILED: wording.gettext("Gave up"),
        outbox.HELD: wording.gettext("Held back"),
    }
    return names[state]


def event_name(event: Event, wording: Wording) -> str:
    """What a message is about."""
    names = {
        Event.SUCCESS: wording.gettext("Success"),
        Event.WARNING: wording.gettext("Warning"),
        Event.ERROR: wording.gettext("Error"),
        Event.FATAL: wording.gettext("Fatal"),
        Event.OVERDUE: wording.gettext("Overdue"),
        Event.BACK: wording.gettext("Back to normal"),
        Event.DAILY: wording.gettext("Daily summary"),
        Event.WEEKLY: wording.gettext("Weekly summary"),
        Event.MONTHLY: wording.gettext("Monthly summary"),
        Event.TEST: wording.gettext("Test message"),
    }
    return names[event]


def took_text(milliseconds: int, wording: Wording) -> str:
    """How long something took that takes milliseconds or seconds."""
    if milliseconds < SECOND:
        return wording.gettext("%(num)s ms") % {"num": wording.number(milliseconds)}
    return wording.gettext("%(num)s s") % {"num": wording.number(milliseconds / SECOND, 1)}


def _fate(line: MessageLine, wording: Wording) -> tuple[str, str]:
    if line.state == outbox.SENT:
        kind = "ok"
    elif line.state == outbox.FAILED:
        kind = "error"
    elif line.state == outbox.HELD:
        kind = "quiet"
    else:
        kind = "run"
    if line.state == outbox.WAITING and line.tries:
        return kind, wording.gettext("Trying again")
    return kind, state_name(line.state, wording)


def _details(line: MessageLine, wording: Wording) -> list[str]:
    if line.state == outbox.HELD:
        return [_held(line.error, wording)]
    found = [line.error] if line.error else []
    if line.state == outbox.SENT:
        found = [took_text(line.took, wording), *found] if line.took is not None else found
        if line.tries > 1:
            found.append(wording.gettext("at attempt %(num)s") % {"num": line.tries})
    elif line.state == outbox.FAILED and line.tries > 1:
        found.append(wording.gettext("after %(num)s attempts") % {"num": line.tries})
    elif line.is_under_way and line.tries:
        found.append(wording.gettext("attempt %(num)s of %(most)s") % {"num": line.tries, "most": MOST_TRIES})
    return found


def _held(why: str, wording: Wording) -> str:
    reasons = {
        outbox.OFF: wording.gettext("the channel was switched off"),
        "snoozed": wording.gettext("the job was snoozed"),
        "maintenance": wording.gettext("the job was in maintenance"),
        "acknowledged": wording.gettext("the trouble of the job was acknowledged"),
    }
    return reasons.get(why, why)
