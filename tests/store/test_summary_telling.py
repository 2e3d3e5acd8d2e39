"""Summaries are written down once for each moment, for whom they are meant; what is set for them survives; on both databases."""

from __future__ import annotations

import json
from datetime import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, utc_day
from duplistatus.evaluate.notice import SUMMARIES, Event
from duplistatus.evaluate.notify_setting import Additional, NotifySetting
from duplistatus.evaluate.routing import Filter
from duplistatus.evaluate.summary_setting import LAST, Period, SummarySetting, changed
from duplistatus.evaluate.task_times import Weekly
from duplistatus.report.reading import read_body
from duplistatus.store import channels, watching
from duplistatus.store.channels import ChannelValues
from duplistatus.store.facts import apply_due
from duplistatus.store.ids import JobId
from duplistatus.store.summary_settings import save_summary_setting, summary_calendars, summary_setting, summary_settings
from duplistatus.store.summary_telling import tell_summary
from duplistatus.store.telling import tell_overdue
from duplistatus.store.watch_changes import jobs_by_key
from tests.store.telling import Recording, tell
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

NOON = Instant(1_795_262_400_000)
EIGHT = Instant(NOON - 4 * HOUR)
ON = SummarySetting(enabled=True)
BY = "kim"
FATAL: dict[str, Any] = {"result": "Fatal", "errors": ("2026-11-21 06:00:02 +00 - [Error-Duplicati.Library.Main.Controller-Failed]: Gone",)}


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    yield opened
    opened.close()


def switch_on(connection: Connection, key: str) -> int:
    row = channels.own_channel(connection, key)
    channels.save_channel(connection, row.id, ChannelValues(row.name, True, {}, ""), BY, NOON)
    return row.id


def hook(connection: Connection, *events: Event, enabled: bool = True) -> int:
    values = ChannelValues("hook", enabled, {}, "", Filter(frozenset(events)))
    return channels.add_channel(connection, "webhook", values, BY, NOON)


def messages(connection: Connection) -> list[tuple[Any, ...]]:
    text = (
        "SELECT notice.event, outbox.channel_id, outbox.destination, outbox.state FROM outbox"
        " JOIN notice ON notice.id = outbox.notice_id ORDER BY outbox.id"
    )
    return [tuple(row) for row in connection.raw.execute(text).fetchall()]


def details(connection: Connection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(connection.raw.execute("SELECT details FROM notice").fetchone()[0])
    return found


def report(connection: Connection, made: Made) -> JobId:
    """The job of a run that was reported."""
    body = orjson.dumps(document(made))
    parsed = read_body(body, "application/json", None, 1 << 25)
    tell(connection, Recording(made.job, body, "application/json", parsed), Instant(made.begun + 22 * MINUTE))
    return jobs_by_key(connection)[f"id-{made.server}:{made.job}"]


def test_what_is_set_is_kept_for_each_summary_apart(connection: Connection) -> None:
    assert summary_settings(connection, "Europe/Oslo") == dict.fromkeys(Period, SummarySetting(zone="Europe/Oslo"))
    weekly = SummarySetting(True, time(7, 5), "America/St_Johns", 6, 1, ("a@example.org",), NOON)
    monthly = SummarySetting(False, time(23, 59), "UTC", 1, LAST, (), None)
    save_summary_setting(connection, Period.WEEKLY, SummarySetting())
    save_summary_setting(connection, Period.WEEKLY, weekly)
    save_summary_setting(connection, Period.MONTHLY, monthly)
    assert summary_setting(connection, Period.WEEKLY, "UTC") == weekly
    assert summary_setting(connection, Period.MONTHLY, "UTC") == monthly
    assert summary_setting(connection, Period.DAILY, "UTC") == SummarySetting()
    found = summary_calendars(connection, "UTC")
    assert list(found) == ["weekly-summary"]
    assert isinstance(found["weekly-summary"], Weekly)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "7", '{"enabled": "yes"}', '{"enabled": true, "at": "25:00"}', '{"surprise": 1}'])
def test_what_cannot_be_read_counts_as_not_set(connection: Connection, text: str) -> None:
    connection.raw.execute(f"INSERT INTO setting (key, value) VALUES ('summary_daily', '{text}')")
    assert summary_setting(connection, Period.DAILY, "UTC") == SummarySetting()
    assert summary_calendars(connection, "UTC") == {}


def test_it_goes_to_its_recipients_or_else_to_the_default_one(connection: Connection) -> None:
    email = switch_on(connection, channels.EMAIL)
    assert tell_summary(connection, Period.DAILY, ON, NOON, slot=EIGHT) == 1
    two = changed(ON, {"recipients": ["a@example.org", "b@example.org"]}, NOON)
    assert tell_summary(connection, Period.WEEKLY, two, NOON, slot=EIGHT) == 2
    assert messages(connection) == [
        ("daily", email, "", "waiting"),
        ("weekly", email, "a@example.org", "waiting"),
        ("weekly", email, "b@example.org", "waiting"),
    ]


def test_other_channels_get_the_summaries_that_they_want_and_ntfy_for_all_gets_none(connection: Connection) -> None:
    ntfy = channels.own_channel(connection, channels.NTFY)
    wants_all = ChannelValues(ntfy.name, True, {}, "", Filter(frozenset(SUMMARIES)))
    channels.save_channel(connection, ntfy.id, wants_all, BY, NOON)
    both, one = hook(connection, Event.DAILY, Event.WEEKLY), hook(connection, Event.WEEKLY)
    hook(connection, Event.DAILY, Event.WEEKLY, enabled=False)
    hook(connection, Event.OVERDUE)
    assert [tell_summary(connection, period, ON, NOON, slot=EIGHT) for period in Period] == [1, 2, 0]
    assert [row[:2] for row in messages(connection)] == [("daily", both), ("weekly", both), ("weekly", one)]
    assert connection.raw.execute("SELECT count(*) FROM notice").fetchone()[0] == 2


def test_each_moment_is_written_down_once_and_extra_ones_do_not_use_it_up(connection: Connection) -> None:
    switch_on(connection, channels.EMAIL)
    assert tell_summary(connection, Period.DAILY, ON, Instant(EIGHT - HOUR), slot=None) == 1
    assert tell_summary(connection, Period.DAILY, ON, EIGHT, slot=EIGHT) == 1
    assert tell_summary(connection, Period.DAILY, ON, Instant(EIGHT + 1), slot=EIGHT) == 0
    assert tell_summary(connection, Period.DAILY, ON, NOON, slot=None) == 1
    assert tell_summary(connection, Period.DAILY, ON, Instant(EIGHT + DAY), slot=Instant(EIGHT + DAY)) == 1
    assert len(messages(connection)) == 4


def test_a_daily_summary_is_about_the_last_day_and_a_weekly_one_about_the_days_before_its_moment(connection: Connection) -> None:
    switch_on(connection, channels.EMAIL)
    tell_summary(connection, Period.DAILY, ON, NOON, slot=EIGHT)
    assert details(connection) == {"zone": "UTC", "since": NOON - DAY, "until": NOON}
    connection.raw.execute("DELETE FROM outbox")
    connection.raw.execute("DELETE FROM notice")
    today = utc_day(EIGHT)
    # Sent eleven hours late, after midnight in UTC: the days are those of its moment.
    late = Instant(EIGHT + 17 * HOUR)
    tell_summary(connection, Period.WEEKLY, ON, late, slot=EIGHT)
    assert details(connection) == {"zone": "UTC", "days": [today - 7, today - 1], "before": [today - 14, today - 8]}


def enable_daily(connection: Connection, *, on: bool) -> None:
    before = summary_setting(connection, Period.DAILY, "UTC")
    save_summary_setting(connection, Period.DAILY, changed(before, {"enabled": on}, NOON))


def test_while_the_daily_one_is_on_single_mails_to_the_default_recipient_pause_and_nothing_else_does(connection: Connection) -> None:
    ntfy, email = switch_on(connection, channels.NTFY), switch_on(connection, channels.EMAIL)
    other = hook(connection, Event.FATAL)
    job = report(connection, Made(Instant(NOON - DAY)))
    connection.script("BEGIN")
    additional = Additional(emails="boss@example.org", topic="more")
    watching.save_notify(connection, job, NotifySetting(additional=additional), BY, NOON)
    enable_daily(connection, on=True)
    connection.script("COMMIT")
    report(connection, Made(NOON, **FATAL))
    places = {row[1:3] for row in messages(connection)}
    assert places == {(ntfy, ""), (ntfy, "more"), (email, "boss@example.org"), (other, "")}
    enable_daily(connection, on=False)
    report(connection, Made(Instant(NOON + HOUR), **FATAL))
    assert {row[1:3] for row in messages(connection)} == places | {(email, "")}


def test_when_the_daily_one_is_switched_off_mails_tell_of_jobs_that_are_overdue_then(connection: Connection) -> None:
    ntfy, email = switch_on(connection, channels.NTFY), switch_on(connection, channels.EMAIL)
    report(connection, Made(NOON, next_run=Instant(NOON + HOUR)))
    late = Instant(NOON + 4 * HOUR)
    connection.script("BEGIN")
    enable_daily(connection, on=True)
    apply_due(connection, late)
    connection.script("COMMIT")
    assert [row[:3] for row in messages(connection)] == [("overdue", ntfy, "")]
    assert tell_overdue(connection, Instant(late + 5 * MINUTE)) == 0
    enable_daily(connection, on=False)
    assert tell_overdue(connection, Instant(late + 10 * MINUTE)) == 1
    assert [row[:3] for row in messages(connection)][1:] == [("overdue", email, "")]
