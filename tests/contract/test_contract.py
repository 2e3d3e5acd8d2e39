"""What clients of 1.4.2 rely on: its recorded requests are sent to a running server, and the answers held against those recorded, but
for the differences that `deviations.json` names with their reasons."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ONLY = (
    r"^(?!.*(user-session|after-))(upload|summary|lastbackups?|health|ping|csrf|session|auth-|users|dashboard|detail"
    r"|servers(-includeBackups|-id(-full|-chart|-server-url)?)?__(no-|anonymous|admin)|chart-data|backups-last|unknown-api|page)"
    r"|^cron-|^notifications-|^audit-log"
    r"|^backups-(collect|sync-schedule)__"
    r"|^servers-(id(-server-url|-password(-get)?)?|test-connection)__"
    r"|^configuration-(unified|backup-settings|overdue-tolerance|notifications|ntfy|email|templates)"
)
"""Cases of what exists; cases of further endpoints join them."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(data_dir: Path) -> Iterator[str]:
    """The product as a process of its own, on an empty data folder."""
    port = _free_port()
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "HOST": "127.0.0.1", "PORT": str(port), "DUPLISTATUS_DATA_DIR": str(data_dir)}
    environment["DUPLISTATUS_RELEASES_URL"] = "off"
    with (data_dir.parent / "serve.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "duplistatus", "serve"], env=environment, stdout=log, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_for(f"{base}/api/health", process)
            yield base
        finally:
            process.terminate()
            process.wait(15)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def _anchor(now: datetime) -> datetime:
    """The moment that all reports of the replay are relative to: the last time that the clock showed what it did at the recording, so
    that runs fall on days as they did there, and long enough ago to be told from the present.

    Not the day after the n-th day of the n-th month: the newest version list would begin with a date that reads the same both ways.
    """
    anchor = (now - timedelta(minutes=10)).replace(hour=1, minute=48, second=0, microsecond=0)
    if anchor > now - timedelta(minutes=10):
        anchor -= timedelta(days=1)
    listed = anchor - timedelta(days=2)
    return anchor - timedelta(days=1) if listed.day == listed.month else anchor


@pytest.mark.parametrize(
    ("now", "anchor"),
    [
        ("2026-11-21T10:00:00+00:00", "2026-11-21T01:48:00+00:00"),
        ("2026-11-21T01:50:00+00:00", "2026-11-20T01:48:00+00:00"),
        ("2026-11-13T10:00:00+00:00", "2026-11-12T01:48:00+00:00"),
    ],
)
def test_the_anchor_lies_in_the_past_at_the_same_time_of_day(now: str, anchor: str) -> None:
    assert _anchor(datetime.fromisoformat(now)) == datetime.fromisoformat(anchor)


def test_answers_agree_with_the_recordings(recordings: Path, data_dir: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    # The stand-ins of the replay listen on fixed ports: one replay at a time on this machine.
    with (recordings / "replay.py").open() as lock:
        flock(lock, LOCK_EX)
        with _server(data_dir) as base:
            anchor = _anchor(datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            replay = [sys.executable, str(recordings / "replay.py"), "--base-url", base, "--out", str(answers), "--anchor", anchor]
            sent = subprocess.run(replay, capture_output=True, text=True, timeout=600, check=False)
            assert sent.returncode == 0, sent.stdout + sent.stderr
    extra = Path(__file__).parent / "deviations.json"
    compare = [
        sys.executable,
        str(recordings / "compare.py"),
        str(answers),
        "--verbose",
        "--only",
        ONLY,
        "--extra",
        str(extra),
    ]
    compared = subprocess.run(compare, capture_output=True, text=True, timeout=120, check=False)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    count, _, _ = compared.stdout.strip().splitlines()[-1].partition(" of ")
    assert int(count) > 100, "the comparison saw too few cases to mean anything"
