"""How near the server of a channel is, beside its name. In: a stored channel, opened; out: words for people, and the same for programs.
Asks no name server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duplistatus.i18n.wording import Wording
from duplistatus.notify.channels.kind import ChannelSetting
from duplistatus.notify.channels.registry import KINDS
from duplistatus.security.nearness import Near, Nearness, nearness


def nearness_of(kind: str, setting: ChannelSetting) -> Nearness:
    """Of the server that requests of the channel go to; unknown where no host is."""
    return nearness(KINDS[kind].host(setting))


def near_words(found: Nearness, wording: Wording) -> str:
    """A remark beside the target; empty for a server far away, or whose address nobody knows yet."""
    if found.near is Near.MACHINE:
        return wording.gettext("this machine")
    if found.near is Near.NETWORK:
        if not found.address:
            return wording.gettext("a name of the local network")
        return wording.gettext("private address %(address)s") % {"address": found.address}
    if found.near is Near.FORBIDDEN:
        return wording.gettext("%(address)s: nothing is sent to this address") % {"address": found.address}
    return ""


def near_json(found: Nearness) -> Mapping[str, Any]:
    """`near`: this_machine, private, forbidden, public or unknown; `address`: what says so, null where a name does."""
    return {"near": found.near.value, "address": found.address or None}
