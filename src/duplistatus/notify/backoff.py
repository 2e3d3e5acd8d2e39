"""When a message that was not delivered is tried again. In: how often it was tried, when it was written, what the other side asks for;
out: the moment of the next try, or None where it is given up. Pure: the moment and the chance come in as arguments."""

from __future__ import annotations

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant

PAUSES = (15 * SECOND, MINUTE, 4 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR)
"""Milliseconds between two tries: after the first, the second, …"""
MOST_TRIES = len(PAUSES) + 1
LONGEST = 2 * DAY
"""Milliseconds after which a message is too old to be of use."""
_SPREAD = 0.2
"""Pauses are longer or shorter by up to this part, so that those who failed together do not come back together."""
_LONGEST_CHANNEL_PAUSE = 15 * MINUTE
"""One message that asks whether a channel works again costs little, and thousands may wait for the answer."""
_LONGEST_ASKED = 12 * HOUR


def next_try(tries: int, created_at: Instant, now: Instant, asked: float | None, chance: float) -> Instant | None:
    """The moment of the next try of a message that was now tried in vain. `tries`: those before this one; `asked`: seconds that the other
    side wants to be left alone; `chance`: 0 to 1, evenly spread."""
    if tries + 1 >= MOST_TRIES:
        return None
    at = Instant(now + _pause(PAUSES[tries], asked, chance))
    return at if at - created_at <= LONGEST else None


def channel_pause(failures: int, asked: float | None, chance: float) -> int:
    """Milliseconds that a channel is left alone after it could not be reached `failures` times in a row."""
    pause = min(PAUSES[min(failures, len(PAUSES)) - 1], _LONGEST_CHANNEL_PAUSE)
    return _pause(pause, asked, chance)


def _pause(pause: int, asked: float | None, chance: float) -> int:
    spread = int(pause * (1 + _SPREAD * (2 * chance - 1)))
    return max(spread, int(min(asked * SECOND, _LONGEST_ASKED))) if asked is not None and asked > 0 else spread
