"""Who sees only some servers, before every route of the built application: the answers are as if there were no others."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import pytest
from starlette.requests import Request

from duplistatus.clock import DAY, HOUR, Instant, SetClock
from duplistatus.store import fleet
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import whole_context
from tests.web.api.reports import Made, send
from tests.web.hidden import HIDDEN, SEEN, Ids
from tests.web.sighted import COUNTS, KIM, World, address, as_written, asked_in, questions, told, tried, unknown_of, whole_text, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """The same story with a hidden server, and without it."""
    clock = SetClock(Instant(1_783_684_800_000))
    folder = tmp_path_factory.mktemp("worlds")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr("duplistatus.background.scheduler.Scheduler.look", _no_look)
        two = world(stack, folder / "two", clock, with_hidden=True)
        yield two, world(stack, folder / "one", clock, with_hidden=False)


async def _no_look(_: object) -> None:
    """Nothing happens by time while two worlds are compared."""


@pytest.fixture
def two(worlds: tuple[World, World]) -> World:
    return worlds[0]


@pytest.fixture
def hidden(two: World) -> Ids:
    assert two.hidden is not None
    return two.hidden


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
        for query in ({}, *({name: value} for name in question.queries for value in tried(name))):
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


def test_what_is_hidden_is_answered_as_what_is_unknown(two: World, hidden: Ids) -> None:
    """In each place of each address, and in each of its parameters: any name or number of the hidden server, its job, run, tag, window."""
    wrong, asked = [], 0
    for question in questions(two.application):
        for name in (*question.places, *question.queries):
            for value in hidden.all:
                if (value[:1].isdigit() and name in COUNTS) or (value.isdigit() and int(value) in two.seen.numbers_in(name)):
                    continue
                unknown = unknown_of(value)
                answers = [asked_in(two, question, name, each) for each in (value, unknown)]
                asked += 1
                if told(answers[0]) != told(answers[1], as_written(unknown, value)):
                    wrong.append(f"{answers[0].status_code} {answers[0].request.url}, not {answers[1].status_code}")
    assert not wrong, "\n".join(wrong)
    assert asked > 500


def test_every_answer_is_as_if_the_hidden_server_were_not_there(worlds: tuple[World, World]) -> None:
    """Totals, charts, badges, pages: all of it, byte by byte."""
    two, one = worlds
    assert two.seen == replace(one.seen, run=two.seen.run)
    wrong, compared = [], 0
    for question in questions(two.application):
        if question.access not in {Access.READ, Access.EXTERNAL}:
            continue
        for query in ({}, *({name: value} for name in question.queries for value in tried(name))):
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
