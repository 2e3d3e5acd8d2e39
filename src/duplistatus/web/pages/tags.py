"""The page of tags. In: the address, or a plain form; out: the tags with their colours and servers, and forms to add, rename, colour and
remove them, and to say which servers have them. Administrators change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.evaluate.tag import COLORS
from duplistatus.i18n.wording import Wording
from duplistatus.store import fleet, tags
from duplistatus.web import silence_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of, reading, server_url

router = APIRouter(include_in_schema=False)

PATH = "/settings/tags"
_LONGEST_KEY = 2_000


@router.get(PATH)
async def show_tags(
    request: Request,
    caller: Annotated[Caller, guarded(Access.READ)],
    edit: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    server: Annotated[str | None, Query(max_length=_LONGEST_KEY)] = None,
) -> Response:
    """The list; with `edit` the form of that tag, with `server` that of the tags of a server."""
    return _page(request, caller, edit, server)


@router.post(PATH)
async def change_by_form(request: Request, caller: Annotated[Caller, guarded(Access.ADMIN)]) -> Response:
    """`do`: save or remove a tag (`id`), or assign the tags of a `server`."""
    form = await request.form()
    chosen = whole_number(str(form.get("id", "")), ID_DIGITS)
    server = str(form.get("server", "")) or None
    try:
        await _do(request, caller, form, chosen, server)
    except (ValueError, Refused) as error:
        problem = error.error if isinstance(error, Refused) else str(error)
        sent = {"name": str(form.get("name", "")), "color": str(form.get("color", "")), "new": str(form.get("new", ""))}
        status = error.status if isinstance(error, Refused) else 400
        is_gone = isinstance(error, Refused) and error.code in {"tag_not_found", "server_not_found"}
        return _page(request, caller, None if is_gone else chosen, None if is_gone else server, problem, status, sent)
    with reading(reader_of(request)):
        target = server_url(server) if server else context(request).settings.root_path + PATH
    return RedirectResponse(target, status_code=303)


async def _do(request: Request, caller: Caller, form: FormData, chosen: int | None, server: str | None) -> None:
    wording = reader_of(request).wording
    what = str(form.get("do", "save"))
    if what == "assign" and server:
        new = [name for name in str(form.get("new", "")).split(",") if name.strip()]
        await silence_desk.set_server_tags(request, caller, server, {"tags": [*map(str, form.getlist("tags")), *new]})
    elif what == "remove" and chosen is not None:
        await silence_desk.drop_tag(request, caller, chosen)
    elif what == "save":
        if not str(form.get("name", "")).strip():
            raise ValueError(wording.gettext("A tag needs a name."))
        words: dict[str, object] = {"name": str(form.get("name", "")), "color": str(form.get("color", ""))}
        if "assigns" in form:
            words["servers"] = [str(key) for key in form.getlist("servers")]
        if chosen is None:
            await silence_desk.add_tag(request, caller, words)
        else:
            await silence_desk.change_tag(request, caller, chosen, words)
    else:
        raise ValueError("nothing is known by that name")


def _page(
    request: Request,
    caller: Caller,
    edit: int | None,
    server_key: str | None,
    problem: str = "",
    status: int = 200,
    sent: Mapping[str, str] | None = None,
) -> Response:
    with context(request).database.snapshot() as connection:
        rows = tags.tags(connection)
        server = fleet.server_by_key(connection, server_key) if server_key else None
        servers = sorted(fleet.servers(connection), key=lambda each: each.label.casefold()) if edit is not None else []
    chosen = next((row for row in rows if row.id == edit), None)
    if (edit is not None and chosen is None) or (server_key and server is None):
        raise Refused(404, "There is no such tag or server", "not_found")
    values: dict[str, Any] = {"rows": rows, "chosen": chosen, "server": server, "servers": servers}
    colors = color_words(reader_of(request).wording)
    fields = sent or {"name": chosen.name if chosen else "", "color": chosen.color if chosen else "", "new": ""}
    return page(request, "tags.html", caller, status=status, problem=problem, colors=colors, fields=fields, **values)


def color_words(wording: Wording) -> list[tuple[str, str]]:
    """The colours of tags with their names."""
    names = (
        wording.gettext("No colour"),
        wording.gettext("Blue"),
        wording.gettext("Orange"),
        wording.gettext("Green"),
        wording.gettext("Purple"),
        wording.gettext("Olive"),
        wording.gettext("Indigo"),
    )
    return list(zip(COLORS, names, strict=True))
