"""Where messages go, and where not."""

from __future__ import annotations

import asyncio

import pytest

from duplistatus.notify.addresses import allowed_addresses, check_host, is_forbidden
from duplistatus.notify.message import Refused, Unreachable


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


def test_of_the_addresses_of_a_name_those_are_tried_that_are_allowed() -> None:
    async def resolve(host: str) -> list[str]:
        return ["169.254.169.254", "192.168.1.5", "192.168.1.5", "10.0.0.1"]

    assert asyncio.run(allowed_addresses("x.org", 1, resolve)) == ["192.168.1.5", "10.0.0.1"]
    with pytest.raises(Refused, match=r"x\.org is at 169\.254\.169\.254"):
        asyncio.run(check_host("x.org", 1, resolve))


def test_an_address_in_other_clothes_is_found_by_what_it_resolves_to() -> None:
    # 2852039166 is 169.254.169.254 to the system's resolver.
    async def resolve(host: str) -> list[str]:
        assert host == "2852039166"
        return ["169.254.169.254"]

    with pytest.raises(Refused, match="no message is sent to link-local and metadata services"):
        asyncio.run(allowed_addresses("2852039166", 1, resolve))


def test_a_name_that_cannot_be_resolved_may_be_so_later() -> None:
    async def resolve(host: str) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(Unreachable, match=r"the name x\.org cannot be resolved: Name or service not known"):
        asyncio.run(allowed_addresses("x.org", 1, resolve))


def test_a_resolver_that_hangs_is_given_up() -> None:
    async def resolve(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(Unreachable, match=r"the name x\.org was not resolved within 0\.01 seconds"):
        asyncio.run(allowed_addresses("x.org", 0.01, resolve))
