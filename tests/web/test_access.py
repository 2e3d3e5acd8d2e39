"""Who may call what: each route of the built application against the tables of docs/access.md, for every kind of caller."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Annotated, NamedTuple

import pytest
from fastapi.routing import iter_route_contexts

from duplistatus.app import build
from duplistatus.security.access_policy import AccessPolicy, AddressList, as_text, read_networks
from duplistatus.settings import Settings
from duplistatus.store.access_setting import save_access
from duplistatus.web.access import Access, Caller, access_of, guarded
from tests.web import access_tables
from tests.web.asking import Beginning, ask
from tests.web.people import KEYS, Kind, enter

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from duplistatus.clock import SetClock

CHECKING_BY_THEMSELVES = {"POST /api/auth/login", "POST /login"}
"""Changes that check the session's token in their own way: without a session they say so differently."""

ANSWERED_BY_THEMSELVES = {"/login", "/api/auth/login", "/api/auth/logout", "/api/auth/me", "/api/session"}
"""Open to anybody, but for lack of a session their answer is a 401 or 403 of their own."""

LEVELS = access_tables.levels()
ROUTES = access_tables.routes()
WITHOUT_TOKEN = access_tables.without_token()


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

    @property
    def rows(self) -> list[access_tables.Row]:
        return [row for row in ROUTES if row.matches(self.method, self.path)]

    @property
    def level(self) -> Access:
        return self.rows[0].access


def doors(application: FastAPI) -> list[Door]:
    """Each method of each route."""
    routes = iter_route_contexts(application.routes)
    return [Door(method, route.path or "", access_of(route)) for route in routes for method in sorted(route.methods or {"*"})]


def is_refused(answer: Beginning) -> bool:
    location = answer.headers.get("location", "")
    return answer.status in {401, 403} or (answer.status == 303 and location.startswith(("/login", "/change-password")))


def all_doors() -> list[Door]:
    return doors(build(Settings()))


@pytest.fixture
def application(data_dir: Path, clock: SetClock) -> FastAPI:
    return build(Settings(data_dir=data_dir), clock)


def let(application: FastAPI, policy: AccessPolicy) -> None:
    """That policy holds from now on."""
    application.state.context.writer.submit(lambda connection: save_access(connection, as_text(policy))).result()
    application.state.doors.changed()


def walked(application: FastAPI, policy: AccessPolicy, allowed: dict[Access, set[Kind]], levels: set[Access]) -> list[str]:
    """Asks each route of those levels as every kind of caller; what was let in and should not have been, or the other way round."""

    async def walk() -> list[str]:
        wrong = []
        async with application.router.lifespan_context(application):
            let(application, policy)
            for door in doors(application):
                for kind in Kind if door.level in levels else ():
                    # Signing in has nothing to do with keys: whoever carries one is nobody there.
                    if (kind is Kind.NOBODY or kind in KEYS) and door.path in ANSWERED_BY_THEMSELVES:
                        continue
                    answer = await ask(application, door.method, door.target, enter(application, kind).headers)
                    if is_refused(answer) is (kind in allowed[door.level]):
                        wrong.append(f"{door.name} by {kind.value}: {answer.status}")
        return wrong

    return asyncio.run(walk())


@pytest.mark.parametrize("door", all_doors(), ids=lambda door: door.name)
def test_every_route_is_in_one_row_of_the_document_and_has_a_guard_of_that_level(door: Door) -> None:
    assert len(door.rows) == 1, f"docs/access.md has {len(door.rows)} rows for {door.name}: {door.rows}"
    assert door.guard is not None, "no guard, or several"
    access, checks_change = door.guard
    assert access is door.level
    if door.method not in {"GET", "HEAD"}:
        assert checks_change is (door.name not in WITHOUT_TOKEN | CHECKING_BY_THEMSELVES)


def test_no_row_of_the_document_stands_there_in_vain() -> None:
    found = all_doors()
    pairs = [(method, row) for row in ROUTES for method in sorted(row.methods)]
    in_vain = [
        f"{method} {row.pattern}"
        for method, row in pairs
        if not any(door.method == method and row.matches(method, door.path) for door in found)
    ]
    assert in_vain == []
    assert {door.name for door in found} >= WITHOUT_TOKEN


def test_the_document_says_of_every_level_whom_it_lets_in() -> None:
    conditional = {"upload, key required", "external, key required", "metrics, `METRICS_OPEN=1`"}
    assert set(LEVELS) == {access.value for access in Access} | conditional
    assert len({str(sorted(kind.name for kind in kinds)) for kinds in LEVELS.values()}) > 5


def test_the_walk_sees_the_routes() -> None:
    names = {door.name for door in all_doors()}
    assert {"POST /api/upload", "GET /api/auth/me", "DELETE /api/backups/delete-job"} <= names


def test_each_route_lets_in_whom_the_document_names_and_nobody_else(application: FastAPI) -> None:
    allowed = {access: LEVELS[access.value] for access in Access}
    assert walked(application, AccessPolicy(), allowed, set(Access)) == []


def test_with_keys_required_the_doors_of_programs_let_in_whom_the_document_names(application: FastAPI) -> None:
    doors_of_programs = {Access.UPLOAD, Access.EXTERNAL}
    allowed = {access: LEVELS[f"{access.value}, key required"] for access in doors_of_programs}
    required = AccessPolicy(key_for_uploads=True, key_for_reading=True)
    assert walked(application, required, allowed, doors_of_programs) == []


def test_that_keys_are_required_changes_nothing_elsewhere(application: FastAPI) -> None:
    elsewhere = set(Access) - {Access.UPLOAD, Access.EXTERNAL}
    required = AccessPolicy(key_for_uploads=True, key_for_reading=True)
    assert walked(application, required, {access: LEVELS[access.value] for access in elsewhere}, elsewhere) == []


ADMINISTRATOR, PROGRAM, STRANGER, ITSELF = "192.0.2.10", "198.51.100.10", "203.0.113.10", "127.0.0.1"
OPEN_TO = {access: {ADMINISTRATOR, ITSELF} for access in Access} | {
    Access.UPLOAD: {PROGRAM, ITSELF},
    Access.EXTERNAL: {PROGRAM, ITSELF},
    Access.PROBE: {ADMINISTRATOR, PROGRAM, ITSELF},
    Access.METRICS: {ADMINISTRATOR, PROGRAM, ITSELF},
}


@pytest.mark.parametrize("kind", [Kind.ADMIN, Kind.KEY_ADMIN])
def test_address_lists_keep_others_out_whatever_they_carry(application: FastAPI, clock: SetClock, kind: Kind) -> None:
    lists = AccessPolicy(
        admin=AddressList(True, read_networks(["192.0.2.0/24"])), external=AddressList(True, read_networks(["198.51.100.0/24"]))
    )

    async def walk() -> list[str]:
        wrong = []
        async with application.router.lifespan_context(application):
            let(application, lists)
            for door in doors(application):
                for address in (ADMINISTRATOR, PROGRAM, STRANGER, ITSELF):
                    headers = enter(application, kind).headers
                    answer = await ask(application, door.method, door.target, headers, address=address)
                    # Whoever carries a key is nobody where people sign in.
                    if kind in KEYS and door.level not in {Access.UPLOAD, Access.EXTERNAL, Access.METRICS, Access.READ, Access.ADMIN}:
                        if address not in OPEN_TO[door.level] and answer.status != 403:
                            wrong.append(f"{door.name} from {address}: {answer.status}")
                    elif is_refused(answer) is (address in OPEN_TO[door.level]):
                        wrong.append(f"{door.name} from {address}: {answer.status}")
        return wrong

    assert asyncio.run(walk()) == []


def test_a_forwarding_header_of_anybody_does_not_get_past_an_address_list(application: FastAPI) -> None:
    lists = AccessPolicy(admin=AddressList(True, read_networks([ADMINISTRATOR])), trusted_proxies=read_networks(["10.0.0.1"]))
    forged = [
        {"x-forwarded-for": ADMINISTRATOR},
        {"x-forwarded-for": ITSELF},
        {"x-forwarded-for": f"{ADMINISTRATOR}, {STRANGER}"},
        {"forwarded": f"for={ADMINISTRATOR}"},
        {"x-real-ip": ADMINISTRATOR},
        {"x-client-ip": ITSELF},
        {"cf-connecting-ip": ITSELF},
    ]

    async def walk() -> list[int]:
        async with application.router.lifespan_context(application):
            let(application, lists)
            person = enter(application, Kind.ADMIN).headers
            direct = [await ask(application, "GET", "/", person | headers, address=STRANGER) for headers in forged]
            behind = [await ask(application, "GET", "/", person | headers, address="10.0.0.1") for headers in forged[1:]]
            true = await ask(application, "GET", "/", person | forged[0], address="10.0.0.1")
        return [answer.status for answer in (*direct, *behind, true)]

    *refused, admitted = asyncio.run(walk())
    assert (set(refused), admitted) == ({403}, 200)


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


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)
def test_metrics_are_open_where_the_settings_say_so(data_dir: Path, clock: SetClock, kind: Kind) -> None:
    application = build(Settings(data_dir=data_dir, metrics_open=True), clock)

    async def walk() -> Beginning:
        async with application.router.lifespan_context(application):
            return await ask(application, "GET", "/metrics", enter(application, kind).headers)

    assert is_refused(asyncio.run(walk())) is (kind not in LEVELS["metrics, `METRICS_OPEN=1`"])


def test_a_route_without_guard_is_found(application: FastAPI) -> None:
    @application.get("/api/forgotten")
    async def forgotten() -> None: ...

    assert [door.name for door in doors(application) if door.guard is None] == ["GET /api/forgotten"]


def test_a_route_that_the_document_does_not_name_is_found(application: FastAPI) -> None:
    @application.get("/api/undocumented")
    async def undocumented(_: Annotated[Caller, guarded(Access.READ)]) -> None: ...

    assert [door.name for door in doors(application) if len(door.rows) != 1] == ["GET /api/undocumented"]


def test_the_description_for_programs_names_the_levels_of_the_document(application: FastAPI) -> None:
    from duplistatus.web.api.openapi import document

    described = {
        f"{method.upper()} {path}": Access(operation["x-access"])
        for path, operations in json.loads(json.dumps(document(application)))["paths"].items()
        for method, operation in operations.items()
    }
    assert len(described) > 50
    for name, access in described.items():
        method, path = name.split(" ")
        assert [row.access for row in ROUTES if row.matches(method, path)] == [access], name
