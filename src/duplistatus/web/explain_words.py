"""An explanation in words. In: an `Explanation` and the reader's wording; out: sentences with the numbers behind the verdict, each of them
plain text in the reader's language and zone."""

from __future__ import annotations

from duplistatus.clock import MINUTE, Instant
from duplistatus.evaluate.expectation import Expectation, Source
from duplistatus.evaluate.explanation import Explanation, Rule
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.evaluate.outcome import OutcomeFact
from duplistatus.evaluate.overdue import Activity, Schedule
from duplistatus.evaluate.zone_evidence import ServerZone, ZoneReason, ZoneRule
from duplistatus.i18n.weekdays import days_text
from duplistatus.i18n.wording import Wording
from duplistatus.store.changes import Change


def schedule_word(schedule: Schedule, wording: Wording) -> str:
    """The verdict in a word."""
    return {
        Schedule.OK: wording.gettext("On time"),
        Schedule.LATE: wording.gettext("Late"),
        Schedule.OVERDUE: wording.gettext("Overdue"),
        Schedule.UNSCHEDULED: wording.gettext("Unscheduled"),
        Schedule.OFF: wording.gettext("Not watched"),
    }[schedule]


def verdict_sentence(found: Explanation, job: str, wording: Wording) -> str:
    """The verdict with its rule and its numbers."""
    expected = found.expectation
    if expected is None or found.overdue_at is None or found.rule is Rule.NOT_WATCHED:
        return _without_moment(found.rule, job, wording)
    values = {
        "job": job,
        "expected": _moment(expected.at, found, wording),
        "overdue": _moment(found.overdue_at, found, wording),
        "tolerance": tolerance_text(found.tolerance, wording),
        "late": wording.spoken_age(max(0, found.at - expected.at)),
    }
    texts = {
        Rule.NOT_DUE: wording.gettext(
            "%(job)s is on time: its next run is expected at %(expected)s; without a report it is overdue after %(overdue)s."
        ),
        Rule.WITHIN_TOLERANCE: wording.gettext(
            "%(job)s is late: it was expected at %(expected)s, %(late)s before, and no run has been reported since; with a tolerance of "
            "%(tolerance)s it is overdue after %(overdue)s."
        ),
        Rule.AT_WORK: wording.gettext(
            "%(job)s is late, but at work: it was expected at %(expected)s, and a running job is not overdue until it falls silent."
        ),
        Rule.PAST_TOLERANCE: wording.gettext(
            "%(job)s is overdue: it was expected at %(expected)s, %(late)s before, and no run has been reported since; the tolerance of "
            "%(tolerance)s ended at %(overdue)s."
        ),
    }
    return texts[found.rule] % values


def _without_moment(rule: Rule, job: str, wording: Wording) -> str:
    texts = {
        Rule.NOT_WATCHED: wording.gettext("%(job)s is not watched: somebody switched that off, so it is never called late or overdue."),
        Rule.NO_RUN: wording.gettext("Nothing was known of %(job)s at that moment: no run had been reported."),
        Rule.BY_HAND_ONLY: wording.gettext(
            "%(job)s is unscheduled: its reports say that every run was started by hand, so there is no slot to miss."
        ),
    }
    other = wording.gettext(
        "%(job)s is unscheduled: no report announced a next run, the server told of no schedule, nobody set an interval, and its runs "
        "keep no clear rhythm. Set an interval to have it watched."
    )
    return texts.get(rule, other) % {"job": job}


def source_sentence(expected: Expectation, found: Explanation, wording: Wording) -> str:
    """How the expected moment is known."""
    values = {
        "told": _moment(expected.told_at, found, wording) if expected.told_at is not None else "",
        "base": _moment(expected.counted_from, found, wording) if expected.counted_from is not None else "",
        "interval": expected.interval,
        "days": wording.gettext("on all weekdays") if expected.days == ALL_DAYS else days_text(expected.days, wording.locale),
        "sure": wording.percent(expected.confidence) if expected.confidence is not None else "",
    }
    texts = {
        Source.REPORT: wording.gettext(
            "Announced by the job's report of %(told)s (next-scheduled-run): Duplicati's own answer, which already counts weekdays and "
            "changes of the clock."
        ),
        Source.PROPOSED: wording.gettext("Proposed by the server at %(told)s: the next run that its scheduler itself named."),
        Source.SERVER: wording.gettext("Counted from the server's schedule: every %(interval)s, %(days)s, from %(base)s on."),
        Source.SETTING: wording.gettext("Counted from your setting: every %(interval)s, %(days)s, from %(base)s on."),
        Source.LEARNED: wording.gettext("Learned from the rhythm of the runs, which foretells %(sure)s of them; the last was at %(base)s."),
    }
    return texts[expected.source] % values


def source_word(source: Source, wording: Wording) -> str:
    """How the expected moment is known, in a few words."""
    return {
        Source.REPORT: wording.gettext("announced by report"),
        Source.PROPOSED: wording.gettext("proposed by the server"),
        Source.SERVER: wording.gettext("server’s schedule"),
        Source.SETTING: wording.gettext("set here"),
        Source.LEARNED: wording.gettext("learned"),
    }[source]


def zone_sentence(zone: ServerZone, found: Explanation, wording: Wording) -> str:
    """The zone in which the server counts, and why."""
    text = _zone_texts(zone.reason, wording)
    reason = zone.reason
    values = {
        "zone": zone.name,
        "text": reason.text,
        "at": _moment(reason.at, found, wording) if reason.at is not None else "",
        "from": offset_text(reason.from_offset),
        "to": offset_text(reason.to_offset),
        "slots": wording.number(reason.slots or 0),
    }
    return text % values


def _zone_texts(reason: ZoneReason, wording: Wording) -> str:
    if reason.rule is ZoneRule.TOLD and not reason.text:
        return wording.gettext("UTC: the server told that its setting server-timezone is empty, and then Duplicati counts in UTC.")
    return {
        ZoneRule.SET_BY_USER: wording.gettext("%(zone)s: set by a person."),
        ZoneRule.TOLD: wording.gettext("%(zone)s: the server told so (server-timezone)."),
        ZoneRule.TOLD_UNKNOWN: wording.gettext(
            "%(zone)s: the server told of a zone that nobody knows (%(text)s), and then Duplicati counts in that of its host."
        ),
        ZoneRule.VERSION: wording.gettext(
            "UTC for the time of day, %(zone)s for the weekday: so Duplicati counted before 2.1.2, and this server runs %(text)s."
        ),
        ZoneRule.MOVED_WITH_CLOCK: wording.gettext(
            "%(zone)s: when the clock went from %(from)s to %(to)s at %(at)s, the runs moved with it."
        ),
        ZoneRule.KEPT_UTC: wording.gettext(
            "UTC: when the clock of the host went from %(from)s to %(to)s at %(at)s, the runs stayed at their time of UTC."
        ),
        ZoneRule.WEEKDAYS: wording.gettext(
            "%(zone)s: counted there, %(slots)s or more announced runs lie on Monday to Friday; in UTC they do not."
        ),
        ZoneRule.HOST_IS_UTC: wording.gettext("UTC: the clock of the host shows UTC."),
        ZoneRule.NO_CHANGE_SEEN: wording.gettext(
            "UTC, assumed: a new Duplicati counts so, and no change of the clock has shown yet whether this one does."
        ),
    }[reason.rule]


def outcome_sentence(found: Explanation, wording: Wording) -> str:
    """Whether the job is failing; empty where it is not."""
    if found.outcome != OutcomeFact.FAILING:
        return ""
    text = wording.ngettext(
        "It is failing: %(num)s slot without a success; %(limit)s are enough.",
        "It is failing: %(num)s slots without a success; %(limit)s are enough.",
        found.slots_without_success,
    )
    return text % {"num": wording.number(found.slots_without_success), "limit": wording.number(found.failing_after)}


def activity_sentence(found: Explanation, wording: Wording) -> str:
    """Whether the job runs or has fallen silent; empty where neither is known."""
    if found.activity == Activity.RUNNING:
        return wording.gettext("It is running now.")
    if found.activity == Activity.STUCK:
        return wording.gettext("It started and has fallen silent: no live status for ten of its intervals, at least ten minutes.")
    return ""


def change_sentence(change: Change, wording: Wording) -> str:
    """A change of a fact, with what led to it."""
    words = {
        ("schedule", "ok"): wording.gettext("On time again"),
        ("schedule", "late"): wording.gettext("Late"),
        ("schedule", "overdue"): wording.gettext("Overdue"),
        ("schedule", "unscheduled"): wording.gettext("Unscheduled"),
        ("schedule", "off"): wording.gettext("Not watched"),
        ("outcome", "good"): wording.gettext("Succeeds again"),
        ("outcome", "failing"): wording.gettext("Failing"),
        ("activity", "idle"): wording.gettext("No longer running"),
        ("activity", "running"): wording.gettext("Running"),
        ("activity", "stuck"): wording.gettext("Stuck: it fell silent"),
        ("silence", "none"): wording.gettext("Messages are sent again"),
        ("silence", "snoozed"): wording.gettext("Snoozed"),
        ("silence", "maintenance"): wording.gettext("In maintenance"),
        ("silence", "acknowledged"): wording.gettext("Acknowledged"),
    }
    text = words.get((change.fact, change.after), change.after)
    if (change.fact, change.before, change.after) == ("schedule", "unscheduled", "ok"):
        text = wording.gettext("Expected for the first time")
    told = []
    if (expected := change.reason.get("expected_at")) is not None:
        told.append(wording.gettext("expected at %(moment)s") % {"moment": wording.moment(Instant(expected), change.at)})
    if change.after == OutcomeFact.FAILING and (slots := change.reason.get("slots")):
        num = wording.ngettext("%(num)s slot without a success", "%(num)s slots without a success", slots)
        told.append(num % {"num": wording.number(slots)})
    if (since := change.reason.get("down_since")) is not None:
        told.append(
            wording.gettext("found after nothing had been judged since %(moment)s") % {"moment": wording.moment(Instant(since), change.at)}
        )
    return f"{text} ({', '.join(told)})" if told else text


def tolerance_text(tolerance: int, wording: Wording) -> str:
    return wording.spoken_age(tolerance) if tolerance else wording.gettext("nothing")


def offset_text(minutes: int | None) -> str:
    """`UTC+02:00`."""
    if minutes is None:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def _moment(at: Instant, found: Explanation, wording: Wording) -> str:
    """With the second where it is no full minute, so that a runs' begin and its slot can be told apart."""
    return wording.full_moment(at) if at % MINUTE else wording.moment(at, found.at)
