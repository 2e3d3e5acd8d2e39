"""The web socket `/notifications` of the stand-in of Duplicati: from 2.2 on the token comes in the first message, before in the address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from tests.ingest.duplicati.stand_in import Duplicati

_SERVICES = frozenset(
    {"legacystatus", "backuplist", "serversettings", "progress", "taskqueue", "taskcompleted", "notifications", "remotecontrol"}
)


async def talk(server: Duplicati, scope: Any, receive: Any, send: Any) -> None:
    """One socket, from its upgrade to its end."""
    await receive()
    await send({"type": "websocket.accept"})
    if not server.is_new:
        token = parse_qs(scope["query_string"].decode("ascii")).get("token", [""])[0]
        if token not in server.tokens:
            await send({"type": "websocket.close", "code": 4401, "reason": "User is not authenticated!"})
            return
        # Before 2.2 the state comes unasked, and nothing else.
        services = {"legacystatus"}
        await _say(send, server.state())
    else:
        said = await _heard(receive)
        if said is None or said.get("Token") not in server.tokens:
            await send({"type": "websocket.close", "code": 4401, "reason": "Invalid token"})
            return
        await _say(send, {"Version": 1, "Message": "Authenticated successfully", "Success": True, "Type": "auth"})
        services = set()
    entry = (send, services)
    server._sockets.append(entry)
    try:
        while (said := await _heard(receive)) is not None:
            await _obey(server, said, services, send)
    finally:
        server._sockets.remove(entry)


async def _obey(server: Duplicati, said: dict[str, Any], services: set[str], send: Any) -> None:
    service = said.get("Service")
    is_known = service in _SERVICES
    words = "Subscribed successfully" if is_known else "Unknown service"
    reply = {"Version": 1, "Id": said.get("Id"), "Service": service, "Message": words, "Success": is_known, "Data": None}
    await _say(send, reply | {"Type": "reply"})
    if not is_known or said.get("Action") != "sub":
        return
    services.add(str(service))
    if service == "legacystatus":
        await _say(send, server.state())
    elif service == "taskqueue":
        tasks = ([server.active] if server.active else []) + server.queue
        data = [{"Id": number, "TaskStarted": None, "Status": "Running", "BackupId": job} for number, job in tasks]
        await _say(send, {"Type": "taskqueue", "ApiVersion": 1, "Data": data})
    elif service == "backuplist":
        await _say(send, {"Type": "backuplist", "ApiVersion": 1, "Data": server.jobs})
    elif service == "progress" and (progress := server.progress_state()) is not None:
        await _say(send, {"Type": "progress", "ApiVersion": 1, "Data": progress})


async def _heard(receive: Any) -> dict[str, Any] | None:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        return None
    found: dict[str, Any] = json.loads(message.get("text") or message.get("bytes") or b"{}")
    return found


async def _say(send: Any, data: Any) -> None:
    await send({"type": "websocket.send", "text": json.dumps(data)})
