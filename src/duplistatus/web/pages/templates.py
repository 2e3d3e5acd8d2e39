"""The page of templates, for administrators. In: the address, or a plain form; out: one template to edit with its variables, what a message
would be with it, and forms to try, keep and reset it. The preview is a document of its own, in a frame that may do nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from duplistatus.evaluate.template import LONGEST_MESSAGE, LONGEST_TITLE, Name, Template, TemplateError, read_template, unknown_variables
from duplistatus.i18n.languages import LANGUAGES
from duplistatus.i18n.wording import Wording
from duplistatus.notify.channels.registry import setting_of
from duplistatus.notify.message import DeliveryError, Message
from duplistatus.notify.phrasebook import language_named
from duplistatus.notify.rendering import Renderer
from duplistatus.notify.samples import Sample, sample_of
from duplistatus.notify.templates import TemplateSet, templates_in_use
from duplistatus.notify.testing import send_test
from duplistatus.security.secrets import KeyTrouble, SecretLost
from duplistatus.store import audit, channels
from duplistatus.store.audit import Entry
from duplistatus.store.channels import ChannelRow
from duplistatus.store.database import Connection
from duplistatus.store.own_address import public_url
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.security_headers import CONTENT_SECURITY_POLICY
from duplistatus.web.sessions import user_agent
from duplistatus.web.template_desk import change_templates
from duplistatus.web.template_words import priority_words, template_names, variables_of

router = APIRouter(include_in_schema=False)

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Name = Annotated[Name, Query()]
PATH = "/settings/templates"
_FRAMED = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
_PREVIEW_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "no-store",
}
_FIELDS = ("title", "message", "priority", "tags")
_FORMS = ("mail", "text")


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a button: a kind of mark, and a sentence."""

    kind: str
    text: str


@router.get(PATH)
async def show_templates(
    request: Request, caller: _Admin, name: _Name = Name.SUCCESS, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """One template; `done` names the button that was pressed."""
    wording = reader_of(request).wording
    sentences = {
        "saved": wording.gettext("Saved."),
        "reset": wording.gettext("This template is as it was delivered."),
        "all": wording.gettext("All templates are as they were delivered."),
        "language": wording.gettext("Messages are in this language now. Templates that you changed stayed as they are."),
    }
    told = Told("ok", sentences[done]) if done in sentences else None
    return _page(request, caller, name, told=told)


@router.post(PATH)
async def change_by_form(request: Request, caller: _Admin) -> Response:
    """`do`: save, test, reset one or all, or choose the language."""
    form = await request.form()
    name = _name_in(form)
    what = str(form.get("do", ""))
    try:
        match what:
            case "save":
                await change_templates(request, caller, lambda before: before.with_template(name, _template(form, before.template(name))))
                done = "saved"
            case "reset":
                await change_templates(request, caller, lambda before: before.with_template(name, None))
                done = "reset"
            case "all":
                await change_templates(request, caller, lambda before: TemplateSet(before.texts, {}))
                done = "all"
            case "language":
                await change_templates(request, caller, lambda before: _in_language(before, str(form.get("language", ""))))
                done = "language"
            case "test":
                return await _tested(request, caller, name, form)
            case _:
                raise Refused(400, "nothing is known by that name", "bad_request")
    except TemplateError as error:
        return _page(request, caller, name, sent=_sent(form), told=Told("error", _problem(error)), status=400)
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?name={name}&done={done}", status_code=303)


@router.get(PATH + "/preview")
async def show_preview(
    request: Request, caller: _Admin, name: _Name = Name.SUCCESS, form: Annotated[str, Query(max_length=10)] = "mail"
) -> Response:
    """What a message is with the template as it is kept. `form`: `mail` or `text`."""
    return await _preview(request, name, form, None)


@router.post(PATH + "/preview")
async def preview_of_form(request: Request, caller: _Admin) -> Response:
    """The same with the template that is in the form."""
    sent = await request.form()
    try:
        return await _preview(request, _name_in(sent), str(sent.get("form", "mail")), sent)
    except TemplateError as error:
        return HTMLResponse(_text_document(reader_of(request).wording, "", _problem(error)), headers=_PREVIEW_HEADERS)


async def _preview(request: Request, name: Name, form: str, sent: FormData | None) -> Response:
    message, _ = await run_in_threadpool(_rendered, request, name, sent)
    if form == "text":
        return HTMLResponse(_text_document(reader_of(request).wording, message.title, message.text), headers=_PREVIEW_HEADERS)
    return HTMLResponse(_with_pictures(message), headers=_PREVIEW_HEADERS)


def _rendered(request: Request, name: Name, sent: FormData | None) -> tuple[Message, Sample]:
    parts = context(request)
    with parts.database.snapshot() as connection:
        templates = templates_in_use(connection)
        if sent is not None:
            templates = templates.with_template(name, _template(sent, templates.template(name)))
        sample = sample_of(connection, name, parts.settings.time_zone, parts.clock.now())
        return Renderer(parts.settings, parts.clock).preview(connection, sample.delivery, templates), sample


async def _tested(request: Request, caller: Caller, name: Name, form: FormData) -> Response:
    """Sends the message to the chosen channel, past the outbox, and says how that went."""
    parts, wording = context(request), reader_of(request).wording
    chosen = whole_number(str(form.get("channel", "")), ID_DIGITS)
    with parts.database.read() as connection:
        row = channels.channel_by_id(connection, chosen) if chosen is not None else None
    if row is None:
        return _page(request, caller, name, sent=_sent(form), told=Told("error", wording.gettext("Choose a channel first.")), status=400)
    message, _ = await run_in_threadpool(_rendered, request, name, form)
    title = wording.gettext("Test: %(title)s") % {"title": message.title}
    try:
        setting = setting_of(row, parts.secrets)
        arrived = await send_test(row.kind, setting, replace(message, title=title))
    except (DeliveryError, SecretLost, KeyTrouble) as error:
        sentence = wording.gettext("The test to “%(channel)s” did not arrive: %(why)s") % {"channel": row.name, "why": str(error)}
        await _note_test(request, caller, row, name, str(error))
        return _page(request, caller, name, sent=_sent(form), told=Told("error", sentence), status=502)
    await _note_test(request, caller, row, name, "")
    sentence = wording.gettext("The test was delivered to “%(channel)s”.") % {"channel": row.name}
    return _page(request, caller, name, sent=_sent(form), told=Told("ok", " ".join((sentence, arrived.remark)).strip()))


async def _note_test(request: Request, caller: Caller, row: ChannelRow, name: Name, error: str) -> None:
    parts, agent = context(request), user_agent(request)
    details: dict[str, object] = {"channel": row.name, "kind": row.kind, "template": name.value}

    def work(connection: Connection) -> None:
        entry = Entry(
            parts.clock.now(),
            "test_notification_sent",
            "system",
            caller.user,
            "",
            "channel",
            str(row.id),
            details,
            caller.address,
            agent,
            "failure" if error else "success",
            error or None,
        )
        audit.record(connection, entry)

    await parts.writer.write(work)


def _page(
    request: Request,
    caller: Caller,
    name: Name,
    *,
    sent: Mapping[str, str] | None = None,
    told: Told | None = None,
    status: int = 200,
) -> Response:
    parts, wording = context(request), reader_of(request).wording
    with parts.database.snapshot() as connection:
        templates = templates_in_use(connection)
        rows = [row for row in channels.channels(connection) if row.enabled]
        sample = sample_of(connection, name, parts.settings.time_zone, parts.clock.now())
        address = public_url(connection, parts.settings)
    template = templates.template(name)
    fields = sent or {"title": template.title, "message": template.message.strip("\n"), "priority": template.priority}
    tags = sent["tags"] if sent else ", ".join(template.tags)
    shown = Template(fields["title"], fields["message"])
    response = page(
        request,
        "templates.html",
        caller,
        status=status,
        told=told,
        name=name,
        names=template_names(wording),
        changed=templates.changed,
        language=templates.texts.language,
        languages=LANGUAGES,
        fields={**fields, "tags": tags},
        is_sent=sent is not None,
        longest={"title": LONGEST_TITLE, "message": LONGEST_MESSAGE},
        priorities=priority_words(wording),
        variables=variables_of(name, wording),
        unknown=_unknown_words(wording, unknown_variables(shown, name)),
        channels=rows,
        is_real=sample.is_real,
        has_address=bool(address),
    )
    response.headers["Content-Security-Policy"] = _FRAMED
    return response


def _unknown_words(wording: Wording, unknown: Sequence[str]) -> str:
    if not unknown:
        return ""
    listed = ", ".join(f"{{{variable}}}" for variable in unknown)
    return wording.gettext("Not known here, so it stays as it is written: %(variables)s") % {"variables": listed}


def _template(form: FormData, before: Template) -> Template:
    return read_template({field: str(form[field]) for field in _FIELDS if field in form}, before)


def _sent(form: FormData) -> dict[str, str]:
    return {field: str(form.get(field, "")) for field in _FIELDS}


def _in_language(before: TemplateSet, code: str) -> TemplateSet:
    language = language_named(code)
    if language is None:
        raise TemplateError("language", "Invalid language")
    return before.in_language(language)


def _name_in(form: FormData) -> Name:
    try:
        return Name(str(form.get("name", "")))
    except ValueError:
        raise Refused(404, "There is no such template", "not_found") from None


def _problem(error: TemplateError) -> str:
    sentence = str(error)
    return sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith(".") else ".")


def _with_pictures(message: Message) -> str:
    """The mail with its pictures in it: a browser does not know addresses of parts of a mail."""
    html = message.html
    for image in message.images:
        html = html.replace(f'"cid:{image.name}"', f'"data:image/png;base64,{base64.b64encode(image.png).decode()}"')
    return html


def _text_document(wording: Wording, title: str, text: str) -> str:
    """The plain text as a page."""
    style = (
        ":root{color-scheme:light dark}body{margin:0;padding:1rem;font:15px/1.5 system-ui,sans-serif}h1{margin:0 0 .6rem;font-size:16px}"
        "pre{margin:0;font:inherit;white-space:pre-wrap;overflow-wrap:anywhere}"
    )
    head = f"<h1>{escape(title)}</h1>" if title else ""
    code = escape(wording.language.code, quote=True)
    return (
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title) or 'duplistatus'}</title><style>{style}</style></head><body>{head}<pre>{escape(text)}</pre></body></html>"
    )
