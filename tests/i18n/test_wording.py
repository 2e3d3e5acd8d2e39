"""How a reader is addressed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant
from duplistatus.i18n.languages import ENGLISH
from duplistatus.i18n.wording import known_zone, wording, wording_for

NOW = instant(datetime(2026, 11, 21, 5, 58, 3, tzinfo=UTC))
OSLO = wording(ENGLISH, "en_GB", "Europe/Oslo")


def test_moments_are_told_in_the_readers_zone() -> None:
    assert OSLO.moment(NOW, NOW) == "21 Nov, 06:58"
    assert OSLO.full_moment(NOW) == "Saturday, 21 November 2026, 06:58:03 CET"
    assert wording(ENGLISH, "en_GB", "America/New_York").full_moment(NOW).endswith("00:58:03 EST")


def test_the_year_is_named_only_when_it_is_another() -> None:
    assert OSLO.day(Instant(NOW - 400 * DAY), NOW) == "17 Oct 2025"
    # Near midnight the reader's year decides, not that of UTC.
    new_year = instant(datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    assert OSLO.day(new_year, NOW) == "1 Jan"


@pytest.mark.parametrize(
    ("age", "short", "spoken"),
    [
        (10, "now", "less than a minute"),
        (MINUTE, "1 min", "1 minute"),
        (4 * MINUTE, "4 min", "4 minutes"),
        (3 * HOUR, "3 h", "3 hours"),
        (DAY, "1 d", "1 day"),
        (70 * DAY, "2 mo", "2 months"),
        (800 * DAY, "2 y", "2 years"),
    ],
)
def test_ages_are_short_in_lists_and_spoken_in_sentences(age: int, short: str, spoken: str) -> None:
    assert (OSLO.age(age), OSLO.spoken_age(age)) == (short, spoken)


def test_the_browser_decides_region_and_zone() -> None:
    chosen = wording_for("", "en-US,en;q=0.9", "Asia/Tokyo", "UTC")
    assert (chosen.language.code, chosen.locale, chosen.zone.key) == ("en", "en_US", "Asia/Tokyo")


def test_a_region_of_another_language_does_not_change_the_formats() -> None:
    chosen = wording_for("en", "sv-SE,en;q=0.5", "", "Europe/Oslo")
    assert (chosen.locale, chosen.zone.key) == ("en_GB", "Europe/Oslo")


@pytest.mark.parametrize("zone", ["", "Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "x" * 200, "Europe"])
def test_what_is_no_zone_falls_back_to_that_of_the_settings(zone: str) -> None:
    assert not known_zone(zone)
    assert wording_for("", "", zone, "Europe/Oslo").zone.key == "Europe/Oslo"


@pytest.mark.parametrize("asked", ["en-XX", "en-" + "a" * 50, "en-US-POSIX-x-y", "-", ",,,;q=1", "\x00"])
def test_strange_wishes_are_no_errors(asked: str) -> None:
    assert wording_for("", asked, "", "UTC").language is ENGLISH


def test_the_same_wishes_give_the_same_object() -> None:
    assert wording_for("", "en-GB", "Europe/Oslo", "UTC") is OSLO
