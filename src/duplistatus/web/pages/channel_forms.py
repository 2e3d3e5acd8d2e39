"""The forms of channels. In: a stored channel, opened, or what a browser sent; out: fields to show, and the words in which settings are
asked for. What is secret goes one way alone: it is sent, and never shown again, not even when the form comes back with an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from duplistatus.evaluate.notice import Event
from duplistatus.i18n.wording import DEFAULT, Wording
from duplistatus.web.channel_fields import SECRET, Opened
from duplistatus.web.nearness_words import near_words, nearness_of

_TEXTS: Mapping[str, tuple[str, ...]] = {
    "ntfy": ("url", "topic"),
    "email": ("host", "port", "mode", "username", "sender_name", "from", "to"),
    "webhook": (),
    "apprise": (),
}
_FLAGS: Mapping[str, tuple[str, ...]] = {"ntfy": ("markdown",), "email": ("auth", "verify"), "webhook": (), "apprise": ()}
_NEW: Mapping[str, Mapping[str, Any]] = {
    "ntfy": {"url": "https://ntfy.sh/", "markdown": True},
    "email": {"mode": "starttls", "verify": True, "auth": True},
    "webhook": {},
    "apprise": {},
}


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """The fields of a channel. `has`: secrets that are stored; `shown`: the beginning of an address that is one; `problems`: by field;
    `trouble`: why what is stored cannot be read; `near`: a remark on where the stored server is."""

    kind: str
    fields: Mapping[str, Any]
    has: frozenset[str] = frozenset()
    shown: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
    near: str = ""


def new_form(kind: str) -> ChannelForm:
    return ChannelForm(kind, _fields(kind, _NEW[kind]))


def form_of(kind: str, found: Opened, wording: Wording = DEFAULT) -> ChannelForm:
    """The stored settings; those of a new channel where there are none."""
    config, secret = found.setting.config, found.setting.secret
    if not config:
        return new_form(kind)
    has = frozenset(name for name in SECRET[kind] if secret.get(name) or found.trouble)
    near = near_words(nearness_of(kind, found.setting), wording)
    return ChannelForm(kind, _fields(kind, {**secret, **config}), has, _shown(kind, config), trouble=found.trouble, near=near)


def sent_form(kind: str, sent: FormData, found: Opened, field_name: str, sentence: str) -> ChannelForm:
    """What was sent, to be corrected."""
    before = form_of(kind, found)
    fields: dict[str, Any] = {name: str(sent.get(name, "")) for name in _TEXTS[kind]} | {name: name in sent for name in _FLAGS[kind]}
    fields["headers"] = _lines(_headers(str(sent.get("headers", ""))))
    return ChannelForm(kind, fields, before.has, before.shown, {field_name: sentence}, found.trouble)


def words_of(kind: str, sent: FormData) -> dict[str, Any]:
    """The settings in the names of the kind. An empty secret stays what it was; one that is ticked to be removed is null."""
    words: dict[str, Any] = {name: str(sent.get(name, "")).strip() for name in _TEXTS[kind]}
    words |= {name: name in sent for name in _FLAGS[kind]}
    for name in SECRET[kind]:
        words[name] = None if f"remove_{name}" in sent else str(sent.get(name, ""))
    if kind == "email":
        words["username"] = words["username"] or None
        words["port"] = words["port"] or None
    if kind == "webhook":
        words["headers"] = _headers(str(sent.get("headers", "")))
    return words


def kind_words(wording: Wording) -> dict[str, tuple[str, str, str]]:
    """The kinds by name: what they are called, their icon, what they are good for."""
    return {
        "ntfy": (wording.gettext("ntfy"), "bell", wording.gettext("Phones and browsers, through a topic of ntfy")),
        "email": (wording.gettext("E-mail"), "mail", wording.gettext("Mailboxes, through an SMTP server")),
        "webhook": (wording.gettext("Webhook"), "code", wording.gettext("A program of yours: JSON, signed")),
        "apprise": (wording.gettext("Apprise"), "send", wording.gettext("Telegram, Discord, Slack, Matrix, Gotify and some hundred more")),
    }


def event_words(wording: Wording) -> dict[Event, str]:
    """What a channel can tell of, in words."""
    return {
        Event.SUCCESS: wording.gettext("Success"),
        Event.WARNING: wording.gettext("Warnings"),
        Event.ERROR: wording.gettext("Errors"),
        Event.FATAL: wording.gettext("Fatal errors"),
        Event.OVERDUE: wording.gettext("Overdue"),
        Event.BACK: wording.gettext("Back to normal"),
        Event.DAILY: wording.gettext("Daily summary"),
        Event.WEEKLY: wording.gettext("Weekly summary"),
        Event.MONTHLY: wording.gettext("Monthly summary"),
    }


def mode_words(wording: Wording) -> dict[str, str]:
    """How the connection to a mail server is made."""
    return {
        "starttls": wording.gettext("STARTTLS (usually port 587)"),
        "ssl": wording.gettext("TLS from the start (usually port 465)"),
        "plain": wording.gettext("Unencrypted (usually port 25)"),
    }


def _fields(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: "" if values.get(name) is None else str(values[name]) for name in _TEXTS[kind]}
    flags = {name: bool(values.get(name)) for name in _FLAGS[kind]}
    headers = values.get("headers")
    return {**texts, **flags, "headers": _lines(headers) if isinstance(headers, list | dict) else ""}


def _shown(kind: str, config: Mapping[str, Any]) -> str:
    return str(config.get("url", "")) if "url" in SECRET[kind] else ""


def _headers(text: str) -> dict[str, str]:
    """Headers from lines of names and values."""
    pairs = [line.partition(":") for line in text.splitlines() if line.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _lines(names: Mapping[str, str] | list[str]) -> str:
    """Names of headers, a line each; their values are secret."""
    return "".join(f"{name}:\n" for name in names)
