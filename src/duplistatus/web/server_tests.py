"""Tests of the connection to servers, for those who ask for them: nothing is collected. In: a request whose caller was let in, and servers
or an address; out: how far each came, step by step, also in words. Each test is in the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx2
from starlette.requests import Request

from duplistatus.i18n.wording import Wording
from duplistatus.ingest.duplicati.api import Generation
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.ingest.duplicati.trying import Step, Tried, try_server
from duplistatus.security.key_file import KeyTrouble
from duplistatus.security.pinned import Patience
from duplistatus.security.secret_holders import SERVER
from duplistatus.security.secrets import SecretLost, Secrets
from duplistatus.store import audit, links
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.links import Link
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.sessions import user_agent
from duplistatus.web.trouble_words import words_of

_AT_ONCE = 25
_SOON = Patience(connect=5.0, answer=10.0, body=10.0, whole=15.0)
"""Seconds: somebody waits for it."""
_LONGEST = 20.0


@dataclass(frozen=True, slots=True)
class Line:
    """One step in words. `kind`: `ok`, `warn`, `error`, or `quiet` for one that nobody came to."""

    step: Step
    kind: str
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Tested:
    """A server and how the test of it went."""

    link: Link
    tried: Tried


def target_of(link: Link, secrets: Secrets) -> Target:
    """Where a server's API is, and what opens it. Raises Trouble(LOST_PASSWORD)."""
    try:
        password = secrets.decrypt(link.secret, SERVER)
    except (SecretLost, KeyTrouble):
        raise Trouble(Code.LOST_PASSWORD, Target(link.url).place) from None
    return Target(link.url, password, link.certificate)


async def try_servers(request: Request, caller: Caller, chosen: Sequence[Link]) -> list[Tested]:
    """The servers with what is stored of each, several at once and each for 20 seconds at most."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(link: Link) -> Tested:
        async with turns:
            return Tested(link, await _try_link(request, link))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(link)) for link in chosen]
    tested = [task.result() for task in tasks]
    await _note(request, caller, [each.tried for each in tested], tested)
    return tested


async def try_address(request: Request, caller: Caller, url: str) -> Tried:
    """An address alone: whether a Duplicati server is there. No password is sent; a certificate that was agreed to for that address
    counts."""
    parts = context(request)
    with parts.database.read() as connection:
        agreed = next((each.certificate for each in links.links(connection) if each.url == url), "")
    tried = await try_server(Target(url, "", agreed), "", clock=parts.clock, patience=_SOON, longest=_LONGEST)
    await _note(request, caller, [tried], ())
    return tried


def is_there(tried: Tried) -> bool:
    """Whether a test without a password went as well as one can."""
    return tried.trouble is None or tried.trouble.code is Code.NO_PASSWORD


def lines_of(tried: Tried, wording: Wording, *, agreed: bool = False) -> list[Line]:
    """Each step in words. `agreed`: somebody agreed to the certificate."""
    found = []
    for step in Step:
        if step in tried.passed:
            kind, text = _well(step, tried, wording, agreed=agreed)
            found.append(Line(step, kind, text))
        elif step is tried.ends_at and tried.trouble is not None:
            words = words_of(tried.trouble, wording)
            found.append(Line(step, "error", words.sentence, words.advice))
    return found


def _well(step: Step, tried: Tried, wording: Wording, *, agreed: bool) -> tuple[str, str]:
    gettext = wording.gettext
    place = Target(tried.url).place
    if step is Step.CONNECTION:
        return "ok", gettext("%(place)s answers.") % {"place": place}
    if step is Step.ENCRYPTION:
        if not tried.url.startswith("https:"):
            return "warn", gettext("The connection is not encrypted: passwords can be read on the way.")
        return "ok", gettext("Encrypted, with the certificate that was agreed to.") if agreed else gettext(
            "Encrypted, with a valid certificate."
        )
    if step is Step.DUPLICATI:
        return "ok", gettext("It is a Duplicati server.")
    if step is Step.PASSWORD:
        if tried.generation is Generation.OPEN:
            return "warn", gettext("It wants no password: whoever reaches it can do everything there.")
        return "ok", gettext("The password is right.")
    name, version, channel = (
        (tried.identity.machine_name, tried.identity.version, tried.identity.channel) if tried.identity else ("", "", "")
    )
    told = gettext("It is %(name)s with Duplicati %(version)s.") % {"name": name or "–", "version": version or "–"}
    return "ok", f"{told[:-1]} ({channel})." if channel else told


async def _try_link(request: Request, link: Link) -> Tried:
    parts = context(request)
    try:
        target = target_of(link, parts.secrets)
    except Trouble as trouble:
        return Tried(link.url, trouble)
    return await try_server(target, link.machine_id, clock=parts.clock, patience=_SOON, longest=_LONGEST)


async def _note(request: Request, caller: Caller, tried: Sequence[Tried], tested: Sequence[Tested]) -> None:
    """Who asked for it, and which hosts spoke HTTPS."""
    parts = context(request)
    agent = user_agent(request)
    hosts = {
        httpx2.URL(each.url).raw_host.decode("ascii") for each in tried if each.url.startswith("https:") and Step.ENCRYPTION in each.passed
    }
    failed = [each.trouble for each in tried if each.trouble is not None and each.trouble.code is not Code.NO_PASSWORD]
    details: Mapping[str, object] = {
        "places": [Target(each.url).place for each in tried],
        "failed": [f"{each.place}: {each.code}" for each in failed],
    }
    only = tested[0].link if len(tested) == 1 else None
    if only is not None:
        details = {"serverId": only.key, "serverName": only.name, **details}

    def work(connection: Connection) -> None:
        now = parts.clock.now()
        for host in sorted(hosts):
            links.spoke_https(connection, host, now)
        target_type, target_id = ("server", only.key) if only is not None else (None, None)
        entry = Entry(
            now,
            "server_connection_tested",
            "server",
            caller.user,
            "",
            target_type,
            target_id,
            details,
            caller.address,
            agent,
            status="failure" if failed else "success",
        )
        audit.record(connection, entry)

    await parts.writer.write(work, changes=False)
