"""What is told of a job, and to whom besides. Values and their limits: text from outside in; a setting out, or ValueError with a sentence
that says what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

EVENTS = ("all", "warnings", "errors", "off")
"""Of which results a message is sent: of all; of warnings and errors; of errors; of none."""
MOST_ADDRESSES = 2_000
"""Characters of the additional addresses."""
MOST_TOPIC = 200


@dataclass(frozen=True, slots=True)
class NotifySetting:
    """`event`: one of EVENTS; `additional_event`: that of the additional addresses and topic, empty where they follow `event`;
    `additional_emails`: addresses with commas between."""

    event: str = "warnings"
    ntfy: bool = True
    email: bool = True
    additional_event: str = ""
    additional_emails: str = ""
    additional_topic: str = ""


NOTIFY_NOT_SET = NotifySetting()


def checked_notify(setting: NotifySetting) -> NotifySetting:
    """The same setting, where it makes sense. Raises ValueError with a sentence."""
    if setting.event not in EVENTS:
        raise ValueError(f"{setting.event[:40]!r} is no choice of results; there are {', '.join(EVENTS)}")
    if setting.additional_event and setting.additional_event not in EVENTS:
        raise ValueError(f"{setting.additional_event[:40]!r} is no choice of results; there are {', '.join(EVENTS)}")
    if len(setting.additional_emails) > MOST_ADDRESSES:
        raise ValueError(f"the additional addresses are longer than {MOST_ADDRESSES} characters")
    if len(setting.additional_topic) > MOST_TOPIC:
        raise ValueError(f"the additional topic is longer than {MOST_TOPIC} characters")
    return setting
