"""The Duplicati versions that the demo's machines run, and what differs in their reports. In: a machine and a moment; out: the release
it had then. Dates and differences are Duplicati's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from duplistatus.clock import Instant, instant
from duplistatus.ingest.demo.fleet import Machine


@dataclass(frozen=True, slots=True)
class Release:
    """One version. Flags name what its reports have: every later one has what an earlier one had unless the flag says otherwise."""

    number: str
    channel: str
    published: str
    machine_name: bool = True
    """`Extra` tells the machine's name (since 2.1.0.2)."""
    full_extra: bool = False
    """`Extra` tells next run, system and destination; counters of 2.1.2 (since 2.1.0.111)."""
    since_2_3: bool = False
    """Results of locking and remote synchronization, more figures of restores, paths redacted, handlers under new names."""
    lean_statistics: bool = False
    """Four fields of `BackendStatistics` are gone."""

    @property
    def text(self) -> str:
        """As in `Version`: `2.3.0.4 (2.3.0.4_stable_2026-07-09)`."""
        return f"{self.number} ({self.number}_{self.channel.lower()}_{self.published})"

    @property
    def published_at(self) -> Instant:
        return instant(datetime.fromisoformat(self.published).replace(tzinfo=UTC))


RELEASES: tuple[Release, ...] = (
    Release("2.0.8.1", "Beta", "2024-05-07", machine_name=False),
    Release("2.1.0.4", "Stable", "2025-01-31"),
    Release("2.1.0.5", "Stable", "2025-03-04"),
    Release("2.2.0.1", "Stable", "2025-11-09", full_extra=True),
    Release("2.3.0.4", "Stable", "2026-07-09", full_extra=True, since_2_3=True),
    Release("2.3.0.109", "Canary", "2026-08-22", full_extra=True, since_2_3=True, lean_statistics=True),
)


def release_of(machine: Machine, at: Instant) -> Release:
    """The newest release of the machine's channel that had been out for its update lag, at most its `newest_version`."""
    lag = int(timedelta(days=machine.update_lag_days) / timedelta(milliseconds=1))
    known = RELEASES[0]
    for release in RELEASES:
        canary_elsewhere = release.channel == "Canary" and machine.channel != "Canary"
        if canary_elsewhere or release.published_at + lag > at:
            continue
        known = release
        if release.number == machine.newest_version:
            break
    return known
