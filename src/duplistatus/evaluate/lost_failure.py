"""A failure that left no row in its job's log: some versions of Duplicati keep of it a moment and a text alone. In: that moment and what is
known of the job's runs; out: whether it is one that nothing tells of yet, and which run tells of it where one does. The moment is the
end of the run, in whole seconds."""

from __future__ import annotations

from dataclasses import dataclass

from duplistatus.clock import DAY, MINUTE, SECOND, Instant

_AFTER = MINUTE
"""So much later than a run's end its error can be written down."""
_CLOCKS = 10 * MINUTE
"""So far may a run lie from its error that counts from its arrival here: that is another clock."""
LONGEST = 30 * DAY
"""A run that says it took longer had its clock changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Span:
    """The moments, both ends included, at which the error of a run can have been written down."""

    start: Instant
    end: Instant

    def __contains__(self, at: Instant) -> bool:
        return self.start <= at <= self.end


def span_of(begun_at: Instant, ended_at: Instant | None, *, at_arrival: bool = False) -> Span:
    """That of a run. `at_arrival`: its report has no begin time."""
    if at_arrival:
        return Span(Instant(begun_at - _CLOCKS), Instant(begun_at + _CLOCKS))
    ended_at = begun_at if ended_at is None else Instant(min(max(begun_at, ended_at), begun_at + LONGEST))
    return Span(Instant(begun_at - begun_at % SECOND), Instant(ended_at + _AFTER))


def is_lost(failed_at: Instant, finished_at: Instant | None, newest: Span | None) -> bool:
    """Whether a failure is told by no run. `finished_at`: the newest end of a backup that succeeded, by the same server; `newest`: of the
    job's newest run here. Only the newest failure is ever told: one before the newest run was either seen or is of no interest any more."""
    if finished_at is not None and failed_at <= finished_at:
        return False
    return newest is None or failed_at > newest.end
