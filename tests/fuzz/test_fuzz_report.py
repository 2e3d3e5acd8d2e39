"""The fuzz target for reports."""

from __future__ import annotations

import pytest

from duplistatus.report import reading
from tests.fuzz import fuzz_report


def test_a_short_run_breaks_nothing_and_reaches_every_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_report.main(["--seconds", "30", "--rounds", "600", "--seed", "1"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("600 documents, seed 1: ")
    for outcome in ("report", "status", "invalid_json", "bad_value", "missing_fields", "no_operation"):
        assert f" {outcome}" in told


def test_an_exception_that_gets_through_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise KeyError("Data")

    monkeypatch.setattr(reading, "read_document", broken)
    assert fuzz_report.main(["--seconds", "30", "--seed", "1"]) == 1
    assert "KeyError: 'Data'" in capsys.readouterr().out
