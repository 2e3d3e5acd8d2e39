"""Failures that leave no row in the log of their job: the server keeps when the newest was, and its text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, moment
from duplistatus.report.reading import read_body
from duplistatus.report.report import Report
from duplistatus.store.arrivals import Outcome
from duplistatus.store.summaries import rebuild_all
from tests.ingest.duplicati.collector import Collector, named
from tests.ingest.duplicati.stand_in import Duplicati, Reply, error
from tests.ingest.duplicati.test_collecting import at, of_backup, only
from tests.store.telling import Recording, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCKED = "Locked destination"
TEXT = "The folder /backups/locked/in does not exist"
FAILED_AT = Instant(1_795_248_855_000)
"""2026-11-21T08:14:15Z, as 2.3.0.4 keeps it; its report says that the run began at :15.612 and ended at :15.649."""


@pytest.fixture
def server() -> Iterator[Duplicati]:
    """2.3.0.4 with the job whose destination was not writable; its log is empty."""
    with Duplicati("2.3.0.4") as made:
        yield only(made, "5").name_it("0123456789abcdef0123456789abcdef", "fileserver")


def report() -> Recording:
    (found,) = [each for each in recordings("2.3.0.4") if each.name.endswith("backup-locked-destination-fatal.json")]
    return found


def runs(collector: Collector) -> list[dict[str, Any]]:
    return named(collector.state()["runs"], LOCKED)


def fail(server: Duplicati, moment_of_it: Instant, text: str = TEXT) -> None:
    server.jobs[0]["Backup"]["Metadata"] |= {"LastErrorDate": compact(moment_of_it), "LastErrorMessage": text}


def compact(when: Instant) -> str:
    return moment(when).strftime("%Y%m%dT%H%M%SZ")


def test_a_failure_without_a_row_is_a_failed_run_with_its_text(collector: Collector, server: Duplicati) -> None:
    done = collector.collect(server)
    assert (done.found, done.errors) == (1, 0)
    (run,) = runs(collector)
    assert (run["begun_at"], run["status"], run["kinds"]) == (FAILED_AT, "Fatal", 12)
    (job,) = collector.state()["jobs"]
    assert (job["last_reason"], job["outcome"], job["last_good_at"]) == (TEXT, "good", None)


def test_it_is_found_once(collector: Collector, server: Duplicati) -> None:
    first = collector.collect(server)
    kept = collector.state()
    again = collector.collect(server, first.server_id)
    assert again.found == 0
    assert collector.state() == kept


def test_its_report_takes_its_place_and_people_are_told_once(collector: Collector, server: Duplicati, telling: None) -> None:
    server.name_it("9bd9525546194675812189f0a20f5592", "fileserver").version = "2.3.0.109"
    done = collector.collect(server)
    (uid,) = collector.rows("SELECT uid FROM run")
    assert [each.outcome for each in collector.send(report())] == [Outcome.STORED]
    (run,) = runs(collector)
    assert isinstance(report().parsed, Report)
    assert (run["begun_at"], run["kinds"]) == (report().begun, 1)
    assert collector.rows("SELECT uid FROM run") == [uid]
    assert collector.rows("SELECT COUNT(*) FROM notice") == [(1,)]
    assert [each.outcome for each in collector.send(report())] == [Outcome.DUPLICATE]
    assert collector.collect(server, done.server_id).found == 0
    assert_kept_is_rebuilt(collector)


def test_under_other_names_it_gives_way_all_the_same(collector: Collector, server: Duplicati) -> None:
    # The API of this version tells another machine-id than the report, so that it was stored without one.
    server.name_it("of-the-installation", "fileserver")
    done = collector.collect(server)
    assert done.server_key == "name:fileserver"
    collector.send(report())
    (run,) = runs(collector)
    assert (run["begun_at"], run["kinds"]) == (report().begun, 1)
    assert collector.collect(server, done.server_id).found == 0
    assert_kept_is_rebuilt(collector)


def test_a_failure_that_was_reported_is_none_to_find(collector: Collector, server: Duplicati) -> None:
    collector.send(report())
    assert collector.collect(server).found == 0
    assert [run["kinds"] for run in runs(collector)] == [1]


@pytest.mark.parametrize("before", [5_000, 0])
def test_its_row_takes_its_place(collector: Collector, server: Duplicati, before: int) -> None:
    done = collector.collect(server)
    begun = Instant(FAILED_AT - before)
    server.logs["5"] = [at(of_backup("2.3.0.4"), begun, "Fatal")]
    assert collector.collect(server, done.server_id).found == 1
    assert [(run["begun_at"], run["kinds"]) for run in runs(collector)] == [(begun, 4)]
    assert_kept_is_rebuilt(collector)


@pytest.mark.parametrize(("before", "found"), [(10 * MINUTE, 2), (MINUTE + 10_999, 2), (MINUTE + 10_000, 1), (5_000, 1)])
def test_only_what_comes_well_after_the_newest_run_is_another_one(collector: Collector, server: Duplicati, before: int, found: int) -> None:
    """A run of ten seconds, and the error so long after its begin."""
    server.logs["5"] = [at(of_backup("2.3.0.4"), Instant(FAILED_AT - before), "Error")]
    assert collector.collect(server).found == found


def test_an_old_failure_that_runs_followed_is_none(collector: Collector, server: Duplicati) -> None:
    server.logs["5"] = [at(of_backup("2.3.0.4"), Instant(FAILED_AT + HOUR))]
    assert collector.collect(server).found == 1
    server.logs["5"] = []
    server.jobs[0]["Backup"]["Metadata"]["LastBackupFinished"] = compact(Instant(FAILED_AT + DAY))
    fail(server, Instant(FAILED_AT + 20 * HOUR))
    # The success of a day later is not here yet, but the server tells of it.
    assert collector.collect(server).found == 0


def test_each_new_failure_is_a_run(collector: Collector, server: Duplicati) -> None:
    done = collector.collect(server)
    fail(server, Instant(FAILED_AT + DAY), "The disk is full")
    assert collector.collect(server, done.server_id).found == 1
    fail(server, Instant(FAILED_AT + 2 * DAY), "The disk is full")
    assert collector.collect(server, done.server_id).found == 1
    (job,) = collector.state()["jobs"]
    assert (job["run_count"], job["outcome"], job["last_reason"]) == (3, "failing", "The disk is full")
    server.logs["5"] = [at(of_backup("2.3.0.4"), Instant(FAILED_AT + 3 * DAY))]
    assert collector.collect(server, done.server_id).found == 1
    (job,) = collector.state()["jobs"]
    assert (job["run_count"], job["outcome"], job["last_status"]) == (4, "good", "Success")


def test_while_the_job_runs_nothing_is_assumed(collector: Collector, server: Duplicati) -> None:
    server.active = (7, "5")
    server.logs["5"] = [at(of_backup("2.3.0.4"), Instant(FAILED_AT - DAY))]
    done = collector.collect(server)
    assert (done.found, done.later) == (0, (LOCKED,))
    server.finish()
    assert collector.collect(server).found == 2


def test_a_log_that_can_be_read_while_the_job_runs_assumes_nothing_either(collector: Collector, server: Duplicati) -> None:
    server.active = (7, "5")
    server.instead["/api/v1/backup/5/log"] = Reply([at(of_backup("2.3.0.4"), Instant(FAILED_AT - DAY))])
    assert collector.collect(server).found == 1
    server.finish()
    assert collector.collect(server).found == 1


def test_an_error_that_a_run_under_other_names_ended_with_counts_no_more(collector: Collector, server: Duplicati) -> None:
    """The error was found on a server of another name; a run that both tell of makes them one."""
    server.name_it("", "vault").logs["5"] = []
    done = collector.collect(server)
    later = at(of_backup("2.3.0.4"), Instant(FAILED_AT + DAY))
    server.logs["5"] = [later]
    assert collector.collect(server, done.server_id).found == 1
    sent = report()
    both = json.loads(sent.body)
    both["Data"] = json.loads(later["Message"])
    body = json.dumps(both).encode()
    collector.send(sent, replace(sent, body=body, parsed=read_body(body, "application/json", None, 1 << 25)))
    assert collector.collect(server, done.server_id).server_key == "9bd9525546194675812189f0a20f5592"
    assert [(run["begun_at"], run["kinds"]) for run in runs(collector)] == [(report().begun, 1), (FAILED_AT + DAY, 1)]
    assert_kept_is_rebuilt(collector)


def test_a_restore_that_failed_is_no_failed_backup(collector: Collector, server: Duplicati) -> None:
    entry = {"BackupID": 5, "Message": f'Failed while executing Restore "{LOCKED}" (id: 5)', "Timestamp": FAILED_AT // SECOND + 1}
    server.instead["/api/v1/logdata/log"] = Reply([entry])
    assert collector.collect(server).found == 0
    server.instead["/api/v1/logdata/log"] = Reply([entry | {"Message": f'Failed while executing BackupOrSync "{LOCKED}" (id: 5)'}])
    assert collector.collect(server).found == 1


def test_a_verification_in_the_log_that_failed_explains_the_error(collector: Collector, server: Duplicati) -> None:
    row = at(of_backup("2.3.0.4"), Instant(FAILED_AT - 5_000), "Fatal")
    server.logs["5"] = [row | {"Message": row["Message"].replace('"MainOperation": "Backup"', '"MainOperation": "Test"')}]
    assert collector.collect(server).found == 0
    assert [each["operation"] for each in collector.state()["activities"]] == ["Test"]


def test_without_a_log_of_the_server_a_failure_is_one_of_a_backup(collector: Collector, server: Duplicati) -> None:
    server.instead["/api/v1/logdata/log"] = error(500, "An error occurred")
    assert collector.collect(server).found == 1


def test_a_plain_text_report_takes_its_place_too(collector: Collector) -> None:
    (form,) = [each for each in recordings("2.3.0.4") if each.name.endswith("/form-form.json")]
    assert isinstance(form.parsed, Report)
    assert form.parsed.ended_at is not None
    with Duplicati("2.3.0.4") as server:
        only(server, "15").name_it("", "fileserver")
        server.jobs[0]["Backup"]["Metadata"] = {}
        fail(server, Instant(form.parsed.ended_at // 1000 * 1000))
        assert collector.collect(server).found == 1
    collector.send(form)
    assert [(row["kinds"], row["status"], row["begun_at"]) for row in collector.state()["runs"]] == [(2, "Success", form.begun)]
    assert_kept_is_rebuilt(collector)


def assert_kept_is_rebuilt(collector: Collector) -> None:
    kept = collector.state()
    connection = collector.database.connect()
    rebuild_all(connection, collector.clock.now())
    connection.close()
    assert collector.state() == kept
