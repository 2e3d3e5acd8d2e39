"""What a server's API lists beside what is known here. In: a connection, a server and its jobs here; out: the jobs of its list that never
ran as far as is known, and the jobs here that its list does not name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from duplistatus.evaluate.identity import is_own_id
from duplistatus.store.database import Connection
from duplistatus.store.fleet import JobRow
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.link_tables import server_link
from duplistatus.store.live_jobs import api_names
from duplistatus.store.statement import Statement
from duplistatus.store.tables import server

# A list that is not asked for any more tells of a past that may be long gone.
_COLLECTED = Statement(
    select(server_link.c.collected_at)
    .join(server, server.c.id == server_link.c.server_id)
    .where(server_link.c.server_id == bindparam("of"), server.c.url != "")
)


@dataclass(frozen=True, slots=True)
class Listing:
    """`never_ran`: names of jobs that the server lists and of which no run is known, in their order; `unlisted`: jobs here that it did
    not list when it was asked last."""

    never_ran: tuple[str, ...] = ()
    unlisted: frozenset[JobId] = frozenset()


UNKNOWN = Listing()
"""Of a server that is not asked, or was not asked yet."""


def listing(connection: Connection, server_id: ServerId, jobs: Iterable[JobRow]) -> Listing:
    """The server's list beside `jobs`, which are its jobs here. Those of the command line are in no list."""
    row = connection.row(_COLLECTED, {"of": server_id})
    if row is None:
        return UNKNOWN
    listed = api_names(connection, server_id).values()
    if not listed and row[0] is None:
        return UNKNOWN
    never_ran = sorted((each.name for each in listed if each.job_id is None), key=lambda name: (name.casefold(), name))
    expected = {each.id for each in jobs if _is_expected(each)}
    return Listing(tuple(never_ran), frozenset(expected - {each.job_id for each in listed}))


def is_listed(connection: Connection, job: JobRow) -> bool | None:
    """Whether the server's API named the job when it was asked last; None where nobody asked, and for a job of the command line."""
    found = listing(connection, job.server_id, (job,)) if _is_expected(job) else UNKNOWN
    return None if found is UNKNOWN else job.id not in found.unlisted


def _is_expected(job: JobRow) -> bool:
    return not job.backup_id or is_own_id(job.backup_id)
