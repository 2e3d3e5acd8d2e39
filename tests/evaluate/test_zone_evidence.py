"""In which zone a scheduler counts, decided by recorded reports, by stories in which Duplicati's own rule makes the slots, and by what
servers and users say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.zone_evidence import (
    NO_EVIDENCE,
    Slot,
    ZoneEvidence,
    ZoneRule,
    ZoneSource,
    decide,
    read_evidence,
)
from duplistatus.report.report import Report
from tests.evaluate.zone_stories import (
    NEAR,
    NOW_VERSION,
    Story,
    at,
    daily,
    decided,
    folded,
)
from tests.report.samples import DATA, read_recorded

LANGUAGES = "2.3.0.109-languages"

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
