"""What goes out, and how that can fail: the values between rendering, dispatching and the channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from duplistatus.clock import Instant
from duplistatus.evaluate.notice import Event

PRIORITIES = ("min", "low", "default", "high", "max")
"""As ntfy names them, and templates hold them."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture inside a mail; the HTML names it as `cid:<name>`."""

    name: str
    png: bytes
    description: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message in all its forms. `uid`: of the delivery, the same at each try; `text`: plain, with line breaks; `markdown`: the same
    with what Markdown means by its signs; `html`: a whole document for mails; `link`: where to look, or empty; `language`: its BCP 47
    tag; `facts`: for programs, JSON values, moments as ISO 8601."""

    uid: str
    event: Event
    title: str
    text: str
    markdown: str
    html: str
    at: Instant
    priority: str = "default"
    tags: tuple[str, ...] = ()
    link: str = ""
    language: str = "en"
    facts: Mapping[str, Any] = field(default_factory=dict)
    images: tuple[Image, ...] = ()


class DeliveryError(Exception):
    """A message was not delivered; the sentence says why, in the words of the other side where it said any, and holds no secret."""


class Refused(DeliveryError):
    """The other side does not want it, now or later: an address it does not know, a password that is wrong, a message it cannot read."""


class Unreachable(DeliveryError):
    """It may work later: no connection, no answer in time, the other side is in trouble or wants a pause. `retry_after`: seconds that it
    asked for, None where it did not."""

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Sender(Protocol):
    """Delivers to one channel. It holds connections and is used by one dispatcher, for several messages at once where `parallel` is above
    one."""

    parallel: int

    async def send(self, message: Message, destination: str) -> str:
        """Delivers; a remark worth keeping, or empty. `destination`: an address or topic, empty for the channel's own. Ends within a
        minute, whatever the other side does. Raises Refused, Unreachable."""

    async def close(self) -> None:
        """Ends its connections."""
