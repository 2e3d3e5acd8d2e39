"""The settings of e-mail: what is kept, what is secret, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from duplistatus.notify.channels.kind import BadChannel
from tests.notify.channels.mailing import ACCOUNT, KIND, PASSWORD, setting
from tests.notify.channels.messages import NOTHING_SET
from tests.notify.stand_ins import SmtpStandIn


def test_what_is_not_named_stays_and_secrets_are_apart() -> None:
    before = setting(25, **ACCOUNT)
    assert before.config == {
        "host": "127.0.0.1",
        "port": 25,
        "mode": "plain",
        "auth": True,
        "to": "ops@example.org",
        "from": "dup@example.org",
        "sender_name": "",
        "verify": True,
    }
    assert before.secret == {"username": "smtpuser", "password": PASSWORD}
    assert KIND.place(before) == "ops@example.org"
    after = KIND.read({"port": "2525", "password": "", "to": "a@b.org;c@d.org\ne@f.org"}, before)
    assert (after.config["port"], after.config["to"]) == (2525, "a@b.org, c@d.org, e@f.org")
    assert after.secret == before.secret
    assert KIND.read({"password": None}, before).secret == {"username": "smtpuser"}


@pytest.mark.parametrize(("mode", "port"), [("plain", 25), ("starttls", 587), ("ssl", 465)])
def test_each_mode_has_its_port(mode: str, port: int) -> None:
    found = KIND.read({"host": "x", "mode": mode, "to": "a@b.org", "from": "c@d.org"}, NOTHING_SET)
    assert found.config["port"] == port


def test_without_a_from_address_mails_come_from_the_account_unless_they_travel_in_the_clear() -> None:
    sent = {"host": "127.0.0.1", "mode": "ssl", "to": "a@b.org", "auth": True, "username": "me@example.org", "password": "x"}
    with SmtpStandIn() as smtp:
        assert KIND.read({**sent, "port": smtp.port}, NOTHING_SET).config["from"] == ""
    for wrong in ({"mode": "plain"}, {"username": "me"}, {"auth": False}):
        with pytest.raises(BadChannel) as refused:
            KIND.read({**sent, **wrong}, NOTHING_SET)
        assert refused.value.field == "from"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": ""}, "host"),
        ({"host": "smtp://x"}, "host"),
        ({"host": "x\r\nEHLO y"}, "host"),
        ({"port": 0}, "port"),
        ({"port": 70_000}, "port"),
        ({"port": "abc"}, "port"),
        ({"port": True}, "port"),
        ({"mode": "tls"}, "mode"),
        ({"auth": "yes"}, "auth"),
        ({"verify": 1}, "verify"),
        ({"auth": True}, "username"),
        ({"to": ""}, "to"),
        ({"to": "nobody"}, "to"),
        ({"to": "a@b.org, nobody"}, "to"),
        ({"to": "A <a@b.org>"}, "to"),
        ({"from": "nobody"}, "from"),
        ({"from": "a@b.org\nBcc: c@d.org"}, "from"),
        ({"from": ""}, "from"),
        ({"sender_name": 5}, "sender_name"),
        ({"sender_name": "x" * 3_000}, "sender_name"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadChannel) as refused:
        KIND.read(change, setting(25))
    assert refused.value.field == field


def test_a_channel_that_is_not_set_up_has_no_sender() -> None:
    with pytest.raises(BadChannel, match="SMTP server is missing"):
        KIND.sender(NOTHING_SET)
    assert KIND.place(NOTHING_SET) == ""
