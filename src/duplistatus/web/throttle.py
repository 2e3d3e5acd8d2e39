"""How many reports an address may send. In: the sender's address; out: nothing, or the seconds to wait. Reports are limited by
`UPLOAD_RATE` a minute, refused and malformed ones to 60; this machine itself is not limited."""

from __future__ import annotations

import ipaddress
import math

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from duplistatus.clock import SECOND, Clock

REFUSED_A_MINUTE = 60


class UploadThrottle:
    """Counts by address and minute, in memory: a restart forgives."""

    def __init__(self, rate: int, clock: Clock) -> None:
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._reports = RateLimitItemPerMinute(rate) if rate else None
        self._refused = RateLimitItemPerMinute(REFUSED_A_MINUTE)

    def report(self, address: str) -> int | None:
        """Counts a report; the seconds to wait when it is one too many."""
        return self._hit(self._reports, "report", address)

    def refused(self, address: str) -> int | None:
        """Counts a refused document; the seconds to wait when it is one too many."""
        return self._hit(self._refused if self._reports else None, "refused", address)

    def _hit(self, item: RateLimitItemPerMinute | None, kind: str, address: str) -> int | None:
        if item is None or _is_loopback(address) or self._limiter.hit(item, kind, address):
            return None
        reset = self._limiter.get_window_stats(item, kind, address).reset_time
        return max(1, math.ceil(reset - self._clock.now() / SECOND))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
