"""The topic of ntfy that a new product proposes: one that nobody guesses, and the same from then on. In: a connection; out: nothing."""

from __future__ import annotations

from duplistatus.clock import Instant
from duplistatus.notify.channels.kind import ChannelSetting
from duplistatus.notify.channels.registry import KINDS
from duplistatus.store.channels import NTFY, ChannelValues, own_channel, save_channel
from duplistatus.store.database import Connection


def ensure_topic(connection: Connection, now: Instant) -> None:
    """Keeps a topic at the public server where there is none yet. ntfy stays off until somebody switches it on."""
    row = own_channel(connection, NTFY)
    if row.config:
        return
    config = KINDS[NTFY].read({}, ChannelSetting({}, {})).config
    save_channel(connection, row.id, ChannelValues(row.name, row.enabled, config, row.secret, row.filter), "", now)
