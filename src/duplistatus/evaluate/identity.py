"""Which server and which job each document belongs to. In: all ways in which documents of related servers named their sender, with the
begin of the first and last document of each; out: servers, jobs and their names. It is a function of the whole set, not of the
order of arrival: a rename is followed in the order of begin times, and a second candidate that shows up later separates a server
without id again."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from duplistatus.clock import Instant

_OWN_ID = re.compile(r"DB-\d+\Z")


def is_own_id(backup_id: str) -> bool:
    """Whether a backup-id is one that a Duplicati server gives its jobs, not the hash of a run from the command line."""
    return _OWN_ID.match(backup_id) is not None


@dataclass(frozen=True, slots=True)
class OriginFacts:
    """One way in which documents named their sender; empty texts where they named nothing. `machine_name` is what stands for the
    machine where it sends no id: its name, else the sender's address."""

    id: int
    machine_id: str
    machine_name: str
    job_name: str
    backup_id: str
    first_at: Instant
    last_at: Instant

    @property
    def names(self) -> tuple[str, str, str, str]:
        return (self.machine_id, self.machine_name, self.job_name, self.backup_id)

    @property
    def own_key(self) -> str:
        """The id in the API of the server that these documents speak of, before any recognition."""
        return self.machine_id or f"name:{self.machine_name}"

    @property
    def own_backup_id(self) -> str | None:
        """The backup-id where it is a server's own (`DB-<n>`); others identify nothing."""
        return self.backup_id if is_own_id(self.backup_id) else None


@dataclass(slots=True)
class PlacedJob:
    """A job: the origins of its documents, and its name and backup-id after the newest of them."""

    name: str
    backup_id: str = ""
    origins: list[OriginFacts] = field(default_factory=list)


@dataclass(slots=True)
class PlacedServer:
    """A server. `key` is its id in the API; `adopts` the keys of servers without id that were recognised as this one."""

    key: str
    name: str
    jobs: list[PlacedJob]
    adopts: tuple[str, ...] = ()


def placed(origins: Iterable[OriginFacts]) -> list[PlacedServer]:
    """Servers and jobs of a closed set of origins: every origin that shares a machine-id with one of them, or a machine name, is
    in it.

    1. Origins with a machine-id make a server each.
    2. Those without one make a server for each machine name; as a whole it is the server with an id that has carried that machine
       name and shares a job (same name and backup-id) with it, if exactly one does.
    3. Within a server, origins in the order of their first document: a job of that name, else the job that holds the same own
       backup-id (renamed), else a new job.
    """
    by_key: dict[str, list[OriginFacts]] = defaultdict(list)
    for origin in origins:
        by_key[origin.own_key].append(origin)
    adopted = _adopted(by_key)
    servers = []
    for key in sorted(by_key):
        if key in adopted:
            continue
        guests = tuple(sorted(guest for guest, host in adopted.items() if host == key))
        members = [origin for each in (key, *guests) for origin in by_key[each]]
        servers.append(PlacedServer(key, _machine_name(members), _jobs(members), guests))
    return servers


def _adopted(by_key: dict[str, list[OriginFacts]]) -> dict[str, str]:
    """Keys of servers without id, each with the key of the server that it is."""
    found = {}
    for key, members in by_key.items():
        if members[0].machine_id:
            continue
        name = members[0].machine_name
        jobs = {(origin.job_name, origin.backup_id) for origin in members if origin.backup_id}
        candidates = [
            host
            for host, others in by_key.items()
            if others[0].machine_id
            and any(origin.machine_name == name for origin in others)
            and any((origin.job_name, origin.backup_id) in jobs for origin in others)
        ]
        if len(candidates) == 1:
            found[key] = candidates[0]
    return found


def _machine_name(members: list[OriginFacts]) -> str:
    named = [origin for origin in members if origin.machine_name]
    return _newest(named).machine_name if named else members[0].machine_id


def _newest(origins: list[OriginFacts]) -> OriginFacts:
    return max(origins, key=lambda origin: (origin.last_at, origin.names))


def _jobs(members: list[OriginFacts]) -> list[PlacedJob]:
    jobs: list[PlacedJob] = []
    for origin in sorted(members, key=lambda origin: (origin.first_at, origin.names)):
        job = next((job for job in jobs if job.name == origin.job_name), None) or _holder(jobs, origin)
        if job is None:
            job = PlacedJob(origin.job_name)
            jobs.append(job)
        job.name = origin.job_name
        job.origins.append(origin)
    by_name: dict[str, PlacedJob] = {}
    for job in jobs:
        job.name = _newest(job.origins).job_name
        twin = by_name.setdefault(job.name, job)
        # Two jobs that end with one name are one: a job is its name within the server.
        if twin is not job:
            twin.origins += job.origins
    for job in by_name.values():
        with_id = [origin for origin in job.origins if origin.backup_id]
        job.backup_id = _newest(with_id).backup_id if with_id else ""
    return list(by_name.values())


def _holder(jobs: list[PlacedJob], origin: OriginFacts) -> PlacedJob | None:
    own = origin.own_backup_id
    if own is None:
        return None
    holders = [job for job in jobs if any(each.own_backup_id == own for each in job.origins)]
    return holders[-1] if holders else None
