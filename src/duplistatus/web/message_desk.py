"""What somebody does about messages: has one sent again, sets the heartbeat. In: a request whose caller was let in; out: what was changed.
Each change is one transaction with its entry in the audit log; none holds the address of the heartbeat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.notify.heartbeat import Beat, Pulse
from duplistatus.security.key_check import HEARTBEAT, check_key, sealed
from duplistatus.security.secrets import KeyTrouble
from duplistatus.store import audit, channels, messages, outbox
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.heartbeat import Heartbeat, heartbeat, save_heartbeat
from duplistatus.store.messages import MessageLine
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent

LONGEST_ADDRESS = 2_000


async def send_again(request: Request, caller: Caller, message_id: int) -> MessageLine:
    """Puts a message that has ended into the outbox once more. Raises Refused where there is none, it has not ended, or its channel is
    switched off."""
    parts = context(request)

    def work(connection: Connection) -> MessageLine:
        now = parts.clock.now()
        line = messages.message_by_id(connection, message_id)
        if line is None:
            raise Refused(404, "There is no such message, or it is no longer kept", "message_not_found")
        row = channels.channel_by_id(connection, line.channel_id)
        if row is None or not row.enabled:
            raise Refused(409, "Its channel is switched off", "channel_off")
        if not outbox.send_again(connection, message_id, now):
            raise Refused(409, "It is still on its way", "message_under_way")
        details = {"channel": line.channel_name, "event": line.event.value, "was": line.state}
        audit.record(connection, _entry(request, caller, now, "message_resent", "message", str(message_id), details))
        return messages.message_by_id(connection, message_id) or line

    return await parts.writer.write(work)


def places_of(request: Request, lines: Iterable[MessageLine]) -> dict[int, str]:
    """Where the channels of these messages lead to, by their number; no secret, empty where it is not known."""
    # Slow to import: only this page and what sends messages need it.
    from duplistatus.notify.channels.registry import KINDS
    from duplistatus.web.channel_fields import opened

    wanted = {line.channel_id for line in lines}
    parts = context(request)
    with parts.database.read() as connection:
        rows = [row for row in channels.channels(connection) if row.id in wanted]
    found: dict[int, str] = {}
    for row in rows:
        try:
            found[row.id] = KINDS[row.kind].place(opened(row, parts.secrets).setting)
        except (KeyError, ValueError):
            found[row.id] = ""
    return found


# --- the heartbeat -----------------------------------------------------------------------------------------------------------------


def heartbeat_of(request: Request) -> Heartbeat:
    """What is set."""
    with context(request).database.read() as connection:
        return heartbeat(connection)


async def set_heartbeat(request: Request, caller: Caller, url: str | None) -> Heartbeat:
    """Sets the address, None takes it away. Raises ValueError with a sentence; Refused where the key file cannot be used."""
    from duplistatus.security.addresses import checked_url, place_of

    parts = context(request)
    host = ""
    if url is not None:
        url = url.strip()
        if len(url) > LONGEST_ADDRESS:
            raise ValueError(f"the address is longer than {LONGEST_ADDRESS} characters")
        host = place_of(checked_url(url))

    def work(connection: Connection) -> Heartbeat:
        now = parts.clock.now()
        secret = sealed(connection, parts.secrets, url, HEARTBEAT) if url else ""
        before = heartbeat(connection)
        if not secret and not before.is_set:
            return before
        save_heartbeat(connection, secret, host)
        check_key(connection, parts.secrets)
        action = "heartbeat_updated" if secret else "heartbeat_deleted"
        # It may be another address of the same host.
        details = {"secretChanged": True, **audit.differences({"host": before.host or None}, {"host": host or None})}
        audit.record(connection, _entry(request, caller, now, action, None, None, details))
        return heartbeat(connection)

    try:
        return await parts.writer.write(work)
    except KeyTrouble as error:
        raise Refused(500, str(error), "key_trouble") from error


async def beat_now(request: Request) -> Beat:
    """Sends the heartbeat. Raises Refused where none is set."""
    pulse: Pulse = request.app.state.pulse
    beat = await pulse.send()
    if beat is None:
        raise Refused(409, "No address is set", "heartbeat_not_set")
    return beat


def _entry(
    request: Request,
    caller: Caller,
    now: Instant,
    action: str,
    target_type: str | None,
    target_id: str | None,
    details: Mapping[str, object],
) -> Entry:
    return Entry(now, action, "config", caller.user, "", target_type, target_id, details, caller.address, user_agent(request))
