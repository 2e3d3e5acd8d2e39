"""Tests of channels, by somebody who waits for the outcome. In: a request whose caller was let in, a channel, a message; out: that it was
delivered. How it went is kept in the audit log. Raises Refused and Unreachable of `notify.message`, SecretLost, KeyTrouble."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from duplistatus.i18n.wording import Wording
from duplistatus.notify.channels.kind import ChannelSetting
from duplistatus.notify.channels.registry import KINDS, setting_of
from duplistatus.notify.message import Message
from duplistatus.notify.testing import Arrived, Facts, sample_message, send_test
from duplistatus.store import audit, channels
from duplistatus.store.audit import Entry
from duplistatus.store.channels import ChannelRow
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.sessions import user_agent


def sample(request: Request, facts: Callable[[Wording], Facts] = lambda _: ()) -> Message:
    """The usual test message, in the language of the templates."""
    parts = context(request)
    with parts.database.read() as connection:
        return sample_message(connection, parts.settings, parts.clock.now(), facts=facts)


async def try_stored(request: Request, caller: Caller, row: ChannelRow, message: Message, destination: str = "") -> Arrived:
    """Sends a message through a stored channel, on or off, and keeps in the audit log how that went; one that arrives ends the alert of
    a channel that failed."""
    setting = setting_of(row, context(request).secrets)
    arrived = await try_setting(request, caller, row.kind, setting, message, destination, row)
    if not destination:
        parts = context(request)
        await parts.writer.write(lambda connection: channels.note_delivered(connection, row.id, parts.clock.now()))
    return arrived


async def try_setting(
    request: Request,
    caller: Caller,
    kind: str,
    setting: ChannelSetting,
    message: Message,
    destination: str = "",
    row: ChannelRow | None = None,
) -> Arrived:
    """The same for settings that need not be stored."""
    place = destination or KINDS[kind].place(setting)
    error: Exception | None = None
    try:
        return await send_test(kind, setting, message, destination)
    except Exception as failed:
        error = failed
        raise
    finally:
        await _note_test(request, caller, kind, place, row, error)


async def _note_test(request: Request, caller: Caller, kind: str, place: str, row: ChannelRow | None, error: Exception | None) -> None:
    parts = context(request)
    action = "test_email_sent" if kind == channels.EMAIL else "test_notification_sent"
    entry = Entry(
        parts.clock.now(),
        action,
        "system",
        caller.user,
        "",
        "channel",
        str(row.id) if row else None,
        {"kind": kind, "place": place} | ({"name": row.name} if row else {}),
        caller.address,
        user_agent(request),
        "failure" if error else "success",
        str(error) if error else None,
    )
    await parts.writer.write(lambda connection: audit.record(connection, entry), changes=False)
