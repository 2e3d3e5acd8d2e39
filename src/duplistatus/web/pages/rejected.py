"""The page of rejected reports, for administrators. In: the refused documents that are kept; out: when, from where, why, the beginning
of each, and what to do about it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.store import rejected
from duplistatus.store.database import Database
from duplistatus.store.rejected import RejectedRow
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import known_answer, page, page_tag

router = APIRouter()

_HEAD = 4_000
"""Characters of a document that the page shows."""


@router.get("/rejected", include_in_schema=False)
async def show_rejected(
    request: Request,
    caller: Annotated[Caller, guarded(Access.ADMIN)],
    show: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """The list; with `show` the beginning of that document."""
    tag = page_tag(request, caller, "rejected", show)
    if (known := known_answer(request, tag)) is not None:
        return known
    database = context(request).database
    with database.read() as connection:
        rows = rejected.newest_rejected(connection)
    shown = next((row for row in rows if row.id == show), None)
    if show is not None and shown is None:
        raise Refused(404, "This document is no longer kept", "not_found")
    head = await run_in_threadpool(_head, database, shown) if shown else None
    return page(request, "rejected.html", caller, tag=tag, rows=rows, shown=shown, head=head)


def _head(database: Database, row: RejectedRow) -> str:
    """The beginning as text, with a visible sign for what is no text. A kept body can be 20 MB, hence the thread."""
    with database.read() as connection:
        body = rejected.body_of(connection, row.id) or b""
    text = body[: 4 * _HEAD].decode("utf-8", "replace")[:_HEAD]
    return "".join(character if character.isprintable() or character in "\r\n\t" else "\N{REPLACEMENT CHARACTER}" for character in text)
