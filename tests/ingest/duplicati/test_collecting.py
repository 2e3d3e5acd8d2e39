"""One Duplicati server collected: what of its logs is new here is stored, once."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, Instant, iso
from duplistatus.ingest.duplicati import job_log
from duplistatus.ingest.duplicati.collecting import Progress, Wanted
from duplistatus.ingest.duplicati.trouble import Code
from duplistatus.report.log_row import begin_of
from duplistatus.report.report import Report
from duplistatus.report.server_answers import read_log_rows
from duplistatus.store.arrivals import Outcome
from duplistatus.store.collected import KnownRows, record_rows
from duplistatus.store.summaries import rebuild_all
from tests.ingest.duplicati.asking import SOON
from tests.ingest.duplicati.collector import Collector, named
from tests.ingest.duplicati.recorded import VERSIONS, answered
from tests.ingest.duplicati.stand_in import Duplicati, Reply, error
from tests.store.telling import NOON, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duplistatus.store.arrivals import Arrival
    from duplistatus.store.collected import Stored
    from duplistatus.store.database import Connection
    from tests.store.telling import Recording

SCHEDULES = Wanted(schedules_only=True)
TIMER = Wanted(thorough=False)


@pytest.fixture
def server() -> Iterator[Duplicati]:
    """2.3.0.109 with its first job alone, which never failed."""
    with Duplicati() as made:
        yield only(made, "1").name_it("0123456789abcdef0123456789abcdef", "vault")


def only(server: Duplicati, *jobs: str) -> Duplicati:
    """The server with these of its jobs."""
    server.jobs = [job for job in server.jobs if job["Backup"]["ID"] in jobs]
    return server


def at(row: dict[str, Any], begun: Instant, status: str = "Success", number: int | None = None) -> dict[str, Any]:
    """A row of a log like another one, of a run at another time that took ten seconds."""
    data = json.loads(row["Message"])
    data |= {"BeginTime": iso(begun), "EndTime": iso(Instant(begun + 10_000)), "Duration": "00:00:10", "ParsedResult": status}
    return row | {"ID": number or row["ID"], "Timestamp": (begun + 10_000) // 1000, "Message": json.dumps(data)}


def of_backup(version: str = "2.3.0.109") -> dict[str, Any]:
    return next(row for row in deepcopy(answered(version, "log")) if json.loads(row["Message"])["MainOperation"] == "Backup")


def reports_of(version: str) -> list[Recording]:
    """The recorded reports that came as JSON of the operations in the recorded log of the first job."""
    logged = {begin_of(row.data) for row in read_log_rows(answered(version, "log")) if row.data is not None}
    found = [each for each in recordings(version) if isinstance(each.parsed, Report) and each.parsed.kind == "json"]
    return [each for each in found if each.begun in logged]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_log_is_stored_once(collector: Collector, version: str) -> None:
    with Duplicati(version) as server:
        only(server, "1")
        first = collector.collect(server)
        kept = collector.state()
        assert (first.found, first.known, first.errors, first.troubles) == (6, 0, 0, ())
        assert first.is_new
        assert [row["kinds"] for row in kept["runs"]] == [4] * 6
        again = collector.collect(server, first.server_id)
        assert (again.found, again.known, again.is_new) == (0, 6, False)
        assert collector.state() == kept


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_reported_is_known(collector: Collector, version: str) -> None:
    collector.send(*recordings(version))
    kept = collector.state()
    with Duplicati(version) as server:
        only(server, "1")
        done = collector.collect(server)
        assert (done.found, done.known, done.is_new) == (0, 6, False)
        after = collector.state()
        assert {row["name"]: row for row in after["runs"]} == {row["name"]: row for row in kept["runs"]}
        assert after["runs"] == kept["runs"]
        assert after["days"] == kept["days"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_report_that_comes_later_completes_what_was_collected(collector: Collector, version: str) -> None:
    reports = reports_of(version)
    with Duplicati(version) as server:
        collector.collect(only(server, "1"))
    done = collector.send(*reports)
    assert {each.outcome for each in done} == {Outcome.COMPLETED, Outcome.ACTIVITY}
    (job,) = named(collector.state()["jobs"], "Documents")
    assert job["run_count"] == 6
    assert {each.outcome for each in collector.send(*reports)} == {Outcome.DUPLICATE, Outcome.ACTIVITY}


def test_other_operations_of_the_log_are_activities(collector: Collector, server: Duplicati) -> None:
    collector.collect(server)
    assert {row["operation"] for row in collector.state()["activities"]} >= {"Restore", "Test", "Repair", "Compact"}


def test_only_what_is_missing_is_stored_and_the_rest_not_touched(collector: Collector, server: Duplicati) -> None:
    reports = reports_of("2.3.0.109")
    backups = [each for each in reports if isinstance(each.parsed, Report) and each.parsed.is_run]
    collector.send(*backups[:2], *backups[4:])
    done = collector.collect(server)
    assert (done.found, done.known) == (2, 4)
    assert sorted(row["kinds"] for row in collector.state()["runs"]) == [1, 1, 1, 1, 4, 4]


@pytest.mark.parametrize("version", VERSIONS)
def test_runs_collected_out_of_order_are_counted_as_a_rebuild_counts_them(collector: Collector, version: str) -> None:
    reports = reports_of(version)
    collector.send(reports[-1], reports[2])
    with Duplicati(version) as server:
        whole = server.logs["1"]
        server.logs["1"] = whole[:3]
        collector.collect(only(server, "1"))
        server.logs["1"] = whole
        collector.collect(server)
    kept = collector.state()
    connection = collector.database.connect()
    rebuild_all(connection, NOON)
    connection.close()
    for name, rows in collector.state().items():
        assert rows == kept[name], name
    assert sum(row["runs"] for row in kept["fleet"]) == 6


def test_a_broken_row_stops_none_of_the_others(collector: Collector, server: Duplicati) -> None:
    broken = [
        {"ID": 90, "Type": "Result", "Message": '{"MainOperation":"Backup",', "Timestamp": 1},
        {"ID": 91, "Type": "Result", "Message": json.dumps({"MainOperation": "Backup", "ParsedResult": "Success"}), "Timestamp": 1},
        at(of_backup(), NOON, number=92) | {"Message": json.dumps({"MainOperation": "Backup", "BeginTime": iso(NOON)})},
        {"ID": 93, "Type": "Message", "Message": "not a result", "Timestamp": 1},
        {"ID": 94, "Type": "Result", "Message": 7},
        {"Type": "Result"},
    ]
    server.logs["1"] = broken + server.logs["1"]
    done = collector.collect(server)
    assert (done.found, done.errors) == (6, 3)
    assert [(name, trouble.code) for name, trouble in done.troubles] == [("Documents", Code.BROKEN)]


def test_a_row_that_cannot_be_stored_stops_none_of_the_others(
    collector: Collector, server: Duplicati, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = Instant(NOON - HOUR)

    def refusing(connection: Connection, rows: Sequence[tuple[Arrival, Report]], now: Instant) -> Stored:
        stored = record_rows(connection, rows, now)
        if any(report.begun_at == begun for _, report in rows):
            raise ValueError("refused")
        return stored

    monkeypatch.setattr(job_log, "record_rows", refusing)
    server.logs["1"] = [at(of_backup(), begun, number=99), *server.logs["1"]]
    done = collector.collect(server)
    assert (done.found, done.errors) == (6, 1)
    assert len(collector.state()["runs"]) == 6


@pytest.mark.parametrize("after", [0, 345])
def test_a_row_completes_what_a_plain_text_report_told(collector: Collector, after: int) -> None:
    """The text knows the second alone; the run may have begun with it."""
    (form,) = [each for each in recordings("2.3.0.4") if each.name.endswith("/form-form.json")]
    collector.send(form)
    with Duplicati("2.3.0.4") as server:
        # Its API tells another id and another name: the run itself is by what it is known.
        only(server, "15").name_it("of-the-installation", "vault")
        server.logs["15"] = [at(of_backup("2.3.0.4"), Instant(form.begun + after))]
        done = collector.collect(server)
        assert (done.is_new, done.found) == (False, 1)
        ((run,), (job,)) = collector.state()["runs"], collector.state()["jobs"]
        assert (run["begun_at"], run["kinds"], run["examined_files"] is not None) == (form.begun + after, 6, True)
        assert job["run_count"] == 1
        assert collector.collect(server, done.server_id).found == 0


def test_a_run_that_is_reported_while_it_is_collected_is_known(
    collector: Collector, server: Duplicati, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = reports_of("2.3.0.109")
    collector.send(*reports[:1])
    server.name_it("", "fileserver")
    monkeypatch.setattr(job_log, "known_rows", lambda *_: KnownRows())
    collector.send(*reports)
    kept = collector.state()
    done = collector.collect(server)
    assert (done.found, done.known) == (0, 6)
    assert collector.state()["runs"] == kept["runs"]


def test_one_job_that_cannot_be_read_stops_none_of_the_others(collector: Collector) -> None:
    with Duplicati() as server:
        only(server, "1", "2", "4", "12")
        for job in ("2", "4", "12"):
            server.logs[job] = [at(of_backup(), Instant(NOON - int(job) * HOUR))]
        server.instead["/api/v1/backup/2/log"] = Reply(b'[{"ID": 1, "Typ')
        server.instead["/api/v1/backup/4/log"] = error(500, "An error occurred")
        done = collector.collect(server)
        assert (done.found, done.errors) == (7, 2)
        assert [(name, trouble.code) for name, trouble in done.troubles] == [
            ('Ärger & <b>Warnungen</b> ✓ "x"', Code.BROKEN),
            ("No destination", Code.FAILED),
        ]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_log_that_is_in_use_is_read_later_and_no_error(collector: Collector, version: str) -> None:
    with Duplicati(version) as server:
        only(server, "1", "2")
        server.logs["2"] = [at(of_backup(version), Instant(NOON - HOUR))]
        server.active = (7, "1")
        done = collector.collect(server)
        assert (done.found, done.errors, done.later) == (1, 0, ("Documents",))
        server.finish()
        again = collector.collect(server, done.server_id)
        assert (again.found, again.later) == (6, ())


def test_a_log_that_does_not_come_is_an_error_and_a_second_one_ends_it(collector: Collector) -> None:
    with Duplicati() as server:
        only(server, "1", "2", "4")
        for job in ("2", "4"):
            server.instead[f"/api/v1/backup/{job}/log"] = Reply(hangs=True)
        collector.patience = SOON
        assert collector.trouble(server).code is Code.SLOW
        # What came before is stored none the less.
        assert len(collector.state()["runs"]) == 6
        del server.instead["/api/v1/backup/4/log"]
        assert [(name, trouble.code) for name, trouble in collector.collect(server).troubles] == [
            (server.jobs[1]["Backup"]["Name"], Code.SLOW)
        ]


def test_by_time_a_log_is_read_until_a_page_holds_nothing_new(collector: Collector, server: Duplicati) -> None:
    rows = [at(of_backup(), Instant(NOON - number * HOUR), number=1_000 - number) for number in range(350)]
    server.logs["1"] = rows
    first = collector.collect(server, wanted=TIMER)
    assert first.found == 350
    server.received.clear()
    server.logs["1"] = [at(of_backup(), Instant(NOON + HOUR), number=1_001), *rows]
    second = collector.collect(server, first.server_id, TIMER)
    # The first page brings one run, the second none.
    assert (second.found, len(server.asked("/api/v1/backup/1/log"))) == (1, 2)
    server.received.clear()
    assert collector.collect(server, first.server_id).known == 351
    assert len(server.asked("/api/v1/backup/1/log")) == 4


def test_a_thousand_known_rows_cost_one_question_a_page_and_no_write(
    collector: Collector, server: Duplicati, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.logs["1"] = [at(of_backup(), Instant(NOON - number * HOUR), number=1_500 - number) for number in range(1_000)]
    first = collector.collect(server)
    called: Counter[str] = Counter()
    for name in ("known_rows", "read_log_row", "record_rows"):
        count(monkeypatch, name, called)
    done = collector.collect(server, first.server_id)
    assert (first.found, done.known) == (1_000, 1_000)
    # Rows of this size come a hundred to a page.
    assert called == {"known_rows": 10}


def count(monkeypatch: pytest.MonkeyPatch, name: str, called: Counter[str]) -> None:
    """Counts the calls of a function."""
    original: Any = getattr(job_log, name)

    def counted(*values: Any) -> Any:
        called[name] += 1
        return original(*values)

    monkeypatch.setattr(job_log, name, counted)


def test_progress_is_told(collector: Collector, server: Duplicati) -> None:
    collector.collect(server)
    assert collector.steps == [
        Progress("connect"),
        Progress("jobs", 0, 1),
        Progress("log", 0, 1),
        Progress("store", 1, 1, 6),
    ]


def test_what_the_server_says_of_itself_is_kept(collector: Collector, server: Duplicati) -> None:
    server.name_it("0123456789abcdef0123456789abcdef", "vault")
    collector.collect(server)
    (row,) = collector.rows(
        "SELECT s.key, s.name, l.machine_id, l.machine_name, l.version, l.channel FROM server_link l JOIN server s ON s.id = l.server_id"
    )
    key = "0123456789abcdef0123456789abcdef"
    assert row == (key, "vault", key, "vault", "2.3.0.109", "canary")


def test_a_first_collection_tells_people_of_no_past(collector: Collector, server: Duplicati, telling: None) -> None:
    server.logs["1"] = [at(of_backup(), Instant(NOON - days * DAY), "Error", 100 - days) for days in range(40)]
    done = collector.collect(server)
    assert done.found == 40
    assert collector.rows("SELECT event, at FROM notice") == [("error", NOON), ("error", NOON)]
    # A gap further back is healed without a word, what is newer than all is told.
    server.logs["1"][1:1] = [at(of_backup(), Instant(NOON - 2 * HOUR), "Error", 99)]
    server.logs["1"][:0] = [at(of_backup(), Instant(NOON + HOUR), "Error", 101)]
    collector.clock.advance(2 * HOUR)
    assert collector.collect(server, done.server_id).found == 2
    assert len(collector.rows("SELECT event FROM notice")) == 3
