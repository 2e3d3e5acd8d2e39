"""Tasks in words. In: a task, its rhythm or what a run of it did, and the reader's wording; out: texts in that language."""

from __future__ import annotations

from duplistatus.clock import MINUTE
from duplistatus.evaluate.task_times import (
    AUDIT_CLEANUP,
    DAILY_SUMMARY,
    DUPLICATI_RELEASES,
    MESSAGE_CLEANUP,
    OVERDUE_CHECK,
    SERVER_COLLECTION,
    SUMMARY_TASKS,
    WEEKLY_SUMMARY,
    Daily,
    Every,
    Rhythm,
    TimesOfDay,
    Weekly,
)
from duplistatus.i18n.weekdays import weekdays
from duplistatus.i18n.wording import Wording
from duplistatus.store.tasks import Figures

_HOURS_OF_DAY = 24


def title(name: str, wording: Wording) -> str:
    """What people call a task."""
    if name == OVERDUE_CHECK:
        return wording.gettext("Check for overdue jobs")
    if name == AUDIT_CLEANUP:
        return wording.gettext("Clean up the audit log")
    if name == MESSAGE_CLEANUP:
        return wording.gettext("Clean up messages")
    if name in SUMMARY_TASKS:
        return _summary_title(name, wording)
    if name == SERVER_COLLECTION:
        return wording.gettext("Collect from Duplicati servers")
    if name == DUPLICATI_RELEASES:
        return wording.gettext("Fetch the list of Duplicati versions")
    return wording.gettext("Clean up sessions")


def _summary_title(name: str, wording: Wording) -> str:
    if name == DAILY_SUMMARY:
        return wording.gettext("Send the daily summary")
    if name == WEEKLY_SUMMARY:
        return wording.gettext("Send the weekly summary")
    return wording.gettext("Send the monthly summary")


def rhythm_text(rhythm: Rhythm | None, wording: Wording) -> str:
    """`every 5 minutes`, `daily at 02:00 (UTC)`."""
    if rhythm is None:
        return wording.gettext("not by time")
    if isinstance(rhythm, Every):
        return wording.gettext("every %(time)s") % {"time": wording.spoken_age(rhythm.interval)}
    values = {"time": f"{rhythm.at:%H:%M}", "zone": rhythm.zone.key}
    if isinstance(rhythm, TimesOfDay) and rhythm.hours < _HOURS_OF_DAY:
        values |= {"hours": wording.number(rhythm.hours)}
        return wording.gettext("every %(hours)s hours, at %(time)s and so on (%(zone)s)") % values
    if isinstance(rhythm, Daily | TimesOfDay):
        return wording.gettext("daily at %(time)s (%(zone)s)") % values
    if isinstance(rhythm, Weekly):
        day = next(each.name for each in weekdays(wording.locale) if each.number == rhythm.weekday)
        return wording.gettext("every %(day)s at %(time)s (%(zone)s)") % (values | {"day": day})
    if rhythm.day:
        return wording.gettext("on day %(day)s of each month at %(time)s (%(zone)s)") % (values | {"day": rhythm.day})
    return wording.gettext("on the last day of each month at %(time)s (%(zone)s)") % values


def result_text(name: str, figures: Figures | None, wording: Wording) -> str:
    """What a run did, in a sentence."""
    if not figures:
        return ""
    if name == OVERDUE_CHECK:
        return _checked(figures, wording)
    if name in SUMMARY_TASKS:
        return _sent(figures, wording)
    if name == SERVER_COLLECTION:
        return _collected(figures, wording)
    if name == DUPLICATI_RELEASES:
        return _fetched(figures, wording)
    removed = figures["removed"]
    if name == AUDIT_CLEANUP:
        text = wording.ngettext(
            "%(num)s entry older than %(days)s days removed.", "%(num)s entries older than %(days)s days removed.", removed
        )
        return text % {"num": wording.number(removed), "days": figures["days"]}
    if name == MESSAGE_CLEANUP:
        text = wording.ngettext(
            "%(num)s message older than %(days)s days removed.", "%(num)s messages older than %(days)s days removed.", removed
        )
        return text % {"num": wording.number(removed), "days": figures["days"]}
    return wording.ngettext("%(num)s session removed.", "%(num)s sessions removed.", removed) % {"num": wording.number(removed)}


def _fetched(figures: Figures, wording: Wording) -> str:
    if not figures["asked"]:
        return wording.gettext("No list is fetched: DUPLISTATUS_RELEASES_URL says so.")
    if figures["missed"]:
        # Nothing wrong: there are networks without a way out.
        return wording.gettext("No whole list could be fetched; what was known before stays.")
    text = wording.ngettext("%(num)s channel has a new version.", "%(num)s channels have a new version.", figures["new"])
    return text % {"num": wording.number(figures["new"])} if figures["new"] else wording.gettext("No new versions.")


def _collected(figures: Figures, wording: Wording) -> str:
    """Servers are named on their own page alone: not everybody who sees the tasks sees them."""
    begun = wording.ngettext("%(num)s server is due", "%(num)s servers are due", figures["begun"])
    collected = wording.gettext("%(num)s collected since the last time")
    told = [begun % {"num": wording.number(figures["begun"])}, collected % {"num": wording.number(figures["collected"])}]
    if figures["failed"]:
        told.append(wording.gettext("%(num)s could not be collected") % {"num": wording.number(figures["failed"])})
    if figures["found"]:
        found = wording.ngettext("%(num)s lost report found", "%(num)s lost reports found", figures["found"])
        told.append(found % {"num": wording.number(figures["found"])})
    return ", ".join(told) + "."


def _sent(figures: Figures, wording: Wording) -> str:
    if not figures["due"]:
        return wording.gettext("Not due: its moment was long ago, or before it was set.")
    if not figures["sent"]:
        return wording.gettext("Nothing was sent: it was already, or nobody gets it.")
    sent = wording.ngettext("%(num)s message sent", "%(num)s messages sent", figures["sent"])
    return sent % {"num": wording.number(figures["sent"])} + "."


def _checked(figures: Figures, wording: Wording) -> str:
    checked = wording.ngettext("%(num)s job checked", "%(num)s jobs checked", figures["checked"])
    overdue = wording.gettext("%(num)s overdue")
    told = [checked % {"num": wording.number(figures["checked"])}, overdue % {"num": wording.number(figures["overdue"])}]
    if figures["sent"]:
        sent = wording.ngettext("%(num)s message sent", "%(num)s messages sent", figures["sent"])
        told.append(sent % {"num": wording.number(figures["sent"])})
    text = ", ".join(told) + "."
    if silent := figures.get("silent_minutes"):
        made_up = wording.gettext("It made up for %(time)s without a look; %(num)s states of jobs changed.")
        text += " " + made_up % {"time": wording.spoken_age(silent * MINUTE), "num": wording.number(figures["changed"])}
    return text
