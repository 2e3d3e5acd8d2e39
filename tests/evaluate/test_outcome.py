"""When a job is failing."""

from __future__ import annotations

import pytest

from duplistatus.evaluate.expectation import Told
from duplistatus.evaluate.outcome import outcome_of, slots_without_success

SLOT, HAND, SILENT = Told.ANNOUNCED, Told.BY_HAND, Told.NOTHING


def runs(*told: tuple[bool, Told]) -> tuple[tuple[int, str, int, int], ...]:
    return tuple((day, "Success" if good else "Error", int(good), int(each)) for day, (good, each) in enumerate(told))


@pytest.mark.parametrize(
    ("recent", "slots"),
    [
        ((), 0),
        (runs((True, SLOT)), 0),
        (runs((False, SLOT), (False, SLOT)), 2),
        (runs((True, SLOT), (False, SILENT), (False, SILENT), (False, SILENT)), 3),
        (runs((False, SLOT), (False, SLOT), (False, SLOT), (True, SLOT)), 0),
        # A success by hand is a success.
        (runs((False, SLOT), (False, SLOT), (True, HAND), (False, SLOT)), 1),
    ],
)
def test_slots_count_from_the_last_success(recent: tuple[tuple[int, str, int, int], ...], slots: int) -> None:
    assert slots_without_success(recent) == slots


def test_attempts_by_hand_within_a_slot_make_no_job_failing() -> None:
    recent = runs((True, SLOT), (False, SLOT), (False, HAND), (False, HAND), (False, HAND))
    assert slots_without_success(recent) == 1
    assert outcome_of(recent) == "good"


def test_a_job_that_is_only_started_by_hand_fails_by_its_attempts() -> None:
    assert outcome_of(runs((False, HAND), (False, HAND), (False, HAND))) == "failing"


def test_the_number_of_slots_is_a_setting() -> None:
    recent = runs((True, SLOT), (False, SLOT), (False, SLOT))
    assert [outcome_of(recent, after) for after in (1, 2, 3)] == ["failing", "failing", "good"]
