"""Apprise: services by their address, through the library itself, to servers that stand in for them."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import socket
import subprocess
import sys
from typing import Any

import pytest

from duplistatus.evaluate.notice import Event
from duplistatus.notify.channels.apprise import AppriseKind, AppriseSender
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.message import Refused, Unreachable
from duplistatus.security import watched_connections
from tests.notify.channels.messages import NOTHING_SET, message
from tests.notify.stand_ins import HANGS, Answer, HttpStandIn

KIND = AppriseKind()


def setting(url: str) -> ChannelSetting:
    return KIND.read({"url": url}, NOTHING_SET)


def sent(url: str, *, patience: float = 20, resolve: Any = None, **changes: Any) -> str:
    async def work() -> str:
        sender = AppriseSender(url, patience, resolve)
        try:
            return await sender.send(message(**changes), "")
        finally:
            await sender.close()

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("event", "kind"), [(Event.FATAL, "failure"), (Event.OVERDUE, "warning"), (Event.BACK, "success"), (Event.TEST, "info")]
)
def test_a_message_arrives_with_its_title_and_kind(event: Event, kind: str) -> None:
    with HttpStandIn() as server:
        assert sent(f"json://127.0.0.1:{server.port}/hook", event=event) == ""
        (asked,) = server.received
    assert asked.path == "/hook"
    assert (asked.json["title"], asked.json["type"]) == ("⚠️ Füße: Warnung", kind)
    assert asked.json["message"] == "**Zeile eins**\nZeile zwei: 3,4 GB"


def test_a_service_that_shows_plain_texts_gets_one() -> None:
    with HttpStandIn(Answer(200, b'{"id": 1}')) as server:
        sent(f"lametric://apikey123@127.0.0.1:{server.port}/?mode=device")
        (asked,) = server.received
    assert b"**" not in asked.body


def test_a_service_that_shows_html_gets_the_markdown_as_html() -> None:
    with HttpStandIn() as server:
        sent(f"json://127.0.0.1:{server.port}/?format=html")
        (asked,) = server.received
    assert "<strong>Zeile eins</strong>" in asked.json["message"]


def test_a_refusal_is_said_in_the_words_of_apprise_and_tried_again() -> None:
    with HttpStandIn(Answer(403)) as server, pytest.raises(Unreachable, match="403"):
        sent(f"json://127.0.0.1:{server.port}/")


def test_no_error_holds_a_part_of_the_address() -> None:
    # The library repeats what a server of ntfy says.
    echo = Answer(403, b'{"error": "someuser with passw0rd may not write to topicsecret"}')
    with HttpStandIn(echo) as server, pytest.raises(Unreachable) as unreachable:
        sent(f"ntfy://someuser:passw0rd@127.0.0.1:{server.port}/topicsecret")
    assert "may not write" in str(unreachable.value)
    for secret in ("someuser", "passw0rd", "topicsecret"):
        assert secret not in str(unreachable.value)


@pytest.mark.parametrize(
    ("url", "parameter"),
    [
        ("mailto://u:p@example.org?pgp=yes&pgppub=/etc/passwd", "pgppub"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?+TEMPLATE=/etc/passwd", "template"),
        ("json://127.0.0.1/?attach=/etc/passwd", "attach"),
    ],
)
def test_a_parameter_that_names_a_file_is_named(url: str, parameter: str) -> None:
    with pytest.raises(BadChannel, match=f"The parameter {parameter} names a file"):
        setting(url)


def test_the_log_holds_no_part_of_the_address() -> None:
    # Not pytest's own handler, which hears loggers that tell nobody as well.
    heard = logging.handlers.BufferingHandler(10_000)
    root = logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.INFO)
    try:
        with HttpStandIn(Answer(500)) as server, pytest.raises(Unreachable):
            sent(f"json://someuser:passw0rd@127.0.0.1:{server.port}/T0KENSECRET/more")
        with pytest.raises(BadChannel):
            setting("tgram://T0KENSECRET")
        logging.getLogger("other").info("heard")
    finally:
        root.setLevel(level)
        root.removeHandler(heard)
    assert [record.name for record in heard.buffer] == ["other"]


def test_a_redirect_is_not_followed_even_where_the_address_asks_for_it() -> None:
    with HttpStandIn() as inner, HttpStandIn(Answer(307, headers={"location": inner.url})) as server:
        with pytest.raises(Unreachable, match="307"):
            sent(f"json://127.0.0.1:{server.port}/?redirect=yes")
        assert inner.connections == 0


def test_nobody_listens() -> None:
    with HttpStandIn() as server:
        port = server.port
    with pytest.raises(Unreachable, match="onnection"):
        sent(f"json://127.0.0.1:{port}/")


def test_a_service_that_hangs_is_given_up() -> None:
    # Its thread waits for an answer no longer than the address says.
    with HttpStandIn(HANGS) as server, pytest.raises(Unreachable, match=r"did not answer within 0\.3 seconds"):
        sent(f"json://127.0.0.1:{server.port}/?rto=0.6", patience=0.3)


def test_a_host_that_leads_to_a_metadata_service_is_refused() -> None:
    async def resolve(host: str) -> list[str]:
        assert host == "inward.example"
        return ["169.254.169.254"]

    for url in ("json://inward.example/", "mailto://user:pass@inward.example"):
        with pytest.raises(Refused, match="nothing is sent to"):
            sent(url, resolve=resolve)


def test_a_name_that_leads_elsewhere_once_it_was_checked_is_refused_at_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library resolves the name again; a name server that answers differently then is found out."""

    async def resolve(host: str) -> list[str]:
        return ["127.0.0.1"]

    def elsewhere(host: str, port: int, *_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", int(port)))]

    # Tests reach this machine only: one of its addresses stands for those that nothing is sent to.
    monkeypatch.setattr(watched_connections, "is_forbidden", lambda host: host == "127.0.0.2")
    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    for url in ("json://rebinding.example/", "mailto://user:pass@rebinding.example?smtp=rebinding.example"):
        with pytest.raises(Refused, match=r"the service is at 127\.0\.0\.2: nothing is sent to"):
            sent(url, resolve=resolve)


def test_the_address_is_a_secret_and_the_service_is_shown() -> None:
    found = setting("tgram://123456789:abcdefg_hijklmnop/12315544")
    assert found.config == {"service": "Telegram", "url": "tgram://…"}
    assert found.secret == {"url": "tgram://123456789:abcdefg_hijklmnop/12315544"}
    assert KIND.place(found) == "Telegram"
    assert KIND.read({"url": ""}, found) == found
    with pytest.raises(BadChannel):
        KIND.read({"url": None}, found)


@pytest.mark.parametrize(
    "url",
    [
        "syslog://",
        "dbus://",
        "gnome://",
        "windows://",
        "macosx://",
        "blink1://",
        "glib://",
        "SYSLOG://localhost",
        "file:///etc/passwd",
        "vapid://me@example.org/subscriber",
        "discord://1234/abcd?template=/etc/passwd",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?TEMPLATE=/etc/passwd",
        "fcm://project@apikey/device?keyfile=/etc/passwd",
        "mailto://u:p@example.org?pgp=yes&pgppub=/etc/passwd",
        "nosuchservice://x",
        "json://",
        "tgram://short",
        "just text",
        "",
        5,
    ],
)
def test_what_runs_here_reads_files_or_is_no_service_is_refused(url: Any) -> None:
    with pytest.raises(BadChannel) as refused:
        KIND.read({"url": url}, NOTHING_SET)
    assert refused.value.field == "url"


def test_an_address_that_is_no_longer_read_is_refused_at_the_first_message() -> None:
    with pytest.raises(Refused, match="Apprise cannot read this address"):
        sent("nosuchservice://x")


def test_the_library_is_not_loaded_by_the_registry() -> None:
    asked = "import sys, duplistatus.notify.channels.registry; print([name for name in ('apprise', 'aiosmtplib') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "[]\n"
