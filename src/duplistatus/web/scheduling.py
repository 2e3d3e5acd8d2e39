"""What handlers ask of the scheduler: to run a task now. In: a request; out: the scheduler that the composition root made, and a sentence
on what a run did, for people and programs."""

from __future__ import annotations

from typing import Protocol

from starlette.requests import HTTPConnection

from duplistatus.evaluate.task_times import AUDIT_CLEANUP, OVERDUE_CHECK
from duplistatus.i18n.wording import Wording
from duplistatus.store.tasks import Figures, Ran


class Scheduling(Protocol):
    """Runs tasks. `me`: the name of this process in the lease, `host/process id/…`."""

    me: str

    async def run(self, name: str) -> Ran:
        """Raises NoSuchTask; AlreadyRunning where another process runs it."""
        ...


def scheduling(connection: HTTPConnection) -> Scheduling:
    """The scheduler of the application."""
    found: Scheduling = connection.app.state.scheduler
    return found


def sentence(name: str, figures: Figures | None, wording: Wording) -> str:
    """What a run of a task did."""
    if not figures:
        return ""
    if name != OVERDUE_CHECK:
        return _removed(name, figures, wording)
    checked = wording.ngettext("%(num)s job checked", "%(num)s jobs checked", figures["checked"])
    overdue = wording.gettext("%(num)s overdue")
    told = [checked % {"num": wording.number(figures["checked"])}, overdue % {"num": wording.number(figures["overdue"])}]
    if figures["sent"]:
        sent = wording.ngettext("%(num)s message sent", "%(num)s messages sent", figures["sent"])
        told.append(sent % {"num": wording.number(figures["sent"])})
    text = ", ".join(told) + "."
    if minutes := figures.get("silent_minutes"):
        caught_up = wording.gettext("Made up for %(time)s without a check, in which %(num)s states changed.")
        text += " " + caught_up % {"time": wording.spoken_age(minutes * 60_000), "num": wording.number(figures["changed"])}
    return text


def _removed(name: str, figures: Figures, wording: Wording) -> str:
    removed = figures["removed"]
    if name == AUDIT_CLEANUP:
        text = wording.ngettext(
            "%(num)s entry older than %(days)s days removed.", "%(num)s entries older than %(days)s days removed.", removed
        )
        return text % {"num": wording.number(removed), "days": figures["days"]}
    return wording.ngettext("%(num)s session removed.", "%(num)s sessions removed.", removed) % {"num": wording.number(removed)}
