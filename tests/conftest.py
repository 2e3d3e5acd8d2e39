"""What every test may rely on: a clock that stands still, a data folder of its own, no way off this machine, and that nothing is left
out silently: the end of a run lists each reason for which tests did not run, and in continuous integration such a reason is a failure."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from duplistatus.background.scheduler import Scheduler
from duplistatus.clock import SetClock, instant

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from duplistatus.store.database import Connection

pytest_plugins = [
    "tests.fixtures.loopback",
    "tests.fixtures.chromium",
    "tests.fixtures.postgres",
    "tests.fixtures.engines",
    "tests.fixtures.rescue",
    "tests.fixtures.left_out",
    "tests.fixtures.passwords",
    "tests.fixtures.watching",
]

# How long an example takes says how busy this machine is, more than anything else.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.fixture
def clock() -> SetClock:
    """Noon UTC of a summer Friday, until a test moves it."""
    return SetClock(instant(datetime(2026, 7, 10, 12, tzinfo=UTC)))


@pytest.fixture
def nothing_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No work by time, whose own writes would meet the trouble that a test makes for others."""

    async def look(_: Scheduler) -> None:
        return

    monkeypatch.setattr(Scheduler, "look", look)


@pytest.fixture(autouse=True)
def _known_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test has written into the audit log is an action that the page and the documentation know."""
    from duplistatus.store import audit
    from duplistatus.web.audit_words import ACTIONS

    record = audit.record

    def checked(connection: Connection, entry: audit.Entry) -> None:
        # Tests of the log itself write deeds that nobody does.
        assert entry.action in ACTIONS or entry.action == "x" or " " in entry.action, f"{entry.action} is no action of docs/audit.md"
        record(connection, entry)

    monkeypatch.setattr(audit, "record", checked)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2]).removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else str(report.longrepr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"not run, which continuous integration does not accept: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        terminalreporter.section("not run")
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count} tests: {reason}")
