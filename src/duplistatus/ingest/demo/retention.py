"""Which versions a run removes. In: the versions at the destination, newest first, the retention of the job and the present; out: those
to remove. The newest version of all always stays. Modelled on what Duplicati does for each kind of retention."""

from __future__ import annotations

from dataclasses import dataclass

from duplistatus.clock import DAY, MINUTE, Instant
from duplistatus.ingest.demo.fleet import Retention


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes, newest first: `outside` lie before every frame of a policy, `all` are these and those too close to another."""

    outside: tuple[Instant, ...] = ()
    all: tuple[Instant, ...] = ()


def removal(versions: tuple[Instant, ...], retention: Retention, now: Instant) -> Removal:
    """What a run at `now` removes from `versions`."""
    if retention.frames:
        return _by_policy(versions[1:], retention.frames, now)
    if retention.versions is not None:
        return Removal(all=versions[retention.versions :])
    if retention.days is not None:
        oldest = now - retention.days * DAY
        return Removal(all=tuple(version for version in versions[1:] if version < oldest))
    return Removal()


def _by_policy(considered: tuple[Instant, ...], frames: tuple[tuple[int, int | None], ...], now: Instant) -> Removal:
    """Frame by frame, each from its oldest version on: a version goes when the one kept before it is less than the interval away.
    Compared to the minute, since jobs start some seconds late."""
    rest = list(considered)
    close: list[Instant] = []
    for days, every in frames:
        start = now - days * DAY
        inside = [version for version in rest if version >= start]
        rest = rest[len(inside) :]
        if every is None:
            continue
        kept: Instant | None = None
        for version in reversed(inside):
            if kept is None or version - kept >= every * DAY - MINUTE:
                kept = version
            else:
                close.append(version)
    return Removal(tuple(rest), tuple(sorted((*close, *rest), reverse=True)))
