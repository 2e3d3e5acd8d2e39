"""The jobs of a server as its API lists them. In: a connection, a server and its list; out: the rows that tell which job of the API is
which job here, so that it can be started, and shown while it runs. A job without any run has a row, and no job here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.link_tables import api_job
from duplistatus.store.statement import Statement

_OF = api_job.c.server_id == bindparam("of")
_THIS = (_OF, api_job.c.api_id == bindparam("api"))
_ALL = Statement(select(api_job.c.api_id, api_job.c.name, api_job.c.job_id).where(_OF).order_by(api_job.c.api_id))
_OF_JOB = Statement(
    select(api_job.c.server_id, api_job.c.api_id, api_job.c.name, api_job.c.job_id)
    .where(api_job.c.job_id == bindparam("job"))
    .order_by(api_job.c.server_id, api_job.c.api_id)
)
_ADD = Statement(
    insert(api_job).values(server_id=bindparam("of"), api_id=bindparam("api"), name=bindparam("name_"), job_id=bindparam("job"))
)
_CHANGE = Statement(update(api_job).where(*_THIS).values(name=bindparam("name_"), job_id=bindparam("job")))
_DROP = Statement(delete(api_job).where(*_THIS))


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A job of a server's API."""

    server_id: ServerId
    api_id: str
    name: str
    job_id: JobId | None


def listed_jobs(connection: Connection, server_id: ServerId) -> list[ListedJob]:
    """Those of a server."""
    return [ListedJob(server_id, *row) for row in connection.rows(_ALL, {"of": server_id})]


def listed_as(connection: Connection, job_id: JobId) -> list[ListedJob]:
    """As what a job here is known to the API of its server; more than one where several servers list it."""
    return [ListedJob(*row) for row in connection.rows(_OF_JOB, {"job": job_id})]


def list_jobs(connection: Connection, server_id: ServerId, jobs: Mapping[str, tuple[str, JobId | None]]) -> None:
    """Takes over the list: by id in the API, the name and the job here. Jobs that it no longer holds can no longer be started; their
    history stays."""
    before = {each.api_id: (each.name, each.job_id) for each in listed_jobs(connection, server_id)}
    for api_id in before.keys() - jobs.keys():
        connection.run(_DROP, {"of": server_id, "api": api_id})
    for api_id, (name, job_id) in jobs.items():
        if before.get(api_id) != (name, job_id):
            values = {"of": server_id, "api": api_id, "name_": name, "job": job_id}
            connection.run(_CHANGE if api_id in before else _ADD, values)
