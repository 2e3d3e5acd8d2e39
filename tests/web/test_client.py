"""Where a request comes from, behind proxies that are believed and others that are not."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from duplistatus.web.client import Client, client

PROXIES = tuple(ipaddress.ip_network(each) for each in ("10.0.0.0/8", "2001:db8:9::/48"))


def seen(peer: str | None, forwarded: list[str] | None = None, protocol: str | None = None, scheme: str = "http") -> Client:
    headers = [(b"x-forwarded-for", each.encode("latin-1", "replace")) for each in forwarded or ()]
    if protocol is not None:
        headers.append((b"x-forwarded-proto", protocol.encode()))
    scope = {"type": "http", "scheme": scheme, "path": "/", "query_string": b"", "headers": headers, "client": (peer, 1) if peer else None}
    return client(Request(scope), PROXIES)


def test_a_foreign_peer_is_the_client_whatever_its_headers_say() -> None:
    assert seen("203.0.113.5", ["192.0.2.1"], "https") == Client("203.0.113.5", secure=False, proxied=False)


def test_a_trusted_proxy_is_believed() -> None:
    assert seen("10.1.1.1", ["192.0.2.1"], "https") == Client("192.0.2.1", secure=True, proxied=True)


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["192.0.2.1, 10.2.2.2"], "192.0.2.1"),
        (["192.0.2.1", "10.2.2.2"], "192.0.2.1"),
        (["198.51.100.66, 192.0.2.1"], "192.0.2.1"),
        (["10.9.9.9, 192.0.2.1, 10.2.2.2"], "192.0.2.1"),
        (["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        (["192.0.2.1:4711"], "192.0.2.1"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["2001:db8::7"], "2001:db8::7"),
        (['"[2001:db8::7]"'], "2001:db8::7"),
        (["fe80::1%eth0"], "fe80::1"),
        (["::ffff:192.0.2.1"], "192.0.2.1"),
        (["nonsense"], "10.1.1.1"),
        (["192.0.2.1, nonsense"], "10.1.1.1"),
        ([""], "10.1.1.1"),
        (None, "10.1.1.1"),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_trusted_proxy(forwarded: list[str] | None, address: str) -> None:
    assert seen("10.1.1.1", forwarded).address == address


@pytest.mark.parametrize("peer", ["2001:db8:9::1", "::ffff:10.1.1.1"])
def test_a_proxy_may_speak_ipv6(peer: str) -> None:
    assert seen(peer, ["192.0.2.1"]).address == "192.0.2.1"


def test_tls_of_our_own_counts_without_any_proxy() -> None:
    assert seen("203.0.113.5", scheme="https").secure
    assert not seen("203.0.113.5").secure


def test_a_proxy_that_took_plain_http_is_believed_too() -> None:
    assert not seen("10.1.1.1", ["192.0.2.1"], "http", scheme="https").secure


def test_a_peer_without_address_is_no_proxy() -> None:
    assert seen(None, ["192.0.2.1"], "https") == Client("", secure=False, proxied=False)


@given(st.lists(st.text(max_size=40), max_size=4))
def test_no_header_however_odd_makes_an_address_that_is_none(forwarded: list[str]) -> None:
    ipaddress.ip_address(seen("10.1.1.1", forwarded).address)
