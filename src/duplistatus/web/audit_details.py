"""The details of an entry of the audit log, in words. In: an entry and the reader's wording; out: what it concerns, what was changed from
what to what, and what else it says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from duplistatus.i18n.wording import Wording
from duplistatus.store.audit_log import AuditLine

DASH = "–"
_NOT_SAID = frozenset({"before", "after", "from", "to", "jobs", "serverId", "server_id", "job"})
_MOST_NAMED = 3
_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")
_WORDY = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became another."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """What an entry says: changes, and facts by their names."""

    changes: tuple[Change, ...]
    facts: tuple[tuple[str, str], ...]


def told(line: AuditLine, wording: Wording) -> Told:
    """The details in words."""
    details = line.details or {}
    changes = list(_changes(details, "", wording))
    for job in details["jobs"] if isinstance(details.get("jobs"), list) else []:
        if isinstance(job, Mapping):
            changes += _changes(job, _label(job, wording), wording)
    facts = [(field_name(name, wording), _value(value, wording)) for name, value in details.items() if name not in _NOT_SAID]
    jobs = details.get("jobs")
    if isinstance(jobs, list) and not any(isinstance(job, Mapping) for job in jobs):
        facts.append((field_name("jobs", wording), _value(jobs, wording)))
    return Told(tuple(changes), tuple(facts))


def target_of(line: AuditLine) -> str:
    """What it concerns, as people call it; empty where it concerns nothing in particular."""
    details = line.details or {}
    server = _text(details, "serverName", "server_name")
    job = _text(details, "backupName", "backup_name")
    if server or job:
        return " · ".join(each for each in (server, job) if each)
    if line.target_type == "collection":
        asked = _texts(details, "servers", "addresses") or [_text(details, "address")]
        return ", ".join(asked[:_MOST_NAMED]) + (" …" if len(asked) > _MOST_NAMED else "")
    name = _text(details, "targetUsername", "name", "place")
    # A number says nothing to people; the details have it.
    return name or (line.target_id if line.target_id and not line.target_id.isdecimal() else "")


def _changes(details: Mapping[str, Any], about: str, wording: Wording) -> Iterator[Change]:
    before, after = details.get("before", details.get("from")), details.get("after", details.get("to"))
    if before is None and after is None:
        return
    old, new = _flat(before), _flat(after)
    for path in dict.fromkeys([*old, *new]):
        name = ": ".join(field_name(each, wording) for each in path if each)
        yield Change(" · ".join(each for each in (about, name) if each), _value(old.get(path), wording), _value(new.get(path), wording))


def _flat(value: object) -> dict[tuple[str, ...], object]:
    """The single values by the path to them."""
    if not isinstance(value, Mapping):
        return {} if value is None else {("",): value}
    found: dict[tuple[str, ...], object] = {}
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            found |= {(str(name), *path): each for path, each in _flat(item).items()}
        else:
            found[(str(name),)] = item
    return found


def _label(job: Mapping[str, Any], wording: Wording) -> str:
    names = [_text(job, "serverName"), _text(job, "backupName")]
    return " · ".join(each for each in names if each) or f"{field_name('job', wording)} {job.get('job', '')}".strip()


def _text(details: Mapping[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := details.get(name), str) and value), "")


def _texts(details: Mapping[str, Any], *names: str) -> list[str]:
    lists = [found for name in names if isinstance(found := details.get(name), list)]
    return [each for found in lists for each in found if isinstance(each, str)]


def _value(value: object, wording: Wording) -> str:
    if value is None or value in ("", [], {}):
        return DASH
    if isinstance(value, bool):
        return wording.gettext("yes") if value else wording.gettext("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{field_name(str(name), wording)}: {_value(item, wording)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_value(item, wording) for item in value)
    return str(value)


def field_name(name: str, wording: Wording) -> str:
    """What a field is called: `must_change_password` → “must change password”, as long as nobody has found better words."""
    known = _field_names(wording).get(name)
    if known is not None:
        return known
    return _JOINT.sub(" ", name).lower() if _WORDY.fullmatch(name) else name


@lru_cache(maxsize=32)
def _field_names(wording: Wording) -> Mapping[str, str]:
    gettext = wording.gettext
    names = {
        gettext("server"): ("serverName", "server_name", "server", "server_id"),
        gettext("servers"): ("servers", "server_ids"),
        gettext("job"): ("backupName", "backup_name", "job"),
        gettext("jobs"): ("jobs",),
        gettext("number"): ("count",),
        gettext("user"): ("targetUsername",),
        gettext("user name"): ("username",),
        gettext("administrator"): ("is_admin", "isAdmin"),
        gettext("sees chosen servers only"): ("is_limited",),
        gettext("must change the password"): ("must_change_password",),
        gettext("the change was forced"): ("was_forced",),
        gettext("made by"): ("created_by",),
        gettext("reason"): ("reason",),
        gettext("sessions"): ("sessions",),
        gettext("removed entries"): ("deletedCount", "removed"),
        gettext("days kept"): ("retentionDays",),
        gettext("name"): ("name",),
        gettext("kind"): ("kind",),
        gettext("in use"): ("enabled",),
        gettext("disabled"): ("disabled",),
        gettext("settings"): ("config",),
        gettext("changed settings"): ("fields",),
        gettext("another secret was entered"): ("secretChanged",),
        gettext("address"): ("url",),
        gettext("host"): ("host",),
        gettext("port"): ("port",),
        gettext("topic"): ("topic",),
        gettext("headers"): ("headers",),
        gettext("filter"): ("filter",),
        gettext("templates"): ("templates",),
        gettext("tags"): ("tags",),
        gettext("colour"): ("color",),
        gettext("time zone"): ("zone",),
        gettext("until"): ("until",),
        gettext("comment"): ("comment",),
        gettext("by"): ("by",),
        gettext("channel"): ("channel",),
        gettext("event"): ("event",),
        gettext("error"): ("error",),
        gettext("messages"): ("messages",),
        gettext("by time"): ("by_time",),
        gettext("place"): ("place",),
        gettext("scopes"): ("scopes",),
        gettext("fingerprint"): ("fingerprint",),
        gettext("valid until"): ("expires_at",),
        gettext("tolerance"): ("tolerance",),
        gettext("check interval"): ("check_interval",),
        gettext("reminders"): ("frequency",),
        gettext("failing after"): ("failing_after",),
        gettext("language"): ("language",),
    }
    return {name: words for words, several in names.items() for name in several}
