"""In which zone a scheduler counts, decided by recorded reports, by stories in which Duplicati's own rule makes the slots, and by what
servers and users say."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, instant, moment
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.next_run import ALL_DAYS, next_run, next_run_before_2_1_2
from duplistatus.evaluate.zone_evidence import (
    NO_EVIDENCE,
    ServerZone,
    Slot,
    ZoneEvidence,
    ZoneRule,
    ZoneSource,
    decide,
    read_evidence,
)
from duplistatus.report.report import Report
from tests.report.samples import DATA, read_recorded

LANGUAGES = "2.3.0.109-languages"
NOW_VERSION = "2.3.0.4 (2.3.0.4_stable_2026-07-09)"
NEAR = "Asia/Manila"
MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})
HOSTS = ["Europe/Berlin", "America/New_York", "Australia/Sydney"]


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def decided(*evidence: ZoneEvidence, near: str = NEAR, host_zone: str | None = None, version: str = NOW_VERSION) -> ServerZone:
    return decide(zone_set=None, zone_told=None, host_zone=host_zone, version=version, evidence=evidence, near=near)


def folded(slots: Iterable[Slot]) -> ZoneEvidence:
    return reduce(ZoneEvidence.after, slots, NO_EVIDENCE)


def minutes(zone: str, when: Instant) -> int:
    offset = moment(when).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset // timedelta(minutes=1)


# --- recorded reports ----------------------------------------------------------------------------------------------------------------


def slot_of(report: Report) -> Slot:
    assert report.begun_at is not None
    version = report.last_version
    announced = report.next_run is not None
    when = report.next_run if report.next_run is not None else report.begun_at
    return Slot(report.begun_at, when, announced, version and version.at, version and version.offset_minutes)


def recorded_evidence(host: str) -> list[ZoneEvidence]:
    jobs: dict[str, list[Slot]] = {}
    for path in sorted((DATA / "reports" / LANGUAGES).glob(f"{host}-backup-*.json")):
        report = read_recorded(f"{LANGUAGES}/{path.stem}")
        jobs.setdefault(report.origin.job_name, []).append(slot_of(report))
    assert len(jobs) == 2
    return [folded(sorted(slots, key=lambda slot: slot.begun_at)) for slots in jobs.values()]


@pytest.mark.parametrize(
    ("host", "zone", "rule"),
    [
        ("buero", "Europe/Berlin", ZoneRule.MOVED_WITH_CLOCK),
        ("nas-oslo", "Europe/Berlin", ZoneRule.MOVED_WITH_CLOCK),
        ("helsinki", "Europe/Helsinki", ZoneRule.MOVED_WITH_CLOCK),
        ("office-pc", "America/New_York", ZoneRule.WEEKDAYS),
        ("docker", "UTC", ZoneRule.HOST_IS_UTC),
    ],
)
def test_a_recorded_server_is_decided_right(host: str, zone: str, rule: ZoneRule) -> None:
    found = decided(*recorded_evidence(host))
    assert (found.name, found.source, found.reason.rule) == (zone, ZoneSource.EVIDENCE, rule)


@pytest.mark.parametrize("host", ["tokyo", "seoul", "mumbai", "bangkok"])
def test_a_recorded_server_whose_slots_are_alike_in_both_zones_is_not_decided(host: str) -> None:
    found = decided(*recorded_evidence(host))
    assert (found.name, found.source, found.reason.rule) == ("UTC", ZoneSource.ASSUMED, ZoneRule.NO_CHANGE_SEEN)


def test_the_reason_names_the_change_of_the_clock() -> None:
    reason = decided(*recorded_evidence("buero")).reason
    assert (reason.at, reason.from_offset, reason.to_offset) == (at("2026-03-29T01:00:00Z"), 60, 120)


def test_the_zone_nearby_is_named_for_a_host_of_the_same_clock() -> None:
    assert decided(*recorded_evidence("nas-oslo"), near="Europe/Oslo").name == "Europe/Oslo"


# --- stories: Duplicati's rule makes the slots ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """A server that counts in `zone`, on a host in `host`; a job and its first slot. `down`: days of the story on which the computer is
    off; `announces`: whether reports tell the next slot; `lag`: the most milliseconds by which a run begins after its slot."""

    zone: str
    host: str
    first: str
    interval: str = "1D"
    days: frozenset[int] = ALL_DAYS
    down: frozenset[int] = frozenset()
    announces: bool = True
    lag: int = 5 * SECOND
    length: int = 730
    older: bool = False

    def slots(self) -> Iterator[Slot]:
        chance = random.Random(self.first)
        interval, zone = read_interval(self.interval), ZoneInfo(self.zone)
        compute = next_run_before_2_1_2 if self.older else next_run
        begin = slot = compute(at(self.first), at(self.first), interval, self.days, zone)
        while slot < begin + self.length * DAY:
            begun = Instant(slot + chance.randrange(self.lag))
            if (begun - begin) // DAY in self.down:
                begun = Instant((begun // DAY + 1) * DAY + chance.randrange(HOUR))
                while (begun - begin) // DAY in self.down:
                    begun = Instant(begun + DAY)
            following = compute(slot, Instant(begun + 1), interval, self.days, zone)
            made_at = Instant(begun + 2 * SECOND)
            yield Slot(begun, following if self.announces else begun, self.announces, made_at, minutes(self.host, made_at))
            slot = following

    def told(self) -> Iterator[tuple[Slot, ZoneEvidence]]:
        evidence = NO_EVIDENCE
        for slot in self.slots():
            evidence = evidence.after(slot)
            yield slot, evidence


def may_be(found: ServerZone, story: Story) -> bool:
    """Whether a decision is right, or none: the right zone may be called by another one's name until their clocks have differed."""
    return found.source == ZoneSource.ASSUMED or (found.name == "UTC") == (story.zone == "UTC")


PATTERNS = {
    "daily": ("1D", ALL_DAYS),
    "Monday to Friday": ("1D", MONDAY_TO_FRIDAY),
    "Monday to Saturday": ("1D", ALL_DAYS - {0}),
    "every six hours": ("6h", ALL_DAYS),
    "every hour": ("1h", ALL_DAYS),
    "every six hours, Monday to Friday": ("6h", MONDAY_TO_FRIDAY),
    "every second day": ("2D", ALL_DAYS),
    "every third day": ("3D", ALL_DAYS),
    "every 24 hours": ("24h", ALL_DAYS),
    "weekly": ("1W", ALL_DAYS),
    "Sundays": ("1D", frozenset({0})),
    "Saturdays": ("1D", frozenset({6})),
    "Fridays": ("1D", frozenset({5})),
    "Tuesday, Thursday, Saturday": ("1D", frozenset({2, 4, 6})),
    "nights after workdays": ("1D", frozenset({2, 3, 4, 5, 6})),
    "monthly": ("1M", ALL_DAYS),
}
TIMES = ["00:30", "01:30", "02:15", "05:00", "12:00", "16:45", "20:30", "22:30", "23:30"]
OFF_AT_WEEKENDS = frozenset(day for day in range(731) if day % 7 in {5, 6})
ALIKE = {
    # A Tuesday to Saturday of UTC that is a Monday to Friday by the host's weekday: the same slots as the much likelier latter.
    ("nights after workdays", "UTC"),
    # The same slots as those of a daily job that is counted in UTC.
    ("every 24 hours", "the host's zone"),
}


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


def daily(zone: str, first: str, length: int, interval: str = "1D") -> list[Slot]:
    return list(Story(zone, "Europe/Berlin", first, interval, length=length).slots())


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


# --- what is said --------------------------------------------------------------------------------------------------------------------

BERLIN = folded(daily("Europe/Berlin", "2026-02-01T18:00:00Z", 100))


def said(
    zone_set: str | None = None,
    zone_told: str | None = None,
    host_zone: str | None = None,
    version: str = NOW_VERSION,
    evidence: Sequence[ZoneEvidence] = (BERLIN,),
) -> tuple[str, ZoneSource, ZoneRule, bool]:
    found = decide(zone_set=zone_set, zone_told=zone_told, host_zone=host_zone, version=version, evidence=evidence, near=NEAR)
    return found.name, found.source, found.reason.rule, found.older_rule


def test_what_a_user_sets_goes_before_all() -> None:
    assert said("Asia/Tokyo", "America/New_York", version="2.0.8.1") == ("Asia/Tokyo", ZoneSource.SET, ZoneRule.SET_BY_USER, False)


def test_what_the_server_tells_goes_before_evidence() -> None:
    assert said(zone_told="America/New_York") == ("America/New_York", ZoneSource.SERVER, ZoneRule.TOLD, False)


def test_an_empty_setting_of_the_server_is_utc() -> None:
    assert said(zone_told="", host_zone="Europe/Berlin") == ("UTC", ZoneSource.SERVER, ZoneRule.TOLD, False)


def test_with_a_zone_that_nobody_knows_duplicati_counts_in_that_of_its_host() -> None:
    assert said(zone_told="Mars", host_zone="Asia/Tokyo") == ("Asia/Tokyo", ZoneSource.SERVER, ZoneRule.TOLD_UNKNOWN, False)
    assert said(zone_told="Mars") == ("Europe/Berlin", ZoneSource.SERVER, ZoneRule.TOLD_UNKNOWN, False)
    assert said(zone_told="Mars", evidence=()) == ("UTC", ZoneSource.ASSUMED, ZoneRule.NO_CHANGE_SEEN, False)


@pytest.mark.parametrize("version", ["2.1.0.5 (2.1.0.5_stable_2025-03-04)", "2.0.8.1_beta_2024-05-07", "2.0.6.3", " v2.1.1.9"])
def test_before_2_1_2_the_older_rule_holds_with_the_weekdays_of_the_host(version: str) -> None:
    assert said(version=version) == ("Europe/Berlin", ZoneSource.VERSION, ZoneRule.VERSION, True)
    assert said(version=version, host_zone="Asia/Tokyo")[0] == "Asia/Tokyo"
    assert said(version=version, evidence=())[0] == "UTC"


@pytest.mark.parametrize("version", ["2.1.2", "2.1.2.0_beta", "2.2.0.1", "2.3.0.109", "10.0", "", "canary", "2"])
def test_from_2_1_2_on_and_for_unreadable_versions_it_does_not(version: str) -> None:
    assert said(version=version) == ("Europe/Berlin", ZoneSource.EVIDENCE, ZoneRule.MOVED_WITH_CLOCK, False)


def test_slots_of_an_older_duplicati_are_no_sign_of_its_hosts_zone() -> None:
    story = Story("Europe/Berlin", "Europe/Berlin", "2026-02-02T18:00:00Z", announces=False, older=True, length=300)
    found = decided(folded(story.slots()), version="2.0.8.1_beta_2024-05-07")
    assert (found.name, found.older_rule) == ("Europe/Berlin", True)


def test_without_any_evidence_it_is_utc_by_assumption() -> None:
    assert said(evidence=()) == ("UTC", ZoneSource.ASSUMED, ZoneRule.NO_CHANGE_SEEN, False)
    assert said(evidence=(NO_EVIDENCE,), host_zone="Europe/Berlin")[:2] == ("UTC", ZoneSource.ASSUMED)


def test_a_host_that_is_told_to_be_in_utc_needs_no_evidence() -> None:
    assert said(evidence=(), host_zone="Etc/UTC") == ("UTC", ZoneSource.EVIDENCE, ZoneRule.HOST_IS_UTC, False)


def test_a_host_without_an_offset_in_winter_may_be_in_london() -> None:
    winter = folded(Story("UTC", "UTC", "2026-01-01T18:00:00Z", length=60).slots())
    assert decided(winter).source == ZoneSource.ASSUMED
    summer = folded(Story("UTC", "UTC", "2026-01-01T18:00:00Z", length=120).slots())
    assert decided(summer).reason.rule == ZoneRule.HOST_IS_UTC


# --- the fold ------------------------------------------------------------------------------------------------------------------------


@st.composite
def any_slot(draw: st.DrawFn) -> Slot:
    begun = Instant(draw(st.integers(0, 1_900_000_000_000)))
    ahead = draw(st.sampled_from([None, 0, HOUR, DAY, 23 * HOUR, 25 * HOUR, 3 * DAY, 7 * DAY]))
    offset = draw(st.sampled_from([None, -300, -240, 0, 60, 120, 330]))
    return Slot(begun, Instant(begun + (ahead or 0)), ahead is not None, begun if offset is not None else None, offset)


@given(st.lists(any_slot(), max_size=60))
def test_evidence_is_bounded_and_the_same_after_it_was_written(slots: list[Slot]) -> None:
    evidence = NO_EVIDENCE
    for slot in sorted(slots, key=lambda slot: slot.begun_at):
        evidence = evidence.after(slot)
        text = evidence.as_text()
        assert read_evidence(text) == evidence
        assert read_evidence(text).votes == evidence.votes
        assert len(text) < 1_000
        assert decided(evidence).name


def test_no_text_is_no_evidence() -> None:
    assert read_evidence(None) == NO_EVIDENCE
    assert read_evidence(NO_EVIDENCE.as_text()) == NO_EVIDENCE


def test_votes_change_seldom() -> None:
    votes = [evidence.votes for _, evidence in Story("Europe/Berlin", "Europe/Berlin", "2025-01-01T18:00:00Z").told()]
    changes = sum(before != after for before, after in pairwise(votes))
    assert 20 <= changes <= 80
