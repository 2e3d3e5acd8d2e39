"""The page that writes the options for reports into a Duplicati server, for administrators. In: which key reports are to carry, or a plain
form that confirms; out: the exact change as a table before it is made, what came of it, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.i18n.wording import Wording
from duplistatus.ingest.duplicati.options import CannotPlan, Change, Hindrance, shown
from duplistatus.ingest.duplicati.trouble import Trouble
from duplistatus.store.fleet import ServerRow
from duplistatus.store.links import Link
from duplistatus.store.own_address import public_url
from duplistatus.web import option_desk, server_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.option_desk import Changed, KeyChoice, Outcome, Sheet
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.pages.server_settings import find
from duplistatus.web.pages.servers import PATH
from duplistatus.web.trouble_words import words_of

router = APIRouter(include_in_schema=False)

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get(PATH + "/{number:int}/options")
async def show_options(request: Request, number: _Number, caller: _Admin, key: Annotated[str, Query(max_length=10)] = "") -> Response:
    """The change; `key`: keep, none, new or own."""
    return await _proposal(request, caller, number, key)


@router.post(PATH + "/{number:int}/options")
async def write_options(request: Request, number: _Number, caller: _Admin) -> Response:
    """`do`: write, with the `mark` of what was shown, `choice` and `own` key; back, which shows the way back; write_back, which goes it."""
    form = await request.form()
    sent = {name: str(form.get(name, "")) for name in ("do", "mark", "choice", "own", "back")}
    row, link = _linked(request, number)
    gettext = reader_of(request).wording.gettext
    try:
        if sent["do"] == "back":
            return await _way_back(request, caller, number, sent["back"])
        if sent["do"] == "write_back":
            outcome = await option_desk.go_back(request, caller, row, link, sent["back"], sent["mark"])
        elif sent["do"] == "write":
            choice = _choice(sent["choice"]) or KeyChoice.KEEP
            outcome = await option_desk.write(request, caller, row, link, choice, sent["own"], sent["mark"])
        else:
            raise Refused(400, "Nothing is known by that name", "bad_request")
    except Changed:
        told = "warn", gettext("The settings of the server have changed meanwhile: this is the change as it would be now.")
        if sent["do"] == "write_back":
            return await _way_back(request, caller, number, sent["back"], told=told)
        return await _proposal(request, caller, number, sent["choice"], told=told, status=409)
    except Refused as error:
        return await _proposal(request, caller, number, sent["choice"], told=("error", error.error), status=error.status)
    except (Trouble, CannotPlan) as error:
        return _page(request, caller, number, View(trouble=_why(error, reader_of(request).wording)), 502)
    told = "ok", gettext("The options are written, and the server has them.") if outcome.changes else gettext("Nothing had to change.")
    if outcome.missed:
        names = ", ".join(each.name for each in outcome.missed)
        told = "error", gettext("The server took the change, but has something else than was written: %(names)s.") % {"names": names}
    return _page(request, caller, number, View(told, outcome=outcome))


async def _proposal(
    request: Request, caller: Caller, number: int, choice: str, *, told: tuple[str, str] | None = None, status: int = 200
) -> Response:
    _, link = _linked(request, number)
    wording = reader_of(request).wording
    try:
        sheet = await option_desk.look(request, link, _choice(choice))
    except Trouble as trouble:
        return _page(request, caller, number, View(trouble=_why(trouble, wording)), 502)
    hindrance = _why(sheet.hindrance, wording) if sheet.hindrance is not None else ""
    return _page(request, caller, number, View(told, sheet, hindrance, sheet.told.mark), status)


async def _way_back(request: Request, caller: Caller, number: int, back: str, *, told: tuple[str, str] | None = None) -> Response:
    row, link = _linked(request, number)
    try:
        now, changes = await option_desk.look_back(request, row, link, back)
    except (Trouble, CannotPlan) as error:
        return _page(request, caller, number, View(trouble=_why(error, reader_of(request).wording)), 502)
    return _page(request, caller, number, View(told, back=back, changes=changes, mark=now.mark))


def _linked(request: Request, number: int) -> tuple[ServerRow, Link]:
    row = find(request, number).server
    with context(request).database.read() as connection:
        return server_desk.linked(connection, row.key)


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows: a proposal with its `hindrance`, the way `back` with its changes, an outcome, or why nothing can be asked."""

    told: tuple[str, str] | None = None
    sheet: Sheet | None = None
    hindrance: str = ""
    mark: str = ""
    back: str = field(repr=False, default="")
    changes: tuple[Change, ...] = ()
    outcome: Outcome | None = None
    trouble: str = ""


def _page(request: Request, caller: Caller, number: int, view: View, status: int = 200) -> Response:
    parts = context(request)
    with parts.database.read() as connection:
        said = public_url(connection, parts.settings)
    row = find(request, number).server
    return page(request, "server_options.html", caller, status=status, row=row, said=said, shown=shown, view=view)


def _choice(name: str) -> KeyChoice | None:
    return KeyChoice(name) if name in set(KeyChoice) else None


def _why(error: Trouble | CannotPlan, wording: Wording) -> str:
    if isinstance(error, Trouble):
        return words_of(error, wording).whole
    sentences = {
        Hindrance.VERSION: wording.gettext(
            "The server does not tell its version, so it is not known which options it knows. Nothing was changed."
        ),
        Hindrance.TAKEN: wording.gettext(
            "This version sends reports to one address alone, and another one is set. It is left as it is; decide in Duplicati itself."
        ),
        Hindrance.MASKED: wording.gettext(
            "The server shows %(option)s masked: what it holds could not be kept. Set the option in Duplicati itself."
        ),
    }
    return sentences[error.hindrance] % {"option": error.option}
