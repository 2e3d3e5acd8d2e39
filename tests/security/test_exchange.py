"""Whole answers of other servers: head, cookies and body, within their limits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from duplistatus.security.addresses import NoAnswer, Why
from duplistatus.security.exchange import Answer as Found
from duplistatus.security.exchange import Exchange
from duplistatus.security.pinned import Patience
from tests.notify.stand_ins import Answer, Asked, HttpStandIn

PATIENT = Patience(connect=20, answer=20, body=20, whole=60)


def asked(url: str, most: int = 100, patience: Patience = PATIENT, **more: Any) -> Found:
    async def work() -> Found:
        exchange = Exchange(url, patience=patience, **more)
        try:
            await exchange.ask("GET", url, {}, most=most)
            return await exchange.ask("POST", url, {"X-Token": "t0ken"}, b"body", most=most)
        finally:
            await exchange.close()

    return asyncio.run(work())


def test_an_answer_is_handed_out_whole_whatever_its_status() -> None:
    with HttpStandIn(Answer(418, b"x" * 100, {"X-Kind": "Tea"})) as server:
        found = asked(server.url)
        assert (found.status, found.body, found.headers["x-kind"]) == (418, b"x" * 100, "Tea")
        assert (server.received[1].method, server.received[1].body) == ("POST", b"body")
        assert server.received[1].headers["x-token"] == "t0ken"
        assert server.connections == 1


def test_more_than_was_asked_for_is_not_handed_out() -> None:
    with HttpStandIn(Answer(200, b"x" * 101)) as server, pytest.raises(NoAnswer) as found:
        asked(server.url)
    assert found.value.why is Why.TOO_LARGE


@pytest.mark.parametrize(
    ("line", "cookies"),
    [
        ("RefreshToken_8200=a.b-c; path=/x; httponly; Partitioned", {"RefreshToken_8200": "a.b-c"}),
        ('a="b"', {"a": "b"}),
        ("a=b=c; expires=Thu, 01 Jan 1970 00:00:00 GMT", {"a": "b=c"}),
        ("a=; path=/", {"a": ""}),
    ],
)
def test_cookies_are_handed_out_and_sent_by_nobody_else(line: str, cookies: dict[str, str]) -> None:
    with HttpStandIn(Answer(200, b"", {"Set-Cookie": line})) as server:
        assert asked(server.url).cookies == cookies
        assert "cookie" not in server.received[1].headers


def test_a_body_that_does_not_come_is_waited_for_as_long_as_said() -> None:
    with HttpStandIn(Answer(200, b"x", hangs_after_head=True)) as server, pytest.raises(NoAnswer) as found:
        asked(server.url, patience=Patience(connect=2, answer=1, body=0.5, whole=2))
    assert found.value.why is Why.SLOW
    assert "did not finish its answer within 0.5 seconds" in str(found.value)


@pytest.mark.parametrize("packing", ["gzip", "br", "GZIP, identity"])
def test_a_packed_answer_is_refused_as_such(packing: str) -> None:
    with HttpStandIn(Answer(200, b"x", {"Content-Encoding": packing})) as server, pytest.raises(NoAnswer) as found:
        asked(server.url)
    assert found.value.why is Why.PACKED


def test_an_answer_that_says_that_it_is_not_packed_is_taken() -> None:
    with HttpStandIn(Answer(200, b"x", {"Content-Encoding": "Identity"})) as server:
        assert asked(server.url).body == b"x"


def test_an_answer_holds_no_secret_in_what_is_shown_of_it() -> None:
    assert "t0ken" not in repr(Found(200, {"set-cookie": "t0ken"}, {"a": "t0ken"}, b"t0ken"))


def forgetful(server: HttpStandIn, answers: int = 1_000) -> None:
    """It answers the first request of each connection, of so many connections, and ends the connection at the next one."""
    served: set[int] = set()

    def answer(_: Asked) -> Answer:
        is_first = server.connections not in served and len(served) < answers
        served.add(server.connections)
        return Answer(200, b"x") if is_first else Answer(hangs_up=True)

    server.answer = answer


def sent(url: str, *methods: str) -> list[int]:
    """What each of these requests was answered with, one after the other."""

    async def work() -> list[int]:
        exchange = Exchange(url, patience=PATIENT)
        try:
            return [(await exchange.ask(method, url, {}, most=10)).status for method in methods]
        finally:
            await exchange.close()

    return asyncio.run(work())


def test_what_only_reads_is_sent_again_where_a_kept_connection_had_ended() -> None:
    with HttpStandIn() as server:
        forgetful(server)
        assert sent(server.url, "GET", "GET", "GET") == [200, 200, 200]
        assert (server.connections, len(server.received)) == (3, 5)


def test_what_changes_something_is_never_sent_twice() -> None:
    with HttpStandIn() as server:
        forgetful(server)
        with pytest.raises(NoAnswer) as found:
            sent(server.url, "GET", "POST")
        assert found.value.why is Why.CUT
        assert [each.method for each in server.received] == ["GET", "POST"]


@pytest.mark.parametrize(("answers", "received"), [(0, 1), (1, 1 + 3)])
def test_a_server_that_ends_every_connection_is_not_asked_for_ever(answers: int, received: int) -> None:
    with HttpStandIn() as server:
        forgetful(server, answers)
        with pytest.raises(NoAnswer) as found:
            sent(server.url, "GET", "GET")
        assert found.value.why is Why.CUT
        assert len(server.received) == received
