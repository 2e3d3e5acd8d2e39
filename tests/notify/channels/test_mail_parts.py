"""Mails as they are written: what mail programs and servers expect of them."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from duplistatus.clock import Instant
from duplistatus.notify.channels.mail_parts import ascii_domain, mail, needs_utf8
from duplistatus.notify.message import Image, Message
from tests.notify.channels.messages import message

NOW = Instant(1_783_684_800_000)
SENDER = "dup@example.org"


def written(of: Message, name: str = "", to: tuple[str, ...] = ("ops@example.org",)) -> bytes:
    return mail(of, SENDER, name, to, NOW)


def read(of: Message, name: str = "", to: tuple[str, ...] = ("ops@example.org",)) -> EmailMessage:
    return message_from_bytes(written(of, name, to), policy=policy.default)


def png() -> bytes:
    held = BytesIO()
    Picture.new("RGB", (4, 4), "red").save(held, "PNG")
    return held.getvalue()


def kinds(of: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in of.walk()]


def test_a_mail_has_text_and_html_and_headers_that_machines_know() -> None:
    found = read(message(), name="Dübli, status", to=("ops@example.org", "b@example.org"))
    assert kinds(found) == ["multipart/alternative", "text/plain", "text/html"]
    assert found["Subject"] == "⚠️ Füße: Warnung"
    assert found["From"] == '"Dübli, status" <dup@example.org>'
    assert found["To"] == "ops@example.org, b@example.org"
    assert found["Date"] == "Fri, 10 Jul 2026 12:00:00 +0000"
    assert found["Message-ID"] == "<k3Tx_9-aBcD@example.org>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Content-Language"] == "de"
    text, html = found.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert text.get_content().splitlines() == ["Zeile eins", "Zeile zwei: 3,4 GB"]
    assert html.get_content().startswith("<!doctype html>")


def test_without_html_it_is_a_text_alone() -> None:
    assert kinds(read(message(html=""))) == ["text/plain"]


def test_pictures_stand_beside_the_html_that_names_them() -> None:
    picture = png()
    found = read(message(html='<img src="cid:chart">', images=(Image("chart", picture, "Größe\r\nX-Evil: 1"),)))
    assert kinds(found) == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    part = list(found.walk())[-1]
    assert part["Content-ID"] == "<chart>"
    assert part["Content-Disposition"] == 'inline; filename="chart.png"'
    assert part["X-Evil"] is None
    assert part.get_content() == picture


EVIL = "Subject\r\nBcc: everybody@example.org\n\nbody"


def test_no_header_can_be_smuggled_in_by_a_title_a_name_or_a_language() -> None:
    found = read(message(title=EVIL, language="de\r\nBcc: x@y", uid="u\r\nBcc: x@y"), name=EVIL)
    assert found["Bcc"] is None
    assert found["Subject"] == "Subject Bcc: everybody@example.org body"
    assert found["Message-ID"] == "<u__Bcc__x_y@example.org>"
    assert found["Content-Language"] is None
    assert [address.addr_spec for address in found["From"].addresses] == [SENDER]


_TEXTS = st.text(alphabet=st.characters(blacklist_categories=()), max_size=300) | st.sampled_from(
    ["x" * 5_000, "ü" * 3_000, "a b " * 2_000, "\r\n.\r\n", "\n.\nfrom", "https://x.org/" + "a" * 1_500, "\ud800", "\x00\x0b\x0c\u2028"]
)


@settings(deadline=None)
@given(title=_TEXTS, text=_TEXTS, html=_TEXTS, name=_TEXTS)
def test_whatever_it_says_no_line_is_too_long_and_it_reads_as_it_was_written(title: str, text: str, html: str, name: str) -> None:
    raw = written(message(title=title, text=text, html=html), name=name)
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert raw.isascii()
    found = message_from_bytes(raw, policy=policy.default)
    assert set(found.keys()) <= {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language"),
        *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
    }
    plain = next(part for part in found.walk() if part.get_content_type() == "text/plain")
    shown = "".join(letter for letter in plain.get_content() if letter.isalnum())
    expected = "".join(letter for letter in text.encode("utf-8", "replace").decode() if letter.isalnum())
    assert shown == expected


def test_a_long_title_is_cut_and_folded() -> None:
    raw = written(message(title="Größe " * 200))
    found = message_from_bytes(raw, policy=policy.default)
    assert len(found["Subject"]) <= 250
    assert str(found["Subject"]).startswith("Größe Größe")
    assert str(found["Subject"]).endswith("…")


def test_the_domain_of_an_address_has_an_ascii_form_and_its_name_has_none() -> None:
    assert ascii_domain("ops@bücher.example") == "ops@xn--bcher-kva.example"
    assert ascii_domain("jürgen@example.org") == "jürgen@example.org"
    assert needs_utf8("jürgen@example.org")
    assert not needs_utf8("ops@bücher.example")
    with pytest.raises(ValueError, match="label"):
        ascii_domain("ops@" + "ü" * 80 + ".example")
