"""Fetches the list of Duplicati's releases. In: the address of the list, what was fetched before; out: the newest release of each channel,
or why there is none. Nothing of this installation is sent, no redirect is followed, and an answer is read up to a limit."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from duplistatus.clock import HOUR, SECOND, Clock, Instant
from duplistatus.evaluate.server_release import Known
from duplistatus.report.releases import Channel, NotAList, Release, read_list
from duplistatus.security.addresses import AddressForbidden, NoAnswer, Resolve, Why
from duplistatus.security.exchange import Answer, Exchange
from duplistatus.security.pinned import Patience
from duplistatus.store.database import Database
from duplistatus.store.releases import ReleaseList, Trouble, release_list, save_release_list
from duplistatus.store.writer import Writer

CHANNEL = "{channel}"
"""Stands in an address where the name of a channel belongs: a list for each of them."""
PATIENCE = Patience(connect=10, answer=20, body=30, whole=60)
_MOST = 12 * 1024 * 1024
"""Bytes of an answer. A manifest has some 40 KiB; a page of GitHub's list, which names each package, up to 10 MiB."""
_LONGEST_TAG = 200
_LONGEST_REST = 24 * HOUR
_REST = HOUR
"""Milliseconds for which a server is left alone that asks for it without saying how long."""
_HEADERS = {"Accept": "application/json, */*;q=0.1"}
_STEADINESS = {channel: place for place, channel in enumerate(Channel)}
_OK, _SAME, _MANY = 200, 304, 429
_REFUSALS = {403, 503}
"""That can mean the same as 429."""


class Reason(StrEnum):
    """Why nothing was fetched."""

    OFFLINE = "offline"
    """No connection, or no answer in time."""
    CERTIFICATE = "certificate"
    FORBIDDEN = "forbidden"
    """The address is one that nothing goes to."""
    LEFT_ALONE = "left_alone"
    """The server wants to be left alone for a while."""
    STATUS = "status"
    """It answered with an error, or pointed elsewhere."""
    NOT_A_LIST = "not_a_list"
    TOO_LARGE = "too_large"


_REASONS = {
    Why.CERTIFICATE: Reason.CERTIFICATE,
    Why.TOO_LARGE: Reason.TOO_LARGE,
    Why.PACKED: Reason.NOT_A_LIST,
    Why.NOT_HTTP: Reason.NOT_A_LIST,
}
"""Of answers that are none; any other is as good as no network."""
_OF_ONE_LIST = {Reason.STATUS, Reason.NOT_A_LIST, Reason.TOO_LARGE}
"""Those that say nothing of the lists of other channels."""


@dataclass(frozen=True, slots=True)
class Failure:
    """`place`: host and port; `status`: of the answer, 0 for none; `until`: the moment until which the server wants to be left alone."""

    reason: Reason
    place: str
    status: int = 0
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`told`: of how many channels a list told, `new`: of how many of them something new; `after`: what is known now."""

    told: int
    new: int
    after: ReleaseList


@dataclass(frozen=True, slots=True)
class Fetched:
    """`found`: the newest release of each channel that a list told; `same`: channels whose list is still the one that was fetched before;
    `tags`: entity tags by address."""

    found: Mapping[Channel, Release] = field(default_factory=dict)
    same: frozenset[Channel] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None


async def refresh(database: Database, writer: Writer, clock: Clock, address: str, *, resolve: Resolve | None = None) -> Refreshed:
    """Fetches the list, and keeps what came of it. A server that wants to be left alone is."""
    with database.read() as connection:
        before = release_list(connection)
    now = clock.now()
    if before.trouble is not None and before.trouble.until is not None and now < before.trouble.until <= now + _LONGEST_REST:
        return Refreshed(0, 0, before)
    fetched = await fetch(address, [each.channel for each in before.known], before.tags, clock, resolve=resolve)
    after = merged(before, fetched, now)
    await writer.write(lambda connection: save_release_list(connection, after), changes=_shown(after) != _shown(before))
    known = {each.channel: each.release for each in before.known}
    news = sum(known.get(each.channel) != each.release for each in after.known)
    return Refreshed(len(fetched.found) + len(fetched.same), news, after)


def merged(before: ReleaseList, fetched: Fetched, now: Instant) -> ReleaseList:
    """What is known after a fetch: of channels that it told nothing of, what was known."""
    known = {each.channel: each for each in before.known}
    known |= {channel: replace(known[channel], fetched_at=now) for channel in fetched.same if channel in known}
    known |= {channel: Known(channel, release, now) for channel, release in fetched.found.items()}
    failure = fetched.failure
    trouble = Trouble(failure.reason, failure.place, failure.status, failure.until) if failure else None
    return ReleaseList(
        tuple(known[channel] for channel in Channel if channel in known),
        now,
        before.fetched_at if failure else now,
        trouble,
        {**before.tags, **fetched.tags} if failure else fetched.tags,
    )


def _shown(found: ReleaseList) -> list[tuple[Channel, Release]]:
    """What servers are compared with."""
    return [(each.channel, each.release) for each in found.known]


async def fetch(
    address: str,
    known: Iterable[Channel],
    tags: Mapping[str, str],
    clock: Clock,
    *,
    patience: Patience = PATIENCE,
    resolve: Resolve | None = None,
) -> Fetched:
    """What the lists of `address` say. `known`: channels of which a list told before; `tags`: entity tags of those lists. A server that
    gives no answer, or wants to be left alone, is asked nothing more; what was found until then counts."""
    exchange = Exchange(address.replace(CHANNEL, Channel.STABLE), patience=patience, resolve=resolve, parallel=1)
    found: dict[Channel, Release] = {}
    same: set[Channel] = set()
    new_tags: dict[str, str] = {}
    failure: Failure | None = None
    try:
        for url, channel in _lists(address):
            try:
                answer = await _asked(exchange, url, tags.get(url, ""), clock)
                if answer.status == _SAME:
                    same.update(each for each in known if channel in (None, each))
                else:
                    found |= _newest(await asyncio.to_thread(read_list, answer.body), channel)
            except _Failed as error:
                failure = error.failure
                if failure.reason not in _OF_ONE_LIST:
                    break
            except NotAList:
                failure = Failure(Reason.NOT_A_LIST, exchange.place)
            else:
                if tag := _tag(answer) or (tags.get(url, "") if answer.status == _SAME else ""):
                    new_tags[url] = tag
    finally:
        await exchange.close()
    return Fetched(found, frozenset(same), new_tags, failure)


class _Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


async def _asked(exchange: Exchange, url: str, tag: str, clock: Clock) -> Answer:
    """A list, or that it is the same. Raises _Failed."""
    headers = _HEADERS | ({"If-None-Match": tag} if tag else {})
    try:
        answer = await exchange.ask("GET", url, headers, most=_MOST)
    except AddressForbidden:
        raise _Failed(Failure(Reason.FORBIDDEN, exchange.place)) from None
    except NoAnswer as error:
        raise _Failed(Failure(_REASONS.get(error.why, Reason.OFFLINE), exchange.place)) from None
    if answer.status == _OK or (answer.status == _SAME and tag):
        return answer
    until = _rest(answer, clock.now())
    if until is not None:
        raise _Failed(Failure(Reason.LEFT_ALONE, exchange.place, answer.status, until))
    raise _Failed(Failure(Reason.STATUS, exchange.place, answer.status))


def _lists(address: str) -> list[tuple[str, Channel | None]]:
    """Each address to ask, with the channel that it is of; None where one list has all."""
    if CHANNEL not in address:
        return [(address, None)]
    return [(address.replace(CHANNEL, channel), channel) for channel in Channel]


def _newest(releases: tuple[Release, ...], channel: Channel | None) -> dict[Channel, Release]:
    """The newest of each channel. A list of one channel tells what is offered there: a release of it, or of a steadier one. Raises NotAList
    where it tells nothing of the kind."""
    if channel is not None:
        offered = [each for each in releases if _STEADINESS[each.channel] <= _STEADINESS[channel]]
        if not offered:
            raise NotAList("it is of another channel")
        return {channel: offered[0]}
    # The newest comes first in the list, and so last here.
    return {each.channel: each for each in reversed(releases)}


def _tag(answer: Answer) -> str:
    tag = answer.headers.get("etag", "")
    return tag if len(tag) <= _LONGEST_TAG and tag.isascii() and tag.isprintable() else ""


def _rest(answer: Answer, now: Instant) -> Instant | None:
    """Until when the server wants to be left alone, as RFC 9110 §10.2.3 and GitHub say it; None where it does not."""
    retry, remaining = answer.headers.get("retry-after", ""), answer.headers.get("x-ratelimit-remaining", "")
    if answer.status != _MANY and not (answer.status in _REFUSALS and (retry or remaining == "0")):
        return None
    seconds = _number(retry)
    if seconds is not None:
        rest = seconds * SECOND
    elif remaining == "0" and (reset := _number(answer.headers.get("x-ratelimit-reset", ""))) is not None:
        rest = reset * SECOND - now
    else:
        rest = _REST
    return Instant(now + min(max(rest, 0), _LONGEST_REST))


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None
