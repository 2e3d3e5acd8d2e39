"""Changes at servers, and of how they are collected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.web.api.collecting import settled
from tests.web.doing import MARK, Step, World, by_form, by_json, found_by

if TYPE_CHECKING:
    from collections.abc import Callable

_DELTA = found_by("SELECT id FROM server WHERE key = 'id-delta'", "/settings/servers/{}")


def collections() -> list[Step]:
    """Servers that are collected; their Duplicati asks for consent to plain HTTP, as nobody typed it."""
    part = "/parts/{number}/answer"
    host = {"password": MARK, "hostname": "127.0.0.1"}
    return [
        by_json("POST", "/api/collections", _typed, "collection_started"),
        Step(
            "POST",
            "/api/collections/{uid}" + part,
            _part("/api/collections/{}/parts/{}/answer"),
            {"agree": False},
            does=("collection_answered",),
            ready=_asking,
        ),
        Step("POST", "/api/collections/{uid}/cancel", _part("/api/collections/{}/cancel"), does=("collection_cancelled",), ready=_asking),
        by_form("/collect", lambda w: {"which": "chosen", **_typed(w)}, "collection_started"),
        Step(
            "POST",
            "/collect/{uid}/parts/{number:int}",
            _part("/collect/{}/parts/{}"),
            {"agree": "no"},
            True,
            ("collection_answered",),
            ready=_asking,
        ),
        Step("POST", "/collect/{uid}/cancel", _part("/collect/{}/cancel"), {}, True, ("collection_cancelled",), ready=_asking),
        by_json(
            "POST",
            "/api/backups/collect",
            lambda w: host | {"port": w.answers["duplicati"].port},
            "collection_started",
            "server_connection_updated",
        ),
        by_json("POST", "/api/backups/sync-schedule", lambda w: host | {"port": w.answers["duplicati"].port}, "collection_started"),
    ]


def _typed(world: World) -> dict[str, str]:
    return {"addresses": f"127.0.0.1:{world.answers['duplicati'].port}", "password": MARK}


def _asking(world: World) -> None:
    """A collection asks something."""
    world.answers["collection"] = settled(world.client, world.client.post("/api/collections", json=_typed(world)).json()["id"])


def _part(path: str) -> Callable[[World], str]:
    def made(world: World) -> str:
        found = world.answers.get("collection", {"id": "nobody", "parts": [{"id": 99}]})
        return path.format(found["id"], found["parts"][0]["id"])

    return made


def servers() -> list[Step]:
    """What is done to a server that is there for that alone."""
    path, page = "/api/servers/id-delta", _DELTA
    return [
        Step("PATCH", "/api/servers/{server:path}", path, _at_duplicati, does=("server_updated",)),
        Step("PATCH", "/api/servers/{server:path}/password", path + "/password", {"password": MARK}, does=("server_password_updated",)),
        Step("PATCH", "/api/servers/{server:path}/link", path + "/link", {"timer_minutes": 1440}, does=("server_connection_updated",)),
        Step("POST", "/api/servers/test-connection", data={"server_id": "id-delta"}, does=("server_connection_tested",)),
        Step("POST", "/api/servers/{server:path}/control", path + "/control", {"do": "pause"}, does=("server_paused",), ready=_controlled),
        Step("POST", "/control", "/control?server=id-delta", {"do": "resume"}, True, ("server_resumed",)),
        by_form("/settings/servers", {"do": "test"}, "server_connection_tested"),
        Step("POST", "/settings/servers/{number:int}", page, {"do": "password", "password": MARK}, True, ("server_password_updated",)),
        Step("POST", "/settings/servers/{number:int}/options", lambda w: page(w) + "/options", _options, True, ("server_options_updated",)),
        Step("PATCH", "/api/servers/{server:path}/server-url", path + "/server-url", {"server_url": ""}, does=("server_updated",)),
        Step("DELETE", "/api/servers/{server:path}", path, does=("server_deleted",)),
    ]


def _at_duplicati(world: World) -> dict[str, str]:
    return {"server_url": world.answers["duplicati"].url}


def _controlled(world: World) -> None:
    """The server may be told what to do."""
    world.write(lambda connection: connection.raw.execute("UPDATE server_link SET controls = 1"))


def _options(world: World) -> dict[str, str]:
    """The form, with the mark by which the page knows what it has shown."""
    found = re.search(r'name="mark" value="(\w+)"', world.client.get(f"{_DELTA(world)}/options").text)
    return {"do": "write", "choice": "none", "mark": found[1] if found else ""}
