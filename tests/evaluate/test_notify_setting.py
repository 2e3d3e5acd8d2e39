"""What may be set of messages, what follows the server, and what is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.notify_setting import (
    EVENTS,
    MOST_ADDRESSES,
    MOST_TOPIC,
    NO_ADDITIONAL,
    Additional,
    NotifySetting,
    addresses_of,
    check_address,
    check_topic,
    checked_additional,
    checked_notify,
)

value = st.none() | st.sampled_from(["", "all", "errors", "a@example.org", "topic"])
additional = st.builds(Additional, st.none() | st.sampled_from(["", *EVENTS]), value, value)


@given(additional, additional)
def test_a_job_has_its_own_field_or_that_of_the_server(own: Additional, server: Additional) -> None:
    found = own.over(server)
    for name in ("event", "emails", "topic"):
        mine = getattr(own, name)
        assert getattr(found, name) == (mine if mine is not None else getattr(server, name))


@given(additional, additional, additional)
def test_it_does_not_matter_in_which_order_three_are_laid_over_each_other(one: Additional, two: Additional, three: Additional) -> None:
    assert one.over(two).over(three) == one.over(two.over(three))
    assert one.over(NO_ADDITIONAL) == one == NO_ADDITIONAL.over(one)


def test_an_empty_text_says_that_there_is_none_and_does_not_follow() -> None:
    server = Additional("errors", "ops@example.org", "ops")
    assert Additional(emails="").over(server) == Additional("errors", "", "ops")
    assert Additional(emails="").over(server).addresses == ()


def test_without_a_choice_for_those_besides_that_of_the_job_counts() -> None:
    job = NotifySetting("errors", additional=Additional(emails="a@example.org"))
    assert job.effective(NO_ADDITIONAL).event == "errors"
    assert job.effective(Additional("all")).event == "all"
    own = NotifySetting("errors", additional=Additional(event="", emails="a@example.org"))
    assert own.effective(Additional("all")).event == "errors", "an empty choice of its own is that of the job"


@pytest.mark.parametrize("between", [",", ", ", ";", "\n", " ;\n, "])
def test_addresses_stand_one_by_one_whatever_is_between_them(between: str) -> None:
    assert addresses_of(f"a@example.org{between}b@example.org") == ("a@example.org", "b@example.org")


@given(st.lists(st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.org", fullmatch=True)))
def test_each_address_counts_once_in_the_order_of_its_first(addresses: list[str]) -> None:
    assert addresses_of(", ".join(addresses)) == tuple(dict.fromkeys(addresses))


@pytest.mark.parametrize("address", ["kim@example.org", "k.im+backup@sub.example.org", "ä@exämple.org", "kim@localhost"])
def test_an_address_passes(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "kim",
        "@example.org",
        "kim@",
        "",
        "kim example@example.org",
        "<kim@example.org>",
        "kim@example.org\x00",
        'k"im@example.org',
        "k@" + "e" * 254,
    ],
)
def test_what_can_be_no_address_is_refused_in_words(address: str) -> None:
    with pytest.raises(ValueError, match="is no e-mail address"):
        check_address(address)


@pytest.mark.parametrize("topic", ["ops", "duplistatus-aB3_x", "x" * MOST_TOPIC])
def test_a_topic_passes(topic: str) -> None:
    check_topic(topic)


@pytest.mark.parametrize("topic", ["two words", "a/b", "ümlaut", "x" * (MOST_TOPIC + 1), "a.b"])
def test_what_ntfy_takes_for_no_topic_is_refused_in_words(topic: str) -> None:
    with pytest.raises(ValueError, match="is no topic: letters, digits"):
        check_topic(topic)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (Additional(event="often"), "no choice of results; there are all, warnings, errors, off"),
        (Additional(emails="kim@example.org, nobody"), "'nobody' is no e-mail address"),
        (Additional(emails="a@example.org," * 200), f"longer than {MOST_ADDRESSES} characters"),
        (Additional(topic="two words"), "is no topic"),
    ],
)
def test_of_those_besides_what_makes_no_sense_is_refused(wrong: Additional, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        checked_additional(wrong)
    with pytest.raises(ValueError, match=sentence):
        checked_notify(NotifySetting(additional=wrong))


@pytest.mark.parametrize("event", ["", "often", "ALL"])
def test_a_job_has_one_of_the_choices(event: str) -> None:
    with pytest.raises(ValueError, match="no choice of results"):
        checked_notify(NotifySetting(event))


@given(st.sampled_from(EVENTS), st.booleans(), st.booleans())
def test_what_makes_sense_comes_back_as_it_is(event: str, ntfy: bool, email: bool) -> None:
    setting = NotifySetting(event, ntfy, email, Additional("", "a@example.org; b@example.org", ""))
    assert checked_notify(setting) is setting
