"""The page of maintenance windows, and of whatever else holds messages back now. In: the address, or a plain form; out: the windows with
what they do now, a form for one of them, the snoozes and acknowledgements with a button to end each. Administrators change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.clock import HOUR, Instant
from duplistatus.evaluate.maintenance import Once, is_active, next_change
from duplistatus.i18n.weekdays import weekdays
from duplistatus.i18n.wording import Wording
from duplistatus.store import fleet, snoozes, tags, windows
from duplistatus.store.windows import WindowRow
from duplistatus.web import silence_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import Reader, page, reader_of
from duplistatus.web.pages.silence_words import local_text, read_local, trouble_words, when_words
from duplistatus.web.window_words import words_of

_LENGTH_DIGITS = 5
router = APIRouter(include_in_schema=False)

PATH = "/settings/maintenance"
_Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WindowLine:
    """A window in words. `state`: `open`, `ahead`, `over` or `off`; `change`: when it opens or closes next."""

    row: WindowRow
    state: str
    when: str
    change: Instant | None


@router.get(PATH)
async def show_maintenance(
    request: Request,
    caller: Annotated[Caller, guarded(Access.READ)],
    edit: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """The list; with `edit` the form is that of the window."""
    reader = reader_of(request)
    fields = _new(reader)
    if edit is not None:
        with context(request).database.read() as connection:
            row = windows.window_by_id(connection, edit)
        if row is None:
            raise Refused(404, "There is no such maintenance window", "not_found")
        fields = _fields_of(reader, row)
    return _page(request, caller, fields)


@router.post(PATH)
async def change_by_form(request: Request, caller: Annotated[Caller, guarded(Access.ADMIN)]) -> Response:
    """`do`: save, enable, disable, remove, wake or withdraw; `id`: of what."""
    form = await request.form()
    chosen = whole_number(str(form.get("id", "")), ID_DIGITS)
    reader = reader_of(request)
    try:
        await _do(request, caller, str(form.get("do", "save")), chosen, form)
    except (ValueError, Refused) as error:
        problem = error.error if isinstance(error, Refused) else str(error)
        fields = _sent(form) if form.get("do", "save") == "save" else _new(reader)
        return _page(request, caller, fields, problem, error.status if isinstance(error, Refused) else 400)
    return RedirectResponse(context(request).settings.root_path + PATH, status_code=303)


async def _do(request: Request, caller: Caller, what: str, chosen: int | None, form: FormData) -> None:
    if what == "save":
        wording = reader_of(request).wording
        _complain(wording, form)
        await silence_desk.save_window(request, caller, _words(wording, form), chosen)
        return
    if chosen is None:
        raise ValueError("id is missing")
    match what:
        case "enable" | "disable":
            await silence_desk.save_window(request, caller, {"enabled": what == "enable"}, chosen)
        case "remove":
            await silence_desk.remove_window(request, caller, chosen)
        case "wake":
            await silence_desk.wake(request, caller, chosen)
        case "withdraw":
            await silence_desk.withdraw(request, caller, chosen)
        case _:
            raise ValueError("nothing is known by that name")


# --- the form ----------------------------------------------------------------------------------------------------------------------


def _complain(wording: Wording, form: FormData) -> None:
    """What people forget, in their language; the rest is refused as the interface for programs refuses it."""
    if not str(form.get("name", "")).strip():
        raise ValueError(wording.gettext("A window needs a name."))
    if form.get("kind") == "again":
        if not form.getlist("days"):
            raise ValueError(wording.gettext("Choose at least one weekday."))
        return
    starts_at, ends_at = str(form.get("starts_at", "")), str(form.get("ends_at", ""))
    if not starts_at or not ends_at:
        raise ValueError(wording.gettext("A window needs a start and an end."))
    if ends_at <= starts_at:
        raise ValueError(wording.gettext("The window must end after its start."))


def _words(wording: Wording, form: FormData) -> dict[str, object]:
    """The form in the words of the interface for programs."""
    scope, _, of = str(form.get("of", "all")).partition(":")
    words: dict[str, object] = {
        "name": str(form.get("name", "")),
        "comment": str(form.get("comment", "")),
        "enabled": "enabled" in form,
        "scope": scope,
        "server_id": of if scope == "server" else None,
        "tag": of if scope == "tag" else None,
        "recurring": form.get("kind") == "again",
    }
    if form.get("kind") != "again":
        return words | {name: read_local(wording, str(form.get(name, ""))) for name in ("starts_at", "ends_at")}
    return words | {
        "days": sorted(_days(form)),
        "start_time": str(form.get("start_time", ""))[:5],
        "length_minutes": 60 * _number(form.get("hours")) + _number(form.get("minutes")),
        "zone": str(form.get("zone", "")),
        "first_date": str(form.get("first_date", "")) or None,
        "last_date": str(form.get("last_date", "")) or None,
    }


def _days(form: FormData) -> set[int]:
    return {day.number for day in weekdays("en_GB") if str(day.number) in form.getlist("days")}


def _number(value: object) -> int:
    return whole_number(str(value or "").strip(), _LENGTH_DIGITS) or 0


def _new(reader: Reader) -> _Fields:
    """The form of a window that is not there yet."""
    start = Instant(reader.now - reader.now % HOUR + HOUR)
    return {
        "id": None,
        "name": "",
        "of": "all",
        "kind": "once",
        "starts_at": local_text(reader.wording, start),
        "ends_at": local_text(reader.wording, Instant(start + 2 * HOUR)),
        "days": set(range(7)),
        "start_time": "22:00",
        "hours": 8,
        "minutes": 0,
        "zone": reader.wording.zone.key,
        "first_date": "",
        "last_date": "",
        "comment": "",
        "enabled": True,
    }


def _fields_of(reader: Reader, row: WindowRow) -> _Fields:
    plan, window = row.plan, row.plan.window
    target = {"server": f"server:{row.server_key}", "tag": f"tag:{row.tag}"}.get(plan.scope, "all")
    fields = _new(reader) | {"id": row.id, "name": plan.name, "of": target, "comment": plan.comment, "enabled": plan.enabled}
    if isinstance(window, Once):
        moments = {"starts_at": local_text(reader.wording, window.starts_at), "ends_at": local_text(reader.wording, window.ends_at)}
        return fields | moments
    words = {name: value or "" for name, value in words_of(row).items() if name in {"start_time", "zone", "first_date", "last_date"}}
    hours, minutes = divmod(window.length, 60)
    return fields | words | {"kind": "again", "days": set(window.days), "hours": hours, "minutes": minutes}


def _sent(form: FormData) -> _Fields:
    """The form as it was sent, to be corrected."""
    fields: _Fields = {name: str(form.get(name, "")) for name in ("name", "of", "kind", "starts_at", "ends_at", "start_time", "comment")}
    fields |= {name: str(form.get(name, "")) for name in ("hours", "minutes", "zone", "first_date", "last_date")}
    return fields | {"id": form.get("id") or None, "days": _days(form), "enabled": "enabled" in form}


# --- the page ----------------------------------------------------------------------------------------------------------------------


def _page(request: Request, caller: Caller, fields: Mapping[str, Any], problem: str = "", status: int = 200) -> Response:
    reader = reader_of(request)
    with context(request).database.snapshot() as connection:
        values: dict[str, Any] = {
            "lines": [_line(reader, row) for row in windows.windows(connection)],
            "snoozes": snoozes.running_snoozes(connection, reader.now),
            "acknowledgements": [(row, trouble_words(reader.wording, row.trouble)) for row in snoozes.acknowledgements(connection)],
            "servers": sorted(fleet.servers(connection), key=lambda each: each.label.casefold()),
            "tags": tags.tags(connection),
        }
    return page(
        request,
        "maintenance.html",
        caller,
        status=status,
        fields=fields,
        problem=problem,
        colors={each.name: each.color for each in values["tags"]},
        week=weekdays(reader.wording.locale),
        zones=_zones() if caller.is_admin else (),
        **values,
    )


def _line(reader: Reader, row: WindowRow) -> WindowLine:
    plan, now = row.plan, reader.now
    change = next_change(plan.window, now) if plan.enabled else None
    if not plan.enabled:
        state = "off"
    elif is_active(plan.window, now):
        state = "open"
    else:
        state = "ahead" if change is not None else "over"
    return WindowLine(row, state, when_words(reader.wording, plan.window, now), change)


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))
