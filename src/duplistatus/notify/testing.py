"""A message that tests a channel. In: the kind and settings of a channel, stored or not; out: that it was delivered, and how long that
took, or why not. It goes past the outbox: whoever presses the button waits for the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from duplistatus.clock import Instant
from duplistatus.evaluate.notice import Event
from duplistatus.i18n.wording import Wording
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.channels.registry import KINDS
from duplistatus.notify.message import Message, Refused, Unreachable
from duplistatus.settings import Settings
from duplistatus.store.database import Connection
from duplistatus.store.outbox import new_uid

Facts = Sequence[tuple[str, str]]
"""Labels with values."""

LONGEST = 30.0
"""Seconds that somebody waits for the outcome."""
_FAREWELL = 5.0
"""Seconds for the end of a connection."""
_TAGS = ("test_tube",)
"""A picture in apps of ntfy."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The other side took the message. `took`: milliseconds; `remark`: what it said, or empty."""

    took: int
    remark: str = ""


def sample_message(
    connection: Connection,
    settings: Settings,
    now: Instant,
    *,
    title: str = "",
    markdown: str = "",
    priority: str = "default",
    tags: tuple[str, ...] = _TAGS,
    facts: Callable[[Wording], Facts] = lambda _: (),
) -> Message:
    """A message that says of itself that it is a test, in the language of the templates. `title`, `markdown`: others than the usual words;
    the time stands below either. `facts`: such as the settings that are tested, in words."""
    from duplistatus.notify import mail_html
    from duplistatus.notify.markdown import html_of, text_of
    from duplistatus.notify.templates import templates_in_use

    texts = templates_in_use(connection).texts
    words = texts.wording(settings.time_zone)
    title = title or texts.word("test.title")
    sent = words.gettext("(test sent at %(when)s)") % {"when": words.full_moment(now)}
    source = f"{markdown or texts.word('test.text')}\n\n{sent}"
    known = facts(words)
    band = mail_html.Band("quiet", texts.word("band.test"))
    language = texts.language.code
    text = "\n".join([text_of(source), *(f"{label}: {value}" for label, value in known)])
    rows = [mail_html.Fact(label, value) for label, value in known]
    html = mail_html.mail(language, title, band, mail_html.styled(html_of(source)), facts=rows)
    return Message(new_uid(), Event.TEST, title, text, source, html, now, priority, tags, "", language, {"test": True})


async def send_test(kind: str, setting: ChannelSetting, message: Message, destination: str = "", longest: float = LONGEST) -> Arrived:
    """Delivers the message over connections of its own. `destination`: an address or topic besides the channel's own. Raises Refused,
    Unreachable; the latter after `longest` seconds."""
    found = KINDS.get(kind)
    if found is None:
        raise Refused(f"there is no kind of channel named {kind!r}")
    try:
        sender = found.sender(setting)
    except BadChannel as error:
        raise Refused(str(error)) from error
    begun = time.monotonic()
    try:
        async with asyncio.timeout(longest):
            remark = await sender.send(message, destination)
    except TimeoutError:
        raise Unreachable(f"no answer within {longest:g} seconds") from None
    finally:
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_FAREWELL):
                await sender.close()
    return Arrived(round(1_000 * (time.monotonic() - begun)), remark)
