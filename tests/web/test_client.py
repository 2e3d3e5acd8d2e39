"""Where a request comes from, behind proxies that are believed and others that are not."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from duplistatus.web.client import FORWARDING, Client, client

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


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        # a proxy on this machine may be called from it
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::1", "::1"),
        ("127.0.0.1", "127.0.0.1, 203.0.113.5", "203.0.113.5"),
        # one elsewhere may not, wherever it stands
        ("10.1.1.1", "127.0.0.1", "10.1.1.1"),
        ("10.1.1.1", "127.0.0.1, 10.2.2.2", "10.2.2.2"),
        ("127.0.0.1", "127.0.0.1, 10.2.2.2", "10.2.2.2"),
        ("127.0.0.1", "::1, 10.3.3.3, 10.2.2.2", "10.3.3.3"),
    ],
)
def test_nobody_elsewhere_becomes_a_program_on_this_machine(peer: str, forwarded: str, address: str) -> None:
    proxies = (*PROXIES, ipaddress.ip_network("127.0.0.0/8"))
    headers = [(b"x-forwarded-for", forwarded.encode())]
    scope = {"type": "http", "scheme": "http", "path": "/", "query_string": b"", "headers": headers, "client": (peer, 1)}
    assert client(Request(scope), proxies).address == address


@pytest.mark.parametrize("name", FORWARDING)
def test_what_a_proxy_on_this_machine_passes_on_untrusted_is_said_to_be_so(name: str) -> None:
    headers = [(name.encode(), b"192.0.2.1")]
    scope = {"type": "http", "scheme": "http", "path": "/", "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1)}
    found = client(Request(scope), PROXIES)
    assert (found.address, found.passed_on, found.counted_as) == ("127.0.0.1", True, "proxy on this machine")
    assert client(Request({**scope, "headers": []}), PROXIES).counted_as == "127.0.0.1"
    assert not client(Request({**scope, "client": ("203.0.113.5", 1)}), PROXIES).passed_on


def test_an_entry_that_is_too_long_is_no_address() -> None:
    assert seen("10.1.1.1", ["192.0.2.1" + " " * 100]).address == "192.0.2.1"
    assert seen("10.1.1.1", ["[2001:db8::7%" + "x" * 100 + "]"]).address == "10.1.1.1"


def test_a_peer_without_address_is_no_proxy() -> None:
    assert seen(None, ["192.0.2.1"], "https") == Client("", secure=False, proxied=False)


@given(st.lists(st.text(max_size=40), max_size=4))
def test_no_header_however_odd_makes_an_address_that_is_none(forwarded: list[str]) -> None:
    ipaddress.ip_address(seen("10.1.1.1", forwarded).address)
