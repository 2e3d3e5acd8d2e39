"""The kinds of channels, by name, and what a stored channel is in the terms of its kind. In: rows of the store; out: settings in the clear,
and senders."""

from __future__ import annotations

import json
from collections.abc import Mapping

from duplistatus.notify.channels.apprise import AppriseKind
from duplistatus.notify.channels.email import EmailKind
from duplistatus.notify.channels.kind import BadChannel, ChannelKind, ChannelSetting, Secret
from duplistatus.notify.channels.ntfy import NtfyKind
from duplistatus.notify.channels.webhook import WebhookKind
from duplistatus.notify.message import Refused, Sender, Unreachable
from duplistatus.security.key_check import CHANNEL, sealed
from duplistatus.security.secrets import KeyTrouble, SecretLost, Secrets
from duplistatus.store.channels import ChannelRow
from duplistatus.store.database import Connection

KINDS: Mapping[str, ChannelKind] = {kind.NAME: kind for kind in (NtfyKind(), EmailKind(), WebhookKind(), AppriseKind())}


def setting_of(row: ChannelRow, secrets: Secrets, *, with_former: bool = False) -> ChannelSetting:
    """The settings of a channel; `with_former` as of `Secrets.decrypt`. Raises SecretLost, KeyTrouble."""
    text = secrets.decrypt(row.secret, CHANNEL, with_former=with_former)
    return ChannelSetting(row.config, json.loads(text) if text else {})


def stored_secret(connection: Connection, secret: Secret, secrets: Secrets) -> str:
    """The secret of a setting as the store keeps it, to be stored in the same transaction; empty where there is none. Raises
    KeyTrouble."""
    return sealed(connection, secrets, json.dumps(dict(secret), ensure_ascii=False), CHANNEL) if secret else ""


def sender_of(row: ChannelRow, secrets: Secrets) -> Sender:
    """A sender for a channel. Raises Refused where the channel is not set up, Unreachable where its secret cannot be read: what waits goes
    out once it was entered again."""
    kind = KINDS.get(row.kind)
    if kind is None:
        raise Refused(f"there is no kind of channel named {row.kind!r}")
    try:
        return kind.sender(setting_of(row, secrets, with_former=True))
    except BadChannel as error:
        raise Refused(f"the channel is not set up: {error}") from error
    except (SecretLost, KeyTrouble) as error:
        raise Unreachable(f"the stored secret of the channel cannot be read: {error}") from error
