"""How a change is made over HTTP. In: the application, a client, a stand-in of ntfy; out: the answer to a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from duplistatus.clock import HOUR, Instant
from duplistatus.store import channels
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from fastapi import FastAPI
    from httpx2 import Response
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection

MARK = "m4rker"
PASSWORD = f"New{MARK}Password1"
FAILS = f"127.0.0.1:9/{MARK}"
"""Nobody listens there."""


@dataclass(frozen=True)
class Step:
    """One request. `does`: the actions of its entries, in their order; `why_not`: why it leaves none, where it changes something or sends
    something; `ready`: what must be so before."""

    method: str
    route: str
    path: str | Callable[[World], str] = ""
    data: Any = None
    form: bool = False
    does: tuple[str, ...] = ()
    why_not: str = ""
    ready: Callable[[World], object] | None = None
    by_people: bool = False
    """Has nothing to do with keys."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"


@dataclass
class World:
    """What the steps work with."""

    application: FastAPI
    client: TestClient
    ntfy: str
    clock: SetClock
    answers: dict[str, Any] = field(default_factory=dict)

    def one(self, query: str) -> Any:
        """The first value that the database answers."""
        with self.application.state.context.database.read() as connection:
            row = connection.raw.execute(query).fetchone()
        assert row is not None, query
        return row[0]

    def write(self, work: Callable[[Connection], object]) -> None:
        self.application.state.context.writer.submit(work).result()

    def send(self, step: Step, client: TestClient) -> Response:
        """The request, without following where it leads."""
        path = step.path(self) if callable(step.path) else step.path or step.route
        data = step.data(self) if callable(step.data) else step.data
        if step.form:
            return client.request(step.method, path, data=data or {})
        return client.request(step.method, path, json=data) if data is not None else client.request(step.method, path)


def begin(world: World) -> None:
    """Alpha with Files (1), which failed, and Mail (2), beta with Files (3), delta with Files (4)."""
    now = world.clock.now()
    begun = Instant(now - 2 * HOUR)
    error = "2026-07-10 11:00:00 +00 - [Error-Duplicati.Library.Main.Controller-Failed]: No answer"
    send(world.client, Made(begun, result="Error", errors=(error,)), Made(begun, job="Mail"), Made(begun, "beta"), Made(begun, "delta"))


def fail_channel(world: World) -> None:
    """A channel and the heartbeat have an alert."""
    number = world.one("SELECT id FROM channel WHERE key = 'ntfy'")
    world.clock.advance(1)
    world.write(lambda connection: channels.note_failed(connection, number, "no answer", world.clock.now()))


def by_json(method: str, route: str, data: Any, *does: str, **more: Any) -> Step:
    """A request of a program."""
    return Step(method, route, data=data, does=does, **more)


def by_form(route: str, data: Any, *does: str, **more: Any) -> Step:
    """A form of a page."""
    return Step("POST", route, data=data, form=True, does=does, **more)


def newest_channel(world: World) -> int:
    """The channel that was added last."""
    return int(world.one("SELECT id FROM channel WHERE key IS NULL ORDER BY id DESC LIMIT 1"))


def found_by(query: str, path: str) -> Callable[[World], str]:
    """A path with what the database answers."""
    return lambda world: path.format(world.one(query))
