"""What came of a button on the pages of channels. In: a request and what was asked for; out: kind and sentence, in the
reader's language."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request

from duplistatus.clock import SECOND
from duplistatus.i18n.wording import Wording
from duplistatus.notify.channels.registry import KINDS, setting_of
from duplistatus.notify.message import DeliveryError
from duplistatus.security.secrets import KeyTrouble, SecretLost
from duplistatus.store.channels import EMAIL, ChannelRow
from duplistatus.web import channel_tests
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.pages.rendering import reader_of

Told = tuple[str, str]


async def outcome_of_test(request: Request, caller: Caller, row: ChannelRow, destination: str = "") -> Told:
    """Sends a test through a stored channel and says how it went, and by which way."""
    wording = reader_of(request).wording
    try:
        setting = setting_of(row, context(request).secrets)
        message = channel_tests.sample(request, partial(_way, row))
        arrived = await channel_tests.try_stored(request, caller, row, message, destination)
    except (SecretLost, KeyTrouble) as error:
        return "error", wording.gettext("Not sent: what is stored cannot be read: %(why)s.") % {"why": error}
    except DeliveryError as error:
        said = wording.gettext("Not delivered: %(why)s.") % {"why": str(error).rstrip(".")}
        return "error", f"{said} {_tried(wording, row)}".strip()
    words = {"where": destination or KINDS[row.kind].place(setting), "seconds": wording.number(arrived.took / SECOND, 1)}
    sentence = wording.gettext("The test message was delivered to %(where)s in %(seconds)s s.") % words
    return "ok", " ".join(filter(None, (sentence, f"{arrived.remark.rstrip('.')}." if arrived.remark else "", _tried(wording, row))))


def _way(row: ChannelRow, wording: Wording) -> list[tuple[str, str]]:
    """The settings that a test mail names, so that its reader knows which way it came."""
    if row.kind != EMAIL or not row.config:
        return []
    config = row.config
    yes, no = wording.gettext("yes"), wording.gettext("no")
    return [
        (wording.gettext("SMTP server"), f"{config['host']}:{config['port']}"),
        (wording.gettext("Connection"), mode_name(wording, str(config["mode"]))),
        (wording.gettext("Signs in"), yes if config["auth"] else no),
        (wording.gettext("Checks the certificate"), yes if config["verify"] else no),
    ]


def _tried(wording: Wording, row: ChannelRow) -> str:
    """By which server a mail went or was to go."""
    if row.kind != EMAIL or not row.config:
        return ""
    config = row.config
    words = {"host": config["host"], "port": config["port"], "mode": mode_name(wording, str(config["mode"]))}
    return wording.gettext("By %(host)s, port %(port)s, %(mode)s.") % words


def mode_name(wording: Wording, mode: str) -> str:
    """How a connection to a mail server is made, in a word or two."""
    names = {"starttls": "STARTTLS", "ssl": wording.gettext("TLS from the start"), "plain": wording.gettext("unencrypted")}
    return names.get(mode, mode)
