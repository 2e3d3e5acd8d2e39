"""Who may call what: each route of the built application against a table of its own, for every kind of caller."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Annotated, NamedTuple

import pytest
from fastapi.routing import iter_route_contexts

from duplistatus.app import build
from duplistatus.settings import Settings
from duplistatus.web.access import Access, Caller, access_of, guarded
from tests.web.asking import Beginning, ask
from tests.web.people import KEYS, Kind, enter

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock

CHECKING_BY_THEMSELVES = {"POST /api/auth/login", "POST /login"}
"""Changes that check the session's token in their own way: without a session they say so differently."""

WITHOUT_TOKEN = {"POST /api/upload", "POST /api/upload/", "POST /api/session", "DELETE /api/session"}
"""Changes that need no token: of programs, or of a session that nobody has signed in to."""

ANSWERED_BY_THEMSELVES = {"/login", "/api/auth/login", "/api/auth/logout", "/api/auth/me", "/api/session"}
"""Open to anybody, but for lack of a session their answer is a 401 or 403 of their own."""

_ANY = "[^/]+"
TABLE: tuple[tuple[str, str, Access], ...] = (
    # method, path, access: the first that matches counts
    ("*", "/api/upload/?", Access.UPLOAD),
    ("GET", "/api/summary", Access.EXTERNAL),
    ("GET", f"/api/lastbackups?/{_ANY}", Access.EXTERNAL),
    ("*", "/api/(health|ping)", Access.PROBE),
    ("*", "/api/(csrf|session)", Access.OPEN),
    ("*", "/api/auth/(login|logout|me|admin-must-change-password|password-policy)", Access.OPEN),
    ("*", "/login", Access.OPEN),
    ("GET", "/favicon.ico|/static/.*|/api/configuration/templates/defaults", Access.OPEN),
    # a language in front of an address leads to the address itself
    ("GET", r"/\{language:language\}(/.*)?", Access.OPEN),
    ("GET", "/metrics", Access.METRICS),
    ("*", "/api/auth/change-password", Access.PASSWORD),
    ("*", "/change-password", Access.PASSWORD),
    ("*", f"/api/(sessions|display)(/{_ANY})?", Access.OWN),
    ("GET", "/api/(audit-log|application-logs)(/.*)?", Access.LOGS),
    (
        "GET",
        f"/api/(users|keys|access|rejected|tasks|messages|channels|summaries|public-url|heartbeat|notification-channel-alerts|database)(/.*)?|/api/servers/duplicates|/api/runs/{_ANY}/report",
        Access.ADMIN,
    ),
    ("GET", "/rejected(/.*)?", Access.ADMIN),
    ("GET", "/settings/monitoring/zone", Access.ADMIN),
    ("GET", "/settings/(tasks|messages)|/alerts", Access.ADMIN),
    ("GET", "/settings/(ntfy|email|channels|summaries|templates)(/.*)?", Access.ADMIN),
    ("GET", ".*", Access.READ),
    ("*", ".*", Access.ADMIN),
)

_SIGNED_IN = {Kind.USER, Kind.LIMITED, Kind.ADMIN}
ALLOWED: dict[Access, set[Kind]] = {
    Access.OPEN: set(Kind),
    Access.PROBE: set(Kind),
    Access.UPLOAD: set(Kind),
    Access.EXTERNAL: set(Kind) - {Kind.KEY_UPLOAD, Kind.KEY_METRICS},
    Access.METRICS: {Kind.ADMIN, Kind.KEY_METRICS, Kind.KEY_ADMIN},
    Access.READ: _SIGNED_IN | {Kind.KEY_READ, Kind.KEY_ADMIN},
    Access.OWN: _SIGNED_IN,
    Access.PASSWORD: _SIGNED_IN | {Kind.MUST_CHANGE},
    Access.LOGS: _SIGNED_IN | {Kind.KEY_ADMIN},
    Access.ADMIN: {Kind.ADMIN, Kind.KEY_ADMIN},
}


class Door(NamedTuple):
    method: str
    path: str
    guard: tuple[Access, bool] | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def target(self) -> str:
        """A request that the route takes: `x` for texts, `1` for numbers."""
        path = self.path.replace("{language:language}", "de")
        return re.sub(r"\{[^}]*\}", "x", re.sub(r"\{\w+:int\}|\{(job_id|channel_id|number)\}", "1", path))


def doors(application: FastAPI) -> list[Door]:
    """Each method of each route."""
    routes = iter_route_contexts(application.routes)
    return [Door(method, route.path or "", access_of(route)) for route in routes for method in sorted(route.methods or {"*"})]


def expected(door: Door) -> Access:
    """What the table says of a route. HEAD is as GET."""
    method = "GET" if door.method == "HEAD" else door.method
    return next(access for each, path, access in TABLE if each in {"*", method} and re.fullmatch(path, door.path))


def is_refused(answer: Beginning) -> bool:
    location = answer.headers.get("location", "")
    return answer.status in {401, 403} or (answer.status == 303 and location.startswith(("/login", "/change-password")))


def is_allowed(door: Door, kind: Kind) -> bool:
    return kind in ALLOWED[expected(door)]


@pytest.fixture
def application(data_dir: Path, clock: SetClock) -> FastAPI:
    return build(Settings(data_dir=data_dir), clock)


def all_doors() -> list[Door]:
    return doors(build(Settings()))


@pytest.mark.parametrize("door", all_doors(), ids=lambda door: door.name)
def test_every_route_has_a_guard_of_the_level_that_the_table_names(door: Door) -> None:
    assert door.guard is not None, "no guard, or several"
    access, checks_change = door.guard
    assert access is expected(door)
    if door.method not in {"GET", "HEAD"}:
        assert checks_change is (door.name not in WITHOUT_TOKEN | CHECKING_BY_THEMSELVES)


def test_the_walk_sees_the_routes() -> None:
    names = {door.name for door in all_doors()}
    assert {"POST /api/upload", "GET /api/auth/me", "DELETE /api/backups/delete-job"} <= names


def test_each_route_lets_in_whom_the_table_names_and_nobody_else(application: FastAPI) -> None:
    async def walk() -> list[str]:
        wrong = []
        async with application.router.lifespan_context(application):
            for door in doors(application):
                for kind in Kind:
                    # Signing in has nothing to do with keys: whoever carries one is nobody there.
                    if (kind is Kind.NOBODY or kind in KEYS) and door.path in ANSWERED_BY_THEMSELVES:
                        continue
                    answer = await ask(application, door.method, door.target, enter(application, kind).headers)
                    if is_refused(answer) is is_allowed(door, kind):
                        wrong.append(f"{door.name} by {kind.value}: {answer.status}")
        return wrong

    assert asyncio.run(walk()) == []


def test_no_change_goes_through_without_the_token_of_the_session(application: FastAPI) -> None:
    async def walk() -> list[str]:
        wrong = []
        async with application.router.lifespan_context(application):
            for door in doors(application):
                if door.method in {"GET", "HEAD"} or door.name in WITHOUT_TOKEN:
                    continue
                cookie = {"cookie": enter(application, Kind.ADMIN).headers["cookie"]}
                for headers in (cookie, cookie | {"x-csrf-token": "guessed"}):
                    answer = await ask(application, door.method, door.target, headers)
                    if answer.status != 403:
                        wrong.append(f"{door.name}: {answer.status}")
        return wrong

    assert asyncio.run(walk()) == []


@pytest.mark.parametrize("kind", [Kind.NOBODY, Kind.ANONYMOUS, Kind.USER])
def test_metrics_are_open_where_the_settings_say_so(data_dir: Path, clock: SetClock, kind: Kind) -> None:
    application = build(Settings(data_dir=data_dir, metrics_open=True), clock)

    @application.get("/figures")
    async def figures(_: Annotated[Caller, guarded(Access.METRICS)]) -> None: ...

    async def walk() -> int:
        async with application.router.lifespan_context(application):
            return (await ask(application, "GET", "/figures", enter(application, kind).headers)).status

    assert asyncio.run(walk()) == 200


def test_a_route_without_guard_is_found(application: FastAPI) -> None:
    @application.get("/api/forgotten")
    async def forgotten() -> None: ...

    assert [door.name for door in doors(application) if door.guard is None] == ["GET /api/forgotten"]
