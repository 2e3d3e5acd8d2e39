"""The page of messages without scripts: links, filters, plain forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, MINUTE, SECOND, Instant
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.routing import Filter
from duplistatus.notify.dispatcher import Dispatcher
from duplistatus.store import outbox
from duplistatus.store.channels import ChannelValues, add_channel, note_failed
from duplistatus.store.telling import add_notice
from tests.notify.stand_ins import HttpStandIn
from tests.web.api.reports import Made, send
from tests.web.pages.html import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection

PATH = "/settings/messages"


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages stay as a test writes them."""

    async def look(_: Dispatcher) -> float:
        return 15.0

    monkeypatch.setattr(Dispatcher, "look", look)


class Box:
    """Writes messages in each state."""

    def __init__(self, application: FastAPI, clock: SetClock) -> None:
        self._writer = application.state.context.writer
        self._clock = clock
        self._count = 0
        self.channel = self.write(lambda connection: self._add(connection, "Phone"))

    def _add(self, connection: Connection, name: str) -> int:
        config = {"url": "https://ntfy.example/", "topic": "family"}
        return add_channel(connection, "ntfy", ChannelValues(name, True, config, "", Filter()), "tests", self._clock.now())

    def write(self, work: Callable[[Connection], Any]) -> Any:
        return self._writer.submit(work).result()

    def post(self, event: Event = Event.TEST, destination: str = "", held: str = "", **more: Any) -> int:
        def work(connection: Connection) -> int:
            self._count += 1
            details = more.pop("details", {})
            notice_id = add_notice(connection, f"n{self._count}", event, details, self._clock.now(), **more)
            assert notice_id is not None
            outbox.add_deliveries(connection, notice_id, [(self.channel, destination)], self._clock.now(), held=held)
            return int(connection.raw.execute("SELECT max(id) FROM outbox").fetchone()[0])

        number: int = self.write(work)
        return number

    def end(self, how: Callable[[Connection, int], None]) -> None:
        """Claims what waits and ends it."""

        def work(connection: Connection) -> None:
            for each in outbox.claim(connection, self.channel, "me", self._clock.now(), 10):
                how(connection, each.id)

        self.write(work)


@pytest.fixture
def box(admin: TestClient, application: FastAPI, clock: SetClock) -> Box:
    return Box(application, clock)


def rows(client: TestClient, query: str = "") -> list[str]:
    """The text of each message."""
    page = read(client.get(f"{PATH}{query}"))
    return [" ".join(each.text.split()) for each in page.all("tr") if each.attributes.get("id", "").startswith("message-")]


def form(client: TestClient, values: dict[str, Any]) -> Any:
    token = read(client.get(PATH)).all("input", name="csrf_token")[0].attributes["value"]
    kept = client.headers.pop("x-csrf-token")
    answer = client.post(PATH, data={"csrf_token": token, **values})
    client.headers["x-csrf-token"] = kept
    return answer


def test_nothing_yet_says_what_comes_here(admin: TestClient) -> None:
    assert "No messages yet" in admin.get(PATH).text
    assert "Nothing matches" in admin.get(f"{PATH}?state=failed").text


def test_each_fate_is_a_word_with_what_there_is_to_say(admin: TestClient, box: Box, clock: SetClock) -> None:
    now = clock.now()
    box.post(destination="ops")
    box.end(lambda connection, each: outbox.mark_sent(connection, each, "me", now, 420, "taken"))
    box.post()
    box.end(lambda connection, each: outbox.mark_failed(connection, each, "me", now, "535 <no>"))
    box.post()
    box.end(lambda connection, each: outbox.mark_later(connection, each, "me", Instant(now + 4 * MINUTE), "timed out"))
    box.post(held="snoozed")
    box.post(held=outbox.OFF)
    box.post()
    found = rows(admin)
    assert found[0].startswith("Waiting")
    assert "Held back" in found[1]
    assert "the channel was switched off" in found[1]
    assert "the job was snoozed" in found[2]
    assert "Trying again" in found[3]
    assert "timed out, attempt 1 of 8, next try in 4 min" in found[3]
    assert "Gave up" in found[4]
    assert "535 <no>" in found[4]
    assert "Delivered" in found[5]
    assert "420 ms, taken" in found[5]
    assert "Phone ops" in found[5]
    assert "Phone ntfy.example/family" in found[4]
    assert ["Send again" in each for each in found] == [False, True, True, False, True, True]


def test_what_a_message_is_about_leads_there(admin: TestClient, box: Box, clock: SetClock, application: FastAPI) -> None:
    send(admin, Made(Instant(clock.now() - HOUR), "nas", job="Photos & more"))
    with application.state.context.database.read() as connection:
        ((job, server, run, uid),) = connection.raw.execute(
            "SELECT j.id, j.server_id, r.id, r.uid FROM job j JOIN run r ON r.job_id = j.id"
        ).fetchall()
    box.post(Event.ERROR, job_id=job, server_id=server, run_id=run)
    box.post(Event.OVERDUE, job_id=job, server_id=server)
    box.post(Event.OVERDUE, details={"jobs": [{"job_id": job}] * 12})
    box.post(Event.DAILY)
    text = admin.get(PATH).text
    assert f'<a class="link" href="/detail/id-nas/backup/{uid}">Photos &amp; more</a> has errors' in text
    assert '<a class="link" href="/detail/id-nas?backup=Photos%20%26%20more">Photos &amp; more</a> is overdue' in text
    assert "12 jobs are overdue" in text
    assert "Daily summary" in text
    assert len(rows(admin, "?q=photos")) == 2
    assert len(rows(admin, "?event=overdue")) == 2
    assert len(rows(admin, "?event=party&state=lost&channel=x&before=y")) == 4, "an old bookmark is no error"


def test_the_list_has_pages(admin: TestClient, box: Box) -> None:
    for _ in range(120):
        box.post()
    first = admin.get(PATH)
    assert len(rows(admin)) == 50
    older = read(first).all("a", rel="next")[0].attributes["href"]
    second = admin.get(older)
    assert len(rows(admin, older.removeprefix(PATH))) == 50
    third = read(second).all("a", rel="next")[0].attributes["href"]
    assert len(rows(admin, third.removeprefix(PATH))) == 20
    assert read(admin.get(third)).all("a", rel="next") == []
    newer = read(admin.get(third)).all("a", rel="prev")[0].attributes["href"]
    assert rows(admin, newer.removeprefix(PATH)) == rows(admin, older.removeprefix(PATH))
    newest = read(admin.get(newer)).all("a", rel="prev")[0].attributes["href"]
    assert rows(admin, newest.removeprefix(PATH)) == rows(admin)
    assert read(admin.get(newest)).all("a", rel="prev") == []


def test_the_button_sends_again_and_leads_back(admin: TestClient, box: Box, clock: SetClock) -> None:
    number = box.post()
    box.end(lambda connection, each: outbox.mark_failed(connection, each, "me", clock.now(), "no"))
    answer = form(admin, {"do": "resend", "id": str(number), "back": "state=failed"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?state=failed&again={number}")
    assert "It is in the outbox again." in admin.get(answer.headers["location"]).text
    assert rows(admin)[0].startswith("Waiting")
    assert form(admin, {"do": "resend", "id": str(number)}).status_code == 409
    assert form(admin, {"do": "resend", "id": "x"}).status_code == 404


def test_the_heartbeat_is_set_sent_and_removed(admin: TestClient) -> None:
    with HttpStandIn() as watcher:
        assert "Saved." in form(admin, {"do": "save", "url": f"{watcher.url}secret-token"}).text
        page = admin.get(PATH).text
        assert "secret-token" not in page
        assert f"127.0.0.1:{watcher.port}" in page
        assert "Not sent yet" in page
        assert "It was answered within" in form(admin, {"do": "send"}).text
        assert "Works" in admin.get(PATH).text
        assert len(watcher.received) == 1
    assert "The address was removed." in form(admin, {"do": "remove"}).text
    refused = form(admin, {"do": "save", "url": "no address"})
    assert refused.status_code == 400
    assert form(admin, {"do": "save", "url": " "}).status_code == 400
    assert form(admin, {"do": "party"}).status_code == 400


def test_the_self_test_shows_its_steps(admin: TestClient, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplistatus.web.self_test.PATIENCE", 0.0)
    text = form(admin, {"do": "self-test", "channel": str(box.channel)}).text
    for title in ("Report understood", "Report stored", "Message written", "Message delivered"):
        assert title in text
    assert "It is not delivered yet; it stays in the outbox." in text
    assert form(admin, {"do": "self-test", "channel": "4711"}).status_code == 404


def test_an_alert_is_cleared_by_its_button(admin: TestClient, box: Box, clock: SetClock) -> None:
    box.write(lambda connection: note_failed(connection, box.channel, "The pigeon is ill", clock.now()))
    page = read(admin.get("/settings/tags"))
    assert "The pigeon is ill" in page.text
    token = page.all("input", name="csrf_token")[0].attributes["value"]
    kept = admin.headers.pop("x-csrf-token")
    for back, leads_to in (("/settings/channels", "/settings/channels"), ("//evil.example/", "/"), ("/\\evil.example/", "/")):
        answer = admin.post("/alerts", data={"csrf_token": token, "clear": str(box.channel), "back": back})
        assert (answer.status_code, answer.headers["location"]) == (303, leads_to)
    admin.headers["x-csrf-token"] = kept
    assert "The pigeon is ill" not in admin.get("/settings/tags").text
    clock.advance(SECOND)
    box.write(lambda connection: note_failed(connection, box.channel, "The pigeon is ill", clock.now()))
    assert "The pigeon is ill" in admin.get("/settings/tags").text
