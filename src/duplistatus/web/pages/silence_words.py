"""Silences in the words of a reader. In: windows, kinds of silence, trouble; out: short texts."""

from __future__ import annotations

from datetime import datetime

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.evaluate.maintenance import Once, Window
from duplistatus.evaluate.silence import Trouble
from duplistatus.i18n import formats
from duplistatus.i18n.weekdays import days_text
from duplistatus.i18n.wording import Wording

_ALL_DAYS = 7
QUICK = ("1h", "4h", "1D", "1W")
"""Lengths of snoozes that are offered, in Duplicati's words."""


def quick_words(wording: Wording) -> list[tuple[str, str]]:
    """Those lengths with their names."""
    names = (wording.gettext("1 hour"), wording.gettext("4 hours"), wording.gettext("1 day"), wording.gettext("1 week"))
    return list(zip(QUICK, names, strict=True))


def trouble_words(wording: Wording, trouble: Trouble) -> str:
    """`Overdue, Failing`."""
    words = {
        ("schedule", "overdue"): wording.gettext("Overdue"),
        ("outcome", "failing"): wording.gettext("Failing"),
        ("activity", "stuck"): wording.gettext("Stuck"),
        ("result", "failed"): wording.gettext("Failed"),
        ("result", "warning"): wording.gettext("Warning"),
    }
    return ", ".join(text for fact, text in words.items() if trouble.get(fact[0]) == fact[1])


def length_words(wording: Wording, minutes: int) -> str:
    """`1 d 2 h 30 min`."""
    patterns = wording.age_patterns()
    days, rest = divmod(minutes * MINUTE, DAY)
    parts = (("d", days), ("h", rest // HOUR), ("min", rest % HOUR // MINUTE))
    return " ".join(patterns[unit].replace("{}", str(count)) for unit, count in parts if count)


def when_words(wording: Wording, window: Window, now: Instant) -> str:
    """When a window is open: `21 Nov, 22:00 – 22 Nov, 06:00`, or `Sa, Su at 22:00 for 8 h, Europe/Oslo`."""
    if isinstance(window, Once):
        return f"{wording.moment(window.starts_at, now)} – {wording.moment(window.ends_at, now)}"
    hour, minute = divmod(window.start_minute, 60)
    all_days = len(window.days) == _ALL_DAYS
    days = wording.gettext("Every day") if all_days else days_text(window.days, wording.locale)
    values = {
        "days": days,
        "time": formats.time_of_day(hour, minute, wording.locale),
        "length": length_words(wording, window.length),
        "zone": window.zone.key,
    }
    text = wording.gettext("%(days)s at %(time)s for %(length)s, %(zone)s") % values
    if window.first is not None:
        text += ", " + wording.gettext("from %(day)s") % {"day": formats.day(window.first, wording.locale, year=True)}
    if window.last is not None:
        text += ", " + wording.gettext("until %(day)s") % {"day": formats.day(window.last, wording.locale, year=True)}
    return text


def local_text(wording: Wording, at: Instant) -> str:
    """A moment as fields for local times hold it."""
    return f"{wording.local(at):%Y-%m-%dT%H:%M}"


def read_local(wording: Wording, text: str) -> str:
    """What a field for local times holds, with the reader's offset from UTC; as it is where it is none."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return text
    if local.tzinfo is not None:
        return text
    return local.replace(tzinfo=wording.zone).isoformat()
