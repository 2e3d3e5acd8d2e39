"""Collections in words. In: a collection, a part of one, its question, and the reader's wording; out: texts in that language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duplistatus.i18n.wording import Wording
from duplistatus.ingest.duplicati.part_work import INTERNAL, TAKEN
from duplistatus.store.collections import ASKS, CANCELLED, DONE, FAILED, INTERRUPTED, RUNNING, WAITING, Collection, Part
from duplistatus.web.trouble_words import TroubleWords, trouble_words


def state_words(part: Part, wording: Wording) -> tuple[str, str]:
    """The sign and the word of a part."""
    gettext = wording.gettext
    if part.state == DONE and part.errors:
        return "warn", gettext("Done, but for some jobs")
    return {
        WAITING: ("quiet", gettext("Waiting")),
        RUNNING: ("run", gettext("Running")),
        ASKS: ("late", gettext("Needs a decision")),
        DONE: ("ok", gettext("Done")),
        FAILED: ("error", gettext("Failed")),
        CANCELLED: ("quiet", gettext("Cancelled")),
    }[part.state]


def step_text(part: Part, wording: Wording) -> str:
    """What is done for it at the moment; empty where nothing is."""
    gettext = wording.gettext
    if part.state == WAITING:
        return gettext("Somebody else collects from it just now.") if part.step == TAKEN else ""
    if part.state != RUNNING:
        return ""
    if part.jobs_total:
        values = {"done": wording.number(part.jobs_done), "all": wording.number(part.jobs_total)}
        return gettext("%(done)s of %(all)s jobs read") % values
    return {
        "login": gettext("Signing in"),
        "jobs": gettext("Reading its jobs"),
        "log": gettext("Reading its logs"),
        "store": gettext("Storing"),
    }.get(part.step, gettext("Connecting"))


def trouble_of(part: Part, wording: Wording) -> TroubleWords | None:
    """Why a part failed, or asks; None where nothing is wrong."""
    if not part.trouble:
        return None
    if part.trouble == INTERRUPTED:
        return TroubleWords(
            wording.gettext("The product was stopped while this server was collected."), wording.gettext("Collect it again.")
        )
    if part.trouble == INTERNAL:
        return TroubleWords(
            wording.gettext("Something went wrong here, not at the server."), wording.gettext("The log of this product says what it was.")
        )
    return trouble_words(part.trouble, part.trouble_facts, wording)


def job_troubles(part: Part, wording: Wording) -> list[tuple[str, str]]:
    """The jobs that could not be read, and why."""
    jobs: list[Mapping[str, Any]] = part.trouble_facts.get("jobs", []) if part.state == DONE else []
    return [(str(each.get("name", "")), trouble_words(str(each.get("code", "")), each, wording).sentence) for each in jobs]


def summary_text(found: Collection, wording: Wording) -> str:
    """How far it has come, in a line."""
    values = {"done": wording.number(found.count(DONE)), "all": wording.number(len(found.parts))}
    collected = wording.ngettext("%(done)s of %(all)s server collected", "%(done)s of %(all)s servers collected", len(found.parts))
    told = [collected % values]
    if failed := found.count(FAILED):
        told.append(wording.ngettext("%(num)s failed", "%(num)s failed", failed) % {"num": wording.number(failed)})
    if asks := found.count(ASKS):
        told.append(wording.ngettext("%(num)s needs a decision", "%(num)s need a decision", asks) % {"num": wording.number(asks)})
    if cancelled := found.count(CANCELLED):
        told.append(wording.ngettext("%(num)s cancelled", "%(num)s cancelled", cancelled) % {"num": wording.number(cancelled)})
    return ", ".join(told) + "."
