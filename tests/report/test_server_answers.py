"""What Duplicati servers of each version answer, read; and answers that no server gives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duplistatus.clock import Instant, instant
from duplistatus.report.server_answers import (
    NotTheApi,
    ServerIdentity,
    read_identity,
    read_jobs,
    read_log_rows,
    read_state,
    without_destinations,
)
from tests.ingest.duplicati.recorded import FOLDER, VERSIONS, answered

LANGUAGES = "2.3.0.109-languages"
HOSTS = sorted(path.name.removesuffix("-6-backups.json") for path in (FOLDER / LANGUAGES).glob("*-6-backups.json"))


def at(*parts: int) -> Instant:
    return instant(datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type,misc] # the parts of a date, in their order


@pytest.mark.parametrize(
    ("version", "channel", "host_zone", "zone", "is_new"),
    [
        ("2.1.0.5", "stable", None, None, False),
        ("2.3.0.4", "stable", "Europe/Berlin", "", True),
        ("2.3.0.109", "canary", "Europe/Berlin", "", True),
    ],
)
def test_a_server_says_who_it_is(version: str, channel: str, host_zone: str | None, zone: str | None, is_new: bool) -> None:
    found = read_identity(answered(version, "systeminfo"), answered(version, "serversettings"))
    assert (found.version, found.channel, found.machine_name) == (version, channel, "fileserver")
    assert (found.host_zone, found.zone, "v1:websocket:authenticate" in found.extensions) == (host_zone, zone, is_new)


def test_a_machine_id_that_is_empty_is_none_and_one_in_the_settings_is_taken() -> None:
    system = answered("2.3.0.109", "systeminfo")
    assert read_identity(system).machine_id is None
    assert read_identity(system, {"--machine-id": "ab12"}).machine_id == "ab12"
    system["Options"][0]["DefaultValue"] = "cd34"
    assert read_identity(system).machine_id == "cd34"


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_jobs_are_read_whole(version: str) -> None:
    raw = answered(version, "backups")
    found = {job.id: job for job in read_jobs(raw)}
    assert len(found) == len(raw)
    assert {job.destination_type for job in found.values()} == {"file"}
    for entry in raw:
        job, metadata = found[entry["Backup"]["ID"]], entry["Backup"]["Metadata"]
        assert job.name == entry["Backup"]["Name"]
        assert job.failure == (metadata.get("LastErrorMessage") or None)
        assert (job.failed_at is None) == ("LastErrorDate" not in metadata)
        assert (job.schedule is None) == (entry["Schedule"] is None)
    documents = found["1"]
    assert documents.schedule is not None
    assert (documents.schedule.repeat, documents.schedule.days, documents.schedule.last_run) == ("1D", frozenset(range(7)), None)
    assert any(job.failed_at for job in found.values())


def test_times_of_a_job_are_moments() -> None:
    (job,) = (each for each in read_jobs(answered("2.3.0.109", "backups")) if each.id == "1")
    assert job.finished_at == at(2026, 11, 21, 7, 50, 11)
    assert job.schedule is not None
    assert job.schedule.time == at(2026, 11, 24, 7, 48, 28)


@pytest.mark.parametrize("host", HOSTS)
def test_servers_in_other_languages_are_read_alike(host: str) -> None:
    jobs = read_jobs(answered(LANGUAGES, f"{host}-6-backups"))
    state = read_state(answered(LANGUAGES, f"{host}-6-serverstate"))
    assert {job.id for job in jobs} >= set(state.proposed)
    assert state.proposed
    for job in jobs:
        if job.schedule and job.schedule.time and job.id in state.proposed:
            # The proposed run is the one that is true; the other is not before it by more than a weekend.
            assert 0 <= state.proposed[job.id] - job.schedule.time < 3 * 86_400_000
    rows = read_log_rows(answered(LANGUAGES, f"{host}-log"))
    assert rows
    assert all(row.data is not None and "MainOperation" in row.data for row in rows)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_state_tells_what_runs_what_waits_and_what_comes(version: str) -> None:
    idle = read_state(answered(version, "serverstate-idle"))
    assert (idle.paused, idle.pause_ends, idle.active, idle.queued, dict(idle.proposed)) == (False, None, None, (), {})
    paused = read_state(answered(version, "serverstate-paused"))
    assert paused.paused
    assert paused.pause_ends is not None
    assert paused.active is not None
    assert paused.active[1].isdecimal()
    scheduled = read_state(answered(version, "serverstate-scheduled"))
    assert scheduled.proposed
    assert all(moment > at(2026, 11, 21) for moment in scheduled.proposed.values())


def test_the_end_of_a_pause_with_an_offset_is_a_moment() -> None:
    assert read_state(answered("2.1.0.5", "serverstate-paused")).pause_ends == at(2026, 11, 21, 8, 22, 38) + 901


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_of_a_log_hold_the_documents_of_their_runs(version: str) -> None:
    raw = answered(version, "log")
    found = read_log_rows(raw)
    assert [row.id for row in found] == [row["ID"] for row in raw]
    assert all(row.data is not None and row.data["BeginTime"] for row in found)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_destination_of_a_job_survives_and_nothing_else_is_lost(version: str) -> None:
    raw = answered(version, "backups")
    before = read_jobs(answered(version, "backups"))
    for entry in raw:
        entry["Backup"]["TargetURL"] = entry["Backup"]["TargetURL"].replace("file://", "file://user:S3CRET@")
        entry["Backup"]["Settings"] = [{"Name": "passphrase", "Value": "S3CRET"}]
    cleaned = without_destinations(raw)
    assert "S3CRET" not in str(cleaned)
    assert read_jobs(cleaned) == before
    # The same of one job, of a job of 2.1 among the tasks, and of none.
    one = {"Backup": {"targeturl": "ftp://S3CRET", "Settings": [{"Value": "S3CRET"}], "Metadata": {"a": "b"}}}
    assert without_destinations(one) == {"Backup": {"targeturl": "ftp://", "Settings": None, "Metadata": {"a": "b"}}}
    assert without_destinations([{"TargetURL": "no scheme S3CRET"}, {"TargetURL": ["x://S3CRET"]}, {"TargetURL": 5}]) == [
        {"TargetURL": None},
        {"TargetURL": ["x://"]},
        {"TargetURL": None},
    ]
    assert without_destinations({"Settings": {"a": "b"}}) == {"Settings": {"a": "b"}}


# Answers that no server gives

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_KEYS = st.sampled_from(
    [
        *("ServerVersion", "MachineName", "Options", "Name", "DefaultValue", "APIExtensions", "server-timezone", "--machine-id"),
        *("Backup", "ID", "Metadata", "LastErrorDate", "TargetURL", "Schedule", "Repeat", "AllowedDays", "Time", "Settings"),
        *("ProgramState", "ActiveTask", "Item1", "Item2", "ProposedSchedule", "SchedulerQueueIds", "EstimatedPauseEnd"),
        *("Type", "Message", "MainOperation"),
    ]
)
_ANYTHING = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=25)


@given(_ANYTHING, _ANYTHING)
@settings(max_examples=300)
def test_anything_is_read_or_refused(answer: Any, more: Any) -> None:
    for read in (read_jobs, read_state, read_log_rows):
        try:
            read(answer)
        except NotTheApi:
            continue
    try:
        assert isinstance(read_identity(answer, more), ServerIdentity)
    except NotTheApi:
        assert not isinstance(answer, dict) or "ServerVersion" not in answer
    without_destinations(answer)


_PLANTED = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=15)


@given(_PLANTED, st.sampled_from(["TargetURL", "targeturl", "AdditionalTargetURLs"]), st.integers(0, 3))
def test_a_credential_is_found_at_any_depth(around: Any, name: str, depth: int) -> None:
    value: Any = {name: "s3://bucket?auth-password=S3CRET", "Settings": {"x": "S3CRET"}, "Other": around}
    for _ in range(depth):
        value = {"x": [value, around]}
    assert "S3CRET" not in repr(without_destinations(value))


@given(st.lists(st.integers(0, 10**9), max_size=20))
def test_rows_keep_their_numbers_and_order(numbers: list[int]) -> None:
    rows = [{"ID": number, "Type": "Result", "Message": '{"MainOperation": "Backup"}'} for number in numbers]
    assert [row.id for row in read_log_rows(rows)] == numbers
