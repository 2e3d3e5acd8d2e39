"""`/api/notification-channel-alerts`: channels that fail, for administrators. In: which of them somebody took note of; out: those that
nobody did, in the fields that duplistatus 1.5 uses, and some of our own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import iso
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.alerts import Alert, alerts, clear
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["channels"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_PATH = "/api/notification-channel-alerts"
_MOST = 200


@router.get(_PATH, summary="Channels that fail", responses=answered("ChannelAlerts"))
async def channel_alerts(request: Request, caller: _Admin) -> Response:
    """Until they work again, or somebody took note."""
    with context(request).database.read() as connection:
        return _answer(alerts(connection))


@router.post(_PATH, summary="Takes note of some", responses=answered("ChannelAlerts", failures={400: "No channel is named"}))
async def clear_some_alerts(request: Request, caller: _Admin) -> Response:
    """Body: `{"channels": [names]}`, each as `channel` of an alert says it. They come again with the next failure."""
    names = (await json_object(request)).get("channels")
    if not isinstance(names, list) or not names or len(names) > _MOST or not all(isinstance(name, str) for name in names):
        raise Refused(400, "channels must name at least one channel", "bad_request")
    return _answer(await clear(request, caller, names))


@router.delete(_PATH, summary="Takes note of one, or of all", responses=answered("ChannelAlerts"))
async def clear_alerts(
    request: Request,
    caller: _Admin,
    channel: Annotated[str | None, Query(max_length=40, description="`channel` of the alert; without it all")] = None,
) -> Response:
    """They come again with the next failure."""
    return _answer(await clear(request, caller, None if channel is None else [channel]))


def _answer(found: list[Alert]) -> Response:
    return json_answer(encode({"alerts": [_body(alert) for alert in found]}), NO_STORE)


def _body(alert: Alert) -> dict[str, Any]:
    return {
        "channel": alert.name,
        "error": alert.error,
        "latestTimestamp": iso(alert.failed_at),
        "failureCount": alert.failures,
        "settingsTab": alert.tab,
        "id": alert.channel_id,
        "name": alert.title,
        "kind": alert.kind,
        "failingSince": iso(alert.since),
    }
