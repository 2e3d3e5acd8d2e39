"""In which zone a server counts, decided run by run over stories of which the truth is known: never wrong, and right in time."""

from __future__ import annotations

from functools import reduce

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, moment
from duplistatus.evaluate.zone_evidence import (
    ServerZone,
    Slot,
    ZoneEvidence,
    ZoneRule,
    ZoneSource,
)
from tests.evaluate.zone_stories import (
    ALIKE,
    HOSTS,
    MONDAY_TO_FRIDAY,
    OFF_AT_WEEKENDS,
    PATTERNS,
    TIMES,
    Story,
    at,
    daily,
    decided,
    folded,
    may_be,
    minutes,
)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("counts_in", ["UTC", "the host's zone"])
@pytest.mark.parametrize("announces", [True, False], ids=["announced", "kept"])
def test_no_server_is_ever_decided_wrong(pattern: str, host: str, counts_in: str, *, announces: bool) -> None:
    interval, days = PATTERNS[pattern]
    zone = "UTC" if counts_in == "UTC" else host
    checked = 0
    first, length = ("2026-02-25", 60) if "h" in interval else ("2025-11-03", 400)
    times = TIMES[::3] if "h" in interval else TIMES
    for time in times:
        for down in (frozenset[int](), OFF_AT_WEEKENDS):
            story = Story(zone, host, f"{first}T{time}:00Z", interval, days, down, announces, length=length)
            votes: object = None
            for slot, evidence in story.told():
                if evidence.votes != votes:
                    votes = evidence.votes
                    found = decided(evidence)
                    if (pattern, counts_in) not in ALIKE:
                        assert may_be(found, story), (story, moment(slot.begun_at), found)
                    checked += 1
    assert checked > 12 * len(times)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("counts_in", ["UTC", "the host's zone"])
def test_a_daily_job_is_decided_with_the_first_run_after_the_first_change_of_the_clock(host: str, time: str, counts_in: str) -> None:
    story = Story("UTC" if counts_in == "UTC" else host, host, f"2025-11-10T{time}:00Z", length=300)
    decisions: list[ServerZone] = []
    first_offset = None
    for slot, evidence in story.told():
        first_offset = slot.offset_minutes if first_offset is None else first_offset
        if slot.offset_minutes != first_offset or decisions:
            decisions.append(decided(evidence, host_zone=host))
    if host == "Europe/Berlin" and time == "01:30" and counts_in != "UTC":
        # 02:30 in Berlin does not exist on the day of the change, and Duplicati goes on at 01:30: another time of day, which tells nothing.
        assert {each.source for each in decisions} == {ZoneSource.ASSUMED}
        return
    assert len(decisions) > 30
    assert {(each.name, each.source) for each in decisions} == {(story.zone, ZoneSource.EVIDENCE)}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("counts_in", ["UTC", "the host's zone"])
def test_a_daily_job_that_announces_nothing_is_decided_within_days_of_the_change(host: str, counts_in: str) -> None:
    story = Story("UTC" if counts_in == "UTC" else host, host, "2025-11-10T05:00:00Z", announces=False, lag=4 * MINUTE, length=300)
    first_offset, after = None, 0
    for slot, evidence in story.told():
        first_offset = slot.offset_minutes if first_offset is None else first_offset
        after += slot.offset_minutes != first_offset or after > 0
        if after > 3:
            assert decided(evidence, host_zone=host).name == story.zone
            assert decided(evidence, host_zone=host).source == ZoneSource.EVIDENCE


@pytest.mark.parametrize("host", HOSTS)
def test_a_weekly_job_of_the_hosts_zone_is_decided_after_the_change(host: str) -> None:
    evidence = folded(Story(host, host, "2025-11-05T12:00:00Z", "1W", length=300).slots())
    assert (decided(evidence).name, decided(evidence).reason.rule) == (host, ZoneRule.MOVED_WITH_CLOCK)


@pytest.mark.parametrize("host", HOSTS)
def test_two_years_tell_the_name_of_the_hosts_zone(host: str) -> None:
    evidence = folded(Story(host, host, "2024-11-10T12:00:00Z").slots())
    assert decided(evidence).name == host
    assert decided(folded(Story("UTC", host, "2024-11-10T12:00:00Z").slots())).name == "UTC"


def test_monday_to_friday_that_keeps_its_utc_time_over_the_change_tells_nothing() -> None:
    """Duplicati leaves the weekend out by plain days, in every zone."""
    for zone in ("UTC", "Europe/Berlin"):
        evidence = folded(Story(zone, "Europe/Berlin", "2026-02-02T18:00:00Z", days=MONDAY_TO_FRIDAY, length=200).slots())
        later = Story(zone, "Europe/Berlin", "2026-02-02T18:00:00Z", days=MONDAY_TO_FRIDAY).slots()
        assert {moment(slot.at).hour for slot in later} == {18}
        assert {moment(slot.at).hour for slot in Story(zone, "Europe/Berlin", "2026-02-02T18:00:00Z", days=MONDAY_TO_FRIDAY).slots()} == {
            18
        }
        assert decided(evidence).source == ZoneSource.ASSUMED


def test_monday_to_friday_around_midnight_is_known_by_its_weekdays() -> None:
    evening = Story("America/New_York", "America/New_York", "2025-12-02T01:30:00Z", days=MONDAY_TO_FRIDAY, length=12)
    found = decided(folded(evening.slots()))
    assert (found.name, found.reason.rule) == ("America/New_York", ZoneRule.WEEKDAYS)
    assert found.reason.slots is not None
    assert found.reason.slots >= 4


def test_three_slots_are_too_few_for_weekdays() -> None:
    evening = Story("America/New_York", "America/New_York", "2025-12-04T01:30:00Z", days=MONDAY_TO_FRIDAY)
    slots = list(evening.slots())
    assert decided(folded(slots[:3])).source == ZoneSource.ASSUMED
    assert decided(folded(slots[:6])).reason.rule == ZoneRule.WEEKDAYS


def test_a_computer_that_is_off_at_weekends_is_no_sign_of_weekdays() -> None:
    """A daily job of a server that counts in UTC, kept only while the office works, in Los Angeles' afternoon: next day in UTC."""
    story = Story("UTC", "America/Los_Angeles", "2025-12-02T00:30:00Z", announces=False, length=60)
    at_work = [slot for slot in story.slots() if moment(Instant(slot.begun_at - 8 * HOUR)).isoweekday() <= 5]
    assert {moment(slot.at).isoweekday() for slot in at_work} == {2, 3, 4, 5, 6}
    assert decided(folded(at_work)).source == ZoneSource.ASSUMED


def test_where_fridays_are_free_monday_to_friday_is_no_sign() -> None:
    """Sunday to Thursday in UTC is the week of work in Jerusalem, and Monday to Friday by its weekday late at night."""
    late = Story("UTC", "Asia/Jerusalem", "2025-12-02T22:30:00Z", days=frozenset({0, 1, 2, 3, 4}), length=60)
    assert decided(folded(late.slots()), near="Asia/Jerusalem").source == ZoneSource.ASSUMED


def test_a_monday_to_friday_of_utc_speaks_against_that_of_the_host() -> None:
    local = folded(Story("America/New_York", "America/New_York", "2025-12-02T01:30:00Z", days=MONDAY_TO_FRIDAY, length=60).slots())
    of_utc = folded(Story("UTC", "America/New_York", "2025-12-02T02:30:00Z", days=MONDAY_TO_FRIDAY, length=60).slots())
    assert decided(local).name == "America/New_York"
    assert decided(local, of_utc).source == ZoneSource.ASSUMED


def test_some_days_of_the_week_that_are_no_monday_to_friday_are_no_sign() -> None:
    some_days = Story("UTC", "America/New_York", "2025-12-02T01:30:00Z", days=frozenset({3, 4, 6}), length=60)
    assert decided(folded(some_days.slots())).source == ZoneSource.ASSUMED


def test_the_sign_of_weekdays_goes_when_the_job_runs_at_weekends_too() -> None:
    workdays = list(Story("America/New_York", "America/New_York", "2025-12-02T01:30:00Z", days=MONDAY_TO_FRIDAY, length=30).slots())
    each_day = list(Story("America/New_York", "America/New_York", "2026-01-06T01:30:00Z", length=10).slots())
    assert decided(folded(workdays)).reason.rule == ZoneRule.WEEKDAYS
    assert decided(folded([*workdays, *each_day])).source == ZoneSource.ASSUMED


def test_the_sign_of_weekdays_outlives_a_new_time_of_day() -> None:
    slots = list(Story("America/New_York", "America/New_York", "2025-12-02T01:30:00Z", days=MONDAY_TO_FRIDAY, length=30).slots())
    moved = list(Story("America/New_York", "America/New_York", "2026-01-06T02:10:00Z", days=MONDAY_TO_FRIDAY, length=2).slots())
    assert decided(folded([*slots, *moved])).name == "America/New_York"


def test_a_schedule_changed_by_something_else_tells_nothing() -> None:
    before = daily("UTC", "2026-02-01T18:00:00Z", 56)
    after = daily("UTC", "2026-03-29T20:15:00Z", 60)
    assert decided(folded([*before, *after])).source == ZoneSource.ASSUMED


def test_a_schedule_changed_by_an_hour_at_another_time_of_the_year_tells_nothing() -> None:
    before = daily("UTC", "2026-01-01T18:00:00Z", 50)
    after = daily("UTC", "2026-02-20T17:00:00Z", 30)
    assert decided(folded([*before, *after])).source == ZoneSource.ASSUMED


def test_a_schedule_put_back_to_its_local_time_days_after_the_change_is_still_one_of_utc() -> None:
    before = daily("UTC", "2026-02-01T18:00:00Z", 60)
    after = daily("UTC", "2026-04-02T17:00:00Z", 60)
    found = decided(folded([*before, *after]))
    assert (found.name, found.reason.rule) == ("UTC", ZoneRule.KEPT_UTC)


def test_the_newest_change_of_the_clock_decides() -> None:
    """In summer somebody saved the settings page: from then on the server counts in its host's zone."""
    in_utc = daily("UTC", "2026-02-01T18:00:00Z", 120)
    in_berlin = daily("Europe/Berlin", "2026-06-01T18:00:00Z", 200)
    evidence = folded(in_utc)
    assert decided(evidence).name == "UTC"
    evidence = reduce(ZoneEvidence.after, in_berlin, evidence)
    assert (decided(evidence).name, decided(evidence).reason.at) == ("Europe/Berlin", at("2026-10-25T01:00:00Z"))


def test_the_newest_change_decides_also_where_another_job_saw_an_older_one() -> None:
    until_summer = folded(daily("Europe/Berlin", "2026-02-01T18:00:00Z", 120))
    since_summer = folded(daily("UTC", "2026-06-01T18:00:00Z", 200))
    assert decided(until_summer).name == "Europe/Berlin"
    assert (decided(until_summer, since_summer).name, decided(since_summer).reason.rule) == ("UTC", ZoneRule.KEPT_UTC)


@pytest.mark.parametrize("hour", [16, 22])
def test_a_job_every_24_hours_does_not_outvote_a_daily_one(hour: int) -> None:
    every_24_hours = folded(daily("Europe/Berlin", f"2026-02-01T{hour}:00:00Z", 100, "24h"))
    once_a_day = folded(daily("Europe/Berlin", "2026-02-01T20:00:00Z", 100))
    for order in ((every_24_hours, once_a_day), (once_a_day, every_24_hours)):
        assert decided(*order).name == "Europe/Berlin"


def test_a_short_interval_on_a_computer_that_is_seldom_on_tells_nothing() -> None:
    """On at nine in Berlin for some minutes each day: the run announces the same slot each day, the next of every six hours."""
    slots = []
    for day in range(120):
        nine = Instant(at("2026-02-01T08:00:00Z") + day * DAY)
        begun = Instant(nine - (minutes("Europe/Berlin", nine) - 60) * MINUTE)
        slots.append(Slot(begun, Instant((begun // (6 * HOUR) + 1) * 6 * HOUR), True, begun, minutes("Europe/Berlin", begun)))
    assert len({slot.at % DAY for slot in slots}) == 1
    assert decided(folded(slots)).source == ZoneSource.ASSUMED


def test_a_clock_that_was_set_to_another_zone_is_no_change_of_the_clock() -> None:
    """A container of UTC gets the zone of Berlin in winter; its schedules, of UTC or of Berlin, go on."""
    slots = daily("Europe/Berlin", "2025-11-20T18:00:00Z", 90)
    in_utc = [Slot(slot.begun_at, slot.at, True, slot.offset_at, 0) for slot in slots[:45]]
    found = decided(folded([*in_utc, *slots[45:]]))
    assert found.source == ZoneSource.ASSUMED
    later = daily("Europe/Berlin", "2026-02-18T18:00:00Z", 90)
    assert decided(folded([*in_utc, *slots[45:], *later])).name == "Europe/Berlin"


def test_a_container_of_utc_may_count_in_the_zone_of_its_people() -> None:
    told_berlin = Story("Europe/Berlin", "UTC", "2026-01-01T18:00:00Z", length=150)
    found = decided(folded(told_berlin.slots()), near="Europe/Berlin")
    assert (found.name, found.reason.rule, found.reason.at) == ("Europe/Berlin", ZoneRule.MOVED_WITH_CLOCK, at("2026-03-29T01:00:00Z"))
    assert (found.reason.from_offset, found.reason.to_offset) == (60, 120)
    for elsewhere in ("America/New_York", "UTC", "no zone"):
        assert decided(folded(told_berlin.slots()), near=elsewhere).source == ZoneSource.ASSUMED


def test_a_container_of_utc_whose_schedule_is_put_back_by_hand_counts_in_utc_still() -> None:
    before = Story("UTC", "UTC", "2026-01-01T18:00:00Z", length=90)
    after = Story("UTC", "UTC", "2026-04-01T17:00:00Z", length=60)
    assert decided(folded([*before.slots(), *after.slots()]), near="Europe/Berlin").name == "UTC"


def test_a_container_of_utc_whose_schedule_is_put_elsewhere_is_still_known_to_count_in_utc() -> None:
    before = Story("UTC", "UTC", "2026-01-01T18:00:00Z", length=90)
    after = Story("UTC", "UTC", "2026-04-01T13:00:00Z", length=60)
    assert decided(folded([*before.slots(), *after.slots()])).reason.rule == ZoneRule.HOST_IS_UTC


def test_a_journey_does_not_make_what_was_seen_before_forgotten() -> None:
    slots = daily("Europe/Berlin", "2026-02-01T18:00:00Z", 120)
    away = [Slot(slot.begun_at, slot.at, True, slot.offset_at, -240) for slot in slots[100:]]
    assert decided(folded([*slots[:100], *away]), host_zone="Europe/Berlin").name == "Europe/Berlin"


def test_a_travelling_computer_is_not_decided() -> None:
    slots = daily("Europe/Berlin", "2026-02-01T18:00:00Z", 20)
    there = [Slot(slot.begun_at, slot.at, True, slot.offset_at, -300) for slot in slots[10:]]
    assert decided(folded([*slots[:10], *there])).source == ZoneSource.ASSUMED


def test_reports_without_an_offset_do_not_hinder() -> None:
    slots = daily("Europe/Berlin", "2026-02-01T18:00:00Z", 100)
    failed = [Slot(slot.begun_at, slot.at, True, None, None) if index % 3 else slot for index, slot in enumerate(slots)]
    assert decided(folded(failed)).name == "Europe/Berlin"
    assert decided(folded(Slot(slot.begun_at, slot.at, True, None, None) for slot in slots)).source == ZoneSource.ASSUMED
