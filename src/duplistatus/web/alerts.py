"""What of the product itself administrators are to know: channels, and the heartbeat, that fail, and secrets that cannot be read. In: a
connection; out: alerts, until they work again or somebody took note."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.security.key_check import key_state
from duplistatus.security.secrets import Secrets
from duplistatus.store import audit, channels, messages
from duplistatus.store.audit import Entry
from duplistatus.store.channels import ChannelRow, Health
from duplistatus.store.database import Connection, StoreError
from duplistatus.store.heartbeat import clear_heartbeat_alert, heartbeat
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.sessions import user_agent

HEARTBEAT = "heartbeat"
SECRETS = "secrets"
_OWN = frozenset({channels.NTFY, channels.EMAIL})


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that fails. `name`: by which programs clear it: ntfy, email, the number of a channel, heartbeat; secrets, which nobody
    clears; `title`: what people call it, empty for those that are no channels; `tab`: the page of its settings; `failures`: how many
    messages failed since, or secrets cannot be read."""

    name: str
    title: str
    kind: str
    channel_id: int | None
    tab: str
    error: str
    since: Instant
    failed_at: Instant
    failures: int

    @property
    def path(self) -> str:
        """The page that helps."""
        return f"/settings/{self.tab}/{self.channel_id}" if self.tab == "channels" else f"/settings/{self.tab}"


def alerts(connection: Connection) -> list[Alert]:
    """Those that nobody took note of, the newest first."""
    found = [_of_channel(connection, row) for row in channels.failing_channels(connection) if row.health.alerts]
    pulse = heartbeat(connection)
    if pulse.is_set and pulse.health.alerts:
        found.append(_alert(HEARTBEAT, "", HEARTBEAT, None, "messages", pulse.health, 1))
    return sorted(found, key=lambda alert: -alert.failed_at)


def alerts_for(request: Request, caller: Caller | None) -> list[Alert]:
    """What a page shows: nothing to others than administrators, nor while the database cannot be read."""
    if caller is None or not caller.is_admin:
        return []
    parts = context(request)
    try:
        with parts.database.read() as connection:
            return [*_of_secrets(connection, parts.secrets), *alerts(connection)]
    except StoreError:
        return []


async def clear(request: Request, caller: Caller, names: Iterable[str] | None) -> list[Alert]:
    """Takes note of these, None: of all; what is left."""
    parts = context(request)
    chosen = None if names is None else frozenset(names)
    agent = user_agent(request)

    def work(connection: Connection) -> list[Alert]:
        now = parts.clock.now()
        for alert in alerts(connection):
            if chosen is not None and alert.name not in chosen:
                continue
            if alert.channel_id is None:
                clear_heartbeat_alert(connection, now)
            else:
                channels.clear_alert(connection, alert.channel_id, now)
            details = {"alert": alert.name, "name": alert.title, "error": alert.error}
            action = "notification_alert_cleared"
            audit.record(connection, Entry(now, action, "config", caller.user, "", "channel", alert.name, details, caller.address, agent))
        return alerts(connection)

    return await parts.writer.write(work)


def _of_secrets(connection: Connection, secrets: Secrets) -> list[Alert]:
    """One, while something that is stored cannot be read. When that began nobody knows."""
    state = key_state(connection, secrets)
    return [_alert(SECRETS, "", SECRETS, None, SECRETS, Health(error=state.sentence), len(state.lost))] if state.is_lost else []


def _of_channel(connection: Connection, row: ChannelRow) -> Alert:
    name = row.key if row.key in _OWN else str(row.id)
    tab = row.key if row.key in _OWN else "channels"
    since = row.health.failing_since if row.health.failing_since is not None else Instant(0)
    return _alert(str(name), row.name, row.kind, row.id, str(tab), row.health, messages.failures(connection, row.id, since))


def _alert(name: str, title: str, kind: str, channel_id: int | None, tab: str, health: Health, failures: int) -> Alert:
    since = health.failing_since if health.failing_since is not None else Instant(0)
    failed_at = health.failed_at if health.failed_at is not None else since
    return Alert(name, title, kind, channel_id, tab, health.error, since, failed_at, max(1, failures))
