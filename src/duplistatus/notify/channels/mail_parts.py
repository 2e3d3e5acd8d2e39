"""A message as a mail. In: the message, from whom and to whom; out: bytes as RFC 5322 and MIME have them: text and HTML, pictures inside
the HTML, no line longer than 78 characters, and nothing of a title or a name that could become a header of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import cast

from duplistatus.clock import Instant, moment
from duplistatus.notify.message import Image, Message
from duplistatus.security.foreign_words import one_line

_FOLDED = 72
"""Characters at which headers are folded: short of the 78 that RFC 5322 recommends, as the library is a few off with encoded names."""
_LONGEST_TITLE = 250
_LONGEST_NAME = 100
_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_NEVER = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f]")


def needs_utf8(address: str) -> bool:
    """Whether an address can only travel by SMTPUTF8 (RFC 6531): its name is not ASCII. A domain has an ASCII form."""
    return not address.rpartition("@")[0].isascii()


def ascii_domain(address: str) -> str:
    """The address with its domain in ASCII. Raises ValueError where the domain has no such form."""
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain if domain.isascii() else domain.encode('idna').decode()}"


def mail(message: Message, sender: str, name: str, recipients: Iterable[str], now: Instant) -> bytes:
    """The mail, with lines that end as SMTP wants them. `sender` and `recipients` are addresses that were checked, `name` is shown with
    the sender's."""
    to = list(recipients)
    policy = SMTPUTF8 if any(map(needs_utf8, [sender, *to])) else SMTP
    found = EmailMessage(policy.clone(max_line_length=_FOLDED))
    found["From"] = _address(sender, one_line(_encodable(name), _LONGEST_NAME))
    found["To"] = [_address(each) for each in to]
    found["Subject"] = one_line(_encodable(message.title), _LONGEST_TITLE)
    found["Date"] = format_datetime(moment(now))
    found["Message-ID"] = f"<{re.sub(r'[^-_A-Za-z0-9]', '_', message.uid)}@{sender.rpartition('@')[2]}>"
    found["Auto-Submitted"] = "auto-generated"
    found["X-Auto-Response-Suppress"] = "All"
    found.set_content(_text(message.text), cte="quoted-printable" if _mostly_ascii(message.text) else "base64")
    if message.html:
        _add_html(found, _text(message.html), message.images)
    # After the content: setting that removes all headers that begin like this one.
    if re.fullmatch(r"[A-Za-z0-9-]{1,35}", message.language):
        found["Content-Language"] = message.language
    return found.as_bytes()


def _add_html(found: EmailMessage, html: str, images: Iterable[Image]) -> None:
    found.add_alternative(html, subtype="html", cte="quoted-printable" if _mostly_ascii(html) else "base64")
    page = cast(EmailMessage, list(found.iter_parts())[-1])
    for image in images:
        described = f"Content-Description: {one_line(_encodable(image.description), _LONGEST_TITLE)}"
        page.add_related(
            image.png, "image", "png", cid=f"<{image.name}>", filename=f"{image.name}.png", disposition="inline", headers=[described]
        )


def _address(address: str, name: str = "") -> Address:
    user, _, domain = address.rpartition("@")
    return Address(display_name=name, username=user, domain=domain)


def _text(text: str) -> str:
    """With the line ends and letters that a mail can hold; ends with a line."""
    lines = _LINE_ENDS.sub("\n", _encodable(text))
    return _NEVER.sub("\N{REPLACEMENT CHARACTER}", lines).rstrip("\n") + "\n"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _mostly_ascii(text: str) -> bool:
    """Whether quoted-printable is the shorter form; base64 takes a third more for any text, quoted-printable three for one for letters
    that are not ASCII."""
    others = sum(not letter.isascii() for letter in text)
    return others * 6 <= len(text)
