"""`/api/access`: the ways in. In: switches, lists of addresses, trusted proxies; out: the policy that holds, what the environment decides,
where the caller is seen, and who called lately."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import iso
from duplistatus.security.access_policy import AddressList
from duplistatus.web import access_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.access_desk import DoorCaller, Situation
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.errors import Refused

router = APIRouter(tags=["access"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_FAILURES = {400: "Something of it makes no sense, or it would shut the caller out", 409: "The environment decides it"}


@router.get("/api/access", summary="Who may call from where, and with what", responses=answered("AccessPolicy"))
async def show_access(request: Request, caller: _Admin) -> Response:
    """The policy that holds: what was entered, and what environment variables say in its place."""
    return json_answer(encode(_body(access_desk.situation(request))))


@router.patch("/api/access", summary="Changes who may call", responses=answered("AccessPolicy", failures=_FAILURES))
async def change_access(request: Request, caller: _Admin) -> Response:
    """Body: any of `{"uploads_need_key", "reading_needs_key", "trusted_proxies", "admin": {"enabled", "networks"}, "external": {…}}`; what
    is not named stays. A list of the admin side that does not let the caller in is refused: 400 `would_lock_out`, with the address."""
    body = await json_object(request)
    try:
        found = await access_desk.change(request, caller, body)
    except ValueError as error:
        raise Refused(400, str(error), "bad_access") from error
    return json_answer(encode(_body(found)))


def _body(found: Situation) -> dict[str, Any]:
    policy = found.policy
    return {
        "uploads_need_key": policy.key_for_uploads,
        "reading_needs_key": policy.key_for_reading,
        "admin": _list(policy.admin),
        "external": _list(policy.external),
        "trusted_proxies": [str(network) for network in policy.trusted_proxies],
        "set_by": dict(found.set_by),
        "keys": {scope.value: count for scope, count in found.keys.items()},
        "you": {"address": found.you.address, "passed_on": found.you.passed_on, "untrusted_proxy": found.untrusted_proxy},
        "callers": [_caller(each) for each in found.callers],
    }


def _list(value: AddressList) -> dict[str, Any]:
    return {"enabled": value.enabled, "networks": [str(network) for network in value.networks]}


def _caller(each: DoorCaller) -> dict[str, Any]:
    calls = each.calls
    return {
        "door": each.door,
        "address": each.address,
        "last_at": iso(each.last_at),
        "with_key": calls.with_key if calls else None,
        "without_key": calls.without_key if calls else None,
        "refused": calls.refused if calls else None,
        "reason": calls.reason if calls else "",
        "servers": list(each.servers),
        "admitted": each.admitted,
    }
