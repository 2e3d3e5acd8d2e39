"""Which zone a host is in, by what was observed of its clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, Instant, instant, moment
from duplistatus.evaluate.host_zone import agrees, change_between, guess, is_surely_utc, is_utc, zone_name

WINTER, SPRING, SUMMER = "2026-01-15T12:00:00Z", "2026-04-02T12:00:00Z", "2026-07-15T12:00:00Z"


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def observed(zone: str, *moments: str) -> list[tuple[Instant, int]]:
    return [(at(text), minutes(zone, at(text))) for text in moments]


def minutes(zone: str, when: Instant) -> int:
    offset = moment(when).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset // timedelta(minutes=1)


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Asia/Tokyo", "America/St_Johns", "Europe/London", "UTC"],
)
def test_a_year_of_observations_tells_the_zone(zone: str) -> None:
    assert guess(observed(zone, WINTER, SPRING, SUMMER, "2026-10-28T12:00:00Z"), near="Asia/Manila") == zone


def test_the_zone_nearby_goes_before_others_of_the_same_clock() -> None:
    assert guess(observed("Europe/Berlin", WINTER, SUMMER), near="Europe/Paris") == "Europe/Paris"


def test_the_zone_nearby_is_not_taken_where_its_clock_differs() -> None:
    assert guess(observed("America/Chicago", WINTER, SUMMER), near="Europe/Paris") == "America/Chicago"
    assert guess(observed("America/Chicago", WINTER), near="no/such zone") == "America/Chicago"


def test_no_offset_in_winter_is_london_where_that_is_nearby_and_utc_elsewhere() -> None:
    assert guess(observed("UTC", WINTER), near="Europe/London") == "Europe/London"
    assert guess(observed("UTC", WINTER), near="Europe/Berlin") == "UTC"
    assert guess(observed("UTC", WINTER, SUMMER), near="Europe/London") == "UTC"


def test_utc_is_sure_once_london_is_ruled_out() -> None:
    assert not is_surely_utc(observed("UTC", WINTER))
    assert is_surely_utc(observed("UTC", WINTER, SUMMER))
    assert not is_surely_utc(observed("Europe/London", WINTER, SUMMER))
    assert not is_surely_utc([])


def test_without_observations_there_is_no_guess() -> None:
    assert guess([], near="Europe/Berlin") is None


def test_a_computer_that_has_travelled_is_in_no_zone() -> None:
    assert guess([(at(WINTER), 60), (Instant(at(WINTER) + DAY), -300)], near="Europe/Berlin") is None


def test_an_offset_that_no_country_has_is_named_by_itself() -> None:
    assert guess([(at(WINTER), -720)], near="Europe/Berlin") == "Etc/GMT+12"
    assert guess([(at(WINTER), -725)], near="Europe/Berlin") is None


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc", "SystemV")))),
    st.lists(st.integers(1_577_836_800, 1_798_761_600).map(lambda second: Instant(second * 1000)), min_size=1, max_size=12),
)
def test_a_guess_agrees_with_everything_observed_and_is_no_other_name(zone: str, moments: list[Instant]) -> None:
    offsets = [(when, minutes(zone, when)) for when in moments]
    found = guess(offsets, near="Europe/Berlin")
    assert found is not None
    assert agrees(found, offsets)
    assert not found.startswith(("Etc/", "US/", "Brazil/", "Canada/"))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]), st.integers(2015, 2030))
def test_a_change_of_the_clock_is_found_to_the_second(zone: str, year: int) -> None:
    days = [Instant(at(f"{year}-01-01T00:00:00Z") + day * DAY) for day in range(365)]
    for before, after in pairwise(days):
        if minutes(zone, before) != minutes(zone, after):
            changed = change_between(zone, before, after)
            assert minutes(zone, Instant(changed - 1000)) == minutes(zone, before)
            assert minutes(zone, changed) == minutes(zone, after)


def test_a_change_is_found_by_the_hour_of_its_zone() -> None:
    assert change_between("Europe/Berlin", at("2026-03-28T19:31:09Z"), at("2026-03-30T18:31:09Z")) == at("2026-03-29T01:00:00Z")


def test_windows_names_are_those_of_zones_too() -> None:
    assert zone_name("W. Europe Standard Time") == "Europe/Berlin"
    assert zone_name("Europe/Oslo") == "Europe/Oslo"
    assert zone_name("Mars/Olympus") is None
    assert zone_name("../etc/passwd") is None
    assert zone_name("") is None


def test_zones_that_never_leave_utc_are_utc() -> None:
    assert is_utc("UTC")
    assert is_utc("Africa/Abidjan")
    assert not is_utc("Europe/London")
    assert not is_utc("no zone")


def test_every_clock_of_the_present_has_a_well_known_zone() -> None:
    """Those of the list are looked at before all others: an unusual clock must not make the search long."""
    now = [Instant(at("2026-01-01T00:00:00Z") + hours * HOUR) for hours in range(0, 370 * 24, 6)]
    for zone in ("Antarctica/Troll", "America/Nuuk", "Asia/Gaza", "Pacific/Chatham", "Asia/Kathmandu", "America/Havana"):
        assert guess([(when, minutes(zone, when)) for when in now], near="UTC") == zone
