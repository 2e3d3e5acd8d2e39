"""What is told of a job, and to whom besides. Values and their limits: text from outside in; a setting out, or ValueError with a sentence
that says what is wrong with it. Whom besides to tell is set for a server, and each of its jobs follows that field by field until it has
something of its own."""

from __future__ import annotations

from dataclasses import dataclass

EVENTS = ("all", "warnings", "errors", "off")
"""Of which results a message is sent: of all; of warnings and errors; of errors; of none."""
MOST_ADDRESSES = 2_000
"""Characters of the additional addresses."""
MOST_TOPIC = 64
"""Characters of a topic; ntfy takes no longer one."""
_TOPIC = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_MOST_ADDRESS = 254
"""Characters of one address (RFC 5321 §4.5.3.1.3)."""


@dataclass(frozen=True, slots=True)
class Additional:
    """Whom to tell besides. `event`: of which results, one of EVENTS; `emails`: addresses with commas between; `topic`: of ntfy. None:
    nothing is said here, so what stands behind it counts; an empty text says that there is none."""

    event: str | None = None
    emails: str | None = None
    topic: str | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses one by one."""
        return addresses_of(self.emails or "")

    def over(self, behind: Additional) -> Additional:
        """These, and where they say nothing, those behind them."""
        return Additional(
            self.event if self.event is not None else behind.event,
            self.emails if self.emails is not None else behind.emails,
            self.topic if self.topic is not None else behind.topic,
        )


NO_ADDITIONAL = Additional()


@dataclass(frozen=True, slots=True)
class NotifySetting:
    """`event`: one of EVENTS; `ntfy` and `email`: whether these two tell of the job; `additional`: what the job itself says of others."""

    event: str = "warnings"
    ntfy: bool = True
    email: bool = True
    additional: Additional = NO_ADDITIONAL

    def effective(self, of_server: Additional) -> Additional:
        """Whom besides to tell of the job. Without a choice of results anywhere it is that of the job."""
        found = self.additional.over(of_server)
        return found if found.event else Additional(self.event, found.emails, found.topic)


NOTIFY_NOT_SET = NotifySetting()


def addresses_of(text: str) -> tuple[str, ...]:
    """The addresses of a text with commas, semicolons or lines between them; each once."""
    parts = (part.strip() for part in text.replace(";", ",").replace("\n", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def checked_notify(setting: NotifySetting) -> NotifySetting:
    """The same setting, where it makes sense. Raises ValueError with a sentence."""
    _check_event(setting.event)
    checked_additional(setting.additional)
    return setting


def checked_additional(additional: Additional) -> Additional:
    """The same, where it makes sense. Raises ValueError with a sentence."""
    if additional.event:
        _check_event(additional.event)
    if additional.emails is not None:
        if len(additional.emails) > MOST_ADDRESSES:
            raise ValueError(f"the additional addresses are longer than {MOST_ADDRESSES} characters")
        for address in additional.addresses:
            check_address(address)
    if additional.topic:
        check_topic(additional.topic)
    return additional


def check_address(address: str) -> None:
    """Raises ValueError where a text can be no e-mail address."""
    name, at, domain = address.rpartition("@")
    if not (at and name and domain) or len(address) > _MOST_ADDRESS or any(letter.isspace() or letter in '<>,;"\x00' for letter in address):
        raise ValueError(f"{address[:60]!r} is no e-mail address")


def check_topic(topic: str) -> None:
    """Raises ValueError where ntfy takes no topic of that name."""
    if len(topic) > MOST_TOPIC or not set(topic) <= _TOPIC:
        raise ValueError(f"{topic[:80]!r} is no topic: letters, digits, - and _, at most {MOST_TOPIC} of them")


def _check_event(event: str) -> None:
    if event not in EVENTS:
        raise ValueError(f"{event[:40]!r} is no choice of results; there are {', '.join(EVENTS)}")
