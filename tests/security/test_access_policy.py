"""Which addresses are let in: what was entered, and what the environment says in its place."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.security.access_policy import MOST_NETWORKS, AccessPolicy, AddressList, as_text, entered, overridden, read_networks
from duplistatus.settings import Settings

HOME = tuple(ipaddress.ip_network(each) for each in ("192.168.1.0/24", "2001:db8:1::/48"))
AWAY = (ipaddress.ip_network("203.0.113.0/24"),)


@pytest.mark.parametrize(
    "address", ["192.168.1.7", "2001:db8:1::7", "127.0.0.1", "127.9.9.9", "::1", "::ffff:192.168.1.7", "::ffff:127.0.0.1"]
)
def test_an_enabled_list_lets_in_whom_it_names_and_this_machine(address: str) -> None:
    assert AddressList(True, HOME).admits(address)


@pytest.mark.parametrize("address", ["192.168.2.7", "2001:db8:2::7", "203.0.113.5", "", "unix", "192.168.1.7.5"])
def test_an_enabled_list_lets_in_nobody_else(address: str) -> None:
    assert not AddressList(True, HOME).admits(address)
    assert AddressList(False, HOME).admits(address)


def test_what_a_proxy_on_this_machine_passes_on_is_not_this_machine() -> None:
    assert not AddressList(True, HOME).admits("127.0.0.1", passed_on=True)
    assert AddressList(True, (ipaddress.ip_network("127.0.0.0/8"),)).admits("127.0.0.1", passed_on=True)
    assert AddressList(False).admits("127.0.0.1", passed_on=True)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        (" 192.168.1.5 ", "192.168.1.5/32"),
        ("192.168.1.5/24", "192.168.1.0/24"),
        ("192.168.1.0/255.255.255.0", "192.168.1.0/24"),
        ("2001:db8::5/32", "2001:db8::/32"),
        ("fe80::1%eth0", "fe80::1/128"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("::/0", "::/0"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_networks_are_read_as_people_write_them(text: str, network: str) -> None:
    assert read_networks([text]) == (ipaddress.ip_network(network),)


@pytest.mark.parametrize(
    "text", ["", "localhost", "192.168.1", "192.168.1.5/33", "192.168.1.300", "010.0.0.1", "10.0.0.0-10.0.0.9", "*", "<b>"]
)
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="no address or network") as caught:
        read_networks(["10.0.0.1", text])
    assert repr(text) in str(caught.value)


def test_a_network_counts_once_and_there_is_an_end_to_them() -> None:
    assert len(read_networks(["10.0.0.1", "10.0.0.1/32", " 10.0.0.1"])) == 1
    with pytest.raises(ValueError, match=f"{MOST_NETWORKS + 1} networks are too many"):
        read_networks([f"10.0.{number}.1" for number in range(MOST_NETWORKS + 1)])


networks = st.lists(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(ipaddress.ip_network), max_size=5, unique=True).map(tuple)
policies = st.builds(
    AccessPolicy,
    st.booleans(),
    st.booleans(),
    st.builds(AddressList, st.booleans(), networks),
    st.builds(AddressList, st.booleans(), networks),
    networks,
)


@given(policies)
def test_a_policy_is_read_as_it_was_written(policy: AccessPolicy) -> None:
    assert entered(as_text(policy)) == policy


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "5", "null", '{"admin_enabled": "yes", "admin": ["x", 5, null]}', '{"admin": "10.0.0.1"}']
)
def test_a_text_that_cannot_be_read_opens_what_was_open_at_first(text: str) -> None:
    assert entered(text) == AccessPolicy()


def test_what_can_be_read_of_a_text_counts() -> None:
    assert entered('{"admin_enabled": true, "admin": ["x", "10.0.0.1"]}').admin == AddressList(True, (ipaddress.ip_network("10.0.0.1"),))


@given(policies)
def test_the_environment_goes_before_what_was_entered(policy: AccessPolicy) -> None:
    settings = Settings(trusted_proxies=AWAY, admin_allowlist_enabled=False, external_allowlist=AWAY)
    found = overridden(policy, settings)
    assert found.trusted_proxies == AWAY
    assert found.admin == replace(policy.admin, enabled=False)
    assert found.external == AddressList(True, AWAY)
    assert (found.key_for_uploads, found.key_for_reading) == (policy.key_for_uploads, policy.key_for_reading)
    assert found.fixed == {"trusted_proxies", "admin.enabled", "external.enabled", "external.networks"}


def test_a_list_of_the_environment_may_be_off() -> None:
    assert overridden(AccessPolicy(), Settings(admin_allowlist=HOME, admin_allowlist_enabled=False)).admin == AddressList(False, HOME)


@given(policies)
def test_without_a_word_of_the_environment_what_was_entered_holds(policy: AccessPolicy) -> None:
    assert overridden(policy, Settings()) == policy
