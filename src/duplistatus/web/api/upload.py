"""`POST /api/upload`: the door of Duplicati servers. In: a report in any form that Duplicati has sent; out: 200 after the commit, 400 with
the reason, 409 for a run already stored, 413, 429 and 503 with `Retry-After`. Never a redirect: Duplicati would follow it and take
the report for delivered."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.ingest.upload import Answer, Delivery, take
from duplistatus.store.database import StoreError
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.measures import measures
from duplistatus.web.throttle import UploadThrottle

router = APIRouter()


@router.post("/api/upload", summary="Takes a report that a Duplicati server sends", tags=["reports"])
async def upload(request: Request, caller: Annotated[Caller, guarded(Access.UPLOAD)]) -> Response:
    """Body: Duplicati's JSON document, the same or its plain text in a form's `message`, or a live-status document; gzip is fine."""
    count = measures(request).upload
    try:
        answer = await _take(request, caller)
    except Refused as refused:
        count(refused.code)
        raise
    except StoreError:
        count("unavailable")
        raise
    count(answer.word)
    return _response(answer)


async def _take(request: Request, caller: Caller) -> Answer:
    """Raises Refused for a request that is too much: too often, too large."""
    parts = context(request)
    throttle: UploadThrottle = request.app.state.upload_throttle
    if (wait := throttle.report(caller.address)) is not None:
        raise _too_many(wait)
    limit = parts.settings.upload_max_bytes
    body = await _body(request, limit)
    headers = request.headers
    delivery = Delivery(body, headers.get("content-type"), headers.get("content-encoding"), caller.address)
    answer = await take(delivery, parts.writer, parts.clock, limit, lambda: throttle.refused(caller.address))
    if answer.wait is not None:
        raise _too_many(answer.wait)
    return answer


def _response(answer: Answer) -> Response:
    return Response(orjson.dumps(answer.body), answer.status, media_type="application/json")


def _too_many(wait: int) -> Refused:
    return Refused(429, "Too many reports from this address; try again later", "too_many_reports", headers={"Retry-After": str(wait)})


async def _body(request: Request, limit: int) -> bytes:
    """The body, read no further than the limit. Raises Refused 413."""
    too_large = Refused(413, f"The report is larger than the limit of {limit} bytes", "too_large", headers={"Connection": "close"})
    try:
        announced = int(request.headers.get("content-length", "0"))
    except ValueError:
        raise Refused(400, "Content-Length is not a number", "bad_request") from None
    if announced > limit:
        raise too_large
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise too_large
        pieces.append(piece)
    return b"".join(pieces)
