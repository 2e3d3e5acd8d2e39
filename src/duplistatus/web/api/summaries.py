"""`/api/summaries`: daily, weekly and monthly summaries, for administrators. In: when each comes, and to whom; out: the same, with the next
moment; a preview of the present; an extra one sent. With it `/api/public-url`, the address that links in messages begin with."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from duplistatus.clock import iso
from duplistatus.evaluate.summary_setting import Period, SummaryError, fields_of
from duplistatus.web import summary_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered, described
from duplistatus.web.body import json_object, text
from duplistatus.web.errors import Refused
from duplistatus.web.summary_desk import PREVIEW_POLICY, Desk, Listed

router = APIRouter(tags=["messages"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Period = Annotated[Period, Path(description="`daily`, `weekly` or `monthly`")]
_BAD = {400: "Something of it makes no sense; nothing was stored"}


@router.get("/api/summaries", summary="Summaries as they are set", responses=answered("SummaryPlans"))
async def summary_plans(request: Request, caller: _Admin) -> Response:
    """Daily, weekly, monthly."""
    items = [_body(each) for each in summary_desk.desk_of(request).summaries]
    return json_answer(encode({"items": items, "next_cursor": None}))


@router.get("/api/summaries/{period}", summary="A summary as it is set", responses=answered("SummaryPlan"))
async def summary_plan(request: Request, period: _Period, caller: _Admin) -> Response:
    """When it comes, and to whom."""
    return json_answer(encode(_body(summary_desk.desk_of(request).of(period))))


@router.patch("/api/summaries/{period}", summary="Sets a summary", responses=answered("SummaryPlan", failures=_BAD))
async def change_summary(request: Request, period: _Period, caller: _Admin) -> Response:
    """Body: any of `{"enabled", "at", "zone", "weekday", "day", "recipients"}`; what is not named stays. It comes at the next moment that
    lies ahead."""
    body = await json_object(request)
    try:
        await summary_desk.change_summary(request, caller, period, body)
    except SummaryError as error:
        raise Refused(400, str(error), "bad_summary", more={"details": {"field": error.field}}) from error
    return json_answer(encode(_body(summary_desk.desk_of(request).of(period))))


@router.get("/api/summaries/{period}/preview", summary="A summary of the present", responses=described("HTML, or plain text"))
async def summary_preview(
    request: Request,
    period: _Period,
    caller: _Admin,
    form: Annotated[
        Literal["html", "text"], Query(alias="format", description="`html`, the mail with its pictures inside, or `text`")
    ] = "html",
) -> Response:
    """As it would be sent now; nothing is."""
    message = await summary_desk.preview(request, period)
    if form == "text":
        return PlainTextResponse(f"{message.title}\n\n{message.text}\n")
    headers = {"Content-Security-Policy": PREVIEW_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(summary_desk.html_alone(message), media_type="text/html; charset=utf-8", headers=headers)


@router.post(
    "/api/summaries/{period}/send",
    summary="Sends a summary now",
    responses=answered("SummarySent", failures={409: "Nobody gets it: e-mail is off, and no other channel wants it"}),
)
async def send_summary(request: Request, period: _Period, caller: _Admin) -> Response:
    """An extra one, beside those by time; also where it is off."""
    return json_answer(encode({"messages": await summary_desk.send_summary(request, caller, period)}))


@router.get("/api/public-url", summary="The address of this product in messages", responses=answered("PublicAddress"))
async def show_public_url(request: Request, caller: _Admin) -> Response:
    """Empty where nobody said it: then messages have no links."""
    return json_answer(encode(_address(summary_desk.desk_of(request))))


@router.put(
    "/api/public-url",
    summary="Sets the address of this product in messages",
    responses=answered("PublicAddress", failures={**_BAD, 409: "The environment sets it"}),
)
async def change_public_url(request: Request, caller: _Admin) -> Response:
    """Body: `{"url"}`: such as `https://backups.example.org`, or empty."""
    body = await json_object(request)
    found = text(body, "url")
    if found is None:
        raise Refused(400, "url must be text", "bad_request")
    try:
        await summary_desk.change_public_url(request, caller, found)
    except ValueError as error:
        raise Refused(400, str(error), "bad_url") from error
    return json_answer(encode(_address(summary_desk.desk_of(request))))


def _body(listed: Listed) -> dict[str, Any]:
    next_at = iso(listed.next_at) if listed.next_at is not None else None
    return {"period": listed.period.value, **fields_of(listed.setting), "next_at": next_at, "places": listed.places}


def _address(desk: Desk) -> dict[str, Any]:
    return {"url": desk.public_url, "source": "environment" if desk.is_fixed else "setting"}
