"""Requests to servers of others: to whom the connection is made, and what is taken from an answer."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from duplistatus.clock import SetClock
from duplistatus.notify.message import Refused, Unreachable
from duplistatus.notify.outgoing import Outgoing, Patience, Reply, judged
from tests.notify.certificates import self_signed
from tests.notify.stand_ins import Answer, HttpStandIn, SilentStandIn

PATIENT = Patience(connect=20, answer=20, body=20, whole=60)


def asked(url: str, **more: Any) -> Reply:
    """One request by POST."""

    async def work() -> Reply:
        outgoing = Outgoing(url, patience=more.pop("patience", PATIENT), **more)
        try:
            return await outgoing.ask("POST", url, {"X-Token": "t0ken"}, b"body")
        finally:
            await outgoing.close()

    return asyncio.run(work())


def to(*addresses: str) -> Callable[[str], Any]:
    async def resolve(host: str) -> list[str]:
        return list(addresses)

    return resolve


def test_a_name_is_resolved_once_and_the_connection_goes_to_the_address_that_was_checked() -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def rebinding(host: str) -> list[str]:
        return answers.pop(0)

    with HttpStandIn() as server:
        assert asked(f"http://rebinding.example:{server.port}/x", resolve=rebinding).status == 200
        assert server.received[0].headers["host"] == f"rebinding.example:{server.port}"
    assert answers == [["169.254.169.254"]]


def test_a_name_that_leads_to_a_metadata_service_is_refused_before_any_connection() -> None:
    with HttpStandIn() as server:
        with pytest.raises(Refused, match="nothing is sent to"):
            asked(f"http://inward.example:{server.port}/", resolve=to("169.254.169.254", "::ffff:169.254.169.254"))
        assert server.connections == 0


def test_where_one_address_of_a_name_does_not_answer_the_next_is_tried() -> None:
    with HttpStandIn() as server:
        assert asked(f"http://two.example:{server.port}/", resolve=to("127.0.0.2", "127.0.0.1")).status == 200


def test_a_redirect_is_not_followed_and_shows_the_server_alone() -> None:
    with HttpStandIn() as inner:
        away = Answer(302, headers={"location": f"{inner.url}token/abc?secret=1"})
        with HttpStandIn(away) as server:
            reply = asked(server.url)
        assert inner.connections == 0
    assert (reply.status, reply.leads_to) == (302, inner.url.rstrip("/"))
    with pytest.raises(Refused, match=r"302 Found: the server points to http://127\.0\.0\.1:\d+; messages do not follow"):
        judged(reply)


def test_of_a_huge_answer_the_beginning_is_read() -> None:
    with HttpStandIn(Answer(500, b"x" * 20_000_000)) as server:
        reply = asked(server.url)
    assert reply.status == 500
    assert reply.words == "x" * 299 + "…"


def test_an_answer_without_end_is_left_after_its_beginning() -> None:
    head = b"HTTP/1.1 500 Answer\r\ncontent-type: text/plain\r\n\r\n"
    with SilentStandIn(says=head, drips=b"x" * 60_000) as server:
        assert asked(server.url).words == "x" * 299 + "…"


def test_a_packed_answer_that_nobody_asked_for_is_not_unpacked() -> None:
    packed = gzip.compress(b'{"error": "' + b"x" * 1_000_000 + b'"}')
    with HttpStandIn(Answer(403, packed, {"content-encoding": "gzip"})) as server:
        reply = asked(server.url)
        assert server.received[0].headers["accept-encoding"] == "identity"
    assert reply.status == 403
    assert "xxx" not in reply.words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "no such topic"}', "no such topic"),
        (b'{"message": "wrong\\r\\n\\u001b[31mkey"}', "wrong [31mkey"),
        (b'{"detail": [1]}', '{"detail": [1]}'),
        (b"[1, 2]", "[1, 2]"),
        (b"plain\r\nwords", "plain words"),
        (b"<!doctype html><title>Bad gateway</title>", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_the_words_of_an_answer_fit_into_a_line(body: bytes, words: str) -> None:
    with HttpStandIn(Answer(400, body)) as server:
        assert asked(server.url).words == words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("999999", 3_600.0),
        ("Fri, 10 Jul 2026 12:01:00 GMT", 60.0),
        ("Fri, 10 Jul 2026 11:00:00 GMT", 0.0),
        ("Fri, 10 Jul 2099 11:00:00 GMT", 3_600.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_pause_that_is_asked_for_is_kept_up_to_an_hour(text: str, seconds: float | None, clock: SetClock) -> None:
    with HttpStandIn(Answer(429, headers={"retry-after": text})) as server:
        reply = asked(server.url, clock=clock)
    assert reply.retry_after == seconds
    with pytest.raises(Unreachable) as later:
        judged(reply)
    assert later.value.retry_after == seconds


def test_a_certificate_that_nobody_vouches_for_is_named(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with HttpStandIn(context=certificate.context) as server, pytest.raises(Unreachable) as unreachable:
        asked(server.url)
    assert "the certificate of 127.0.0.1" in str(unreachable.value)
    assert "self-signed certificate" in str(unreachable.value)


def test_an_authority_of_ones_own_is_known_by_ssl_cert_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path, "ntfy.lan")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    with HttpStandIn(context=certificate.context) as server:
        assert asked(f"https://ntfy.lan:{server.port}/", resolve=to("127.0.0.1")).status == 200
        with pytest.raises(Unreachable, match=r"the certificate of other\.lan"):
            asked(f"https://other.lan:{server.port}/", resolve=to("127.0.0.1"))


def test_a_server_without_tls_is_named_as_such() -> None:
    with SilentStandIn(says=b"220 smtp.example.org ESMTP\r\n") as server, pytest.raises(Unreachable, match="no TLS connection to"):
        asked(server.url.replace("http:", "https:"))


def test_what_is_not_http_is_named_as_such() -> None:
    with SilentStandIn(says=b"220 smtp.example.org \r\n\r\n") as server, pytest.raises(Unreachable, match="what it answered is not HTTP"):
        asked(server.url)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpStandIn(Answer(418)) as proxy, HttpStandIn() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert asked(server.url).status == 200
        assert proxy.connections == 0


def test_it_asks_no_other_server_than_its_own() -> None:
    async def work() -> None:
        await Outgoing("http://127.0.0.1:1/").ask("GET", "http://127.0.0.1:2/", {})

    with pytest.raises(ValueError, match="another server"):
        asyncio.run(work())
