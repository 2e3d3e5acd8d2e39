"""Changes of what is told of jobs, and to whom besides. In: what somebody sends, by name, as JSON holds it; out: the change, and the
setting that it leads to, or `NotifyError` with the field and a sentence. What is not named stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from duplistatus.evaluate.notify_setting import NOTIFY_NOT_SET, Additional, NotifySetting, addresses_of, checked_additional, checked_notify

Field = Literal["event", "ntfy", "email", "additional_event", "additional_emails", "additional_topic"]
Sent = Mapping[str, object]
Source = Literal["own", "server", "none"]
"""Where a value of whom besides to tell comes from: the job itself, its server, nowhere."""

ADDITIONAL: Mapping[Field, str] = {"additional_event": "event", "additional_emails": "emails", "additional_topic": "topic"}
"""The fields that follow the server until a job has its own, with their names in `Additional`."""
_MOST_LETTERS = 100_000
"""Of a text that is looked at: what is longer is told by its length alone."""


class NotifyError(ValueError):
    """A value that makes no sense. `field`: the one that is wrong."""

    def __init__(self, field: Field, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class NotifyChange:
    """What is to become another; `named` holds the fields that are, `to` their values."""

    named: frozenset[Field]
    to: NotifySetting


FOLLOW_SERVER = NotifyChange(frozenset(ADDITIONAL), NOTIFY_NOT_SET)
"""Whom besides to tell is as the server says."""
NOBODY_BESIDES = NotifyChange(frozenset(ADDITIONAL), replace(NOTIFY_NOT_SET, additional=Additional("", "", "")))
"""Nobody besides is told, whatever the server says."""


def changed_notify(setting: NotifySetting, change: NotifyChange) -> NotifySetting:
    """The setting after the change."""
    own = {name: getattr(change.to, name) for name in change.named if name not in ADDITIONAL}
    return replace(setting, additional=changed_additional(setting.additional, change), **own)


def changed_additional(additional: Additional, change: NotifyChange) -> Additional:
    """Whom besides to tell after the change."""
    named = [name for field, name in ADDITIONAL.items() if field in change.named]
    return replace(additional, **{name: getattr(change.to.additional, name) for name in named})


def of_server(additional: Additional) -> Additional:
    """What is kept for a server: nothing stands behind it, so that an empty text says as much as nothing."""
    return Additional(additional.event or None, additional.emails or None, additional.topic or None)


def read_notify_change(sent: Sent) -> NotifyChange:
    """A change in the words of our own interface: `event` (one of EVENTS), `ntfy`, `email` (true or false), `additional_event`,
    `additional_emails`, `additional_topic` (null: as the server says; empty: none; a list of addresses is one too). Raises NotifyError;
    names that it does not know are passed over."""
    named: set[Field] = set()
    setting = NOTIFY_NOT_SET
    if "event" in sent:
        named.add("event")
        setting = _checked("event", replace(setting, event=_text("event", sent["event"])))
    if "ntfy" in sent:
        named.add("ntfy")
        setting = replace(setting, ntfy=_flag("ntfy", sent["ntfy"]))
    if "email" in sent:
        named.add("email")
        setting = replace(setting, email=_flag("email", sent["email"]))
    return NotifyChange(frozenset(named | _named_additional(sent)), replace(setting, additional=_additional(sent)))


def source_of(own: str | None, server: str | None) -> Source:
    """Where a value comes from."""
    if own is not None:
        return "own"
    return "server" if server else "none"


def _named_additional(sent: Sent) -> set[Field]:
    return {field for field in ADDITIONAL if field in sent}


def _additional(sent: Sent) -> Additional:
    found = Additional()
    for field, name in ADDITIONAL.items():
        value = sent.get(field)
        if value is None:
            continue
        if field == "additional_emails" and isinstance(value, list):
            value = ", ".join(_text(field, each) for each in value)
        text = _text(field, value)
        if field == "additional_emails":
            text = ", ".join(addresses_of(text))
        try:
            checked_additional(Additional(**{name: text}))
        except ValueError as error:
            raise NotifyError(field, str(error)) from None
        found = replace(found, **{name: text})
    return found


def _checked(field: Field, setting: NotifySetting) -> NotifySetting:
    try:
        return checked_notify(setting)
    except ValueError as error:
        raise NotifyError(field, str(error)) from None


def _text(field: Field, value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise NotifyError(field, f"{field} must be text")
    if len(value) > _MOST_LETTERS:
        raise NotifyError(field, f"{field} is longer than {_MOST_LETTERS} characters")
    return value.strip()


def _flag(field: Literal["ntfy", "email"], value: object) -> bool:
    if not isinstance(value, bool):
        raise NotifyError(field, f"{field} must be true or false")
    return value
