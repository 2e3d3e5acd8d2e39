"""Whether messages are held back, why, and until when; and when an acknowledgement ends."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import HOUR, Instant
from duplistatus.evaluate.maintenance import Once, Recurring, Window, is_active
from duplistatus.evaluate.silence import Silence, Trouble, left_of, silence_now, still_acknowledged, trouble_of

NOW = Instant(1_000 * HOUR)
ALWAYS = Recurring(frozenset(range(7)), 0, 1440, ZoneInfo("UTC"))


def hours(start: int, end: int) -> Once:
    return Once(Instant(NOW + start * HOUR), Instant(NOW + end * HOUR))


def until(end: int) -> Instant:
    return Instant(NOW + end * HOUR)


@pytest.mark.parametrize(
    ("windows", "snoozed", "acknowledged", "silence", "changes"),
    [
        ([], None, False, Silence.NONE, None),
        ([hours(2, 3)], None, False, Silence.NONE, until(2)),
        ([hours(-3, -2)], None, False, Silence.NONE, None),
        ([], until(0), False, Silence.NONE, None),
        ([], until(1), True, Silence.SNOOZED, until(1)),
        ([], None, True, Silence.ACKNOWLEDGED, None),
        ([hours(4, 5)], None, True, Silence.ACKNOWLEDGED, until(4)),
        ([hours(4, 5)], until(9), True, Silence.SNOOZED, until(4)),
        ([hours(-1, 5)], until(9), True, Silence.MAINTENANCE, until(5)),
        ([hours(-1, 5), hours(3, 8), hours(8, 9), hours(10, 11)], None, False, Silence.MAINTENANCE, until(9)),
        ([ALWAYS, hours(-1, 5)], None, False, Silence.MAINTENANCE, None),
    ],
)
def test_the_strongest_reason_is_told_and_how_long_it_holds(
    windows: list[Window], snoozed: Instant | None, silence: Silence, changes: Instant | None, *, acknowledged: bool
) -> None:
    assert silence_now(windows, snoozed, acknowledged, NOW) == (silence, changes)


STRETCHES = st.tuples(st.integers(-20, 20), st.integers(1, 20)).map(lambda each: hours(each[0], each[0] + each[1]))


@given(st.lists(STRETCHES, max_size=6), st.none() | st.integers(-5, 30).map(until), st.booleans())
def test_nothing_changes_before_the_moment_that_is_told(windows: list[Once], snoozed: Instant | None, acknowledged: bool) -> None:
    silence, changes = silence_now(windows, snoozed, acknowledged, NOW)
    last = changes if changes is not None else until(60)
    for at in range(NOW, last, HOUR // 2):
        assert silence_now(windows, snoozed, acknowledged, Instant(at))[0] == silence
    assert (silence == Silence.MAINTENANCE) == any(is_active(window, NOW) for window in windows)
    if changes is not None:
        assert silence_now(windows, snoozed, acknowledged, changes)[0] != silence


def test_what_is_wrong_with_a_job_are_facts_that_somebody_is_told_of() -> None:
    assert trouble_of("ok", "good", "idle", "Success") == {}
    assert trouble_of("late", "good", "running", None) == {}
    assert trouble_of("off", "good", "idle", "Warning") == {"result": "warning"}
    wrong = {"schedule": "overdue", "outcome": "failing", "activity": "stuck", "result": "failed"}
    assert trouble_of("overdue", "failing", "stuck", "Fatal") == trouble_of("overdue", "failing", "stuck", "Error") == wrong


OVERDUE = {"schedule": "overdue"}
FAILED = {"result": "failed"}


@pytest.mark.parametrize(
    ("acknowledged", "now", "left"),
    [
        (OVERDUE, OVERDUE, OVERDUE),
        (OVERDUE, {}, {}),
        (OVERDUE, {"outcome": "failing"}, {}),
        (OVERDUE, OVERDUE | {"outcome": "failing"}, {}),
        (OVERDUE | FAILED, FAILED, FAILED),
        (FAILED, {"result": "warning"}, {"result": "warning"}),
        ({"result": "warning"}, FAILED, {}),
    ],
)
def test_an_acknowledgement_ends_with_its_trouble_and_with_new_trouble(acknowledged: Trouble, now: Trouble, left: Trouble) -> None:
    assert left_of(acknowledged, now) == left
    assert still_acknowledged(acknowledged, now) is bool(left)


def test_what_is_over_is_new_when_it_comes_back() -> None:
    left = left_of(OVERDUE | FAILED, FAILED)
    assert not still_acknowledged(left, OVERDUE | FAILED)
