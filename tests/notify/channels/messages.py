"""Messages to send in tests of channels, and the settings of channels that nobody has set up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from duplistatus.clock import Instant
from duplistatus.evaluate.notice import Event
from duplistatus.notify.channels.kind import ChannelSetting
from duplistatus.notify.message import Message

NOTHING_SET = ChannelSetting({}, {})
_ONE = Message(
    "k3Tx_9-aBcD",
    Event.WARNING,
    "⚠️ Füße: Warnung",
    "Zeile eins\nZeile zwei: 3,4 GB",
    "**Zeile eins**\nZeile zwei: 3,4 GB",
    "<!doctype html><html><body><p>Zeile eins — ✓</p></body></html>",
    Instant(1_783_684_800_123),
    priority="high",
    tags=("warning", "floppy_disk"),
    link="https://status.example.org/detail/1?a=b&c=d",
    language="de",
    facts={"server": "nas", "errors": 2},
)


def message(**changes: Any) -> Message:
    """A warning of a job, with changes."""
    return replace(_ONE, **changes)
