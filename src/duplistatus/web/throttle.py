"""How often an address may ask. In: the sender's address; out: nothing, or the seconds to wait. Reports are limited by `UPLOAD_RATE` a
minute, refused and malformed ones to 60, health checks to 60; this machine itself is not limited."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

from starlette.requests import HTTPConnection

from duplistatus.clock import MINUTE, SECOND, Clock, Instant

REFUSED_A_MINUTE = 60
PROBES_A_MINUTE = 60
_IPV6_NETWORK = 64
"""Bits of an IPv6 address that name a network: whoever has one has all of its addresses."""
MOST_SENDERS = 20_000
"""That are counted at once, so that a flood of addresses fills no memory: about 4 MB. Beyond them the oldest minute is forgotten."""


class UploadThrottle:
    """Counts by sender, in memory: a restart forgives. A sender's minute begins with its first report."""

    def __init__(self, rate: int, clock: Clock) -> None:
        self._clock = clock
        self._reports = PerMinute(rate)
        self._refused = PerMinute(REFUSED_A_MINUTE if rate else 0)

    def report(self, address: str) -> int | None:
        """Counts a report; the seconds to wait when it is one too many."""
        return self._reports.hit(address, self._clock.now())

    def refused(self, address: str) -> int | None:
        """Counts a refused document; the seconds to wait when it is one too many."""
        return self._refused.hit(address, self._clock.now())


class PerMinute:
    """At most `limit` a minute from each sender, 0: any number."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: OrderedDict[str, tuple[Instant, int]] = OrderedDict()
        self._cleaned_at = Instant(0)

    def hit(self, address: str, now: Instant) -> int | None:
        sender = _sender(address) if self._limit else None
        if sender is None:
            return None
        self._clean(now)
        begun_at, count = self._counts.get(sender, (now, 0))
        if not 0 <= now - begun_at < MINUTE:
            begun_at, count = now, 0
        if count >= self._limit:
            return -((now - begun_at - MINUTE) // SECOND)
        self._counts[sender] = (begun_at, count + 1)
        if count == 0:
            self._counts.move_to_end(sender)
            if len(self._counts) > MOST_SENDERS:
                self._counts.popitem(last=False)
        return None

    def _clean(self, now: Instant) -> None:
        """Forgets senders whose minute is over, once a minute."""
        if 0 <= now - self._cleaned_at < MINUTE:
            return
        self._cleaned_at = now
        self._counts = OrderedDict((sender, kept) for sender, kept in self._counts.items() if 0 <= now - kept[0] < MINUTE)


def probe_throttle(connection: HTTPConnection) -> PerMinute:
    """The application's limit of health checks."""
    state = connection.app.state
    found: PerMinute | None = getattr(state, "probe_throttle", None)
    if found is None:
        found = state.probe_throttle = PerMinute(PROBES_A_MINUTE)
    return found


def _sender(address: str) -> str | None:
    """Whose reports are counted together; None for this machine itself. Whatever is no address stands for itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.is_loopback:
        return None
    if parsed.version == 6:  # noqa: PLR2004 - IPv6
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
    return address
