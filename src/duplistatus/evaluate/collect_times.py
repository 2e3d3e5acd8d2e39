"""When a server is collected by time next. In: its timer, the tries in vain so far, what went wrong, the present and chance; out: the
moment, or None where somebody has to do something first. Pure: chance comes in as an argument."""

from __future__ import annotations

from duplistatus.clock import DAY, HOUR, MINUTE, Instant

_JITTER = 0.1
"""Part by which a pause is longer or shorter, so that servers of one timer do not all come at once."""
_FIRST_PAUSE = 5 * MINUTE
_LONGEST_PAUSE = 6 * HOUR
"""Milliseconds after which a server that cannot be reached is tried again at the latest, unless its timer is longer: one that runs for
some hours of the day is still found."""
_FIRST_SPREAD = 15 * MINUTE


def after_success(timer: int | None, now: Instant, chance: float) -> Instant | None:
    """`timer`: minutes between two collections, None for none; `chance`: 0 to 1, evenly spread."""
    return None if timer is None else _jittered(timer * MINUTE, now, chance)


def after_failure(timer: int | None, failures: int, now: Instant, chance: float, *, stuck: bool) -> Instant | None:
    """`failures`: tries in vain, one after the other, this one included; `stuck`: only somebody's decision or another password helps, so
    that trying again would only fill the other side's log."""
    if timer is None or stuck:
        return None
    longest = min(max(_LONGEST_PAUSE, timer * MINUTE), DAY)
    # Of large numbers of failures the power would be a number of thousands of digits.
    pause = min(_FIRST_PAUSE * 2 ** min(max(failures - 1, 0), 20), longest)
    return _jittered(pause, now, chance)


def first(timer: int, now: Instant, chance: float) -> Instant:
    """The first time of a server whose timer has just been set: soon, but not all of a fleet in the same minute."""
    return Instant(now + int(chance * min(timer * MINUTE, _FIRST_SPREAD)))


def is_plausible(timer: int, next_at: Instant, now: Instant) -> bool:
    """Whether the moment could have been planned now: neither for a longer timer nor by a clock that was set back since."""
    return next_at <= now + int(max(timer * MINUTE, _LONGEST_PAUSE) * (1 + _JITTER))


def _jittered(pause: int, now: Instant, chance: float) -> Instant:
    return Instant(now + int(pause * (1 + _JITTER * (2 * chance - 1))))
