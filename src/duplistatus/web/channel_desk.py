"""What somebody does to the channels. In: a request whose caller was let in, and what they ask for in words; out: the kept channel. Each
change is one transaction with its entry in the audit log, which names what changed and holds no secret. Raises BadChannel with the field
that makes no sense, KeyTrouble where secrets cannot be stored, Refused for what is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.notify.channels.kind import BadChannel, ChannelKind, ChannelSetting
from duplistatus.notify.channels.registry import KINDS, stored_secret
from duplistatus.security.key_check import check_key
from duplistatus.security.secrets import KeyTrouble, Secrets
from duplistatus.store import audit, channels
from duplistatus.store.audit import Entry, differences
from duplistatus.store.channels import ChannelRow, ChannelValues
from duplistatus.store.database import Connection
from duplistatus.web.access import Caller
from duplistatus.web.channel_fields import SECRET, Opened, as_known, check_names, left_behind, opened
from duplistatus.web.channel_filter import read_filter
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent

T = TypeVar("T")
Words = Mapping[str, Any]
Note = Callable[[str, ChannelRow, Mapping[str, object]], None]
"""Writes into the audit log: the action, the channel it concerns, details."""

LONGEST_NAME = 60
MOST = 200
"""Channels; each looks at every notice."""
NO_SETTING = ChannelSetting({}, {})
_WORDS = frozenset({"kind", "name", "enabled", "config", "filter"})


def refusal(error: BadChannel | KeyTrouble) -> Refused:
    """The answer to what went wrong, for programs; it names the field."""
    if isinstance(error, BadChannel):
        return Refused(400, str(error), "bad_channel", more={"details": {"field": error.field}})
    return Refused(500, str(error), "key_trouble")


# --- the two for all jobs ----------------------------------------------------------------------------------------------------------


async def save_own(request: Request, caller: Caller, key: str, sent: Words, *, enabled: bool | None = None) -> ChannelRow:
    """Changes what is named of ntfy or e-mail for all; `enabled` None leaves it on or off."""
    await _warm(KINDS[key], sent)

    def work(connection: Connection, now: Instant, note: Note) -> ChannelRow:
        before = channels.own_channel(connection, key)
        is_on = before.enabled if enabled is None else enabled
        after = _saved(request, caller, connection, now, before, sent, replace(_values(before), enabled=is_on))
        _note_own(note, before, after)
        return after

    return await _write(request, caller, work)


async def clear_own(request: Request, caller: Caller, key: str) -> bool:
    """Takes away what was set of ntfy or e-mail for all, with its secrets; False where nothing was."""

    def work(connection: Connection, now: Instant, note: Note) -> bool:
        before = channels.own_channel(connection, key)
        if not before.config:
            return False
        channels.save_channel(connection, before.id, ChannelValues(before.name, False, {}, "", before.filter), _by(caller), now)
        note(f"{key}_config_deleted", before, {"before": _told(before)})
        return True

    return await _write(request, caller, work)


def _note_own(note: Note, before: ChannelRow, after: ChannelRow) -> None:
    changed = sorted(name for name in {*before.config, *after.config} if before.config.get(name) != after.config.get(name))
    is_new_secret = before.secret != after.secret
    if after.key == channels.EMAIL and is_new_secret and not changed:
        note("email_password_updated", after, _of_secret(before, after))
        return
    if not changed and not is_new_secret and before.enabled == after.enabled:
        return
    details: dict[str, object] = {"fields": changed, "enabled": after.enabled, **differences(_told(before), _told(after))}
    note(f"{after.key}_config_updated", after, details | _of_secret(before, after))


def _of_secret(before: ChannelRow, after: ChannelRow) -> dict[str, object]:
    return {"secretChanged": True} if before.secret != after.secret else {}


def _told(row: ChannelRow) -> dict[str, object]:
    """What the audit log says of a channel: what is stored in the clear, which holds no secret."""
    return {"name": row.name, "enabled": row.enabled, **row.config, "filter": asdict(row.filter)}


# --- channels of one's own ---------------------------------------------------------------------------------------------------------


async def add(request: Request, caller: Caller, words: Words) -> ChannelRow:
    """Words: `kind`, `name`, `config`, `filter`, `enabled`."""
    kind = _kind(words.get("kind"))
    _check_words(words)
    sent = _object(words, "config")
    check_names(kind.NAME, sent)
    await _warm(kind, sent)

    def work(connection: Connection, now: Instant, note: Note) -> ChannelRow:
        rows = channels.channels(connection)
        if len(rows) >= MOST:
            raise BadChannel("kind", f"there are {MOST} channels at most")
        name = _name(words, rows, None)
        setting = kind.read(sent, NO_SETTING)
        chosen = read_filter(connection, words.get("filter"), None)
        secret = stored_secret(connection, setting.secret, context(request).secrets)
        values = ChannelValues(name, _flag(words, True), setting.config, secret, chosen)
        row = _row(connection, channels.add_channel(connection, kind.NAME, values, _by(caller), now))
        check_key(connection, context(request).secrets)
        note("channel_created", row, {"name": row.name, "kind": row.kind, "enabled": row.enabled, "after": _told(row)})
        return row

    return await _write(request, caller, work)


async def change(request: Request, caller: Caller, channel_id: int, words: Words) -> ChannelRow:
    """Words: any of `name`, `config`, `filter`, `enabled`; what is not named stays. The two for all keep their name and have no filter."""
    _check_words(words)
    sent = _object(words, "config")
    with context(request).database.read() as connection:
        kind = _kind(_row(connection, channel_id).kind)
    if sent:
        check_names(kind.NAME, sent)
        await _warm(kind, sent)

    def work(connection: Connection, now: Instant, note: Note) -> ChannelRow:
        before = _row(connection, channel_id)
        if words.get("kind", before.kind) != before.kind:
            raise BadChannel("kind", "the kind of a channel stays what it is")
        if before.key is not None and any(words.get(name) is not None for name in ("name", "filter")):
            raise BadChannel("name" if words.get("name") is not None else "filter", "the channel for all jobs has neither name nor filter")
        name = before.name if words.get("name") is None else _name(words, channels.channels(connection), before)
        chosen = read_filter(connection, words.get("filter"), before.filter)
        values = replace(_values(before), name=name, enabled=_flag(words, before.enabled), filter=chosen)
        after = _saved(request, caller, connection, now, before, sent, values)
        if after.key is not None:
            _note_own(note, before, after)
        else:
            named = sorted(name for name in words if words[name] is not None)
            told = {"name": after.name, "kind": after.kind, "enabled": after.enabled, "fields": named}
            changes = differences(_told(before), _told(after))
            if changes["after"] or before.secret != after.secret:
                note("channel_updated", after, told | changes | _of_secret(before, after))
        return after

    return await _write(request, caller, work)


async def remove(request: Request, caller: Caller, channel_id: int) -> ChannelRow:
    """Removes a channel with its messages; what it was. Refused with 409 for the two for all jobs."""

    def work(connection: Connection, _: Instant, note: Note) -> ChannelRow:
        row = _row(connection, channel_id)
        if row.key is not None:
            raise Refused(409, "The channel for all jobs stays; it can be switched off", "channel_stays")
        channels.remove_channel(connection, row.id)
        note("channel_deleted", row, {"name": row.name, "kind": row.kind, "before": _told(row)})
        return row

    return await _write(request, caller, work)


# --- what is read, and what is there -----------------------------------------------------------------------------------------------


def channel_row(request: Request, channel_id: int) -> ChannelRow:
    """Refused with 404 where there is none."""
    with context(request).database.read() as connection:
        return _row(connection, channel_id)


async def _write(request: Request, caller: Caller, work: Callable[[Connection, Instant, Note], T]) -> T:
    parts = context(request)
    agent = user_agent(request)

    def piece(connection: Connection) -> T:
        now = parts.clock.now()

        def note(action: str, row: ChannelRow, details: Mapping[str, object]) -> None:
            audit.record(connection, Entry(now, action, "config", caller.user, "", "channel", str(row.id), details, caller.address, agent))

        return work(connection, now, note)

    return await parts.writer.write(piece)


async def _warm(kind: ChannelKind, sent: Words) -> None:
    """Imports what the kind needs before the one writer reads the settings: some libraries take a second."""
    try:
        await run_in_threadpool(kind.read, sent, NO_SETTING)
    except BadChannel:
        # What is missing here may be stored; the writer looks again.
        return


def _values(row: ChannelRow) -> ChannelValues:
    return ChannelValues(row.name, row.enabled, row.config, row.secret, row.filter)


def _saved(
    request: Request, caller: Caller, connection: Connection, now: Instant, before: ChannelRow, sent: Words, values: ChannelValues
) -> ChannelRow:
    """The row after a change to `values` and to the settings in `sent`. Where none of these is named, what is stored stays as it is,
    readable or not."""
    secrets = context(request).secrets
    if sent:
        found = opened(before, secrets)
        sent = _moved(before.kind, as_known(before.kind, sent, before.config), found.setting)
        setting = KINDS[before.kind].read(sent, found.setting)
        values = replace(values, config=setting.config, secret=_secret(connection, before, found, setting, sent, secrets))
    channels.save_channel(connection, before.id, values, _by(caller), now)
    if values.secret != before.secret:
        check_key(connection, secrets)
    return _row(connection, before.id)


def _moved(kind: str, sent: Words, before: ChannelSetting) -> Words:
    """What was sent, and that secrets stay behind with their server."""
    return {**sent, **left_behind(kind, before.config, KINDS[kind].read(sent, before).config, sent)}


def _secret(connection: Connection, before: ChannelRow, found: Opened, setting: ChannelSetting, sent: Words, secrets: Secrets) -> str:
    """The text to store. The same secrets keep theirs, and those that cannot be read stay until others are entered."""
    if not found.trouble:
        return before.secret if setting.secret == found.setting.secret else stored_secret(connection, setting.secret, secrets)
    unnamed = [name for name in SECRET[before.kind] if sent.get(name, "") == ""]
    if not unnamed:
        return stored_secret(connection, setting.secret, secrets)
    if setting.secret:
        raise BadChannel(unnamed[0], f"What is stored cannot be read: {found.trouble}.")
    return before.secret


def _row(connection: Connection, channel_id: int) -> ChannelRow:
    row = channels.channel_by_id(connection, channel_id)
    if row is None:
        raise Refused(404, "There is no such channel", "channel_not_found")
    return row


def _kind(name: object) -> ChannelKind:
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise BadChannel("kind", f"kind must be one of {', '.join(KINDS)}")
    return kind


def _check_words(words: Words) -> None:
    unknown = sorted(set(words) - _WORDS)
    if unknown:
        raise BadChannel(unknown[0][:40], f"{unknown[0][:40]!r} means nothing here; there are {', '.join(sorted(_WORDS))}")


def _object(words: Words, name: str) -> Words:
    value = words.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadChannel(name, f"{name} must be a JSON object")
    return value


def _flag(words: Words, default: bool) -> bool:
    value = words.get("enabled")
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadChannel("enabled", "enabled must be true or false")
    return value


def _name(words: Words, rows: list[ChannelRow], own: ChannelRow | None) -> str:
    value = words.get("name")
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise BadChannel("name", "a channel needs a name")
    name = " ".join(value.split())
    if len(name) > LONGEST_NAME:
        raise BadChannel("name", f"a name has {LONGEST_NAME} characters at most")
    if any(row.name.casefold() == name.casefold() for row in rows if own is None or row.id != own.id):
        raise BadChannel("name", f"another channel is called “{name}”")
    return name


def _by(caller: Caller) -> str:
    return caller.user.username if caller.user else ""
