"""The pages of users, for administrators. In: the address, or plain forms; out: the users with role, state, sessions and last sign-in, a
form for one of them, and a password that was made, which is shown once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.clock import Instant
from duplistatus.i18n.wording import Wording
from duplistatus.security.passwords import DEFAULT_PASSWORD, Policy, TooManySignIns, fits
from duplistatus.security.users import (
    Edit,
    NewUser,
    NoSuchUser,
    PasswordTooWeak,
    UserError,
    create_user,
    edit_user,
    end_sessions_of,
    remove_user,
    server_keys,
    unlock_user,
)
from duplistatus.store import accounts, fleet, sessions, sight
from duplistatus.store.accounts import AccountRow, User
from duplistatus.store.database import Connection
from duplistatus.store.ids import UserId
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.auth import desk
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.sessions import visitor

router = APIRouter(include_in_schema=False)

PATH = "/settings/users"
_PAGE = 25
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Id = Annotated[str, Path(max_length=200)]
_Text = Annotated[str, Query(max_length=200)]

ADMIN, USER, LIMITED = "admin", "user", "limited"


@dataclass(frozen=True, slots=True)
class Line:
    """A user in words. `states` are kinds of marks and words; `servers` counts those of a limited user."""

    row: AccountRow
    role: str
    states: tuple[tuple[str, str], ...]
    live: int
    servers: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A server that may be chosen."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Fields:
    """What the form shows."""

    username: str = ""
    role: str = USER
    must_change: bool = True
    servers: frozenset[str] = frozenset()


# --- the list ----------------------------------------------------------------------------------------------------------------------


@router.get(PATH)
async def show_users(
    request: Request,
    caller: _Admin,
    q: _Text = "",
    p: Annotated[int, Query(ge=1, le=10**6)] = 1,
    saved: _Text = "",
    removed: _Text = "",
) -> Response:
    """Page `p` of those whose name contains `q`; `saved` and `removed` name who was changed."""
    parts = context(request)
    wording = reader_of(request).wording
    now = parts.clock.now()
    with parts.database.snapshot() as connection:
        rows, total = accounts.listed(connection, q.replace("\0", ""), _PAGE, (p - 1) * _PAGE)
        live = sessions.counts(connection, now)
        chosen = sight.chosen_of_all(connection)
        hashes = _hashes_to_doubt(connection, rows)
    default = await run_in_threadpool(lambda: {user_id for user_id, each in hashes.items() if _is_default(each)})
    lines = [
        Line(
            row,
            role_words(wording)[role_of(row.user)],
            _states(wording, row, now, is_default=row.user.id in default),
            live.get(row.user.id, 0),
            len(chosen.get(row.user.id, ())) if row.user.is_limited and not row.user.is_admin else None,
        )
        for row in rows
    ]
    told = None
    if saved or removed:
        sentence = wording.gettext("“%(name)s” is saved.") if saved else wording.gettext("“%(name)s” was deleted.")
        told = "ok", sentence % {"name": saved or removed}
    pages = max(1, math.ceil(total / _PAGE))
    return page(request, "users.html", caller, lines=lines, total=total, query=q, number=p, pages=pages, told=told)


def _hashes_to_doubt(connection: Connection, rows: list[AccountRow]) -> dict[UserId, str]:
    """Hashes of administrators who must still change their password: only the first account ever has the documented one."""
    found = [accounts.by_id(connection, row.user.id) for row in rows if row.user.must_change_password and row.user.is_admin]
    return {account.user.id: account.password_hash for account in found if account is not None}


@lru_cache(maxsize=256)
def _is_default(password_hash: str) -> bool:
    return fits(password_hash, DEFAULT_PASSWORD)


def role_of(user: User) -> str:
    return ADMIN if user.is_admin else LIMITED if user.is_limited else USER


def role_words(wording: Wording) -> dict[str, str]:
    return {ADMIN: wording.gettext("Administrator"), USER: wording.gettext("User"), LIMITED: wording.gettext("Limited user")}


def _states(wording: Wording, row: AccountRow, now: Instant, *, is_default: bool) -> tuple[tuple[str, str], ...]:
    found = []
    if row.locked_until is not None and row.locked_until > now:
        found.append(("error", wording.gettext("Locked until %(moment)s") % {"moment": wording.moment(row.locked_until, now)}))
    if is_default:
        found.append(("error", wording.gettext("Still has the default password")))
    elif row.user.must_change_password:
        found.append(("warn", wording.gettext("Must change the password")))
    return tuple(found) or (("ok", wording.gettext("Active")),)


# --- one user ----------------------------------------------------------------------------------------------------------------------


@router.get(PATH + "/new")
async def show_new(request: Request, caller: _Admin) -> Response:
    """The form of a user who is not there yet."""
    return _form(request, caller, None, Fields())


@router.post(PATH + "/new")
async def add_by_form(request: Request, caller: _Admin) -> Response:
    """Makes a user. A password that was made for them is shown with the answer."""
    form = await request.form()
    fields = _sent(form)
    new = NewUser(
        username=fields.username,
        password=str(form.get("password", "")) or None,
        is_admin=fields.role == ADMIN,
        must_change_password=fields.must_change,
        is_limited=fields.role == LIMITED,
        servers=tuple(sorted(fields.servers)) if fields.role == LIMITED else (),
    )
    try:
        outcome = await create_user(desk(request), new, caller.acting, visitor(request, caller.session))
    except (UserError, TooManySignIns) as error:
        return _problem(request, caller, None, fields, error)
    if outcome.temporary_password is None:
        return _back(request, "saved", outcome.user.username)
    return _one(request, caller, outcome.user.id, password=outcome.temporary_password, is_new=True)


@router.get(PATH + "/{user_id}")
async def show_user(request: Request, user_id: _Id, caller: _Admin) -> Response:
    return _one(request, caller, UserId(user_id))


@router.post(PATH + "/{user_id}")
async def change_by_form(request: Request, user_id: _Id, caller: _Admin) -> Response:
    """`do`: save, reset, unlock, end (all sessions) or delete."""
    form = await request.form()
    target, by, here = UserId(user_id), caller.acting, visitor(request, caller.session)
    what = str(form.get("do", "save"))
    gettext = reader_of(request).wording.gettext
    try:
        if what == "save":
            outcome = await edit_user(desk(request), target, _edit(_sent(form), is_oneself=by.id == target), by, here)
            return _back(request, "saved", outcome.user.username)
        if what == "reset":
            outcome = await edit_user(desk(request), target, Edit(reset_password=True), by, here)
            return _one(request, caller, target, password=outcome.temporary_password or "")
        if what == "delete":
            name = _row(request, target).user.username
            await remove_user(desk(request), target, by, here)
            return _back(request, "removed", name)
        if what == "unlock":
            await unlock_user(desk(request), target, by, here)
            return _one(request, caller, target, told=("ok", gettext("The lock is ended, and wrong passwords are forgotten.")))
        if what == "end":
            ended = await end_sessions_of(desk(request), target, by, here)
            return _one(request, caller, target, told=("ok", _ended(reader_of(request).wording, ended)))
    except (UserError, TooManySignIns) as error:
        fields = _sent(form) if what == "save" else _fields(request, target)
        return _problem(request, caller, target, fields, error)
    raise Refused(400, "Nothing is known by that name", "bad_request")


def _edit(fields: Fields, *, is_oneself: bool) -> Edit:
    """The change that a form asks for; one's own form has no role."""
    if is_oneself:
        return Edit(username=fields.username, must_change_password=fields.must_change)
    is_limited = fields.role == LIMITED
    return Edit(
        username=fields.username,
        is_admin=fields.role == ADMIN,
        must_change_password=fields.must_change,
        is_limited=is_limited,
        servers=tuple(sorted(fields.servers)) if is_limited else None,
    )


def _ended(wording: Wording, count: int) -> str:
    return wording.ngettext("%(num)s session has ended.", "%(num)s sessions have ended.", count) % {"num": count}


def _sent(form: FormData) -> Fields:
    role = str(form.get("role", USER))
    servers = frozenset(str(each).replace("\0", "") for each in form.getlist("servers"))
    name = str(form.get("username", "")).replace("\0", " ")
    return Fields(name, role if role in {ADMIN, LIMITED} else USER, "must_change" in form, servers)


def _row(request: Request, user_id: UserId) -> AccountRow:
    with context(request).database.read() as connection:
        row = accounts.row(connection, user_id)
    if row is None:
        raise Refused(404, "There is no such user", "not_found")
    return row


def _fields(request: Request, user_id: UserId) -> Fields:
    user = _row(request, user_id).user
    with context(request).database.read() as connection:
        servers = frozenset(server_keys(connection, user.id))
    return Fields(user.username, role_of(user), user.must_change_password, servers)


def _one(
    request: Request,
    caller: Caller,
    user_id: UserId,
    *,
    told: tuple[str, str] | None = None,
    password: str = "",
    is_new: bool = False,
) -> Response:
    return _form(request, caller, _row(request, user_id), _fields(request, user_id), told=told, password=password, is_new=is_new)


def _problem(request: Request, caller: Caller, user_id: UserId | None, fields: Fields, error: Exception) -> Response:
    wording = reader_of(request).wording
    if isinstance(error, NoSuchUser):
        raise Refused(404, "There is no such user", "not_found") from error
    if isinstance(error, TooManySignIns):
        told, status = wording.gettext("Too many people are signing in. Try again in a moment."), 503
    else:
        told, status = ". ".join(error.complaints) if isinstance(error, PasswordTooWeak) else str(error), 400
    row = _row(request, user_id) if user_id is not None else None
    return _form(request, caller, row, fields, told=("error", told), status=status)


def _form(
    request: Request,
    caller: Caller,
    row: AccountRow | None,
    fields: Fields,
    *,
    told: tuple[str, str] | None = None,
    password: str = "",
    is_new: bool = False,
    status: int = 200,
) -> Response:
    parts = context(request)
    now = parts.clock.now()
    with parts.database.snapshot() as connection:
        servers = [Choice(each.key, each.label) for each in fleet.servers(connection)]
        # Chosen ones that have no job at the moment stay chosen.
        shown = {each.key for each in servers}
        servers += [Choice(key, key) for key in sorted(fields.servers - shown) if fleet.server_by_key(connection, key) is not None]
        live = sessions.counts(connection, now).get(row.user.id, 0) if row else 0
    return page(
        request,
        "user.html",
        caller,
        status=status,
        row=row,
        fields=fields,
        told=told,
        password=password,
        is_new=is_new,
        servers=sorted(servers, key=lambda each: each.label.casefold()),
        roles=role_words(reader_of(request).wording),
        is_locked=row is not None and row.locked_until is not None and row.locked_until > now,
        is_oneself=row is not None and caller.user is not None and row.user.id == caller.user.id,
        live=live,
        policy=Policy.of(parts.settings),
    )


def _back(request: Request, what: str, name: str) -> Response:
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?{what}={quote(name)}", status_code=303)
