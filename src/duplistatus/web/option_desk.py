"""Writing the options for reports into a Duplicati server. In: a request whose caller was let in, a server, and which key its reports are
to carry; out: the exact change before it is made, and what came of it, with a way back. Each change is in the audit log, without
secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import orjson
from starlette.requests import Request

from duplistatus.ingest.duplicati import options
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.options import CannotPlan, Change, Told
from duplistatus.ingest.duplicati.trouble import Trouble
from duplistatus.security.api_key import LONGEST_NAME, State, state_of
from duplistatus.security.key_file import KeyTrouble
from duplistatus.security.pinned import Patience
from duplistatus.security.secrets import SecretLost
from duplistatus.security.tokens import token_hash
from duplistatus.store import api_keys, audit
from duplistatus.store.api_keys import Scope
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.links import Link
from duplistatus.web import key_desk
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.doors import doors
from duplistatus.web.errors import Refused
from duplistatus.web.reached_at import reached_at, upload_address
from duplistatus.web.server_tests import target_of
from duplistatus.web.sessions import user_agent

_SOON = Patience(connect=5.0, answer=15.0, body=15.0, whole=20.0)
"""Seconds: somebody waits for it."""
_BACK = "options_back"
"""What the way back is encrypted for."""


class KeyChoice(StrEnum):
    """Which key the address carries."""

    KEEP = "keep"
    """The address that is there already stays as it is."""
    NONE = "none"
    NEW = "new"
    """One is made for this server, for reports alone."""
    OWN = "own"
    """One that the administrator enters."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A change that is proposed. `address`: where reports are to go, without a key; `existing`: where they go already, empty for nowhere;
    `hindrance` None: it can be made."""

    told: Told
    address: str
    existing: str
    choice: KeyChoice
    changes: tuple[Change, ...]
    hindrance: CannotPlan | None
    needs_key: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `missed`: options that are not as they were to be, with what is there; `back`: the way back, opaque."""

    changes: tuple[Change, ...]
    missed: tuple[Change, ...]
    back: str = field(repr=False)


class Changed(Exception):
    """The settings of the server are no longer those that were shown."""


async def look(request: Request, link: Link, choice: KeyChoice | None) -> Sheet:
    """What would have to change; with `choice` None by the choice that suits. Raises Trouble."""
    async with _api(request, link) as api:
        told = await options.ask(api)
    return _sheet(request, told, choice)


async def write(request: Request, caller: Caller, row: ServerRow, link: Link, choice: KeyChoice, own: str, mark: str) -> Outcome:
    """Makes the change that was shown with `mark`. `own`: the key that was entered. Raises Trouble, Changed, CannotPlan, Refused."""
    async with _api(request, link) as api:
        told = await options.ask(api)
        if told.mark != mark:
            raise Changed
        sheet = _sheet(request, told, choice)
        if sheet.hindrance is not None:
            raise sheet.hindrance
        key = _checked(request, own) if choice is KeyChoice.OWN else ""
        if choice is KeyChoice.NEW:
            # It stays whatever comes: an answer that got lost does not mean that the server did not take the address with it.
            name = f"Duplicati on {row.label}"[:LONGEST_NAME]
            key = (await key_desk.add(request, caller, {"name": name, "scopes": [Scope.UPLOAD.value]})).text
        address = sheet.existing if choice is KeyChoice.KEEP else _with_key(request, key)
        return await _write(request, caller, row, api, options.planned(told, address))


async def look_back(request: Request, row: ServerRow, link: Link, back: str) -> tuple[Told, tuple[Change, ...]]:
    """What would have to change so that all is as it was. Raises Trouble, CannotPlan, Refused."""
    before = _opened(request, row, back)
    async with _api(request, link) as api:
        told = await options.ask(api)
    return told, options.restored(told, before)


async def go_back(request: Request, caller: Caller, row: ServerRow, link: Link, back: str, mark: str) -> Outcome:
    """Makes it as it was before. Raises as above, and Changed."""
    before = _opened(request, row, back)
    async with _api(request, link) as api:
        told = await options.ask(api)
        if told.mark != mark:
            raise Changed
        return await _write(request, caller, row, api, options.restored(told, before))


def _api(request: Request, link: Link) -> Api:
    parts = context(request)
    return Api(target_of(link, parts.secrets), clock=parts.clock, patience=_SOON)


def _sheet(request: Request, told: Told, choice: KeyChoice | None) -> Sheet:
    plain = _with_key(request, "")
    existing = options.reports_to(told, plain)
    needs_key = doors(request).policy.key_for_uploads
    if choice is None or (choice is KeyChoice.KEEP and not existing):
        choice = KeyChoice.KEEP if existing else KeyChoice.NEW if needs_key else KeyChoice.NONE
    address = existing if choice is KeyChoice.KEEP else plain if choice is KeyChoice.NONE else _with_key(request, "key")
    try:
        changes, hindrance = options.planned(told, address), None
    except CannotPlan as error:
        changes, hindrance = (), error
    return Sheet(told, plain, existing, choice, changes, hindrance, needs_key)


def _with_key(request: Request, key: str) -> str:
    base = reached_at(request)
    return upload_address(base, key) if key else f"{base}/api/upload"


def _checked(request: Request, key: str) -> str:
    """A key by which reports are let in. Raises Refused."""
    parts = context(request)
    with parts.database.read() as connection:
        found = api_keys.find(connection, token_hash(key.strip()))
    if found is None or state_of(found, parts.clock.now()) not in {State.ACTIVE, State.EXPIRES_SOON}:
        raise Refused(400, "This is no API key that is in use here", "bad_key")
    if not found.scopes & {Scope.UPLOAD, Scope.ADMIN}:
        raise Refused(400, "This key does not let reports in: its scope is another", "bad_key")
    return key.strip()


async def _write(request: Request, caller: Caller, row: ServerRow, api: Api, changes: tuple[Change, ...]) -> Outcome:
    if not changes:
        return Outcome((), (), "")
    try:
        missed = await options.write(api, changes)
    except Trouble as trouble:
        await _record(request, caller, row, changes, {"outcome": trouble.code})
        raise
    await _record(request, caller, row, changes, {"notTaken": [each.name for each in missed]} if missed else {})
    before = {each.name: each.before for each in changes}
    return Outcome(changes, missed, _closed(request, row, before))


async def _record(request: Request, caller: Caller, row: ServerRow, changes: tuple[Change, ...], wrong: Mapping[str, object]) -> None:
    """`wrong`: what went wrong; empty for nothing."""
    parts = context(request)
    told: Mapping[str, object] = {
        "serverId": row.key,
        "serverName": row.name,
        "before": {each.name: options.kept(each.before) for each in changes},
        "after": {each.name: options.kept(each.after) for each in changes},
        **wrong,
    }
    agent = user_agent(request)

    def work(connection: Connection) -> None:
        now = parts.clock.now()
        entry = Entry(now, "server_options_updated", "server", caller.user, "", "server", row.key, told, caller.address, agent)
        audit.record(connection, replace(entry, status="failure") if wrong else entry)

    await parts.writer.write(work, changes=False)


def _closed(request: Request, row: ServerRow, before: Mapping[str, str]) -> str:
    """The way back in a form field: other addresses in it may hold secrets of others. Empty where there is no key to close it with."""
    try:
        return context(request).secrets.encrypt(orjson.dumps(dict(before)).decode(), f"{_BACK}:{row.id}")
    except KeyTrouble:
        return ""


def _opened(request: Request, row: ServerRow, back: str) -> Mapping[str, str]:
    try:
        found = orjson.loads(context(request).secrets.decrypt(back, f"{_BACK}:{row.id}") or "null")
    except (SecretLost, KeyTrouble, ValueError):
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "The way back is not known any more", "bad_request")
    return {str(name): str(value) for name, value in found.items()}
