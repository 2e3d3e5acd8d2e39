"""Spans of time in words."""

from __future__ import annotations

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND
from duplistatus.evaluate.interval import read_interval
from duplistatus.i18n.languages import LANGUAGES
from duplistatus.i18n.spans import distance, interval_text, rough_span, span, unit


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 seconds"),
        (499, "0 seconds"),
        (29_765, "30 seconds"),
        (12 * MINUTE + 30 * SECOND, "12 minutes 30 seconds"),
        (HOUR, "1 hour"),
        (HOUR + 5 * SECOND, "1 hour"),
        (HOUR + 2 * MINUTE + 3 * SECOND, "1 hour 2 minutes"),
        (DAY + HOUR, "1 day 1 hour"),
    ],
)
def test_a_length_has_its_two_largest_units(milliseconds: int, text: str) -> None:
    assert span(milliseconds, "en_GB") == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (5, "1 minute ago"),
        (59 * MINUTE, "59 minutes ago"),
        (47 * HOUR, "1 day ago"),
        (9 * DAY, "9 days ago"),
        (61 * DAY, "2 months ago"),
        (800 * DAY, "2 years ago"),
        (-5 * HOUR, "in 5 hours"),
    ],
)
def test_how_long_ago_is_never_rounded_up(milliseconds: int, text: str) -> None:
    assert distance(milliseconds, "en_GB") == text


def test_a_rough_length_has_its_largest_unit() -> None:
    assert [rough_span(each, "de_DE") for each in (2 * DAY + HOUR, 90 * MINUTE, 10)] == ["2 Tage", "1 Stunde", "0 Sekunden"]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_every_language_has_words_for_every_unit(language: object) -> None:
    region: str = getattr(language, "region", "")
    for name in ("second", "minute", "hour", "day", "week", "month", "year"):
        for count in (0, 1, 2, 5, 21):
            assert str(count) in unit(count, name, region)
            assert "duration" not in unit(count, name, region)
    assert "2" in distance(2 * DAY, region)


def test_an_interval_has_all_its_parts() -> None:
    assert interval_text(read_interval("1W12h"), "en_GB") == "1 week 12 hours"
    assert interval_text(read_interval("1D"), "zh_Hans_CN") == "1天"
