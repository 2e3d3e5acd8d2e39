"""Whether a job succeeds now and then. In: its newest runs; out: the outcome fact. Backups of a job that fails every day are no less
endangered than those of one that does not run."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from duplistatus.evaluate.expectation import Told

FAILING_AFTER = 3
"""Slots without a success that make a job failing, unless the user sets another number."""


class OutcomeFact(StrEnum):
    """The outcome fact of a job."""

    GOOD = "good"
    FAILING = "failing"


def slots_without_success(recent: Sequence[tuple[int, str, int, int]]) -> int:
    """How many of the newest runs, (begin, status, good, told) oldest first, kept a slot without a success since the last one. Attempts by
    hand between two slots do not count, unless all runs are started by hand: then each is a slot of its own."""
    since: list[int] = []
    for _, _, good, told in reversed(recent):
        if good:
            break
        since.append(told)
    by_hand_only = all(told == Told.BY_HAND for _, _, _, told in recent)
    return len(since) if by_hand_only else sum(told != Told.BY_HAND for told in since)


def outcome_of(recent: Sequence[tuple[int, str, int, int]], failing_after: int = FAILING_AFTER) -> OutcomeFact:
    """`failing` after that many slots without a success."""
    return OutcomeFact.FAILING if slots_without_success(recent) >= failing_after else OutcomeFact.GOOD
