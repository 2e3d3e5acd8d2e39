"""The page of summaries, for administrators. In: plain forms: when each summary comes and to whom, the address that links begin with; out:
the same with the next moment, a preview of the present in a frame of its own, what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.evaluate.summary_setting import LAST, MOST_DAY, MOST_RECIPIENTS, Period, SummaryError
from duplistatus.i18n.weekdays import weekdays
from duplistatus.i18n.wording import Wording
from duplistatus.web import summary_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import whole_number
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.security_headers import CONTENT_SECURITY_POLICY
from duplistatus.web.summary_desk import PREVIEW_POLICY, Listed

router = APIRouter(include_in_schema=False)

PATH = "/settings/summaries"
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_DIGITS = 3
_FRAMES = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"


@router.get(PATH)
async def show_summaries(
    request: Request,
    caller: _Admin,
    preview: Period | None = None,
    saved: Annotated[str, Query(max_length=20)] = "",
    sent: Annotated[int | None, Query(ge=0, le=10**6)] = None,
) -> Response:
    """The page; `preview` shows that summary, `saved` names what has just been saved, `sent` is how many messages were."""
    return _page(request, caller, preview=preview, saved=saved, sent=sent)


@router.get(PATH + "/{period}/preview")
async def show_preview(request: Request, period: Period, caller: _Admin) -> Response:
    """The summary of the present as a document, for the frame of the page."""
    message = await summary_desk.preview(request, period)
    headers = {"Content-Security-Policy": PREVIEW_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(summary_desk.html_alone(message), media_type="text/html; charset=utf-8", headers=headers)


@router.post(PATH + "/address")
async def change_address(request: Request, caller: _Admin) -> Response:
    """The address under which people reach this product."""
    form = await request.form()
    sent = _text(form, "url")[:1000]
    try:
        await summary_desk.change_public_url(request, caller, sent)
    except ValueError:
        problem = reader_of(request).wording.gettext("That is no address such as https://backups.example.org.")
        return _page(request, caller, status=400, problems={"url": problem}, address=sent)
    return _back(request, "saved=address#address")


@router.post(PATH + "/{period}")
async def change_summary(request: Request, period: Period, caller: _Admin) -> Response:
    """The form of one summary."""
    form = await request.form()
    try:
        await summary_desk.change_summary(request, caller, period, _fields(form, period))
    except SummaryError as error:
        problem = _problems(reader_of(request).wording).get(error.field, str(error))
        return _page(request, caller, status=400, problems={f"{period}.{error.field}": problem}, instead={period: _sent(form)})
    return _back(request, f"saved={period}#{period}")


@router.post(PATH + "/{period}/send")
async def send_summary(request: Request, period: Period, caller: _Admin) -> Response:
    """Sends one now."""
    try:
        sent = await summary_desk.send_summary(request, caller, period)
    except Refused:
        problem = reader_of(request).wording.gettext("Nobody gets it: e-mail is off, and no other channel wants this summary.")
        return _page(request, caller, status=409, problems={f"{period}.send": problem})
    return _back(request, f"saved={period}&sent={sent}#{period}")


def _page(
    request: Request,
    caller: Caller,
    *,
    status: int = 200,
    preview: Period | None = None,
    saved: str = "",
    sent: int | None = None,
    problems: Mapping[str, str] | None = None,
    instead: Mapping[Period, Mapping[str, Any]] | None = None,
    address: str | None = None,
) -> Response:
    reader = reader_of(request)
    desk = summary_desk.desk_of(request)
    answer = page(
        request,
        "summaries.html",
        caller,
        status=status,
        desk=desk,
        panels=[(each, (instead or {}).get(each.period) or _shown(each), _titles(reader.wording)[each.period]) for each in desk.summaries],
        preview=preview,
        saved=saved,
        sent=sent,
        problems=problems or {},
        address=desk.public_url if address is None else address,
        week=weekdays(reader.wording.locale),
        days=range(1, MOST_DAY + 1),
        zones=_zones(),
        most=MOST_RECIPIENTS,
    )
    if preview is not None:
        answer.headers["Content-Security-Policy"] = _FRAMES
    return answer


def _titles(wording: Wording) -> dict[Period, str]:
    return {
        Period.DAILY: wording.gettext("Daily summary"),
        Period.WEEKLY: wording.gettext("Weekly summary"),
        Period.MONTHLY: wording.gettext("Monthly summary"),
    }


def _problems(wording: Wording) -> dict[str, str]:
    """What is wrong, by the field."""
    return {
        "at": wording.gettext("The time must be from 00:00 to 23:59."),
        "zone": wording.gettext("That is no time zone such as Europe/Oslo."),
        "weekday": wording.gettext("Choose a weekday."),
        "day": wording.gettext("Choose a day of the month."),
        "recipients": wording.gettext("Each recipient must be an e-mail address; at most %(num)s of them.") % {"num": MOST_RECIPIENTS},
    }


def _shown(listed: Listed) -> dict[str, Any]:
    setting = listed.setting
    return {
        "enabled": setting.enabled,
        "at": f"{setting.at:%H:%M}",
        "zone": setting.zone,
        "weekday": setting.weekday,
        "day": setting.day,
        "recipients": "\n".join(setting.recipients),
    }


def _sent(form: FormData) -> dict[str, Any]:
    """The form as it was sent, to be corrected."""
    return {
        "enabled": "enabled" in form,
        "at": _text(form, "at")[:10],
        "zone": _text(form, "zone")[:100],
        "weekday": whole_number(_text(form, "weekday"), _DIGITS) or 0,
        "day": whole_number(_text(form, "day"), _DIGITS) or LAST,
        "recipients": _text(form, "recipients")[:10_000],
    }


def _fields(form: FormData, period: Period) -> dict[str, object]:
    """The fields of a form, as the interface for programs has them."""
    found: dict[str, object] = {
        "enabled": "enabled" in form,
        "at": _text(form, "at"),
        "zone": _text(form, "zone").strip(),
        "recipients": [_text(form, "recipients")],
    }
    if period is Period.WEEKLY:
        found["weekday"] = whole_number(_text(form, "weekday"), _DIGITS)
    if period is Period.MONTHLY:
        found["day"] = "last" if _text(form, "day") == str(LAST) else whole_number(_text(form, "day"), _DIGITS)
    return found


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _back(request: Request, query: str) -> Response:
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?{query}", status_code=303)


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))
