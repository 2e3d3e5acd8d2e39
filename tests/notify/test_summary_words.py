"""The words of summaries: every language has all of them, with the same variables."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant
from duplistatus.evaluate.fleet_view import State
from duplistatus.evaluate.silence import Silence
from duplistatus.evaluate.summary import Bucket
from duplistatus.evaluate.summary_setting import Days
from duplistatus.i18n.formats import locale_of
from duplistatus.i18n.languages import ENGLISH, LANGUAGES, Language
from duplistatus.notify.summary_words import Voice, texts, voice

NOON = instant(datetime(2026, 7, 10, 12, tzinfo=UTC))
EVERY = pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.code)
OTHERS = pytest.mark.parametrize("language", LANGUAGES[1:], ids=lambda each: each.code)
_VARIABLE = re.compile(r"\{(\w+)\}")


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


@EVERY
def test_every_state_result_and_silence_has_a_word(language: Language) -> None:
    found = texts(language.code)
    assert set(found["state"]) == {state.value for state in State}
    assert set(found["bucket"]) == {bucket.value for bucket in Bucket}
    assert set(found["silence"]) >= {silence.value for silence in Silence} - {"none"} | {"off", "unwatched"}


@OTHERS
def test_every_language_says_everything_with_the_same_variables(language: Language) -> None:
    english, found = texts(ENGLISH.code), texts(language.code)
    assert set(found) == set(english)
    for group, words in english.items():
        assert set(found[group]) == set(words), group
        for name, text in words.items():
            other = found[group][name]
            if isinstance(text, str):
                assert sorted(_VARIABLE.findall(other)) == sorted(_VARIABLE.findall(text)), (group, name)
            else:
                assert all(_VARIABLE.findall(form) in (["n"], []) for form in other.values()), (group, name)


@EVERY
def test_every_number_has_a_form_and_is_in_it_where_it_is_more_than_one(language: Language) -> None:
    forms = [(group, name) for group, words in texts(language.code).items() for name, text in words.items() if not isinstance(text, str)]
    plural = locale_of(language.region).plural_form
    for group, name in forms:
        known = set(texts(language.code)[group][name])
        # A million has a form of its own in some languages, and the other one says it well.
        assert known <= {"one", "other", "many"}
        assert {plural(number) for number in range(1_000)} <= known | {"other"}
        # Nothing is an empty fleet, which has a sentence of its own.
        for number in (*((0,) if group == "count" else ()), 2, 5, 21, 1_000_000):
            assert voice(language, "UTC").wording.number(number) in voice(language, "UTC").count(name, number, group)


@EVERY
def test_ages_and_days_are_said_in_the_language(language: Language) -> None:
    say = voice(language, "UTC")
    assert say.ago(Instant(NOON - 30_000), NOON) == say("now")
    assert "3" in say.ago(Instant(NOON - 3 * DAY), NOON)
    assert "5" in say.time(5 * HOUR)
    assert say.short_day(day("2026-11-09")).isascii()
    assert "2026" in say.span(Days(day("2026-11-09"), day("2026-11-15")))
    assert say.change(1024) == "+" + say.size(1024)
    assert say.change(-1024) == "−" + say.size(1024)
    assert say.size(None) == "–"


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2026-11-09", "2026-11-15", "9–15 Nov 2026"),
        ("2026-10-01", "2026-10-31", "October 2026"),
        ("2026-02-01", "2026-02-28", "February 2026"),
        ("2026-10-01", "2026-11-30", "1 Oct – 30 Nov 2026"),
    ],
)
def test_a_whole_month_is_called_by_its_name(first: str, last: str, text: str) -> None:
    # The blanks around the dash are thin.
    assert re.sub(r"\s", " ", voice(ENGLISH, "UTC").span(Days(day(first), day(last)))) == text


def test_days_follow_the_clock_of_the_zone() -> None:
    late = instant(datetime(2026, 11, 20, 23, 30, tzinfo=UTC))
    assert (voice(ENGLISH, "UTC").date_of(late), voice(ENGLISH, "Europe/Oslo").date_of(late)) == ("20 Nov 2026", "21 Nov 2026")


@given(st.integers(0, 400 * DAY), st.sampled_from(LANGUAGES))
def test_any_age_can_be_said(age: int, language: Language) -> None:
    say: Voice = voice(language, "UTC")
    assert say.ago(Instant(NOON - age), NOON)
    assert say.time(max(age, MINUTE))
