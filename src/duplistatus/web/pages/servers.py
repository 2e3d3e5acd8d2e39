"""The page of servers, for administrators: how each is reached, and how that goes. In: the address, or plain forms; out: the list, with a
test of all, and a form that adds servers by collecting from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.evaluate.server_release import Newest, server_release
from duplistatus.i18n.wording import Wording
from duplistatus.security.key_check import key_state
from duplistatus.security.secret_holders import SERVER
from duplistatus.store import server_edit
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.links import TIMERS, Link
from duplistatus.store.releases import newest_releases
from duplistatus.store.server_edit import Known
from duplistatus.web import collection_desk, server_tests
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import whole_number
from duplistatus.web.collection_desk import Wish
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.release_words import Badge, badge
from duplistatus.web.server_tests import Line, Tested
from duplistatus.web.trouble_words import TroubleWords, trouble_words

router = APIRouter(include_in_schema=False)

PATH = "/settings/servers"
PROPOSED_TIMER = 360
_PAGE = 50
_LONGEST_LIST = 20_000
_HOUR = 60
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Text = Annotated[str, Query(max_length=300)]


@dataclass(frozen=True, slots=True)
class ServerLine:
    """A server of the list, in words. `state`: kind of mark and word of how the newest try went; `is_lost`: its password cannot be read."""

    server: ServerRow
    link: Link | None
    badge: Badge
    state: tuple[str, str]
    trouble: TroubleWords | None
    timer: str
    live: tuple[str, str] | None
    is_lost: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form that adds servers shows again; no password."""

    addresses: str = ""
    port: str = ""
    timer: str = ""


@dataclass(frozen=True, slots=True)
class TestLine:
    """How the test of a server went, in words: its last step, or the one that failed."""

    server: Link
    last: Line

    __test__ = False


# --- the list ----------------------------------------------------------------------------------------------------------------------


@router.get(PATH)
async def show_servers(
    request: Request,
    caller: _Admin,
    q: _Text = "",
    p: Annotated[int, Query(ge=1, le=10**6)] = 1,
    saved: _Text = "",
    removed: _Text = "",
) -> Response:
    """Page `p` of those that have `q` in their names, notes or addresses; `saved` and `removed` name what was changed."""
    gettext = reader_of(request).wording.gettext
    told = None
    if saved or removed:
        told = "ok", (gettext("“%(name)s” is saved.") if saved else gettext("“%(name)s” was deleted.")) % {"name": saved or removed}
    return _list(request, caller, q=q, number=p, told=told)


@router.post(PATH)
async def add_or_test(request: Request, caller: _Admin) -> Response:
    """`do`: add, which begins a collection from what was typed; or test, all that have an address."""
    form = await request.form()
    if form.get("do") == "add":
        return await _add(request, caller, form)
    if form.get("do") != "test":
        raise Refused(400, "Nothing is known by that name", "bad_request")
    with context(request).database.read() as connection:
        chosen = [each.link for each in server_edit.known_servers(connection) if each.link is not None]
    tested = await server_tests.try_servers(request, caller, chosen)
    return _list(request, caller, tested=tested)


async def _add(request: Request, caller: Caller, form: FormData) -> Response:
    sent = Typed(*(str(form.get(name, "")).strip()[:_LONGEST_LIST] for name in ("addresses", "port", "timer")))
    port = whole_number(sent.port, 5)
    try:
        if sent.port and port is None:
            raise Refused(400, reader_of(request).wording.gettext("The port must be a number."), "bad_request")
        wish = Wish(addresses=sent.addresses, port=port, password=str(form.get("password", "")), timer=whole_number(sent.timer, 5))
        uid = await collection_desk.start(request, caller, wish)
    except Refused as error:
        return _list(request, caller, told=("error", error.error), typed=sent, status=error.status)
    return RedirectResponse(f"{context(request).settings.root_path}{collection_desk.PATH}/{uid}", status_code=303)


def _list(
    request: Request,
    caller: Caller,
    *,
    q: str = "",
    number: int = 1,
    told: tuple[str, str] | None = None,
    tested: list[Tested] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    wording = reader_of(request).wording
    with context(request).database.snapshot() as connection:
        found = [each for each in server_edit.known_servers(connection) if _has(each, q)]
        lost = lost_passwords(request, connection)
        newest = newest_releases(connection)
    shown = found[(number - 1) * _PAGE : number * _PAGE]
    lines = [line_of(each, wording, newest, is_lost=each.server.id in lost) for each in shown]
    return page(
        request,
        "servers.html",
        caller,
        status=status,
        lines=lines,
        total=len(found),
        with_address=sum(each.link is not None for each in found),
        query=q,
        number=number,
        pages=max(1, math.ceil(len(found) / _PAGE)),
        told=told,
        tests=[_test_line(each, wording) for each in tested] if tested is not None else None,
        timers=timer_words(wording),
        typed=typed,
        proposed=typed.timer if typed is not None else str(PROPOSED_TIMER),
    )


def _has(each: Known, query: str) -> bool:
    words = query.casefold().split()
    text = "\n".join((each.server.name, each.server.alias, each.server.note, each.server.url, each.server.tag_words)).casefold()
    return all(word in text for word in words)


def lost_passwords(request: Request, connection: Connection) -> frozenset[int]:
    """Servers whose password cannot be read."""
    state = key_state(connection, context(request).secrets)
    return frozenset(each.sealed.row for each in state.lost if each.holder.use == SERVER)


def line_of(each: Known, wording: Wording, newest: Newest, *, is_lost: bool) -> ServerLine:
    link = each.link
    trouble = trouble_words(link.trouble, link.trouble_facts, wording) if link is not None and link.trouble else None
    return ServerLine(
        each.server,
        link,
        badge(server_release(each.server.version, each.server.update_channel, newest), wording),
        _state(link, wording),
        trouble,
        timer_words(wording).get(link.timer, "") if link is not None and link.timer else "",
        live_word(link, wording),
        is_lost,
    )


def _state(link: Link | None, wording: Wording) -> tuple[str, str]:
    gettext = wording.gettext
    if link is None:
        return "quiet", gettext("By reports alone")
    if link.trouble:
        return "error", gettext("Failed")
    if link.collected_at is None:
        return "quiet", gettext("Not collected yet")
    if link.errors:
        return "warn", wording.ngettext("%(num)s job could not be read", "%(num)s jobs could not be read", link.errors) % {
            "num": link.errors
        }
    return "ok", gettext("Collected")


def _test_line(each: Tested, wording: Wording) -> TestLine:
    return TestLine(each.link, server_tests.lines_of(each.tried, wording, agreed=bool(each.link.certificate))[-1])


def timer_words(wording: Wording) -> dict[int, str]:
    """The timers with their words."""
    words = {}
    for minutes in TIMERS:
        if minutes < _HOUR:
            words[minutes] = wording.ngettext("every %(num)s minute", "every %(num)s minutes", minutes) % {"num": minutes}
        else:
            hours = minutes // _HOUR
            words[minutes] = wording.ngettext("every hour", "every %(num)s hours", hours) % {"num": hours}
    return words


def live_word(link: Link | None, wording: Wording) -> tuple[str, str] | None:
    """What it does now, where that is watched: kind of mark and word."""
    if link is None or not link.watch:
        return None
    gettext = wording.gettext
    words = {
        "idle": ("ok", gettext("Idle")),
        "running": ("run", gettext("Running")),
        "paused": ("warn", gettext("Paused")),
        "gone": ("error", gettext("Not reachable")),
    }
    return words.get(link.live, ("quiet", gettext("Unknown")))
