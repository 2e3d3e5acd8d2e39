"""The pages of collecting, for administrators. In: the address, or a plain form; out: the servers to choose from and the newest
collections; one collection with how far each server has come, what is asked, what went wrong, and its documents. A script keeps that
page fresh; without one it is loaded again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.clock import MINUTE, instant
from duplistatus.i18n.wording import Wording
from duplistatus.ingest.duplicati.questions import NEW, WHICH
from duplistatus.store import fleet
from duplistatus.store.collections import CANCELLED, FAILED, Part
from duplistatus.store.links import TIMERS, Link
from duplistatus.web import collection_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import whole_number
from duplistatus.web.collection_desk import PATH, Reply, Wish
from duplistatus.web.collection_words import job_troubles, state_words, step_text, summary_text, trouble_of
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.trouble_words import TroubleWords, fingerprint, trouble_words

router = APIRouter(include_in_schema=False)

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
_DIGITS = 5
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Fields:
    """What the form shows. `which`: all or chosen, empty where what was sent says neither."""

    servers: frozenset[str] = frozenset()
    which: str = ""
    addresses: str = ""
    port: str = ""
    timer: str = ""
    schedules_only: bool = False
    keeps_document: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A server to choose, and what is wrong with it."""

    link: Link
    trouble: str


@dataclass(frozen=True, slots=True)
class Line:
    """A part in words. `fingerprint`: of a certificate, its bytes; `candidates`: keys and names of the servers that it could be."""

    part: Part
    state: tuple[str, str]
    step: str
    trouble: TroubleWords | None
    jobs: list[tuple[str, str]]
    fingerprint: list[str]
    valid: str
    candidates: list[tuple[str, str]]

    @property
    def name(self) -> str:
        return self.part.server_label or self.part.url


@router.get(PATH)
async def show_collect(
    request: Request,
    caller: _Admin,
    server: Annotated[str, Query(max_length=500)] = "",
    addresses: Annotated[str, Query(max_length=_LONGEST)] = "",
) -> Response:
    """The choice; `server` and `addresses` are chosen and filled in already."""
    chosen = frozenset({server}) if server else frozenset[str]()
    return _choice(request, caller, Fields(chosen, "chosen" if server or addresses else "all", addresses))


@router.post(PATH)
async def collect_by_form(request: Request, caller: _Admin) -> Response:
    """Begins a collection and shows it."""
    form = await request.form()
    fields = _sent(form)
    try:
        uid = await collection_desk.start(request, caller, _wish(reader_of(request).wording, form, fields))
    except (ValueError, Refused) as error:
        status = error.status if isinstance(error, Refused) else 400
        return _choice(request, caller, fields, error.error if isinstance(error, Refused) else str(error), status)
    return _to(request, uid)


@router.get(PATH + "/{uid}")
async def show_collection(request: Request, uid: str, caller: _Admin) -> Response:
    """One collection."""
    return _one(request, caller, uid)


@router.post(PATH + "/{uid}/cancel")
async def cancel_by_form(request: Request, uid: str, caller: _Admin) -> Response:
    """Ends it; one that has ended meanwhile is as good."""
    try:
        await collection_desk.cancel(request, caller, uid)
    except Refused as refused:
        if refused.code != "ended":
            raise
    return _to(request, uid)


@router.post(PATH + "/{uid}/parts/{number:int}")
async def answer_by_form(request: Request, uid: str, number: _Number, caller: _Admin) -> Response:
    """Answers what is asked about a server."""
    form = await request.form()
    agrees = {"yes": True, "no": False}.get(str(form.get("agree", "")))
    server = None if agrees is False else str(form["server"]) if "server" in form else None
    try:
        await collection_desk.answer(request, caller, uid, number, Reply(agrees, str(form.get("sha256", "")), server))
    except Refused as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            raise
        return _one(request, caller, uid, _why_not(reader_of(request).wording, refused), refused.status)
    return _to(request, uid)


def _to(request: Request, uid: str) -> Response:
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}/{uid}", status_code=303)


def _why_not(wording: Wording, refused: Refused) -> str:
    if refused.code == "not_asked":
        return wording.gettext("Somebody has answered meanwhile.")
    return wording.gettext("That was no answer to what is asked now: look again, and choose.")


def _sent(form: FormData) -> Fields:
    return Fields(
        frozenset(str(each) for each in form.getlist("servers")),
        str(form.get("which", "")),
        str(form.get("addresses", ""))[:_LONGEST],
        str(form.get("port", ""))[:10],
        str(form.get("timer", "")),
        "schedules_only" in form,
        "keep_document" in form,
    )


def _wish(wording: Wording, form: FormData, fields: Fields) -> Wish:
    """Raises ValueError with a sentence."""
    port = whole_number(fields.port.strip(), _DIGITS) if fields.port.strip() else None
    if fields.port.strip() and port is None:
        raise ValueError(wording.gettext("The port is a number from 1 to 65535."))
    every = fields.which == "all"
    if not every and not fields.servers and not fields.addresses.strip():
        raise ValueError(wording.gettext("Choose at least one server, or enter an address."))
    return Wish(
        servers=None if every else tuple(sorted(fields.servers)),
        addresses=fields.addresses,
        port=port,
        password=str(form.get("password", "")),
        timer=whole_number(fields.timer, _DIGITS) if fields.timer else None,
        schedules_only=fields.schedules_only,
        keeps_document=fields.keeps_document,
    )


def _choice(request: Request, caller: Caller, fields: Fields, problem: str = "", status: int = 200) -> Response:
    wording = reader_of(request).wording
    found = [
        Choice(link, trouble_words(link.trouble, link.trouble_facts, wording).sentence if link.trouble else "")
        for link in collection_desk.links_now(request)
    ]
    return page(
        request,
        "collect.html",
        caller,
        status=status,
        problem=problem,
        choices=found,
        fields=fields,
        timers=[(str(minutes), wording.spoken_age(minutes * MINUTE)) for minutes in TIMERS],
        lines=collection_desk.lines_now(request),
    )


def _one(request: Request, caller: Caller, uid: str, problem: str = "", status: int = 200) -> Response:
    wording = reader_of(request).wording
    found = collection_desk.collection_now(request, uid)
    lines = [_line(request, part, wording) for part in found.parts]
    again = [part for part in found.parts if part.state in {FAILED, CANCELLED}]
    values: dict[str, Any] = {
        "found": found,
        "lines": lines,
        "asking": [line for line in lines if line.part.question],
        "summary": summary_text(found, wording),
        "ended": sum(part.has_ended for part in found.parts),
        "again_keys": [part.server_key for part in again if part.server_key],
        "again_addresses": ", ".join(part.url for part in again if not part.server_key),
        "runs": sum(part.found for part in found.parts),
    }
    return page(request, "collection.html", caller, status=status, problem=problem, **values)


def _line(request: Request, part: Part, wording: Wording) -> Line:
    question = part.question or {}
    candidates: list[tuple[str, str]] = []
    if question.get("kind") == WHICH:
        with context(request).database.read() as connection:
            servers = [fleet.server_by_key(connection, str(key)) for key in question.get("candidates", [])]
        candidates = [(server.key, server.label) for server in servers if server is not None]
        candidates.append((NEW, wording.gettext("None of these: a new server")))
    return Line(
        part,
        state_words(part, wording),
        step_text(part, wording),
        trouble_of(part, wording),
        job_troubles(part, wording),
        fingerprint(str(question.get("sha256", ""))).split(":"),
        " – ".join(_date(str(question.get(name, "")), wording) for name in ("begins", "ends")),
        candidates,
    )


def _date(text: str, wording: Wording) -> str:
    """A moment of a certificate; as it came, where it is none."""
    try:
        return wording.full_moment(instant(datetime.fromisoformat(text)))
    except ValueError:
        return text
