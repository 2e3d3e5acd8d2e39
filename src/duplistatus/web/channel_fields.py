"""The settings of each kind of channel, as programs and forms name them. In: a stored channel, opened; out: its settings without secrets,
with `has_…` for each secret that is there. And the names that may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.channels.registry import setting_of
from duplistatus.security.secrets import KeyTrouble, SecretLost, Secrets
from duplistatus.store.channels import ChannelRow

SHOWN: Mapping[str, tuple[str, ...]] = {
    "ntfy": ("url", "topic", "markdown"),
    "email": ("host", "port", "mode", "auth", "username", "verify", "sender_name", "from", "to"),
    "webhook": ("url", "headers"),
    "apprise": ("service", "url"),
}
"""What may be shown, by kind: of an address that is a secret its beginning, of headers their names. A user name is stored like a secret and
shown like none."""
SECRET: Mapping[str, tuple[str, ...]] = {"ntfy": ("token",), "email": ("password",), "webhook": ("url", "key"), "apprise": ("url",)}
"""What never leaves, by kind."""
_WHERE: Mapping[str, str] = {"ntfy": "url", "email": "host", "webhook": "url"}
"""The setting that says which server gets to see what."""
_SENT_THERE: Mapping[str, tuple[str, ...]] = {"ntfy": ("token",), "email": ("password",), "webhook": ("headers",)}
"""What that server gets to see."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A channel's settings in the clear. `trouble`: why its secrets cannot be read, or empty; then `setting` holds none."""

    setting: ChannelSetting
    trouble: str = ""


def opened(row: ChannelRow, secrets: Secrets) -> Opened:
    """The settings, whether or not the secrets can be read."""
    try:
        return Opened(setting_of(row, secrets))
    except (SecretLost, KeyTrouble) as error:
        return Opened(ChannelSetting(row.config, {}), str(error))


def config_json(kind: str, setting: ChannelSetting) -> dict[str, Any]:
    """The settings as they are answered; a secret that cannot be read counts as none."""
    found: dict[str, Any] = {name: setting.config.get(name, setting.secret.get(name)) for name in SHOWN[kind]}
    return found | {f"has_{name}": bool(setting.secret.get(name)) for name in SECRET[kind]}


def check_names(kind: str, sent: Mapping[str, Any]) -> None:
    """Raises BadChannel for a setting that this kind has not; `has_…`, which is answered, may be sent back and means nothing."""
    known = {*SHOWN[kind], *SECRET[kind]}
    for name in sent:
        if name not in known and not (name.startswith("has_") and name[4:] in known):
            raise BadChannel(name[:40], f"{name[:40]!r} is no setting of {kind}; there are {', '.join(sorted(known))}.")


def as_known(kind: str, sent: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, when somebody sends back what was shown in the place of a secret: that means the secret itself."""
    words = dict(sent)
    for name in SECRET[kind]:
        if words.get(name) and words[name] == config.get(name):
            words[name] = ""
    headers = words.get("headers")
    if isinstance(headers, list) and headers == config.get("headers"):
        words["headers"] = dict.fromkeys(headers, "")
    return words


def left_behind(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """What a channel loses that moves to another server: what was entered for one server must not be sent to another because somebody
    changed an address."""
    name = _WHERE.get(kind)
    if name is None or not before or server_of(before.get(name)) == server_of(after.get(name)):
        return {}
    return {each: _anew(sent.get(each)) for each in _SENT_THERE[kind]}


def _anew(value: object) -> object:
    """What was entered with the move: a secret, or headers with their values."""
    if isinstance(value, dict):
        return {name: text for name, text in value.items() if text}
    return value or None


def server_of(address: object) -> str:
    """Scheme, host and port of an address, or the name of a host, in one form."""
    text = str(address or "").strip().lower()
    if "//" not in text:
        return text
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    return f"{parts.scheme}://{parts.hostname}:{port or (443 if parts.scheme == 'https' else 80)}"
