"""What is set for summaries, in the settings of the product: a text of JSON for each. In: a connection; out: frozen settings. What cannot
be read counts as not set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import bindparam, insert, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.summary_setting import Period, SummaryError, SummarySetting, changed, fields_of
from duplistatus.evaluate.task_times import DAILY_SUMMARY, MONTHLY_SUMMARY, WEEKLY_SUMMARY, Calendar
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

TASK_OF: Mapping[Period, str] = {Period.DAILY: DAILY_SUMMARY, Period.WEEKLY: WEEKLY_SUMMARY, Period.MONTHLY: MONTHLY_SUMMARY}
"""The task that sends each summary."""

_READ = Statement(select(setting.c.key, setting.c.value).where(setting.c.key.between("summary_daily", "summary_weekly")))
_SET = Statement(update(setting).where(setting.c.key == bindparam("of")).values(value=bindparam("new")))
_ADD = Statement(insert(setting).values(key=bindparam("of"), value=bindparam("new")))


def summary_settings(connection: Connection, zone: str) -> dict[Period, SummarySetting]:
    """What is set for each summary; `zone` is that of summaries for which nothing is."""
    stored: dict[str, str] = dict(connection.rows(_READ))
    return {period: _read(stored.get(_key(period)), zone) for period in Period}


def summary_setting(connection: Connection, period: Period, zone: str) -> SummarySetting:
    """What is set for one summary."""
    return summary_settings(connection, zone)[period]


def summary_calendars(connection: Connection, zone: str) -> dict[str, Calendar]:
    """The rhythms of the summaries that are on, by the names of their tasks."""
    found = summary_settings(connection, zone)
    return {TASK_OF[period]: each.calendar(period) for period, each in found.items() if each.enabled}


def save_summary_setting(connection: Connection, period: Period, found: SummarySetting) -> None:
    """Stores what is set for one summary."""
    text = json.dumps(fields_of(found) | {"since": found.since}, ensure_ascii=False)
    values = {"of": _key(period), "new": text}
    if not connection.run(_SET, values).rowcount:
        connection.run(_ADD, values)


def _key(period: Period) -> str:
    return f"summary_{period.value}"


def _read(text: str | None, zone: str) -> SummarySetting:
    not_set = SummarySetting(zone=zone)
    try:
        read = json.loads(text) if text is not None else {}
        since = read.pop("since", None)
        found = changed(not_set, read, Instant(0)) if read else not_set
        return replace(found, since=Instant(since) if type(since) is int else None)
    except (SummaryError, ValueError, AttributeError, TypeError):
        return not_set
