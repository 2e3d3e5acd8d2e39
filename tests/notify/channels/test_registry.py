"""Stored channels in the terms of their kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from duplistatus.clock import Instant
from duplistatus.evaluate.routing import Filter
from duplistatus.notify.channels.email import EmailSender
from duplistatus.notify.channels.kind import ChannelSetting
from duplistatus.notify.channels.ntfy import NtfySender
from duplistatus.notify.channels.registry import KINDS, sender_of, setting_of, stored_secret
from duplistatus.notify.message import Refused, Unreachable
from duplistatus.security.secrets import SecretLost, Secrets
from duplistatus.store.channels import ChannelRow
from duplistatus.store.database import Database


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(tmp_path / "key")


def row(kind: str, config: dict[str, Any], secret: str = "") -> ChannelRow:
    return ChannelRow(1, None, kind, "mine", True, config, secret, Filter(), Instant(0))


def test_there_are_four_kinds_by_name() -> None:
    assert list(KINDS) == ["ntfy", "email", "webhook", "apprise"]
    assert all(name == kind.NAME for name, kind in KINDS.items())


def stored_under(secrets: Secrets, database: Database, **secret: str) -> str:
    with database.read() as connection:
        return stored_secret(connection, secret, secrets)


def test_a_secret_is_stored_encrypted_and_read_again(secrets: Secrets, database: Database) -> None:
    stored = stored_under(secrets, database, token="tk_verysecret")
    assert "tk_verysecret" not in stored
    config = {"url": "https://ntfy.sh/", "topic": "t", "markdown": False}
    assert setting_of(row("ntfy", config, stored), secrets) == ChannelSetting(config, {"token": "tk_verysecret"})
    assert stored_under(secrets, database) == ""
    assert setting_of(row("ntfy", config), secrets).secret == {}


def test_each_kind_has_its_sender(secrets: Secrets) -> None:
    assert isinstance(sender_of(row("ntfy", {"topic": "t"}), secrets), NtfySender)
    mail = {"host": "smtp.lan", "mode": "plain", "to": "a@b.org", "from": "c@d.org"}
    assert isinstance(sender_of(row("email", mail), secrets), EmailSender)


@pytest.mark.parametrize("kind", ["ntfy", "email", "webhook", "apprise"])
def test_a_channel_that_is_not_set_up_refuses(kind: str, secrets: Secrets) -> None:
    with pytest.raises(Refused, match="the channel is not set up: "):
        sender_of(row(kind, {}), secrets)


def test_an_unknown_kind_refuses(secrets: Secrets) -> None:
    with pytest.raises(Refused, match="no kind of channel named 'pigeon'"):
        sender_of(row("pigeon", {}), secrets)


def test_a_secret_of_another_key_may_be_entered_again_so_what_waits_is_kept(secrets: Secrets, tmp_path: Path, database: Database) -> None:
    foreign = stored_under(Secrets(tmp_path / "other"), database, token="x")
    with pytest.raises(SecretLost):
        setting_of(row("ntfy", {"topic": "t"}, foreign), secrets)
    with pytest.raises(Unreachable, match="must be entered again"):
        sender_of(row("ntfy", {"topic": "t"}, foreign), secrets)
