"""The check interval in the words of 1.4.2, which ran its checks by cron. In: the name of an interval; out: the expression that its
clients read."""

from __future__ import annotations

from duplistatus.evaluate.job_setting import CHECK_INTERVALS

_NEVER = "0      0    1            1     0"
"""What 1.4.2 answers where checks are disabled."""
EXPRESSIONS: dict[str, str] = {
    "disabled": _NEVER,
    "1min": "*/1 * * * *",
    "5min": "*/5 * * * *",
    "10min": "*/10 * * * *",
    "15min": "*/15 * * * *",
    "20min": "*/20 * * * *",
    "30min": "*/30 * * * *",
    "1hour": "0 * * * *",
    "2hours": "0 */2 * * *",
}


def cron_config(check_interval: str) -> dict[str, object]:
    """`{"cronExpression", "enabled"}` of an interval by its name."""
    return {"cronExpression": EXPRESSIONS[check_interval], "enabled": CHECK_INTERVALS[check_interval] is not None}
