"""To which places a notice goes: by what the job says for the two channels for all, by its own filter for any other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.notice import CHOOSABLE, RESULTS, Cause, Event
from duplistatus.evaluate.notify_setting import EVENTS, NO_ADDITIONAL, Additional, NotifySetting
from duplistatus.evaluate.routing import EMAIL, NTFY, Filter, Outlet, Route, routes_of

FOR_NTFY, FOR_EMAIL = Outlet(1, NTFY, Filter()), Outlet(2, EMAIL, Filter())
BOTH = [FOR_NTFY, FOR_EMAIL]
BESIDES = Additional(emails="a@example.org, b@example.org", topic="ops")


def cause(event: Event = Event.ERROR, errors: int = 0) -> Cause:
    return Cause(event, job_id=7, server_id=3, tag_ids=frozenset({5}), errors=errors)


def places(
    of: Cause, setting: NotifySetting, of_server: Additional = NO_ADDITIONAL, *, summary_instead: bool = False
) -> set[tuple[int, str]]:
    return {(route.channel_id, route.destination) for route in routes_of(of, setting, of_server, BOTH, summary_instead=summary_instead)}


def test_without_a_setting_warnings_and_errors_go_to_both() -> None:
    told = {event for event in RESULTS if places(cause(event), NotifySetting())}
    assert told == {Event.WARNING, Event.ERROR, Event.FATAL}
    assert places(cause(), NotifySetting()) == {(1, ""), (2, "")}


@pytest.mark.parametrize(("ntfy", "email", "wanted"), [(True, False, {(1, "")}), (False, True, {(2, "")}), (False, False, set())])
def test_a_job_says_by_which_of_the_two(ntfy: bool, email: bool, wanted: set[tuple[int, str]]) -> None:
    assert places(cause(), NotifySetting(ntfy=ntfy, email=email)) == wanted


def test_a_channel_that_is_not_in_use_gets_nothing() -> None:
    assert routes_of(cause(), NotifySetting(additional=BESIDES), NO_ADDITIONAL, []) == []
    found = routes_of(cause(), NotifySetting(additional=BESIDES), NO_ADDITIONAL, [FOR_NTFY])
    assert found == [Route(1), Route(1, "ops")]


def test_those_besides_are_told_each_at_their_place() -> None:
    wanted = {(1, ""), (1, "ops"), (2, ""), (2, "a@example.org"), (2, "b@example.org")}
    assert places(cause(), NotifySetting(), BESIDES) == wanted
    assert places(cause(), NotifySetting(additional=BESIDES)) == wanted


def test_those_besides_are_told_though_the_two_are_off_for_the_job() -> None:
    quiet = NotifySetting("off", ntfy=False, email=False)
    assert places(cause(), quiet, replace(BESIDES, event="errors")) == {(1, "ops"), (2, "a@example.org"), (2, "b@example.org")}
    assert places(cause(), quiet, BESIDES) == set(), "without a choice of their own, that of the job counts"


def test_those_besides_have_a_choice_of_their_own() -> None:
    setting = NotifySetting("all", additional=replace(BESIDES, event="errors"))
    assert places(cause(Event.SUCCESS), setting) == {(1, ""), (2, "")}
    assert places(cause(Event.WARNING), setting) == {(1, ""), (2, "")}
    assert (1, "ops") in places(cause(Event.WARNING, errors=1), setting)
    assert (1, "ops") in places(cause(Event.FATAL), setting)


def test_a_job_can_say_that_nobody_besides_is_told_whatever_its_server_says() -> None:
    assert places(cause(), NotifySetting(additional=Additional("", "", "")), BESIDES) == {(1, ""), (2, "")}


@pytest.mark.parametrize("event", [Event.OVERDUE, Event.BACK])
@pytest.mark.parametrize("choice", EVENTS)
def test_of_an_overdue_job_the_two_tell_whatever_is_told_of_its_runs(event: Event, choice: str) -> None:
    assert places(cause(event), NotifySetting(choice)) == {(1, ""), (2, "")}


def test_of_an_overdue_job_those_besides_are_told_by_their_choice() -> None:
    errors = replace(BESIDES, event="errors")
    assert places(cause(Event.OVERDUE), NotifySetting(), errors) == {(1, ""), (2, "")}
    assert (1, "ops") in places(cause(Event.OVERDUE), NotifySetting(), replace(BESIDES, event="warnings"))
    assert (1, "ops") in places(cause(Event.BACK), NotifySetting(), errors)


@pytest.mark.parametrize("event", [Event.ERROR, Event.OVERDUE])
def test_while_the_daily_summary_is_sent_only_single_mails_to_the_usual_address_pause(event: Event) -> None:
    before = places(cause(event), NotifySetting(), BESIDES)
    assert before - places(cause(event), NotifySetting(), BESIDES, summary_instead=True) == {(2, "")}


def test_any_other_channel_goes_by_its_filter_whatever_the_job_says() -> None:
    other = Outlet(9, None, Filter(events=frozenset({Event.SUCCESS})))
    silent = NotifySetting("off", ntfy=False, email=False)
    assert routes_of(cause(Event.SUCCESS), silent, BESIDES, [*BOTH, other]) == [Route(9)]
    assert Route(9) not in routes_of(cause(Event.ERROR), NotifySetting(), BESIDES, [*BOTH, other])


@pytest.mark.parametrize(
    ("narrow", "fits"),
    [
        ({"servers": {3}}, True),
        ({"servers": {4}}, False),
        ({"jobs": {7}}, True),
        ({"jobs": {8}}, False),
        ({"tags": {5, 6}}, True),
        ({"tags": {6}}, False),
        ({"servers": {4}, "jobs": {7}}, True),
        ({"servers": {4}, "jobs": {8}, "tags": {6}}, False),
    ],
)
def test_of_server_tag_and_job_one_must_fit(narrow: dict[str, set[int]], fits: bool) -> None:
    chosen = Filter(frozenset({Event.ERROR}), **{name: frozenset(ids) for name, ids in narrow.items()})
    assert chosen.is_narrow
    assert chosen.wants(cause()) is fits


@given(st.sets(st.sampled_from(CHOOSABLE)), st.sampled_from(list(Event)))
def test_a_filter_without_servers_tags_and_jobs_is_for_all_of_them(events: set[Event], event: Event) -> None:
    assert Filter(frozenset(events)).wants(cause(event)) is (event in events)
    assert Filter(frozenset(events)).wants(Cause(event)) is (event in events)


def test_a_summary_is_of_the_whole_fleet_so_that_servers_do_not_count() -> None:
    chosen = Filter(frozenset({Event.WEEKLY}), servers=frozenset({4}))
    assert chosen.wants(Cause(Event.WEEKLY))
    assert not chosen.wants(Cause(Event.DAILY))


settings = st.builds(NotifySetting, st.sampled_from(EVENTS), st.booleans(), st.booleans())
besides = st.builds(
    Additional,
    st.none() | st.sampled_from(["", *EVENTS]),
    st.none() | st.sampled_from(["", "a@example.org", "a@example.org, b@example.org, a@example.org"]),
    st.none() | st.sampled_from(["", "ops"]),
)
causes = st.builds(Cause, st.sampled_from(CHOOSABLE), st.just(7), st.just(3), st.just(frozenset[int]()), st.integers(0, 3))


@given(causes, settings, besides, besides, st.booleans())
def test_each_place_is_told_once_and_on_a_channel_in_use(
    of: Cause, setting: NotifySetting, own: Additional, of_server: Additional, summary: bool
) -> None:
    outlets = [*BOTH, Outlet(9, None, Filter(frozenset(CHOOSABLE)))]
    found = routes_of(of, replace(setting, additional=own), of_server, outlets, summary_instead=summary)
    assert len(found) == len(set(found))
    assert {route.channel_id for route in found} <= {1, 2, 9}
    assert Route(9) in found


@given(causes, settings, besides)
def test_what_a_server_says_counts_as_if_its_job_said_so(of: Cause, setting: NotifySetting, said: Additional) -> None:
    assert places(of, setting, said) == places(of, replace(setting, additional=said))
