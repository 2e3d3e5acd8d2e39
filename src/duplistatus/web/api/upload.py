"""`POST /api/upload`: the door of Duplicati servers. In: a report in any form that Duplicati has sent; out: 200 after the commit, 400 with
the reason, 409 for a run already stored, 413, 429 and 503 with `Retry-After`. Never a redirect: Duplicati would follow it and take
the report for delivered."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import structlog
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from duplistatus.ingest.upload import Answer, Delivery, take
from duplistatus.store.database import StoreError
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.answered import answered, taking
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.measures import measures
from duplistatus.web.throttle import UploadThrottle

router = APIRouter()

_PATIENCE = 120
"""Seconds that a body may take to arrive; Duplicati itself gives up after 100."""
_READ_PAST = 256 * 1024 * 1024
"""Bytes above the limit that are read and thrown away: a sender that is still sending would never see why it is refused."""
_log = structlog.get_logger()
_FAILURES = {
    400: "This is no report; it is kept for administrators to look at",
    408: "The body did not arrive in time",
    409: "This run is stored already",
    413: "The body is too large",
    429: "Too many reports from this address",
    503: "It cannot be stored now; try again later",
}
_TAKES = taking("Report")
_TAKES["requestBody"]["content"] |= {
    "application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"message": {"type": "string"}}}},
    "text/plain": {"schema": {"type": "string"}},
}


# Without a route of its own the second spelling would be no report at all.
@router.post("/api/upload/", include_in_schema=False)
@router.post(
    "/api/upload",
    summary="Takes a report that a Duplicati server sends",
    tags=["reports"],
    responses=answered("Accepted", failures=_FAILURES),
    openapi_extra=_TAKES,
)
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
    """Raises Refused for a request that is too much: too often, too large, too slow."""
    parts = context(request)
    throttle: UploadThrottle = request.app.state.upload_throttle
    if (wait := throttle.report(caller.counted_as)) is not None:
        raise _too_many(wait)
    limit = parts.settings.upload_max_bytes
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _body(request, limit)
    except (Refused, TimeoutError) as error:
        refused = error if isinstance(error, Refused) else _too_slow()
        _log.warning("report refused", sender=caller.address, code=refused.code, reason=refused.error)
        raise refused if (wait := throttle.refused(caller.counted_as)) is None else _too_many(wait) from None
    headers = request.headers
    delivery = Delivery(body, headers.get("content-type"), headers.get("content-encoding"), caller.address)
    answer = await take(delivery, parts.writer, parts.clock, limit, lambda: throttle.refused(caller.counted_as))
    if answer.wait is not None:
        raise _too_many(answer.wait)
    return answer


def _response(answer: Answer) -> Response:
    return Response(orjson.dumps(answer.body), answer.status, media_type="application/json")


def _too_many(wait: int) -> Refused:
    return Refused(429, "Too many reports from this address; try again later", "too_many_reports", headers={"Retry-After": str(wait)})


def _too_slow() -> Refused:
    return Refused(408, f"The report did not arrive within {_PATIENCE} seconds", "too_slow", headers={"Connection": "close"})


def _too_large(limit: int, *, close: bool = False) -> Refused:
    sentence = f"The report is larger than the limit of {limit} bytes"
    return Refused(413, sentence, "too_large", headers={"Connection": "close"} if close else None)


async def _body(request: Request, limit: int) -> bytes:
    """The body. Raises Refused when it is larger than the limit or breaks off; what is too large is still read for a while, so that the
    sender comes to hear of it."""
    announced = request.headers.get("content-length", "0")
    if not (announced.isascii() and announced.isdigit()):
        raise Refused(400, "Content-Length is not a number", "bad_request")
    if int(announced) > limit and (int(announced) > _READ_PAST or "expect" in request.headers):
        raise _too_large(limit, close=True)
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > limit + _READ_PAST:
                raise _too_large(limit, close=True)
            if size <= limit:
                pieces.append(piece)
            else:
                pieces.clear()
    except ClientDisconnect:
        raise Refused(400, "The request broke off", "broken_off") from None
    if size > limit:
        raise _too_large(limit)
    return b"".join(pieces)
