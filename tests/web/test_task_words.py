"""Tasks in words."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from duplistatus.clock import HOUR, MINUTE
from duplistatus.evaluate.task_times import (
    AUDIT_CLEANUP,
    DAILY_SUMMARY,
    DUPLICATI_RELEASES,
    OVERDUE_CHECK,
    SERVER_COLLECTION,
    SESSION_CLEANUP,
    TASKS,
    Daily,
    Every,
    Monthly,
    Rhythm,
    TimesOfDay,
    Weekly,
)
from duplistatus.i18n.wording import DEFAULT
from duplistatus.store.tasks import Figures
from duplistatus.web.task_words import result_text, rhythm_text, title

OFFLINE = {"told": 0, "new": 0, "asked": 1, "missed": 1}
CHECKED = {"jobs": 3, "checked": 2, "overdue": 1, "sent": 0, "changed": 0}


def test_every_task_has_a_title_of_its_own() -> None:
    assert len({title(name, DEFAULT) for name in TASKS}) == len(TASKS)


@pytest.mark.parametrize(
    ("rhythm", "text"),
    [
        (None, "not by time"),
        (Every(MINUTE), "every 1 minute"),
        (Every(2 * HOUR), "every 2 hours"),
        (Daily(time(2, 30), ZoneInfo("Europe/Oslo")), "daily at 02:30 (Europe/Oslo)"),
        (TimesOfDay(time(5, 40), ZoneInfo("UTC"), 24), "daily at 05:40 (UTC)"),
        (TimesOfDay(time(2, 45), ZoneInfo("UTC"), 6), "every 6 hours, at 02:45 and so on (UTC)"),
        (Weekly(time(8), ZoneInfo("UTC"), 0), "every Sunday at 08:00 (UTC)"),
        (Monthly(time(8), ZoneInfo("UTC"), 28), "on day 28 of each month at 08:00 (UTC)"),
        (Monthly(time(8), ZoneInfo("UTC"), 0), "on the last day of each month at 08:00 (UTC)"),
    ],
)
def test_a_rhythm_is_a_phrase(rhythm: Rhythm | None, text: str) -> None:
    assert rhythm_text(rhythm, DEFAULT) == text


@pytest.mark.parametrize(
    ("name", "figures", "text"),
    [
        (OVERDUE_CHECK, None, ""),
        (OVERDUE_CHECK, CHECKED, "2 jobs checked, 1 overdue."),
        (OVERDUE_CHECK, CHECKED | {"checked": 1, "sent": 4}, "1 job checked, 1 overdue, 4 messages sent."),
        (
            OVERDUE_CHECK,
            CHECKED | {"silent_minutes": 3 * 24 * 60, "changed": 7},
            "2 jobs checked, 1 overdue. It made up for 3 days without a look; 7 states of jobs changed.",
        ),
        (AUDIT_CLEANUP, {"removed": 1, "days": 90}, "1 entry older than 90 days removed."),
        (AUDIT_CLEANUP, {"removed": 0, "days": 30}, "0 entries older than 30 days removed."),
        (SESSION_CLEANUP, {"removed": 2}, "2 sessions removed."),
        (DUPLICATI_RELEASES, {"told": 4, "new": 0, "asked": 1, "missed": 0}, "No new versions."),
        (DUPLICATI_RELEASES, {"told": 4, "new": 1, "asked": 1, "missed": 0}, "1 channel has a new version."),
        (
            DUPLICATI_RELEASES,
            OFFLINE,
            "No whole list could be fetched; what was known before stays.",
        ),
        (DUPLICATI_RELEASES, {"told": 0, "new": 0, "asked": 0, "missed": 0}, "No list is fetched: DUPLISTATUS_RELEASES_URL says so."),
        (
            SERVER_COLLECTION,
            {"begun": 1, "running": 1, "collected": 0, "failed": 0, "found": 0},
            "1 server is due, 0 collected since the last time.",
        ),
        (
            SERVER_COLLECTION,
            {"begun": 0, "running": 0, "collected": 12, "failed": 2, "found": 1},
            "0 servers are due, 12 collected since the last time, 2 could not be collected, 1 lost report found.",
        ),
        (DAILY_SUMMARY, {"sent": 2, "due": 1}, "2 messages sent."),
        (DAILY_SUMMARY, {"sent": 0, "due": 1}, "Nothing was sent: it was already, or nobody gets it."),
        (DAILY_SUMMARY, {"sent": 0, "due": 0}, "Not due: its moment was long ago, or before it was set."),
    ],
)
def test_a_result_is_a_sentence(name: str, figures: Figures | None, text: str) -> None:
    assert result_text(name, figures, DEFAULT) == text
