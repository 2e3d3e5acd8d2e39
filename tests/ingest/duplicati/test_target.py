"""What people type as the address of a server."""

from __future__ import annotations

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from duplistatus.ingest.duplicati.target import MOST_ADDRESSES, Target, canonical, typed_addresses
from duplistatus.ingest.duplicati.trouble import Code, Trouble


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nas", ["nas:8200"]),
        ("NAS:8300", ["nas:8300"]),
        ("nas.example.", ["nas.example.:8200"]),
        ("192.0.2.7", ["192.0.2.7:8200"]),
        ("::1", ["[::1]:8200"]),
        ("[2001:db8::1]:81", ["[2001:db8::1]:81"]),
        ("nas:443", ["nas:443"]),
        ("nas/duplicati", ["nas:8200/duplicati"]),
        ("https://nas", ["https://nas"]),
        ("https://nas:443/", ["https://nas"]),
        ("HTTP://NAS:8200/ngax/index.html#/", ["http://nas:8200"]),
        ("http://nas:8200/ngclient/?x=1", ["http://nas:8200"]),
        ("http://nas:8200/login.html", ["http://nas:8200"]),
        ("https://proxy.example/nas/api/v1/backups", ["https://proxy.example/nas"]),
        ("https://proxy.example/ngaxe/", ["https://proxy.example/ngaxe"]),
        ("bücher.example", ["xn--bcher-kva.example:8200"]),
        (" a, b:81;c\n a ", ["a:8200", "b:81", "c:8200"]),
        ("nas_1", ["nas_1:8200"]),
    ],
)
def test_an_address_has_one_form(text: str, found: list[str]) -> None:
    assert typed_addresses(text) == found


def test_a_port_of_its_own_field_holds_where_none_was_typed() -> None:
    assert typed_addresses("a,b:81,https://c,https://d:443,[::1],::1", 8300) == [
        "a:8300",
        "b:81",
        "https://c:8300",
        "https://d",
        "[::1]:8300",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" , ", "empty"),
        ("ftp://nas", "scheme"),
        ("https://user:word@nas", "user"),
        ("user:word@nas", "user"),
        ("nas:99999", "form"),
        ("nas:0", "form"),
        ("nas:x", "form"),
        ("http://", "form"),
        ("na$", "host"),
        ("-x", "host"),
        ("x" * 600, "long"),
        (",".join(f"n{number}" for number in range(MOST_ADDRESSES + 1)), "many"),
    ],
)
def test_what_is_no_address_is_refused_for_a_reason(text: str, reason: str) -> None:
    with pytest.raises(Trouble) as found:
        typed_addresses(text)
    assert (found.value.code, found.value.facts["reason"]) == (Code.ADDRESS, reason)
    assert "word" not in str(found.value.facts)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = typed_addresses(text)
    except Trouble as trouble:
        event(trouble.code)
        return
    for each in found:
        assert typed_addresses(each) == [each]
        url = each if "://" in each else f"http://{each}"
        assert canonical(canonical(url)) == canonical(url)


def test_a_target_names_its_place() -> None:
    assert Target("https://nas:8300/duplicati").place == "nas:8300"
    assert Target("https://proxy.example").place == "proxy.example"
