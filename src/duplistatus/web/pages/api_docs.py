"""`/api/docs`: the interface for programs as a page. In: the OpenAPI document; out: its operations with parameters and answers; what
reads can be tried from the page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.openapi import document_of
from duplistatus.web.api_reference import groups_of, shapes_of
from duplistatus.web.pages.rendering import known_answer, page, page_tag

router = APIRouter()


@router.get("/api/docs", include_in_schema=False)
async def show_api_docs(request: Request, caller: Annotated[Caller, guarded(Access.READ)]) -> Response:
    """Every operation that the caller's programs could call."""
    tag = page_tag(request, caller, "api-docs")
    if (known := known_answer(request, tag)) is not None:
        return known
    document = await run_in_threadpool(document_of, request.app)
    return page(request, "api_docs.html", caller, tag=tag, groups=groups_of(document), shapes=shapes_of(document))
