"""What somebody does to hold messages back, and to tag servers. In: a request whose caller was let in, and what they ask for in words; out:
the kept row. Each is one transaction with what follows from it and its entry in the audit log. Raises ValueError with a sentence for
what makes no sense, and Refused for what is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.requests import Request

from duplistatus.clock import DAY, SECOND, Instant, iso
from duplistatus.evaluate.interval import read_length
from duplistatus.evaluate.tag import read_tag_color, read_tag_name
from duplistatus.store import audit, fleet, silencing, tags, windows
from duplistatus.store.audit import Entry, differences
from duplistatus.store.database import Connection
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.silencing import NoTrouble
from duplistatus.store.snoozes import AcknowledgementRow, SnoozeRow, acknowledgement_of
from duplistatus.store.tags import TagExists, TagInUse, TagRow
from duplistatus.store.windows import Plan, WindowRow
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent
from duplistatus.web.window_words import (
    LONGEST_COMMENT,
    LONGEST_NAME,
    NAMES,
    Words,
    changed_words,
    checked_names,
    read_flag,
    read_moment,
    read_scope,
    read_text,
    read_window,
    words_of,
)

T = TypeVar("T")
Note = Callable[[str, str, str, Mapping[str, object]], None]
"""Writes into the audit log: the action, what it concerns, its id, details."""

LONGEST_SNOOZE = 366 * DAY
MOST_TAGS = 50
"""Of one server."""


async def _write(request: Request, caller: Caller, work: Callable[[Connection, Instant, Note], T]) -> T:
    parts = context(request)
    agent = user_agent(request)

    def piece(connection: Connection) -> T:
        now = parts.clock.now()

        def note(action: str, target: str, target_id: str, details: Mapping[str, object]) -> None:
            audit.record(connection, Entry(now, action, "config", caller.user, "", target, target_id, details, caller.address, agent))

        return work(connection, now, note)

    return await parts.writer.write(piece)


def _by(caller: Caller) -> str:
    return caller.user.username if caller.user else ""


# --- snoozes and acknowledgements --------------------------------------------------------------------------------------------------


async def snooze(request: Request, caller: Caller, words: Words) -> SnoozeRow:
    """Words: `job_id` or `server_id`; `until` or `for`; `comment`."""
    checked_names(words, frozenset({"job_id", "server_id", "until", "for", "comment"}))
    job_id, server_key = words.get("job_id"), read_text(words, "server_id", 1_000)
    if (job_id is None) == (not server_key):
        raise ValueError("one of job_id and server_id is needed")
    comment = read_text(words, "comment", LONGEST_COMMENT)

    def work(connection: Connection, now: Instant, note: Note) -> SnoozeRow:
        until = _until(words, now)
        if server_key:
            row = silencing.snooze_server(connection, _server(connection, server_key).id, until, comment, _by(caller), now)
        else:
            row = silencing.snooze_job(connection, _job(connection, job_id).id, until, comment, _by(caller), now)
        note("snooze_created", *_named(row.server_key, row.job_name), {"after": {"until": iso(until), "comment": comment}})
        return row

    return await _write(request, caller, work)


def _until(words: Words, now: Instant) -> Instant:
    if (words.get("until") is None) == (words.get("for") is None):
        raise ValueError("one of until and for is needed")
    if words.get("until") is not None:
        until = read_moment(words, "until")
    else:
        until = Instant(now + read_length(read_text(words, "for", 40)) * SECOND)
    if not now < until <= now + LONGEST_SNOOZE:
        raise ValueError("a snooze ends in the future, within a year")
    return until


async def wake(request: Request, caller: Caller, snooze_id: int) -> SnoozeRow:
    """Ends a snooze; what it was."""

    def work(connection: Connection, now: Instant, note: Note) -> SnoozeRow:
        row = silencing.wake(connection, snooze_id, now)
        if row is None:
            raise Refused(404, "There is no such snooze, or it is over", "snooze_not_found")
        note("snooze_ended", *_named(row.server_key, row.job_name), {"before": {"until": iso(row.until), "comment": row.comment}})
        return row

    return await _write(request, caller, work)


async def acknowledge(request: Request, caller: Caller, job_id: int, words: Words) -> AcknowledgementRow:
    """Words: `comment`. Refused with 409 when nothing is wrong with the job."""
    checked_names(words, frozenset({"comment"}))
    comment = read_text(words, "comment", LONGEST_COMMENT)

    def work(connection: Connection, now: Instant, note: Note) -> AcknowledgementRow:
        row = silencing.acknowledge(connection, _job(connection, job_id).id, comment, _by(caller), now)
        note("alert_acknowledged", *_named(row.server_key, row.job_name), {"after": {"trouble": dict(row.trouble), "comment": comment}})
        return row

    try:
        return await _write(request, caller, work)
    except NoTrouble as error:
        raise Refused(409, str(error), "no_trouble") from error


async def withdraw(request: Request, caller: Caller, job_id: int) -> AcknowledgementRow:
    """Takes an acknowledgement back; what it was."""

    def work(connection: Connection, now: Instant, note: Note) -> AcknowledgementRow:
        row = acknowledgement_of(connection, _job(connection, job_id).id)
        if row is None or not silencing.withdraw(connection, row.job_id, now):
            raise Refused(404, "Nobody has acknowledged anything of this job, or it is over", "acknowledgement_not_found")
        told = {"by": row.by, "before": {"trouble": dict(row.trouble), "comment": row.comment}}
        note("acknowledgement_withdrawn", *_named(row.server_key, row.job_name), told)
        return row

    return await _write(request, caller, work)


# --- maintenance -------------------------------------------------------------------------------------------------------------------


async def save_window(request: Request, caller: Caller, words: Words, window_id: int | None = None) -> WindowRow:
    """Plans a window, or, with `window_id`, changes what is named of one."""
    checked_names(words, NAMES)

    def work(connection: Connection, now: Instant, note: Note) -> WindowRow:
        if window_id is None:
            row = silencing.plan_window(connection, _plan(connection, words), _by(caller), now)
            note("maintenance_window_created", "maintenance", str(row.id), {"name": row.plan.name, "after": _said(row)})
            return row
        before = _window(connection, window_id)
        row = silencing.replan_window(connection, before, _plan(connection, changed_words(before, words)), now)
        changes = differences(words_of(before), words_of(row))
        if changes["after"]:
            note("maintenance_window_updated", "maintenance", str(row.id), {"name": row.plan.name, **changes})
        return row

    return await _write(request, caller, work)


async def remove_window(request: Request, caller: Caller, window_id: int) -> WindowRow:
    """Removes a window; what it was."""

    def work(connection: Connection, now: Instant, note: Note) -> WindowRow:
        row = _window(connection, window_id)
        silencing.remove_window(connection, row, now)
        note("maintenance_window_deleted", "maintenance", str(row.id), {"name": row.plan.name, "before": _said(row)})
        return row

    return await _write(request, caller, work)


def _said(row: WindowRow) -> dict[str, object]:
    return {name: value for name, value in words_of(row).items() if value is not None}


def _plan(connection: Connection, words: Words) -> Plan:
    name = read_text(words, "name", LONGEST_NAME)
    if not name:
        raise ValueError("a window needs a name")
    scope = read_scope(words)
    server = _server(connection, read_text(words, "server_id", 1_000)) if scope == "server" else None
    tag = _tag_named(connection, read_text(words, "tag", 1_000)) if scope == "tag" else None
    comment = read_text(words, "comment", LONGEST_COMMENT)
    enabled = read_flag(words, "enabled", True)
    return Plan(name, read_window(words), server.id if server else None, tag.id if tag else None, enabled, comment)


def _window(connection: Connection, window_id: int) -> WindowRow:
    row = windows.window_by_id(connection, window_id)
    if row is None:
        raise Refused(404, "There is no such maintenance window", "window_not_found")
    return row


# --- tags --------------------------------------------------------------------------------------------------------------------------


async def add_tag(request: Request, caller: Caller, words: Words) -> TagRow:
    """Words: `name`, `color`. Refused with 409 when there is such a tag."""
    return await _save_tag(request, caller, words, None)


async def change_tag(request: Request, caller: Caller, tag_id: int, words: Words) -> TagRow:
    """Words: any of `name`, `color`, `servers` (their ids)."""
    return await _save_tag(request, caller, words, tag_id)


async def _save_tag(request: Request, caller: Caller, words: Words, tag_id: int | None) -> TagRow:
    checked_names(words, frozenset({"name", "color", "servers"}))

    def work(connection: Connection, now: Instant, note: Note) -> TagRow:
        before = _tag(connection, tag_id) if tag_id is not None else None
        keeps = before is not None and words.get("name") is None
        name = before.name if before and keeps else read_tag_name(read_text(words, "name", 1_000))
        color = before.color if before and words.get("color") is None else read_tag_color(read_text(words, "color", 40))
        row = tags.change_tag(connection, before, name, color) if before else tags.add_tag(connection, name, color)
        if "servers" in words:
            keys = _names(words["servers"], "servers must be a list of ids of servers")
            tags.set_tag_servers(connection, row, [_server(connection, key).id for key in keys], now)
        row = _tag(connection, row.id)
        if before is None:
            note("tag_created", "tag", str(row.id), {"name": row.name, "after": _tag_words(row)})
        elif _tag_words(before) != _tag_words(row):
            note("tag_updated", "tag", str(row.id), {"name": row.name, **differences(_tag_words(before), _tag_words(row))})
        return row

    try:
        return await _write(request, caller, work)
    except TagExists as error:
        raise Refused(409, str(error), "tag_exists") from error


async def drop_tag(request: Request, caller: Caller, tag_id: int) -> TagRow:
    """Removes a tag; what it was. Refused with 409 while a window of maintenance needs it."""

    def work(connection: Connection, now: Instant, note: Note) -> TagRow:
        row = _tag(connection, tag_id)
        tags.drop_tag(connection, row)
        note("tag_deleted", "tag", str(row.id), {"name": row.name, "before": _tag_words(row)})
        return row

    try:
        return await _write(request, caller, work)
    except TagInUse as error:
        raise Refused(409, str(error), "tag_in_use") from error


async def set_server_tags(request: Request, caller: Caller, server_key: str, words: Words) -> ServerRow:
    """Words: `tags`, names; those that are not there yet are made."""
    checked_names(words, frozenset({"tags"}))
    names = [read_tag_name(name) for name in _names(words.get("tags"), "tags must be a list of names")]
    if len(names) > MOST_TAGS:
        raise ValueError(f"a server has {MOST_TAGS} tags at most")

    def work(connection: Connection, now: Instant, note: Note) -> ServerRow:
        server = _server(connection, server_key)
        tags.set_server_tags(connection, server.id, names, now)
        found = _server(connection, server.key)
        changes = differences({"tags": [each.name for each in server.tags]}, {"tags": [each.name for each in found.tags]})
        if changes["after"]:
            note("server_tags_updated", "server", found.key, {"serverName": found.name, **changes})
        return found

    return await _write(request, caller, work)


def _tag_words(row: TagRow) -> dict[str, object]:
    return {"name": row.name, "color": row.color, "servers": [each.name for each in row.servers]}


def _names(value: object, sentence: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and "\0" not in each for each in value):
        raise ValueError(sentence)
    return value


# --- what is there -----------------------------------------------------------------------------------------------------------------


def _tag(connection: Connection, tag_id: int) -> TagRow:
    row = tags.tag_by_id(connection, tag_id)
    if row is None:
        raise Refused(404, "There is no such tag", "tag_not_found")
    return row


def _tag_named(connection: Connection, name: str) -> TagRow:
    row = tags.tag_by_name(connection, name)
    if row is None:
        raise Refused(404, f"There is no tag “{name[:40]}”", "tag_not_found")
    return row


def _server(connection: Connection, key: str) -> ServerRow:
    row = fleet.server_by_key(connection, key)
    if row is None:
        raise Refused(404, "Server not found", "server_not_found")
    return row


def _job(connection: Connection, job_id: object) -> JobRow:
    if type(job_id) is not int or not 0 < job_id < 2**63:
        raise ValueError("job_id must be the number of a job")
    row = fleet.job_by_id(connection, JobId(job_id))
    if row is None:
        raise Refused(404, "Job not found", "job_not_found")
    return row


def _named(server_key: str, job_name: str | None) -> tuple[str, str]:
    """What an entry of the audit log concerns, and its id."""
    return ("backup", f"{server_key}:{job_name}") if job_name is not None else ("server", server_key)
