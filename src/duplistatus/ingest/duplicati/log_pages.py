"""A job's log, page by page. In: the API of a server and a job's id; out: rows, newest first, until there are no more or the reader stops.
A page that is too large is asked for again in smaller pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator

from duplistatus.ingest.duplicati.api import Api
from duplistatus.report.server_answers import LogRow


async def log_pages(api: Api, job_id: str) -> AsyncIterator[tuple[LogRow, ...]]:
    """Pages of rows, newest first. Raises Trouble, with BUSY where the job's database is in use."""
    raise NotImplementedError
    yield ()
