"""Servers with a plan: ids that lead elsewhere, logs without an end, thousands of jobs, redirects, another server halfway."""

from __future__ import annotations

import json
import tracemalloc
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, Instant, SetClock, iso
from duplistatus.ingest.duplicati.collecting import Collected, Wanted
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.store.database import Database
from tests.fixtures.engines import place
from tests.ingest.duplicati.asking import PATIENT, SOON, asked
from tests.ingest.duplicati.collector import collecting
from tests.ingest.duplicati.hostile import Trial
from tests.ingest.duplicati.recorded import answered
from tests.ingest.duplicati.stand_in import HANGS, Duplicati, Reply
from tests.store.telling import NOON

if TYPE_CHECKING:
    from pathlib import Path

IDS = [
    "../../auth/refresh",
    "1/log?pagesize=1#",
    "a b\tc",
    "\x7f",
    "a\u0000",
    "ü😀",
    "%2e%2e/%00",
    "//evil.example/x",
    "1\r\nHost: evil",
    "0",
    "-1",
    "9" * 400,
]


def test_a_job_of_any_id_is_asked_for_below_its_own_path_alone(trial: Trial, server: Duplicati) -> None:
    server.jobs = [
        json.loads(json.dumps(server.jobs[0]).replace('"ID": "1"', json.dumps("ID") + ": " + json.dumps(each), 1)) for each in IDS
    ]
    found = trial.collect(server)
    assert isinstance(found, Collected)
    paths = {each.path for each in server.received}
    known = {"/api/v1/systeminfo", "/api/v1/serversettings", "/api/v1/backups", "/api/v1/serverstate"}
    assert all(each in known or each.startswith(("/api/v1/backup/", "/api/v1/auth/")) for each in paths - {"/", "/health"}), paths
    assert {each for each in paths if each.startswith("/api/v1/auth/")} == {"/api/v1/auth/login", "/api/v1/auth/refresh/logout"}


@pytest.mark.parametrize("numbers", [[0], [0, 0, 0], [-1, -2, -3], [-(2**63)], [5, 5, 5], [2**53, 2**53 + 1]])
def test_a_log_whose_numbers_do_not_fall_ends(trial: Trial, server: Duplicati, numbers: list[int]) -> None:
    row = answered("2.3.0.109", "log")[0]
    rows = [row | {"ID": number} for number in numbers] * 200
    server.instead = {"/api/v1/backup/1/log": lambda asked: Reply(rows[: int(asked.query["pagesize"])])}
    found = trial.collect(server)
    assert isinstance(found, Collected)
    assert len(server.asked("/api/v1/backup/1/log")) < 10


def test_a_job_that_is_listed_twice_is_one(trial: Trial, server: Duplicati) -> None:
    server.jobs = [server.jobs[0]] * 3
    found = trial.collect(server)
    assert isinstance(found, Collected)
    assert (found.found, found.known, found.errors) == (6, 0, 0)


def test_ten_thousand_jobs_are_listed_in_bounded_memory(tmp_path: Path, server: Duplicati) -> None:
    schedule = server.jobs[0]["Schedule"]
    jobs = [{"Backup": {"ID": str(number), "Name": f"Job {number}"}, "Schedule": schedule} for number in range(10_000)]
    server.instead = {"/api/v1/backups": Reply(json.dumps(jobs).encode())}
    place(tmp_path / "many.db")
    database = Database(tmp_path / "many.db")
    with collecting(database, SetClock(NOON)) as collector:
        tracemalloc.start()
        found = collector.collect(server, wanted=Wanted(schedules_only=True))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert collector.rows("SELECT count(*) FROM api_job") == [(10_000,)]
    database.close()
    assert found.errors == 0
    assert len(server.received) < 100
    assert most < 200_000_000


@pytest.mark.parametrize("path", ["auth/login", "systeminfo", "serversettings", "backups", "serverstate", "backup/1/log"])
@pytest.mark.parametrize("to", ["http://169.254.169.254/latest/meta-data/", "//127.0.0.1:1/", "file:///etc/passwd", ""])
def test_no_redirect_is_followed_anywhere(trial: Trial, server: Duplicati, path: str, to: str) -> None:
    server.instead = {f"/api/v1/{path}": Reply(None, 307, (("Location", to),))}
    found = trial.collect(server)
    if path == "serversettings":
        # Versions that do not have it answer in all ways.
        assert isinstance(found, Collected)
    else:
        assert isinstance(found, Trouble)
        assert found.code is Code.NOT_DUPLICATI
    assert all(each.path.startswith(("/api/v1/", "/health")) or each.path == "/" for each in server.received)


def test_a_server_that_stops_amid_a_log_is_completed_by_the_next_collection(tmp_path: Path, server: Duplicati) -> None:
    row = answered("2.3.0.109", "log")[0]
    data = json.loads(row["Message"])
    rows = []
    for number in range(250, 0, -1):
        begun = Instant(NOON - (251 - number) * HOUR)
        told = data | {"BeginTime": iso(begun), "EndTime": iso(Instant(begun + 1000)), "MainOperation": "Backup"}
        rows.append(row | {"ID": number, "Message": json.dumps(told)})
    server.jobs = server.jobs[:1]
    server.logs["1"] = rows
    place(tmp_path / "half.db")
    database = Database(tmp_path / "half.db")
    with collecting(database, SetClock(NOON)) as collector:
        server.instead = {"/api/v1/backup/1/log": lambda asked: HANGS if "offset" in asked.query else server.reply(asked)}
        collector.patience = SOON
        first = collector.collect(server)
        assert (first.found, [each.code for _, each in first.troubles]) == (100, [Code.SLOW])
        server.instead, collector.patience = {}, PATIENT
        second = collector.collect(server)
        assert (second.found, second.known, second.errors) == (150, 100, 0)
        assert collector.rows("SELECT count(*), count(DISTINCT begun_at) FROM run") == [(250, 250)]
        assert collector.rows("SELECT run_count FROM job") == [(250,)]
    database.close()


def test_a_server_that_is_another_one_at_the_second_request_is_not_taken_for_the_first(tmp_path: Path, server: Duplicati) -> None:
    place(tmp_path / "two.db")
    database = Database(tmp_path / "two.db")
    server.jobs = server.jobs[:1]
    with collecting(database, SetClock(NOON)) as collector:
        first = collector.collect(server.name_it("0" * 32, "first"))
        kept = collector.state()
        server.name_it("1" * 32, "second")
        server.jobs = [deepcopy(server.jobs[0])]
        server.jobs[0]["Backup"] |= {"ID": "7", "Name": "Other"}
        server.logs = {"7": []}
        trouble = collector.trouble(server, first.server_id)
        assert trouble.code is Code.OTHER_SERVER
        assert collector.state() == kept
    database.close()


@pytest.mark.parametrize("status", ["HTTP-" + "9" * 5_000, 10**18, "HTTP--1", [], "٤٠٤"])
def test_an_error_of_any_status_is_a_trouble(server: Duplicati, status: object) -> None:
    told = {"Success": False, "Error": "no", "StatusCode": status}
    server.instead = {"/api/v2/backup/list-filesets": Reply(told)}
    with pytest.raises(Trouble) as caught:
        asked(server.target, lambda api: api.version2("/backup/list-filesets", {"BackupId": "1"}))
    assert caught.value.code is Code.FAILED
