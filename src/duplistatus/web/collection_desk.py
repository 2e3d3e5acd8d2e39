"""What administrators do with collections: begin, answer, end them. In: a request whose caller was let in, and what was chosen or typed;
out: collections, or `Refused`. What is begun, answered and ended is in the audit log by whom; passwords are sealed before they are
kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import HTTPConnection, Request

from duplistatus.i18n.wording import DEFAULT
from duplistatus.ingest.duplicati.collecting import Wanted
from duplistatus.ingest.duplicati.questions import NoAnswer, decision_of
from duplistatus.ingest.duplicati.target import typed_addresses
from duplistatus.ingest.duplicati.trouble import Trouble
from duplistatus.security.key_check import sealed
from duplistatus.security.key_file import KeyTrouble
from duplistatus.security.secret_holders import NEW_SERVER
from duplistatus.store import audit, collections, links
from duplistatus.store.audit import Entry
from duplistatus.store.collection_steps import NewPart
from duplistatus.store.collections import ASKS, Collection, Line, Part, Record
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId
from duplistatus.store.links import TIMERS, Link
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent
from duplistatus.web.trouble_words import words_of

PATH = "/collect"
LARGEST_PORT = 65_535


class Collecting(Protocol):
    """Runs collections."""

    async def start(
        self, new: list[NewPart], by: str, wanted: Wanted, record: Record | None = None, actor: Mapping[str, str] | None = None
    ) -> str: ...

    async def cancel(self, uid: str, record: Record | None = None) -> bool: ...

    async def answer(self, uid: str, number: int, decided: Mapping[str, object] | None, record: Record | None = None) -> bool: ...

    async def settled(self, uid: str, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be collected. `servers`: keys of servers that have an address, None for all of them; `addresses`: as typed, of servers
    that may be new, with one port and password; `decided`: what the caller has decided beforehand, as in `Part.answer`; `as_server`: the
    server that is meant by the addresses."""

    servers: tuple[str, ...] | None = ()
    addresses: str = ""
    port: int | None = None
    password: str = field(repr=False, default="")
    timer: int | None = None
    schedules_only: bool = False
    keeps_document: bool = False
    decided: Mapping[str, object] = field(default_factory=dict)
    as_server: ServerId | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to the question of a part: yes or no, the fingerprint that was shown, the server that was chosen."""

    agrees: bool | None = None
    sha256: str = ""
    server: str | None = None


def collecting(connection: HTTPConnection) -> Collecting:
    """Who runs collections in this application."""
    found: Collecting = connection.app.state.collections
    return found


def links_now(request: Request) -> list[Link]:
    """The servers that have an address."""
    with context(request).database.read() as connection:
        return links.links(connection)


def lines_now(request: Request) -> list[Line]:
    """The newest collections."""
    with context(request).database.read() as connection:
        return collections.listed(connection)


def collection_now(request: Request, uid: str) -> Collection:
    """Raises Refused where there is none of that id."""
    with context(request).database.read() as connection:
        found = collections.find(connection, uid)
    if found is None:
        raise unknown()
    return found


def part_now(request: Request, uid: str, number: int) -> Part:
    """Raises Refused where there is none of that id."""
    found = next((part for part in collection_now(request, uid).parts if part.id == number), None)
    if found is None:
        raise Refused(404, "There is no such server in this collection", "not_found")
    return found


async def start(request: Request, caller: Caller, wish: Wish) -> str:
    """Begins a collection; its id. Raises Refused where nothing is chosen, a server has no address, or an address is none."""
    chosen = _chosen(request, wish)
    typed = _typed(wish)
    if not chosen and not typed:
        raise Refused(400, "Choose at least one server, or enter an address", "nothing_chosen")
    if wish.timer is not None and wish.timer not in (0, *TIMERS):
        raise Refused(400, f"timer must be one of {', '.join(map(str, TIMERS))} minutes, or 0 for none", "bad_request")
    secret = await _sealed(request, wish.password) if typed and wish.password else ""
    known = [NewPart(link.url, link.server_id, timer=wish.timer) for link in chosen]
    new = [NewPart(address, wish.as_server, secret, wish.timer, wish.decided) for address in typed]
    details: dict[str, object] = {"servers": [link.shown_name for link in chosen], "addresses": typed}
    details |= {"schedulesOnly": wish.schedules_only, "timer": wish.timer}
    record = _recording(request, caller, "collection_started", details)
    wanted = Wanted(schedules_only=wish.schedules_only, keeps_document=wish.keeps_document)
    actor = {"id": caller.acting.id, "address": caller.address, "agent": user_agent(request)}
    return await collecting(request).start([*known, *new], caller.acting.username, wanted, record, actor)


async def cancel(request: Request, caller: Caller, uid: str) -> None:
    """Ends what has not ended of it."""
    collection_now(request, uid)
    if not await collecting(request).cancel(uid, _recording(request, caller, "collection_cancelled", {})):
        raise Refused(409, "The collection has ended already", "ended")


async def answer(request: Request, caller: Caller, uid: str, number: int, reply: Reply) -> None:
    """The part goes on as it was decided, or ends. Raises Refused where it asks nothing, or the reply answers something else."""
    part = part_now(request, uid, number)
    if part.state != ASKS or part.question is None:
        raise Refused(409, "Nothing is asked about this server any more", "not_asked")
    try:
        decided = decision_of(part.question, agrees=reply.agrees, sha256=reply.sha256, server=reply.server)
    except NoAnswer as error:
        raise Refused(400, f"This is no answer: {error}", "no_answer") from None
    details: dict[str, object] = {"address": part.url, "question": part.trouble, "answer": decided or "no"}
    if not await collecting(request).answer(uid, number, decided, _recording(request, caller, "collection_answered", details)):
        raise Refused(409, "Nothing is asked about this server any more", "not_asked")


def document(request: Request, uid: str, number: int) -> tuple[Part, bytes]:
    """The part, and its compressed document. Raises Refused where none is kept."""
    part = part_now(request, uid, number)
    with context(request).database.read() as connection:
        packed = collections.document(connection, number)
    if packed is None:
        raise Refused(404, "No document is kept of this server; documents are kept for an hour", "no_document")
    return part, packed


def unknown() -> Refused:
    return Refused(404, "There is no such collection", "not_found")


def _chosen(request: Request, wish: Wish) -> list[Link]:
    found = links_now(request)
    if wish.servers is None:
        return found
    by_key = {link.key: link for link in found}
    missing = [key for key in wish.servers if key not in by_key]
    if missing:
        raise Refused(400, f"No server of the id {missing[0][:100]} has an address", "no_address")
    return [by_key[key] for key in dict.fromkeys(wish.servers)]


def _typed(wish: Wish) -> list[str]:
    if not wish.addresses.strip():
        return []
    if wish.port is not None and not 1 <= wish.port <= LARGEST_PORT:
        raise Refused(400, f"The port must be a number from 1 to {LARGEST_PORT}", "bad_request")
    try:
        return typed_addresses(wish.addresses, wish.port)
    except Trouble as trouble:
        raise Refused(400, words_of(trouble, DEFAULT).whole, "bad_address") from None


async def _sealed(request: Request, password: str) -> str:
    parts = context(request)
    try:
        return await parts.writer.write(lambda connection: sealed(connection, parts.secrets, password, NEW_SERVER), changes=False)
    except KeyTrouble as error:
        raise Refused(503, f"The password cannot be kept: {error}", "key_trouble") from None


def _recording(request: Request, caller: Caller, action: str, details: Mapping[str, object]) -> Record:
    now, agent = context(request).clock.now(), user_agent(request)

    def record(connection: Connection, uid: str) -> None:
        audit.record(connection, Entry(now, action, "server", caller.user, "", "collection", uid, details, caller.address, agent))

    return record
