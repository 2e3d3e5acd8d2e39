"""What a choice of results lets through, for each result of a run and for what is no result."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.notice import CHOOSABLE, RESULTS, SUMMARIES, Event, event_of, lets_through
from duplistatus.evaluate.notify_setting import EVENTS
from duplistatus.report.report import Status

any_event = st.sampled_from(list(Event))
any_errors = st.integers(0, 10_000)


@pytest.mark.parametrize("status", list(Status))
def test_every_result_of_a_run_is_told_as_itself_and_unknown_as_a_warning(status: Status) -> None:
    wanted = "warning" if status is Status.UNKNOWN else status.value.lower()
    assert event_of(status) == wanted
    assert event_of(status) in RESULTS


def test_a_result_that_no_duplicati_knows_is_told_as_a_warning() -> None:
    assert event_of("Bananas") is Event.WARNING


@pytest.mark.parametrize(
    ("choice", "passing"),
    [
        ("all", {"success", "warning", "error", "fatal"}),
        ("warnings", {"warning", "error", "fatal"}),
        ("errors", {"error", "fatal"}),
        ("off", set()),
    ],
)
def test_a_choice_lets_through_its_results_and_those_that_are_worse(choice: str, passing: set[str]) -> None:
    assert {event.value for event in RESULTS if lets_through(choice, event)} == passing


@pytest.mark.parametrize(("choice", "passes"), [("all", True), ("warnings", True), ("errors", True), ("off", False)])
def test_a_warning_with_errors_in_it_counts_as_an_error(choice: str, passes: bool) -> None:
    assert lets_through(choice, Event.WARNING, errors=1) is passes


def test_a_success_stays_one_whatever_its_report_counts() -> None:
    assert not lets_through("errors", Event.SUCCESS, errors=3)
    assert not lets_through("warnings", Event.SUCCESS, errors=3)


@pytest.mark.parametrize(("choice", "passes"), [("all", True), ("warnings", True), ("errors", False), ("off", False)])
def test_an_overdue_job_counts_as_a_warning(choice: str, passes: bool) -> None:
    assert lets_through(choice, Event.OVERDUE) is passes


@pytest.mark.parametrize(("choice", "passes"), [("all", True), ("warnings", True), ("errors", True), ("off", False)])
def test_whoever_was_told_of_trouble_is_told_of_its_end(choice: str, passes: bool) -> None:
    assert lets_through(choice, Event.BACK) is passes


@given(any_event, any_errors)
def test_off_lets_nothing_through_and_all_everything(event: Event, errors: int) -> None:
    assert not lets_through("off", event, errors=errors)
    assert lets_through("all", event, errors=errors)


@given(any_event, any_errors)
def test_each_choice_lets_through_what_a_narrower_one_does(event: Event, errors: int) -> None:
    passes = [lets_through(choice, event, errors=errors) for choice in EVENTS]
    assert passes == sorted(passes, reverse=True), "from all to off, what is let through only shrinks"


def test_a_channel_can_choose_everything_but_tests() -> None:
    assert set(CHOOSABLE) == set(Event) - {Event.TEST}
    assert set(SUMMARIES) <= set(CHOOSABLE)
