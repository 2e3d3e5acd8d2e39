"""Sessions, signing in and one's own password. In: what clients of 1.4.2 send; out: its answers, with the cookie `sessionId`. A
session has a CSRF token from its first moment, which signing in carries over to the new session."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from duplistatus.clock import MINUTE, SECOND, Instant, iso
from duplistatus.security.first_account import FIRST_NAME
from duplistatus.security.passwords import Policy, TooManySignIns
from duplistatus.security.sign_in import (
    AccountLocked,
    AddressBlocked,
    Desk,
    PasswordMissing,
    PasswordRefused,
    PasswordUnchanged,
    SignInError,
    WrongPassword,
    change_password,
    sign_in,
    sign_out,
)
from duplistatus.store import accounts, sessions
from duplistatus.store.accounts import User
from duplistatus.web.access import Access, Caller, guarded, no_session
from duplistatus.web.api.answered import Responses, answered, failing, taking
from duplistatus.web.body import json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.same_site import check_change
from duplistatus.web.sessions import LEGACY_COOKIE, find_session, give_cookie, open_session, take_cookie, visitor
from duplistatus.web.sign_in_limits import check_passwords

router = APIRouter(tags=["sign-in"])

_SMALL = 16 * 1024
"""Bytes: no honest body of these requests is larger."""
_NOT_NOW = {429: "Too many from this address", 503: "Too many people are signing in"}
_WITHOUT = {403: "The session's token is missing or wrong"}


def _not_let_in(*statuses: int) -> Responses:
    sentences = {
        400: "Something is missing, or the new password will not do",
        401: "Name or password is wrong",
        403: "The account is locked, or the session's token is missing or wrong",
        429: "Too many wrong passwords, or too many tries, from this address",
    }
    shapes: Responses = {status: failing(status, sentences[status], "SignInFailure")[status] for status in statuses}
    return {**shapes, **failing(503, _NOT_NOW[503], "Failure")}


Anybody = Annotated[Caller, guarded(Access.OPEN)]


def desk(request: Request) -> Desk:
    """What signing in works with."""
    parts = context(request)
    return Desk(parts.database, parts.writer, parts.clock, Policy.of(parts.settings))


def user_json(user: User) -> dict[str, object]:
    """A user as the API shows one."""
    return {"id": user.id, "username": user.username, "isAdmin": user.is_admin, "mustChangePassword": user.must_change_password}


def _refused(status: int, error: str, code: str, **more: object) -> Refused:
    """A refusal whose code also stands in `errorCode`, where clients of 1.4.2 look for it."""
    return Refused(status, error, code.lower(), more={"errorCode": code, **more})


def too_many_sign_ins() -> Refused:
    return Refused(503, "Too many people are signing in; try again in a moment", "busy", headers={"Retry-After": "2"})


@router.get(
    "/api/csrf",
    summary="The CSRF token of the session; makes a session where there is none",
    responses=answered("Token", failures={429: _NOT_NOW[429]}),
)
async def csrf(request: Request, caller: Anybody) -> Response:
    """New sessions are limited to 60 a minute from one address."""
    token = caller.csrf_token
    if token is not None:
        return JSONResponse({"token": token, "message": "CSRF token generated successfully"})
    new = await open_session(request)
    response = JSONResponse({"token": new.session.csrf_token, "message": "CSRF token generated successfully"})
    give_cookie(request, response, new.token)
    return response


@router.post(
    "/api/session",
    summary="Makes a session that nobody has signed in to",
    responses=answered("BegunSession", failures={429: _NOT_NOW[429]}),
)
async def create_session(request: Request, _: Annotated[Caller, guarded(Access.OPEN, csrf=False)]) -> Response:
    new = await open_session(request)
    response = JSONResponse({"sessionId": new.session.public_id, "message": "Session created successfully"})
    give_cookie(request, response, new.token, legacy=True)
    return response


@router.get(
    "/api/session",
    summary="Whether the session of the cookie is valid",
    responses={**answered("SessionValidity"), **failing(401, "There is no cookie", "SessionValidity")},
)
async def session(request: Request, caller: Anybody) -> Response:
    if "cookie" not in request.headers:
        return JSONResponse({"valid": False, "error": "No session cookie"}, status_code=401)
    found = caller.session or find_session(request, LEGACY_COOKIE)
    return JSONResponse({"valid": found is not None, "sessionId": found.public_id if found else None})


@router.delete("/api/session", summary="Ends the session that `POST /api/session` made", responses=answered("Message"))
async def delete_session(request: Request, _: Annotated[Caller, guarded(Access.OPEN, csrf=False)]) -> Response:
    if LEGACY_COOKIE not in request.cookies:
        return JSONResponse({"message": "No session to delete"})
    found = find_session(request, LEGACY_COOKIE)
    if found is not None:
        hashed = found.token_hash
        await context(request).writer.write(lambda connection: sessions.end(connection, hashed), changes=False)
    response = JSONResponse({"message": "Session deleted successfully"})
    take_cookie(request, response, legacy=True)
    return response


@router.post(
    "/api/auth/login",
    summary="Signs in",
    responses={**answered("SignedIn"), **_not_let_in(400, 401, 403, 429)},
    openapi_extra=taking("Credentials"),
)
async def login(request: Request, caller: Annotated[Caller, guarded(Access.OPEN, csrf=False)]) -> Response:
    """With the session and token of `GET /api/csrf`. The answer sets a new session id and keeps the token. Limited to 60 a minute from one
    address."""
    check_passwords(request)
    await check_change(request, caller.csrf_token)
    body = await json_object(request, _SMALL)
    username, password = text(body, "username"), text(body, "password")
    if not username or not password:
        raise _refused(400, "Username and password are required", "REQUIRED_CREDENTIALS")
    try:
        opened = await sign_in(desk(request), username, password, visitor(request, caller.session))
    except (SignInError, TooManySignIns) as error:
        raise sign_in_refusal(error, context(request).clock.now()) from error
    assert opened.session.user is not None  # noqa: S101 - somebody has just signed in
    answer = {"success": True, "message": "Login successful", "successCode": "LOGGED_IN", "user": user_json(opened.session.user)}
    response = JSONResponse(answer)
    give_cookie(request, response, opened.token)
    return response


def sign_in_refusal(error: Exception, now: Instant) -> Refused:
    """The answer to a sign-in that failed."""
    match error:
        case TooManySignIns():
            return too_many_sign_ins()
        case AccountLocked():
            sentence = f"Account {'' if error.just_now else 'is '}locked due to too many failed login attempts"
            minutes = math.ceil((error.until - now) / MINUTE)
            return _refused(403, sentence, "ACCOUNT_LOCKED", lockedUntil=iso(error.until), minutesRemaining=minutes)
        case AddressBlocked():
            refused = _refused(429, "Too many failed login attempts from this address; try again later", "ADDRESS_BLOCKED")
            refused.headers = {"Retry-After": str(max(1, math.ceil((error.until - now) / SECOND)))}
            return refused
        case _:
            return _refused(401, "Invalid username or password", "INVALID_CREDENTIALS")


@router.post("/api/auth/logout", summary="Signs out", responses=answered("SignInDone", failures={401: "There is no session", **_WITHOUT}))
async def logout(request: Request, caller: Anybody) -> Response:
    await sign_out(desk(request), visitor(request, caller.session))
    response = JSONResponse({"success": True, "message": "Logged out successfully", "successCode": "LOGGED_OUT"})
    take_cookie(request, response)
    return response


@router.get("/api/auth/me", summary="Who is signed in", responses=answered("WhoAmI", failures={401: "There is no session"}))
async def me(caller: Anybody) -> Response:
    if caller.session is None:
        raise no_session()
    return JSONResponse({"authenticated": caller.user is not None, "user": user_json(caller.user) if caller.user else None})


@router.post(
    "/api/auth/change-password",
    summary="Changes one's own password",
    responses={**answered("SignInDone"), **_not_let_in(400, 401, 403, 429)},
    openapi_extra=taking("NewPassword"),
)
async def change_own_password(request: Request, caller: Annotated[Caller, guarded(Access.PASSWORD)]) -> Response:
    """A forced change needs only the new one. Other sessions of the user end; this one goes on under its id. Limited to 60 a minute from
    one address."""
    check_passwords(request)
    body = await json_object(request, _SMALL)
    current, new = text(body, "currentPassword"), text(body, "newPassword")
    if not new:
        raise _refused(400, "New password is required", "NEW_PASSWORD_REQUIRED")
    try:
        await change_password(desk(request), caller.acting, current, new, visitor(request, caller.session))
    except PasswordMissing:
        raise _refused(400, "Current password is required", "CURRENT_PASSWORD_REQUIRED") from None
    except PasswordRefused as error:
        sentence = "New password does not meet policy requirements"
        raise _refused(400, sentence, "POLICY_NOT_MET", validationErrors=list(error.complaints)) from None
    except PasswordUnchanged:
        raise _refused(400, "New password must be different from current password", "NEW_PASSWORD_SAME_AS_CURRENT") from None
    except WrongPassword:
        raise _refused(401, "Current password is incorrect", "CURRENT_PASSWORD_INCORRECT") from None
    except (SignInError, TooManySignIns) as error:
        raise sign_in_refusal(error, context(request).clock.now()) from error
    return JSONResponse({"success": True, "message": "Password changed successfully", "successCode": "PASSWORD_CHANGED"})


@router.get("/api/auth/password-policy", summary="What is asked of a new password", responses=answered("PasswordPolicy"))
async def password_policy(request: Request, _: Anybody) -> Response:
    policy = Policy.of(context(request).settings)
    return JSONResponse(
        {
            "minLength": policy.min_length,
            "requireUppercase": policy.enforced,
            "requireLowercase": policy.enforced,
            "requireNumbers": policy.enforced,
            "requireSpecialChars": False,
        }
    )


@router.get(
    "/api/auth/admin-must-change-password",
    summary="Whether the first account still has its documented password",
    responses=answered("MustChangePassword"),
)
async def admin_must_change_password(request: Request, _: Anybody) -> Response:
    with context(request).database.read() as connection:
        return JSONResponse({"mustChangePassword": accounts.must_change_password(connection, FIRST_NAME)})
