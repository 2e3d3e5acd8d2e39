"""`/api/notifications/test`, as 1.4.2 has it, for administrators. In: what to test, `simple`, `template` or `email`, and settings of ntfy
that need not be stored; out: that the messages were delivered, or 502 with the reason, or 400 with what is missing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.channels.registry import KINDS
from duplistatus.notify.message import PRIORITIES, DeliveryError, Message
from duplistatus.notify.testing import sample_message
from duplistatus.security.secrets import KeyTrouble, SecretLost
from duplistatus.store.channels import EMAIL, NTFY, ChannelRow, own_channel
from duplistatus.web import channel_desk, channel_fields, channel_tests
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.api.email import NOT_CONFIGURED
from duplistatus.web.api.ntfy import posted_setting, read_ntfy
from duplistatus.web.body import JsonObject, json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["notifications"])

_TYPES = ("simple", "template", "email")
_FAILURES = {400: "Something is missing or makes no sense", 502: "It was not delivered; the sentence says why"}


@router.post("/api/notifications/test", summary="Sends a test message", responses=answered("TestSent", failures=_FAILURES))
async def send(request: Request, caller: Annotated[Caller, guarded(Access.ADMIN)]) -> Response:
    """Body: `{"type", "ntfyConfig"?, "template"?, "toEmail"?}`. `simple` goes through ntfy as `ntfyConfig` says; `template` also by e-mail,
    where that is set up, with the template's variables replaced by their names; `email` to the stored recipient or `toEmail`. Without a
    token in `ntfyConfig` the stored one is used, for the stored address alone."""
    body = await json_object(request)
    if body.get("type") == "email":
        await _send_email(request, caller, channel_tests.sample(request), text(body, "toEmail") or "")
        return json_answer(encode({"message": "Test email sent successfully"}))
    setting = _ntfy_setting(request, body.get("ntfyConfig"))
    if body.get("type") == "simple":
        await _try(request, caller, NTFY, setting, channel_tests.sample(request))
        return json_answer(encode({"message": "Test notification sent successfully"}))
    if body.get("type") != "template":
        raise Refused(400, f"type must be one of {', '.join(_TYPES)}", "bad_request")
    message = _of_template(request, body)
    sent = ["NTFY"]
    await _try(request, caller, NTFY, setting, message)
    if _row(request, EMAIL).config:
        await _send_email(request, caller, message, "")
        sent.append("Email")
    told = f"Test notifications sent successfully via {' and '.join(sent)}"
    return json_answer(encode({"success": True, "message": told, "channels": sent}))


async def _send_email(request: Request, caller: Caller, message: Message, destination: str) -> None:
    row = _row(request, EMAIL)
    if not row.config:
        raise Refused(400, NOT_CONFIGURED, "not_configured")
    found = channel_fields.opened(row, context(request).secrets)
    if found.trouble:
        raise Refused(502, f"Failed to send test notification: the stored password cannot be read: {found.trouble}", "secret_lost")
    await _try(request, caller, EMAIL, found.setting, message, destination)


def _ntfy_setting(request: Request, sent: object) -> ChannelSetting:
    words = read_ntfy(sent)
    if not words.get("url") or not words.get("topic"):
        raise Refused(400, "NTFY URL and topic are required", "bad_request")
    row = _row(request, NTFY)
    try:
        return KINDS[NTFY].read(
            posted_setting(words, row, channel_fields.opened(row, context(request).secrets).setting), channel_desk.NO_SETTING
        )
    except BadChannel as error:
        raise Refused(400, str(error), "bad_channel") from error


async def _try(request: Request, caller: Caller, kind: str, setting: ChannelSetting, message: Message, destination: str = "") -> None:
    try:
        await channel_tests.try_setting(request, caller, kind, setting, message, destination)
    except (DeliveryError, SecretLost, KeyTrouble) as error:
        raise Refused(502, f"Failed to send test notification: {error}", "not_delivered") from error


def _row(request: Request, key: str) -> ChannelRow:
    with context(request).database.read() as connection:
        return own_channel(connection, key)


def _of_template(request: Request, body: JsonObject) -> Message:
    """The template with each variable replaced by its name, so that its author sees where what stands."""
    from duplistatus.evaluate.template import VARIABLES
    from duplistatus.notify.filling import Value, fill, fill_title

    template = body.get("template")
    if not isinstance(template, dict):
        raise Refused(400, "Template is required", "bad_request")
    sample = {name: Value(name) for names in VARIABLES.values() for name in names}
    sample["log_text"] = Value("Sample warning 1\nSample error 1\nSample message 1")
    title, message, tags = (text(template, name) or "" for name in ("title", "message", "tags"))
    priority = text(template, "priority") or "default"
    if not title or not message:
        raise Refused(400, "Template needs a title and a message", "bad_request")
    if priority not in PRIORITIES:
        raise Refused(400, f"priority must be one of {', '.join(PRIORITIES)}", "bad_request")
    named = tuple(filter(None, (tag.strip() for tag in tags.split(","))))
    filled, line = fill(message, sample).markdown, fill_title(title, sample)
    parts = context(request)
    with parts.database.read() as connection:
        return sample_message(connection, parts.settings, parts.clock.now(), title=line, markdown=filled, priority=priority, tags=named)
