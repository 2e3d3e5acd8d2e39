"""The page of API keys, for administrators. In: the address, or a plain form; out: the keys with their state and use, forms to make and
change them, and a key that was just made, once, with what to enter where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.clock import Instant, instant, iso, moment
from duplistatus.i18n.wording import Wording
from duplistatus.security.api_key import State, state_of
from duplistatus.store.api_keys import ApiKey, Scope
from duplistatus.web import key_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.key_desk import NewKey
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.reached_at import reached_at, upload_address

router = APIRouter(include_in_schema=False)

PATH = "/settings/keys"
_Admin = Annotated[Caller, guarded(Access.ADMIN)]


@dataclass(frozen=True, slots=True)
class Line:
    """A key in words."""

    key: ApiKey
    state: tuple[str, str]
    scopes: str


@dataclass(frozen=True, slots=True)
class Fields:
    """What the form shows. `until`: the last day on which the key opens anything, as browsers write days."""

    name: str = ""
    scopes: frozenset[str] = frozenset({Scope.UPLOAD.value})
    until: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A new key with what to enter where."""

    new: NewKey
    base: str
    upload: str

    def opens(self, scope: str) -> bool:
        return self.new.key.opens(Scope(scope))


@router.get(PATH)
async def show_keys(
    request: Request, caller: _Admin, edit: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None, did: Annotated[str, Query()] = ""
) -> Response:
    """The list; with `edit` the form of that key. `did` says what was done."""
    return await _page(request, caller, edit, did=did)


@router.post(PATH)
async def change_by_form(request: Request, caller: _Admin) -> Response:
    """`do`: save, disable, enable or delete; `id`: which key, none for a new one."""
    form = await request.form()
    chosen = whole_number(str(form.get("id", "")), ID_DIGITS)
    try:
        new = await _do(request, caller, form, chosen)
    except (ValueError, Refused) as error:
        problem = error.error if isinstance(error, Refused) else str(error)
        status = error.status if isinstance(error, Refused) else 400
        is_gone = isinstance(error, Refused) and error.code == "key_not_found"
        sent = Fields(str(form.get("name", "")), frozenset(map(str, form.getlist("scopes"))), str(form.get("until", "")))
        return await _page(request, caller, None if is_gone else chosen, problem=problem, status=status, sent=sent)
    if new is not None:
        base = reached_at(request)
        return await _page(request, caller, None, new=Told(new, base, upload_address(base, new.text)))
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?did={form.get('do', 'save')}", status_code=303)


async def _do(request: Request, caller: Caller, form: FormData, chosen: int | None) -> NewKey | None:
    """The new key, where one was made."""
    what = str(form.get("do", "save"))
    if what == "save":
        wording = reader_of(request).wording
        words: dict[str, object] = {"name": str(form.get("name", "")), "scopes": [str(each) for each in form.getlist("scopes")]}
        before = (await key_desk.key_now(request, chosen)).expires_at if chosen is not None else None
        words["expires_at"] = _expiry(wording, str(form.get("until", "")), before)
        if not words["scopes"]:
            raise ValueError(wording.gettext("Choose what the key opens."))
        if chosen is None:
            return await key_desk.add(request, caller, words)
        await key_desk.change(request, caller, chosen, words)
    elif chosen is None:
        raise ValueError("a key must be named by its number")
    elif what in {"disable", "enable"}:
        await key_desk.change(request, caller, chosen, {"disabled": what == "disable"})
    elif what == "delete":
        await key_desk.remove(request, caller, chosen)
    else:
        raise ValueError("nothing is known by that name")
    return None


def _expiry(wording: Wording, until: str, before: Instant | None) -> str | None:
    """The end of that day where the reader is; what was chosen in another zone stays as it is while its day does."""
    if not until:
        return None
    if before is not None and until == _last_day(wording, before):
        return iso(before)
    try:
        day = date.fromisoformat(until) + timedelta(days=1)
        return iso(instant(datetime.combine(day, time(), wording.zone)))
    except (ValueError, OverflowError):
        raise ValueError(wording.gettext("The day of expiry is none.")) from None


def _last_day(wording: Wording, expires_at: Instant) -> str:
    return moment(Instant(expires_at - 1)).astimezone(wording.zone).date().isoformat()


async def _page(
    request: Request,
    caller: Caller,
    edit: int | None,
    *,
    problem: str = "",
    status: int = 200,
    sent: Fields | None = None,
    did: str = "",
    new: Told | None = None,
) -> Response:
    wording = reader_of(request).wording
    now = context(request).clock.now()
    rows = await key_desk.keys_now(request)
    chosen = next((row for row in rows if row.id == edit), None)
    if edit is not None and chosen is None:
        raise Refused(404, "There is no such API key", "key_not_found")
    names = scope_names(wording)
    lines = [
        Line(row, state_words(wording, state_of(row, now)), ", ".join(names[scope] for scope in Scope if scope in row.scopes))
        for row in rows
    ]
    fields = sent or (_fields(wording, chosen) if chosen else Fields())
    done = {
        "save": wording.gettext("The key is saved."),
        "disable": wording.gettext("The key is disabled: it opens nothing until it is enabled again."),
        "enable": wording.gettext("The key is enabled."),
        "delete": wording.gettext("The key is deleted."),
    }
    return page(
        request,
        "keys.html",
        caller,
        status=status,
        problem=problem,
        told=done.get(did, ""),
        lines=lines,
        chosen=chosen,
        fields=fields,
        new=new,
        scopes=[(scope.value, names[scope], about) for scope, about in _about_scopes(wording).items()],
        today=moment(now).astimezone(wording.zone).date().isoformat(),
    )


def _fields(wording: Wording, key: ApiKey) -> Fields:
    until = _last_day(wording, key.expires_at) if key.expires_at is not None else ""
    return Fields(key.name, frozenset(scope.value for scope in key.scopes), until)


def scope_names(wording: Wording) -> dict[Scope, str]:
    return {
        Scope.UPLOAD: wording.gettext("Send reports"),
        Scope.READ: wording.gettext("Read"),
        Scope.METRICS: wording.gettext("Metrics"),
        Scope.ADMIN: wording.gettext("Administer"),
    }


def _about_scopes(wording: Wording) -> dict[Scope, str]:
    return {
        Scope.UPLOAD: wording.gettext("For Duplicati servers."),
        Scope.READ: wording.gettext("Summary and last backups, and everything that a user may look at."),
        Scope.METRICS: wording.gettext("For Prometheus."),
        Scope.ADMIN: wording.gettext("Everything that an administrator may do, also making keys."),
    }


def state_words(wording: Wording, state: State) -> tuple[str, str]:
    """The sign and the word."""
    return {
        State.ACTIVE: ("ok", wording.gettext("Active")),
        State.EXPIRES_SOON: ("warn", wording.gettext("Expires soon")),
        State.EXPIRED: ("error", wording.gettext("Expired")),
        State.DISABLED: ("quiet", wording.gettext("Disabled")),
    }[state]
