"""`/api/configuration/email` and its password, as 1.4.2 has them: the settings of e-mail for all jobs. In: what its clients send; out: its
answers, without the password."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.security.secrets import KeyTrouble
from duplistatus.store.channels import EMAIL, ChannelRow, own_channel
from duplistatus.web import channel_desk, channel_fields
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import JsonObject, json_object
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["configuration"])

NOT_CONFIGURED = "Email is not configured. Please configure SMTP settings."
_PATH = "/api/configuration/email"
_HIGHEST_PORT = 65_535
_NAMES = {"host": "host", "mailto": "to", "senderName": "sender_name", "fromAddress": "from"}
"""Names of 1.4.2, and those of the kind, of what is text."""
_REQUIRED = ("host", "port", "mailto")
_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_BAD = {400: "Something of it makes no sense; nothing was stored"}


@router.get(_PATH, summary="Settings of e-mail for all jobs", responses=answered("EmailConfiguration"))
async def email(request: Request, caller: _Reader) -> Response:
    """`config` is null as long as there are none. The password is never answered: `hasPassword` is true, or empty where there is none."""
    row = _row(request)
    if not row.config:
        return json_answer(encode({"configured": False, "config": None, "message": NOT_CONFIGURED}))
    setting = channel_fields.opened(row, context(request).secrets).setting
    return json_answer(encode({"configured": True, "config": _config(setting), "message": "Email is configured and ready to use."}))


@router.post(_PATH, summary="Changes the settings of e-mail for all jobs", responses=answered("SavedEmail", failures=_BAD))
async def set_email(request: Request, caller: _Admin) -> Response:
    """Body: `{"host", "port", "connectionType", "requireAuth", "username", "mailto", "senderName", "fromAddress"}`; `connectionType` is
    `plain`, `starttls` or `ssl`, in its place `secure` says true for `ssl` and false for `starttls`. Switches e-mail on. The password has a
    request of its own; it stays, unless the server is another one."""
    words = _read(await json_object(request))
    if channel_fields.opened(_row(request), context(request).secrets).trouble:
        # What cannot be read any more gives way to what is entered.
        words["password"] = None
    try:
        await channel_desk.save_own(request, caller, EMAIL, words, enabled=True)
    except (BadChannel, KeyTrouble) as error:
        raise channel_desk.refusal(error) from error
    return json_answer(encode({"success": True, "message": "SMTP configuration saved successfully"}))


@router.delete(
    _PATH, summary="Removes the settings of e-mail for all jobs", responses=answered("SavedEmail", failures={404: "There are none"})
)
async def drop_email(request: Request, caller: _Admin) -> Response:
    """With the password; e-mail for all jobs is off then."""
    if not await channel_desk.clear_own(request, caller, EMAIL):
        raise Refused(404, "No SMTP configuration found to delete", "not_configured")
    return json_answer(encode({"success": True, "message": "SMTP configuration deleted successfully"}))


@router.get(_PATH + "/password", summary="The token that a change of the password needs", responses=answered("CsrfToken"))
async def email_password(request: Request, caller: _Reader) -> Response:
    """That of the session, as `GET /api/csrf` answers it."""
    return json_answer(encode({"csrfToken": caller.csrf_token}))


@router.patch(_PATH + "/password", summary="Changes the password of e-mail for all jobs", responses=answered("Done", failures=_BAD))
async def set_email_password(request: Request, caller: _Admin) -> Response:
    """Body: `{"password"}`; an empty text removes it."""
    body = await json_object(request)
    password = body.get("password")
    if not isinstance(password, str):
        raise Refused(400, "Password must be a string", "bad_request")
    if not _row(request).config:
        sentence = "SMTP configuration not found. Please save the basic SMTP settings first (host, port, username, mailto)."
        raise Refused(400, sentence, "not_configured")
    try:
        await channel_desk.save_own(request, caller, EMAIL, {"password": password or None})
    except (BadChannel, KeyTrouble) as error:
        raise channel_desk.refusal(error) from error
    return json_answer(encode({"message": "Email password updated successfully"}))


def _row(request: Request) -> ChannelRow:
    with context(request).database.read() as connection:
        return own_channel(connection, EMAIL)


def _config(setting: ChannelSetting) -> dict[str, Any]:
    config, secret = setting.config, setting.secret
    return {
        "host": config.get("host", ""),
        "port": config.get("port"),
        "connectionType": config.get("mode", ""),
        "username": secret.get("username", ""),
        "mailto": config.get("to", ""),
        "senderName": config.get("sender_name", ""),
        "fromAddress": config.get("from", ""),
        "requireAuth": config.get("auth", False),
        # As 1.4.2 has it: true, or what is there of a password, which is nothing.
        "hasPassword": True if secret.get("password") else "",
    }


def _read(body: JsonObject) -> dict[str, Any]:
    """The settings in the names of the kind, checked in the order and words of 1.4.2."""
    requires_auth = _flag(body, "requireAuth", default=True)
    if not all(body.get(name) for name in _REQUIRED):
        raise Refused(400, "Missing required fields: host, port, mailto", "bad_request")
    username = body.get("username")
    if requires_auth and not username:
        raise Refused(400, "Missing required field: username (required when authentication is enabled)", "bad_request")
    port = _port(body["port"])
    mailto, sender = str(body["mailto"]), body.get("fromAddress")
    if "@" not in mailto:
        raise Refused(400, 'Recipient email must contain "@" symbol', "bad_request")
    if sender and "@" not in str(sender):
        raise Refused(400, 'From address must contain "@" symbol', "bad_request")
    words: dict[str, Any] = {name: body[theirs] for theirs, name in _NAMES.items() if theirs in body}
    return words | {"port": port, "auth": requires_auth, "username": username or None} | _mode(body)


def _port(value: object) -> int:
    port = (
        int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(_HIGHEST_PORT)) else value
    )
    if type(port) is not int or not 0 < port <= _HIGHEST_PORT:
        raise Refused(400, "Port must be a valid number between 1 and 65535", "bad_request")
    return port


def _mode(body: JsonObject) -> dict[str, Any]:
    """How the connection is made; before there were three ways, `secure` said whether TLS comes first."""
    mode = body.get("connectionType")
    if mode is not None:
        return {"mode": mode}
    secure = body.get("secure")
    return {} if secure is None else {"mode": "ssl" if _flag(body, "secure", default=False) else "starttls"}


def _flag(body: JsonObject, name: str, *, default: bool) -> bool:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Refused(400, f"{name} must be true or false", "bad_request")
    return value
