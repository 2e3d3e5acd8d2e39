"""What administrators do to servers: what they are called, where they are, what opens them, what may be done there, and their removal. In:
a request whose caller was let in, and what they ask for in words; out: the kept server. Each change is one transaction with its entry in
the audit log, which holds no password. Raises Refused with a sentence for what makes no sense and for what is not there."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.i18n.wording import DEFAULT
from duplistatus.ingest.duplicati.target import canonical, is_as_safe
from duplistatus.ingest.duplicati.trouble import Trouble
from duplistatus.security.key_check import check_key, sealed
from duplistatus.security.key_file import KeyTrouble
from duplistatus.security.secret_holders import SERVER
from duplistatus.store import audit, deletion, fleet, links, server_edit, timers
from duplistatus.store.audit import Entry, differences
from duplistatus.store.database import Connection
from duplistatus.store.deletion import DeletedServer
from duplistatus.store.fleet import ServerRow
from duplistatus.store.links import TIMERS, Link
from duplistatus.store.server_edit import Known
from duplistatus.web.access import Caller
from duplistatus.web.body import flag, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent
from duplistatus.web.trouble_words import words_of
from duplistatus.web.window_words import checked_names

T = TypeVar("T")
Words = Mapping[str, object]
Note = Callable[[str, ServerRow, Mapping[str, object]], None]
"""Writes into the audit log: the action, the server it concerns, details."""

LONGEST_ALIAS = 200
LONGEST_NOTE = 2_000
LONGEST_PASSWORD = 1_000
LINK_WORDS = frozenset({"timer_minutes", "controls", "watch", "certificate"})


# --- what is there -----------------------------------------------------------------------------------------------------------------


def found(connection: Connection, key: str) -> ServerRow:
    """The server of a key. Raises Refused with 404."""
    row = fleet.server_by_key(connection, key)
    if row is None:
        raise Refused(404, "Server not found", "server_not_found")
    return row


def known(connection: Connection, key: str) -> Known:
    """The same, with how it is reached."""
    row = found(connection, key)
    return Known(row, links.link(connection, row.id))


def linked(connection: Connection, key: str) -> tuple[ServerRow, Link]:
    """The same, of one that has an address. Raises Refused with 404 and 409."""
    each = known(connection, key)
    if each.link is None:
        raise Refused(409, "This server has no address: nothing can be asked of it", "no_address")
    return each.server, each.link


# --- what is changed ---------------------------------------------------------------------------------------------------------------


async def change(request: Request, caller: Caller, key: str, words: Words) -> ServerRow:
    """Words: any of `alias`, `note`, `server_url`; what is not named stays."""
    alias, note = _line(text(words, "alias"), "alias", LONGEST_ALIAS), text(words, "note")
    if note is not None and len(note := note.strip()) > LONGEST_NOTE:
        raise Refused(400, f"note has {LONGEST_NOTE} characters at most", "bad_request")
    url = read_url(text(words, "server_url"))

    def work(connection: Connection, _: Instant, tell: Note) -> ServerRow:
        before = found(connection, key)
        old_alias, old_note = before.alias, before.note
        server_edit.name_server(connection, before.id, old_alias if alias is None else alias, old_note if note is None else note)
        more = _move(connection, before, url) if url is not None else {}
        after = found(connection, before.key)
        changes = differences(_told(before), _told(after))
        if changes["after"]:
            tell("server_updated", after, changes | more)
        return after

    return await _write(request, caller, work)


async def set_password(request: Request, caller: Caller, key: str, password: str) -> ServerRow:
    """Stores the password of a server's API; an empty one takes it away. What went wrong with the former counts no longer."""
    if "\0" in password or len(password) > LONGEST_PASSWORD:
        raise Refused(400, f"A password has {LONGEST_PASSWORD} characters at most", "bad_request")
    secrets = context(request).secrets

    def work(connection: Connection, _: Instant, tell: Note) -> ServerRow:
        before = found(connection, key)
        try:
            links.set_secret(connection, before.id, sealed(connection, secrets, password, SERVER))
        except KeyTrouble as error:
            raise Refused(500, str(error), "key_trouble") from error
        check_key(connection, secrets)
        after = found(connection, before.key)
        if password or before.has_password:
            tell("server_password_updated", after, {"secretChanged": True, **_passwords(before, after)})
        return after

    return await _write(request, caller, work)


async def change_link(request: Request, caller: Caller, key: str, words: Words) -> Link:
    """Words: any of `timer_minutes` (one of `TIMERS` or null), `controls`, `watch`, and `certificate`: null, which takes back that somebody
    agreed to one. What is not named stays."""
    try:
        checked_names(words, LINK_WORDS)
    except ValueError as error:
        raise Refused(400, str(error), "bad_request") from error
    timer, controls, watch = _timer(words), flag(words, "controls"), flag(words, "watch")
    if words.get("certificate") is not None:
        raise Refused(400, "certificate can only be null: to agree to one, connect to the server", "bad_request")

    def work(connection: Connection, now: Instant, tell: Note) -> Link:
        row, before = linked(connection, key)
        if "timer_minutes" in words and timer != before.timer:
            timers.set_timer(connection, row.id, timer, now, random.random)
        may = before.controls if controls is None else controls, before.watch if watch is None else watch
        if may != (before.controls, before.watch):
            server_edit.set_rights(connection, row.id, controls=may[0], watch=may[1])
        if "certificate" in words and before.certificate:
            links.agree(connection, row.id, "")
        after = linked(connection, row.key)[1]
        changes = differences(_told_link(before), _told_link(after))
        if changes["after"]:
            tell("server_connection_updated", row, changes)
        return after

    return await _write(request, caller, work)


async def delete(request: Request, caller: Caller, key: str) -> DeletedServer:
    """Removes a server with its jobs, their runs and all that was set for it."""

    def work(connection: Connection, now: Instant, tell: Note) -> DeletedServer:
        gone = deletion.delete_server(connection, key, now)
        if gone is None:
            raise Refused(404, "Server not found", "server_not_found")
        details = {"deletedJobs": gone.jobs, "deletedCount": gone.runs, "before": _told(gone.server)}
        tell("server_deleted", gone.server, details)
        return gone

    return await _write(request, caller, work)


def read_url(sent: str | None) -> str | None:
    """An address as it is stored; None where none was sent, empty for none. Raises Refused."""
    if sent is None or not sent.strip():
        return sent if sent is None else ""
    address = sent.strip()
    scheme, colon, _ = address.partition(":")
    if colon and scheme.isalnum() and scheme.lower() not in {"http", "https"} and not _is_host(address):
        raise Refused(400, "URL must use HTTP or HTTPS protocol", "bad_url")
    if "://" not in address:
        raise Refused(400, "Invalid URL format", "bad_url")
    try:
        return canonical(address)
    except Trouble as trouble:
        told = words_of(trouble, DEFAULT).sentence
        raise Refused(400, "Invalid URL format", "bad_url", more={"details": {"reason": told}}) from trouble


def _is_host(address: str) -> bool:
    """Whether a port follows, not what a scheme is about."""
    return address.partition(":")[2].partition("/")[0].isdecimal()


def _move(connection: Connection, before: ServerRow, url: str) -> dict[str, object]:
    """Another address. A password stays behind with its host: whoever may change the address could otherwise have it sent to themselves."""
    if url == before.url:
        return {}
    links.set_url(connection, before.id, url)
    if before.has_password and not is_as_safe(before.url, url):
        links.set_secret(connection, before.id, "")
        return {"secretChanged": True}
    return {}


def _line(value: str | None, name: str, longest: int) -> str | None:
    if value is None:
        return None
    line = " ".join(value.split())
    if len(line) > longest:
        raise Refused(400, f"{name} has {longest} characters at most", "bad_request")
    return line


def _timer(words: Words) -> int | None:
    value = words.get("timer_minutes")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value not in TIMERS:
        raise Refused(400, f"timer_minutes must be one of {', '.join(map(str, TIMERS))}, or null", "bad_request")
    return value


def _told(row: ServerRow) -> dict[str, object]:
    return {"alias": row.alias, "note": row.note, "server_url": row.url, "has_password": row.has_password}


def _passwords(before: ServerRow, after: ServerRow) -> dict[str, dict[str, object]]:
    return {"before": {"stored": before.has_password}, "after": {"stored": after.has_password}}


def _told_link(link: Link) -> dict[str, object]:
    return {"timer_minutes": link.timer, "controls": link.controls, "watch": link.watch, "certificate": link.certificate}


async def _write(request: Request, caller: Caller, work: Callable[[Connection, Instant, Note], T]) -> T:
    parts = context(request)
    agent = user_agent(request)

    def piece(connection: Connection) -> T:
        now = parts.clock.now()

        def note(action: str, row: ServerRow, details: Mapping[str, object]) -> None:
            told = {"serverId": row.key, "serverName": row.name, **details}
            audit.record(connection, Entry(now, action, "server", caller.user, "", "server", row.key, told, caller.address, agent))

        return work(connection, now, note)

    return await parts.writer.write(piece)
