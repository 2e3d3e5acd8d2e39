"""What a kind of channel is: how its settings are read, shown and used. In: what somebody sends, as JSON holds it; out: settings that were
checked, apart from secrets; and a sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from duplistatus.notify.message import Sender

Config = Mapping[str, Any]
Secret = Mapping[str, str]


class BadChannel(ValueError):
    """A setting of a channel that makes no sense. `field`: the one that is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class ChannelSetting:
    """`config` may be shown; `secret` must not: tokens, passwords, addresses that hold them."""

    config: Config
    secret: Secret = field(repr=False)


class ChannelKind(Protocol):
    """One module of this package."""

    NAME: str
    """As in the database and the API: ntfy, email, webhook, apprise."""

    def read(self, sent: Mapping[str, Any], before: ChannelSetting) -> ChannelSetting:
        """The settings after what somebody sent. What is not named stays; a secret that is an empty text stays, null removes it. Raises
        BadChannel."""

    def place(self, setting: ChannelSetting) -> str:
        """Where it goes, to be shown: a topic, an address, a host; no secret."""

    def host(self, setting: ChannelSetting) -> str:
        """The host that requests go to, as it was entered; empty where none is, or the service has hosts of its own."""

    def sender(self, setting: ChannelSetting) -> Sender:
        """A sender of its own connections."""
