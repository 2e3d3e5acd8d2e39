"""The filter of a channel in words. In: `{"events": […], "servers": [ids], "tags": [names], "jobs": [numbers]}`; out: the filter by numbers
of rows, or BadChannel for `filter`. And back: a kept filter with the names of what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from duplistatus.evaluate.notice import CHOOSABLE, Event
from duplistatus.evaluate.routing import Filter
from duplistatus.notify.channels.kind import BadChannel
from duplistatus.store import fleet, tags
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.ids import JobId

USUAL = (Event.WARNING, Event.ERROR, Event.FATAL, Event.OVERDUE, Event.BACK)
"""What a new channel tells of where nobody says: whatever somebody must look at, and that it is over."""
_NAMES = ("events", "servers", "tags", "jobs")
_MOST = 1_000
"""Servers, tags or jobs of one filter."""


@dataclass(frozen=True, slots=True)
class JobNamed:
    """A job with its server."""

    id: int
    name: str
    server: ServerRow


@dataclass(frozen=True, slots=True)
class Named:
    """What a filter is for, by name; `gone`: how many of what it names are no longer there."""

    events: tuple[Event, ...]
    servers: tuple[ServerRow, ...]
    tags: tuple[str, ...]
    jobs: tuple[JobNamed, ...]
    gone: int

    @property
    def is_narrow(self) -> bool:
        return bool(self.servers or self.tags or self.jobs or self.gone)


@dataclass(frozen=True, slots=True)
class Directory:
    """What filters may name, by number."""

    servers: Mapping[int, ServerRow]
    tags: Mapping[int, str]
    jobs: Mapping[int, JobNamed]

    @classmethod
    def of(cls, connection: Connection) -> Directory:
        servers: dict[int, ServerRow] = {row.id: row for row in sorted(fleet.servers(connection), key=lambda row: row.label.casefold())}
        jobs = [JobNamed(row.id, row.name, servers[row.server_id]) for row in fleet.jobs(connection) if row.server_id in servers]
        jobs.sort(key=lambda job: (job.server.label.casefold(), job.name.casefold()))
        return cls(servers, {row.id: row.name for row in tags.tags(connection)}, {job.id: job for job in jobs})

    def named(self, chosen: Filter) -> Named:
        """A filter by name, each in the order of names."""
        servers = tuple(row for number, row in self.servers.items() if number in chosen.servers)
        found_tags = tuple(name for number, name in self.tags.items() if number in chosen.tags)
        jobs = tuple(job for number, job in self.jobs.items() if number in chosen.jobs)
        count = len(chosen.servers) + len(chosen.tags) + len(chosen.jobs)
        events = tuple(event for event in CHOOSABLE if event in chosen.events)
        return Named(events, servers, found_tags, jobs, count - len(servers) - len(found_tags) - len(jobs))


def filter_json(named: Named) -> dict[str, Any]:
    """The filter as programs read and write it."""
    return {
        "events": [event.value for event in named.events],
        "servers": [row.key for row in named.servers],
        "tags": list(named.tags),
        "jobs": [job.id for job in named.jobs],
    }


def read_filter(connection: Connection, value: object, before: Filter | None) -> Filter:
    """The filter after what was sent; what is not named stays as `before`, or is the usual."""
    chosen = before if before is not None else Filter(frozenset(USUAL))
    if value is None:
        return chosen
    if not isinstance(value, dict):
        raise BadChannel("filter", "filter must be a JSON object")
    unknown = sorted(set(value) - set(_NAMES))
    if unknown:
        raise BadChannel("filter", f"{unknown[0][:40]!r} means nothing in a filter; there are {', '.join(_NAMES)}")
    return Filter(
        chosen.events if value.get("events") is None else _events(_list(value, "events")),
        chosen.servers if value.get("servers") is None else frozenset(_server(connection, key) for key in _list(value, "servers")),
        chosen.tags if value.get("tags") is None else frozenset(_tag(connection, name) for name in _list(value, "tags")),
        chosen.jobs if value.get("jobs") is None else frozenset(_job(connection, number) for number in _list(value, "jobs")),
    )


def _list(value: Mapping[str, object], name: str) -> list[object]:
    found = value[name]
    if not isinstance(found, list):
        raise BadChannel("filter", f"{name} of a filter must be a list")
    if len(found) > _MOST:
        raise BadChannel("filter", f"a filter names {_MOST} {name} at most")
    return found


def _events(names: list[object]) -> frozenset[Event]:
    known = {event.value: event for event in CHOOSABLE}
    for name in names:
        if not isinstance(name, str) or name not in known:
            raise BadChannel("filter", f"events of a filter are {', '.join(known)}")
    if not names:
        raise BadChannel("filter", "a filter needs at least one event; a channel that shall be silent is switched off")
    return frozenset(known[str(name)] for name in names)


def _server(connection: Connection, key: object) -> int:
    row = fleet.server_by_key(connection, key) if isinstance(key, str) and "\0" not in key else None
    if row is None:
        raise BadChannel("filter", f"there is no server {str(key)[:60]!r}")
    return row.id


def _tag(connection: Connection, name: object) -> int:
    row = tags.tag_by_name(connection, name) if isinstance(name, str) and "\0" not in name else None
    if row is None:
        raise BadChannel("filter", f"there is no tag {str(name)[:60]!r}")
    return row.id


def _job(connection: Connection, number: object) -> int:
    row = fleet.job_by_id(connection, JobId(number)) if isinstance(number, int) and type(number) is int and 0 < number < 2**63 else None
    if row is None:
        raise BadChannel("filter", f"there is no job {str(number)[:60]!r}")
    return row.id
