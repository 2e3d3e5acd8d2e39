"""Every change is in the audit log: who, from where, what it was before and what it is after; no refused change is; and no secret is in the
log, in its files, on its page or in what the process says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from duplistatus.store.api_keys import Scope
from tests.ingest.duplicati.stand_in import Duplicati
from tests.notify.stand_ins import NtfyStandIn
from tests.web.deeds import steps
from tests.web.doing import MARK, PASSWORD, Step, World, begin
from tests.web.people import Kind, enter, make_key
from tests.web.test_access import all_doors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from duplistatus.clock import SetClock

WITHOUT_BEFORE = {"email_password_updated"}
"""Changes of a secret alone."""


class Row(NamedTuple):
    id: int
    action: str
    user_id: str | None
    username: str
    address: str
    user_agent: str
    status: str
    details: dict[str, Any]


def rows(application: FastAPI, since: int = 0) -> list[Row]:
    with application.state.context.database.read() as connection:
        found = connection.raw.execute(
            f"SELECT id, action, user_id, username, address, user_agent, status, details FROM audit WHERE id > {since} ORDER BY id"
        ).fetchall()
    return [Row(*[*row[:7], json.loads(row[7] or "{}")]) for row in found]


def last(application: FastAPI) -> int:
    return max(row.id for row in rows(application))


@pytest.fixture
def world(application: FastAPI, admin: TestClient, browser: Callable[[], TestClient], clock: SetClock) -> Iterator[World]:
    with NtfyStandIn() as ntfy, Duplicati(password=MARK) as duplicati:
        made = World(application, admin, ntfy.url, clock)
        begin(made)
        stranger = made.answers["stranger"] = browser()
        stranger.headers["x-csrf-token"] = stranger.get("/api/csrf").json()["token"]
        made.answers["other"] = browser()
        made.answers["duplicati"] = duplicati
        yield made


def test_the_walk_makes_every_change_that_there_is() -> None:
    changing = {door.name for door in all_doors() if door.method not in {"GET", "HEAD"}}
    assert {step.name for step in steps()} == changing
    assert [step.name for step in steps() if bool(step.does) is bool(step.why_not)] == [], "each leaves entries, or there is a reason"


def walk(world: World, client: TestClient, every: list[Step]) -> Iterator[tuple[Step, list[Row]]]:
    """Makes the changes; each with its entries."""
    for step in every:
        if step.ready is not None:
            step.ready(world)
        since = last(world.application)
        answer = world.send(step, client)
        assert answer.status_code < 400 or step.does[:1] in {("test_notification_sent",), ("test_email_sent",)}, (step.name, answer.text)
        if step.name == "POST /api/keys":
            world.answers["key"] = answer.json()["key"]
        yield step, [row for row in rows(world.application, since) if row.username != "system"]


def test_every_change_is_an_entry_that_says_who_from_where_and_what(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    wrong: list[tuple[object, ...]] = []
    texts: list[str] = []
    for step, entries in walk(world, world.client, steps()):
        if tuple(row.action for row in entries) != step.does:
            wrong.append((step.name, step.does, entries))
        for row in entries:
            if row.user_id is None or (row.username, row.address, row.user_agent) != ("admin", "192.0.2.1", "testclient"):
                wrong.append((step.name, "who", row))
            if row.action.endswith("_updated") and row.action not in WITHOUT_BEFORE and not says_both(row.details):
                wrong.append((step.name, "before and after", row))
        texts += [str(row) for row in entries]
    assert wrong == []
    client = world.client
    texts += [client.get(f"/api/audit-log/download?format={kind}").text for kind in ("csv", "json")]
    texts += [client.get(f"/settings/audit?show={row.id}").text for row in rows(world.application)]
    out, err = capfd.readouterr()
    secrets = [MARK, PASSWORD, world.answers["key"], *client.cookies.values(), client.headers["x-csrf-token"]]
    for number, text in enumerate([*texts, out + err]):
        # The page has the token of the session in its forms, as every page.
        told = [secret for secret in secrets if secret in text and not (text.startswith("<!doctype") and secret == secrets[-1])]
        assert told == [], (number, told)


def says_both(details: dict[str, Any]) -> bool:
    """Whether there is what was before, and what is after."""
    jobs = details.get("jobs", [])
    return any({"before", "after"} <= set(each) and (each["before"] or each["after"]) for each in (details, *jobs))


def test_a_change_by_a_key_names_the_key(world: World, browser: Callable[[], TestClient]) -> None:
    client = browser()
    client.headers["x-api-key"] = make_key(world.application, Scope.ADMIN)
    number = world.one("SELECT id FROM api_key")
    wrong: list[tuple[object, ...]] = []
    for step, entries in walk(world, client, [step for step in steps() if not step.by_people]):
        if tuple(row.action for row in entries) != step.does:
            wrong.append((step.name, step.does, entries))
        wrong += [(step.name, "who", row) for row in entries if (row.user_id, row.username) != (f"key:{number}", "key:some key")]
        wrong += [(step.name, "where", row) for row in entries if row.address != "192.0.2.1"]
    assert wrong == []


def test_a_refused_change_is_no_entry(world: World, browser: Callable[[], TestClient]) -> None:
    user = browser()
    user.headers.update(enter(world.application, Kind.USER).headers)
    tokenless = TestClient(world.application, base_url="http://dashboard.test", client=("192.0.2.1", 50000), follow_redirects=False)
    tokenless.cookies.update(dict(world.client.cookies))
    since = last(world.application)
    wrong: list[tuple[object, ...]] = []
    for step in steps():
        if step.by_people or "upload" in step.route:
            continue
        with_numbers = Step(step.method, step.route, _filled(step.route), {"nonsense": [None]}, step.form)
        for client, expected in ((user, {403}), (tokenless, {403}), (world.client, {400, 404, 409})):
            if client is world.client and (step.data is None or step.form):
                continue
            answer = world.send(with_numbers, client)
            if answer.status_code not in expected and not (client is world.client and not rows(world.application, since)):
                wrong.append((step.name, answer.status_code, answer.text[:200]))
    left = rows(world.application, since)
    assert wrong == []
    assert left == []


def _filled(route: str) -> str:
    for name in ("job_id", "channel_id", "message_id", "snooze_id", "window_id", "tag_id", "key_id", "server_id", "number"):
        route = route.replace("{" + name + ":int}", "99").replace("{" + name + "}", "99")
    return (
        route.replace("{server:path}", "nobody")
        .replace("{period}", "daily")
        .replace("{name}", "x")
        .replace("{task}", "x")
        .replace("{user_id}", "x")
    )
