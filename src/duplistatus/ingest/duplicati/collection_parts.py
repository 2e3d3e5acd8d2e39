"""A part of a collection: what it is asked with, and what is stored once it has been asked. In: the part, and what came of it; out: its
`Errand`; the part ended or asking, the link of its server with how that went, and, only when all went well, how the server is reached
from now on. One transaction each; nothing is stored of a part that was cancelled meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from duplistatus.clock import Instant
from duplistatus.ingest.duplicati.collecting import Wanted
from duplistatus.ingest.duplicati.errand import Brought, Errand
from duplistatus.ingest.duplicati.questions import NEW, STUCK, question_of
from duplistatus.ingest.duplicati.target import is_as_safe
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.security.key_check import sealed
from duplistatus.security.secret_holders import NEW_SERVER, SERVER
from duplistatus.security.secrets import SecretLost, Secrets
from duplistatus.store import audit, collection_steps, links, timers
from duplistatus.store.accounts import User
from duplistatus.store.audit import Entry
from duplistatus.store.collections import DONE, FAILED, Collection, Part
from duplistatus.store.compression import pack
from duplistatus.store.database import Connection
from duplistatus.store.fleet import server_by_key
from duplistatus.store.ids import ServerId, UserId
from duplistatus.store.timers import Chance, Tried

TYPED, WHOEVER = "typed", "whoever"
"""Of `Part.answer`: its address was typed though the server is known; whoever answers there is collected."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A part that was asked."""

    part: Part
    errand: Errand
    found: Collection
    now: Instant
    chance: Chance


def keep_brought(connection: Connection, secrets: Secrets, ended: Ended, brought: Brought) -> bool:
    """All went well; False where the part had been cancelled."""
    part, collected = ended.part, brought.collected
    facts: dict[str, object] = {"jobs": [{"name": name, "code": each.code, **each.facts} for name, each in collected.troubles]}
    if not collection_steps.end(connection, part.id, DONE, facts=facts if collected.troubles else None):
        return False
    _keep_way(connection, secrets, ended, brought)
    counts = (collected.found, collected.known, collected.errors)
    if part.timer is not None:
        timers.set_timer(connection, collected.server_id, part.timer or None, ended.now, ended.chance)
    timers.tried(connection, collected.server_id, Tried("", {}, *counts), ended.now, ended.chance)
    packed = pack(collected.document) if collected.document is not None else None
    collection_steps.keep_result(connection, part.id, collected.server_id, brought.url, counts, packed)
    collection_steps.close(connection, part.collection_id, ended.now)
    return True


def keep_trouble(connection: Connection, ended: Ended, trouble: Trouble) -> None:
    """It did not work, or somebody has to decide first."""
    part = ended.part
    if part.server_id is not None and ended.errand.is_stored:
        went = Tried(trouble.code, trouble.facts, stuck=trouble.code in STUCK)
        timers.tried(connection, part.server_id, went, ended.now, ended.chance)
    question = question_of(trouble, part.server_key)
    if question is not None:
        collection_steps.ask(connection, part.id, question, trouble.code, trouble.facts)
        return
    keep_failed(connection, ended, trouble.code, trouble.facts)


def keep_failed(connection: Connection, ended: Ended, code: str, facts: object = None) -> None:
    """It did not work, for a reason that is no server's."""
    collection_steps.end(connection, ended.part.id, FAILED, code, facts if isinstance(facts, dict) else {})
    collection_steps.close(connection, ended.part.collection_id, ended.now)


def _keep_way(connection: Connection, secrets: Secrets, ended: Ended, brought: Brought) -> None:
    """How the server is reached from now on: address, certificate, password; with the entry in the audit log where any of it is new."""
    errand, server_id = ended.errand, brought.collected.server_id
    before = links.link(connection, server_id)
    if brought.url.startswith("https://"):
        links.spoke_https(connection, urlsplit(brought.url).hostname or "", ended.now)
    if before is None or before.url != brought.url:
        links.set_url(connection, server_id, brought.url)
    if errand.certificate and (before is None or before.url != brought.url or before.certificate != errand.certificate):
        links.agree(connection, server_id, errand.certificate)
    secret_changed = _has_other_password(secrets, before, errand, brought.url)
    if secret_changed:
        links.set_secret(connection, server_id, sealed(connection, secrets, errand.password, SERVER))
    _record(connection, ended, brought, before, secret_changed=secret_changed)


def _has_other_password(secrets: Secrets, before: links.Link | None, errand: Errand, url: str) -> bool:
    """Whether the password that was typed is to be kept in place of the stored one. None was typed for a server that lets in without one:
    what is stored stays, but it does not move to another host."""
    if errand.is_stored:
        return False
    if errand.password:
        return _stored(secrets, before) != errand.password
    return before is not None and bool(before.secret) and not is_as_safe(before.url, url)


def _record(connection: Connection, ended: Ended, brought: Brought, before: links.Link | None, *, secret_changed: bool) -> None:
    after = links.link(connection, brought.collected.server_id)
    if after is None:
        return
    new: dict[str, object] = {"url": after.url, "certificate": after.certificate}
    old: dict[str, object] = {"url": before.url, "certificate": before.certificate} if before is not None else {}
    changed = [name for name in new if new[name] != old.get(name, "")]
    if not changed and not secret_changed:
        return
    details: dict[str, object] = {
        "serverId": after.key,
        "serverName": after.name,
        "before": {name: old.get(name, "") for name in changed},
        "after": {name: new[name] for name in changed},
    }
    if secret_changed:
        details["secretChanged"] = True
    actor, name = ended.found.actor, ended.found.started_by
    user = User(UserId(str(actor["id"])), name, is_admin=True, must_change_password=False) if actor.get("id") else None
    address, agent = str(actor.get("address", "")), str(actor.get("agent", ""))
    entry = Entry(ended.now, "server_connection_updated", "server", user, name, "server", after.key, details, address, agent)
    audit.record(connection, entry)


def _stored(secrets: Secrets, link: links.Link | None) -> str | None:
    """The password that is stored; None where there is none that can be read."""
    try:
        return secrets.decrypt(link.secret, SERVER) if link is not None and link.secret else None
    except SecretLost:
        return None


def errand_of(connection: Connection, secrets: Secrets, found: Collection, part: Part) -> Errand:
    """What a part is asked with. Raises Trouble where a password cannot be read, KeyTrouble."""
    answer = part.answer
    link = links.link(connection, part.server_id) if part.server_id is not None and not answer.get(TYPED) else None
    try:
        password = secrets.decrypt(part.secret, NEW_SERVER) if link is None else secrets.decrypt(link.secret, SERVER)
    except SecretLost:
        raise Trouble(Code.LOST_PASSWORD, Errand(part.url).place) from None
    return Errand(
        address=part.url if link is None else link.url,
        password=password,
        is_stored=link is not None,
        certificate=str(answer.get("certificate") or ("" if link is None else link.certificate)),
        plain_agreed=bool(answer.get("plain")),
        server_id=part.server_id,
        chosen=_chosen(connection, answer.get("server")),
        whoever=bool(answer.get(WHOEVER)),
        wanted=Wanted(found.schedules_only, found.keeps_document),
    )


def _chosen(connection: Connection, answer: object) -> ServerId | Literal["new"] | None:
    if answer == NEW:
        return "new"
    server = server_by_key(connection, str(answer)) if answer else None
    return server.id if server is not None else None
