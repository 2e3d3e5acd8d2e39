"""What messages are made from: templates with variables. Values and their limits: fields from outside in; a template out, or TemplateError
with a sentence that says what is wrong with it. Which variables a template knows is said here, what they are filled with is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from duplistatus.evaluate.notice import Event

LONGEST_TITLE = 250
LONGEST_MESSAGE = 5_000
LONGEST_TAG = 40
MOST_TAGS = 10
PRIORITIES = ("min", "low", "default", "high", "max")
"""As ntfy names them."""


class Name(StrEnum):
    """The templates; the first three by the names that 1.4.2 gives them. `warning` is for every run that is no success."""

    SUCCESS = "success"
    WARNING = "warning"
    OVERDUE = "overdueBackup"
    BACK = "backToNormal"
    DAILY = "dailySummary"
    WEEKLY = "weeklySummary"
    MONTHLY = "monthlySummary"


OF_1_4_2 = (Name.SUCCESS, Name.WARNING, Name.OVERDUE)
"""Those that every client of 1.4.2 expects."""
_OF_EVENT: Mapping[Event, Name] = {
    Event.SUCCESS: Name.SUCCESS,
    Event.WARNING: Name.WARNING,
    Event.ERROR: Name.WARNING,
    Event.FATAL: Name.WARNING,
    Event.OVERDUE: Name.OVERDUE,
    Event.BACK: Name.BACK,
    Event.DAILY: Name.DAILY,
    Event.WEEKLY: Name.WEEKLY,
    Event.MONTHLY: Name.MONTHLY,
}

_OF_JOB = ("server_name", "server_alias", "server_note", "server_url", "backup_name")
_OF_RUN = (
    "status",
    "backup_date",
    "duration",
    "uploaded_size",
    "storage_size",
    "available_versions",
    "file_count",
    "file_size",
    "messages_count",
    "warnings_count",
    "errors_count",
    "log_text",
)
_OF_LATENESS = ("last_backup_date", "last_elapsed", "expected_date", "expected_elapsed", "backup_interval", "overdue_tolerance")
_OF_RETURN = ("overdue_since", "overdue_duration")
_OF_SUMMARY = ("summary", "headline", "period", "jobs_count", "problems_count", "overdue_count")
LINK = "duplistatus_link"
VARIABLES: Mapping[Name, tuple[str, ...]] = {
    Name.SUCCESS: (*_OF_JOB, *_OF_RUN, LINK),
    Name.WARNING: (*_OF_JOB, *_OF_RUN, LINK),
    Name.OVERDUE: (*_OF_JOB, *_OF_LATENESS, LINK),
    Name.BACK: (*_OF_JOB, *_OF_RUN, *_OF_RETURN, LINK),
    **dict.fromkeys((Name.DAILY, Name.WEEKLY, Name.MONTHLY), (*_OF_SUMMARY, LINK)),
}
"""The variables that each template knows, in the order in which people are told of them."""
OLD_VARIABLES: Mapping[Name, tuple[str, ...]] = {Name.OVERDUE: ("backup_interval_value", "backup_interval_type")}
"""Those that earlier releases had and texts in databases still use: the first has the whole interval, the second nothing."""

VARIABLE = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


class TemplateError(ValueError):
    """A template that cannot be kept. `field`: title, message, priority or tags."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Template:
    """`title`: one line of plain text; `message`: Markdown; both with variables."""

    title: str
    message: str
    priority: str = "default"
    tags: tuple[str, ...] = ()


def name_of(event: Event) -> Name | None:
    """The template of an event; None for a test."""
    return _OF_EVENT.get(event)


def unknown_variables(template: Template, name: Name) -> tuple[str, ...]:
    """The variables in a template that it does not know, which stay as they are written; each once, in their order."""
    known = {*VARIABLES[name], *OLD_VARIABLES.get(name, ())}
    found = VARIABLE.findall(f"{template.title}\n{template.message}")
    return tuple(dict.fromkeys(each for each in found if each not in known))


def read_template(fields: Mapping[str, object], before: Template) -> Template:
    """The template of fields named as in the API; those that are not named stay as before. Raises TemplateError."""
    title = _text(fields, "title", before.title, LONGEST_TITLE)
    message = _text(fields, "message", before.message, LONGEST_MESSAGE).replace("\r\n", "\n").replace("\r", "\n")
    if not title.strip():
        raise TemplateError("title", "the title must not be empty")
    if "\n" in title or "\r" in title:
        raise TemplateError("title", "the title is one line")
    if not message.strip():
        raise TemplateError("message", "the message must not be empty")
    priority = fields.get("priority", before.priority)
    if priority not in PRIORITIES:
        raise TemplateError("priority", f"the priority is one of {', '.join(PRIORITIES)}")
    return Template(title.strip(), message, str(priority), read_tags(fields["tags"]) if "tags" in fields else before.tags)


def read_tags(value: object) -> tuple[str, ...]:
    """Tags from a text with commas between them, or from a list of texts. Raises TemplateError."""
    if isinstance(value, str):
        parts: list[object] = list(value.split(","))
    elif isinstance(value, list | tuple):
        parts = list(value)
    else:
        raise TemplateError("tags", "tags are a text with commas between them")
    tags: list[str] = []
    for part in parts:
        if not isinstance(part, str) or "," in part:
            raise TemplateError("tags", "each tag is a text without commas")
        tag = part.strip()
        if len(tag) > LONGEST_TAG:
            raise TemplateError("tags", f"a tag has {LONGEST_TAG} characters at most")
        if not tag.isprintable():
            raise TemplateError("tags", "a tag holds no line breaks and no control characters")
        if tag and tag not in tags:
            tags.append(tag)
    if len(tags) > MOST_TAGS:
        raise TemplateError("tags", f"a template has {MOST_TAGS} tags at most")
    return tuple(tags)


def fields_of(template: Template) -> dict[str, str]:
    """A template by the names of the API, as 1.4.2 answers and keeps it."""
    return {
        "title": template.title,
        "message": template.message,
        "priority": template.priority,
        "tags": ", ".join(template.tags),
    }


def _text(fields: Mapping[str, object], name: str, before: str, longest: int) -> str:
    value = fields.get(name, before)
    if not isinstance(value, str) or "\0" in value:
        raise TemplateError(name, f"the {name} must be text")
    if len(value) > longest:
        raise TemplateError(name, f"the {name} has {longest} characters at most")
    return value
