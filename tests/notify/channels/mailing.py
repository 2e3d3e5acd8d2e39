"""A channel of e-mail as tests set it up, and the account that it signs in with."""

from __future__ import annotations

from typing import Any

from duplistatus.notify.channels.email import EmailKind
from duplistatus.notify.channels.kind import ChannelSetting
from tests.notify.channels.messages import NOTHING_SET

KIND = EmailKind()
PASSWORD = "geheim-Paßwort!"
ACCOUNT = {"auth": True, "username": "smtpuser", "password": PASSWORD}


def setting(port: int, **more: Any) -> ChannelSetting:
    plain = {"host": "127.0.0.1", "port": port, "mode": "plain", "to": "ops@example.org", "from": "dup@example.org"}
    return KIND.read({**plain, **more}, NOTHING_SET)
