"""The log of one job: read page by page, what is new of it stored, and then the failure that left no row there. In: an open `Api`, a job,
the server it is of; out: counts, and the job here. Of rows that are known nothing but their begin is read, and rows that wait to be
stored are held without their texts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import structlog

from duplistatus.clock import SECOND, Instant
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.collected_document import CollectedDocument
from duplistatus.ingest.duplicati.log_pages import log_pages
from duplistatus.ingest.duplicati.parts import Parts
from duplistatus.ingest.duplicati.said import Said
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.fields import Section
from duplistatus.report.log_row import begin_of, failed_run, origin_of, read_log_row
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Log, Origin, Report
from duplistatus.report.server_answers import ApiJob, LogRow, NotTheApi
from duplistatus.report.server_log import FailedOperation, read_failed_operations
from duplistatus.store.arrivals import Arrival, How, packed_log
from duplistatus.store.asked_servers import names_on, ran_at
from duplistatus.store.collected import (
    Stored,
    is_lost_failure,
    job_of,
    known_rows,
    record_failure,
    record_rows,
)
from duplistatus.store.database import StoreError
from duplistatus.store.ids import JobId, ServerId

_AT_ONCE = 20
"""Rows stored in one piece of the writer's work."""
_MOST_HELD = 2_000
"""Rows held before they are stored: the oldest first, so that each only adds to what is there."""
_LOOKED_FOR = 20
_SAME_MOMENT = 5 * SECOND
_MOST_OF_SERVER_LOG = 500

_log = structlog.get_logger()

Key = tuple[str, Instant]
"""Operation and begin."""
Held = tuple[Arrival, Report]


class JobLog:
    """`found`, `known`: runs; `broken`: rows that cannot be read or stored; `job_id`: None as long as it has no run."""

    def __init__(
        self, parts: Parts, api: Api, said: Said, job: ApiJob, server_id: ServerId, document: CollectedDocument | None = None
    ) -> None:
        self._parts = parts
        self._api = api
        self._said = said
        self._job = job
        self._server_id = server_id
        self._document = document
        self._held: list[Held] = []
        self.found = self.known = self.broken = 0
        self.job_id: JobId | None = None

    async def read(self, *, thorough: bool) -> None:
        """Reads and stores. Raises Trouble; what was read until then is stored."""
        names: Origin | None = None
        try:
            async with aclosing(log_pages(self._api, self._job.id)) as pages:
                async for page in pages:
                    names = names or self._names(page)
                    if not await self._take(page, names) and not thorough:
                        break
        finally:
            await self._store()
        await self._take_failure(names or self._names(()))

    def _names(self, page: Sequence[LogRow]) -> Origin:
        """As whom the job's runs are recorded: as its runs that are known, on whichever server those are."""
        nameless = origin_of(self._job, "", "")
        with self._parts.database.read() as connection:
            self.job_id = job_of(connection, self._server_id, nameless)
            if self.job_id is None:
                begins = [at for row in page if (key := _key(row.data)) is not None and (at := key[1])]
                elsewhere = ran_at(connection, [(nameless, at) for at in begins[:_LOOKED_FOR]])
                if elsewhere:
                    # Its reports name another machine than those of the other jobs, as an option of it says.
                    self._server_id = elsewhere.most_common(1)[0][0]
                    self.job_id = job_of(connection, self._server_id, nameless)
            return origin_of(self._job, *names_on(connection, self._server_id, nameless))

    async def _take(self, page: Sequence[LogRow], names: Origin) -> bool:
        """Takes what is new of a page; whether there was anything."""
        self.broken += sum(row.broken for row in page)
        rows = [(key, row.data) for row in page if row.data is not None and (key := _key(row.data)) is not None]
        self.broken += sum(row.data is not None and _key(row.data) is None for row in page)
        if self._document is not None:
            for _, data in rows:
                self._document.add(self._job, data)
        if not rows:
            return False
        begins = [at for (_, at), _ in rows]
        with self._parts.database.read() as connection:
            known = known_rows(connection, self._server_id, names, min(begins), max(begins)).begins
        new = {key: data for key, data in rows if key not in known}
        self.known += sum(key in known and _is_run(data) for key, data in rows)
        if new:
            held, broken = await asyncio.to_thread(self._reports, list(new.values()), names)
            self._held += held
            self.broken += broken
        if len(self._held) >= _MOST_HELD:
            await self._store()
        return bool(new)

    def _reports(self, rows: Sequence[Section], names: Origin) -> tuple[list[Held], int]:
        held: list[Held] = []
        broken = 0
        for data in rows:
            try:
                report = read_log_row(data, names, self._job, self._said.identity)
            except NotAReport:
                broken += 1
            else:
                held.append(self._arrived(report, How.COLLECTED))
        return held, broken

    def _arrived(self, report: Report, how: How) -> Held:
        """How it came, with its texts packed; of these the report itself keeps what says why it ended so."""
        arrival = Arrival(self._said.at, self._api.place, "", 0, "", b"", packed_log(report), how)
        return arrival, replace(report, log=Log(warnings=report.log.warnings[:1], errors=report.log.errors[:1]))

    async def _store(self) -> None:
        held = sorted(self._held, key=lambda each: each[1].begun_at or 0)
        self._held = []
        for start in range(0, len(held), _AT_ONCE):
            await self._store_piece(held[start : start + _AT_ONCE])

    async def _store_piece(self, piece: Sequence[Held]) -> None:
        """One piece; where a row of it cannot be stored, the others are stored without it."""
        try:
            stored = await self._parts.write(lambda connection: record_rows(connection, piece, self._said.at))
        except StoreError:
            raise
        except Exception as error:
            if len(piece) > 1:
                for each in piece:
                    await self._store_piece([each])
                return
            _log.warning("row of a log not stored", server=self._api.place, job=self._job.name, reason=type(error).__name__)
            self.broken += 1
            return
        self._count(stored)

    def _count(self, stored: Stored) -> None:
        self.found += stored.found
        self.known += stored.known
        self.job_id = stored.job_id if stored.job_id is not None else self.job_id

    async def _take_failure(self, names: Origin) -> None:
        """The failure that left no row, where the job has one that nothing tells of."""
        job, state = self._job, self._said.state
        if job.failed_at is None or job.failure is None or (state is not None and state.active is not None and state.active[1] == job.id):
            return
        failed_at, failure = job.failed_at, job.failure
        with self._parts.database.read() as connection:
            if not is_lost_failure(connection, self._server_id, names, failed_at, job.finished_at):
                return
        if not await self._was_backup(failed_at):
            return
        arrival, report = self._arrived(failed_run(failed_at, failure, names, job), How.ASSUMED)
        self._count(
            await self._parts.write(lambda connection: record_failure(connection, arrival, report, job.finished_at, self._server_id))
        )

    async def _was_backup(self, failed_at: Instant) -> bool:
        """Whether it was a backup that failed: servers keep the error of any operation, and their own log says of which it is."""
        entries = [each for each in await self._failed() if each.job_id == self._job.id and abs(each.at - failed_at) <= _SAME_MOMENT]
        return not entries or any(each.is_backup for each in entries)

    async def _failed(self) -> tuple[FailedOperation, ...]:
        try:
            return read_failed_operations(await self._api.get("/logdata/log", pagesize=_MOST_OF_SERVER_LOG))
        except NotTheApi:
            return ()
        except Trouble as trouble:
            if trouble.code not in {Code.FAILED, Code.BROKEN, Code.TOO_LARGE, Code.NOT_DUPLICATI}:
                raise
            return ()


def _key(data: Section | None) -> Key | None:
    """What a row is known by; None where it does not say when it began."""
    at = begin_of(data) if data is not None else None
    return (str(data.get("MainOperation")), at) if data is not None and at is not None else None


def _is_run(data: Section) -> bool:
    return data.get("MainOperation") == "Backup" and data.get("Dryrun") is not True
