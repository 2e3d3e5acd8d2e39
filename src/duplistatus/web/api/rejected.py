"""`GET /api/rejected`, `/api/rejected/{id}`, `/document`: documents that were refused as no report, for administrators. In: what is kept;
out: when, from whom, why; and the document as it came."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import iso
from duplistatus.store import rejected
from duplistatus.store.rejected import RejectedRow
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered, described, failing
from duplistatus.web.context import context
from duplistatus.web.documents import document_answer
from duplistatus.web.errors import Refused

router = APIRouter(tags=["administration"])

HEAD = 4_000
"""Characters of a document that its description shows."""

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Id = Annotated[int, Path(description="Number of a refused document", ge=1, le=2**63 - 1)]
_UNKNOWN = {404: "No longer kept"}


@router.get("/api/rejected", summary="Refused documents", responses=answered("RejectedList"))
async def rejected_list(request: Request, caller: _Admin) -> Response:
    """Newest first: the newest 100, and 20 MB at most, are kept."""
    with context(request).database.read() as connection:
        rows = rejected.newest_rejected(connection)
    return json_answer(encode({"items": [_body(row) for row in rows], "next_cursor": None}))


@router.get("/api/rejected/{rejected_id}", summary="One refused document", responses=answered("RejectedDocument", failures=_UNKNOWN))
async def rejected_one(request: Request, rejected_id: _Id, caller: _Admin) -> Response:
    """With the beginning of its text."""
    row, body = await _find(request, rejected_id)
    text = body[: 4 * HEAD].decode("utf-8", "replace")[:HEAD]
    return json_answer(encode({**_body(row), "head": text}))


@router.get(
    "/api/rejected/{rejected_id}/document",
    summary="A refused document as it came",
    responses=described("The document") | failing(404, "No longer kept", "Failure"),
)
async def rejected_document(request: Request, rejected_id: _Id, caller: _Admin) -> Response:
    """Of a document larger than everything that is kept, its first megabyte."""
    row, body = await _find(request, rejected_id)
    return document_answer(body, row.content_type, f"rejected-{row.id}.txt")


async def _find(request: Request, rejected_id: int) -> tuple[RejectedRow, bytes]:
    database = context(request).database

    def read() -> tuple[RejectedRow | None, bytes | None]:
        with database.snapshot() as connection:
            return rejected.rejected_by_id(connection, rejected_id), rejected.body_of(connection, rejected_id)

    row, body = await run_in_threadpool(read)
    if row is None or body is None:
        raise Refused(404, "There is no such document, or it is no longer kept", "rejected_not_found")
    return row, body


def _body(row: RejectedRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "arrived_at": iso(row.arrived_at),
        "sender": row.sender,
        "content_type": row.content_type,
        "code": row.code,
        "reason": row.reason,
        "size": row.size,
    }
