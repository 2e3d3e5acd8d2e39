"""Runs of which no report ever came are told apart from others: on their page, in the history of their server, in the API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.report.reading import read_body
from duplistatus.report.report import Report
from duplistatus.store.arrivals import How
from duplistatus.store.collected import record_rows
from tests.store.telling import arrival
from tests.web.api.reports import Made, document, send
from tests.web.pages.html import read

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

HINT = "No report of this run came"


def collect(application: FastAPI, made: Made, how: How = How.COLLECTED) -> None:
    """The run as a collection finds it."""
    body = orjson.dumps(document(made))
    report = read_body(body, "application/json", None, 1 << 25)
    assert isinstance(report, Report)
    row = replace(arrival(body, report, made.begun), how=how)
    parts = application.state.context
    parts.writer.submit(lambda connection: record_rows(connection, [(row, report)], parts.clock.now())).result(10)


def address(client: TestClient) -> str:
    """The page of the newest run."""
    return read(client.get("/detail/id-alpha")).one("section", id="history").one("tbody").all("a")[0].attributes["href"]


def marks(client: TestClient) -> list[bool]:
    """Which lines of the history are marked, newest first."""
    table = read(client.get("/detail/id-alpha")).one("section", id="history").one("tbody")
    return ["recovered" in row.text for row in table.all("tr")]


def documents(client: TestClient) -> tuple[list[str], bool, bool]:
    found = client.get(f"/api/runs/{address(client).rpartition('/')[2]}").json()
    return found["documents"], found["recovered"], found["assumed"]


def test_a_run_that_was_sent_is_nothing_special(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(clock.now()))
    assert marks(admin) == [False]
    assert HINT not in read(admin.get(address(admin))).text
    assert documents(admin) == (["json"], False, False)


@pytest.mark.parametrize(("how", "words"), [(How.COLLECTED, "found in the log of its job"), (How.ASSUMED, "holds nothing of it")])
def test_a_run_that_a_collection_found_says_so(admin: TestClient, application: FastAPI, clock: SetClock, how: How, words: str) -> None:
    send(admin, Made(Instant(clock.now() - HOUR)))
    collect(application, Made(clock.now(), result="Fatal"), how)
    assert marks(admin) == [True, False]
    page = read(admin.get(address(admin)))
    assert "recovered by collection" in page.one("main").text
    (hint,) = [each.text for each in page.all("p", has="hint") if HINT in each.text]
    assert words in hint
    assert "Report as sent" not in page.text
    assert documents(admin) == (["collected"], True, how is How.ASSUMED)


def test_once_its_report_comes_it_is_a_run_like_others(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    made = Made(clock.now())
    collect(application, made)
    send(admin, made)
    assert marks(admin) == [False]
    assert HINT not in read(admin.get(address(admin))).text
    assert documents(admin) == (["json", "collected"], False, False)
