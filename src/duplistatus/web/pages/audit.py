"""The page of the audit log, for everybody who has signed in. In: what is sought; out: who did what, when and from where, newest first,
with the details of one entry; and for administrators forms to say for how long it is kept and to clean it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso
from duplistatus.i18n.wording import Wording
from duplistatus.store import audit, audit_log
from duplistatus.store.audit import LEAST_DAYS, MOST_DAYS
from duplistatus.store.audit_log import AuditLine, Place, Sought
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.audit_desk import change_retention, checked_days, clean, read_sought, visible_to, would_clean
from duplistatus.web.audit_details import Told, target_of, told
from duplistatus.web.audit_words import action_name, category_name, outcome
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.context import context
from duplistatus.web.device_words import device_of
from duplistatus.web.pages.rendering import page, reader_of

router = APIRouter(include_in_schema=False)

_Reader = Annotated[Caller, guarded(Access.LOGS)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
PATH = "/settings/audit"
SIZE = 50
_FIELDS = ("startDate", "endDate", "username", "action", "category", "status", "q")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry in the words of the reader. `kind` and `word`: how it went; `told`: the details, of the one that is open alone; `query`: of
    the page with this entry open, or closed again."""

    line: AuditLine
    kind: str
    word: str
    action: str
    category: str
    target: str
    program: str
    told: Told | None
    query: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What came of a form. `count`: entries that a clean-up would remove, None where nobody asked."""

    kind: str
    text: str
    count: int | None = None


@router.get(PATH)
async def show_audit(request: Request, caller: _Reader) -> Response:
    """The list. What nobody knows is found nowhere; a date that is none is told."""
    return await _page(request, caller)


@router.post(PATH)
async def change_by_form(request: Request, caller: _Admin) -> Response:
    """`do`: `save` the days that entries are kept (`days`), `count` what a clean-up would remove, or `clean`."""
    form = await request.form()
    what = str(form.get("do", ""))
    wording = reader_of(request).wording
    try:
        notice = await _change(request, caller, what, str(form.get("days", "")), wording)
    except ValueError as error:
        return await _page(request, caller, Notice("error", str(error)), 400)
    return await _page(request, caller, notice)


async def _change(request: Request, caller: Caller, what: str, days: str, wording: Wording) -> Notice:
    if what == "save":
        number = whole_number(days.strip(), 4)
        if number is None or not LEAST_DAYS <= number <= MOST_DAYS:
            sentence = wording.gettext("Enter a number of days from %(least)s to %(most)s.")
            raise ValueError(sentence % {"least": LEAST_DAYS, "most": MOST_DAYS})
        await change_retention(request, caller, checked_days(number))
        return Notice(
            "ok", wording.ngettext("Entries are kept for %(num)s day.", "Entries are kept for %(num)s days.", number) % {"num": number}
        )
    if what == "count":
        would = await run_in_threadpool(would_clean, request)
        day = wording.day(would.before, reader_of(request).now)
        text = wording.ngettext("%(num)s entry is older than %(day)s.", "%(num)s entries are older than %(day)s.", would.count)
        return Notice("ok", text % {"num": wording.number(would.count), "day": day}, would.count)
    if what == "clean":
        done = await clean(request, caller)
        text = wording.ngettext("%(num)s entry was removed.", "%(num)s entries were removed.", done.count)
        return Notice("ok", text % {"num": wording.number(done.count)})
    raise ValueError("nothing is known by that name")


async def _page(request: Request, caller: Caller, notice: Notice | None = None, status: int = 200) -> Response:
    reader = reader_of(request)
    wording = reader.wording
    query = {name: request.query_params[name][:_LONGEST] for name in _FIELDS if request.query_params.get(name)}
    problem = ""
    try:
        sought = read_sought(query, wording.zone)
    except ValueError:
        sought, problem = Sought(), wording.gettext("One of the dates is none.")
    own = visible_to(caller, sought)
    before, after = _place(request.query_params.get("before", "")), _place(request.query_params.get("after", ""))
    found = await run_in_threadpool(_found, request, own, before, after)
    open_id = whole_number(request.query_params.get("show", ""), ID_DIGITS)
    here = query | ({"after": _text(after)} if after else {"before": _text(before)} if before else {})
    return page(
        request,
        "audit.html",
        caller,
        status=status,
        rows=[_shown(line, open_id, here, wording) for line in found.lines],
        query=query,
        problem=problem,
        newer=None if found.newer is None else urlencode(query | ({"after": _text(found.newer)} if found.newer.id >= 0 else {})),
        older=None if found.older is None else urlencode(query | {"before": _text(found.older)}),
        searched_to=found.searched_to,
        actions=sorted(((each, action_name(each, wording)) for each in found.words["action"]), key=lambda pair: pair[1].casefold()),
        categories=[(each, category_name(each, wording)) for each in found.words["category"]],
        outcomes=[(each, outcome(each, wording)[1]) for each in found.words["status"]],
        is_own=own.user_id is not None,
        export=_export(query, sought),
        days=found.days,
        least=LEAST_DAYS,
        most=MOST_DAYS,
        notice=notice,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """One page of the list. `newer` and `older`: where the pages around it begin, None where there is none; `searched_to`: the moment
    down to which was looked, where the page is not full for that."""

    lines: list[AuditLine]
    newer: Place | None
    older: Place | None
    searched_to: Instant | None
    words: dict[str, list[str]]
    days: int


_FIRST = Place(Instant(0), -1)
"""Stands for the page without a place: the newest entries."""


def _found(request: Request, sought: Sought, before: Place | None, after: Place | None) -> _Found:
    with context(request).database.snapshot() as connection:
        if sought.username is not None:
            sought = replace(sought, username=audit_log.known_name(connection, sought.username))
        part = audit_log.page(connection, sought, SIZE + 1, before=before, after=after)
        words = {name: audit_log.words(connection, name, sought.user_id) for name in audit_log.WORDS}
        days = audit.retention_days(connection)
    more = len(part.lines) > SIZE
    if after is not None:
        # One entry more than shown tells whether another page follows.
        lines = part.lines[-SIZE:]
        newer = lines[0].place if more else part.beyond
        return _Found(lines, newer, lines[-1].place if lines else after, None, words, days)
    lines = part.lines[:SIZE]
    newer = None if before is None else lines[0].place if lines else _FIRST
    older = lines[-1].place if more else part.beyond
    searched_to = part.beyond.at if part.beyond is not None and not more else None
    return _Found(lines, newer, older, searched_to, words, days)


def _shown(line: AuditLine, open_id: int | None, query: Mapping[str, str], wording: Wording) -> Shown:
    kind, word = outcome(line.status, wording)
    is_open = line.id == open_id
    return Shown(
        line,
        kind,
        word,
        action_name(line.action, wording),
        category_name(line.category, wording),
        target_of(line),
        device_of(line.user_agent, wording) if line.user_agent else "",
        told(line, wording) if is_open else None,
        urlencode(query if is_open else {**query, "show": line.id}),
    )


def _export(query: Mapping[str, str], sought: Sought) -> str:
    """The query of the same search as a file: days and times of the reader's zone as moments."""
    values = dict(query)
    for name, at in (("startDate", sought.since), ("endDate", sought.until)):
        if at is not None:
            values[name] = iso(at)
        else:
            values.pop(name, None)
    return urlencode(values)


def _place(text: str) -> Place | None:
    """The place of an address; None where it is none: an old bookmark is no error."""
    at, _, number = text.partition("-")
    found = whole_number(at, ID_DIGITS), whole_number(number, ID_DIGITS)
    return None if found[0] is None or found[1] is None else Place(Instant(found[0]), found[1])


def _text(place: Place) -> str:
    return f"{place.at}-{place.id}"
