"""Whether the server of a channel can be reached, without a message to anybody. In: a kind and its settings; out: what was tried, or the
reason why it failed."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from duplistatus.notify.channels.email import EmailSender
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.channels.ntfy import NtfySender
from duplistatus.notify.channels.registry import KINDS
from duplistatus.notify.channels.webhook import WebhookSender
from duplistatus.notify.message import Refused, Sender, Unreachable
from duplistatus.notify.outgoing import of_a_delivery
from duplistatus.security.addresses import checked_url, place_of
from duplistatus.security.causes import first_cause
from duplistatus.security.certificates import tls_context
from duplistatus.security.connecting import connected

_PATIENCE = 20.0
_HTTPS = 443
_HTTP = 80


async def reach(kind: str, setting: ChannelSetting) -> str:
    """What answered, in words; empty for a kind that cannot be tried without a message. Raises Refused, Unreachable."""
    try:
        sender = KINDS[kind].sender(setting)
    except BadChannel as error:
        raise Refused(f"the channel is not set up: {error}") from error
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _reach(sender, setting)
    except TimeoutError:
        raise Unreachable(f"no answer within {_PATIENCE:g} seconds") from None
    finally:
        with suppress(OSError):
            await sender.close()


async def _reach(sender: Sender, setting: ChannelSetting) -> str:
    if isinstance(sender, NtfySender):
        return await sender.reach()
    if isinstance(sender, EmailSender):
        return await sender.reach()
    if isinstance(sender, WebhookSender):
        return await _connect(setting.secret["url"])
    return ""


async def _connect(address: str) -> str:
    """Connects, with TLS where the address has it; asks for nothing."""
    url = checked_url(address)
    is_secure = url.scheme == "https"
    host = url.raw_host.decode("ascii")
    with of_a_delivery():
        made = await connected(host, url.port or (_HTTPS if is_secure else _HTTP), _PATIENCE)
    try:
        context = await asyncio.to_thread(tls_context) if is_secure else None
        _, writer = await asyncio.open_connection(sock=made, ssl=context, server_hostname=host if is_secure else None)
    except (ssl.SSLError, OSError) as error:
        made.close()
        found = first_cause(error, ssl.SSLCertVerificationError)
        why = f"its certificate is not accepted: {found.verify_message}" if found else "no TLS connection"
        raise Unreachable(f"{place_of(url)}: {why}") from error
    writer.close()
    with suppress(ssl.SSLError, OSError):
        await writer.wait_closed()
    return f"{place_of(url)} takes connections; nothing was asked"
