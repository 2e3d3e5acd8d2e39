"""The zone in which the scheduler of one server counts. In: a server and, by a plain form, the name of a zone or none; out: the page that
says how the zone is known, and the way back."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import available_timezones

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.i18n.wording import known_zone
from duplistatus.store import fleet
from duplistatus.store.fleet import ServerRow
from duplistatus.web import watch_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.monitoring import PATH
from duplistatus.web.pages.monitoring_rows import zone_word
from duplistatus.web.pages.rendering import page, reader_of

router = APIRouter(include_in_schema=False)

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Server = Annotated[str, Query(max_length=1000)]


@router.get(PATH + "/zone")
async def show_zone(request: Request, caller: _Admin, server: _Server) -> Response:
    """The choice."""
    return _page(request, caller, _find(request, server))


@router.post(PATH + "/zone")
async def change_zone(request: Request, caller: _Admin, server: _Server) -> Response:
    """Sets it, or has it found out."""
    form = await request.form()
    row = _find(request, server)
    name = form.get("zone")
    if not isinstance(name, str) or (name and not known_zone(name)):
        problem = reader_of(request).wording.gettext("There is no such zone; choose one of the list.")
        return _page(request, caller, row, problem)
    await watch_desk.change_zone(request, caller, row, name or None)
    query = urlencode({"q": row.name, "done": "saved"})
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?{query}", status_code=303)


def _page(request: Request, caller: Caller, server: ServerRow, problem: str = "") -> Response:
    return page(
        request,
        "monitoring_zone.html",
        caller,
        status=400 if problem else 200,
        server=server,
        zones=_zones(),
        known=zone_word(reader_of(request).wording, server.zone_source),
        problem=problem,
    )


def _find(request: Request, key: str) -> ServerRow:
    with context(request).database.read() as connection:
        row = fleet.server_by_key(connection, key)
    if row is None:
        raise Refused(404, "No server has this id", "server_not_found")
    return row


@cache
def _zones() -> tuple[str, ...]:
    """Those that people mean: names with a place, and UTC."""
    found = {name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))}
    return ("UTC", *sorted(found))
