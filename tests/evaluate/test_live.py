"""What a job does at a moment, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import MINUTE, Instant
from duplistatus.evaluate.live import live_of, share_done

NOON = Instant(1_783_684_800_000)
STUCK = Instant(NOON + 10 * MINUTE)
BEGUN = Instant(NOON - MINUTE)


@dataclass(frozen=True)
class Job:
    schedule: str = "ok"
    activity: str = "running"
    expected_at: Instant | None = None
    overdue_at: Instant | None = None
    stuck_at: Instant | None = STUCK
    live_started_at: Instant | None = BEGUN
    live_reported_at: Instant | None = NOON
    live_heard_at: Instant | None = NOON
    live_state: str | None = "Progress"
    live_phase: str | None = "Backup_ProcessingFiles"
    live_progress: float | None = 0.0
    live_operation: str | None = "Backup"
    live_files_done: int | None = None
    live_files_total: int | None = None
    live_bytes_done: int | None = None
    live_bytes_total: int | None = None


def test_a_job_at_rest_does_nothing_whatever_it_said_last() -> None:
    assert live_of(Job(activity="idle"), NOON) is None


def test_time_alone_turns_an_operation_stuck() -> None:
    for at, stuck in ((NOON + 10 * MINUTE, False), (NOON + 10 * MINUTE + 1, True)):
        live = live_of(Job(), Instant(at))
        assert live is not None
        assert (live.is_stuck, live.silent_after) == (stuck, 10 * MINUTE)


@pytest.mark.parametrize(
    ("job", "share"),
    [
        (Job(live_progress=0.42, live_bytes_done=1, live_bytes_total=10), 0.42),
        (Job(live_bytes_done=25, live_bytes_total=100, live_files_done=9, live_files_total=10), 0.25),
        (Job(live_files_done=9, live_files_total=10), 0.9),
        (Job(live_bytes_done=0, live_bytes_total=100), 0.0),
        (Job(live_bytes_done=120, live_bytes_total=100), 1.0),
        (Job(live_bytes_done=25, live_bytes_total=None), None),
        (Job(live_bytes_done=0, live_bytes_total=0), None),
        (Job(), None),
        (Job(live_progress=None), None),
        # All is read, but it still uploads: neither 0 nor 100 % would be true.
        (Job(live_phase="Backup_WaitForUpload", live_bytes_done=100, live_bytes_total=100), None),
        (Job(live_phase="Backup_WaitForUpload", live_progress=0.7, live_bytes_done=100, live_bytes_total=100), 0.7),
        (Job(live_phase=None), None),
    ],
)
def test_how_far_it_is_comes_from_duplicati_or_from_what_it_has_counted(job: Job, share: float | None) -> None:
    assert share_done(job) == share


COUNTS = st.none() | st.integers(0, 2**62)


@given(st.none() | st.floats(0, 1), COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_share_is_none_or_from_nothing_to_all(
    told: float | None, done: int | None, total: int | None, files: int | None, of: int | None
) -> None:
    share = share_done(Job(live_progress=told, live_bytes_done=done, live_bytes_total=total, live_files_done=files, live_files_total=of))
    assert share is None or 0 <= share <= 1
