"""One server collected: what its own API tells of its runs, failures, schedules and zone. In: an open `Api`, and which server it is where
that is known; out: the server, with what of its jobs' logs is new here stored as reports are, known runs skipped, and its schedules taken
over. What goes wrong with one job or row never stops the others; what is stored is stored in small pieces, so that reports that are sent
meanwhile do not wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.collected_document import CollectedDocument
from duplistatus.ingest.duplicati.job_log import JobLog
from duplistatus.ingest.duplicati.parts import Parts
from duplistatus.ingest.duplicati.recognising import recognise
from duplistatus.ingest.duplicati.said import Said, ask
from duplistatus.ingest.duplicati.schedules import keep_schedules
from duplistatus.ingest.duplicati.trouble import LATER, Code, Trouble
from duplistatus.report.server_answers import ServerIdentity
from duplistatus.store.asked_servers import Asked, asked_server, keep_identity
from duplistatus.store.ids import JobId, ServerId

__all__ = ["Collected", "Parts", "Progress", "Wanted", "collect"]

_OF_THE_JOB = frozenset({Code.BUSY, Code.BROKEN, Code.TOO_LARGE, Code.FAILED, Code.SLOW, Code.CUT})
"""What can be wrong with one job's log alone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`schedules_only`: no runs; `keeps_document`: what was read is handed out too; `thorough`: logs are read to their end, not only until
    a page holds nothing new."""

    schedules_only: bool = False
    keeps_document: bool = False
    thorough: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. `step`: connect, jobs, log, store; the counts are those of `Collected` so far."""

    step: str
    jobs_done: int = 0
    jobs_total: int = 0
    found: int = 0
    known: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of it. `found`: runs that were stored, or with schedules alone the schedules that were taken over; `known`: runs that were
    known; `errors`: jobs that could not be read, and rows; `troubles`: by the names of jobs, those that are tried later (BUSY) included,
    which are no errors. `document`: JSON, where it was wanted."""

    server_id: ServerId
    server_key: str
    name: str
    alias: str
    is_new: bool
    found: int
    known: int
    errors: int
    troubles: tuple[tuple[str, Trouble], ...]
    document: bytes | None
    identity: ServerIdentity

    @property
    def later(self) -> tuple[str, ...]:
        """Names of jobs whose logs were in use."""
        return tuple(name for name, trouble in self.troubles if trouble.code is Code.BUSY)


Tell = Callable[[Progress], None]


async def collect(
    parts: Parts,
    api: Api,
    server_id: ServerId | None,
    wanted: Wanted,
    tell: Tell,
    chosen: ServerId | Literal["new"] | None = None,
) -> Collected:
    """Collects the server that answers. `server_id`: the one that is meant; None finds out which it is. `chosen`: which one it is, as
    somebody said. Raises Trouble, with OTHER_SERVER or WHICH before anything is stored; StoreError."""
    tell(Progress("connect"))
    said = await ask(api)
    tell(Progress("jobs", jobs_total=len(said.jobs)))
    server, is_new = await recognise(parts, api, said, server_id, chosen)
    await parts.write(lambda connection: keep_identity(connection, server.server_id, said.identity, said.at))
    work = _Work(parts, api, said, wanted, tell, server)
    if not wanted.schedules_only:
        await work.read_logs()
    return await work.finish(is_new)


class _Work:
    """The jobs of a server, one after the other."""

    def __init__(self, parts: Parts, api: Api, said: Said, wanted: Wanted, tell: Tell, server: Asked) -> None:
        self._parts = parts
        self._api = api
        self._said = said
        self._wanted = wanted
        self._tell = tell
        self._server = server
        self._document = CollectedDocument(said) if wanted.keeps_document else None
        self._jobs: dict[str, JobId | None] = {}
        self._troubles: list[tuple[str, Trouble]] = []
        self._found = self._known = self._errors = 0

    async def read_logs(self) -> None:
        """Every job's log. Raises Trouble where the server itself can no longer be asked."""
        silent = 0
        for number, job in enumerate(self._said.jobs):
            self._progress("log", number)
            log = JobLog(self._parts, self._api, self._said, job, self._server.server_id, self._document)
            try:
                await log.read(thorough=self._wanted.thorough)
            except Trouble as trouble:
                # One log can be too long for its server; the second in a row is no matter of logs.
                silent = silent + 1 if trouble.code in LATER - {Code.BUSY} else 0
                if trouble.code not in _OF_THE_JOB or silent > 1:
                    raise
                self._troubles.append((job.name, trouble))
                self._errors += trouble.code is not Code.BUSY
            else:
                silent = 0
            finally:
                self._found += log.found
                self._known += log.known
                self._errors += log.broken
                self._jobs[job.id] = log.job_id
            if log.broken:
                self._troubles.append((job.name, Trouble(Code.BROKEN, self._api.place, path=f"/backup/{job.id}/log")))

    async def finish(self, is_new: bool) -> Collected:
        """Takes over the schedules."""
        self._progress("store", len(self._said.jobs) if not self._wanted.schedules_only else 0)
        server = self._renewed()
        taken = await keep_schedules(self._parts, self._said, server.server_id, self._jobs)
        server = self._renewed()
        return Collected(
            server_id=server.server_id,
            server_key=server.key,
            name=server.name,
            alias=server.alias,
            is_new=is_new,
            found=taken if self._wanted.schedules_only else self._found,
            known=self._known,
            errors=self._errors,
            troubles=tuple(self._troubles),
            document=self._document.as_bytes() if self._document is not None else None,
            identity=self._said.identity,
        )

    def _renewed(self) -> Asked:
        """The server after its runs were stored, by which it may have been recognised as another one."""
        with self._parts.database.read() as connection:
            return asked_server(connection, self._server.server_id) or self._server

    def _progress(self, step: str, done: int) -> None:
        self._tell(Progress(step, done, len(self._said.jobs), self._found, self._known, self._errors))
