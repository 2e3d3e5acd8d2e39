"""The state of the fleet in words. In: how many jobs are in which state, the age of the last report; out: one or two sentences whose
troubled parts are links to the jobs that they count."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from duplistatus.evaluate.fleet_view import Group
from duplistatus.i18n.wording import Wording

TROUBLES = (Group.STUCK, Group.OVERDUE, Group.FAILED, Group.WARNING)
KIND_OF_GROUP = {Group.STUCK: "late", Group.OVERDUE: "late", Group.FAILED: "error", Group.WARNING: "warn", Group.FINE: "ok"}


def _first_part(wording: Wording, group: Group, count: int) -> str:
    """The part that the sentence begins with: it says what is counted."""
    match group:
        case Group.STUCK:
            text = wording.ngettext("%(num)s job is stuck", "%(num)s jobs are stuck", count)
        case Group.OVERDUE:
            text = wording.ngettext("%(num)s job is overdue", "%(num)s jobs are overdue", count)
        case Group.FAILED:
            text = wording.ngettext("%(num)s job failed", "%(num)s jobs failed", count)
        case _:
            text = wording.ngettext("%(num)s job has warnings", "%(num)s jobs have warnings", count)
    return text % {"num": wording.number(count)}


def _further_part(wording: Wording, group: Group, count: int) -> str:
    match group:
        case Group.OVERDUE:
            text = wording.ngettext("%(num)s is overdue", "%(num)s are overdue", count)
        case Group.FAILED:
            text = wording.ngettext("%(num)s failed", "%(num)s failed", count)
        case _:
            text = wording.ngettext("%(num)s has warnings", "%(num)s have warnings", count)
    return text % {"num": wording.number(count)}


def _fine(wording: Wording, count: int, *, others: bool) -> str:
    if others:
        text = wording.ngettext("The other one is fine", "The other %(num)s are fine", count)
    else:
        text = wording.ngettext("The only job is fine", "All %(num)s jobs are fine", count)
    return text % {"num": wording.number(count)}


def sentence(wording: Wording, counts: dict[Group, int], last_report_ms: int | None, link: Callable[[Group], str]) -> Markup:
    """`last_report_ms`: age of the last report, None without one. `link`: where the jobs of a group are."""
    parts: list[str] = []
    for group in TROUBLES:
        if count := counts.get(group, 0):
            text = (_further_part if parts else _first_part)(wording, group, count)
            parts.append(Markup('<a class="{}" href="{}">{}</a>').format(KIND_OF_GROUP[group], link(group), text))
    fine = counts.get(Group.FINE, 0)
    calm = _fine(wording, fine, others=bool(parts)) if fine else ""
    if last_report_ms is not None:
        age = wording.spoken_age(last_report_ms)
        alone = wording.gettext("The last report came %(age)s ago.")
        joined = wording.gettext("%(fine)s; the last report came %(age)s ago.")
        calm = (joined if calm else alone) % {"fine": calm, "age": age}
    # The links are escaped already; what joins them are words of the locale.
    troubled = Markup("{}. ").format(Markup(wording.listing(parts))) if parts else Markup("")  # noqa: S704
    rest = Markup('<span class="{}">{}</span>').format("muted" if parts else "ok", calm)
    return troubled + rest
