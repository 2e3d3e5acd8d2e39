"""What the page of templates says of them. In: a wording; out: names of templates, variables with what they mean, priorities."""

from __future__ import annotations

from duplistatus.evaluate.template import LINK, PRIORITIES, VARIABLES, Name
from duplistatus.i18n.wording import Wording


def template_names(wording: Wording) -> dict[Name, str]:
    """What each template is for."""
    return {
        Name.SUCCESS: wording.gettext("Success"),
        Name.WARNING: wording.gettext("Warnings and errors"),
        Name.OVERDUE: wording.gettext("Overdue"),
        Name.BACK: wording.gettext("Back to normal"),
        Name.DAILY: wording.gettext("Daily summary"),
        Name.WEEKLY: wording.gettext("Weekly summary"),
        Name.MONTHLY: wording.gettext("Monthly summary"),
    }


def variables_of(name: Name, wording: Wording) -> list[tuple[str, str]]:
    """The variables that a template knows, each with what stands there in the message."""
    meanings = _meanings(wording)
    return [(variable, meanings[variable]) for variable in VARIABLES[name]]


def priority_words(wording: Wording) -> list[tuple[str, str]]:
    """The priorities with their names."""
    names = (
        wording.gettext("Lowest"),
        wording.gettext("Low"),
        wording.gettext("Normal"),
        wording.gettext("High"),
        wording.gettext("Highest"),
    )
    return list(zip(PRIORITIES, names, strict=True))


def _meanings(wording: Wording) -> dict[str, str]:
    _ = wording.gettext
    return {
        "server_name": _("Name of the server, as it reports itself"),
        "server_alias": _("Name of the server that you gave it; without one, its own"),
        "server_note": _("Note of the server"),
        "server_url": _("Address of Duplicati on the server"),
        "backup_name": _("Name of the backup job"),
        "status": _("Result of the run"),
        "backup_date": _("When the run began"),
        "duration": _("How long the run took"),
        "uploaded_size": _("What the run uploaded"),
        "storage_size": _("What is stored at the destination"),
        "available_versions": _("Number of versions to restore from"),
        "file_count": _("Number of files"),
        "file_size": _("Size of all files"),
        "messages_count": _("Number of messages in the log"),
        "warnings_count": _("Number of warnings"),
        "errors_count": _("Number of errors"),
        "log_text": _("Errors and warnings of the log; messages when there are neither"),
        "last_backup_date": _("When the newest run began"),
        "last_elapsed": _("How long ago that was"),
        "expected_date": _("When a run was expected"),
        "expected_elapsed": _("How long ago that was"),
        "backup_interval": _("How often the job should run"),
        "overdue_tolerance": _("How late it may be"),
        "overdue_since": _("Since when it was overdue"),
        "overdue_duration": _("How long it was overdue"),
        "summary": _("The summary itself; it needs a line of its own"),
        "headline": _("How things are, in one sentence"),
        "period": _("The days that the summary is about"),
        "jobs_count": _("Number of jobs"),
        "problems_count": _("Number of jobs that need attention"),
        "overdue_count": _("Number of overdue jobs"),
        LINK: _("Address of the page that shows it here; empty while this product's own address is not set"),
    }
