"""Tests of destinations besides: an address or a topic that somebody is about to set. In: a request of an administrator, a kind of channel
and destinations; out: what became of each, in a sentence, after half a minute at most."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request

from duplistatus.evaluate.notify_setting import addresses_of, check_address, check_topic
from duplistatus.i18n.wording import Wording
from duplistatus.notify.message import DeliveryError
from duplistatus.security.secrets import KeyTrouble, SecretLost
from duplistatus.store.channels import EMAIL, NTFY, ChannelRow, own_channel
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.pages.rendering import reader_of

MOST = 10
"""Addresses in one test."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a test."""

    destination: str
    delivered: bool
    sentence: str


async def test_besides(request: Request, caller: Caller, key: str, text: str) -> list[Tested]:
    """Sends a test to each destination in `text`, through the channel for all of that key. Raises ValueError with a sentence where there
    is nothing to send to, or no channel to send through."""
    wording = reader_of(request).wording
    if key not in {NTFY, EMAIL}:
        raise ValueError(f"{key[:40]!r} is no channel for all; there are {NTFY}, {EMAIL}")
    destinations = addresses_of(text) if key == EMAIL else (text.strip(),)
    if not any(destinations):
        raise ValueError(wording.gettext("There is no address to test.") if key == EMAIL else wording.gettext("There is no topic to test."))
    if len(destinations) > MOST:
        raise ValueError(wording.gettext("At most %(num)s addresses can be tested at once.") % {"num": MOST})
    for each in destinations:
        (check_address if key == EMAIL else check_topic)(each)
    parts = context(request)
    with parts.database.read() as connection:
        row = own_channel(connection, key)
    if not row.config:
        raise ValueError(wording.gettext("E-mail is not set up yet.") if key == EMAIL else wording.gettext("ntfy is not set up yet."))
    return await asyncio.gather(*(_one(request, caller, wording, row, each) for each in destinations))


async def _one(request: Request, caller: Caller, wording: Wording, row: ChannelRow, destination: str) -> Tested:
    # What sends is loaded when somebody sends.
    from duplistatus.web.channel_tests import sample, try_stored

    try:
        await try_stored(request, caller, row, sample(request), destination)
    except (DeliveryError, SecretLost, KeyTrouble) as error:
        told = wording.gettext("Not delivered to %(where)s: %(why)s")
        return Tested(destination, False, told % {"where": destination, "why": error})
    return Tested(destination, True, wording.gettext("Delivered to %(where)s.") % {"where": destination})
