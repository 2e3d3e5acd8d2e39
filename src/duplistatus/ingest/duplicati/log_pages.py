"""A job's log, page by page. In: the API of a server and a job's id; out: rows, newest first, until there are no more or the reader stops.
A page that is too large is asked for again in smaller pieces, and small ones grow, so that little is held at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import quote

from duplistatus.ingest.duplicati.api import MOST, Api
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import LogRow, NotTheApi, read_log_rows, read_state

_FIRST = 100
_SMALLEST = 10
"""What Duplicati gives at least, whatever is asked for."""
_LARGEST = 500
"""What it gives at most."""
_ROOM = MOST // 8
"""Bytes of a page after which the next one is not larger."""
_MOST_FOR_THE_SMALLEST = 4 * MOST
_MOST_PAGES = 2_000


async def log_pages(api: Api, job_id: str) -> AsyncGenerator[tuple[LogRow, ...]]:
    """Pages of rows, newest first. Raises Trouble, with BUSY where the job's database is in use, TOO_LARGE where not even the smallest page
    can be read. What was handed out before holds none the less."""
    size, before = _FIRST, 0
    for _ in range(_MOST_PAGES):
        page, size, read = await _page(api, job_id, size, before)
        if not before and not page:
            await _check_empty(api, job_id)
        rows = await _rows(api, job_id, page, read)
        oldest = _oldest(page)
        if rows:
            yield rows
        # Without a smaller number there is no next page: a server that does not know the cursor would give the same for ever.
        if len(page) < size or oldest is None or oldest <= 0 or (before and oldest >= before):
            return
        before = oldest
        if read < _ROOM:
            size = min(size * 2, _LARGEST)


async def _page(api: Api, job_id: str, size: int, before: int) -> tuple[list[object], int, int]:
    """The page, its size as asked for at last, and its bytes."""
    path = f"/backup/{quote(job_id, safe='')}/log"
    while True:
        cursor = {"offset": before} if before else {}
        try:
            found, read = await api.get_sized(path, most=MOST if size > _SMALLEST else _MOST_FOR_THE_SMALLEST, pagesize=size, **cursor)
        except Trouble as trouble:
            if trouble.code is not Code.TOO_LARGE or size <= _SMALLEST:
                raise
            size = max(size // 4, _SMALLEST)
        else:
            if not isinstance(found, list):
                raise Trouble(Code.BROKEN, api.place, path=path)
            return found, size, read


async def _rows(api: Api, job_id: str, page: list[object], read: int) -> tuple[LogRow, ...]:
    try:
        # Each row is a document of its own, in a text: long ones are read where nobody else waits.
        return await asyncio.to_thread(read_log_rows, page) if read > _ROOM // 4 else read_log_rows(page)
    except NotTheApi:
        raise Trouble(Code.BROKEN, api.place, path=f"/backup/{job_id}/log") from None


def _oldest(page: list[object]) -> int | None:
    numbers = [row["ID"] for row in page if isinstance(row, dict) and type(row.get("ID")) is int]
    return min(numbers, default=None)


async def _check_empty(api: Api, job_id: str) -> None:
    """Until 2.3.0.4 a log that is in use looks like an empty one."""
    try:
        state = read_state(await api.get("/serverstate"))
    except NotTheApi:
        return
    if state.active is not None and state.active[1] == job_id:
        raise Trouble(Code.BUSY, api.place, job=job_id)
