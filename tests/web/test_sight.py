"""Who sees only some servers, before every route of the built application: the answers are as if there were no others."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from urllib.parse import quote

import pytest
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.clock import DAY, HOUR, Instant, SetClock
from duplistatus.security.access_policy import as_text
from duplistatus.settings import Settings
from duplistatus.store import fleet
from duplistatus.store.access_setting import save_access
from duplistatus.store.ids import ServerId, UserId
from duplistatus.store.sight import choose_servers
from duplistatus.web import events
from duplistatus.web.access import Access, Caller, access_of, guarded
from duplistatus.web.context import whole_context
from tests.web.api.reports import Made, send
from tests.web.hidden import HIDDEN, SEEN, Ids, set_topic, tell_of
from tests.web.people import Kind, enter
from tests.web.test_events import listening, running, upload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fastapi import FastAPI
    from httpx2 import Response

    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context

KIM = UserId("id-LIMITED")
FOR_PEOPLE = {Access.READ, Access.OWN, Access.LOGS, Access.EXTERNAL, Access.PASSWORD}
"""What limited users may ask for. What is open to anybody knows nothing of who asks, and of servers only where no key is required."""
ENDLESS = {"/api/events"}
"""Asked by itself below."""
COUNTS = {"cursor", "limit", "n", "part", "p", "page", "offset", "changed", "ended", "q"}
"""Parameters in which a number is the number of nothing."""


class Question(NamedTuple):
    """A route that reads, with the names of its parameters."""

    path: str
    access: Access
    places: tuple[str, ...]
    queries: tuple[str, ...]


def questions(application: FastAPI) -> list[Question]:
    """Every GET route that a limited user may ask."""
    found = []
    for route in iter_route_contexts(application.routes):
        guard = access_of(route)
        if guard is None or "GET" not in (route.methods or ()) or guard[0] not in FOR_PEOPLE or route.path in ENDLESS:
            continue
        original = getattr(route, "dependant", None)
        queries = tuple(each.alias for each in original.query_params) if original else ()
        found.append(Question(route.path or "", guard[0], tuple(re.findall(r"\{(\w+)", route.path or "")), queries))
    return found


@dataclass
class World:
    """A running product with somebody who sees only some of its servers. `hidden` None: there is no server that is not seen."""

    application: FastAPI
    admin: TestClient
    kim: TestClient
    seen: Ids
    hidden: Ids | None = None

    def choose(self, *servers: int) -> None:
        """As another process on the same database would: here nobody hears of the change."""
        parts: Context = self.application.state.context
        chosen = [ServerId(each) for each in servers]
        parts.writer.submit(lambda connection: choose_servers(connection, KIM, chosen), changes=False).result()


def _client(application: FastAPI, kind: Kind) -> TestClient:
    made = TestClient(application, base_url="http://dashboard.test", raise_server_exceptions=False, follow_redirects=False)
    made.headers.update(enter(application, kind).headers)
    return made


def world(stack: ExitStack, folder: Path, clock: SetClock, *, with_hidden: bool) -> World:
    folder.mkdir()
    application = build(Settings(data_dir=folder), clock)
    stack.enter_context(TestClient(application))
    admin, kim = (_client(application, kind) for kind in (Kind.ADMIN, Kind.LIMITED))
    seen = tell_of(application, admin, SEEN)
    hidden = tell_of(application, admin, HIDDEN) if with_hidden else None
    set_topic(application, f"{HIDDEN}-all")
    parts: Context = application.state.context
    policy = replace(application.state.doors.policy, key_for_reading=True)
    parts.writer.submit(lambda connection: save_access(connection, as_text(policy))).result()
    application.state.doors.changed()
    made = World(application, admin, kim, seen, hidden)
    made.choose(seen.server_id)
    return made


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """The same story with a hidden server, and without it."""
    clock = SetClock(Instant(1_783_684_800_000))
    folder = tmp_path_factory.mktemp("worlds")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr("duplistatus.background.scheduler.Scheduler.look", _no_look)
        yield tuple(world(stack, folder / name, clock, with_hidden=name == "two") for name in ("two", "one"))  # type: ignore[misc]


async def _no_look(_: object) -> None:
    """Nothing happens by time while two worlds are compared."""


@pytest.fixture
def two(worlds: tuple[World, World]) -> World:
    return worlds[0]


@pytest.fixture
def hidden(two: World) -> Ids:
    assert two.hidden is not None
    return two.hidden


def usual(ids: Ids, name: str) -> str:
    """What stands in a place of a path: of the server that is seen."""
    return str(
        {
            "server": ids.key,
            "key": ids.key,
            "job": ids.job,
            "uid": ids.run,
            "run_id": ids.run,
            "job_id": ids.job_id,
        }[name]
    )


def address(question: Question, ids: Ids, **instead: str) -> str:
    """The address of a question; `instead`: other values in places of its path."""
    values = {name: usual(ids, name) for name in question.places} | instead
    return re.sub(r"\{(\w+)[^}]*\}", lambda match: quote(values[match[1]], safe=""), question.path)


_NO_MATTER = (
    # what no two runs of the product have in common, or no two requests
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r'data-version="[^"]*"'), "VERSION"),
    (re.compile(r'(name="csrf_token" value=|"csrfToken":)"[^"]*"'), "TOKEN"),
)


def told(answer: Response, words: Sequence[tuple[str, str]] = ()) -> tuple[int, dict[str, str], str]:
    """What an answer says, without what differs by chance. `words`: each to be read as another."""

    def plain(text: str) -> str:
        for theirs, own in words:
            text = text.replace(theirs, own)
        for pattern, word in _NO_MATTER:
            text = pattern.sub(word, text)
        return text

    apart = {"etag", "content-length", "date", "content-encoding"}
    return answer.status_code, {name: plain(value) for name, value in answer.headers.items() if name not in apart}, plain(answer.text)


def whole_text(answer: Response) -> str:
    return f"{answer.headers} {answer.text}".lower()


def test_the_walk_sees_the_routes(two: World) -> None:
    paths = {each.path for each in questions(two.application)}
    assert {"/", "/api/summary", "/api/jobs/{job_id}/explain", "/settings/monitoring.csv", "/api/configuration/unified"} <= paths
    assert {each.access for each in questions(two.application)} >= {Access.READ, Access.EXTERNAL, Access.LOGS}


def test_the_word_is_everywhere_for_those_who_see_everything(two: World) -> None:
    """That of these answers speak of the hidden server, so that their silence for others means something."""
    speaking = {
        "/",
        "/api/charts",
        "/api/dashboard",
        "/api/servers",
        "/api/jobs",
        "/api/tags",
        "/api/maintenance",
        "/api/snoozes",
        "/api/acknowledgements",
        "/api/telling",
        "/api/backups/last-timestamps",
        "/api/configuration/unified",
        "/api/configuration/ntfy",
        "/settings/monitoring",
        "/settings/monitoring.csv",
        "/settings/notifications",
        "/settings/maintenance",
        "/settings/tags",
    } - {"/api/charts"}
    silent = {path for path in speaking if HIDDEN not in whole_text(two.admin.get(path))}
    assert silent == set()


def test_no_answer_has_a_word_of_what_is_hidden(two: World) -> None:
    found = leaks(two)
    assert not found, "\n".join(found)


def leaks(two: World) -> list[str]:
    """The addresses whose answers speak of the hidden server, or that fail."""
    wrong = []
    for question in questions(two.application):
        for query in ({}, *({name: value} for name in question.queries for value in _tried(name))):
            answer = two.kim.get(address(question, two.seen), params=query)
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or HIDDEN in whole_text(answer):
                wrong.append(f"{answer.status_code} {answer.request.url}")
    return wrong


def test_a_route_that_reads_past_the_sight_is_found(two: World) -> None:
    @two.application.get("/api/careless")
    async def careless(request: Request, caller: Annotated[Caller, guarded(Access.READ)]) -> list[str]:
        with whole_context(request).database.read() as connection:
            return [each.name for each in fleet.servers(connection)]

    try:
        assert "200 http://dashboard.test/api/careless" in leaks(two)
    finally:
        two.application.router.routes.pop()


def _tried(name: str) -> Sequence[str]:
    """Values for a parameter that may bring out more."""
    more = {
        "view": ("table", "charts"),
        "state": ("overdue", "failed", "warning", "fine"),
        "range": ("7d", "1y", "all"),
        "includeBackups": ("true",),
        "includeChartData": ("true",),
        "format": ("text", "json", "csv"),
        "startDate": ("2026-01-01",),
        "level": ("error", "warning"),
        "sort": ("name", "last", "size"),
        "part": ("1", "2"),
    }
    return more.get(name, ("1", "2", "", "a", "true"))


def test_what_is_hidden_is_answered_as_what_is_unknown(two: World, hidden: Ids) -> None:
    """In each place of each address, and in each of its parameters: any name or number of the hidden server, its job, run, tag, window."""
    wrong, asked = [], 0
    for question in questions(two.application):
        for name in (*question.places, *question.queries):
            for value in hidden.all:
                if (value[:1].isdigit() and name in COUNTS) or (value.isdigit() and int(value) in two.seen.numbers_in(name)):
                    continue
                unknown = unknown_of(value)
                answers = [_asked(two, question, name, each) for each in (value, unknown)]
                asked += 1
                if told(answers[0]) != told(answers[1], as_written(unknown, value)):
                    wrong.append(f"{answers[0].status_code} {answers[0].request.url}, not {answers[1].status_code}")
    assert not wrong, "\n".join(wrong)
    assert asked > 500


def _asked(two: World, question: Question, name: str, value: str) -> Response:
    if name in question.places:
        return two.kim.get(address(question, two.seen, **{name: value}))
    return two.kim.get(address(question, two.seen), params={name: value})


def unknown_of(value: str) -> str:
    """Something of the same form that there is not."""
    if value.isdigit():
        return "987654321"
    return "00000000-0000-7000-8000-000000000000" if _NO_MATTER[0][0].fullmatch(value) else value.replace(HIDDEN, "qwertzu")


def as_written(theirs: str, own: str) -> list[tuple[str, str]]:
    """A word of a question, in each way in which an answer may repeat it."""
    return [(change(theirs), change(own)) for change in (str, lambda word: quote(word, safe=""))]


def test_every_answer_is_as_if_the_hidden_server_were_not_there(worlds: tuple[World, World]) -> None:
    """Totals, charts, badges, pages: all of it, byte by byte."""
    two, one = worlds
    assert two.seen == replace(one.seen, run=two.seen.run)
    wrong, compared = [], 0
    for question in questions(two.application):
        if question.access not in {Access.READ, Access.EXTERNAL}:
            continue
        for query in ({}, *({name: value} for name in question.queries for value in _tried(name))):
            answers = [each.kim.get(address(question, each.seen), params=query) for each in worlds]
            compared += 1
            if told(answers[0]) != told(answers[1]):
                wrong.append(f"{answers[0].status_code} {answers[0].request.url}, {answers[1].status_code}")
    assert not wrong, "\n".join(wrong)
    assert compared > 100


def test_what_is_seen_is_seen_in_full(two: World) -> None:
    """The pages of the server, its jobs and runs, as an administrator has them."""
    ids = two.seen
    paths = [
        f"/api/servers/{ids.key}?includeBackups=true",
        f"/api/detail/{ids.key}",
        f"/api/jobs/{ids.job_id}",
        f"/api/jobs/{ids.job_id}/versions",
        f"/api/jobs/{ids.job_id}/explain",
        f"/api/jobs/{ids.job_id}/telling",
        f"/api/jobs/{ids.job_id}/watch",
        f"/api/servers/{ids.key}/telling",
        f"/api/servers/{ids.key}/server-url",
        f"/api/runs/{ids.run}",
        f"/api/runs/{ids.run}/log",
        f"/api/lastbackup/{ids.key}",
        f"/api/lastbackups/{ids.name}",
        f"/api/chart-data/server/{ids.key}/backup/{ids.job}",
        f"/api/charts?server={ids.key}",
    ]
    for path in paths:
        own, all_of_it = two.kim.get(path), two.admin.get(path)
        assert (own.status_code, own.json()) == (200, all_of_it.json()), path
    for path in (f"/detail/{ids.key}", f"/detail/{ids.key}/backup/{ids.run}", f"/jobs/{ids.job_id}/explain", f"/silence?job={ids.job_id}"):
        answer = two.kim.get(path)
        assert answer.status_code == 200, path
        assert ids.job in answer.text


def test_the_totals_are_those_of_the_servers_that_are_seen(two: World) -> None:
    own, whole = two.kim.get("/api/summary").json(), two.admin.get("/api/summary").json()
    assert (own["totalServers"], own["totalBackups"], own["totalBackupsRuns"]) == (1, 2, 5)
    assert (whole["totalServers"], whole["totalBackups"], whole["totalBackupsRuns"]) == (2, 4, 10)
    assert own["totalUploadedSize"] * 2 == whole["totalUploadedSize"]
    assert sum(day or 0 for day in two.kim.get("/api/charts?range=90d").json()["uploaded"]) == own["totalUploadedSize"]


def test_kept_answers_are_kept_for_a_sight(two: World, hidden: Ids) -> None:
    """In either order, and after the sight has changed, with nothing else having changed."""
    for path in ("/", "/?view=table", "/api/dashboard", "/api/servers", f"/api/lastbackup/{hidden.key}", "/settings/tags", "/api/charts"):
        first = two.admin.get(path)
        assert HIDDEN not in two.kim.get(path).text.replace(hidden.key, ""), path
        assert told(two.admin.get(path)) == told(first), path
    page = two.kim.get("/")
    assert two.kim.get("/", headers={"if-none-match": page.headers["etag"]}).status_code == 304
    two.choose(two.seen.server_id, hidden.server_id)
    try:
        wider = two.kim.get("/", headers={"if-none-match": page.headers["etag"]})
        assert wider.status_code == 200
        assert HIDDEN in wider.text
        assert HIDDEN in two.kim.get("/api/servers").text
    finally:
        two.choose(two.seen.server_id)
    assert HIDDEN not in two.kim.get("/").text
    assert HIDDEN not in two.kim.get("/api/servers").text


def _set_limited(application: FastAPI, *, limited: bool) -> None:
    parts: Context = application.state.context

    def work(connection: Connection) -> None:
        connection.raw.execute(f"UPDATE \"user\" SET is_limited = {int(limited)} WHERE id = '{KIM}'")

    parts.writer.submit(work).result()


def test_who_is_no_longer_limited_sees_all_again(two: World) -> None:
    _set_limited(two.application, limited=False)
    try:
        for path in ("/", "/api/servers", "/api/telling", "/settings/tags"):
            assert HIDDEN in two.kim.get(path).text, path
        assert two.kim.get("/api/summary").json() == two.admin.get("/api/summary").json()
    finally:
        _set_limited(two.application, limited=True)
    assert HIDDEN not in two.kim.get("/").text


def test_a_server_whose_jobs_were_removed_is_gone_and_is_seen_again_with_its_next_report(two: World, hidden: Ids) -> None:
    send(two.admin, Made(Instant(1_783_684_800_000 - HOUR), "visitor", "id-visitor", "once"))
    parts: Context = two.application.state.context
    with parts.database.read() as connection:
        visitor = connection.raw.execute("SELECT id FROM server WHERE key = 'id-visitor'").fetchone()[0]
    two.choose(visitor)
    try:
        assert [each["id"] for each in two.kim.get("/api/servers").json()] == ["id-visitor"]
        removed = two.admin.request("DELETE", "/api/backups/delete-job", json={"serverId": "id-visitor", "backupName": "once"})
        assert removed.status_code == 200, removed.text
        assert two.kim.get("/api/servers").json() == []
        assert "No server is open to this account" in two.kim.get("/").text
        send(two.admin, Made(Instant(1_783_684_800_000 - DAY), "visitor", "id-visitor", "once"))
        assert [each["id"] for each in two.kim.get("/api/servers").json()] == ["id-visitor"]
    finally:
        two.admin.request("DELETE", "/api/backups/delete-job", json={"serverId": "id-visitor", "backupName": "once"})
        two.choose(two.seen.server_id)


def test_who_sees_no_server_gets_empty_answers_and_is_told_why(two: World) -> None:
    two.choose()
    try:
        for question in questions(two.application):
            answer = two.kim.get(address(question, two.seen))
            empty = {404} if question.places and "chart-data" not in question.path else {200, 303, 400, 404}
            assert answer.status_code in empty, (question, answer.text)
            assert HIDDEN not in whole_text(answer)
            assert not question.places or SEEN not in answer.text.replace(two.seen.key, ""), question
        for path in ("/", "/?view=table", "/?view=charts", "/settings/monitoring", "/settings/notifications"):
            text = two.kim.get(path).text
            assert "No server is open to this account" in text, path
            assert "Let Duplicati report here" not in text, path
        assert "No server that is open to this account has one" in two.kim.get("/settings/tags").text
        assert "Waiting for the first report" not in two.kim.get("/start").text
        assert two.kim.get("/api/summary").json()["totalBackupsRuns"] == 0
    finally:
        two.choose(two.seen.server_id)


def test_only_topics_of_what_is_seen_can_be_subscribed_to(two: World, hidden: Ids) -> None:
    path = "/settings/notifications/subscribe"
    for suffix in ("", ".svg"):
        assert two.kim.get(f"{path}{suffix}", params={"topic": two.seen.topic}).status_code == 200
        for topic in ("", hidden.topic, f"{HIDDEN}-all", "guess"):
            assert two.kim.get(f"{path}{suffix}", params={"topic": topic}).status_code == 404
        assert two.admin.get(f"{path}{suffix}").status_code == 200


def test_a_stream_tells_of_seen_servers_alone_and_of_a_new_sight(data_dir: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SETTLE", 0.01)
    monkeypatch.setattr(events, "_LOOK", 0.01)
    application = build(Settings(data_dir=data_dir), clock)

    def choose(*keys: str) -> Any:
        def work(connection: Connection) -> None:
            rows = connection.raw.execute("SELECT id, key FROM server").fetchall()
            choose_servers(connection, KIM, [ServerId(number) for number, key in rows if key in keys])

        return application.state.context.writer.write(work)

    async def story() -> None:
        async with running(application):
            person, other = enter(application, Kind.LIMITED), enter(application, Kind.USER)
            begun = Instant(clock.now() - 5 * HOUR)
            await upload(application, Made(begun, server="alpha"))
            await upload(application, Made(begun, server="beta"))
            await choose("id-alpha")
            async with listening(application, person.headers["cookie"]) as stream, listening(application, other.headers["cookie"]) as whole:
                await stream.next()
                await whole.next()
                await upload(application, Made(Instant(begun + HOUR), server="beta"))
                assert (await whole.next())[1]["servers"] == ["id-beta"]
                assert (await stream.next())[1]["servers"] == []
                await upload(application, Made(Instant(begun + HOUR), server="alpha"))
                assert (await whole.next())[1]["servers"] == ["id-alpha"]
                assert (await stream.next())[1]["servers"] == ["id-alpha"]
                await choose("id-beta")
                assert (await stream.next())[1]["servers"] is None
                await upload(application, Made(Instant(begun + 2 * HOUR), server="alpha"))
                assert (await stream.next())[1]["servers"] == []
                await upload(application, Made(Instant(begun + 2 * HOUR), server="beta"))
                assert (await stream.next())[1]["servers"] == ["id-beta"]

    asyncio.run(story())


def test_a_stream_ends_before_it_tells_of_more_than_may_be_seen(data_dir: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who saw everything becomes limited, or goes, while reports come all the time."""
    monkeypatch.setattr(events, "_SETTLE", 0.01)
    monkeypatch.setattr(events, "_LOOK", 0.01)
    application = build(Settings(data_dir=data_dir), clock)

    async def story() -> None:
        async with running(application):
            person = enter(application, Kind.USER)
            await upload(application, Made(Instant(clock.now() - HOUR)))
            async with listening(application, person.headers["cookie"]) as stream:
                await stream.next()
                await application.state.context.writer.write(
                    lambda connection: connection.raw.execute("UPDATE \"user\" SET is_limited = 1 WHERE id = 'id-USER'"), changes=False
                )
                await upload(application, Made(clock.now()))
                await asyncio.wait_for(stream.ended.wait(), 5)

    asyncio.run(story())
