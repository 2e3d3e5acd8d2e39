"""What a job did on one UTC day, as a fold over the day's runs. In: the totals and one more run, in any order; out: the totals of all:
sums, but for the stored size (the last known) and the versions (the most)."""

from __future__ import annotations

from dataclasses import dataclass

from duplistatus.clock import Instant
from duplistatus.evaluate.job_summary import RunFacts
from duplistatus.report.report import Status


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Sizes in bytes, durations in ticks of 100 ns."""

    runs: int = 0
    uploaded: int = 0
    duration_ticks: int = 0
    files: int = 0
    source_size: int = 0
    stored_size: int = 0
    versions: int = 0
    warnings: int = 0
    errors: int = 0
    failures: int = 0
    stored_size_at: Instant | None = None

    def with_run(self, run: RunFacts) -> DayTotals:
        """The totals of the same runs and one more."""
        later = run.stored_size is not None and (self.stored_size_at is None or run.begun_at > self.stored_size_at)
        return DayTotals(
            runs=self.runs + 1,
            uploaded=self.uploaded + (run.uploaded or 0),
            duration_ticks=self.duration_ticks + (run.duration_ticks or 0),
            files=self.files + (run.files or 0),
            source_size=self.source_size + (run.source_size or 0),
            stored_size=run.stored_size if later and run.stored_size is not None else self.stored_size,
            versions=max(self.versions, run.versions_count or 0),
            warnings=self.warnings + run.warnings,
            errors=self.errors + run.errors,
            failures=self.failures + (run.status in {Status.ERROR, Status.FATAL}),
            stored_size_at=run.begun_at if later else self.stored_size_at,
        )
