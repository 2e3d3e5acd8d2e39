"""Failures of which a server keeps a moment and a text alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, MINUTE, SECOND, Instant
from duplistatus.evaluate.lost_failure import Span, is_lost, span_of

BEGUN = Instant(1_795_248_855_612)
"""612 ms after a full second, which is all that a server keeps of the moment."""
SECOND_OF_IT = Instant(1_795_248_855_000)


def test_the_error_of_a_short_run_lies_before_its_begin_as_servers_cut_the_second() -> None:
    assert SECOND_OF_IT in span_of(BEGUN, Instant(BEGUN + 37))
    assert Instant(SECOND_OF_IT - 1) not in span_of(BEGUN, Instant(BEGUN + 37))


def test_the_error_of_a_run_comes_up_to_a_minute_after_its_end() -> None:
    ended = Instant(BEGUN + 3 * MINUTE)
    assert Instant(ended + MINUTE) in span_of(BEGUN, ended)
    assert Instant(ended + MINUTE + 1) not in span_of(BEGUN, ended)


def test_a_run_without_an_end_or_with_one_before_its_begin_ended_at_once() -> None:
    assert span_of(BEGUN, None) == span_of(BEGUN, BEGUN) == span_of(BEGUN, Instant(BEGUN - DAY))


def test_a_run_that_counts_from_its_arrival_is_ten_minutes_wide_to_both_sides() -> None:
    assert span_of(BEGUN, None, at_arrival=True) == Span(Instant(BEGUN - 10 * MINUTE), Instant(BEGUN + 10 * MINUTE))


def test_a_clock_that_was_set_makes_no_run_of_years() -> None:
    assert span_of(BEGUN, Instant(BEGUN + 4_000 * DAY)).end == BEGUN + 30 * DAY + MINUTE


def test_a_failure_of_a_job_without_runs_is_lost() -> None:
    assert is_lost(BEGUN, None, None)


def test_a_failure_before_the_newest_success_is_none_of_today() -> None:
    assert not is_lost(BEGUN, Instant(BEGUN + 1), None)
    assert not is_lost(BEGUN, BEGUN, None)
    assert is_lost(BEGUN, Instant(BEGUN - 1), None)


def test_a_failure_is_lost_that_comes_more_than_a_minute_after_the_newest_run() -> None:
    newest = span_of(Instant(BEGUN - DAY), Instant(BEGUN - MINUTE))
    assert not is_lost(BEGUN, None, newest)
    assert is_lost(Instant(BEGUN + 1), None, newest)


@given(st.integers(0, 2**41), st.integers(0, 20 * DAY), st.integers(0, 30 * DAY))
def test_the_error_that_a_run_ended_with_is_never_lost(begun: int, lasted: int, later: int) -> None:
    ended = Instant(begun + lasted)
    written = Instant((ended + min(later, 50 * SECOND)) // SECOND * SECOND)
    span = span_of(Instant(begun), ended)
    assert written in span
    assert not is_lost(written, None, span)
