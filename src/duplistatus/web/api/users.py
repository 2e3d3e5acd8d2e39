"""Administration of users. In: what clients of 1.4.2 send, and which servers a limited user sees; out: its answers, with that besides. A
temporary password is told once, in the answer to the request that made it."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from duplistatus.clock import Instant, iso
from duplistatus.security.passwords import TooManySignIns
from duplistatus.security.users import (
    Edit,
    NameTaken,
    NewUser,
    NoLongerAdmin,
    NoSuchUser,
    Outcome,
    PasswordTooWeak,
    UserError,
    create_user,
    edit_user,
    end_sessions_of,
    remove_user,
    server_keys,
    unlock_user,
)
from duplistatus.store import accounts, sessions
from duplistatus.store.accounts import AccountRow, User
from duplistatus.store.database import Connection
from duplistatus.store.ids import UserId
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.answered import answered, failing, taking
from duplistatus.web.api.auth import desk, too_many_sign_ins, user_json
from duplistatus.web.body import JsonObject, flag, json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import visitor

router = APIRouter(tags=["users"])

_PAGE = 50
_LARGEST_PAGE = 500
_MOST_SERVERS = 2_000

Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Id = Annotated[str, Path(description="Id of a user", max_length=200)]
_BAD = failing(400, "Something of it cannot be; nothing was stored", "UserFailure")
_UNKNOWN = {404: "There is no such user"}
_TAKEN = {409: "There is a user of that name"}


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
        case NoLongerAdmin():
            return Refused(403, str(error), "not_admin")
        case _:
            return Refused(400, str(error), "bad_user")


def _whole(connection: Connection, user: User) -> dict[str, object]:
    """A user with what the administration sees of one."""
    keys = server_keys(connection, user.id) if user.is_limited else []
    return user_json(user) | {"isLimited": user.is_limited, "serverIds": keys}


def _outcome(request: Request, outcome: Outcome, status: int = 200) -> Response:
    with context(request).database.read() as connection:
        answer: dict[str, object] = {"user": _whole(connection, outcome.user)}
    if outcome.temporary_password is not None:
        answer["temporaryPassword"] = outcome.temporary_password
    return JSONResponse(answer, status_code=status)


def _listed(connection: Connection, row: AccountRow, live: int, now: Instant) -> dict[str, object]:
    is_locked = row.locked_until is not None and row.locked_until > now
    return _whole(connection, row.user) | {
        "createdAt": iso(row.created_at),
        "updatedAt": iso(row.updated_at),
        "lastLoginAt": iso(row.last_login_at) if row.last_login_at is not None else None,
        "lastLoginIp": row.last_login_ip,
        "failedLoginAttempts": row.failures,
        "lockedUntil": iso(row.locked_until) if row.locked_until is not None and is_locked else None,
        "isLocked": is_locked,
        "sessions": live,
    }


def _number(value: str | None, default: int, most: int) -> int:
    """A number of a query; anything else is the default, as 1.4.2 has it."""
    if value is None or not value.isascii() or not value.isdecimal():
        return default
    return min(max(int(value[:9]), 1), most)


def _servers(body: JsonObject) -> tuple[str, ...] | None:
    """The ids of servers in `serverIds`; None where it is not named."""
    value = body.get("serverIds")
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) and "\0" not in each for each in value):
        raise Refused(400, "serverIds must be a list of ids of servers", "bad_request")
    if len(value) > _MOST_SERVERS:
        raise Refused(400, f"serverIds may name {_MOST_SERVERS} servers", "bad_request")
    return tuple(value)


@router.get("/api/users", summary="Users, in pages", responses=answered("UserList"))
async def users(request: Request, _: Admin, search: str = "", page: str | None = None, limit: str | None = None) -> Response:
    """By name; `search` is looked for in names."""
    parts = context(request)
    number, size = _number(page, 1, 10**9), _number(limit, _PAGE, _LARGEST_PAGE)
    now = parts.clock.now()
    with parts.database.snapshot() as connection:
        rows, total = accounts.listed(connection, search, size, (number - 1) * size)
        live = sessions.counts(connection, now)
        listed = [_listed(connection, row, live.get(row.user.id, 0), now) for row in rows]
    pagination = {"page": number, "limit": size, "total": total, "totalPages": math.ceil(total / size)}
    return JSONResponse({"users": listed, "pagination": pagination})


@router.get("/api/users/{user_id}", summary="One user", responses=answered("ListedUser", failures=_UNKNOWN))
async def user(request: Request, user_id: _Id, _: Admin) -> Response:
    parts = context(request)
    now = parts.clock.now()
    with parts.database.snapshot() as connection:
        row = accounts.row(connection, UserId(user_id))
        if row is None:
            raise _refusal(NoSuchUser("User not found"))
        return JSONResponse(_listed(connection, row, sessions.counts(connection, now).get(row.user.id, 0), now))


@router.post(
    "/api/users",
    summary="Makes a user",
    status_code=201,
    responses={201: answered("UserStored")[200], **_BAD, **failing(409, _TAKEN[409], "Failure")},
    openapi_extra=taking("NewUser"),
)
async def create(request: Request, caller: Admin) -> Response:
    """Without a password a temporary one is made and told. `serverIds` are for limited users, who see these servers and no others; an
    administrator cannot be limited."""
    body = await json_object(request)
    must_change = flag(body, "requirePasswordChange")
    new = NewUser(
        username=text(body, "username") or "",
        password=text(body, "password") or None,
        is_admin=flag(body, "isAdmin") or False,
        must_change_password=True if must_change is None else must_change,
        is_limited=flag(body, "isLimited") or False,
        servers=_servers(body) or (),
    )
    try:
        return _outcome(request, await create_user(desk(request), new, caller.acting, visitor(request, caller.session)), 201)
    except (UserError, TooManySignIns) as error:
        raise _refusal(error) from error


@router.patch(
    "/api/users/{user_id}",
    summary="Changes a user, or resets the password",
    responses={**answered("UserStored", failures=_UNKNOWN | _TAKEN), **_BAD},
    openapi_extra=taking("UserChange"),
)
async def edit(request: Request, user_id: _Id, caller: Admin) -> Response:
    """What is not named stays. Who becomes an administrator is limited no more. Nobody demotes themselves, and one administrator must
    remain."""
    body = await json_object(request)
    wanted = Edit(
        username=text(body, "username"),
        is_admin=flag(body, "isAdmin"),
        must_change_password=flag(body, "requirePasswordChange"),
        reset_password=flag(body, "resetPassword") or False,
        is_limited=flag(body, "isLimited"),
        servers=_servers(body),
    )
    try:
        return _outcome(request, await edit_user(desk(request), UserId(user_id), wanted, caller.acting, visitor(request, caller.session)))
    except (UserError, TooManySignIns) as error:
        raise _refusal(error) from error


@router.delete("/api/users/{user_id}", summary="Removes a user and their sessions", responses=answered("UserRemoved", failures=_UNKNOWN))
async def remove(request: Request, user_id: _Id, caller: Admin) -> Response:
    """Nobody removes themselves, and one administrator must remain."""
    try:
        await remove_user(desk(request), UserId(user_id), caller.acting, visitor(request, caller.session))
    except UserError as error:
        raise _refusal(error) from error
    return JSONResponse({"success": True, "message": "User deleted successfully"})


@router.post("/api/users/{user_id}/unlock", summary="Ends the lock of a user", responses=answered("ListedUser", failures=_UNKNOWN))
async def unlock(request: Request, user_id: _Id, caller: Admin) -> Response:
    """Forgets wrong passwords, wherever they came from."""
    try:
        await unlock_user(desk(request), UserId(user_id), caller.acting, visitor(request, caller.session))
    except UserError as error:
        raise _refusal(error) from error
    return await user(request, user_id, caller)


@router.delete(
    "/api/users/{user_id}/sessions", summary="Ends all sessions of a user", responses=answered("SessionsEnded", failures=_UNKNOWN)
)
async def end_sessions(request: Request, user_id: _Id, caller: Admin) -> Response:
    """But for the one that asks."""
    try:
        ended = await end_sessions_of(desk(request), UserId(user_id), caller.acting, visitor(request, caller.session))
    except UserError as error:
        raise _refusal(error) from error
    return JSONResponse({"ended": ended})
