"""How near a server is, said without asking anybody."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.security.addresses import AddressForbidden, NoAnswer, is_forbidden
from duplistatus.security.connecting import connected
from duplistatus.security.nearness import Near, Nearness, nearness, of_address, remember


@pytest.mark.parametrize(
    ("host", "near", "address"),
    [
        ("127.0.0.1", Near.MACHINE, "127.0.0.1"),
        ("127.1", Near.MACHINE, "127.0.0.1"),
        ("2130706433", Near.MACHINE, "127.0.0.1"),
        ("0x7f.1", Near.MACHINE, "127.0.0.1"),
        ("[::1]", Near.MACHINE, "::1"),
        ("::ffff:127.0.0.1", Near.MACHINE, "127.0.0.1"),
        ("localhost", Near.MACHINE, ""),
        ("LOCALHOST.", Near.MACHINE, ""),
        ("ntfy.localhost", Near.MACHINE, ""),
        ("192.168.1.5", Near.NETWORK, "192.168.1.5"),
        ("10.0.0.1", Near.NETWORK, "10.0.0.1"),
        ("172.16.3.4", Near.NETWORK, "172.16.3.4"),
        ("100.64.1.1", Near.NETWORK, "100.64.1.1"),
        ("fd12::5", Near.NETWORK, "fd12::5"),
        ("::ffff:10.0.0.1", Near.NETWORK, "10.0.0.1"),
        ("64:ff9b::c0a8:105", Near.NETWORK, "192.168.1.5"),
        ("nas", Near.NETWORK, ""),
        ("nas.local", Near.NETWORK, ""),
        ("ntfy.home.arpa", Near.NETWORK, ""),
        ("host.docker.internal", Near.NETWORK, ""),
        ("169.254.169.254", Near.FORBIDDEN, "169.254.169.254"),
        ("2852039166", Near.FORBIDDEN, "169.254.169.254"),
        ("1.1.1.1", Near.FAR, "1.1.1.1"),
        ("2606:4700::1111", Near.FAR, "2606:4700::1111"),
        ("ntfy.sh", Near.UNKNOWN, ""),
        ("", Near.UNKNOWN, ""),
    ],
)
def test_an_address_and_a_well_known_name_say_where_they_are(host: str, near: Near, address: str) -> None:
    assert nearness(host) == Nearness(near, address)
    assert nearness(host).is_noteworthy is (near in {Near.MACHINE, Near.NETWORK, Near.FORBIDDEN})


def test_a_name_is_known_by_where_the_last_connection_went() -> None:
    remember("Push.Example.org.", "192.168.1.9")
    assert nearness("push.example.org") == Nearness(Near.NETWORK, "192.168.1.9")
    remember("push.example.org", "1.1.1.1")
    assert nearness("push.example.org") == Nearness(Near.FAR, "1.1.1.1")


def test_many_names_are_not_remembered_for_ever() -> None:
    remember("first.example.net", "10.0.0.1")
    for number in range(500):
        remember(f"n{number}.example.net", "10.0.0.1")
    assert nearness("first.example.net").near is Near.UNKNOWN
    assert nearness("n499.example.net").near is Near.NETWORK


@given(address=st.ip_addresses())
def test_what_is_forbidden_is_never_called_anything_else(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert (of_address(str(address)).near is Near.FORBIDDEN) is is_forbidden(str(address))


@given(text=st.text(max_size=40))
def test_nothing_that_people_enter_breaks_it(text: str) -> None:
    assert isinstance(nearness(text), Nearness)


# --- connections that are made by hand ---------------------------------------------------------------------------------------------


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    async def work() -> str:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def resolve(_: str) -> list[str]:
            return ["169.254.169.254", "127.0.0.1"]

        made = await connected("mail.example.com", port, 5, resolve)
        peer = str(made.getpeername()[0])
        made.close()
        server.close()
        await server.wait_closed()
        return peer

    assert asyncio.run(work()) == "127.0.0.1"
    assert nearness("mail.example.com") == Nearness(Near.MACHINE, "127.0.0.1")


def test_a_host_at_a_forbidden_address_gets_no_connection() -> None:
    async def resolve(_: str) -> list[str]:
        return ["169.254.169.254"]

    with pytest.raises(AddressForbidden, match=r"inward\.example is at 169\.254\.169\.254"):
        asyncio.run(connected("inward.example", 25, 5, resolve))


def test_a_port_that_nobody_listens_on_is_said() -> None:
    with pytest.raises(NoAnswer, match=r"no connection to 127\.0\.0\.1:1: it refuses connections on that port"):
        asyncio.run(connected("127.0.0.1", 1, 5))


def test_who_does_not_answer_in_time_is_given_up() -> None:
    async def resolve(_: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(NoAnswer, match=r"within 0\.05 seconds"):
        asyncio.run(connected("silent.example", 25, 0.05, resolve))
