"""Subscribing to a topic of ntfy: a page with a code for the camera of a phone, and its links. In: a topic, or none for that of the channel
for all; out: HTML, and the code as a picture."""

from __future__ import annotations

import io
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.evaluate.notify_setting import MOST_TOPIC, check_topic
from duplistatus.store import notify_list
from duplistatus.store.channels import NTFY, own_channel
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.ntfy_place import Place, place_of
from duplistatus.web.pages.rendering import page

router = APIRouter(include_in_schema=False)

PATH = "/settings/notifications/subscribe"
_Reader = Annotated[Caller, guarded(Access.READ)]
_Topic = Annotated[str, Query(max_length=MOST_TOPIC)]
_QUIET = 4
"""Modules of white around a code, as its standard wants."""


@router.get(PATH)
def show_topic(request: Request, caller: _Reader, topic: _Topic = "") -> Response:
    """The page."""
    return page(request, "subscribe.html", caller, place=_place(request, topic))


@router.get(PATH + ".svg")
def draw_code(request: Request, caller: _Reader, topic: _Topic = "") -> Response:
    """The code, black on white in any theme: what a camera reads."""
    import segno

    picture = io.BytesIO()
    code = segno.make(_place(request, topic).app, error="m", micro=False)
    code.save(picture, kind="svg", dark="#000", light="#fff", border=_QUIET, omitsize=True, svgclass=None, lineclass=None)
    return Response(picture.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def _place(request: Request, topic: str) -> Place:
    parts = context(request)
    with parts.database.read() as connection:
        row = own_channel(connection, NTFY)
        wanted = topic or str(row.config.get("topic") or "")
        # Whoever sees only some servers reads the topics of these.
        is_hidden = not parts.sight.is_whole and wanted not in notify_list.topics(connection)
    if not wanted or is_hidden:
        raise Refused(404, "ntfy is not set up yet", "not_found")
    try:
        check_topic(wanted)
    except ValueError as error:
        raise Refused(400, str(error), "bad_topic") from error
    found = place_of(str(row.config.get("url") or ""), wanted)
    if found is None:
        raise Refused(404, "ntfy is not set up yet", "not_found")
    return found
