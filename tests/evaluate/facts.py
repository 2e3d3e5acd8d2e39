"""Runs to fold, for the tests of summaries and days."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.job_summary import RunFacts
from duplistatus.evaluate.version_history import VersionNews
from duplistatus.report.report import Status

SILENT = VersionNews(None, None, (), None)
_PLAIN = RunFacts(
    run_id=1,
    uid="u",
    begun_at=Instant(0),
    ended_at=None,
    status="Success",
    duration_ticks=None,
    partial=False,
    warnings=0,
    errors=0,
    messages=0,
    uploaded=None,
    files=None,
    source_size=None,
    stored_size=None,
    versions_count=None,
    sends_next_run=False,
    next_run=None,
    reason="",
    destination_type="",
    news=SILENT,
)


def run(day: float = 0, **known: Any) -> RunFacts:
    """A run that begins on the given day (1.5: noon of day 1) and of which nothing is known but what is given."""
    return replace(_PLAIN, begun_at=Instant(round(day * DAY)), run_id=int(day * 1000), uid=f"u{day}", **known)


_figure = st.one_of(st.none(), st.integers(0, 10**12))

RUNS = st.lists(
    st.builds(
        lambda hour, status, **known: replace(
            _PLAIN, begun_at=Instant(hour * HOUR), run_id=hour, uid=f"u{hour}", status=status.value, **known
        ),
        st.integers(0, 200),
        st.sampled_from(Status),
        partial=st.booleans(),
        duration_ticks=_figure,
        warnings=st.integers(0, 9),
        errors=st.integers(0, 9),
        uploaded=_figure,
        files=_figure,
        source_size=_figure,
        stored_size=_figure,
        versions_count=_figure,
        next_run=st.one_of(st.none(), st.integers(0, 400).map(lambda hour: Instant(hour * HOUR))),
    ),
    max_size=40,
    unique_by=lambda each: each.begun_at,
)
"""Runs of one job, at different moments, in any order."""
