"""Which server it is that was asked, where that is not known yet, or where another one answers than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.ingest.duplicati.trouble import Code
from duplistatus.store import links
from duplistatus.store.deletion import delete_job
from duplistatus.store.server_edit import name_server
from tests.ingest.duplicati.stand_in import Duplicati
from tests.ingest.duplicati.test_collecting import at, of_backup, only, reports_of
from tests.store.telling import NOON, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingest.duplicati.collector import Collector

REPORTED = "9bd9525546194675812189f0a20f5592"
"""The machine-id of the recorded reports of 2.3.0.4."""


@pytest.fixture
def server() -> Iterator[Duplicati]:
    """2.3.0.4, whose API tells the id of the installation, with its first job."""
    with Duplicati("2.3.0.4") as made:
        yield only(made, "1").name_it("of-the-installation", "fileserver")


def keys(collector: Collector) -> set[str]:
    return {row["key"] for row in collector.state()["servers"] if row["host"] is None}


def test_the_runs_of_its_jobs_tell_which_server_it_is(collector: Collector, server: Duplicati) -> None:
    collector.send(*reports_of("2.3.0.4"))
    server.name_it("of-the-installation", "another name")
    assert collector.collect(server).server_key == REPORTED
    assert keys(collector) == {REPORTED}


def test_a_renamed_job_is_found_by_its_id_and_its_runs(collector: Collector, server: Duplicati) -> None:
    collector.send(*reports_of("2.3.0.4"))
    server.jobs[0]["Backup"]["Name"] = "Papers"
    server.logs["1"] = [at(of_backup("2.3.0.4"), Instant(NOON + HOUR), number=999), *server.logs["1"]]
    done = collector.collect(server)
    assert (done.server_key, done.found, done.known) == (REPORTED, 1, 6)
    assert [(row["name"], row["run_count"]) for row in collector.state()["jobs"]] == [("Papers", 7)]
    assert collector.rows("SELECT a.name, j.name FROM api_job a JOIN job j ON j.id = a.job_id") == [("Papers", "Papers")]


def test_without_shared_runs_a_server_of_that_name_with_that_job_is_it(collector: Collector, server: Duplicati) -> None:
    collector.send(*reports_of("2.3.0.4"))
    server.logs["1"] = [at(of_backup("2.3.0.4"), Instant(NOON + HOUR))]
    done = collector.collect(server)
    assert (done.server_key, done.found) == (REPORTED, 1)


def test_a_server_of_that_name_with_other_jobs_is_a_question(collector: Collector, server: Duplicati) -> None:
    collector.send(*reports_of("2.3.0.4"))
    before = collector.state()
    only(server, "2").jobs = [{"Backup": {"ID": "7", "Name": "Photos", "Metadata": {}}, "Schedule": None}]
    server.logs["7"] = [at(of_backup("2.3.0.4"), Instant(NOON + HOUR))]
    trouble = collector.trouble(server)
    assert (trouble.code, trouble.facts["candidates"]) == (Code.WHICH, [REPORTED])
    assert collector.state() == before
    assert collector.rows("SELECT COUNT(*) FROM server_link") == [(0,)]


def test_who_chooses_the_server_is_believed(collector: Collector, server: Duplicati) -> None:
    collector.send(*reports_of("2.3.0.4"))
    ((server_id,),) = collector.rows("SELECT id FROM server")
    server.jobs = [{"Backup": {"ID": "7", "Name": "Photos", "Metadata": {}}, "Schedule": None}]
    server.logs["7"] = [at(of_backup("2.3.0.4"), Instant(NOON + HOUR))]
    done = collector.collect(server, chosen=server_id)
    assert (done.server_key, done.is_new, done.found) == (REPORTED, False, 1)
    assert keys(collector) == {REPORTED}


def test_who_says_that_it_is_a_new_one_is_believed_though_it_has_the_same_job(collector: Collector, server: Duplicati) -> None:
    collector.send(*reports_of("2.3.0.4"))
    server.logs["1"] = [at(of_backup("2.3.0.4"), Instant(NOON + HOUR))]
    done = collector.collect(server, chosen="new")
    assert (done.server_key, done.is_new, done.found) == ("of-the-installation", True, 1)
    assert keys(collector) == {REPORTED, "of-the-installation"}
    assert collector.collect(server, done.server_id).server_key == "of-the-installation"


def test_a_new_one_without_any_id_has_its_place_in_its_name(collector: Collector, server: Duplicati) -> None:
    collector.send(*reports_of("2.3.0.4"))
    server.name_it("", "fileserver").logs["1"] = []
    done = collector.collect(server, chosen="new")
    assert done.server_key == f"name:fileserver (127.0.0.1:{server.port})"


def test_an_id_that_reports_carry_is_a_new_server_unless_one_of_that_name_has_the_same_job(collector: Collector) -> None:
    with Duplicati("2.1.0.5") as server:
        collector.send(*reports_of("2.3.0.4"))
        assert collector.trouble(only(server, "1")).facts["candidates"] == [REPORTED]
        server.jobs[0]["Backup"]["ID"] = "17"
        done = collector.collect(server)
        assert (done.is_new, done.server_key) == (True, "d0a04ce2a0a54f3e977ec6d1ca838cd6")
        assert keys(collector) == {REPORTED, "d0a04ce2a0a54f3e977ec6d1ca838cd6"}


def test_another_server_at_the_address_stores_nothing(collector: Collector, server: Duplicati) -> None:
    done = collector.collect(server)
    before = collector.state()
    with Duplicati("2.3.0.109") as other:
        only(other, "1").name_it("0123456789abcdef0123456789abcdef", "vault")
        trouble = collector.trouble(other, done.server_id)
        assert trouble.code is Code.OTHER_SERVER
        assert (trouble.facts["name"], trouble.facts["known_as"]) == ("vault", "fileserver")
        assert collector.state() == before
        assert collector.rows("SELECT machine_id, version FROM server_link") == [("of-the-installation", "2.3.0.4")]


def test_a_server_that_is_known_under_another_address_is_named(collector: Collector, server: Duplicati) -> None:
    collector.send(*(each for each in recordings("2.1.0.5") if "documents" in each.name))
    done = collector.collect(server.name_it("of-the-installation", "vault"))
    with Duplicati("2.1.0.5") as other:
        trouble = collector.trouble(only(other, "1"), done.server_id)
    assert (trouble.code, trouble.facts["candidates"]) == (Code.OTHER_SERVER, ["d0a04ce2a0a54f3e977ec6d1ca838cd6"])


def test_a_server_that_was_upgraded_or_renamed_stays_itself(collector: Collector, server: Duplicati) -> None:
    done = collector.collect(server)
    server.version = "2.3.0.109"
    server.system["ServerVersion"] = "2.3.0.109"
    server.name_it("0123456789abcdef0123456789abcdef", "renamed")
    again = collector.collect(server, done.server_id)
    assert (again.server_id, again.known) == (done.server_id, 6)


def test_a_server_that_is_reached_by_its_id_asks_no_log_twice(collector: Collector, server: Duplicati) -> None:
    done = collector.collect(server)
    server.received.clear()
    collector.collect(server, done.server_id)
    assert len(server.asked("/api/v1/backup/1/log")) == 1


def test_a_server_without_jobs_is_one_with_its_address(collector: Collector, server: Duplicati) -> None:
    server.jobs = []
    done = collector.collect(server)
    assert (done.is_new, done.server_key, done.found) == (True, "name:fileserver", 0)
    with collector.database.read() as connection:
        assert [each.key for each in links.links(connection)] == ["name:fileserver"]
    assert collector.state()["jobs"] == []
    assert collector.collect(server, done.server_id).server_id == done.server_id


def test_it_becomes_the_server_of_its_first_report(collector: Collector, server: Duplicati) -> None:
    whole = server.jobs
    server.jobs = []
    done = collector.collect(server)
    collector.send(*reports_of("2.3.0.4"))
    server.jobs = whole
    again = collector.collect(server, done.server_id)
    assert (again.server_key, again.known, again.found) == (REPORTED, 6, 0)
    with collector.database.read() as connection:
        assert [each.key for each in links.links(connection)] == [REPORTED]


def test_reports_of_what_was_collected_without_an_id_are_what_counts(collector: Collector, server: Duplicati) -> None:
    done = collector.collect(server)
    assert done.server_key == "name:fileserver"
    collector.send(*reports_of("2.3.0.4"))
    assert keys(collector) == {REPORTED}
    assert [row["kinds"] for row in collector.state()["runs"]] == [1] * 6
    again = collector.collect(server, done.server_id)
    assert (again.server_key, again.known) == (REPORTED, 6)
    with collector.database.read() as connection:
        assert [(each.key, each.url) for each in links.links(connection)] == [(REPORTED, server.url)]
    assert collector.rows("SELECT s.key, a.name FROM api_job a JOIN server s ON s.id = a.server_id") == [(REPORTED, "Documents")]


def test_collected_under_another_name_than_its_reports_have_it_becomes_one_with_them(collector: Collector, server: Duplicati) -> None:
    server.name_it("", "fileserver.local")
    done = collector.collect(server)
    collector.write(lambda connection: name_server(connection, done.server_id, "The vault", "in the cellar"))
    collector.send(*reports_of("2.3.0.4"))
    assert keys(collector) == {"name:fileserver.local", REPORTED}
    again = collector.collect(server, done.server_id)
    assert (again.server_key, again.alias, again.known) == (REPORTED, "The vault", 6)
    assert keys(collector) == {REPORTED}
    assert [(row["server"], row["run_count"]) for row in collector.state()["jobs"]] == [(REPORTED, 6)]
    assert [row["kinds"] for row in collector.state()["runs"]] == [1] * 6


def test_a_server_whose_jobs_were_removed_here_is_no_candidate(collector: Collector, server: Duplicati) -> None:
    collector.send(*reports_of("2.3.0.4"))
    collector.write(lambda connection: delete_job(connection, REPORTED, "Documents", NOON))
    done = collector.collect(server)
    assert (done.is_new, done.server_key) == (True, "name:fileserver")


def test_a_job_whose_reports_name_another_machine_stays_there(collector: Collector, server: Duplicati) -> None:
    """Options of a single job can set the machine-id of its reports."""
    reports = [each for each in recordings("2.3.0.4") if "backup-other-name" in each.name]
    collector.send(*reports_of("2.3.0.4"), *reports)
    server.jobs = [job for job in Duplicati("2.3.0.4").jobs if job["Backup"]["ID"] in {"1", "28"}]
    row = at(of_backup("2.3.0.4"), Instant(reports[0].begun))
    server.logs["28"] = [at(row, Instant(NOON + HOUR), number=3), row]
    done = collector.collect(server)
    assert (done.server_key, done.found, done.known) == (REPORTED, 1, 7)
    assert {(row["server"], row["name"], row["run_count"]) for row in collector.state()["jobs"]} >= {("my-own-id", "Identity", 2)}
    assert not [row for row in collector.state()["jobs"] if (row["server"], row["name"]) == (REPORTED, "Identity")]
