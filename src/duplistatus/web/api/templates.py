"""`/api/configuration/templates` as 1.4.2 has it, with four templates more. In: templates by name, of which any may be left out; out: that
they were stored, and the texts of a language as they are before anybody changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.evaluate.template import Name, TemplateError, fields_of
from duplistatus.notify.phrasebook import code_for_clients, language_named, texts_of
from duplistatus.notify.templates import TemplateSet, read_sent, templates_in_use
from duplistatus.store.database import Connection
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.errors import Refused
from duplistatus.web.template_desk import change_templates

router = APIRouter(tags=["configuration"])

_BAD = {400: "Something of it makes no sense; nothing was stored"}
_PATH = "/api/configuration/templates"


@router.post(_PATH, summary="Changes templates of messages", responses=answered("Done", failures=_BAD))
async def set_templates(request: Request, caller: Annotated[Caller, guarded(Access.ADMIN)]) -> Response:
    """Body: `{"templates": {"language", "success": {"title", "message", "priority", "tags"}, "warning": {…}, "overdueBackup": {…},
    "backToNormal": {…}, "dailySummary": {…}, "weeklySummary": {…}, "monthlySummary": {…}}}`. What is not named stays; templates that
    nobody changed follow the language."""
    sent = (await json_object(request)).get("templates")
    if not sent:
        raise Refused(400, "templates are required", "bad_request")
    if not isinstance(sent, dict):
        raise Refused(400, "templates must be a JSON object", "bad_request")
    words: Mapping[str, object] = sent
    try:
        await change_templates(request, caller, lambda before: read_sent(words, before))
    except TemplateError as error:
        raise Refused(400, str(error), "bad_template", more={"details": {"field": error.field}}) from error
    return json_answer(encode({"message": "Notification templates updated successfully"}))


@router.get(_PATH + "/defaults", summary="Templates of a language", responses=answered("Templates", failures={400: "No such language"}))
async def default_templates(
    caller: Annotated[Caller, guarded(Access.OPEN)],
    language: Annotated[str, Query(max_length=20)] = "en-GB",
) -> Response:
    """The texts as they are before anybody changes them. They are no secret, so no sign-in is needed. `language`: `en-GB`, `de`, `fr`,
    `es`, `pt-BR`, `hi-Latn` or `zh-Hans`."""
    found = language_named(language)
    if found is None:
        raise Refused(400, "Invalid language", "bad_language")
    return json_answer(encode({name.value: fields_of(template) for name, template in texts_of(found).templates.items()}))


def templates_json(connection: Connection) -> dict[str, Any]:
    """The templates in use, as `GET /api/configuration/unified` holds them."""
    return _json(templates_in_use(connection))


def _json(found: TemplateSet) -> dict[str, Any]:
    named = {name.value: fields_of(found.template(name)) for name in Name}
    return {"language": code_for_clients(found.texts.language), **named}
