"""The ways by which people are told. In: a connection and the key; out: channels that are not set up, fail or cannot be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from duplistatus.cli.checks.finding import Finding, ok, problem, warning
from duplistatus.clock import iso
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.channels.registry import KINDS, setting_of
from duplistatus.notify.message import DeliveryError
from duplistatus.notify.reaching import reach
from duplistatus.security.secrets import KeyTrouble, SecretLost, Secrets
from duplistatus.store import channels
from duplistatus.store.channels import ChannelRow
from duplistatus.store.database import Connection
from duplistatus.store.heartbeat import heartbeat

AREA = "channels"


def look_at_channels(connection: Connection, secrets: Secrets, *, is_tried: bool) -> Iterator[Finding]:
    """Each channel that is switched on, and the heartbeat. `is_tried`: their servers are asked, without a message."""
    rows = [row for row in channels.channels(connection) if row.enabled]
    for row in rows:
        yield from _channel(row, secrets, is_tried=is_tried)
    pulse = heartbeat(connection)
    if pulse.is_set:
        yield _heartbeat(pulse.host, pulse.health)
    if not rows:
        yield warning(AREA, "none is switched on: nobody is told of failures", "Settings, ntfy, E-mail or Channels")


def _channel(row: ChannelRow, secrets: Secrets, *, is_tried: bool) -> Iterator[Finding]:
    page = f"Settings, {row.name if row.key else 'Channels'}"
    try:
        setting = setting_of(row, secrets)
        KINDS[row.kind].read({}, setting)
    except KeyError:
        yield problem(AREA, f"{row.name}: there is no kind {row.kind!r}", page)
        return
    except (SecretLost, KeyTrouble) as error:
        yield problem(AREA, f"{row.name}: its secret cannot be read: {error}", f"Settings, Secrets, or enter it anew at {page}")
        return
    except BadChannel as error:
        yield problem(AREA, f"{row.name} is switched on and not set up: {error}", page)
        return
    health = row.health
    if health.failing_since is not None:
        yield problem(AREA, f"{row.name} fails since {iso(health.failing_since)}: {health.error}", page)
    elif health.delivered_at is not None:
        yield ok(AREA, f"{row.name}: last delivered at {iso(health.delivered_at)}")
    else:
        yield warning(AREA, f"{row.name}: nothing was delivered yet", f"{page}: send a test")
    if is_tried:
        yield _tried(row, setting, page)


def _tried(row: ChannelRow, setting: ChannelSetting, page: str) -> Finding:
    try:
        said = asyncio.run(reach(row.kind, setting))
    except DeliveryError as error:
        return problem(AREA, f"{row.name} cannot be reached: {error}", page)
    return (
        ok(AREA, f"{row.name}: {said}") if said else warning(AREA, f"{row.name} cannot be tried without a message", f"{page}: send a test")
    )


def _heartbeat(host: str, health: channels.Health) -> Finding:
    if health.failing_since is not None:
        return problem(AREA, f"the heartbeat to {host} fails since {iso(health.failing_since)}: {health.error}", "Settings, Messages")
    return ok(AREA, f"the heartbeat goes to {host}")
