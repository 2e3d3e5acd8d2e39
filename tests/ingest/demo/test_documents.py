from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from duplistatus.clock import instant
from duplistatus.ingest.demo.documents import document
from duplistatus.ingest.demo.event import Event, Operation
from duplistatus.ingest.demo.fleet import Trouble
from duplistatus.ingest.demo.story import tell
from duplistatus.report.reading import read_body
from duplistatus.report.report import Report, Status

NOW = instant(datetime(2026, 11, 21, 10, tzinfo=UTC))
RECORDED = Path(__file__).parents[2] / "data" / "duplicati" / "reports"
# Releases whose shape a recorded one has.
RECORDED_RELEASES = ("2.1.0.5", "2.3.0.4", "2.3.0.109")


@pytest.fixture(scope="module")
def story() -> list[Event]:
    return list(takewhile(lambda event: event.ended_at <= NOW, tell(7, NOW)))


@pytest.fixture(scope="module")
def sample(story: list[Event]) -> list[Event]:
    """Every event with something unusual, and every seventh of the others."""
    return [event for number, event in enumerate(story) if number % 7 == 0 or event.trouble or event.operation is not Operation.BACKUP]


def parsed(event: Event) -> Report:
    report = read_body(document(event), "application/json", None, 2**24, ZoneInfo(event.machine.zone))
    assert isinstance(report, Report)
    return report


def test_every_document_says_what_happened(sample: list[Event]) -> None:
    for event in sample:
        report = parsed(event)
        assert report.operation == event.operation
        assert report.begun_at == event.begun_at
        assert report.ended_at == event.ended_at
        assert report.duration_seconds == (event.ended_at - event.begun_at) / 1000
        assert report.origin.machine_id == event.machine.id
        assert report.origin.machine_name == (event.machine.name if event.release.machine_name else None)
        assert report.origin.job_name == event.job_name
        assert report.origin.backup_id == f"DB-{event.job.number}"
        assert report.next_run == (event.next_run if event.release.full_extra else None)
        assert report.host.duplicati_version is not None
        assert event.release.number in report.host.duplicati_version


def test_results_follow_from_the_trouble(sample: list[Event]) -> None:
    found = {(event.trouble, parsed(event).status) for event in sample}
    assert found == {
        (None, Status.SUCCESS),
        (Trouble.LOCKED_FILES, Status.WARNING),
        (Trouble.DENIED_FOLDER, Status.WARNING),
        (Trouble.NEARLY_FULL, Status.WARNING),
        (Trouble.STOPPED, Status.WARNING),
        (Trouble.DAMAGED_VOLUME, Status.ERROR),
        (Trouble.DAMAGED_VOLUME, Status.FATAL),
        (Trouble.UNREACHABLE, Status.FATAL),
        (Trouble.CREDENTIALS, Status.FATAL),
        (Trouble.MISSING_VOLUMES, Status.FATAL),
    }


def test_counts_of_lines_agree_with_the_lines(sample: list[Event]) -> None:
    for event in sample:
        if event.machine.log_lines or not event.machine.information:
            continue
        data = json.loads(document(event))
        levels = Counter(line.split("[", 1)[1].split("-", 1)[0] for line in data["LogLines"])
        counts = {level: data["Data"][f"{name}ActualLength"] for level, name in (("Warning", "Warnings"), ("Error", "Errors"))}
        assert counts == {"Warning": levels["Warning"], "Error": levels["Error"]}
        assert data["Data"]["MessagesActualLength"] == levels["Information"]


def test_a_run_that_ended_before_it_listed_the_destination_knows_nothing_of_it(sample: list[Event]) -> None:
    for event in sample:
        report = parsed(event)
        if event.trouble in {Trouble.UNREACHABLE, Trouble.CREDENTIALS, Trouble.STOPPED}:
            assert report.last_version is None
            assert report.versions_count is None
            assert report.figures.known_file_size is None
        elif event.operation is not Operation.REPAIR:
            assert report.versions_count == len(event.destination.versions)
            assert report.figures.known_file_size == event.destination.size


def test_retention_lines_tell_the_versions_in_every_culture(sample: list[Event]) -> None:
    decided: Counter[str] = Counter()
    for event in sample:
        report = parsed(event)
        if report.listed_versions is None:
            continue
        assert {version.at for version in report.listed_versions} == set(event.destination.versions[1:])
        decided[event.machine.culture] += 1
    assert set(decided) == {"nb-NO", "de-DE", "en-GB", "fi-FI", "ja-JP", "en-IN", "invariant", "pt-BR"}


def test_removed_versions_are_named(sample: list[Event]) -> None:
    removed = [event for event in sample if event.removal.all]
    assert removed
    for event in removed:
        assert set(parsed(event).deleted_versions) == set(event.removal.all[:20])


def test_some_machines_cut_long_logs_and_say_how_many_lines_are_missing(sample: list[Event]) -> None:
    cut = [parsed(event) for event in sample if event.machine.name == "mumbai-dev"]
    assert any(report.log.left_out > 0 for report in cut)
    assert all(len(report.log.lines) <= 101 for report in cut)


def test_document_sizes_are_those_of_real_ones(story: list[Event]) -> None:
    sizes = [len(document(event)) for event in story[::23]]
    assert min(sizes) > 1_000
    assert max(sizes) < 400_000
    assert sum(20_000 < size < 60_000 for size in sizes) > 0.05 * len(sizes)


def shape(value: Any) -> Any:
    """Keys in order with the types of their values; of a list its first entry."""
    if isinstance(value, dict):
        return [(key, shape(each)) for key, each in value.items()]
    if isinstance(value, list):
        return [shape(value[0])] if value and not isinstance(value[0], str) else "list"
    return type(value).__name__


def statistics_shape(data: dict[str, Any]) -> Any:
    return shape(data["BackendStatistics"])


@pytest.mark.parametrize("number", RECORDED_RELEASES)
def test_a_backup_has_the_fields_of_a_recorded_one_in_their_order(story: list[Event], number: str) -> None:
    recorded = json.loads(json.loads((RECORDED / number / "backup-documents-success-4.json").read_text())["body"])
    event = next(
        event
        for event in story
        if event.release.number == number and event.removal.all and event.uploaded and event.operation is Operation.BACKUP
    )
    made = json.loads(document(event))
    assert list(made) == list(recorded)
    assert list(made["Data"]) == list(recorded["Data"])
    assert statistics_shape(made["Data"]) == statistics_shape(recorded["Data"])
    for nested in ("DeleteResults", "TestResults", "CompactResults"):
        theirs = recorded["Data"][nested]
        if theirs is not None:
            assert list(made["Data"][nested]) == list(theirs), nested
    assert set(made["Extra"]) == set(recorded["Extra"])


@pytest.mark.parametrize("operation", [Operation.RESTORE, Operation.REPAIR, Operation.TEST])
def test_another_operation_has_the_fields_of_a_recorded_one(story: list[Event], operation: Operation) -> None:
    compared = 0
    for number in RECORDED_RELEASES:
        file = RECORDED / number / f"{operation.lower()}-documents-success.json"
        event = next((event for event in story if event.release.number == number and event.operation is operation), None)
        if event is None or not file.exists():
            continue
        recorded = json.loads(json.loads(file.read_text())["body"])
        assert list(json.loads(document(event))["Data"]) == list(recorded["Data"])
        compared += 1
    assert compared > 0


def test_the_same_event_makes_the_same_document(story: list[Event]) -> None:
    assert document(story[-1]) == document(story[-1])
    assert document(story[-1]) != document(story[-2])


def test_paths_are_redacted_where_the_version_does_so(story: list[Event]) -> None:
    locked = [event for event in story if event.trouble is Trouble.LOCKED_FILES]
    for event in locked:
        text = document(event).decode()
        assert ("-redacted-" in text) is event.release.since_2_3
    assert {event.release.since_2_3 for event in locked} == {True, False}
