"""Keys of programs: what they look like, what they may be called, what state they are in."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, Instant
from duplistatus.security.api_key import PREFIX, SOON, State, checked_key_name, checked_scopes, new_key, state_of
from duplistatus.store.api_keys import ApiKey, Scope
from duplistatus.store.ids import KeyId
from duplistatus.web.keys import _SHAPE

NOW = Instant(1_783_684_800_000)
KEY = ApiKey(KeyId(1), "nas", "ab" * 32, frozenset({Scope.UPLOAD}), False, NOW, "admin", None, None, "", 0)


def test_a_key_is_recognised_and_has_enough_chance_in_it() -> None:
    keys = {new_key() for _ in range(500)}
    assert len(keys) == 500
    for key in keys:
        assert re.fullmatch(r"duplistatus_[A-Za-z0-9]{40}", key)
        assert _SHAPE.fullmatch(key)
    # 40 letters of 62: more than 192 bits. Each of the 62 occurs.
    assert len(set("".join(key.removeprefix(PREFIX) for key in keys))) == 62
    assert 62**40 > 2**192


@pytest.mark.parametrize(
    ("expires_in", "disabled", "state"),
    [
        (None, False, State.ACTIVE),
        (SOON + 1, False, State.ACTIVE),
        (SOON, False, State.EXPIRES_SOON),
        (1, False, State.EXPIRES_SOON),
        (0, False, State.EXPIRED),
        (-DAY, False, State.EXPIRED),
        (None, True, State.DISABLED),
        (-DAY, True, State.DISABLED),
    ],
)
def test_a_key_is_active_until_it_expires_or_is_disabled(expires_in: int | None, disabled: bool, state: State) -> None:
    expires_at = None if expires_in is None else Instant(NOW + expires_in)
    assert state_of(replace(KEY, expires_at=expires_at, is_disabled=disabled), NOW) is state


@pytest.mark.parametrize("name", ["nas", "Backup – Büro", "نسخة احتياطية", "日本語", "👩‍👧 family", "<script>alert(1)</script>", "n" * 100])
def test_a_key_may_be_called_anything_that_can_be_read(name: str) -> None:
    assert checked_key_name(f"  {name}\t") == name


@pytest.mark.parametrize("name", ["", "  ", None, 5, "n" * 101, "a\x00b", "a\x1bb", "\u202eevil", "a\u2066b", "zero\u200bwidth", "\ud800"])
def test_a_key_is_not_called_what_cannot_be_seen(name: object) -> None:
    with pytest.raises(ValueError, match="name"):
        checked_key_name(name)


@given(st.text(max_size=200))
def test_a_name_is_refused_or_is_kept_as_it_will_be_checked_again(text: str) -> None:
    try:
        name = checked_key_name(text)
    except ValueError:
        return
    assert 1 <= len(name) <= 100
    assert checked_key_name(name) == name
    assert "\n" not in name


def test_scopes_are_one_or_several_of_those_there_are() -> None:
    assert checked_scopes(["read", "upload", "read"]) == {Scope.READ, Scope.UPLOAD}
    for value in ([], None, "read", ["root"], [1], [["read"]], {"read": True}):
        with pytest.raises(ValueError, match="upload, read, metrics, admin"):
            checked_scopes(value)


def test_a_key_for_administering_opens_everything_and_others_their_own() -> None:
    for scope in Scope:
        assert replace(KEY, scopes=frozenset({Scope.ADMIN})).opens(scope)
        assert KEY.opens(scope) is (scope is Scope.UPLOAD)
