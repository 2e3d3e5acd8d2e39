"""When a job that stays overdue is told of again. In: when it was told last, the frequency that is set; out: whether it is due."""

from __future__ import annotations

from duplistatus.clock import DAY, Instant

_PAUSES: dict[str, int | None] = {"onetime": None, "every_day": DAY, "every_week": 7 * DAY, "every_month": 30 * DAY}
"""Milliseconds by the names of `job_setting.FREQUENCIES`; None: never again."""
MANY = 10
"""Jobs told of at once, on one channel, above which they are told in one message."""


def is_due(told_at: Instant | None, frequency: str, reset_at: Instant | None, now: Instant) -> bool:
    """Whether an overdue job is to be told of. `told_at` None: it was not yet; `reset_at`: whatever was told before counts as not told."""
    if told_at is None or (reset_at is not None and told_at <= reset_at):
        return True
    pause = _PAUSES[frequency]
    # A clock that was set back must not hold reminders back for longer than the pause.
    return pause is not None and not 0 <= now - told_at < pause
