"""The pages of channels, for administrators. In: plain forms; out: the list of channels with what each tells and how its deliveries go, and
a form for one of them, with its filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.evaluate.notice import CHOOSABLE
from duplistatus.evaluate.routing import Filter
from duplistatus.i18n.wording import Wording
from duplistatus.notify.channels.kind import BadChannel
from duplistatus.notify.channels.registry import KINDS
from duplistatus.security.secrets import KeyTrouble
from duplistatus.store import channels
from duplistatus.store.channels import ChannelRow
from duplistatus.web import channel_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.channel_desk import NO_SETTING
from duplistatus.web.channel_fields import SECRET, Opened, opened
from duplistatus.web.channel_filter import USUAL, Directory, Named
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.nearness_words import near_words, nearness_of
from duplistatus.web.pages.channel_forms import ChannelForm, event_words, form_of, kind_words, mode_words, new_form, sent_form, words_of
from duplistatus.web.pages.outcomes import Told, outcome_of_test
from duplistatus.web.pages.rendering import page, reader_of

router = APIRouter(include_in_schema=False)

PATH = "/settings/channels"
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Channel = Annotated[int, Path(ge=1, le=2**63 - 1)]
_Text = Annotated[str, Query(max_length=60)]


@dataclass(frozen=True, slots=True)
class Line:
    """A channel in words. `tells`: what it tells of; `of`: of which jobs; `address`: where it is changed;
    `near`: a remark on where its server is."""

    row: ChannelRow
    kind: str
    icon: str
    place: str
    tells: str
    of: str
    address: str
    trouble: str
    near: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form of a channel, apart from its settings."""

    id: int | None
    name: str
    enabled: bool
    events: frozenset[str]
    servers: frozenset[str]
    tags: frozenset[str]
    jobs: frozenset[str]


@router.get(PATH)
async def show_channels(request: Request, caller: _Admin, saved: _Text = "", removed: _Text = "") -> Response:
    """The list; `saved` and `removed` name what was changed."""
    gettext = reader_of(request).wording.gettext
    told = None
    if saved or removed:
        told = "ok", (gettext("“%(name)s” is saved.") if saved else gettext("“%(name)s” was removed.")) % {"name": saved or removed}
    return _list(request, caller, told)


@router.post(PATH)
async def change_by_button(request: Request, caller: _Admin) -> Response:
    """`do`: on, off or test; `id`: of which channel."""
    sent = await request.form()
    number = whole_number(str(sent.get("id", "")), ID_DIGITS)
    row = channel_desk.channel_row(request, number or 0)
    if sent.get("do") == "test":
        told = await outcome_of_test(request, caller, row)
        return _list(request, caller, (told[0], f"{row.name}: {told[1]}"))
    is_on = sent.get("do") == "on"
    if is_on and row.key is not None and not row.config:
        return RedirectResponse(_address(request, row), status_code=303)
    await channel_desk.change(request, caller, row.id, {"enabled": is_on})
    return RedirectResponse(context(request).settings.root_path + PATH, status_code=303)


@router.get(PATH + "/new")
async def show_new(request: Request, caller: _Admin, kind: _Text = "") -> Response:
    """The form of a channel that is not there yet; first its kind is chosen."""
    if kind not in KINDS:
        return page(request, "channel_kinds.html", caller, kinds=kind_words(reader_of(request).wording))
    return _form(request, caller, new_form(kind), _new_sheet())


@router.post(PATH + "/new")
async def add_by_form(request: Request, caller: _Admin) -> Response:
    """`do`: save, or test, which saves first."""
    sent = await request.form()
    kind = str(sent.get("kind", ""))
    if kind not in KINDS:
        raise Refused(400, "There is no such kind of channel", "bad_channel")
    try:
        row = await channel_desk.add(request, caller, {"kind": kind, **_words(sent, kind)})
    except (BadChannel, KeyTrouble) as error:
        return _refused(request, caller, sent, kind, Opened(NO_SETTING), error, None)
    return await _done(request, caller, sent, row)


@router.get(PATH + "/{channel_id:int}")
async def show_channel(request: Request, channel_id: _Channel, caller: _Admin) -> Response:
    """The form of one channel. Those for all jobs have pages of their own."""
    row = channel_desk.channel_row(request, channel_id)
    if row.key is not None:
        return RedirectResponse(_address(request, row), status_code=303)
    return _one(request, caller, row)


@router.post(PATH + "/{channel_id:int}")
async def change_by_form(request: Request, channel_id: _Channel, caller: _Admin) -> Response:
    """`do`: save; test, which saves first; or remove."""
    sent = await request.form()
    row = channel_desk.channel_row(request, channel_id)
    if row.key is not None:
        raise Refused(404, "There is no such channel", "channel_not_found")
    if sent.get("do") == "remove":
        await channel_desk.remove(request, caller, row.id)
        return _back(request, "removed", row.name)
    try:
        row = await channel_desk.change(request, caller, row.id, _words(sent, row.kind))
    except (BadChannel, KeyTrouble) as error:
        return _refused(request, caller, sent, row.kind, opened(row, context(request).secrets), error, row)
    return await _done(request, caller, sent, row)


async def _done(request: Request, caller: Caller, sent: FormData, row: ChannelRow) -> Response:
    if sent.get("do") == "test":
        return _one(request, caller, row, await outcome_of_test(request, caller, row))
    return _back(request, "saved", row.name)


def _back(request: Request, what: str, name: str) -> Response:
    from urllib.parse import quote

    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?{what}={quote(name)}", status_code=303)


# --- forms -------------------------------------------------------------------------------------------------------------------------


def _words(sent: FormData, kind: str) -> dict[str, Any]:
    """The form in the words of the interface for programs."""
    numbers = [whole_number(str(each), ID_DIGITS) for each in sent.getlist("jobs")]
    return {
        "name": str(sent.get("name", "")),
        "enabled": "enabled" in sent,
        "config": words_of(kind, sent),
        "filter": {
            "events": [str(each) for each in sent.getlist("events")],
            "servers": [str(each) for each in sent.getlist("servers")],
            "tags": [str(each) for each in sent.getlist("tags")],
            "jobs": [number for number in numbers if number is not None],
        },
    }


def _new_sheet() -> Sheet:
    nothing: frozenset[str] = frozenset()
    return Sheet(None, "", True, frozenset(event.value for event in USUAL), nothing, nothing, nothing)


def _sheet(row: ChannelRow, named: Named) -> Sheet:
    return Sheet(
        row.id,
        row.name,
        row.enabled,
        frozenset(event.value for event in named.events),
        frozenset(server.key for server in named.servers),
        frozenset(named.tags),
        frozenset(str(job.id) for job in named.jobs),
    )


def _sent_sheet(sent: FormData, row: ChannelRow | None) -> Sheet:
    chosen = {name: frozenset(map(str, sent.getlist(name))) for name in ("events", "servers", "tags", "jobs")}
    return Sheet(row.id if row else None, str(sent.get("name", "")), "enabled" in sent, **chosen)


def _refused(
    request: Request,
    caller: Caller,
    sent: FormData,
    kind: str,
    found: Opened,
    error: BadChannel | KeyTrouble,
    row: ChannelRow | None,
) -> Response:
    name = error.field if isinstance(error, BadChannel) else SECRET[kind][0]
    form = sent_form(kind, sent, found, name, str(error))
    return _form(request, caller, form, _sent_sheet(sent, row), row, status=400)


def _one(request: Request, caller: Caller, row: ChannelRow, told: Told | None = None) -> Response:
    # As it is by now: a test that arrived ends an alert.
    row = channel_desk.channel_row(request, row.id)
    form = form_of(row.kind, opened(row, context(request).secrets), reader_of(request).wording)
    with context(request).database.snapshot() as connection:
        named = Directory.of(connection).named(row.filter)
    return _form(request, caller, form, _sheet(row, named), row, told=told, gone=named.gone)


def _form(
    request: Request,
    caller: Caller,
    form: ChannelForm,
    sheet: Sheet,
    row: ChannelRow | None = None,
    *,
    told: Told | None = None,
    gone: int = 0,
    status: int = 200,
) -> Response:
    wording = reader_of(request).wording
    with context(request).database.snapshot() as connection:
        directory = Directory.of(connection)
    words = event_words(wording)
    return page(
        request,
        "channel.html",
        caller,
        status=status,
        form=form,
        sheet=sheet,
        row=row,
        told=told,
        gone=gone,
        kind=kind_words(wording)[form.kind],
        events=[(event.value, words[event]) for event in CHOOSABLE],
        servers=list(directory.servers.values()),
        tags=list(directory.tags.values()),
        jobs=list(directory.jobs.values()),
        modes=mode_words(wording),
    )


# --- the list ----------------------------------------------------------------------------------------------------------------------


def _list(request: Request, caller: Caller, told: Told | None) -> Response:
    with context(request).database.snapshot() as connection:
        directory = Directory.of(connection)
        rows = channels.channels(connection)
    lines = [_line(request, row, directory) for row in rows]
    return page(request, "channels.html", caller, lines=lines, told=told, kinds=kind_words(reader_of(request).wording))


def _line(request: Request, row: ChannelRow, directory: Directory) -> Line:
    wording = reader_of(request).wording
    found = opened(row, context(request).secrets)
    kind, icon, _ = kind_words(wording)[row.kind]
    place = KINDS[row.kind].place(found.setting)
    if row.key is not None:
        tells, of = wording.gettext("What each job says"), wording.gettext("all jobs")
    else:
        tells, of = _tells(wording, row.filter), _of(wording, directory.named(row.filter))
    near = near_words(nearness_of(row.kind, found.setting), wording)
    return Line(row, kind, icon, place, tells, of, _address(request, row), found.trouble, near)


def _address(request: Request, row: ChannelRow) -> str:
    return context(request).settings.root_path + (f"/settings/{row.key}" if row.key is not None else f"{PATH}/{row.id}")


def _tells(wording: Wording, chosen: Filter) -> str:
    words = event_words(wording)
    return ", ".join(words[event] for event in CHOOSABLE if event in chosen.events)


def _of(wording: Wording, named: Named) -> str:
    """Of which jobs, in words."""
    if not named.is_narrow:
        return wording.gettext("all jobs")
    parts = [row.label for row in named.servers]
    parts += [wording.gettext("tag %(name)s") % {"name": name} for name in named.tags]
    parts += [wording.gettext("%(job)s on %(server)s") % {"job": job.name, "server": job.server.label} for job in named.jobs]
    most = 4
    shown = parts[:most]
    if more := len(parts) - most:
        shown += [wording.ngettext("%(num)s more", "%(num)s more", more) % {"num": more}] if more > 0 else []
    if named.gone:
        shown.append(wording.ngettext("%(num)s that is gone", "%(num)s that are gone", named.gone) % {"num": named.gone})
    return ", ".join(shown)
