"""A server's own log tells which operation failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duplistatus.clock import Instant
from duplistatus.report.server_answers import NotTheApi
from duplistatus.report.server_log import FailedOperation, read_failed_operations

API = Path(__file__).parent.parent / "data" / "duplicati" / "api"


def recorded(version: str) -> Any:
    return json.loads((API / version / "server-log.json").read_text(encoding="utf-8"))["response"]["body"]


@pytest.mark.parametrize(
    ("version", "failed"),
    [
        ("2.1.0.5", ["9", "6", "7", "3", "5"]),
        ("2.3.0.4", ["10", "8", "9", "6", "7", "3", "5"]),
        ("2.3.0.109", ["10", "7", "8", "9", "6", "5"]),
    ],
)
def test_each_recorded_failure_is_one_of_a_backup(version: str, failed: list[str]) -> None:
    found = read_failed_operations(recorded(version))
    assert sorted(each.job_id for each in found) == sorted(failed)
    assert all(each.is_backup for each in found)


def test_a_restore_that_failed_is_no_backup() -> None:
    entry = {"BackupID": 4, "Message": 'Failed while executing Restore "Photos" (id: 4)', "Timestamp": 1_795_248_855}
    assert read_failed_operations([entry]) == (FailedOperation("4", Instant(1_795_248_855_000), "Restore"),)
    assert not read_failed_operations([entry])[0].is_backup


@pytest.mark.parametrize(
    "entry", [None, 7, {}, {"Message": None}, {"Message": "Failed while executing Backup ", "Timestamp": "x", "BackupID": 1}]
)
def test_other_entries_tell_nothing(entry: object) -> None:
    assert read_failed_operations([entry]) == ()


def test_another_answer_is_none_of_duplicati() -> None:
    with pytest.raises(NotTheApi):
        read_failed_operations({"Error": "x"})
