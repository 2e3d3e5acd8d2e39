"""A template is kept only where messages can be made from it."""

from __future__ import annotations

import pytest

from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.template import (
    LONGEST_MESSAGE,
    LONGEST_TITLE,
    Name,
    Template,
    TemplateError,
    fields_of,
    name_of,
    read_template,
    unknown_variables,
)

BEFORE = Template("Title", "Message", "high", ("one",))


def test_what_is_not_named_stays() -> None:
    assert read_template({}, BEFORE) == BEFORE
    assert read_template({"title": " Other "}, BEFORE) == Template("Other", "Message", "high", ("one",))
    assert read_template({"priority": "min", "tags": "a, b,,a"}, BEFORE) == Template("Title", "Message", "min", ("a", "b"))
    assert read_template({"message": "a\r\nb", "tags": ["x", " y "]}, BEFORE) == Template("Title", "a\nb", "high", ("x", "y"))


def test_the_fields_of_a_template_read_back_as_the_same() -> None:
    template = Template("{a}", "b\n\nc", "max", ("x", "y"))
    assert read_template(fields_of(template), BEFORE) == template


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"title": "  "}, "title", "must not be empty"),
        ({"title": "a\nb"}, "title", "one line"),
        ({"title": "x" * (LONGEST_TITLE + 1)}, "title", "250 characters at most"),
        ({"title": 7}, "title", "must be text"),
        ({"message": ""}, "message", "must not be empty"),
        ({"message": "x" * (LONGEST_MESSAGE + 1)}, "message", "5000 characters at most"),
        ({"message": "a\0b"}, "message", "must be text"),
        ({"message": None}, "message", "must be text"),
        ({"priority": "urgent"}, "priority", "one of min, low, default, high, max"),
        ({"priority": None}, "priority", "one of min"),
        ({"tags": "x" * 41}, "tags", "40 characters at most"),
        ({"tags": ",".join(map(str, range(11)))}, "tags", "10 tags at most"),
        ({"tags": "a\nb"}, "tags", "no line breaks"),
        ({"tags": ["a,b"]}, "tags", "without commas"),
        ({"tags": 7}, "tags", "a text with commas"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(fields: dict[str, object], field: str, says: str) -> None:
    with pytest.raises(TemplateError, match=says) as caught:
        read_template(fields, BEFORE)
    assert caught.value.field == field


def test_unknown_variables_are_those_that_the_template_cannot_fill() -> None:
    template = Template("{status} {overdue_since} {nope}", "{backup_interval_value} {nope} {duplistatus_link} {not this}")
    assert unknown_variables(template, Name.WARNING) == ("overdue_since", "nope", "backup_interval_value")
    assert unknown_variables(template, Name.OVERDUE) == ("status", "overdue_since", "nope")


def test_every_event_but_a_test_has_a_template() -> None:
    assert [event for event in Event if name_of(event) is None] == [Event.TEST]
    assert {name_of(event) for event in Event} - {None} == set(Name)
