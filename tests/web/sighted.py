"""A product with somebody who sees only some of its servers, every question that they may ask of it, and what its answers say. In: a folder
and a clock; out: a world that runs as long as the stack."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.security.access_policy import as_text
from duplistatus.settings import Settings
from duplistatus.store.access_setting import save_access
from duplistatus.store.ids import ServerId, UserId
from duplistatus.store.sight import choose_servers
from duplistatus.web.access import Access, access_of
from tests.web.hidden import HIDDEN, SEEN, Ids, set_topic, tell_of
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from fastapi import FastAPI
    from httpx2 import Response

    from duplistatus.clock import SetClock
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


def tried(name: str) -> Sequence[str]:
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


def asked_in(two: World, question: Question, name: str, value: str) -> Response:
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
