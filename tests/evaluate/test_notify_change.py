"""Changes of what is told, as somebody sends them: named fields alone change, null follows the server, and what makes no sense is refused
with its field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.notify_change import (
    FOLLOW_SERVER,
    NOBODY_BESIDES,
    NotifyChange,
    NotifyError,
    changed_additional,
    changed_notify,
    of_server,
    read_notify_change,
    source_of,
)
from duplistatus.evaluate.notify_setting import EVENTS, NO_ADDITIONAL, Additional, NotifySetting

BEFORE = NotifySetting("errors", ntfy=False, email=True, additional=Additional("all", "a@example.org", "ops"))


def after(sent: dict[str, object], before: NotifySetting = BEFORE) -> NotifySetting:
    return changed_notify(before, read_notify_change(sent))


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ({}, BEFORE),
        ({"event": "off"}, NotifySetting("off", ntfy=False, additional=BEFORE.additional)),
        ({"ntfy": True, "email": False}, NotifySetting("errors", email=False, additional=BEFORE.additional)),
        ({"additional_topic": None}, NotifySetting("errors", ntfy=False, additional=Additional("all", "a@example.org"))),
        ({"additional_topic": ""}, NotifySetting("errors", ntfy=False, additional=Additional("all", "a@example.org", ""))),
        ({"additional_event": ""}, NotifySetting("errors", ntfy=False, additional=Additional("", "a@example.org", "ops"))),
        ({"colour": "blue"}, BEFORE),
    ],
)
def test_only_what_is_named_becomes_another(sent: dict[str, object], wanted: NotifySetting) -> None:
    assert after(sent) == wanted


@pytest.mark.parametrize("sent", ["b@example.org;c@example.org", ["b@example.org", "c@example.org"], " b@example.org ,\nc@example.org, "])
def test_addresses_come_as_a_list_or_as_text_and_are_kept_as_text(sent: object) -> None:
    assert after({"additional_emails": sent}).additional.emails == "b@example.org, c@example.org"


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"event": "often"}, "event", "no choice of results"),
        ({"event": None}, "event", "event must be text"),
        ({"ntfy": "yes"}, "ntfy", "ntfy must be true or false"),
        ({"email": 1}, "email", "email must be true or false"),
        ({"additional_event": "often"}, "additional_event", "no choice of results"),
        ({"additional_emails": "nobody"}, "additional_emails", "'nobody' is no e-mail address"),
        ({"additional_emails": [1]}, "additional_emails", "additional_emails must be text"),
        ({"additional_topic": "two words"}, "additional_topic", "is no topic"),
        ({"additional_topic": "a\0b"}, "additional_topic", "additional_topic must be text"),
        ({"additional_topic": 7}, "additional_topic", "additional_topic must be text"),
        ({"additional_emails": "a" * 200_000}, "additional_emails", "is longer than"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(sent: dict[str, object], field: str, sentence: str) -> None:
    with pytest.raises(NotifyError, match=sentence) as raised:
        read_notify_change(sent)
    assert raised.value.field == field


def test_to_follow_the_server_leaves_the_results_of_the_job_alone() -> None:
    found = changed_notify(BEFORE, FOLLOW_SERVER)
    assert found == NotifySetting("errors", ntfy=False)
    assert found.effective(Additional(topic="ops")).topic == "ops"


def test_nobody_besides_holds_against_the_server() -> None:
    found = changed_notify(BEFORE, NOBODY_BESIDES).effective(Additional("all", "a@example.org", "ops"))
    assert (found.addresses, found.topic) == ((), "")


def test_of_a_server_an_empty_text_is_kept_as_nothing() -> None:
    assert of_server(Additional("", "", "ops")) == Additional(topic="ops")
    assert of_server(changed_additional(BEFORE.additional, NOBODY_BESIDES)) == NO_ADDITIONAL


@pytest.mark.parametrize(
    ("own", "server", "source"), [(None, None, "none"), (None, "", "none"), (None, "x", "server"), ("", "x", "own"), ("y", None, "own")]
)
def test_it_is_known_where_a_value_comes_from(own: str | None, server: str | None, source: str) -> None:
    assert source_of(own, server) == source


json_values = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=3)
fields = st.sampled_from(["event", "ntfy", "email", "additional_event", "additional_emails", "additional_topic", "other"])


@given(st.dictionaries(fields, json_values))
def test_whatever_is_sent_is_read_or_refused_in_words(sent: dict[str, object]) -> None:
    change: NotifyChange | None = None
    refused: NotifyError | None = None
    try:
        change = read_notify_change(sent)
    except NotifyError as error:
        refused = error
    if change is None:
        assert refused is not None
        assert refused.field in sent
        assert str(refused)
        return
    found = changed_notify(BEFORE, change)
    assert changed_notify(found, change) == found, "the same change again changes nothing"
    assert found.event in EVENTS
