"""Where requests go, and where not."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from duplistatus.security.addresses import AddressForbidden, NoAnswer, allowed_addresses, check_host, checked_url, is_forbidden, literal

Dress = Callable[[int], int]


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:2:3:4:a9fe:a9fe",
        "2001:0:a9fe:a9fe::1",
        "2001:0:102:304:0:0:5601:5601",
        "2001:db8::5efe:a9fe:a9fe",
        "fd20:ce::254",
        "0.0.0.0",  # noqa: S104 (not bound to)
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "not an address",
    ],
)
def test_link_local_metadata_unspecified_and_multicast_addresses_are_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.5", "172.17.0.1", "fd12::1", "1.1.1.1", "2606:4700::1"])
def test_private_addresses_and_this_machine_are_where_self_hosted_services_are(address: str) -> None:
    assert not is_forbidden(address)


FORBIDDEN_V4 = st.sampled_from(["169.254.0.0/16", "0.0.0.0/8", "224.0.0.0/4"]).flatmap(
    lambda network: st.ip_addresses(network=ipaddress.ip_network(network))
) | st.sampled_from([ipaddress.ip_address(each) for each in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "255.255.255.255")])
ALLOWED_V4 = st.sampled_from(["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "127.0.0.0/8", "100.64.0.0/11", "8.8.0.0/16"]).flatmap(
    lambda network: st.ip_addresses(network=ipaddress.ip_network(network))
)
CLOTHES = (
    lambda number: number,
    lambda number: 0xFFFF << 32 | number,
    lambda number: 0xFFFF << 48 | number,
    lambda number: 0x0064FF9B << 96 | number,
    lambda number: 0x0064FF9B0001 << 80 | 0x1234 << 64 | number,
    lambda number: 0x2002 << 112 | number << 80 | 0x1,
    lambda number: 0x20010000 << 96 | 0x08080808 << 64 | number ^ 0xFFFFFFFF,
    lambda number: 0x20010DB8 << 96 | 0x5EFE << 32 | number,
)
"""IPv4 in IPv6: compatible, mapped, translated, NAT64 twice, 6to4, Teredo, ISATAP."""


@given(address=FORBIDDEN_V4, dressed=st.sampled_from(CLOTHES))
def test_a_forbidden_address_is_forbidden_in_whatever_it_is_wrapped(address: ipaddress.IPv4Address, dressed: Dress) -> None:
    number = dressed(int(address))
    # `::1` is this machine, and `::` is forbidden as such.
    assume(number != 1)
    assert is_forbidden(str(address))
    assert is_forbidden(str(ipaddress.IPv6Address(number)))
    assert is_forbidden(ipaddress.IPv6Address(number).exploded.upper())
    assert is_forbidden(f"{ipaddress.IPv6Address(number)}%eth0")


@given(address=ALLOWED_V4, dressed=st.sampled_from(CLOTHES))
def test_an_allowed_address_stays_allowed_in_whatever_it_is_wrapped(address: ipaddress.IPv4Address, dressed: Dress) -> None:
    assert not is_forbidden(str(address))
    assert not is_forbidden(str(ipaddress.IPv6Address(dressed(int(address)))))


def _forms(address: ipaddress.IPv4Address) -> list[str]:
    """Other writings that the system's resolver takes for the same address: RFC 6943 §3.1.1."""
    number, (a, b, c, d) = int(address), address.packed
    return [
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"0x{a:X}.{b}.0{c:o}.{d}",
    ]


async def nobody(host: str) -> list[str]:
    raise AssertionError(f"{host} is no name, and nobody is asked for it")


@given(address=FORBIDDEN_V4, form=st.integers(0, 7), dots=st.sampled_from(["", "."]))
@example(ipaddress.IPv4Address("169.254.169.254"), 0, "")
def test_decimal_octal_and_hexadecimal_writings_of_a_forbidden_address_are_refused(
    address: ipaddress.IPv4Address, form: int, dots: str
) -> None:
    host = _forms(address)[form] + dots
    assert literal(host) == str(address)
    with pytest.raises(AddressForbidden):
        asyncio.run(allowed_addresses(host, 5, nobody))
    with pytest.raises(AddressForbidden):
        asyncio.run(check_host(host, 5, nobody))


@given(text=st.text(max_size=30))
@example("1.2.3.4.5")
@example("fe80::1%")
@example("::ffff:1.2.3.4%25lo")
def test_whatever_is_no_address_is_forbidden_and_nothing_breaks(text: str) -> None:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        assert is_forbidden(text)
    else:
        assert is_forbidden(text) in (True, False)


@given(v6=st.ip_addresses(v=6))
def test_every_ipv6_address_gets_an_answer(v6: ipaddress.IPv6Address) -> None:
    assert is_forbidden(str(v6)) is is_forbidden(v6.exploded)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]:80/",
        "http://2852039166/",
        "http://0xA9FEA9FE/",
        "http://0251.0376.0251.0376/",
        "http://169.254.43518/",
        "http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/",
        "http://169。254。169。254/",
        "http://user@169.254.169.254/",
        "http://example.org@169.254.169.254/",
    ],
)
def test_no_writing_of_an_url_leads_to_a_metadata_service(url: str) -> None:
    try:
        host = checked_url(url).raw_host.decode("ascii")
    except ValueError:
        return
    with pytest.raises(AddressForbidden):
        asyncio.run(allowed_addresses(host, 5, nobody))


@pytest.mark.parametrize(
    "url", ["ftp://x.org/", "file:///etc/passwd", "gopher://x/", "http:///x", "http://x:0/", "http://x:70000/", "http://a b/", "x.org"]
)
def test_other_schemes_and_addresses_without_a_host_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        checked_url(url)


def test_of_the_addresses_of_a_name_those_are_tried_that_are_allowed() -> None:
    async def resolve(host: str) -> list[str]:
        return ["169.254.169.254", "192.168.1.5", "192.168.1.5", "10.0.0.1"]

    assert asyncio.run(allowed_addresses("x.org", 1, resolve)) == ["192.168.1.5", "10.0.0.1"]
    with pytest.raises(AddressForbidden, match=r"x\.org is at 169\.254\.169\.254"):
        asyncio.run(check_host("x.org", 1, resolve))


def test_an_alias_of_an_address_is_found_by_what_it_resolves_to() -> None:
    async def resolve(host: str) -> list[str]:
        assert host == "metadata.google.internal"
        return ["169.254.169.254"]

    with pytest.raises(AddressForbidden, match="nothing is sent to link-local and metadata services"):
        asyncio.run(allowed_addresses("metadata.google.internal", 1, resolve))


def test_a_name_that_cannot_be_resolved_may_be_so_later() -> None:
    async def resolve(host: str) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(NoAnswer, match=r"the name x\.org cannot be resolved: Name or service not known"):
        asyncio.run(allowed_addresses("x.org", 1, resolve))


def test_a_resolver_that_hangs_is_given_up() -> None:
    async def resolve(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(NoAnswer, match=r"the name x\.org was not resolved within 0\.01 seconds"):
        asyncio.run(allowed_addresses("x.org", 0.01, resolve))
