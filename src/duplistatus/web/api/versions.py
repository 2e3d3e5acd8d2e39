"""`/api/duplicati-versions`: which versions of Duplicati are out, and how the servers stand to them. In: when the list is fetched; out: the
newest of each channel, the servers that the caller sees, and what came of the newest fetch."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso
from duplistatus.evaluate.server_release import Known, PlanError, ServerRelease, plan_fields
from duplistatus.i18n.wording import DEFAULT
from duplistatus.store.fleet import ServerRow
from duplistatus.web import release_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered, taking
from duplistatus.web.body import json_object
from duplistatus.web.errors import Refused
from duplistatus.web.release_desk import ReleaseDesk
from duplistatus.web.release_words import trouble_sentence

router = APIRouter(tags=["servers"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_PATH = "/api/duplicati-versions"
_CHANGE_FAILURES = {400: "Something of it makes no sense; nothing was stored"}
_UPDATE_FAILURES = {409: "It is being fetched just now, or the environment forbids it"}


@router.get(_PATH, summary="Which versions of Duplicati are out", responses=answered("DuplicatiVersions"))
async def show_versions(request: Request, caller: _Reader) -> Response:
    """The newest of each channel, and the servers against it."""
    return json_answer(encode(_body(release_desk.desk_of(request))), NO_STORE)


@router.patch(
    _PATH,
    summary="Sets when the list of versions is fetched",
    responses=answered("DuplicatiVersions", failures=_CHANGE_FAILURES),
    openapi_extra=taking("FetchPlanChange"),
)
async def change_plan(request: Request, caller: _Admin) -> Response:
    """Body: any of `{"often": "24h", "12h", "6h" or "off", "at": "HH:MM"}`, in the zone of the product."""
    body = await json_object(request)
    if unknown := set(body) - {"often", "at"}:
        raise Refused(400, f"there is no field {min(unknown)[:40]!r}", "bad_request", more={"details": {"field": min(unknown)[:40]}})
    try:
        await release_desk.change_plan(request, caller, body)
    except PlanError as error:
        raise Refused(400, str(error), "bad_request", more={"details": {"field": error.field}}) from error
    return json_answer(encode(_body(release_desk.desk_of(request))), NO_STORE)


@router.post(
    _PATH + "/update", summary="Fetches the list of versions now", responses=answered("DuplicatiVersions", failures=_UPDATE_FAILURES)
)
async def update_versions(request: Request, caller: _Admin) -> Response:
    """Answers when that has ended, also where nothing could be fetched: `trouble` says why, and what was known stays."""
    await release_desk.update(request, caller)
    return json_answer(encode(_body(release_desk.desk_of(request))), NO_STORE)


def _body(desk: ReleaseDesk) -> dict[str, Any]:
    trouble = desk.list.trouble
    return {
        "items": [_known(each) for each in desk.newest.values()],
        "next_cursor": None,
        "servers": [_server(server, release) for server, release in desk.servers],
        "outdated": desk.outdated,
        "schedule": {**plan_fields(desk.plan), "zone": desk.zone, "next_at": _iso(desk.next_at)},
        "source": desk.place or None,
        "fetched_at": _iso(desk.list.fetched_at),
        "tried_at": _iso(desk.list.tried_at),
        "trouble": {"code": trouble.reason, "text": trouble_sentence(trouble, DEFAULT), "until": _iso(trouble.until)} if trouble else None,
    }


def _known(known: Known) -> dict[str, Any]:
    release = known.release
    return {
        "channel": known.channel.value,
        "version": release.number,
        "name": release.name,
        "published_on": release.on.isoformat() if release.on else None,
        "published_as": release.channel.value,
        "url": release.page,
        "built_in": known.fetched_at is None,
        "fetched_at": _iso(known.fetched_at),
    }


def _server(server: ServerRow, release: ServerRelease) -> dict[str, Any]:
    return {
        "id": server.key,
        "name": server.name,
        "alias": server.alias,
        "version": release.number or None,
        "channel": release.channel.value if release.channel else None,
        "standing": release.standing.value,
        "newest": release.newest.number if release.newest else None,
    }


def _iso(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
