"""Servers against the newest release of their channel, and when the list of releases is fetched."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from duplistatus.clock import Instant, instant
from duplistatus.evaluate.server_release import (
    BUILT_IN,
    FetchPlan,
    Known,
    Often,
    PlanError,
    Standing,
    changed_plan,
    newest_of,
    plan_fields,
    server_release,
)
from duplistatus.evaluate.task_times import TimesOfDay
from duplistatus.report.releases import Channel, Release

BEFORE = instant(datetime(2026, 7, 10, tzinfo=UTC))
AFTER = instant(datetime(2026, 12, 24, tzinfo=UTC))
NEWEST = newest_of(
    (
        Known(Channel.STABLE, Release((2, 3, 1, 0), Channel.STABLE, date(2026, 12, 1)), AFTER),
        Known(Channel.CANARY, Release((2, 3, 0, 109), Channel.CANARY), AFTER),
    )
)


@pytest.mark.parametrize(
    ("version", "channel", "number", "follows", "standing"),
    [
        ("2.3.1.0 (2.3.1.0_stable_2026-12-01)", "Stable", "2.3.1.0", Channel.STABLE, Standing.CURRENT),
        ("2.3.0.4 (2.3.0.4_stable_2026-07-09)", "Stable", "2.3.0.4", Channel.STABLE, Standing.OUTDATED),
        ("2.3.0.4 (2.3.0.4_stable_2026-07-09)", "", "2.3.0.4", Channel.STABLE, Standing.OUTDATED),
        ("2.3.0.4", "stable", "2.3.0.4", Channel.STABLE, Standing.OUTDATED),
        ("2.3.2.0", "stable", "2.3.2.0", Channel.STABLE, Standing.NEWER),
        # what the server follows counts, not what its version was built for
        ("2.3.0.109 (2.3.0.109_canary_2026-08-14)", "Stable", "2.3.0.109", Channel.STABLE, Standing.OUTDATED),
        ("2.3.0.109 (2.3.0.109_canary_2026-08-14)", "", "2.3.0.109", Channel.CANARY, Standing.CURRENT),
        ("2.3.0.109", "Nightly", "2.3.0.109", None, Standing.UNKNOWN),
        ("2.3.0.4", "", "2.3.0.4", None, Standing.UNKNOWN),
        ("", "Stable", "", Channel.STABLE, Standing.UNKNOWN),
        ("debug build", "Stable", "debug", Channel.STABLE, Standing.UNKNOWN),
    ],
)
def test_a_server_stands_to_the_newest_of_its_channel(
    version: str, channel: str, number: str, follows: Channel | None, standing: Standing
) -> None:
    found = server_release(version, channel, NEWEST)
    assert (found.number, found.channel, found.standing) == (number, follows, standing)
    if standing is Standing.OUTDATED:
        assert found.newest == NEWEST[Channel.STABLE].release


def test_without_a_release_of_the_channel_nothing_is_said() -> None:
    assert server_release("2.3.0.4", "stable", {}).standing is Standing.UNKNOWN


def test_what_is_known_from_the_start_is_one_release_of_each_channel() -> None:
    assert {each.channel for each in BUILT_IN} == set(Channel)
    assert list(newest_of(())) == list(Channel)
    assert all(each.fetched_at is None for each in newest_of(()).values())


def _fetched(number: tuple[int, int, int, int], at: Instant) -> Known:
    return Known(Channel.STABLE, Release(number, Channel.STABLE), at)


def test_a_list_that_is_older_than_the_product_gives_way_to_what_is_known_from_the_start() -> None:
    assert newest_of((_fetched((2, 3, 0, 4), BEFORE),))[Channel.STABLE].release in BUILT_IN
    assert newest_of((_fetched((2, 9, 0, 0), BEFORE),))[Channel.STABLE].release.number == "2.9.0.0"


def test_a_newer_list_counts_also_where_a_release_was_taken_back() -> None:
    assert newest_of((_fetched((2, 3, 0, 4), AFTER),))[Channel.STABLE].release.number == "2.3.0.4"


def test_a_channel_can_be_offered_a_release_of_a_steadier_one() -> None:
    offered = Known(Channel.EXPERIMENTAL, Release((2, 4, 0, 1), Channel.STABLE), AFTER)
    found = server_release("2.1.1.0", "Experimental", newest_of((offered,)))
    assert (found.standing, found.newest) == (Standing.OUTDATED, offered.release)


def test_a_plan_is_a_rhythm() -> None:
    oslo = ZoneInfo("Europe/Oslo")
    assert FetchPlan().rhythm(oslo) == TimesOfDay(time(5, 40), oslo, 24)
    assert FetchPlan(Often.FOUR_TIMES, time(2, 45)).rhythm(oslo) == TimesOfDay(time(2, 45), oslo, 6)
    assert FetchPlan(Often.NEVER).rhythm(oslo) is None


def test_a_plan_is_changed_by_its_fields() -> None:
    assert changed_plan(FetchPlan(), {"often": "12h"}) == FetchPlan(Often.TWICE)
    assert changed_plan(FetchPlan(), {"at": "23:59"}) == FetchPlan(at=time(23, 59))
    plan = FetchPlan(Often.NEVER, time(0))
    assert changed_plan(FetchPlan(), plan_fields(plan)) == plan


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"often": "1h"}, "often"),
        ({"often": None}, "often"),
        ({"often": ["24h"]}, "often"),
        ({"at": "24:00"}, "at"),
        ({"at": "5:40"}, "at"),
        ({"at": "T0540"}, "at"),
        ({"at": "٠٥:٤٠"}, "at"),
        ({"at": 540}, "at"),
        ({"at": None}, "at"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(fields: dict[str, object], field: str) -> None:
    with pytest.raises(PlanError) as caught:
        changed_plan(FetchPlan(), fields)
    assert caught.value.field == field
