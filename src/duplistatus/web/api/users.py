"""Administration of users. In: what clients of 1.4.2 send; out: its answers. A temporary password is told once, in the answer to
the request that made it."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from duplistatus.clock import Instant, iso
from duplistatus.security.passwords import TooManySignIns
from duplistatus.security.users import (
    Edit,
    NameTaken,
    NewUser,
    NoSuchUser,
    Outcome,
    PasswordTooWeak,
    UserError,
    create_user,
    edit_user,
    remove_user,
)
from duplistatus.store import accounts
from duplistatus.store.accounts import AccountRow
from duplistatus.store.ids import UserId
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.auth import desk, too_many_sign_ins, user_json
from duplistatus.web.body import flag, json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import visitor

router = APIRouter(tags=["users"])

_PAGE = 50
_LARGEST_PAGE = 500

Admin = Annotated[Caller, guarded(Access.ADMIN)]


def _refusal(error: Exception) -> Refused:
    match error:
        case TooManySignIns():
            return too_many_sign_ins()
        case PasswordTooWeak():
            return Refused(400, str(error), "policy_not_met", more={"validationErrors": list(error.complaints)})
        case NameTaken():
            return Refused(409, str(error), "name_taken")
        case NoSuchUser():
            return Refused(404, str(error), "not_found")
        case _:
            return Refused(400, str(error), "bad_user")


def _outcome(outcome: Outcome, status: int = 200) -> Response:
    answer: dict[str, object] = {"user": user_json(outcome.user)}
    if outcome.temporary_password is not None:
        answer["temporaryPassword"] = outcome.temporary_password
    return JSONResponse(answer, status_code=status)


def _listed(row: AccountRow, now: Instant) -> dict[str, object]:
    is_locked = row.locked_until is not None and row.locked_until > now
    return user_json(row.user) | {
        "createdAt": iso(row.created_at),
        "updatedAt": iso(row.updated_at),
        "lastLoginAt": iso(row.last_login_at) if row.last_login_at is not None else None,
        "lastLoginIp": row.last_login_ip,
        "failedLoginAttempts": row.failures,
        "lockedUntil": iso(row.locked_until) if row.locked_until is not None and is_locked else None,
        "isLocked": is_locked,
    }


def _number(value: str | None, default: int, most: int) -> int:
    """A number of a query; anything else is the default, as 1.4.2 has it."""
    if value is None or not value.isascii() or not value.isdecimal():
        return default
    return min(max(int(value[:9]), 1), most)


@router.get("/api/users", summary="Users, in pages")
async def users(request: Request, _: Admin, search: str = "", page: str | None = None, limit: str | None = None) -> Response:
    parts = context(request)
    number, size = _number(page, 1, 10**9), _number(limit, _PAGE, _LARGEST_PAGE)
    with parts.database.read() as connection:
        rows, total = accounts.listed(connection, search, size, (number - 1) * size)
    now = parts.clock.now()
    pagination = {"page": number, "limit": size, "total": total, "totalPages": math.ceil(total / size)}
    return JSONResponse({"users": [_listed(row, now) for row in rows], "pagination": pagination})


@router.post("/api/users", summary="Makes a user", status_code=201)
async def create(request: Request, caller: Admin) -> Response:
    """Body: `{"username", "password"?, "isAdmin"?, "requirePasswordChange"?}`. Without a password a temporary one is made and told."""
    assert caller.user is not None  # noqa: S101 - the guard lets nobody else in
    body = await json_object(request)
    must_change = flag(body, "requirePasswordChange")
    new = NewUser(
        username=text(body, "username") or "",
        password=text(body, "password") or None,
        is_admin=flag(body, "isAdmin") or False,
        must_change_password=True if must_change is None else must_change,
    )
    try:
        return _outcome(await create_user(desk(request), new, caller.user, visitor(request, caller.session)), 201)
    except (UserError, TooManySignIns) as error:
        raise _refusal(error) from error


@router.patch("/api/users/{user_id}", summary="Changes a user, or resets the password")
async def edit(request: Request, user_id: str, caller: Admin) -> Response:
    """Body: any of `{"username", "isAdmin", "requirePasswordChange", "resetPassword"}`; what is not named stays."""
    assert caller.user is not None  # noqa: S101
    body = await json_object(request)
    wanted = Edit(
        username=text(body, "username"),
        is_admin=flag(body, "isAdmin"),
        must_change_password=flag(body, "requirePasswordChange"),
        reset_password=flag(body, "resetPassword") or False,
    )
    try:
        return _outcome(await edit_user(desk(request), UserId(user_id), wanted, caller.user, visitor(request, caller.session)))
    except (UserError, TooManySignIns) as error:
        raise _refusal(error) from error


@router.delete("/api/users/{user_id}", summary="Removes a user and their sessions")
async def remove(request: Request, user_id: str, caller: Admin) -> Response:
    assert caller.user is not None  # noqa: S101
    try:
        await remove_user(desk(request), UserId(user_id), caller.user, visitor(request, caller.session))
    except UserError as error:
        raise _refusal(error) from error
    return JSONResponse({"success": True, "message": "User deleted successfully"})
