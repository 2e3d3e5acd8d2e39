"""One server, reported and collected in any order, ends as one server with each run once: whatever its API says of its machine-id, however
its machine is called there, and whenever a job is renamed."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from duplistatus.clock import HOUR, MINUTE, Instant, SetClock, iso, moment
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.reading import read_body
from duplistatus.report.report import Report
from duplistatus.store.summaries import rebuild_all
from tests.ingest.duplicati.collector import Collector, collecting
from tests.ingest.duplicati.recorded import answered
from tests.ingest.duplicati.stand_in import Duplicati
from tests.store.telling import NOON, Recording, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Database
    from duplistatus.store.ids import ServerId

RUNS = 5
ID = "9bd9525546194675812189f0a20f5592"
"""That of the reports."""
_TABLES = (
    "notice", "raw_report", "run_log", "activity", "day", "fleet_day", "change", "reminder", "job_setting", "run", "origin", "api_job",
    "job", "server_link",
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """`api_id`, `api_name`, `version`: who the API says it is; `renamed`: the number of the run from which on the job has another name,
    none where it keeps it; `lost`: the one that failed and left no row in the log, none where each has one."""

    version: str
    api_id: str
    api_name: str
    renamed: int
    lost: int

    def name(self, run: int) -> str:
        return "Documents" if run < self.renamed else "Papers"


STORIES = st.builds(
    Story,
    st.sampled_from(["2.1.0.5", "2.3.0.4", "2.3.0.109"]),
    st.sampled_from(["", ID, "another"]),
    st.sampled_from(["fileserver", "fileserver.local"]),
    st.integers(0, RUNS),
    st.integers(0, RUNS),
)
STEPS = st.lists(st.sampled_from(["collect", *range(RUNS)]), max_size=9)


def report(story: Story, run: int) -> Recording:
    """As Duplicati sends it."""
    (like,) = [each for each in recordings("2.3.0.4") if each.name.endswith("backup-documents-success-2.json")]
    document = json.loads(like.body)
    document["Data"] = data(run) | ({"ParsedResult": "Fatal"} if run == story.lost else {})
    document["Exception"] = "System.IO.IOException: The disk is full" if run == story.lost else None
    document["Extra"] |= {"backup-name": story.name(run), "machine-id": ID, "machine-name": "fileserver"}
    body = json.dumps(document).encode()
    parsed = read_body(body, "application/json", None, 1 << 25)
    assert isinstance(parsed, Report)
    return replace(like, body=body, parsed=parsed)


def begin(run: int) -> Instant:
    return Instant(NOON + run * HOUR + 345)


def data(run: int) -> dict[str, Any]:
    row = next(each for each in answered("2.3.0.4", "log") if json.loads(each["Message"])["MainOperation"] == "Backup")
    begun = begin(run)
    found: dict[str, Any] = json.loads(row["Message"])
    del found["Messages"], found["Warnings"], found["Errors"]
    return found | {"BeginTime": iso(begun), "EndTime": iso(Instant(begun + MINUTE)), "SizeOfExaminedFiles": 100 + run}


def set_up(server: Duplicati, story: Story, runs: int) -> None:
    """The server after so many runs; where it had none it has its first name."""
    server.version = story.version
    server.system = deepcopy(answered(story.version, "systeminfo"))
    server.name_it(story.api_id, story.api_name)
    server.jobs = [job for job in deepcopy(answered("2.3.0.4", "backups")) if job["Backup"]["ID"] == "1"]
    server.jobs[0]["Backup"]["Name"] = story.name(max(runs - 1, 0))
    server.jobs[0]["Backup"]["Metadata"] = {}
    if runs > story.lost:
        ended = moment(Instant(begin(story.lost) + MINUTE)).strftime("%Y%m%dT%H%M%SZ")
        server.jobs[0]["Backup"]["Metadata"] = {"LastErrorDate": ended, "LastErrorMessage": "The disk is full"}
    logged = [run for run in range(runs) if run != story.lost]
    rows = [{"ID": run + 1, "Type": "Result", "Message": json.dumps(data(run)), "Timestamp": 1} for run in logged]
    server.logs = {"1": rows[::-1]}


@pytest.fixture(scope="module")
def server() -> Iterator[Duplicati]:
    with Duplicati("2.3.0.4") as made:
        yield made


@pytest.fixture
def collector(database: Database) -> Iterator[Collector]:
    with collecting(database, SetClock(Instant(NOON + 10 * HOUR))) as made:
        yield made


def clear(collector: Collector) -> None:
    def work(connection: Any) -> None:
        for table in _TABLES:
            connection.raw.execute(f"DELETE FROM {table}")
        connection.raw.execute("UPDATE server SET adopted_by = NULL")
        connection.raw.execute("DELETE FROM server")

    collector.write(work)


def told(collector: Collector) -> dict[str, list[dict[str, Any]]]:
    """What counts in the end: servers that were recognised as another one have no say any more."""
    found = collector.state()
    found["servers"] = [row for row in found["servers"] if row["host"] is None]
    for row in found["runs"]:
        del row["kinds"]
    return found


def collected(collector: Collector, server: Duplicati, server_id: ServerId | None) -> ServerId:
    trouble = None
    try:
        return collector.collect(server, server_id).server_id
    except Trouble as asked:
        trouble = asked
    # Without a shared run, its name and its job speak for it and its id against it: somebody who knows it is asked.
    assert (trouble.code, trouble.facts["candidates"], server_id) == (Code.WHICH, [ID], None)
    ((known,),) = collector.rows(f"SELECT id FROM server WHERE key = '{ID}'")
    return collector.collect(server, chosen=known).server_id


def play(collector: Collector, server: Duplicati, story: Story, steps: list[Any]) -> None:
    """Reports by their number, and collections of the runs that had been by then; in the end all of both."""
    server_id: ServerId | None = None
    ran = 0
    for step in [*steps, *range(RUNS), "collect"]:
        if step == "collect":
            set_up(server, story, ran)
            server_id = collected(collector, server, server_id)
        else:
            ran = max(ran, step + 1)
            collector.send(report(story, step))


@given(story=STORIES, steps=STEPS)
@settings(
    deadline=None,
    max_examples=15,
    # Each example asks a server: to look for a smaller one would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.parametrize("first", ["collect", "report"])
def test_the_order_of_reports_and_collections_decides_nothing(
    collector: Collector, server: Duplicati, first: str, story: Story, steps: list[Any]
) -> None:
    clear(collector)
    play(collector, server, story, [])
    expected = told(collector)
    assert [row["key"] for row in expected["servers"]] == [ID]
    assert [(row["name"], row["run_count"]) for row in expected["jobs"]] == [(story.name(RUNS - 1), RUNS)]
    clear(collector)
    play(collector, server, story, [0, "collect", *steps] if first == "report" else ["collect", *steps])
    found = told(collector)
    for name, rows in expected.items():
        assert found[name] == rows, name
    ((url, key),) = collector.rows("SELECT s.url, s.key FROM server_link l JOIN server s ON s.id = l.server_id")
    assert (url, key) == (server.url, ID)
    connection = collector.database.connect()
    rebuild_all(connection, collector.clock.now())
    connection.close()
    assert told(collector) == found
